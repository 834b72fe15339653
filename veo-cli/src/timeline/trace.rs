//! A trace, whatever file it was read from: tracks with spans of time.
//!
//! A reader hands events to a [`Collector`], which pairs beginnings with ends and bounds what a file may cost.

use std::collections::HashMap;
use std::rc::Rc;

/// Something that took time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) name: Rc<str>,
    /// In nanoseconds of the trace's clock.
    pub(super) begin: u64,
    pub(super) end: u64,
    pub(super) bytes: Option<u64>,
    /// How it ended, if not well.
    pub(super) outcome: Option<String>,
}

/// What a track of a context shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum LaneKind {
    Ve,
    Transfers,
    HostFunctions,
    Other,
}

/// Spans that do not overlap, in order.
#[derive(Clone, Debug)]
pub(super) struct Track {
    /// Of the process that it belongs to.
    pub(super) process: String,
    /// Its name without what the lane adds.
    pub(super) context: String,
    pub(super) lane: LaneKind,
    pub(super) spans: Vec<Span>,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) tracks: Vec<Track>,
    /// Requests that the program has not recorded.
    pub(super) missing: u64,
    /// Whether the file ends within a record, as when the program was killed.
    pub(super) is_cut: bool,
}

impl Trace {
    /// When the first request begins to run and the last one ends.
    pub(super) fn extent(&self) -> (u64, u64) {
        let tracks = || {
            self.tracks
                .iter()
                .filter(|track| track.lane != LaneKind::Other)
        };
        let spans = || tracks().flat_map(|track| &track.spans);
        let begin = spans().map(|span| span.begin).min().unwrap_or(0);
        let end = spans().map(|span| span.end).max().unwrap_or(0);
        (begin, end)
    }
}

/// Names a track in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TrackKey(pub(super) u64, pub(super) u64);

#[derive(Default)]
struct OpenTrack {
    spans: Vec<Span>,
    /// Begun and not ended; the outermost first.
    open: Vec<Span>,
}

/// Spans that a trace may have: some gigabytes of memory.
const MOST_SPANS: usize = 20_000_000;

/// Depth to which spans may lie in each other.
const DEEPEST: usize = 64;

/// Gathers the events of a trace.
#[derive(Default)]
pub(super) struct Collector {
    tracks: HashMap<TrackKey, OpenTrack>,
    count: usize,
    /// By the track that counts them.
    missing: HashMap<TrackKey, u64>,
    pub(super) is_cut: bool,
}

impl Collector {
    /// Something begins on a track.
    pub(super) fn begin(&mut self, track: TrackKey, span: Span) -> Result<(), String> {
        self.count()?;
        let open = &mut self.tracks.entry(track).or_default().open;
        if open.len() >= DEEPEST {
            return Err(format!(
                "more than {DEEPEST} things happen at once on one track"
            ));
        }
        open.push(span);
        Ok(())
    }

    /// What began last on a track ends.
    pub(super) fn end(&mut self, track: TrackKey, time: u64) {
        if let Some(track) = self.tracks.get_mut(&track)
            && let Some(mut span) = track.open.pop()
            && track.open.is_empty()
        {
            span.end = time.max(span.begin);
            track.spans.push(span);
        }
    }

    /// Something happens on a track from a beginning to an end.
    pub(super) fn whole(&mut self, track: TrackKey, span: Span) -> Result<(), String> {
        self.count()?;
        self.tracks.entry(track).or_default().spans.push(span);
        Ok(())
    }

    /// A program has not recorded so many requests by now.
    pub(super) fn missing(&mut self, track: TrackKey, count: u64) {
        let known = self.missing.entry(track).or_default();
        *known = count.max(*known);
    }

    fn count(&mut self) -> Result<(), String> {
        self.count += 1;
        if self.count > MOST_SPANS {
            return Err(format!(
                "it has more than {MOST_SPANS} spans; record a shorter time"
            ));
        }
        Ok(())
    }

    /// All tracks with spans. `named` gives the names of a track's process and of the track itself.
    pub(super) fn finish(self, named: impl Fn(TrackKey) -> (String, String)) -> Trace {
        let mut keys: Vec<_> = self.tracks.into_iter().collect();
        keys.sort_by_key(|(key, _)| *key);
        let tracks = keys
            .into_iter()
            .filter(|(_, track)| !track.spans.is_empty());
        let tracks = tracks.map(|(key, mut track)| {
            track.spans.sort_by_key(|span| (span.begin, span.end));
            let (process, name) = named(key);
            let (context, lane) = lane(&name);
            Track {
                process,
                context: context.to_owned(),
                lane,
                spans: track.spans,
            }
        });
        let mut tracks: Vec<Track> = tracks.collect();
        tracks.sort_by(|a, b| (&a.process, &a.context).cmp(&(&b.process, &b.context)));
        Trace {
            tracks,
            missing: self
                .missing
                .values()
                .fold(0, |sum, count| sum.saturating_add(*count)),
            is_cut: self.is_cut,
        }
    }
}

/// The context and the lane that the name of a track says.
fn lane(name: &str) -> (&str, LaneKind) {
    let lanes = [
        (": VE", LaneKind::Ve),
        (": transfers", LaneKind::Transfers),
        (": host functions", LaneKind::HostFunctions),
    ];
    let found = lanes
        .into_iter()
        .find_map(|(end, lane)| Some((name.strip_suffix(end)?, lane)));
    found.unwrap_or((name, LaneKind::Other))
}
