//! Traces, as Google's schema has them: `read.py` decodes them, and here requests are put together
//! again by their flows.
//!
//! Python, since Google publishes the schema for it, generated and complete. Of the crates that have it, `perfetto_protos` brings
//! a binary of `protoc` along and generates 400 files with it in each build, and Google's own `perfetto-sdk` writes traces but
//! reads none.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Whether Python has the schema.
pub fn has_schema() -> bool {
    Command::new("python3")
        .args([
            "-c",
            "import google.protobuf.unknown_fields, perfetto.protos.perfetto.trace.perfetto_trace_pb2",
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A trace.
pub struct Trace(Value);

/// A request, put together from its events.
#[derive(Debug, Default)]
pub struct Request {
    pub name: String,
    pub queued: Vec<u64>,
    pub started: Vec<u64>,
    pub ended: Vec<u64>,
    pub collected: Vec<u64>,
    /// The tracks on which it was queued and ran.
    pub host: String,
    pub running: Option<String>,
    pub place: Option<(String, String, u64)>,
    pub bytes: Option<u64>,
    pub outcome: Option<String>,
    /// Whether it says that nobody knows when it ran.
    pub estimated: bool,
}

impl Request {
    /// It was queued and collected once, ran at most once, and in this order.
    pub fn check(&self) {
        assert_eq!(
            (self.queued.len(), self.collected.len()),
            (1, 1),
            "{self:?}"
        );
        assert_eq!(self.started.len(), self.ended.len(), "{self:?}");
        assert!(self.started.len() <= 1, "{self:?}");
        let times = [&self.queued, &self.started, &self.ended, &self.collected];
        assert!(times.into_iter().flatten().is_sorted(), "{self:?}");
    }
}

impl Trace {
    pub fn read(files: &[&Path]) -> Trace {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/timeline/read.py");
        let output = Command::new("python3")
            .arg(script)
            .args(files)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{files:?}: {said}");
        Trace(serde_json::from_slice(&output.stdout).unwrap())
    }

    fn events(&self) -> &[Value] {
        self.0["events"].as_array().unwrap()
    }

    /// All requests, by their flows.
    fn parts(&self) -> BTreeMap<u64, Request> {
        let mut requests: BTreeMap<u64, Request> = BTreeMap::new();
        // The event that began last on each track.
        let mut open: BTreeMap<u64, u64> = BTreeMap::new();
        for event in self.events() {
            let number = |name: &str| event[name].as_u64();
            let text = |name: &str| event[name].as_str().map(str::to_owned);
            let (time, track) = (number("time").unwrap(), number("uuid").unwrap());
            let flow = event["flows"].as_array().unwrap().first();
            let end = event["ends"].as_array().unwrap().first();
            match event["type"].as_str().unwrap() {
                "TYPE_INSTANT" if end.is_some() => {
                    let flow = end.and_then(Value::as_u64).unwrap();
                    requests.entry(flow).or_default().collected.push(time);
                }
                "TYPE_INSTANT" if flow.is_some() => {
                    let flow = flow.and_then(Value::as_u64).unwrap();
                    let request = requests.entry(flow).or_default();
                    request.queued.push(time);
                    request.name = text("name").unwrap();
                    request.host = text("track").unwrap();
                }
                "TYPE_SLICE_BEGIN" if flow.is_some() => {
                    let flow = flow.and_then(Value::as_u64).unwrap();
                    assert_eq!(
                        open.insert(track, flow),
                        None,
                        "two slices at once: {event}"
                    );
                    let request = requests.entry(flow).or_default();
                    request.started.push(time);
                    assert_eq!(text("name").as_ref(), Some(&request.name));
                    request.running = text("track");
                    request.bytes = number("bytes");
                    request.outcome = text("outcome");
                    request.estimated = event["estimated"].as_bool().unwrap_or(false);
                    request.place = event["place"].as_array().map(|place| {
                        let text = |at: usize| place[at].as_str().unwrap().to_owned();
                        (text(0), text(1), place[2].as_u64().unwrap())
                    });
                }
                "TYPE_SLICE_END" => {
                    if let Some(flow) = open.remove(&track) {
                        requests.entry(flow).or_default().ended.push(time);
                    }
                }
                _ => {}
            }
        }
        requests
    }

    /// The requests.
    pub fn requests(&self) -> Vec<Request> {
        self.parts().into_values().collect()
    }

    /// How many tracks there are.
    pub fn tracks(&self) -> usize {
        self.0["tracks"].as_object().unwrap().len()
    }

    /// How many VE processes there are.
    pub fn processes(&self) -> usize {
        let tracks = self.0["tracks"].as_object().unwrap();
        tracks
            .values()
            .filter(|track| track["process"] == true)
            .count()
    }

    /// The names of the events of a type.
    pub fn texts(&self, kind: &str) -> Vec<String> {
        let of = self.events().iter().filter(|event| event["type"] == kind);
        of.map(|event| event["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The highest value of the counters whose names end so.
    pub fn highest(&self, name: &str) -> u64 {
        let fits = |event: &&Value| event["track"].as_str().unwrap().ends_with(name);
        let values = self.events().iter().filter(fits);
        values
            .filter_map(|event| event["value"].as_u64())
            .max()
            .unwrap()
    }
}
