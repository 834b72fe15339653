//! A program for tests to start, watch and kill: `probe WHAT`.
//!
//! The tests compare its standard output.

use std::io::Write;
use std::time::Duration;

use ve_kernels::basics::{bump, complain, say};
use ve_kernels::faults::{own_pid, run_forever};
use veo_abi::environment;
use veo_core::{OnStack, Result, VeoProc};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("talk") => talk(),
        Some("end") => end(&arguments.next().unwrap_or_default()),
        Some("start") => start(arguments.next()),
        Some("start as") => {
            let user = arguments.next().and_then(|user| user.parse().ok());
            // SAFETY: takes a number.
            let changed = unsafe { libc::seteuid(user.expect("a user's number")) };
            assert_eq!(changed, 0, "{}", std::io::Error::last_os_error());
            start(arguments.next())
        }
        Some("load without descriptors") => {
            load_without_descriptors(&arguments.next().expect("a library"))
        }
        Some("start when told") => {
            host("begun\n");
            std::io::stdin()
                .read_line(&mut String::new())
                .expect("somebody tells");
            start(None)
        }
        other => {
            eprintln!("probe: {other:?} is not something to do");
            std::process::exit(2);
        }
    }
}

/// Says that it has begun and whether it has raised privileges, starts a process of this
/// program or of the veorun that is named, and says its number and what a kernel computes.
fn start(veorun: Option<String>) -> Result<()> {
    host(if environment::privileged() {
        "begun privileged\n"
    } else {
        "begun\n"
    });
    let builder = VeoProc::builder();
    let proc = match veorun {
        Some(path) => builder.veorun(path).build()?,
        None => builder.build()?,
    };
    let (process, sum) = (own_pid(&proc)?, bump(&proc, 41)?);
    host(&format!("process {process} gives {sum}\n"));
    Ok(())
}

/// Loads a library while no file can be opened, then once more.
fn load_without_descriptors(library: &str) -> Result<()> {
    let proc = VeoProc::new(0)?;
    let limit = |most: u64| {
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: both get a valid place.
        let set = unsafe {
            libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
            limit.rlim_cur = most.min(limit.rlim_max);
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit)
        };
        assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
    };
    limit(3);
    match proc.load_library(library) {
        Ok(_) => host("loaded\n"),
        Err(error) => host(&format!("{error}\n")),
    }
    limit(u64::MAX);
    let symbols = proc.load_library(library)?.symbols();
    host(&format!("{} symbols\n", symbols.len()));
    Ok(())
}

/// Lets host and kernels print in turn.
fn talk() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let ctx = proc.open_context()?;
    host("host 1\n");
    say(&proc, OnStack::cstr(c"kernel 2, no end of line; "))?;
    host("host 3\n");
    let requests = [
        say(&ctx, OnStack::cstr(c"kernel 4\n"))?,
        say(&ctx, OnStack::cstr(c"kernel 5 "))?,
        say(&ctx, OnStack::cstr(c"and 6\n"))?,
        complain(&ctx, OnStack::cstr(c"an error 7\n"))?,
    ];
    for request in requests {
        request.wait()?;
    }
    host("host 8\n");
    Ok(())
}

fn host(text: &str) {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())
        .expect("standard output takes it");
    out.flush().expect("standard output takes it");
}

/// Starts two processes, says which they are, and ends in the way asked for, or waits
/// to be ended.
fn end(way: &str) -> Result<()> {
    let idle = VeoProc::new(0)?;
    let busy = VeoProc::new(1)?;
    let pids = [own_pid(&idle)?, own_pid(&busy)?];
    let ctx = busy.open_context()?;
    let request = run_forever(&ctx)?;
    host(&format!("{} {}\n", pids[0], pids[1]));
    let wait = || std::thread::sleep(Duration::from_secs(60));
    match way {
        "signal" => wait(),
        "waiting" => request.wait()?,
        "return" => {
            // Like a program that forgets to close anything.
            std::mem::forget((idle, busy, ctx, request));
        }
        "drop" => bump(&idle, 1).map(drop)?,
        "panic" => panic!("on purpose"),
        "abort" => std::process::abort(),
        "crash" => {
            // SAFETY: not sound at all: the crash of the host is what is tested.
            unsafe { std::hint::black_box(8 as *mut u32).write_volatile(1) }
        }
        "exit" => std::process::exit(3),
        "_exit" => {
            // SAFETY: ends the process, which is the purpose.
            unsafe { libc::_exit(4) }
        }
        "fork" => {
            // SAFETY: the child makes only async-signal-safe calls.
            unsafe {
                if libc::fork() == 0 {
                    // Outlives its parent, with every descriptor still open.
                    libc::sleep(20);
                    libc::_exit(0);
                }
                libc::kill(libc::getpid(), libc::SIGKILL);
            }
        }
        "exec" => {
            use std::os::unix::process::CommandExt;
            let error = std::process::Command::new("sleep").arg("20").exec();
            panic!("sleep: {error}");
        }
        _ => panic!("no such way to end: {way}"),
    }
    Ok(())
}
