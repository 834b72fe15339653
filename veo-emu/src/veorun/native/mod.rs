//! The engine of the host's own machine code: it loads libraries, calls functions and reads
//! faults.

mod call;
mod heap;
mod loader;
pub(crate) mod shim;
mod signal;

use super::engine::{EndProcess, Engine, LoadedFile};
use super::fpe;
use crate::shared::control::{EngineTrap, FaultRecord};
pub(super) use call::NativeRunner;

/// Runs machine code of the host.
pub(super) struct Native;

impl Engine for Native {
    type Runner = NativeRunner;

    fn prepare(&self, _: EndProcess) {
        fpe::read();
    }

    fn load(&self, path: &[u8]) -> Result<LoadedFile, String> {
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

    fn statistics(&self, _: u64) -> Option<String> {
        None
    }

    fn tell(&self) {}

    fn runner(&self) -> NativeRunner {
        fpe::arm();
        NativeRunner
    }
}

impl Native {
    /// The meaning of a signal that the calling thread got. This may be called in its handler.
    ///
    /// # Safety
    ///
    /// The system passed both pointers to the handler that calls this.
    pub(super) unsafe fn trap(
        &self,
        signal: i32,
        info: *mut libc::siginfo_t,
        context: *mut libc::ucontext_t,
    ) -> EngineTrap {
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
