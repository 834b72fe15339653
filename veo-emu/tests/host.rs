//! Misfortunes of the host program: its VE processes end with it, and limits of the system are
//! errors. Each test runs this program again as the victim.

mod common;

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::*;
use veo_test_support::run;

const KERNELS: &str = r#"
#include <unistd.h>
int nap(int seconds) { sleep(seconds); return 0; }
int answer(void) { return 42; }
"#;

/// Runs one part of this file, named by a variable, in a process of its own.
fn victim(part: &str) -> Command {
    let mut command = run::one_test("victim_part");
    command
        .env("VEO_EMU_TEST_PART", part)
        .stdout(Stdio::piped());
    command
}

/// Says which VE process the test has to look after.
fn tell(proc: &Proc) {
    println!("pid {}", proc.pid());
}

/// The process that the victim told.
fn told(child: &mut Child) -> i32 {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    lines
        .map_while(Result::ok)
        .find_map(|line| line.rsplit_once("pid ")?.1.trim().parse().ok())
        .expect("the victim tells a process")
}

fn is_alive(pid: i32) -> bool {
    // A process that has ended but was not collected yet counts as ended.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap()
            .trim_start()
            .starts_with('Z')
    })
}

fn ends_soon(pid: i32) {
    let end = Instant::now() + Duration::from_secs(20);
    while is_alive(pid) {
        assert!(Instant::now() < end, "process {pid} is left behind");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn victim_part() {
    let Ok(part) = std::env::var("VEO_EMU_TEST_PART") else {
        return;
    };
    let proc = Proc::with(0, |options| options.memory = 16 << 20);
    let lib = proc.load(&compile(KERNELS));
    let ctx = proc.open();
    ctx.call(proc.sym(lib, "nap"), &Args::new().u64(0, 1000));
    tell(&proc);
    match part.as_str() {
        "wait" => {
            std::thread::sleep(Duration::from_secs(100));
        }
        "panic" => panic!("on purpose"),
        "exit" => std::process::exit(0),
        "abort" => std::process::abort(),
        "exec" => {
            // A child that goes on keeps everything that fork gives it.
            // SAFETY: the child only sleeps and ends.
            if unsafe { libc::fork() } == 0 {
                // SAFETY: both are safe in a forked child.
                unsafe {
                    libc::sleep(5);
                    libc::_exit(0);
                }
            }
            let error = Command::new("sleep").arg("4").exec();
            panic!("{error}");
        }
        "fork" => {
            // SAFETY: the child only sleeps and ends.
            if unsafe { libc::fork() } == 0 {
                // SAFETY: both are safe in a forked child.
                unsafe {
                    libc::sleep(8);
                    libc::_exit(0);
                }
            }
            // SAFETY: ends this process at once.
            unsafe { libc::_exit(0) };
        }
        part => panic!("{part}?"),
    }
}

#[test]
fn a_killed_host_takes_its_processes_along() {
    for signal in [libc::SIGKILL, libc::SIGTERM, libc::SIGQUIT] {
        let mut child = victim("wait").spawn().unwrap();
        let pid = told(&mut child);
        assert!(is_alive(pid));
        // SAFETY: the child is ours.
        unsafe { libc::kill(child.id() as i32, signal) };
        child.wait().unwrap();
        ends_soon(pid);
    }
}

#[test]
fn a_host_that_ends_by_itself_takes_its_processes_along() {
    for part in ["panic", "exit", "abort"] {
        let mut child = victim(part).stderr(Stdio::null()).spawn().unwrap();
        let pid = told(&mut child);
        child.wait().unwrap();
        ends_soon(pid);
    }
}

#[test]
fn a_forked_child_does_not_keep_a_process() {
    let mut child = victim("fork").spawn().unwrap();
    let start = Instant::now();
    let pid = told(&mut child);
    child.wait().unwrap();
    ends_soon(pid);
    assert!(start.elapsed() < Duration::from_secs(7));
}

#[test]
fn a_host_that_becomes_another_program_leaves_nothing() {
    let mut child = victim("exec").spawn().unwrap();
    let start = Instant::now();
    let pid = told(&mut child);
    ends_soon(pid);
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
    child.wait().unwrap();
}

/// Runs the ordinary way of a process in a child with a limit set by the shell.
fn limited(prelude: &str) -> (bool, String) {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!(
            "{prelude}; exec \"$0\" --exact limited_part --nocapture --test-threads=1"
        ))
        .arg(std::env::current_exe().unwrap())
        .env("VEO_EMU_TEST_PART", "limited")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn limited_part() {
    if std::env::var("VEO_EMU_TEST_PART").as_deref() != Ok("limited") {
        return;
    }
    let node = std::env::var("VEO_EMU_TEST_NODE").map_or(0, |node| node.parse().unwrap());
    let handle = call!(veo_proc_create(node));
    if handle.is_null() {
        println!("refused: {}", last_error());
        return;
    }
    let proc = Proc(handle);
    let lib = proc.load(&compile(KERNELS));
    let (state, answer) = proc.call(proc.sym(lib, "answer"), &Args::new());
    assert_eq!((state, answer), (0, 42));
    let block = proc.alloc(1 << 16);
    proc.write(block, &[7u8; 1 << 16]);
    assert_eq!(proc.read::<u8>(block, 1 << 16), [7; 1 << 16]);
    println!("worked");
}

#[test]
fn limits_of_the_process_are_kept_or_named() {
    compile(KERNELS);
    for (prelude, works) in [
        ("true", true),
        ("ulimit -v 2000000", true),
        ("ulimit -v 350000", true),
        ("ulimit -f 1000000", true),
        ("ulimit -f 10", false),
        ("ulimit -n 40", true),
        ("ulimit -n 6", false),
        ("exec 0<&-", true),
    ] {
        let (success, text) = limited(prelude);
        assert!(success, "{prelude}: {text}");
        let said = if works { "worked" } else { "refused: " };
        assert!(text.contains(said), "{prelude}: {text}");
    }
}

#[test]
fn an_environment_that_makes_no_sense_is_named() {
    for (setting, says) in [
        ("VEO_EMU_NODES=abc", "1 to 16"),
        ("VEO_EMU_NODES=0", "1 to 16"),
        ("VEO_EMU_NODES=-3", "1 to 16"),
        ("VEO_EMU_NODES=17", "1 to 16"),
        ("VEO_EMU_MEMORY=abc", "512M"),
        ("VEO_EMU_MEMORY=-3", "512M"),
        ("VEO_EMU_MEMORY=0", "at least 1048576 bytes"),
        ("VEO_EMU_MEMORY=1", "at least 1048576 bytes"),
        ("VEO_EMU_MEMORY=99999T", "give less"),
        ("VEO_EMU_MEMORY=18446744073709551615", "give less"),
        ("VE_CORE_NUMBER=abc", "0 to 7"),
        ("VE_CORE_NUMBER=8", "0 to 7"),
        ("VE_NODE_NUMBER=abc", "no number"),
    ] {
        let node = if setting.starts_with("VE_NODE") {
            "-1"
        } else {
            "0"
        };
        let (success, text) = limited(&format!("export {setting} VEO_EMU_TEST_NODE={node}"));
        let (variable, value) = setting.split_once('=').unwrap();
        assert!(success, "{setting}: {text}");
        for part in ["refused: ", variable, value, says] {
            assert!(
                text.contains(part),
                "{setting}: {part:?} is missing in {text}"
            );
        }
    }
    for setting in [
        "VEO_EMU_NODES=16",
        "VEO_EMU_MEMORY=1M",
        "VEO_EMU_MEMORY=' 64 MiB'",
    ] {
        let (success, text) = limited(&format!("export {setting}"));
        assert!(success && text.contains("worked"), "{setting}: {text}");
    }
    // A message names also what is no reason to refuse.
    for (setting, says) in [
        ("VE_FPE_ENABLE=DVI", "DIV"),
        ("VEO_DEBUG=consol", "`console`"),
    ] {
        let (success, text) = limited(&format!("export {setting}"));
        assert!(success && text.contains("worked"), "{setting}: {text}");
        let (variable, value) = setting.split_once('=').unwrap();
        for part in [variable, value, says, "ignored"] {
            assert!(
                text.contains(part),
                "{setting}: {part:?} is missing in {text}"
            );
        }
    }
    // A limit of the process that leaves less than was asked for is named, too.
    for (limit, name) in [
        ("ulimit -v 4000000", "ulimit -v"),
        ("ulimit -f 1000000", "ulimit -f"),
    ] {
        let (success, text) = limited(&format!("export VEO_EMU_MEMORY=500G; {limit}"));
        assert!(
            success && text.contains("refused: ") && text.contains(name),
            "{text}"
        );
    }
}

/// Opening a pipe that nobody writes to would block for ever.
#[test]
fn a_library_that_is_no_file_is_refused_and_one_that_becomes_none_is_not_waited_for() {
    let library = compile(KERNELS);
    let pipe = library.with_file_name(format!("libpipe-{}.so", std::process::id()));
    let name = std::ffi::CString::new(pipe.to_str().unwrap()).unwrap();
    let become_pipe = || {
        let _ = std::fs::remove_file(&pipe);
        // SAFETY: the name is a string.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    };
    become_pipe();
    let proc = Proc::new(0);
    assert_eq!(call!(veo_load_library(proc.0, name.as_ptr())), 0);
    assert!(last_error().contains("no regular file"), "{}", last_error());
    std::fs::remove_file(&pipe).unwrap();
    std::fs::copy(&library, &pipe).unwrap();
    let lib = proc.load(&pipe);
    let answer = proc.sym(lib, "answer");
    // Now its debug information cannot be read.
    become_pipe();
    assert_eq!(proc.call(answer, &Args::new()), (0, 42));
    std::fs::remove_file(&pipe).unwrap();
}
