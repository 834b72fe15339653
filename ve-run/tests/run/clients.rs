//! `--gdb`: clients that are silent, vanish or send garbage, and paths where nobody can listen.

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use veo_test_support::gdb::packet;

use crate::debugged::{COUNTING, Debugged, ENDLESS, IC};
use crate::support::{can_compile, end};

#[test]
fn a_connection_that_sends_nothing_does_not_start_the_program() {
    if !can_compile() {
        return;
    }
    let mut program = Debugged::start(COUNTING);
    let end = Instant::now() + Duration::from_secs(60);
    // This behaves like another program that wants the same path.
    while UnixStream::connect(&program.socket).is_err() {
        assert!(Instant::now() < end, "nobody listens");
        thread::sleep(Duration::from_millis(5));
    }
    // Long enough that the program would have ended.
    thread::sleep(Duration::from_millis(500));
    let mut gdb = program.connect();
    assert_eq!(gdb.register(IC), gdb.symbol("main"));
    assert_eq!(gdb.ask("D"), "OK");
    assert_eq!(program.end().0, 12);
}

#[test]
fn clients_that_vanish_leave_the_program_to_itself() {
    if !can_compile() {
        return;
    }
    // Before it has said anything, while the program is stopped, while it runs, at a fault, with a packet begun.
    let mut program = Debugged::start(COUNTING);
    drop(program.connect());
    assert_eq!(program.end().0, 12);
    let mut program = Debugged::start(COUNTING);
    let mut gdb = program.connect();
    let twice = gdb.symbol("twice");
    gdb.break_at(twice);
    gdb.send("c");
    assert_eq!(gdb.answer(), "T05thread:01;swbreak:;");
    gdb.send_bytes(b"$m");
    drop(gdb);
    assert_eq!(program.end().0, 12);
    let mut program = Debugged::start("int main(void) { __builtin_trap(); }");
    let mut gdb = program.connect();
    let answer = gdb.ask("c");
    assert!(answer.starts_with("T0"), "{answer}");
    drop(gdb);
    assert!(program.end().0 > 128);
}

#[test]
fn garbage_ends_the_session_and_not_the_program() {
    if !can_compile() {
        return;
    }
    let mut program = Debugged::start(ENDLESS);
    let mut random = fastrand::Rng::with_seed(7);
    let commands = [
        "m",
        "M",
        "g",
        "G",
        "p",
        "P",
        "X",
        "Z0,",
        "Z1,",
        "Z2,",
        "z0,",
        "vCont;",
        "vCont;s:",
        "Hg",
        "Hc",
        "T",
        "c",
        "s",
        "C",
        "qXfer:features:read:target.xml:",
        "qRcmd,",
        "qThreadExtraInfo,",
        "?",
        "vKill",
        "qSupported:",
        "R",
        "!",
    ];
    let mut sent = 0;
    while sent < 300 {
        let mut gdb = program.connect();
        for _ in 0..random.usize(1..8) {
            let mut text = random.choice(commands).unwrap().as_bytes().to_vec();
            for _ in 0..random.usize(0..24) {
                let byte = random.choice(b"0123456789abcdef,;:=-#$}*\0\xffq");
                text.extend(byte);
            }
            // These commands would end the program.
            if text.starts_with(b"k") || text.starts_with(b"vKill") {
                continue;
            }
            let mut bytes = packet(&text);
            if random.u8(..8) == 0 {
                let place = random.usize(..bytes.len());
                bytes[place] = random.u8(4..);
            }
            gdb.send_bytes(&bytes);
            sent += 1;
        }
        gdb.send_bytes(b"$?#3f");
        let _ = gdb.try_answer();
    }
    // A packet that is too long, and none at all.
    program
        .connect()
        .send_bytes(&[b"$".as_slice(), &[b'0'; 100_000]].concat());
    program.connect().send_bytes(b"hello\n");
    let mut gdb = program.connect();
    let enough = gdb.symbol("enough");
    assert_eq!(gdb.ask(&format!("M{enough:x},4:01000000")), "OK");
    assert_eq!(gdb.ask("c"), "W05");
    let output = program.output();
    assert_eq!(end(&output).0, 5);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("the debugger's client is disconnected, and the program goes on"),
        "{said}"
    );
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_path_where_nobody_can_listen_is_told() {
    if !can_compile() {
        return;
    }
    let mut program = Debugged::start(ENDLESS);
    drop(program.connect());
    let directory = program.program.directory();
    let file = directory.join("k.o");
    let refused = |path: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_ve-run"))
            .args(["--gdb".as_ref(), path.as_os_str(), file.as_os_str()])
            .output()
            .unwrap();
        end(&output)
    };
    let long = directory.join("x".repeat(120));
    for (path, part) in [
        (program.socket.as_path(), "it exists"),
        (&file, "it exists"),
        (directory, "it exists"),
        (&long, "at most 107"),
        (&directory.join("none/gdb"), "No such file or directory"),
        (Path::new(""), "no path"),
    ] {
        let (status, why) = refused(path);
        assert_eq!(status, 125, "{why}");
        assert!(
            why.contains(part) && why.contains("a debugger cannot be waited for"),
            "{why}"
        );
    }
    assert!(file.exists());
    // A socket that a program has left behind is no obstacle.
    program.child.as_mut().unwrap().kill().unwrap();
    program.child.take().unwrap().wait().unwrap();
    assert!(program.socket.exists());
    let child = Command::new(env!("CARGO_BIN_EXE_ve-run"))
        .args([
            "--gdb".as_ref(),
            program.socket.as_os_str(),
            file.as_os_str(),
        ])
        .spawn()
        .unwrap();
    program.child = Some(child);
    let mut gdb = program.connect();
    gdb.send("k");
    assert_eq!(
        program.child.take().unwrap().wait().unwrap().code(),
        Some(137)
    );
    // A socket that is no program's any more, as well.
    drop(UnixListener::bind(&program.socket).unwrap());
    assert!(program.socket.exists());
}
