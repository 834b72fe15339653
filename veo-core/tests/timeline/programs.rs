//! Programs that are recorded. Each is an ignored test, which this program runs in a process of
//! its own.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tracing::{Event, Level};
use veo_core::{OnStack, VeoProc, ve_kernel};

use crate::common;
use crate::common::listener::Listener;
use veo_test_support::run;

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    pub safe fn bump_counter() -> i64;
    pub safe fn give_i64(x: i64) -> i64;
    safe fn increment(x: *mut i32, n: u64);
    safe fn add(a: i32, b: *mut f64) -> i64;
    safe fn crash();
}

/// Two contexts, transfers, a request block, a host function, a second process that crashes.
#[test]
#[ignore = "run by others"]
fn everything() {
    let proc = common::process();
    let (one, two) = (proc.open_context().unwrap(), proc.open_context().unwrap());
    let mut x = proc.upload(&[1i32, 2, 3]).unwrap();
    let mut y = [1.0, 2.0, 3.0, 4.0];
    add(&proc, 2, OnStack::inout(&mut y)).unwrap();
    let written = one.write(&mut x, vec![4, 5, 6]).unwrap();
    one.req_block(|ctx| increment(ctx, &mut x, 3).unwrap().wait().unwrap())
        .unwrap();
    written.wait().unwrap();
    one.call_vh(|| std::thread::sleep(Duration::from_millis(2)))
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(one.read(&x).unwrap().wait().unwrap(), [5, 6, 7]);
    let many: Vec<_> = (0..100).map(|_| bump_counter(&two).unwrap()).collect();
    for request in many {
        request.wait().unwrap();
    }
    drop(bump_counter(&two).unwrap());
    two.sync().unwrap();
    drop((one, two));

    let second = VeoProc::new(0).unwrap();
    let ctx = second.open_context().unwrap();
    let z = second.upload(&[7i64]).unwrap();
    assert_eq!(z.to_vec().unwrap(), [7]);
    let fatal = crash(&ctx).unwrap();
    let behind = give_i64(&ctx, 1);
    fatal.wait().unwrap_err();
    drop(behind.map(|request| request.wait()));
    drop(x);
    proc.close().unwrap();
}

/// Calls for half a second, says how many it had made 300 ms before, and is killed.
#[test]
#[ignore = "run by others"]
fn killed() {
    let proc = common::process();
    let ctx = proc.open_context().unwrap();
    // Slow enough that the writer keeps up on any machine.
    let until = Instant::now() + Duration::from_millis(500);
    let mut calls = 0;
    while Instant::now() < until {
        bump_counter(&ctx).unwrap().wait().unwrap();
        calls += 1;
        std::thread::sleep(Duration::from_millis(1));
    }
    // Ample time for the writer, which the test does not measure, on a machine that is busy.
    std::thread::sleep(Duration::from_secs(3));
    println!("\n{calls}");
    bump_counter(&ctx).unwrap().wait().unwrap();
    // SAFETY: takes numbers only.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
}

/// From now on files of this program may not become longer. VE memory is such a file.
fn limit_files(bytes: u64) {
    let limit = libc::rlimit {
        rlim_cur: bytes,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: the limit is valid for reading.
    let status = unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) };
    assert_eq!(status, 0);
}

/// Calls after its files may not become longer than 8 kB.
#[test]
#[ignore = "run by others"]
fn endless() {
    let proc = common::process();
    let ctx = proc.open_context().unwrap();
    limit_files(8192);
    for _ in 0..10_000 {
        bump_counter(&ctx).unwrap().wait().unwrap();
    }
    // The writer looks around a few times in a second.
    std::thread::sleep(Duration::from_secs(1));
    bump_counter(&ctx).unwrap().wait().unwrap();
    proc.close().unwrap();
}

/// Calls as `endless` does, and ends at once: its main thread writes what is left.
#[test]
#[ignore = "run by others"]
fn brief() {
    let proc = common::process();
    let ctx = proc.open_context().unwrap();
    limit_files(8192);
    for _ in 0..200 {
        bump_counter(&ctx).unwrap().wait().unwrap();
    }
}

/// Does something at each warning.
fn on_warning(act: fn()) {
    let listener = Listener {
        wants: |metadata| *metadata.level() == Level::WARN,
        heard: move |_: &Event<'_>| act(),
    };
    tracing::subscriber::set_global_default(listener).unwrap();
}

