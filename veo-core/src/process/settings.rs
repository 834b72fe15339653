//! The settings of a process.

use std::ffi::{CStr, c_char, c_void};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use veo_abi::Verify;
use veo_abi::environment::{VEO_EMU_RACES, VEO_VERIFY};

use crate::error::{Error, Result};
use crate::queue::{Inside, panic_message, run_inside};
use crate::races::Races;
use crate::session::ProcId;
use crate::stats::{EndTable, StatisticsCollector};
use crate::warning::contain;

/// When the declared kernels of a program are looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KernelLookup {
    /// Kernels whose libraries the program's own build made, when the process is created, so that a missing one is an error
    /// there; the others on first use.
    #[default]
    Eager,
    /// All on first use.
    Lazy,
    /// They are never compared: calls of declared kernels are errors. This is for tools that load libraries themselves.
    None,
}

/// How blocks of VE memory are guarded against kernels that leave them:
/// [`VeoProcBuilder::guard`](crate::VeoProcBuilder::guard). It holds for kernels of both kinds of code; blocks that VE machine code
/// gets of its own `malloc` are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Guard {
    /// Nothing is done.
    Off,
    /// They begin where no memory is accessible before them.
    Start,
    /// They end where no memory is accessible behind them, as far as an alignment of 16 bytes
    /// allows.
    End,
}

/// The mistakes that are looked for in the memory of VE machine code: [`VeoProcBuilder::check`](crate::VeoProcBuilder::check).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check {
    /// Nothing.
    Off,
    /// Accesses outside blocks, variables and stack frames, uses of freed memory, leaks.
    Memory,
    /// These, and values that nobody has written where they decide something.
    MemoryInit,
}

impl Check {
    /// The value in the notation of `VEO_EMU_CHECK`.
    pub(super) fn word(self) -> &'static CStr {
        match self {
            Check::Off => c"off",
            Check::Memory => c"memory",
            Check::MemoryInit => c"memory-init",
        }
    }
}

/// The value of `VEO_VERIFY`, the same as while declarations are compiled.
pub(super) fn verify_from_environment(node: i32) -> Result<Verify> {
    let Some(word) = VEO_VERIFY.get() else {
        return Ok(Verify::Default);
    };
    word.to_str()
        .and_then(Verify::parse)
        .ok_or_else(|| Error::ProcessStart {
            node,
            reason: format!(
                "VEO_VERIFY is {word:?}: set it to `deny`, `warn` or `off`, or unset it"
            ),
        })
}

/// The order in which the emulated node starts requests of several contexts, to find waits that a program lacks:
/// [`VeoProcBuilder::schedule`](crate::VeoProcBuilder::schedule).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Schedule {
    /// Each as late as possible: not before somebody waits for it.
    Late,
    /// An order drawn from this seed, any that the rules of libveo allow.
    Random(u64),
}

/// The value in the notation of `VEO_EMU_SCHEDULE`: `late`, `random:7`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Late => f.write_str("late"),
            Schedule::Random(seed) => write!(f, "random:{seed}"),
        }
    }
}

/// The value of `VEO_EMU_RACES`.
pub(super) fn races_from_environment(node: i32) -> Result<Races> {
    let Some(word) = VEO_EMU_RACES.get() else {
        return Ok(Races::Off);
    };
    word.to_str()
        .and_then(|word| word.parse().ok())
        .ok_or_else(|| Error::ProcessStart {
            node,
            reason: format!(
                "VEO_EMU_RACES is {word:?}: set it to `warn`, `deny` or `off`, or unset it"
            ),
        })
}

/// The stream of a kernel's output, for [`VeoProcBuilder::stdout`](crate::VeoProcBuilder::stdout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The standard output.
    Stdout,
    /// The standard error.
    Stderr,
}

pub(super) type OutputFn = dyn Fn(Stream, &[u8]) + Send + Sync;

/// The settings that matter after the process was started.
pub(crate) struct ProcSettings {
    /// The settings that it was started with. Its successor gets them, too.
    pub(super) options: ProcOptions,
    /// The node that was asked for, as functions of the backend take it.
    pub(crate) asked_node: i32,
    /// The function that the backend calls with output. It is kept as long as the process.
    pub(super) output: Option<Arc<OutputReceiver>>,
    /// Gathers what requests come to, where that is wanted.
    pub(super) collector: Option<Arc<StatisticsCollector>>,
    /// Prints what the process has done, where that is wanted.
    pub(super) end_table: Option<Arc<EndTable>>,
}

/// The options of a process, as its builder gathers them.
#[derive(Clone, Default)]
pub(super) struct ProcOptions {
    /// The program with statically linked kernels, if one was given.
    pub(super) veorun: Option<PathBuf>,
    pub(super) kernels: KernelLookup,
    pub(super) verify: Verify,
    pub(super) memory: Option<u64>,
    pub(super) time_limit: Option<Duration>,
    pub(super) output: Option<Arc<OutputFn>>,
    pub(super) omp_threads: Option<u32>,
    pub(super) schedule: Option<Schedule>,
    pub(super) guard: Option<Guard>,
    pub(super) races: Option<Races>,
    pub(super) timeline: Option<PathBuf>,
    pub(super) profile: Option<bool>,
    pub(super) check: Option<Check>,
    pub(super) stats: Option<bool>,
    /// Libraries that will be loaded by their paths.
    pub(super) libraries: Vec<PathBuf>,
}

/// The function that the backend calls with output of kernels.
///
/// # Safety
///
/// `payload` is the address of a [`OutputReceiver`] in an `Arc`, `data` valid for `length` bytes.
pub(super) unsafe extern "C" fn forward(
    payload: *mut c_void,
    stream: i32,
    data: *const c_char,
    length: usize,
) {
    if payload.is_null() || data.is_null() {
        return;
    }
    // The call holds a reference of its own: the end of the process does not wait for a call
    // that does not return.
    // SAFETY: the payload that was given with this function, of an `Arc` that is kept until
    // the process was destroyed, after which no call begins.
    let receiver = unsafe {
        let receiver = payload.cast::<OutputReceiver>().cast_const();
        Arc::increment_strong_count(receiver);
        Arc::from_raw(receiver)
    };
    // SAFETY: as the caller promises.
    let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) };
    let stream = if stream == 2 {
        Stream::Stderr
    } else {
        Stream::Stdout
    };
    match receiver.proc.get() {
        Some(proc) => run_inside(Inside::Output(*proc), || receiver.receive(stream, data)),
        // Nobody has a handle of the process yet.
        None => receiver.receive(stream, data),
    }
    // This may drop what the program's closure owns.
    contain(|| drop(receiver));
}

/// The program's receiver of output, and whose output it is, once that is known.
pub(super) struct OutputReceiver {
    output: Arc<OutputFn>,
    pub(super) proc: OnceLock<ProcId>,
}

impl OutputReceiver {
    pub(super) fn new(output: Arc<OutputFn>) -> OutputReceiver {
        OutputReceiver {
            output,
            proc: OnceLock::new(),
        }
    }

    fn receive(&self, stream: Stream, data: &[u8]) {
        // A panic must not reach the backend.
        let call = AssertUnwindSafe(|| (self.output)(stream, data));
        if let Err(panic) = catch_unwind(call) {
            // A subscriber of `tracing` may panic, too.
            contain(|| {
                tracing::error!(
                    "the receiver of kernel output panicked: {}",
                    panic_message(&*panic)
                );
            });
            std::mem::forget(panic);
        }
    }
}
