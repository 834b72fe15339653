//! The model of processes, contexts, buffers and requests.

use std::collections::VecDeque;

use veo_abi::ffi::{veo_proc_handle, veo_thr_ctxt};

/// The addresses of the kernels in one process.
pub(super) struct Kernels {
    pub(super) echo: u64,
    pub(super) fill: u64,
    pub(super) sum: u64,
    pub(super) increment_bytes: u64,
    pub(super) set_bytes: u64,
    pub(super) previous: u64,
    pub(super) pause_us: u64,
    pub(super) tick: u64,
    pub(super) ticks: u64,
}

/// A live process.
pub(super) struct Process {
    pub(super) handle: *mut veo_proc_handle,
    pub(super) library: u64,
    pub(super) kernels: Kernels,
    /// The main context first.
    pub(super) contexts: Vec<Context>,
    /// Calls of `tick` so far.
    pub(super) ticks: u64,
}

/// An open context.
pub(super) struct Context {
    pub(super) handle: *mut veo_thr_ctxt,
    /// Requests not collected yet, oldest first.
    pub(super) pending: VecDeque<Pending>,
    /// Memory that only this context's requests touch.
    pub(super) buffers: Vec<Buffer>,
    /// The result of the newest request, where the model knows it.
    pub(super) newest: Option<u64>,
}

/// VE memory and what it holds once everything queued has run.
pub(super) struct Buffer {
    pub(super) address: u64,
    pub(super) words: Vec<u64>,
}

/// A request and what it must give.
pub(super) struct Pending {
    pub(super) id: u64,
    pub(super) expect: Expect,
}

/// The result of a request if nothing goes wrong. The host memory that the request reads or
/// writes lives in here.
pub(super) enum Expect {
    /// State OK and this result.
    Result(u64),
    /// State OK.
    Done,
    /// State OK, and the address of an allocation, which is freed then.
    Allocation,
    /// State OK, and these words were read.
    Read { got: Box<[u64]>, want: Vec<u64> },
    /// State OK; the source of a transfer is alive as long as this.
    Write { source: Box<[u64]> },
    /// State OK, and the stack buffer has these bytes.
    Stack { got: Box<[u8]>, want: Vec<u8> },
    /// A host function's argument; the result is three times it.
    Host { argument: Box<u64> },
    /// An exception with this signal.
    Exception(u64),
    /// The process ends without a signal: an error.
    Exit,
}

impl Expect {
    /// The expectation, without its bytes.
    pub(super) fn describe(&self) -> String {
        match self {
            Expect::Result(want) => format!("the result {want:#x}"),
            Expect::Done => "no result".into(),
            Expect::Allocation => "an address".into(),
            Expect::Read { want, .. } => format!("{} words read", want.len()),
            Expect::Write { source } => format!("{} words written", source.len()),
            Expect::Stack { want, .. } => format!("{} bytes of the stack", want.len()),
            Expect::Host { argument } => format!("three times {:#x}", **argument),
            Expect::Exception(signal) => format!("signal {signal}"),
            Expect::Exit => "the end of the process".into(),
        }
    }

    /// Whether something is needed until the request was collected: memory of the
    /// host, or its result.
    pub(super) fn is_needed(&self) -> bool {
        !matches!(
            self,
            Expect::Result(_) | Expect::Done | Expect::Exception(_) | Expect::Exit
        )
    }
}
