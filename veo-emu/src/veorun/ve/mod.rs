//! The engine of VE machine code, around the machine of `ve_isa`.
//!
//! The machine works in the window of VE memory: addresses of the Vector Engine are addresses of this process, and what the host
//! allocates is memory like the machine's own, which lies behind it. It is made when the first library for it is loaded.

mod checking;
mod debugging;
mod ending;
mod interface;
mod libraries;
mod machine;
mod watching;

use ve_gdb::ProgramEnd;

use super::engine::{EndProcess, Engine, LoadedFile, ProcessEnding, Runner};
use crate::shared::control::EngineTrap;
use crate::shared::ring::Received;

/// Runs VE machine code.
pub(super) struct Ve;

impl Engine for Ve {
    type Runner = VeRunner;

    fn prepare(&self, end: EndProcess) {
        ending::prepare(end);
        checking::set_lines(libraries::line);
    }

    fn load(&self, path: &[u8]) -> Result<LoadedFile, String> {
        libraries::load(path)
    }

    fn unload(&self, handle: u64) -> Result<(), String> {
        let unloaded = libraries::unload(handle);
        if let Some(machine) = machine::made() {
            watching::unloaded(machine);
        }
        unloaded
    }

    fn symbol(&self, handle: u64, name: &[u8]) -> u64 {
        let Some(address) = libraries::symbol(handle, name) else {
            return 0;
        };
        watching::looked_up(address, name);
        address
    }

    fn is_code(&self, address: u64) -> bool {
        machine::made().is_some_and(|machine| machine.is_code(address))
    }

    fn free(&self, address: u64) -> bool {
        machine::made().is_some_and(|machine| machine.free(address))
    }

    fn statistics(&self, number: u64) -> Option<String> {
        watching::of_kernel(number)
    }

    fn tell(&self) {
        watching::tell();
    }

    fn runner(&self) -> VeRunner {
        VeRunner {
            watches: watching::options().watches(),
        }
    }
}

impl Ve {
    /// Makes an access of the machine to memory fail, if the signal is of one. Safe to call in its handler.
    ///
    /// # Safety
    ///
    /// The system passed both pointers to the handler that calls this, for `SIGSEGV` or `SIGBUS`.
    pub(super) unsafe fn recover(
        &self,
        info: *mut libc::siginfo_t,
        context: *mut libc::ucontext_t,
    ) -> bool {
        // SAFETY: the caller vouches for both; the handler returns at once if this says so.
        unsafe { ve_isa::memory::recover(info, context.cast()) }
    }
}

/// Runs functions of VE machine code, with the thread of the machine that belongs to the calling thread.
pub(super) struct VeRunner {
    watches: bool,
}

impl Runner for VeRunner {
    #[inline]
    unsafe fn call(&mut self, request: &Received) -> Result<u64, Box<EngineTrap>> {
        let result = machine::on_own_thread(|thread| {
            let (kernel, words) = (request.address, request.words());
            let result = if self.watches {
                watching::call(thread, kernel, words, libraries::path_at)
            } else {
                thread.call(kernel, words)
            };
            result.map_err(|trap| ending::of(thread, &trap))
        });
        match result {
            Ok(Ok(word)) => Ok(word),
            Ok(Err(ProcessEnding::Trap(trap))) => {
                debugging::ended(ProgramEnd::Signal(trap.signal));
                Err(Box::new(trap))
            }
            Ok(Err(ending)) => ending::happen(ending),
            Err(why) => Err(Box::new(ending::no_thread(why))),
        }
    }

    fn close(&mut self) {
        machine::finish_own_thread();
    }
}
