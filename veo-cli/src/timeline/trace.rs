//! A trace of either format: tracks with spans of time.
//!
//! A reader gives events to a [`Collector`], which pairs beginnings with ends and limits the memory that a
//! file may cost.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// An event that took time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TraceSpan {
    pub(super) name: Rc<str>,
    /// In nanoseconds of the trace's clock.
    pub(super) begin: u64,
    pub(super) end: u64,
    pub(super) bytes: Option<u64>,
    /// Whether its times are estimates.
    pub(super) is_estimated: bool,
    /// How it ended, unless well.
    pub(super) outcome: Option<String>,
}

/// The kind of events that a track of a context shows.
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
    /// The process that it belongs to: a label that no other process has.
    pub(super) process: String,
    /// The name without the part for the lane.
    pub(super) context: String,
    pub(super) lane: LaneKind,
    pub(super) spans: Vec<TraceSpan>,
}

/// The content of a recording.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) tracks: Vec<Track>,
    /// Requests that the program did not record.
    pub(super) missing: u64,
    /// Whether the file ends in the middle of a record, as when the program was killed.
    pub(super) is_cut: bool,
}

impl Trace {
    /// When the first request starts and the last one ends.
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

/// The description of a track in its file.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    /// Tells its process from others with the same label. They are numbered in the order in which they come.
    pub(super) process: u64,
    pub(super) label: String,
    pub(super) name: String,
}

/// The label of a process: `program (5), VE process 1, node 0` if its program is known.
pub(super) fn process_label(program: Option<&str>, name: &str) -> String {
    let Some(program) = program else {
        return name.to_owned();
    };
    // The rest is the backend, which would make tables too wide.
    let parts = name
        .split_once(" of this program (")
        .and_then(|(process, rest)| Some((process, rest.split_once(')')?.0)));
    match parts {
        Some((process, node)) => format!("{program}, {process}, {node}"),
        None => format!("{program}, {name}"),
    }
}

/// Labels of processes, each of them different.
#[derive(Default)]
struct Labels {
    by_process: HashMap<u64, String>,
    taken: HashSet<String>,
}

impl Labels {
    fn of(&mut self, process: u64, wanted: &str) -> String {
        let Self { by_process, taken } = self;
        let label = by_process.entry(process).or_insert_with(|| {
            let mut label = wanted.to_owned();
            let mut count = 1;
            while !taken.insert(label.clone()) {
                count += 1;
                label = format!("{wanted} #{count}");
            }
            label
        });
        label.clone()
    }
}

/// Sets the name of a track in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TrackKey(pub(super) u64, pub(super) u64);

#[derive(Default)]
struct OpenTrack {
    spans: Vec<TraceSpan>,
    /// Events that have begun and not ended, the outermost first.
    open: Vec<TraceSpan>,
}

/// The most spans of a trace: they take some gigabytes of memory.
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
    pub(super) fn begin(&mut self, track: TrackKey, span: TraceSpan) -> Result<(), String> {
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

    /// The event that began last on a track ends.
    pub(super) fn end(&mut self, track: TrackKey, time: u64) {
        if let Some(track) = self.tracks.get_mut(&track)
            && let Some(mut span) = track.open.pop()
            && track.open.is_empty()
        {
            span.end = time.max(span.begin);
            track.spans.push(span);
        }
    }

    /// An event with a beginning and an end on a track.
    pub(super) fn whole(&mut self, track: TrackKey, span: TraceSpan) -> Result<(), String> {
        self.count()?;
        self.tracks.entry(track).or_default().spans.push(span);
        Ok(())
    }

    /// The number of requests that a program has not recorded so far.
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

    /// All tracks with spans. `named` gives the description of a track.
    pub(super) fn finish(self, named: impl Fn(TrackKey) -> Named) -> Trace {
        let tracks = self.tracks.into_iter();
        let tracks = tracks.filter(|(_, track)| !track.spans.is_empty());
        let mut tracks: Vec<_> = tracks
            .map(|(key, track)| (named(key), key, track))
            .collect();
        tracks.sort_by_key(|(named, key, _)| (named.process, *key));
        let mut labels = Labels::default();
        let tracks = tracks.into_iter().map(|(named, _, mut track)| {
            track.spans.sort_by_key(|span| (span.begin, span.end));
            let (context, lane) = lane(&named.name);
            Track {
                process: labels.of(named.process, &named.label),
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

/// The context and the lane in the name of a track.
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
