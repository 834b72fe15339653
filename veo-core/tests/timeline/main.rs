//! Timelines: what a program does is in its file, every request once, read by Google's own schema
//! for traces, or as JSON.

#[path = "../common/mod.rs"]
mod common;

mod programs;
mod reading;

use std::path::Path;
use std::time::{Duration, Instant};

use veo_test_support::available;

use programs::{Scratch, run};
use reading::{Trace, has_schema};

fn ready() -> bool {
    available(
        "Google's schema of traces for Python (pip install perfetto protobuf)",
        has_schema(),
    )
}

/// The requests of `programs::everything`: their names and how often they come.
const EVERYTHING: &[(&str, usize)] = &[
    ("add", 1),
    ("allocate", 2),
    ("bump_counter", 101),
    ("crash", 1),
    ("host function", 1),
    ("increment", 1),
    ("read", 2),
    ("write", 3),
];

#[test]
fn every_request_is_there_once_and_its_times_are_in_order() {
    if !ready() {
        return;
    }
    let scratch = Scratch::new();
    let output = run("everything", &scratch.path("trace-%p-%r.pftrace"));
    assert!(output.status.success(), "{output:?}");
    let files = scratch.files();
    assert_eq!(files.len(), 1, "{files:?}");
    let pid = output.pid.to_string();
    assert_eq!(
        files[0].file_name().unwrap(),
        format!("trace-{pid}-7.pftrace").as_str()
    );
    let trace = Trace::read(&[&files[0]]);
    let requests = trace.requests();
    for request in &requests {
        request.check();
    }
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let mut names: Vec<&str> = requests.iter().map(|request| &*request.name).collect();
    names.sort_unstable();
    for name in names {
        match counts.last_mut() {
            Some((last, count)) if *last == name => *count += 1,
            _ => counts.push((name, 1)),
        }
    }
    // Requests queued behind the crash may have been refused.
    counts.retain(|(name, _)| *name != "give_i64");
    assert_eq!(counts, EVERYTHING);

    // Kernels by their declarations, transfers with their bytes, on their own tracks.
    let one = |name: &str| {
        requests
            .iter()
            .find(|request| request.name == name)
            .unwrap()
    };
    let increment = one("increment");
    let (file, symbol, line) = increment.place.clone().unwrap();
    assert!(
        file.ends_with("programs.rs") && symbol == "increment" && line > 0,
        "{file}:{line}"
    );
    assert!(
        increment.running.as_ref().unwrap().ends_with(": VE"),
        "{increment:?}"
    );
    let read = one("read");
    assert_eq!(read.bytes, Some(12));
    assert!(
        read.running.as_ref().unwrap().ends_with(": transfers"),
        "{read:?}"
    );
    let host = one("host function");
    assert!(
        host.running.as_ref().unwrap().ends_with(": host functions"),
        "{host:?}"
    );
    assert_eq!(one("crash").outcome.as_deref(), Some("exception"));
    // The emulated node knows when they ran; nobody knows when a crash began to end.
    if std::env::var_os("VEO_BACKEND").is_none() {
        let queued = [
            "bump_counter",
            "increment",
            "write",
            "read",
            "host function",
        ];
        let guessed = |request: &&reading::Request| request.estimated;
        let names: Vec<_> = requests.iter().filter(guessed).map(|r| &*r.name).collect();
        assert!(names.contains(&"crash"), "{names:?}");
        assert!(!names.iter().any(|name| queued.contains(name)), "{names:?}");
    }
    // Two contexts of one process, and another process.
    let contexts: std::collections::BTreeSet<_> = requests
        .iter()
        .map(|request| request.host.clone())
        .collect();
    assert!(contexts.len() >= 4, "{contexts:?}");
    assert_eq!(trace.processes(), 2);

    let instants = trace.texts("TYPE_INSTANT");
    assert!(
        instants
            .iter()
            .any(|text| text.contains("has ended: ") && text.contains("crash"))
    );
    assert!(
        instants
            .iter()
            .any(|text| text.ends_with("the VE process has ended"))
    );
    let blocks = trace.texts("TYPE_SLICE_BEGIN");
    assert!(
        blocks.iter().any(|text| text == "request block"),
        "{blocks:?}"
    );
    let depth = trace.highest(": queued requests");
    assert!((2..=101).contains(&depth), "{depth}");
}

