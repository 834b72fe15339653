//! `veo timeline`: what a recording of requests shows, in lines and as a picture.
//!
//! `perfetto` and `chrome` read the two formats of recordings, on the floor of `wire`, and make a `trace`. `measure` computes
//! with its times, `picture` draws them. Files are not trusted: nonsense is skipped or an error.

mod chrome;
mod measure;
mod perfetto;
mod picture;
mod trace;
mod wire;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Serialize;

use self::measure::Covered;
use self::trace::{LaneKind, Trace, TraceSpan, Track};
use crate::failure::CommandFailure;
use crate::files;
use crate::output::{Answer, Column, Console, Page, bytes, lossy, or_dash, time};

/// Sum up a recording of requests (VEO_TIMELINE)
#[derive(clap::Args)]
pub(crate) struct Timeline {
    /// The recording: Perfetto's or Chrome's format
    file: PathBuf,
    /// Draw it into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// How many of the longest requests to list
    #[arg(short = 'n', long, default_value_t = 10)]
    longest: usize,
}

/// The summary of a recording. Times are in seconds from its beginning.
#[derive(Serialize)]
struct Summary {
    file: String,
    seconds: f64,
    /// Requests that the program did not record, because it made them faster than they are written.
    missing: u64,
    /// Whether the file ends in the middle of a record.
    cut: bool,
    /// Requests whose start and end the program did not know.
    estimated: usize,
    processes: Vec<ProcessSummary>,
    contexts: Vec<ContextSummary>,
    longest: Vec<RequestSummary>,
}

/// A VE process.
#[derive(Serialize)]
struct ProcessSummary {
    process: String,
    /// The time during which kernels run.
    kernels: f64,
    /// The time during which transfers run.
    transfers: f64,
    /// The time during which both run.
    overlap: f64,
    bytes: u64,
}

/// A context.
#[derive(Serialize)]
struct ContextSummary {
    process: String,
    context: String,
    /// Requests of all kinds.
    requests: usize,
    failed: usize,
    /// Time of kernels divided by that of the recording.
    busy: f64,
    /// Time of transfers divided by that of the recording.
    transfers: f64,
    longest_gap: Option<Gap>,
}

/// A time between two kernels of a context in which none runs.
#[derive(Serialize)]
struct Gap {
    at: f64,
    seconds: f64,
}

/// A request.
#[derive(Serialize)]
struct RequestSummary {
    name: String,
    process: String,
    context: String,
    at: f64,
    seconds: f64,
    bytes: Option<u64>,
    /// Whether `at` and `seconds` are estimates: the program did not know when the request ran.
    estimated: bool,
    outcome: Option<String>,
}

pub(crate) fn run(command: &Timeline, console: &Console) -> Result<(), CommandFailure> {
    if let Some(path) = &command.svg {
        files::keep_apart(path, &command.file)?;
    }
    let trace = read(&command.file)?;
    if let Some(path) = &command.svg {
        let picture = picture::draw(&trace);
        std::fs::write(path, picture).map_err(|why| CommandFailure::file("write", path, &why))?;
    }
    console.give(&summary(&command.file, &trace, command.longest))
}

fn read(path: &Path) -> Result<Trace, CommandFailure> {
    let unreadable = |why: io::Error| CommandFailure::file("read", path, &why);
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    let mut file = BufReader::with_capacity(1 << 16, file);
    let beginning = file.fill_buf().map_err(unreadable)?;
    let beginning = beginning[..beginning.len().min(256)].to_vec();
    let read = if chrome::is_trace(&beginning) {
        chrome::read(&beginning, file)
    } else if perfetto::is_trace(&beginning) {
        perfetto::read(file)
    } else {
        Err("it is no recording in Perfetto's or Chrome's format (VEO_TIMELINE makes them)".into())
    };
    read.map_err(|why| {
        CommandFailure::failed(format_args!("cannot read {}: {why}", path.display()))
    })
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

fn spans<'a>(tracks: impl IntoIterator<Item = &'a &'a Track>, lane: LaneKind) -> Covered {
    let tracks = tracks.into_iter().filter(|track| track.lane == lane);
    Covered::of(tracks.flat_map(|track| &track.spans))
}

