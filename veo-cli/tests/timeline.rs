//! `veo timeline` on recordings that are written here byte by byte, so that their times are
//! known.
#![cfg(target_os = "linux")]

#[allow(dead_code)]
#[path = "command/support.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use veo_test_support::run::{self, Outcome};

/// The longest time that a command may take here.
const LONGEST: Duration = Duration::from_secs(120);

fn timeline(arguments: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_veo"));
    run::run(command.arg("timeline").args(arguments), LONGEST)
}

/// A file of these bytes, of this test alone.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn summary(path: &Path) -> Value {
    let outcome = timeline(&["--json", path.to_str().unwrap()]);
    outcome.expect_success("veo timeline");
    let mut value = support::checked(&outcome.stdout);
    assert_eq!(value["command"], "timeline");
    assert_eq!(value["file"], path.to_str().unwrap());
    value.as_object_mut().unwrap().remove("file");
    value
}

// ---- Perfetto's format ----

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A field with a number.
fn number(field: u64, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, field << 3);
    varint(&mut out, value);
    out
}

/// A field with text, or with the fields of a message.
fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, field << 3 | 2);
    varint(&mut out, value.len() as u64);
    out.extend(value);
    out
}

fn packet(fields: &[Vec<u8>]) -> Vec<u8> {
    bytes(1, &fields.concat())
}

/// The recording of one of two programs, in microseconds from the beginning:
///
/// ```text
/// kernels    sum 0-400        scale 600-1000
/// transfers      write 300-700     read 900-1000 (fails)
/// ```
fn perfetto(tracks: u64, process: &str) -> Vec<u8> {
    const START: u64 = 5_000_000_000;
    let mut out = Vec::new();
    let described = [number(1, 40), bytes(6, process.as_bytes())].concat();
    out.extend(packet(&[bytes(
        60,
        &[number(1, tracks), bytes(3, &described)].concat(),
    )]));
    let lanes = [
        (tracks + 1, "main context: VE"),
        (tracks + 2, "main context: transfers"),
    ];
    for (sequence, (uuid, name)) in lanes.into_iter().enumerate() {
        let track = [
            number(1, uuid),
            bytes(2, name.as_bytes()),
            number(5, tracks),
        ]
        .concat();
        out.extend(packet(&[bytes(60, &track)]));
        // A clock that goes on with each packet, names by numbers.
        let clocks = [
            bytes(1, &[number(1, 3), number(2, START)].concat()),
            bytes(1, &[number(1, 64), number(2, START), number(3, 1)].concat()),
        ];
        let defaults = [number(58, 64), bytes(11, &number(11, uuid))].concat();
        let name =
            |number_of: u64, text: &str| [number(1, number_of), bytes(2, text.as_bytes())].concat();
        let names = match sequence {
            0 => [
                bytes(2, &name(1, "sum")),
                bytes(2, &name(2, "<scale> & \"more\"")),
            ]
            .concat(),
            _ => [
                bytes(2, &name(1, "write")),
                bytes(2, &name(2, "read")),
                bytes(3, &name(1, "bytes")),
                bytes(3, &name(2, "outcome")),
                bytes(3, &name(3, "estimated")),
            ]
            .concat(),
        };
        let id = number(10, sequence as u64 + 1);
        out.extend(packet(&[
            id.clone(),
            number(13, 1),
            bytes(59, &defaults),
            bytes(6, &clocks.concat()),
            bytes(12, &names),
        ]));
        let times: [[u64; 2]; 2] = [[[0, 400], [600, 1000]], [[300, 700], [900, 1000]]][sequence];
        let mut last = 0;
        for (place, [begin, end]) in times.into_iter().enumerate() {
            let mut event = [number(9, 1), number(10, place as u64 + 1)].concat();
            if sequence == 1 {
                let bytes_moved = [number(1, 1), number(3, [8192, 100][place])].concat();
                event.extend(bytes(4, &bytes_moved));
                if place == 0 {
                    event.extend(bytes(4, &[number(1, 3), number(2, 1)].concat()));
                } else {
                    event.extend(bytes(4, &[number(1, 2), bytes(6, b"error")].concat()));
                }
            }
            let begins = number(8, (begin - last) * 1000);
            out.extend(packet(&[begins, id.clone(), bytes(11, &event)]));
            let ends = number(8, (end - begin) * 1000);
            out.extend(packet(&[ends, id.clone(), bytes(11, &number(9, 2))]));
            last = end;
        }
    }
    out
}

