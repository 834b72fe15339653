//! The measurements of a node: calls, transfers, the start of a VE process, the speed of VE machine code.

use std::fs;
use std::io;
use std::time::{Duration, Instant};

use veo_core::{Backend, KernelLookup, TypedFunction, VeoContext, VeoProc};

use super::limits;
use super::measure::{MeasuredPair, alternate, each};
use crate::failure::CommandFailure;
use crate::scratch;

/// The kernels, by target; empty if this program was built without a compiler for it.
const HOST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/bench-host.so"));
const VE: [&[u8]; 3] = [
    include_bytes!(concat!(env!("OUT_DIR"), "/bench-ve1.so")),
    include_bytes!(concat!(env!("OUT_DIR"), "/bench-ve3.so")),
    include_bytes!(concat!(env!("OUT_DIR"), "/bench-ve1-llvm.so")),
];

/// Sizes of transfers, in bytes.
pub(super) const SIZES: [usize; 5] = [4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20];

/// Calls in one turn, and calls that are on their way at once.
const CALLS: u32 = 200;
const PIPELINED: u32 = 64;

/// Bytes that a turn of transfers moves at least.
const TURN: usize = 4 << 20;

/// Steps of VE machine code in one turn.
const STEPS: u64 = 20_000;

/// A kernel.
type BenchKernel = TypedFunction<fn(u64) -> u64>;

/// Why calls have no times.
const NO_KERNELS: &str = "no kernels for this node: build veo-cli with a compiler for it";

/// The result of a measurement. A node that cannot do it gives the reason, which is no failure.
pub(super) type Measured = Result<Result<MeasuredPair, String>, CommandFailure>;

/// The kernels in a process.
struct BenchKernels {
    echo: BenchKernel,
    work: BenchKernel,
}

/// A VE process with the kernels.
pub(super) struct Bench {
    /// -1 is the node that the environment names.
    wanted: i32,
    time: Duration,
    proc: VeoProc,
    ctx: VeoContext,
    kernels: Option<BenchKernels>,
}

fn start(node: i32) -> veo_core::Result<VeoProc> {
    let builder = VeoProc::builder().node(node);
    builder.kernels(KernelLookup::None).build()
}

/// Loads one of the kernels' libraries, if this is a node for it. Its file is gone afterwards, so an interrupted command leaves
/// nothing behind.
fn load(proc: &VeoProc, name: &str, bytes: &[u8]) -> Result<Option<BenchKernels>, CommandFailure> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let directory = scratch::directory()?;
    let path = directory.path().join(format!("libveobench-{name}.so"));
    fs::write(&path, bytes).map_err(|why| CommandFailure::file("write", &path, &why))?;
    let Ok(library) = proc.load_library(&path) else {
        return Ok(None);
    };
    Ok(Some(BenchKernels {
        echo: library.function("veo_bench_echo")?,
        work: library.function("veo_bench_work")?,
    }))
}

/// The kernels as VE machine code, if a node of this kind runs one of those that are there.
fn load_ve(proc: &VeoProc) -> Result<Option<BenchKernels>, CommandFailure> {
    for (place, bytes) in VE.iter().enumerate() {
        if let Some(kernels) = load(proc, &format!("ve-{place}"), bytes)? {
            return Ok(Some(kernels));
        }
    }
    Ok(None)
}

impl Bench {
    pub(super) fn new(node: i32, time: Duration) -> Result<Bench, CommandFailure> {
        let proc = start(node)?;
        let ctx = proc.open_context()?;
        let mut kernels = None;
        if proc.backend() == Backend::Emu {
            kernels = load(&proc, "host", HOST)?;
        }
        if kernels.is_none() {
            kernels = load_ve(&proc)?;
        }
        Ok(Bench {
            wanted: node,
            time,
            proc,
            ctx,
            kernels,
        })
    }

    /// Its number.
    pub(super) fn node(&self) -> i32 {
        self.proc.nodeid()
    }

    pub(super) fn backend(&self) -> Backend {
        self.proc.backend()
    }

