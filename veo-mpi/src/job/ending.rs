//! The end of a job for a reason: the printed line, and how the other ranks are ended.
//!
//! A rank that just stops leaves the others waiting for it, and `MPI_Finalize` waits for all. So a thread that finds that this rank cannot
//! go on comes here. On the thread in charge that is `MPI_Abort`. Any other thread must not call MPI: it ends the process without
//! `MPI_Finalize`, which launchers answer by ending the job.

use std::error::Error as StdError;
use std::fmt::Display;
use std::io::Write;
use std::os::fd::AsFd;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use mpi::ffi;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};
use rustix::io::{ioctl_fionread, retry_on_intr};

/// The status of a process whose rank has failed.
const FAILED: i32 = 1;

/// How long the end of this process waits for those who read its standard error.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a rank that fails because another has failed waits for that one to say why.
const PRECEDENCE: Duration = Duration::from_secs(3);

/// No job has begun.
const BEFORE: u8 = 0;
/// The job runs; whatever ends this process ends the job.
const RUNNING: u8 = 1;
/// Somebody is ending the job.
const ENDING: u8 = 2;
/// The rank has done its part.
const OVER: u8 = 3;

static PHASE: AtomicU8 = AtomicU8::new(BEFORE);

/// This rank's identity. It is set once, before the phase is [`RUNNING`].
static SELF: OnceLock<ReportedRank> = OnceLock::new();

/// A rank as messages name it, and the thread that may call MPI.
struct ReportedRank {
    rank: i32,
    size: i32,
    host: String,
    process: u32,
    thread: libc::pid_t,
}

/// Takes the one job that a program has. `false`: it was taken before.
pub(super) fn take_job() -> bool {
    static TAKEN: AtomicU8 = AtomicU8::new(0);
    TAKEN.swap(1, Ordering::AcqRel) == 0
}

/// From now on the end of this process is that of the job. MPI has begun, on this thread.
pub(super) fn begin(rank: i32, size: i32) {
    let host = mpi::environment::processor_name();
    let first = SELF.set(ReportedRank {
        rank,
        size,
        host: host.unwrap_or_else(|_| "an unnamed host".into()),
        process: process::id(),
        thread: this_thread(),
    });
    debug_assert!(first.is_ok(), "a program has one job");
    PHASE.store(RUNNING, Ordering::Release);
    // SAFETY: the function takes nothing, does not unwind, and is part of the program as long as that lives.
    unsafe { libc::atexit(at_exit) };
}

/// Notes that this rank has done its part: a failure from now on ends nobody else. `false`: somebody ends the job.
pub(super) fn finish() -> bool {
    let running = PHASE.compare_exchange(RUNNING, OVER, Ordering::AcqRel, Ordering::Acquire);
    running.is_ok()
}

/// Whether somebody is ending the job.
pub(super) fn is_ending() -> bool {
    PHASE.load(Ordering::Acquire) == ENDING
}

