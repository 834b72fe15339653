//! Which engine runs which code: that of a library its file says, that of a function or of
//! memory its address, since each engine's lies elsewhere.

use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::engine::{EndProcess, Engine, LoadedFile, Runner, Signals};
use super::native::{Native, NativeRunner};
use super::ve::{Ve, VeRunner};
use super::{memory, signals};
use crate::shared::code::MachineCode;
use crate::shared::control::{EngineTrap, FaultRecord};
use crate::shared::ring::Received;

/// The engines of this process, as one.
pub(super) static ENGINE: Engines = Engines;

/// All engines.
pub(super) struct Engines;

/// Whether an address, or a handle, which is one, is the VE engine's.
fn is_of_ve(address: u64) -> bool {
    memory::machine().contains(&address)
}

impl Engine for Engines {
    type Runner = AnyRunner;

    fn prepare(&self, end: EndProcess) {
        Native.prepare(end);
        Ve.prepare(end);
    }

    fn load(&self, path: &[u8]) -> Result<LoadedFile, String> {
        let file = Path::new(OsStr::from_bytes(path));
        // A bare name is for the system's loader to find.
        let code = path
            .contains(&b'/')
            .then(|| MachineCode::of_file(file))
            .flatten()
            .unwrap_or(MachineCode::Native);
        match code {
            MachineCode::Native => {
                // Its constructors may install handlers.
                signals::note_change();
                Native.load(path)
            }
            MachineCode::Ve => {
                signals::claim();
                Ve.load(path)
            }
        }
    }

    fn unload(&self, handle: u64) -> Result<(), String> {
        if is_of_ve(handle) {
            signals::claim();
            Ve.unload(handle)
        } else {
            Native.unload(handle)
        }
    }

    fn symbol(&self, handle: u64, name: &[u8]) -> u64 {
        if is_of_ve(handle) {
            Ve.symbol(handle, name)
        } else {
            Native.symbol(handle, name)
        }
    }

    fn is_code(&self, address: u64) -> bool {
        if is_of_ve(address) {
            Ve.is_code(address)
        } else {
            Native.is_code(address)
        }
    }

    fn free(&self, address: u64) -> bool {
        if is_of_ve(address) {
            Ve.free(address)
        } else {
            Native.free(address)
        }
    }

    fn statistics(&self, number: u64) -> Option<String> {
        Ve.statistics(number)
    }

    fn tell(&self) {
        Native.tell();
        Ve.tell();
    }

    fn runner(&self) -> AnyRunner {
        AnyRunner {
            of_ve: memory::machine(),
            native: Native.runner(),
            native_ran: false,
            ve: Ve.runner(),
        }
    }
}

impl Signals for Engines {
    unsafe fn recover(&self, info: *mut libc::siginfo_t, context: *mut libc::ucontext_t) -> bool {
        // SAFETY: the caller vouches for both.
        unsafe { Ve.recover(info, context) }
    }

    unsafe fn trap(
        &self,
        signal: i32,
        info: *mut libc::siginfo_t,
        context: *mut libc::ucontext_t,
    ) -> EngineTrap {
        // SAFETY: the caller vouches for both.
        unsafe { Native.trap(signal, info, context) }
    }

    unsafe fn add_callers(&self, record: &FaultRecord, pc: u64, context: *mut libc::ucontext_t) {
        // SAFETY: the caller vouches for the context.
        unsafe { Native.add_callers(record, pc, context) };
    }
}

/// Runs functions of any engine.
pub(super) struct AnyRunner {
    /// The addresses of functions of the VE engine.
    of_ve: Range<u64>,
    native: NativeRunner,
    /// Whether code of the host has run on this thread since code of the VE did.
    native_ran: bool,
    ve: VeRunner,
}

impl AnyRunner {
    /// Calls a function of the VE engine. Apart, so that calls of the host's code stay short.
    ///
    /// # Safety
    ///
    /// The address is that of such a function.
    #[inline(never)]
    unsafe fn call_ve(&mut self, request: &Received) -> Result<u64, Box<EngineTrap>> {
        // The VE engine needs our handler of faults.
        if std::mem::take(&mut self.native_ran) || signals::may_have_changed() {
            signals::claim();
        }
        // SAFETY: the caller vouches for the function.
        unsafe { self.ve.call(request) }
    }
}

impl Runner for AnyRunner {
    #[inline(always)]
    unsafe fn call(&mut self, request: &Received) -> Result<u64, Box<EngineTrap>> {
        if self.of_ve.contains(&request.address) {
            // SAFETY: the caller vouches for the function.
            unsafe { self.call_ve(request) }
        } else {
            self.native_ran = true;
            signals::note_change();
            // SAFETY: as above.
            let result = unsafe { self.native.call(request) };
            signals::note_change();
            result
        }
    }

    fn close(&mut self) {
        if self.native_ran {
            signals::claim();
        }
        self.ve.close();
        self.native.close();
    }
}
