//! How fast VE memory gets from rank to rank, as ratios to the same with host memory by MPI itself. Both are measured in one job of two
//! ranks, in blocks that take turns, and the median of the blocks' ratios is printed.
//!
//! `cargo bench -p veo-mpi --features mpi` starts itself under `mpirun.openmpi` or `mpirun.mpich`, whichever it is built with.

use std::error::Error;
use std::process::Command;
use std::time::{Duration, Instant};

use mpi::traits::*;
use ve_kernels::basics::bump;
use veo_mpi::{Job, Operation, Path, VeComm};

type Part = Result<(), Box<dyn Error>>;

const CASE: &str = "VEO_BENCH_MPI_CASE";

/// How many blocks of each of the two are measured.
const BLOCKS: usize = 15;

fn main() {
    if let Ok(case) = std::env::var(CASE) {
        let part = if case == "call" { call } else { transfers };
        veo_mpi::run(part).expect("a rank that fails ends the job");
        return;
    }
    print!("{}", launch("transfers", &["--bind-to", "none"]));
    let mut times = [vec![], vec![]];
    for _ in 0..5 {
        for (binding, times) in ["core", "none"].into_iter().zip(&mut times) {
            let text = launch("call", &["--bind-to", binding]);
            let time = text
                .lines()
                .find_map(|line| line.strip_prefix("call ")?.parse::<f64>().ok());
            times.push(time.expect("the job prints it"));
        }
    }
    let [bound, free] = times.map(median);
    row("waited call", "--bind-to core to none", bound / free);
}