// ---- Chrome's format ----

/// The same in Chrome's format.
fn chrome(process: &str) -> Value {
    let name = |tid: Value, what: &str, name: &str| json!({"ph": "M", "pid": 1, "tid": tid, "name": what, "args": {"name": name}});
    let x = |tid: u64, name: &str, ts: f64, dur: f64, args: Value| json!({"ph": "X", "pid": 1, "tid": tid, "name": name, "ts": 5e6 + ts, "dur": dur, "args": args});
    json!([
        name(Value::Null, "process_name", process),
        name(1.into(), "thread_name", "main context: VE"),
        name(2.into(), "thread_name", "main context: transfers"),
        name(3.into(), "thread_name", "main context: host"),
        x(3, "sum", -50.0, 0.0, json!({})),
        x(3, "read", 1100.0, 0.0, json!({})),
        x(1, "sum", 0.0, 400.0, json!({})),
        {"ph": "B", "pid": 1, "tid": 1, "name": "<scale> & \"more\"", "ts": 5_000_600},
        {"ph": "E", "pid": 1, "tid": 1, "ts": 5_001_000},
        x(2, "write", 300.0, 400.0, json!({"bytes": 8192, "estimated": true})),
        x(2, "read", 900.0, 100.0, json!({"bytes": 100, "outcome": "error"})),
    ])
}

/// Compares numbers as exactly as their computation allows.
fn assert_near(found: &Value, expected: &Value, at: &str) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let keys = |map: &serde_json::Map<_, _>| map.keys().cloned().collect::<Vec<String>>();
            let (mut mine, mut theirs) = (keys(found), keys(expected));
            mine.sort();
            theirs.sort();
            assert_eq!(mine, theirs, "{at}");
            for (key, value) in expected {
                assert_near(&found[key], value, &format!("{at}.{key}"));
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{at}");
            for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_near(found, expected, &format!("{at}[{place}]"));
            }
        }
        (Value::Number(found), Value::Number(expected)) => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            assert!(
                (found - expected).abs() <= 1e-9 * expected.abs(),
                "{at}: {found}"
            );
        }
        _ => assert_eq!(found, expected, "{at}"),
    }
}

fn expected() -> Value {
    let request = |name: &str, at: f64, seconds: f64, bytes: Value, outcome: Value| {
        json!({
            "name": name, "process": "VE 0", "context": "main context", "at": at,
            "seconds": seconds, "bytes": bytes, "estimated": name == "write", "outcome": outcome,
        })
    };
    json!({
        "command": "timeline", "seconds": 1e-3, "missing": 0, "cut": false, "estimated": 1,
        "processes": [{
            "process": "VE 0", "kernels": 8e-4, "transfers": 5e-4, "overlap": 3e-4, "bytes": 8292,
        }],
        "contexts": [{
            "process": "VE 0", "context": "main context", "requests": 4, "failed": 1,
            "busy": 0.8, "transfers": 0.5, "longest_gap": {"at": 4e-4, "seconds": 2e-4},
        }],
        "longest": [
            request("sum", 0.0, 4e-4, Value::Null, Value::Null),
            request("write", 3e-4, 4e-4, 8192.into(), Value::Null),
            request("<scale> & \"more\"", 6e-4, 4e-4, Value::Null, Value::Null),
            request("read", 9e-4, 1e-4, 100.into(), "error".into()),
        ],
    })
}