/// Says why, and ends the job. `why` goes on after "rank 1 of 4 on node7 ".
pub(super) fn end_job(why: &dyn Display) -> ! {
    if PHASE.swap(ENDING, Ordering::AcqRel) == ENDING {
        // The other's reason came first. In any case the watcher ends this process.
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    let give_up = Instant::now() + PATIENCE;
    say_until(why, give_up);
    wait_until_read(give_up);
    let is_in_charge = SELF.get().is_some_and(|rank| rank.thread == this_thread());
    if is_in_charge && mpi::environment::is_initialized() && !mpi::environment::is_finalized() {
        // SAFETY: MPI has begun and not ended, and this is the thread that calls it; it takes any status.
        unsafe { ffi::MPI_Abort(ffi::RSMPI_COMM_WORLD, FAILED) };
    }
    leave()
}

/// Another rank has failed and knows why: gives it time to say so and to end the job.
pub(super) fn let_others_end_it() {
    std::thread::sleep(PRECEDENCE);
}

/// Ends this process at once. The launcher ends the others.
pub(super) fn leave() -> ! {
    // SAFETY: ends the process and runs no code of it.
    unsafe { libc::_exit(FAILED) }
}

/// Prints a line about this rank, in one piece: the lines of all ranks come out in one place.
pub(super) fn say(what: &dyn Display) {
    // Standard error may be closed, with nobody left to tell.
    let _ = std::io::stderr().write_all(line(what).as_bytes());
}

/// Prints a line about this rank if that needs no wait: those who read the standard error may be gone or stopped, and other threads may
/// wait for them.
pub(super) fn say_at_once(what: &dyn Display) {
    say_until(what, Instant::now());
}

fn line(what: &dyn Display) -> String {
    match SELF.get() {
        Some(ReportedRank {
            rank, size, host, ..
        }) => format!("veo-mpi: rank {rank} of {size} on {host} {what}\n"),
        None => format!("veo-mpi: a rank {what}\n"),
    }
}

/// Prints a line about this rank, as much of it as goes before `give_up`. Output of other threads does not hold it up.
fn say_until(what: &dyn Display, give_up: Instant) {
    let stderr = std::io::stderr();
    // A pipe that can be written takes so many bytes without a wait.
    for part in line(what).as_bytes().chunks(libc::PIPE_BUF) {
        let written = wait_for(PollFlags::OUT, give_up).contains(PollFlags::OUT)
            && retry_on_intr(|| rustix::io::write(&stderr, part)).is_ok();
        if !written {
            return;
        }
    }
}

/// Waits until the standard error is ready for one of `wanted`, at the latest until `give_up`. [`PollFlags::ERR`]: nobody reads it.
fn wait_for(wanted: PollFlags, give_up: Instant) -> PollFlags {
    let stderr = std::io::stderr();
    let left = give_up.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).unwrap_or_default();
    let mut files = [PollFd::from_borrowed_fd(stderr.as_fd(), wanted)];
    match poll(&mut files, Some(&left)) {
        Ok(_) => files[0].revents(),
        Err(_) => PollFlags::empty(),
    }
}

/// Waits until the launcher has read this process's standard error. MPICH's launcher drops what it has not read when it hears of
/// an abort, and the reason of the end with it.
fn wait_until_read(give_up: Instant) {
    while is_unread_pipe() && Instant::now() < give_up {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether the standard error is a pipe with bytes that somebody may still read.
fn is_unread_pipe() -> bool {
    let stderr = std::io::stderr();
    let is_pipe = fstat(&stderr).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_fifo());
    is_pipe
        && ioctl_fionread(&stderr).is_ok_and(|unread| unread > 0)
        && !wait_for(PollFlags::empty(), Instant::now()).contains(PollFlags::ERR)
}

/// An error with its causes, where it does not say so itself. The job ends, so advice about going on after a fault is left out.
pub(super) fn whole(error: &(dyn StdError + 'static)) -> String {
    let fault = error
        .downcast_ref::<veo_core::Error>()
        .and_then(veo_core::Error::fault);
    let mut text = fault.map_or_else(|| error.to_string(), |fault| format!("{fault:#}"));
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// The system's number of the calling thread. It is known at the end of the program, too, when Rust's own is not.
fn this_thread() -> libc::pid_t {
    // SAFETY: only asks for a number.
    unsafe { libc::gettid() }
}

/// The program calls `exit`, or returns from `main`, in the middle of the job. MPI's own functions for the exit come later.
extern "C" fn at_exit() {
    let is_ours = SELF.get().is_some_and(|rank| rank.process == process::id());
    // A forked child has copied all of this, and its end means nothing.
    if is_ours && PHASE.load(Ordering::Acquire) == RUNNING {
        end_job(
            &"has left the program, by exit perhaps, before its part of the job was over; this ends the job",
        );
    }
}
