//! The launcher is ended, by a signal that it can answer and by one that it cannot: nothing of the job is left, whatever its ranks do.

use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mpi::traits::*;
use ve_kernels::faults::{own_pid, run_forever};
use veo_core::VeoContext;
use veo_mpi::{Job, Operation, VeComm};

use crate::Part;
use crate::common::{LAUNCHER, Launch, case, scratch, under_a_shell};
use crate::ends::{compute, wait_in_recv};

const RANKS: usize = 4;

/// The variable with the directory where the ranks of a job note that they have begun. Their output may be lost with the launcher.
const NOTES: &str = "VEO_TEST_MPI_NOTES";

/// Notes that this rank has begun.
fn note() -> Part {
    let notes = PathBuf::from(std::env::var_os(NOTES).ok_or("the test sets it")?);
    Ok(std::fs::write(
        notes.join(std::process::id().to_string()),
        "",
    )?)
}

/// How many ranks have begun.
fn count(notes: impl AsRef<Path>) -> usize {
    std::fs::read_dir(notes).map_or(0, Iterator::count)
}

/// Sends the launcher the signal that the case begins with.
fn signal(case: &str) -> Part {
    let launcher = std::env::var(LAUNCHER)?.parse()?;
    let (signal, _) = case.split_once(' ').ok_or("it begins with a signal")?;
    // SAFETY: the signal is for the launcher, which the test has started for this.
    unsafe { libc::kill(launcher, signal.parse()?) };
    Ok(())
}

/// Each rank waits for something else, or computes.
fn wait(job: &Job) -> Part {
    match job.rank() {
        0 => compute(),
        1 => run_forever(job.proc())?,
        2 => wait_in_recv(job),
        _ => job.world().barrier(),
    }
    Ok(())
}

/// Messages of a `VeComm` without end.
fn transfer(job: &Job, step: impl Fn(&VeComm<'_>, &VeoContext) -> Part) -> Part {
    let ctx = job.proc().open_context()?;
    let comm = VeComm::new(job.world(), job.proc())?;
    loop {
        step(&comm, &ctx)?;
    }
}

/// Makes a full pipe, which nobody reads, the standard error, and holds the lock of it.
fn block_stderr() -> Part {
    let (reader, writer) = std::io::pipe()?;
    rustix::io::ioctl_fionbio(&writer, true)?;
    while rustix::io::write(&writer, &[b'x'; 4096]).is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false)?;
    // SAFETY: both numbers are those of open files.
    unsafe { libc::dup2(writer.as_raw_fd(), 2) };
    std::mem::forget((reader, std::io::stderr().lock()));
    Ok(())
}

/// The part of a rank before and after rank 0 ends the launcher.
fn part(job: &Job, case: &str, what: &str) -> Part {
    // All of them have a VE process.
    own_pid(job.proc())?;
    note()?;
    let (own, size) = (job.rank(), job.size());
    let (next, last) = ((own + 1) % size, (own + size - 1) % size);
    let x = job.proc().zeros::<f64>(1 << 20)?;
    let mut y = job.proc().zeros::<f64>(1 << 20)?;
    job.world().barrier();
    let end_launcher = || if own == 0 { signal(case) } else { Ok(()) };
    match what {
        "waits" => {
            end_launcher()?;
            wait(job)
        }
        "is not heard" => {
            block_stderr()?;
            end_launcher()?;
            wait(job)
        }
        "sends" => {
            if own == 0 {
                let case = case.to_owned();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(50));
                    signal(&case).expect("it is there");
                });
            }
            let y = std::cell::RefCell::new(y);
            transfer(job, |comm, ctx| {
                comm.sendrecv(ctx, &x, next, 0, &mut *y.borrow_mut(), last, 0)?;
                Ok(())
            })
        }
        "reduces" => {
            if own == 0 {
                let comm = VeComm::new(job.world(), job.proc())?;
                let ctx = job.proc().open_context()?;
                comm.all_reduce(&ctx, &x, &mut y, &Operation::sum())?;
                signal(case)?;
            }
            transfer(job, |comm, ctx| {
                let mut y = job.proc().zeros::<f64>(1 << 20)?;
                comm.all_reduce(ctx, &x, &mut y, &Operation::sum())?;
                Ok(())
            })
        }
        "ends" => {
            end_launcher()?;
            Ok(())
        }
        what => unreachable!("{what}"),
    }
}