#[test]
fn both_formats_say_the_same() {
    let trace = file("both.pftrace", &perfetto(100, "VE 0"));
    assert_near(&summary(&trace), &expected(), "perfetto");
    let events = chrome("VE 0");
    let trace = file("both.json", events.to_string().as_bytes());
    assert_near(&summary(&trace), &expected(), "chrome");
    let object = json!({"displayTimeUnit": "ns", "traceEvents": events});
    let trace = file("both-object.json", format!("\n {object}").as_bytes());
    assert_near(&summary(&trace), &expected(), "object");
}

/// The processes that a summary names. Each must be as in a recording of its own.
fn processes_of(found: &Value) -> Vec<&str> {
    let rows = |what: &str| found[what].as_array().unwrap().iter();
    for (what, row) in ["processes", "contexts"]
        .into_iter()
        .flat_map(|what| rows(what).map(move |row| (what, row)))
    {
        let mut alone = expected()[what][0].clone();
        alone["process"] = row["process"].clone();
        assert_near(row, &alone, what);
    }
    let names = |what| -> Vec<&str> {
        rows(what)
            .map(|row| row["process"].as_str().unwrap())
            .collect()
    };
    assert_eq!(names("processes"), names("contexts"));
    names("processes")
}

#[test]
fn files_behind_each_other_are_one_trace() {
    let both = [perfetto(100, "VE 0"), perfetto(200, "VE 1")].concat();
    let found = summary(&file("two.pftrace", &both));
    assert_eq!(processes_of(&found), ["VE 0", "VE 1"]);
}

#[test]
fn processes_of_the_same_name_are_two() {
    // Their tracks have numbers in no order.
    let both = [perfetto(200, "VE 0"), perfetto(100, "VE 0")].concat();
    let found = summary(&file("same.pftrace", &both));
    assert_eq!(processes_of(&found), ["VE 0", "VE 0 #2"]);
    let mut events = chrome("VE 0");
    let mut more = chrome("VE 0");
    for event in more.as_array_mut().unwrap() {
        event["pid"] = 2.into();
    }
    let events_of = events.as_array_mut().unwrap();
    events_of.append(more.as_array_mut().unwrap());
    let found = summary(&file("same.json", events.to_string().as_bytes()));
    assert_eq!(processes_of(&found), ["VE 0", "VE 0 #2"]);
}

/// A program's description of itself, before its processes.
fn program(uuid: u64, name: &str) -> Vec<u8> {
    let own = [number(1, uuid), bytes(2, name.as_bytes())].concat();
    let counter = [
        number(1, uuid + 1),
        bytes(2, b"requests that are missing here"),
        number(5, uuid),
        bytes(8, &number(3, 2)),
    ];
    [
        packet(&[bytes(60, &own)]),
        packet(&[bytes(60, &counter.concat())]),
    ]
    .concat()
}

#[test]
fn each_process_is_shown_with_its_program() {
    const FIRST: &str = "VE process 1 of this program (node 0), the emulated node";
    let labels = [
        "07-contexts (25895), VE process 1, node 0",
        "08-other (7, rank 3), VE process 1, node 0",
    ];
    let both = [
        program(300, "07-contexts (pid 25895)"),
        perfetto(100, FIRST),
        program(400, "08-other (pid 7, rank 3)"),
        perfetto(200, FIRST),
    ];
    let found = summary(&file("programs.pftrace", &both.concat()));
    assert_eq!(processes_of(&found), labels);
    assert_eq!(found["longest"].as_array().unwrap().len(), 8);

    let mut events = Vec::new();
    for (pid, name) in [(25895, "07-contexts"), (7, "08-other, rank 3")] {
        events.push(json!({"ph": "M", "pid": pid, "tid": 0, "name": "process_name", "args": {"name": name}}));
        for mut event in chrome(FIRST).as_array_mut().unwrap().drain(..) {
            event["pid"] = (pid + 1).into();
            events.push(event);
        }
    }
    let found = summary(&file(
        "programs.json",
        Value::from(events).to_string().as_bytes(),
    ));
    let labels = [labels[0], "08-other, rank 3 (7), VE process 1, node 0"];
    assert_eq!(processes_of(&found), labels);
}