    /// Calls, one after the other, beside two threads that answer each other.
    pub(super) fn waited(&self) -> Measured {
        let Some(BenchKernels { echo, .. }) = &self.kernels else {
            return Ok(Err(NO_KERNELS.into()));
        };
        let call = || -> Result<(), CommandFailure> {
            echo.call(&self.ctx, (7,))?.wait()?;
            Ok(())
        };
        let pair = alternate(
            self.time,
            || each(CALLS, call),
            || Ok(limits::ping_pong(CALLS)),
        )?;
        Ok(Ok(pair))
    }

    /// Calls of which many are on their way, beside two threads that answer each other.
    pub(super) fn pipelined(&self) -> Measured {
        let Some(BenchKernels { echo, .. }) = &self.kernels else {
            return Ok(Err(NO_KERNELS.into()));
        };
        let call = || -> Result<(), CommandFailure> {
            let requests = (0..PIPELINED).map(|_| echo.call(&self.ctx, (7,)));
            let requests: Vec<_> = requests.collect::<veo_core::Result<_>>()?;
            for request in requests {
                request.wait()?;
            }
            Ok(())
        };
        let ours =
            || Ok::<_, CommandFailure>(each(CALLS / PIPELINED, call)? / f64::from(PIPELINED));
        let pair = alternate(self.time, ours, || Ok(limits::ping_pong(CALLS)))?;
        Ok(Ok(pair))
    }

    /// Transfers of one size, to the VE or back, beside copies on this machine.
    pub(super) fn transfer(&self, size: usize, to_ve: bool) -> Measured {
        let mut buffer = match self.proc.zeros::<u8>(size) {
            Ok(buffer) => buffer,
            Err(why) => return Ok(Err(why.to_string())),
        };
        let from = vec![1_u8; size];
        let (mut back, mut to) = (vec![0_u8; size], vec![0_u8; size]);
        let count = u32::try_from(TURN / size).unwrap_or(1).max(1);
        let ours = || {
            each(count, || -> Result<(), CommandFailure> {
                if to_ve {
                    buffer.write(&from)?;
                } else {
                    self.proc.read(&buffer, &mut back)?;
                }
                Ok(())
            })
        };
        let copy = || {
            each(count, || {
                limits::copy(&from, &mut to);
                Ok(())
            })
        };
        Ok(Ok(alternate(self.time, ours, copy)?))
    }

    /// The start of a VE process until it takes calls, and its end, beside start and end of a program that does nothing.
    pub(super) fn start(&self) -> Measured {
        if let Err(why) = limits::start_of_program() {
            return Ok(Err(format!("the program `true` does not start: {why}")));
        }
        let ours = || -> Result<f64, CommandFailure> {
            let begin = Instant::now();
            start(self.wanted)?.close()?;
            Ok(begin.elapsed().as_secs_f64() * 1e9)
        };
        let failed =
            |why: io::Error| CommandFailure::failed(format_args!("cannot start `true`: {why}"));
        let program = || limits::start_of_program().map_err(failed);
        Ok(Ok(alternate(self.time, ours, program)?))
    }

    /// A step of a loop in VE machine code, beside the same on this machine.
    pub(super) fn ve_code(&self) -> Measured {
        let proc = start(self.wanted)?;
        let Some(BenchKernels { work, .. }) = load_ve(&proc)? else {
            let why =
                "no VE machine code for this node: build veo-cli with clang-19 or NEC's compiler";
            return Ok(Err(why.into()));
        };
        let ctx = proc.open_context()?;
        let expected = limits::work(STEPS);
        let ours = || -> Result<f64, CommandFailure> {
            let begin = Instant::now();
            let found = work.call(&ctx, (STEPS,))?.wait()?;
            if found != expected {
                return Err(CommandFailure::failed(format_args!(
                    "VE machine code computes {found} where this machine computes {expected}"
                )));
            }
            Ok(begin.elapsed().as_secs_f64() * 1e9 / STEPS as f64)
        };
        let here = || {
            let begin = Instant::now();
            std::hint::black_box(limits::work(STEPS));
            Ok(begin.elapsed().as_secs_f64() * 1e9 / STEPS as f64)
        };
        Ok(Ok(alternate(self.time, ours, here)?))
    }
}