#[test]
fn rank() {
    let Some(case) = case() else {
        return;
    };
    let (_, what) = case.split_once(' ').expect("a signal and a phase");
    if what == "begins" {
        note().expect("the directory is there");
        if std::env::var("OMPI_COMM_WORLD_RANK").or(std::env::var("PMI_RANK")) == Ok("0".into()) {
            while count(std::env::var_os(NOTES).expect("the test sets it")) < RANKS {
                std::thread::sleep(Duration::from_millis(1));
            }
            // The others wait for this one in the beginning of MPI.
            std::thread::sleep(Duration::from_millis(100));
            signal(&case).expect("the launcher is there");
        }
    }
    let ran = veo_mpi::run(|job| part(job, &case, what));
    ran.expect("MPI has begun");
}

/// A directory for notes.
struct Notes(PathBuf);

impl Notes {
    fn new(case: &str) -> Notes {
        let name = format!("begun-{}-{case}", std::process::id()).replace(' ', "-");
        let place = scratch().join(name);
        std::fs::create_dir_all(&place).expect("the directory can be made");
        Notes(place)
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Ends the launcher of ranks that do something, by both signals.
fn ends(what: &str, path: &str) {
    for signal in [libc::SIGTERM, libc::SIGKILL] {
        let case = format!("{signal} {what}");
        // Open MPI's launcher may hang for ever in an end that SIGTERM meets, when its ranks are gone: in PMIx_server_finalize.
        let ended = (0..3).any(|_| launcher_ends(&case, path));
        assert!(ended, "the launcher of {case:?} hangs");
    }
}

/// Whether the launcher ends after its signal. Its status does not matter: MPICH's is sometimes 0.
fn launcher_ends(case: &str, path: &str) -> bool {
    let Some(launch) = Launch::new(RANKS, "launcher_ends::rank", case) else {
        return true;
    };
    let notes = Notes::new(case);
    let launch = launch.env("VEO_MPI_PATH", path);
    let launch = launch.env(NOTES, &notes.0.to_string_lossy());
    let job = launch.within(Duration::from_secs(60)).run();
    assert_eq!(count(&notes.0), RANKS, "all have begun: {:#?}", job.0);
    assert!(job.0.left_behind.is_empty(), "{:#?}", job.0);
    job.0.status.is_some()
}

#[test]
fn nothing_survives_the_launcher() {
    ends("waits", "auto");
}

/// Nobody reads what the rank says of it, and no MPI helps to end it.
#[test]
fn a_rank_that_nobody_hears_does_not_survive_its_launcher() {
    let case = format!("{} is not heard", libc::SIGKILL);
    let notes = Notes::new(&case);
    let rank = under_a_shell("launcher_ends::rank", &case, |command| {
        command.env(NOTES, &notes.0);
    });
    assert_eq!(count(&notes.0), 1, "it has begun: {:#?}", rank.0);
    assert!(rank.0.left_behind.is_empty(), "{:#?}", rank.0);
}

#[test]
fn nothing_survives_a_launcher_that_ends_at_the_beginning() {
    ends("begins", "auto");
}

#[test]
fn nothing_survives_a_launcher_that_ends_in_transfers() {
    for path in ["staged", "remote", "direct"] {
        ends("sends", path);
    }
    ends("reduces", "staged");
}

#[test]
fn nothing_survives_a_launcher_that_ends_at_the_end() {
    ends("ends", "auto");
}