/// The output of a job of two ranks.
fn launch(case: &str, options: &[&str]) -> String {
    let version = mpi::environment::library_version().unwrap_or_default();
    let mut command = if version.contains("Open MPI") {
        let mut command = Command::new("mpirun.openmpi");
        command.args(["--oversubscribe", "--allow-run-as-root"]);
        command
    } else {
        Command::new("mpirun.mpich")
    };
    let program = std::env::current_exe().expect("the bench has a path");
    command
        .args(options)
        .args(["-n", "2"])
        .arg(program)
        .env(CASE, case);
    let output = command.output().expect("the launcher is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn row(what: &str, against: &str, ratio: f64) {
    println!("{what:<36} {against:<28} {ratio:6.2}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median of the ratios of the times of blocks that take turns. Both ranks call it.
fn ratio(
    job: &Job,
    mut first: impl FnMut() -> Part,
    mut second: impl FnMut() -> Part,
) -> Result<f64, Box<dyn Error>> {
    let timed = |part: &mut dyn FnMut() -> Part| -> Result<Duration, Box<dyn Error>> {
        job.world().barrier();
        let start = Instant::now();
        part()?;
        Ok(start.elapsed())
    };
    // Once to warm up.
    timed(&mut first)?;
    timed(&mut second)?;
    let mut ratios = Vec::new();
    for _ in 0..BLOCKS {
        let time = timed(&mut first)?;
        ratios.push(time.as_secs_f64() / timed(&mut second)?.as_secs_f64());
    }
    Ok(median(ratios))
}

/// Messages of a block, and how many of them are under way at once.
const MESSAGES: usize = 64;
const WINDOW: usize = 8;

/// Rank 0 sends host memory by MPI itself, and rank 1 answers at the end.
fn raw(job: &Job, x: &[u8], y: &mut [u8]) -> Part {
    let other = job.world().process_at_rank(1 - job.rank());
    for _ in 0..MESSAGES / WINDOW {
        mpi::request::multiple_scope(WINDOW, |scope, requests| {
            if job.rank() == 0 {
                for _ in 0..WINDOW {
                    requests.add(other.immediate_send(scope, x));
                }
            } else {
                for part in y.chunks_exact_mut(x.len()).take(WINDOW) {
                    requests.add(other.immediate_receive_into(scope, part));
                }
            }
            requests.wait_all(&mut vec![]);
        });
    }
    if job.rank() == 0 {
        other.receive::<u8>();
    } else {
        other.send(&0u8);
    }
    Ok(())
}

/// The same with VE memory.
fn ours(job: &Job, comm: &VeComm<'_>, ve: &mut Ve) -> Part {
    let other = 1 - job.rank();
    let ctx = &ve.ctx;
    for _ in 0..MESSAGES / WINDOW {
        if job.rank() == 0 {
            let mut requests = Vec::new();
            for _ in 0..WINDOW {
                requests.push(comm.isend(ctx, &ve.x, other, 0)?);
            }
            for request in requests {
                request.wait()?;
            }
        } else {
            let len = ve.x.len();
            let mut rest = ve.y.as_mut_slice();
            let mut requests = Vec::new();
            for _ in 0..WINDOW {
                let (part, more) = rest.split_at_mut(len)?;
                rest = more;
                requests.push(comm.irecv(ctx, part, other, 0)?);
            }
            for request in requests {
                request.wait()?;
            }
        }
    }
    let other = job.world().process_at_rank(other);
    if job.rank() == 0 {
        other.receive::<u8>();
    } else {
        other.send(&0u8);
    }
    Ok(())
}

/// The code that one writes without this crate: each message goes through a new vector.
fn copied(job: &Job, ve: &mut Ve) -> Part {
    let other = job.world().process_at_rank(1 - job.rank());
    for _ in 0..MESSAGES {
        if job.rank() == 0 {
            other.send(&ve.x.to_vec()?[..]);
        } else {
            let (values, _) = other.receive_vec::<u8>();
            let len = values.len();
            ve.y.slice_mut(..len)?.write(&values)?;
        }
    }
    if job.rank() == 0 {
        other.receive::<u8>();
    } else {
        other.send(&0u8);
    }
    Ok(())
}

/// The memory of a rank's VE.
struct Ve {
    ctx: veo_core::VeoContext,
    x: veo_core::VeBuffer<u8>,
    y: veo_core::VeBuffer<u8>,
}

fn transfers(job: &Job) -> Part {
    let staged = VeComm::with_path(job.world(), job.proc(), Path::Staged)?;
    let direct = VeComm::with_path(job.world(), job.proc(), Path::Direct)?;
    let say = |what: &str, against: &str, ratio: f64| {
        if job.rank() == 0 {
            row(what, against, ratio);
        }
    };
    for size in [64 << 10, 256 << 10, 1 << 20, 4 << 20] {
        let x = vec![1u8; size];
        let mut y = vec![0u8; WINDOW * size];
        let mut ve = Ve {
            ctx: job.proc().open_context()?,
            x: job.proc().upload(&x)?,
            y: job.proc().upload(&y)?,
        };
        let name = format!("bandwidth of {} KiB", size >> 10);
        let mut ve_again = Ve {
            ctx: ve.ctx.clone(),
            x: job.proc().upload(&x)?,
            y: job.proc().upload(&y)?,
        };
        let found = ratio(job, || raw(job, &x, &mut y), || ours(job, &staged, &mut ve))?;
        say(&name, "staged to raw", found);
        let found = ratio(
            job,
            || copied(job, &mut ve_again),
            || ours(job, &staged, &mut ve),
        )?;
        say(&name, "staged to a new vector each", found);
        let found = ratio(job, || raw(job, &x, &mut y), || ours(job, &direct, &mut ve))?;
        say(&name, "direct to raw", found);
    }
    let x = vec![1.5f64; (256 << 10) / 8];
    let mut y = x.clone();
    let ctx = job.proc().open_context()?;
    let from = job.proc().upload(&x)?;
    let mut to = job.proc().upload(&x)?;
    let sum = Operation::sum();
    for (path, comm) in [("staged to raw", &staged), ("direct to raw", &direct)] {
        let found = ratio(
            job,
            || {
                for _ in 0..MESSAGES {
                    comm.all_reduce(&ctx, &from, &mut to, &sum)?;
                }
                Ok(())
            },
            || {
                for _ in 0..MESSAGES {
                    job.world().all_reduce_into(
                        &x[..],
                        &mut y[..],
                        mpi::collective::SystemOperation::sum(),
                    );
                }
                Ok(())
            },
        )?;
        say("time of all_reduce, 256 KiB", path, found);
    }
    Ok(())
}

/// How long a waited call takes, in microseconds.
fn call(job: &Job) -> Part {
    for _ in 0..1000 {
        bump(job.proc(), 1)?;
    }
    job.world().barrier();
    let mut blocks = Vec::new();
    for _ in 0..21 {
        let start = Instant::now();
        for _ in 0..2000 {
            bump(job.proc(), 1)?;
        }
        blocks.push(start.elapsed().as_secs_f64() * 1e6 / 2000.0);
    }
    job.world().barrier();
    if job.rank() == 0 {
        println!("call {}", median(blocks));
    }
    Ok(())
}