#[test]
fn a_killed_program_leaves_all_but_the_last_moment() {
    if !ready() {
        return;
    }
    let scratch = Scratch::new();
    let output = run("killed", &scratch.path("killed.pftrace"));
    assert!(!output.status.success());
    // It had made so many calls long before it was killed.
    let calls: usize = output
        .text
        .trim()
        .rsplit('\n')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let trace = Trace::read(&[&scratch.path("killed.pftrace")]);
    let requests = trace.requests();
    requests.iter().for_each(|request| request.check());
    assert!(
        calls > 0 && requests.len() >= calls,
        "{} of {calls}",
        requests.len()
    );
}

#[test]
fn the_files_of_two_programs_are_one_trace() {
    if !ready() {
        return;
    }
    let scratch = Scratch::new();
    for _ in 0..2 {
        let output = run("everything", &scratch.path("%p.pftrace"));
        assert!(output.status.success(), "{output:?}");
    }
    let files = scratch.files();
    let [first, second] = &files[..] else {
        panic!("{files:?}")
    };
    let counts: Vec<_> = [first, second]
        .map(|file| Trace::read(&[file]))
        .iter()
        .map(|trace| (trace.tracks(), trace.requests().len()))
        .collect();
    // Whichever began first: `read` refuses two tracks with one number.
    for both in [[first, second], [second, first]] {
        let trace = Trace::read(&both.map(std::path::PathBuf::as_path));
        assert_eq!(trace.tracks(), counts[0].0 + counts[1].0);
        let requests = trace.requests();
        requests.iter().for_each(|request| request.check());
        assert_eq!(requests.len(), counts[0].1 + counts[1].1);
    }
}

#[test]
fn a_path_that_ends_in_json_gets_an_array_of_events() {
    let scratch = Scratch::new();
    let output = run("everything", &scratch.path("trace.json"));
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(scratch.path("trace.json")).unwrap();
    let events: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let of = |kind: &str, name: &str| {
        let fits = |event: &&serde_json::Value| event["ph"] == kind && event["name"] == name;
        events.iter().filter(fits).collect::<Vec<_>>()
    };
    for (name, count) in EVERYTHING {
        let slices = of("X", name);
        let running = slices
            .iter()
            .filter(|event| event["cat"] == "running")
            .count();
        assert_eq!((slices.len(), running), (3 * count, *count), "{name}");
    }
    // Each flow has a begin, a step where it ran, an end.
    let begins = of("s", "request");
    assert!(begins.len() >= 112);
    for begin in begins {
        let ends = of("f", "request");
        let end = ends.iter().find(|end| end["id"] == begin["id"]).unwrap();
        assert!(end["ts"].as_f64() >= begin["ts"].as_f64());
    }
    assert_eq!(of("M", "process_name").len(), 3);
}

#[test]
fn a_program_goes_on_where_the_timeline_cannot_be_written() {
    let scratch = Scratch::new();
    let missing = scratch.path("no/such/directory.pftrace");
    for path in [&missing, Path::new("/dev/full"), Path::new("/")] {
        let output = run("everything", path);
        assert!(output.status.success(), "{output:?}");
        let text = output.text;
        assert_eq!(
            text.matches("cannot write the timeline").count(),
            1,
            "{text}"
        );
    }
    let output = run("nested", &missing);
    assert!(output.status.success(), "{output:?}");
    assert!(output.text.contains("stopped"), "{output:?}");
}

#[test]
fn a_program_goes_on_where_its_files_may_not_grow() {
    let scratch = Scratch::new();
    for program in ["endless", "brief"] {
        let path = scratch.path(&format!("{program}.pftrace"));
        let output = run(program, &path);
        assert!(output.status.success(), "{output:?}");
        let text = output.text;
        assert_eq!(
            text.matches("cannot be written any more").count(),
            1,
            "{text}"
        );
        if ready() {
            // No record is cut in the middle.
            let trace = Trace::read(&[&path]);
            trace.requests().iter().for_each(reading::Request::check);
        }
    }
    let output = run("panicking", &scratch.path("panicking.pftrace"));
    assert!(output.status.success(), "{output:?}");
    let output = run("no_room", &scratch.path("none.pftrace"));
    assert!(output.status.success(), "{output:?}");
    let text = output.text;
    assert!(text.contains("cannot write the timeline"), "{text}");
}

#[test]
fn a_program_keeps_its_file_from_another() {
    if !ready() {
        return;
    }
    let scratch = Scratch::new();
    let path = scratch.path("one.pftrace");
    // The second time it begins anew.
    for _ in 0..2 {
        let output = run("two", &path);
        assert!(output.status.success(), "{output:?}");
        let text = output.text;
        assert_eq!(
            text.matches("another program writes it").count(),
            1,
            "{text}"
        );
        let requests = Trace::read(&[&path]).requests();
        let names: Vec<_> = requests.iter().map(|request| &*request.name).collect();
        assert_eq!(names, ["bump_counter"; 2]);
    }
}

