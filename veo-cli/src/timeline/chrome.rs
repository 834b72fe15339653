//! Traces in Chrome's format: JSON, either an array of events or an object that contains one.

use std::collections::HashMap;
use std::io::Read;

use serde::Deserialize;

use super::trace::{Collector, Named, Trace, TraceSpan, TrackKey, process_label};

#[derive(Deserialize)]
struct TraceObject {
    #[serde(rename = "traceEvents")]
    events: Vec<TraceEvent>,
}

/// An event. Times are in microseconds.
#[derive(Deserialize)]
struct TraceEvent {
    #[serde(default)]
    ph: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    pid: serde_json::Value,
    #[serde(default)]
    tid: serde_json::Value,
    ts: Option<f64>,
    dur: Option<f64>,
    #[serde(default)]
    args: EventArgs,
}

#[derive(Default, Deserialize)]
struct EventArgs {
    name: Option<serde_json::Value>,
    bytes: Option<serde_json::Value>,
    estimated: Option<serde_json::Value>,
    outcome: Option<String>,
    missing: Option<serde_json::Value>,
}

/// Whether a file with this beginning is such a trace.
pub(super) fn is_trace(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let next = text.get(1..).and_then(first);
    // The letter may also be the length of a packet.
    matches!(
        (first(text), next),
        (Some(b'['), Some(b'{' | b']')) | (Some(b'{'), Some(b'"' | b'}'))
    )
}

fn first(text: &[u8]) -> Option<u8> {
    text.trim_ascii_start().first().copied()
}

/// The beginning of a VE process's name, which a program's name does not have.
const VE_PROCESS: &str = "VE process ";

/// A number, which may be written as text.
fn plain(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Numbers of processes and threads, which may be numbers or text.
#[derive(Default)]
struct TraceNumbers(HashMap<String, u64>);

impl TraceNumbers {
    fn of(&mut self, value: &serde_json::Value) -> u64 {
        let next = self.0.len() as u64;
        *self.0.entry(value.to_string()).or_insert(next)
    }
}

/// Reads a trace, given its beginning.
pub(super) fn read(beginning: &[u8], file: impl Read) -> Result<Trace, String> {
    let events = if first(beginning) == Some(b'[') {
        serde_json::from_reader(file)
    } else {
        serde_json::from_reader(file).map(|object: TraceObject| object.events)
    };
    let events: Vec<TraceEvent> = events.map_err(|error| error.to_string())?;
    let mut collector = Collector::default();
    let (mut pids, mut tids) = (TraceNumbers::default(), TraceNumbers::default());
    let mut processes = HashMap::new();
    let mut threads = HashMap::new();
    let mut program = None;
    for event in events {
        let key = TrackKey(pids.of(&event.pid), tids.of(&event.tid));
        let label = event.args.name.as_ref().and_then(serde_json::Value::as_str);
        match (event.ph.as_str(), event.name.as_str()) {
            ("M", "process_name") => {
                let name = label.unwrap_or_default();
                // A program names itself before its processes.
                let of = if name.starts_with(VE_PROCESS) {
                    program.as_deref()
                } else {
                    program = Some(format!("{name} ({})", plain(&event.pid)));
                    None
                };
                processes.insert(key.0, process_label(of, name));
            }
            ("M", "thread_name") => {
                threads.insert(key, label.unwrap_or_default().to_owned());
            }
            ("B", _) => {
                let Some(begin) = nanoseconds(event.ts) else {
                    continue;
                };
                collector.begin(key, span(&event, begin, begin))?;
            }
            ("E", _) => {
                if let Some(end) = nanoseconds(event.ts) {
                    collector.end(key, end);
                }
            }
            ("X", _) => {
                let Some(begin) = nanoseconds(event.ts) else {
                    continue;
                };
                let took = nanoseconds(event.dur).unwrap_or(0);
                collector.whole(key, span(&event, begin, begin.saturating_add(took)))?;
            }
            ("i", _) => {
                let count = event.args.missing.as_ref();
                if let Some(count) = count.and_then(serde_json::Value::as_u64) {
                    collector.missing(key, count);
                }
            }
            _ => {}
        }
    }
    Ok(collector.finish(|key| {
        let thread = threads.get(&key).cloned();
        Named {
            process: key.0,
            label: processes.get(&key.0).cloned().unwrap_or_default(),
            name: thread.unwrap_or_else(|| format!("track {}", key.1)),
        }
    }))
}

fn span(event: &TraceEvent, begin: u64, end: u64) -> TraceSpan {
    TraceSpan {
        name: event.name.as_str().into(),
        begin,
        end,
        bytes: event
            .args
            .bytes
            .as_ref()
            .and_then(serde_json::Value::as_u64),
        is_estimated: event
            .args
            .estimated
            .as_ref()
            .and_then(serde_json::Value::as_bool)
            .unwrap_or(false),
        outcome: event.args.outcome.clone(),
    }
}

/// A time of this format, if it is one.
fn nanoseconds(microseconds: Option<f64>) -> Option<u64> {
    let nanoseconds = (microseconds? * 1000.0).round();
    (0.0..1e19)
        .contains(&nanoseconds)
        .then_some(nanoseconds as u64)
}
