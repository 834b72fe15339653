//! What the recorder keeps, writes, leaves out.

use super::*;
use crate::session::{CommandState, RequestKind, RequestTimes};

fn sink(file: File, format: Box<dyn TraceFormat>) -> Sink {
    Sink {
        entries: sync_channel(1).1,
        format,
        file,
        out: Vec::new(),
        written: 0,
        depths: HashMap::new(),
        gone: Vec::new(),
        dropped: 0,
    }
}

/// A request of a context, which is the only one in it.
fn request(context: u64) -> Entry {
    let times = RequestTimes {
        queued: context * 10,
        started: context * 10 + 1,
        ended: context * 10 + 2,
        collected: context * 10 + 3,
        estimated: false,
    };
    let record = RequestRecord {
        id: context,
        context,
        number: Some(1),
        kind: RequestKind::HostFunction,
        state: CommandState::Ok,
        times,
    };
    Entry::Request(0, record)
}

#[test]
fn what_is_remembered_of_contexts_does_not_grow_for_ever() {
    let formats: [fn() -> Box<dyn TraceFormat>; 2] =
        [|| Box::new(Perfetto::new()), || Box::new(Chrome::new())];
    for format in formats {
        let mut sink = sink(tempfile::tempfile().unwrap(), format());
        let info = ProcessInfo {
            name: "a process".into(),
            pid: None,
            main: 0,
        };
        sink.notice(Notice::Process(0, info));
        let most = CONTEXTS as u64;
        for context in 0..3 * most {
            sink.entry(request(context));
            assert!(sink.depths.len() <= CONTEXTS);
            assert!(sink.format.remembered() <= 8 * CONTEXTS);
        }
        // The last ones are known, and are not described again.
        let sizes = [3 * most - 2, 3 * most].map(|context| {
            sink.out.clear();
            sink.entry(request(context));
            sink.out.len()
        });
        assert!(sizes[0] < sizes[1], "{sizes:?}");
        sink.notice(Notice::Gone(0));
        sink.forget();
        assert_eq!((sink.depths.len(), sink.format.remembered()), (0, 0));
        // Nobody knows it any more.
        sink.out.clear();
        sink.entry(request(1));
        assert!(sink.out.is_empty());
    }
}