/// Ends as `brief` does, and panics where it is warned of that.
#[test]
#[ignore = "run by others"]
fn panicking() {
    on_warning(|| panic!("a warning"));
    let proc = common::process();
    let ctx = proc.open_context().unwrap();
    limit_files(0);
    bump_counter(&ctx).unwrap().wait().unwrap();
}

/// Runs another program with its own timeline, and says what that has printed.
#[test]
#[ignore = "run by others"]
fn two() {
    let proc = common::process();
    let ctx = proc.open_context().unwrap();
    bump_counter(&ctx).unwrap().wait().unwrap();
    let path = std::env::var_os("VEO_TIMELINE").unwrap();
    let output = run("everything", Path::new(&path));
    assert!(output.status.success(), "{output:?}");
    println!("\n{}", output.text);
    bump_counter(&ctx).unwrap().wait().unwrap();
}

/// Starts and stops a timeline of the path that the variable has.
#[test]
#[ignore = "run by others"]
fn same_path() {
    let path = std::env::var_os("VEO_TIMELINE").unwrap();
    let proc = common::process();
    let other = PathBuf::from(&path).with_extension("other");
    let elsewhere = VeoProc::builder().timeline(other).build().unwrap();
    let (one, two) = (
        proc.open_context().unwrap(),
        elsewhere.open_context().unwrap(),
    );
    let call = || {
        bump_counter(&one).unwrap().wait().unwrap();
        give_i64(&two, 1).unwrap().wait().unwrap();
    };
    call();
    veo_core::timeline::start(&path).unwrap();
    call();
    veo_core::timeline::stop();
    call();
}

/// Uses timelines where it is warned that one cannot be written.
#[test]
#[ignore = "run by others"]
fn nested() {
    on_warning(|| {
        veo_core::timeline::stop();
        println!("\nstopped");
    });
    let proc = common::process();
    proc.close().unwrap();
}

/// Starts a timeline from each of eight threads, stops, and calls.
#[test]
#[ignore = "run by others"]
fn starts() {
    let path = PathBuf::from(std::env::var_os("VEO_TIMELINE").unwrap());
    let proc = common::process();
    let ctx = proc.open_context().unwrap();
    let barrier = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let path = path.with_extension(format!("{thread}.json"));
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                veo_core::timeline::start(path).unwrap();
            });
        }
    });
    veo_core::timeline::stop();
    give_i64(&ctx, 1).unwrap().wait().unwrap();
}

/// Has many contexts, one after another, and several processes.
#[test]
#[ignore = "run by others"]
fn contexts() {
    for _ in 0..3 {
        let proc = common::process();
        for _ in 0..100 {
            let ctx = proc.open_context().unwrap();
            bump_counter(&ctx).unwrap().wait().unwrap();
        }
        proc.close().unwrap();
    }
}

/// Has a forked child start a timeline of its own.
#[test]
#[ignore = "run by others"]
fn forked() {
    let path = PathBuf::from(std::env::var_os("VEO_TIMELINE").unwrap());
    let proc = common::process();
    let ctx = proc.open_context().unwrap();
    bump_counter(&ctx).unwrap().wait().unwrap();
    // SAFETY: no other thread holds a lock that the child needs, and it ends by _exit.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let started = veo_core::timeline::start(path.with_extension("child"));
        veo_core::timeline::stop();
        // SAFETY: takes a number only.
        unsafe { libc::_exit(started.is_err().into()) };
    }
    let mut status = 0;
    // SAFETY: the status is valid for writing.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    bump_counter(&ctx).unwrap().wait().unwrap();
}

/// Starts a timeline where its files may have no bytes at all.
#[test]
#[ignore = "run by others"]
fn no_room() {
    limit_files(0);
    let path = std::env::var_os("VEO_TIMELINE").unwrap();
    let error = veo_core::timeline::start(path).unwrap_err();
    println!("\n{error}");
}

/// The outcome of a program.
#[derive(Debug)]
pub struct Output {
    pub pid: u32,
    pub status: ExitStatus,
    /// Its output.
    pub text: String,
}

fn command(name: &str, timeline: &Path) -> Command {
    let mut command = run::one_test(&format!("programs::{name}"));
    command
        .arg("--ignored")
        .env("VEO_TIMELINE", timeline)
        .env("MPIRANK", "7")
        .stdin(Stdio::null());
    command
}

/// Runs a program with a timeline.
pub fn run(name: &str, timeline: &Path) -> Output {
    let child = command(name, timeline)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    let text = [output.stderr, output.stdout].concat();
    Output {
        pid,
        status: output.status,
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}

/// A directory of a test.
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    pub fn new() -> Scratch {
        Scratch(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}