#[test]
fn a_timeline_with_two_reasons_has_each_request_once() {
    if !ready() {
        return;
    }
    let scratch = Scratch::new();
    let path = scratch.path("same.pftrace");
    let output = run("same_path", &path);
    assert!(output.status.success(), "{output:?}");
    let count = |path: &Path, name: &str| {
        let requests = Trace::read(&[path]).requests();
        requests.iter().for_each(reading::Request::check);
        requests
            .iter()
            .filter(|request| request.name == name)
            .count()
    };
    // All requests of the one that the variable has recorded, of the other those of a part.
    assert_eq!(count(&path, "bump_counter"), 3);
    assert_eq!(count(&path, "give_i64"), 1);
    assert_eq!(count(&scratch.path("same.other"), "give_i64"), 3);
}

#[test]
fn one_of_the_timelines_that_threads_start_at_once_goes_on() {
    let scratch = Scratch::new();
    let output = run("starts", &scratch.path("all.json"));
    assert!(output.status.success(), "{output:?}");
    let files = scratch.files();
    assert_eq!(files.len(), 9, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let _: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        // All that were started have ended when it was called.
        let is_whole = file.ends_with("all.json");
        assert_eq!(text.contains("give_i64"), is_whole, "{file:?}");
    }
}

#[test]
fn many_contexts_are_all_there() {
    if !ready() {
        return;
    }
    let scratch = Scratch::new();
    let path = scratch.path("contexts.pftrace");
    let output = run("contexts", &path);
    assert!(output.status.success(), "{output:?}");
    let trace = Trace::read(&[&path]);
    let requests = trace.requests();
    requests.iter().for_each(reading::Request::check);
    let hosts: std::collections::BTreeSet<_> =
        requests.iter().map(|request| &request.host).collect();
    assert_eq!(
        (trace.processes(), requests.len(), hosts.len()),
        (3, 300, 300)
    );
}

#[test]
fn a_forked_child_records_no_process_of_its_parent() {
    if !ready() {
        return;
    }
    let scratch = Scratch::new();
    let path = scratch.path("parent.pftrace");
    let output = run("forked", &path);
    assert!(output.status.success(), "{output:?}");
    let child = Trace::read(&[&path.with_extension("child")]);
    assert_eq!(child.processes(), 0);
    // The parent has its own as before.
    let parent = Trace::read(&[&path]);
    assert_eq!((parent.processes(), parent.requests().len()), (1, 2));
}

/// Whether this program has the file open.
fn is_open(path: &Path) -> bool {
    let entries = std::fs::read_dir("/proc/self/fd").into_iter().flatten();
    let mut files = entries.flatten().map(|entry| entry.path().read_link());
    files.any(|file| file.is_ok_and(|file| file == path))
}

#[test]
fn a_part_of_a_program_can_be_recorded() {
    if !ready() {
        return;
    }
    let scratch = Scratch::new();
    let path = scratch.path("part.pftrace");
    let proc = common::process();
    let ctx = proc.open_context().unwrap();
    programs::bump_counter(&ctx).unwrap().wait().unwrap();
    veo_core::timeline::start(&path).unwrap();
    programs::bump_counter(&ctx).unwrap().wait().unwrap();
    programs::give_i64(&ctx, 1).unwrap().wait().unwrap();
    veo_core::timeline::stop();
    programs::bump_counter(&ctx).unwrap().wait().unwrap();
    // The writer lets it go when it ends, which may take a moment.
    let until = Instant::now() + Duration::from_secs(60);
    while is_open(&path) {
        assert!(Instant::now() < until, "it is still open");
        std::thread::sleep(Duration::from_millis(1));
    }
    let trace = Trace::read(&[&path]);
    let ours =
        |request: &&reading::Request| request.name == "bump_counter" || request.name == "give_i64";
    let requests = trace.requests();
    // Other tests of this program may run meanwhile.
    assert_eq!(requests.iter().filter(ours).count(), 2, "{requests:?}");

    // One that is started ends the one before, unless it cannot be written.
    let paths = ["first.pftrace", "second.pftrace"].map(|name| scratch.path(name));
    for path in &paths {
        veo_core::timeline::start(path).unwrap();
        let error = veo_core::timeline::start(scratch.path("no/such/file")).unwrap_err();
        assert!(error.to_string().contains("no/such/file"), "{error}");
        programs::give_i64(&ctx, 1).unwrap().wait().unwrap();
    }
    veo_core::timeline::stop();
    for path in &paths {
        let requests = Trace::read(&[path]).requests();
        assert_eq!(requests.iter().filter(ours).count(), 1, "{requests:?}");
    }
}