#[test]
fn a_file_that_was_cut_is_read_as_far_as_it_goes() {
    let whole = perfetto(100, "VE 0");
    let found = summary(&file("cut.pftrace", &whole[..whole.len() - 3]));
    assert_eq!(found["cut"], true);
    // The end of the last transfer is missing.
    assert_eq!(found["contexts"][0]["requests"], 3);
    let text = timeline(&[file("cut-text.pftrace", &whole[..whole.len() - 3])
        .to_str()
        .unwrap()]);
    assert!(
        text.stdout.contains("the file ends within a record"),
        "{text:?}"
    );
}

#[test]
fn requests_that_a_program_left_out_are_counted() {
    let name = "requests that are missing here";
    let track = [
        number(1, 7),
        bytes(2, name.as_bytes()),
        bytes(8, &number(3, 2)),
    ]
    .concat();
    let count = |count| [number(9, 4), number(11, 7), number(30, count)].concat();
    let more = [
        packet(&[bytes(60, &track)]),
        packet(&[number(8, 1), bytes(11, &count(3))]),
        packet(&[number(8, 2), bytes(11, &count(5))]),
    ];
    let trace = [perfetto(100, "VE 0"), more.concat()].concat();
    assert_eq!(summary(&file("missing.pftrace", &trace))["missing"], 5);
    let mut events = chrome("VE 0");
    for count in [3, 5] {
        let said = json!({"ph": "i", "pid": 1, "tid": 0, "name": "some", "ts": 1, "args": {"missing": count}});
        events.as_array_mut().unwrap().push(said);
    }
    let trace = file("missing.json", events.to_string().as_bytes());
    assert_eq!(summary(&trace)["missing"], 5);
}

#[test]
fn people_get_tables() {
    let trace = file("people.pftrace", &perfetto(100, "VE 0"));
    let outcome = timeline(&["-n", "2", trace.to_str().unwrap()]);
    outcome.expect_success("veo timeline");
    let expected = format!(
        "{}: 1.00 ms

PROCESS  KERNELS  TRANSFERS  OVERLAP    BYTES
VE 0      800 µs     500 µs   300 µs  8.1 KiB

CONTEXT       REQUESTS  FAILED    BUSY  TRANSFERS  LONGEST GAP          AT
main context         4       1  80.0 %     50.0 %       200 µs  0.000400 s

LONGEST  CONTEXT         TIME          AT  BYTES  OUTCOME
sum      main context  400 µs  0.000000 s      -  -
write    main context  400 µs  0.000300 s  8 KiB  -

1 of 4 times are estimated
",
        trace.display()
    );
    assert_eq!(outcome.stdout, expected);
}

