//! The engine of the host's own machine code: it loads libraries, calls functions and reads
//! faults.

mod call;
mod heap;
mod loader;
pub(crate) mod shim;
mod signal;

use std::sync::atomic::{AtomicU32, Ordering};

use veo_abi::environment::VE_FPE_ENABLE;

use super::arch;
use super::engine::{Engine, Loaded};
use crate::shared::control::{FaultRecord, Trap};
use crate::shared::fpe;
pub(super) use call::NativeRunner;

/// Runs machine code of the host.
pub(super) struct Native;

impl Engine for Native {
    type Runner = NativeRunner;

    fn prepare(&self) {
        read_fpe();
    }

    fn load(&self, path: &[u8]) -> Result<Loaded, String> {
        shim::load();
        loader::load(path)
    }

    fn unload(&self, handle: u64) -> Result<(), String> {
        loader::unload(handle)
    }

    fn symbol(&self, handle: u64, name: &[u8]) -> u64 {
        loader::symbol(handle, name)
    }

    fn is_code(&self, address: u64) -> bool {
        loader::is_code(address)
    }

    fn free(&self, address: u64) -> bool {
        heap::free(address)
    }

    fn runner(&self) -> NativeRunner {
        enable_fpe();
        NativeRunner
    }
}

impl Native {
    /// What a signal means that the calling thread got. Safe to call in its handler.
    ///
    /// # Safety
    ///
    /// The system passed both pointers to the handler that calls this.
    pub(super) unsafe fn trap(
        &self,
        signal: i32,
        info: *mut libc::siginfo_t,
        context: *mut libc::ucontext_t,
    ) -> Trap {
        // SAFETY: the caller vouches for both.
        unsafe { signal::trap(signal, info, context) }
    }

    /// Adds the callers of `pc` to the record of a fault. Safe to call in its handler.
    ///
    /// # Safety
    ///
    /// The system passed the context to the handler that calls this.
    pub(super) unsafe fn add_callers(
        &self,
        record: &FaultRecord,
        pc: u64,
        context: *mut libc::ucontext_t,
    ) {
        // SAFETY: the caller vouches for the context.
        unsafe { signal::walk(record, pc, context) };
    }
}

/// Which floating-point exceptions end a kernel, as `VE_FPE_ENABLE` asks, a bit for each.
static TRAPS: AtomicU32 = AtomicU32::new(0);

/// Reads the variable, before the first context. The host warns about a wrong value.
fn read_fpe() {
    if let Some(wanted) = VE_FPE_ENABLE.text() {
        TRAPS.store(fpe::parse(&wanted).bits, Ordering::Relaxed);
    }
}

/// Arms the calling thread; threads that it starts inherit this.
fn enable_fpe() {
    let bits = TRAPS.load(Ordering::Relaxed);
    if bits != 0 {
        arch::enable_traps(bits);
    }
}
