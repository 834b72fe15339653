//! One rank fails while the others wait for it: the job ends, and says which rank it was and why.

use std::io::Read;
use std::time::{Duration, Instant};

use mpi::traits::*;
use rustix::io::ioctl_fionread;
use ve_kernels::faults::{crash_segv, own_pid, run_forever};
use veo_mpi::Job;

use crate::Part;
use crate::common::{Launch, alone, begin_alone, case};

/// The rank that fails.
const FAILS: i32 = 1;

/// Waits for what never comes: a message.
pub fn wait_in_recv(job: &Job) {
    let mut nothing = [0_u8];
    let last = job.world().process_at_rank(job.rank());
    last.receive_into_with_tag(&mut nothing[..], 77);
}

/// Computes without end.
pub fn compute() -> ! {
    loop {
        std::hint::spin_loop();
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The part of the failing rank.
fn fail(job: &Job, how: &str) -> Part {
    let proc = job.proc();
    match how {
        "panics" => panic!("on purpose"),
        "panics with no text" => std::panic::panic_any(7),
        "returns an error" => Err("nothing goes on like this")?,
        "calls exit" => std::process::exit(0),
        "calls exit elsewhere" => {
            std::thread::spawn(|| std::process::exit(0))
                .join()
                .expect("it does not return");
        }
        // SAFETY: the signal is for this very process.
        "is killed" => unsafe {
            libc::kill(libc::getpid(), libc::SIGKILL);
        },
        "aborts" => std::process::abort(),
        "has a kernel that crashes" => crash_segv(proc)?,
        "waits while a kernel crashes" => {
            let ctx = proc.open_context()?;
            let crashing = crash_segv(&ctx)?;
            wait_in_recv(job);
            crashing.wait()?;
        }
        "computes while a kernel crashes" => {
            let ctx = proc.open_context()?;
            let _crashing = crash_segv(&ctx)?;
            compute();
        }
        "loses its VE process" => {
            let pid = own_pid(proc)?;
            // SAFETY: the signal is for the VE process, which is a child of this one.
            unsafe { libc::kill(pid as libc::pid_t, libc::SIGKILL) };
            wait_in_recv(job);
        }
        "takes no notice of a crash" => {
            crash_segv(proc).unwrap_err();
        }
        how => unreachable!("{how}"),
    }
    Ok(())
}

/// The others, each in another wait.
fn wait(job: &Job) -> Part {
    match job.rank() {
        0 => wait_in_recv(job),
        2 => job.world().barrier(),
        _ => run_forever(job.proc())?,
    }
    Ok(())
}

#[test]
fn rank() {
    let Some(how) = case() else {
        return;
    };
    let ran = veo_mpi::run(|job| {
        job.world().barrier();
        if job.rank() == FAILS || job.size() == 1 {
            fail(job, &how)
        } else {
            wait(job)
        }
    });
    ran.expect("what goes wrong after the beginning of MPI ends the job");
}

/// Runs a job in which rank 1 fails. Its standard error has all of `words`.
#[track_caller]
fn ends(how: &str, words: &[&str]) {
    let Some(launch) = Launch::new(4, "ends::rank", how) else {
        return;
    };
    let begin = Instant::now();
    let job = launch.run();
    println!(
        "rank 1 {how}: the job took {:?}, its start included",
        begin.elapsed()
    );
    job.fails(words);
    // The others were ended, they have not failed.
    for other in ["rank 0 of", "rank 2 of", "rank 3 of"] {
        assert!(!job.0.stderr.contains(other), "{:#?}", job.0);
    }
}

#[test]
fn a_panic_ends_the_job() {
    ends(
        "panics",
        &[
            "rank 1 of 4 on ",
            "panicked, which ends the job: on purpose",
        ],
    );
    ends("panics with no text", &["rank 1 of 4 on ", "panicked"]);
}

#[test]
fn an_error_ends_the_job() {
    ends(
        "returns an error",
        &[
            "rank 1 of 4 on ",
            "failed, which ends the job: nothing goes on like this",
        ],
    );
}

#[test]
fn exit_ends_the_job() {
    let words = ["rank 1 of 4 on ", "left the program"];
    ends("calls exit", &words);
    ends("calls exit elsewhere", &words);
}

#[test]
fn a_signal_ends_the_job() {
    // The launcher says which rank it was.
    ends("is killed", &[]);
    ends("aborts", &[]);
}

#[test]
fn a_crash_of_a_kernel_ends_the_job() {
    let words = ["rank 1 of 4 on ", "crash_segv", "SIGSEGV"];
    ends("has a kernel that crashes", &words);
    ends("takes no notice of a crash", &words);
}

#[test]
fn a_crash_ends_a_job_whose_thread_in_charge_does_not_see_it() {
    let words = [
        "rank 1 of 4 on ",
        "lost its VE process",
        "crash_segv",
        "SIGSEGV",
    ];
    ends("waits while a kernel crashes", &words);
    ends("computes while a kernel crashes", &words);
}

#[test]
fn a_killed_ve_process_ends_the_job() {
    ends(
        "loses its VE process",
        &["rank 1 of 4 on ", "lost its VE process", "SIGKILL"],
    );
}

#[test]
fn without_a_launcher_an_error_ends_the_program() {
    for (how, words) in [
        (
            "returns an error",
            ["rank 0 of 1 on ", "nothing goes on like this"],
        ),
        (
            "panics",
            [
                "rank 0 of 1 on ",
                "panicked, which ends the job: on purpose",
            ],
        ),
        ("calls exit", ["rank 0 of 1 on ", "left the program"]),
    ] {
        alone("ends::rank", how, |_| {}).fails(&words);
    }
}

/// MPICH's launcher hears of the end of a job perhaps before it reads why, and then does not read it.
#[test]
fn a_rank_lives_until_its_reason_is_read() {
    // On a busy machine this thread may be late, when the rank has given up.
    let waits = (0..3).any(|_| {
        let mut rank = begin_alone("ends::rank", "returns an error");
        let mut stderr = rank.stderr.take().expect("it is a pipe");
        while ioctl_fionread(&stderr).expect("it is a pipe") == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(100));
        let lives = rank.try_wait().expect("it is a child").is_none();
        let mut said = String::new();
        stderr.read_to_string(&mut said).expect("it is text");
        assert!(said.contains("nothing goes on like this"), "{said}");
        assert!(!rank.wait().expect("it is a child").success());
        lives
    });
    assert!(waits, "the rank ends before anybody has read why");
}