#[test]
fn processes_are_told_apart_where_there_are_several() {
    let both = [perfetto(100, "VE 0"), perfetto(200, "VE 1")].concat();
    let trace = file("several.pftrace", &both);
    let outcome = timeline(&[trace.to_str().unwrap()]);
    outcome.expect_success("veo timeline");
    let rows = |start: &str| {
        outcome
            .stdout
            .lines()
            .filter(|line| line.starts_with(start))
            .count()
    };
    assert_eq!(rows("VE 1     main context"), 1, "{}", outcome.stdout);
    assert!(
        outcome.stdout.contains("  VE 1     main context  400 µs"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn a_recording_is_not_drawn_over() {
    let trace = file("drawn_over.pftrace", &perfetto(100, "VE 0"));
    let before = fs::read(&trace).unwrap();
    let other = trace.with_extension("again");
    fs::remove_file(&other).ok();
    fs::hard_link(&trace, &other).unwrap();
    let outcome = timeline(&[trace.to_str().unwrap(), "--svg", other.to_str().unwrap()]);
    assert_eq!(outcome.status.unwrap().code(), Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("is read; give another name"));
    assert_eq!(fs::read(&trace).unwrap(), before);
}

#[test]
fn a_picture_has_all_tracks() {
    let trace = file("picture.pftrace", &perfetto(100, "VE <0>"));
    let picture = trace.with_extension("svg");
    timeline(&[trace.to_str().unwrap(), "--svg", picture.to_str().unwrap()])
        .expect_success("veo timeline --svg");
    let text = fs::read_to_string(&picture).unwrap();
    assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
    for expected in [
        "VE &lt;0&gt;",
        "main context: VE",
        "main context: transfers",
        "&lt;scale&gt; &amp; &quot;more&quot;: 400 µs",
        "read (error): 100 µs",
        "write: 400 µs, estimated",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for tag in ["text", "title", "svg"] {
        let (begins, ends) = (format!("<{tag}"), format!("</{tag}>"));
        assert_eq!(
            text.matches(&begins).count(),
            text.matches(&ends).count(),
            "{tag}"
        );
    }
    // The box is as long as the request: sum takes 0.4 of the time.
    let width = |title: &str| -> f64 {
        let line = text.lines().find(|line| line.contains(title)).expect(title);
        let (_, rest) = line.split_once("width=\"").unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    };
    assert!((width(">sum: ") / width(">read (error)") - 4.0).abs() < 0.01);
}

#[test]
fn a_file_that_is_no_recording_is_one_sentence() {
    let long = [&[0x0a][..], &[0xff, 0xff, 0xff, 0xff, 0x7f]].concat();
    let elf = fs::read(env!("CARGO_BIN_EXE_veo")).unwrap()[..4096].to_vec();
    let chrome = chrome("VE 0").to_string();
    for (name, content, says) in [
        ("empty", &b""[..], "no recording"),
        ("text", b"some text\n", "no recording"),
        ("elf", &elf, "no recording"),
        ("long", &long, "longer than 64 MiB"),
        (
            "mixed",
            &[&perfetto(1, "x")[..], b"\x12\x01\x01"].concat(),
            "damaged",
        ),
        ("cut.json", &chrome.as_bytes()[..chrome.len() - 9], "EOF"),
        ("other.json", b"{\"a\": 1}", "traceEvents"),
        ("kinds.json", b"[{\"ph\": 3}]", "line 1"),
    ] {
        let path = file(&format!("wrong-{name}"), content);
        let outcome = timeline(&[path.to_str().unwrap()]);
        let code = outcome.status.and_then(|status| status.code());
        assert_eq!(code, Some(1), "{name}: {outcome:?}");
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
        assert!(outcome.stderr.contains(says), "{name}: {outcome:?}");
        assert!(
            outcome.stderr.contains(path.to_str().unwrap()),
            "{outcome:?}"
        );
        assert!(outcome.stdout.is_empty());
    }
    let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no/such/file");
    let good = file("good.pftrace", &perfetto(100, "VE 0"));
    for arguments in [
        [nowhere.to_str().unwrap(), "-n1"],
        [env!("CARGO_TARGET_TMPDIR"), "-n1"],
        [
            good.to_str().unwrap(),
            &format!("--svg={}", nowhere.display()),
        ],
    ] {
        let outcome = timeline(&arguments);
        let code = outcome.status.and_then(|status| status.code());
        assert_eq!(
            (code, outcome.stderr.lines().count()),
            (Some(1), 1),
            "{outcome:?}"
        );
    }
}

#[test]
fn damaged_recordings_end_in_an_answer_or_a_sentence() {
    let mut random = fastrand::Rng::with_seed(0x7ace);
    let originals = [
        perfetto(100, "VE 0"),
        chrome("VE 0").to_string().into_bytes(),
    ];
    for round in 0..60 {
        let mut bytes = originals[round % 2].clone();
        veo_test_support::damage(&mut random, &mut bytes, 200);
        let path = file("damaged", &bytes);
        let picture = path.with_extension("svg");
        let outcome = timeline(&[path.to_str().unwrap(), "--svg", picture.to_str().unwrap()]);
        let code = outcome.status.and_then(|status| status.code());
        assert!(matches!(code, Some(0 | 1)), "{bytes:x?}: {outcome:?}");
    }
}
