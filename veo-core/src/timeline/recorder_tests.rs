//! The recorder: the entries that it keeps, writes, leaves out.

use super::*;
use crate::session::{CommandState, RequestKind, RequestTimes};

fn sink(file: File, format: Box<dyn TraceFormat>) -> TimelineFile {
    TimelineFile {
        entries: Vec::new(),
        format,
        file,
        out: Vec::new(),
        written: 0,
        depths: HashMap::new(),
        gone: Vec::new(),
        missing: MissingEvents::default(),
    }
}

/// A request of a context, which is the only one in it.
fn request(context: u64) -> RequestRecord {
    let times = RequestTimes {
        queued: context * 10,
        started: context * 10 + 1,
        ended: context * 10 + 2,
        collected: context * 10 + 3,
        estimated: false,
    };
    RequestRecord {
        id: context,
        context,
        number: Some(1),
        kind: RequestKind::HostFunction,
        state: CommandState::Ok,
        times,
    }
}

#[test]
fn memory_for_contexts_does_not_grow_for_ever() {
    let formats: [fn() -> Box<dyn TraceFormat>; 2] =
        [|| Box::new(Perfetto::new()), || Box::new(Chrome::new())];
    for format in formats {
        let mut sink = sink(tempfile::tempfile().unwrap(), format());
        sink.notice(Notice::Process(0, process()));
        let most = CONTEXTS as u64;
        for context in 0..3 * most {
            sink.entry(FrequentEvent::Request(0, request(context)));
            assert!(sink.depths.len() <= CONTEXTS);
            assert!(sink.format.remembered() <= 8 * CONTEXTS);
        }
        // The last ones are known, and are not described again.
        let sizes = [3 * most - 2, 3 * most].map(|context| {
            sink.out.clear();
            sink.entry(FrequentEvent::Request(0, request(context)));
            sink.out.len()
        });
        assert!(sizes[0] < sizes[1], "{sizes:?}");
        sink.notice(Notice::Gone(0));
        sink.forget();
        assert_eq!((sink.depths.len(), sink.format.remembered()), (0, 0));
        // Nobody knows it any more.
        sink.out.clear();
        sink.entry(FrequentEvent::Request(0, request(1)));
        assert!(sink.out.is_empty());
    }
}

fn program() -> ProgramInfo {
    ProgramInfo {
        name: "a program".into(),
        pid: std::process::id(),
        rank: None,
        start: 0,
        unique: 1,
    }
}

fn process() -> ProcessInfo {
    ProcessInfo {
        name: "a process".into(),
        pid: None,
        main: 0,
    }
}

/// Chrome's format. While it writes a value of memory, another process begins, which sends another value.
/// While it writes an instant, the process sends its last value.
struct Meanwhile {
    chrome: Chrome,
    recorder: Weak<Recorder>,
}

impl TraceFormat for Meanwhile {
    fn program(&mut self, out: &mut Vec<u8>, program: &ProgramInfo) {
        self.chrome.program(out, program);
    }

    fn process(&mut self, out: &mut Vec<u8>, process: u32, info: &ProcessInfo) {
        self.chrome.process(out, process, info);
    }

    fn request(&mut self, out: &mut Vec<u8>, process: u32, record: &RequestRecord) {
        self.chrome.request(out, process, record);
    }

    fn depth(&mut self, out: &mut Vec<u8>, process: u32, context: u64, time: u64, depth: u64) {
        self.chrome.depth(out, process, context, time, depth);
    }

    fn memory(&mut self, out: &mut Vec<u8>, of: u32, time: u64, bytes: u64) {
        if of == 0 {
            let recorder = self.recorder.upgrade().unwrap();
            recorder.note(Notice::Process(1, process()));
            recorder.take_mark(FrequentEvent::Memory(1, 8, 9));
        }
        self.chrome.memory(out, of, time, bytes);
    }