fn summary(path: &Path, trace: &Trace, longest: usize) -> Summary {
    let (start, end) = trace.extent();
    let whole = seconds(end - start).max(f64::MIN_POSITIVE);
    let mut by_process: BTreeMap<&str, Vec<&Track>> = BTreeMap::new();
    let mut by_context: BTreeMap<(&str, &str), Vec<&Track>> = BTreeMap::new();
    for track in &trace.tracks {
        by_process.entry(&track.process).or_default().push(track);
        if track.lane != LaneKind::Other {
            let key = (&*track.process, &*track.context);
            by_context.entry(key).or_default().push(track);
        }
    }
    let processes = by_process.iter().map(|(process, tracks)| {
        let (kernels, transfers) = (
            spans(tracks, LaneKind::Ve),
            spans(tracks, LaneKind::Transfers),
        );
        let all = tracks
            .iter()
            .filter(|track| track.lane == LaneKind::Transfers);
        let bytes = all
            .flat_map(|track| &track.spans)
            .filter_map(|span| span.bytes);
        ProcessSummary {
            process: (*process).to_owned(),
            kernels: seconds(kernels.length()),
            transfers: seconds(transfers.length()),
            overlap: seconds(kernels.overlap(&transfers)),
            bytes: bytes.fold(0, u64::saturating_add),
        }
    });
    let contexts = by_context.iter().map(|((process, context), tracks)| {
        let kernels = spans(tracks, LaneKind::Ve);
        let transfers = spans(tracks, LaneKind::Transfers);
        let requests = || tracks.iter().flat_map(|track| &track.spans);
        ContextSummary {
            process: (*process).to_owned(),
            context: (*context).to_owned(),
            requests: requests().count(),
            failed: requests().filter(|span| span.outcome.is_some()).count(),
            busy: seconds(kernels.length()) / whole,
            transfers: seconds(transfers.length()) / whole,
            longest_gap: kernels.longest_gap().map(|(begin, end)| Gap {
                at: seconds(begin - start),
                seconds: seconds(end - begin),
            }),
        }
    });
    let mut requests: Vec<(&Track, &TraceSpan)> = trace
        .tracks
        .iter()
        .filter(|track| track.lane != LaneKind::Other)
        .flat_map(|track| track.spans.iter().map(move |span| (track, span)))
        .collect();
    requests.sort_by_key(|(_, span)| (std::cmp::Reverse(span.end - span.begin), span.begin));
    let estimated = requests.iter().filter(|(_, span)| span.is_estimated);
    let estimated = estimated.count();
    let longest = requests
        .iter()
        .take(longest)
        .map(|(track, span)| RequestSummary {
            name: span.name.to_string(),
            process: track.process.clone(),
            context: track.context.clone(),
            at: seconds(span.begin - start),
            seconds: seconds(span.end - span.begin),
            bytes: span.bytes,
            estimated: span.is_estimated,
            outcome: span.outcome.clone(),
        });
    Summary {
        file: lossy(path),
        seconds: seconds(end - start),
        missing: trace.missing,
        cut: trace.is_cut,
        estimated,
        processes: processes.collect(),
        contexts: contexts.collect(),
        longest: longest.collect(),
    }
}

/// The time of an event, for people. One column has these in order.
fn place(seconds: f64) -> String {
    format!("{seconds:.6} s")
}

fn share(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

impl Answer for Summary {
    fn print(&self, page: &mut Page) -> io::Result<()> {
        page.line(format_args!("{}: {}", self.file, time(self.seconds)))?;
        if self.missing > 0 {
            page.line(format_args!(
                "{} requests are missing: the program made them faster than they could be written",
                self.missing
            ))?;
        }
        if self.cut {
            page.line("the file ends within a record: the program was killed, or still writes")?;
        }
        if self.contexts.is_empty() {
            return page.line("no requests");
        }
        page.line("")?;
        let columns = [
            Column::left("PROCESS"),
            Column::right("KERNELS"),
            Column::right("TRANSFERS"),
            Column::right("OVERLAP"),
            Column::right("BYTES"),
        ];
        let rows = self.processes.iter().map(|process| {
            vec![
                process.process.clone(),
                time(process.kernels),
                time(process.transfers),
                time(process.overlap),
                bytes(process.bytes),
            ]
        });
        page.table(&columns, rows)?;
        page.line("")?;
        let mut columns = self.process_column();
        columns.extend([
            Column::left("CONTEXT"),
            Column::right("REQUESTS"),
            Column::right("FAILED"),
            Column::right("BUSY"),
            Column::right("TRANSFERS"),
            Column::right("LONGEST GAP"),
            Column::right("AT"),
        ]);
        let rows = self.contexts.iter().map(|context| {
            let gap = context.longest_gap.as_ref();
            let mut cells = self.process_cell(&context.process);
            cells.extend([
                context.context.clone(),
                context.requests.to_string(),
                context.failed.to_string(),
                share(context.busy),
                share(context.transfers),
                or_dash(gap.map(|gap| time(gap.seconds))),
                or_dash(gap.map(|gap| place(gap.at))),
            ]);
            cells
        });
        page.table(&columns, rows)?;
        if !self.longest.is_empty() {
            page.line("")?;
            self.print_longest(page)?;
        }
        if self.estimated > 0 {
            let all: usize = self.contexts.iter().map(|context| context.requests).sum();
            page.line("")?;
            page.line(format_args!(
                "{} of {all} times are estimated",
                self.estimated
            ))?;
        }
        Ok(())
    }
}

impl Summary {
    /// The column of processes, if there are several.
    fn process_column(&self) -> Vec<Column> {
        let several = self.processes.len() > 1;
        several
            .then_some(Column::left("PROCESS"))
            .into_iter()
            .collect()
    }

    /// A cell of that column.
    fn process_cell(&self, process: &str) -> Vec<String> {
        let several = self.processes.len() > 1;
        several.then(|| process.to_owned()).into_iter().collect()
    }

    fn print_longest(&self, page: &mut Page) -> io::Result<()> {
        let mut columns = vec![Column::left("LONGEST")];
        columns.extend(self.process_column());
        columns.extend([
            Column::left("CONTEXT"),
            Column::right("TIME"),
            Column::right("AT"),
            Column::right("BYTES"),
            Column::left("OUTCOME"),
        ]);
        let rows = self.longest.iter().map(|request| {
            let mut cells = vec![request.name.clone()];
            cells.extend(self.process_cell(&request.process));
            cells.extend([
                request.context.clone(),
                time(request.seconds),
                place(request.at),
                or_dash(request.bytes.map(bytes)),
                or_dash(request.outcome.as_ref()),
            ]);
            cells
        });
        page.table(&columns, rows)
    }
}