    fn block(&mut self, out: &mut Vec<u8>, process: u32, context: u64, begin: u64, end: u64) {
        self.chrome.block(out, process, context, begin, end);
    }

    fn instant(&mut self, out: &mut Vec<u8>, process: u32, time: u64, what: &str) {
        let recorder = self.recorder.upgrade().unwrap();
        recorder.take_mark(FrequentEvent::Memory(process, time, 5));
        self.chrome.instant(out, process, time, what);
    }

    fn forget(&mut self, process: u32) {
        self.chrome.forget(process);
    }

    fn remembered(&self) -> usize {
        self.chrome.remembered()
    }

    fn missing(&mut self, out: &mut Vec<u8>, time: u64, missing: MissingEvents) {
        self.chrome.missing(out, time, missing);
    }

    fn tail(&self) -> &'static [u8] {
        self.chrome.tail()
    }
}

/// What a timeline says of memory, of process 0, which notes all this.
fn recorded_memory(note: impl FnOnce(&Recorder)) -> Vec<u64> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.json");
    let recorder = Recorder::open(&path, &program()).unwrap();
    // The writer waits for this.
    let mut sink = lock(&recorder.sink);
    let mut chrome = Chrome::new();
    chrome.program(&mut Vec::new(), &program());
    sink.format = Box::new(Meanwhile {
        chrome,
        recorder: Arc::downgrade(&recorder),
    });
    recorder.note(Notice::Process(0, process()));
    note(&recorder);
    drop(sink);
    recorder.finish();
    let events: Vec<serde_json::Value> =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let bytes = |event: &serde_json::Value| event["args"]["bytes"].as_u64();
    events.iter().filter_map(bytes).collect()
}

#[test]
fn a_process_that_begins_while_others_are_written_loses_nothing() {
    let told = recorded_memory(|recorder| {
        recorder.take_mark(FrequentEvent::Memory(0, 7, 8));
    });
    assert_eq!(told, [8, 9]);
}

#[test]
fn a_process_that_ends_while_it_is_written_loses_nothing() {
    let told = recorded_memory(|recorder| {
        recorder.note(Notice::Instant(0, 7, "the end".into()));
        recorder.note(Notice::Gone(0));
    });
    // The other process begins at this value, as above.
    assert_eq!(told, [5, 9]);
}

#[test]
fn requests_without_room_in_the_writer_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["behind.json", "behind.pftrace"] {
        let path = dir.path().join(name);
        let recorder = Recorder::open(&path, &program()).unwrap();
        // The writer waits for this.
        let sink = lock(&recorder.sink);
        recorder.note(Notice::Process(0, process()));
        for time in 0..ROOM as u64 - 1 {
            recorder.take_mark(FrequentEvent::Memory(0, time, 8));
        }
        recorder.take_requests(0, &[request(1), request(2)]);
        recorder.take_requests(0, &[request(3)]);
        recorder.take_mark(FrequentEvent::Memory(0, 7, 8));
        recorder.take_mark(FrequentEvent::Block(0, 1, 7, 8));
        recorder.take_mark(FrequentEvent::Block(0, 1, 8, 9));
        drop(sink);
        recorder.finish();
        let trace = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&trace);
        let said = "2 requests, 3 values of memory or request blocks are missing up to here";
        assert_eq!(text.matches("are missing up to here").count(), 1);
        assert!(text.contains(said));
        if name.ends_with(".json") {
            let events: Vec<serde_json::Value> = serde_json::from_slice(&trace).unwrap();
            let told = events.iter().filter(|event| event["args"]["bytes"] == 8);
            assert_eq!(told.count(), ROOM - 1);
            let missing: Vec<_> = events
                .iter()
                .map(|event| &event["args"])
                .filter(|args| !args["missing"].is_null())
                .collect();
            let expected = serde_json::json!({"missing": 2, "missing_marks": 3});
            assert_eq!(missing, [&expected]);
        }
    }
}
