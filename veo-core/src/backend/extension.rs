//! Functions that the layers above need beyond libveo's interface. Every backend has all of them: by the
//! functions of `veo_emu.h` if the library has them (`emulated`), otherwise in our own way around the traps
//! of NEC's library (`libveo`).

use std::any::Any;
use std::ffi::{CStr, c_int, c_void};
use std::io;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;

use veo_abi::ffi::{veo_emu_options, veo_emu_times, veo_proc_handle, veo_thr_ctxt};

use super::short_path::Shortened;
use crate::error::{Fault, Result};

/// A resource that a backend keeps during an operation. Dropping it says that the operation is over.
pub(crate) struct Kept(#[allow(dead_code)] Box<dyn Any>);

impl Kept {
    pub(super) fn new(what: impl Any) -> Kept {
        Kept(Box::new(what))
    }
}

/// The place of VE memory in the address space of the program. It stays there until this is dropped, even
/// if the process has ended.
pub(crate) struct HostMapping {
    place: NonNull<u8>,
    unmap: unsafe extern "C" fn(*mut c_void) -> c_int,
}

impl HostMapping {
    /// `unmap` is to be called once with the place.
    pub(super) fn new(
        place: NonNull<u8>,
        unmap: unsafe extern "C" fn(*mut c_void) -> c_int,
    ) -> HostMapping {
        HostMapping { place, unmap }
    }

    /// The address of its first byte.
    pub(crate) fn place(&self) -> NonNull<u8> {
        self.place
    }
}

// SAFETY: the place is only an address here, and any thread may give it back.
unsafe impl Send for HostMapping {}
// SAFETY: as above.
unsafe impl Sync for HostMapping {}

impl Drop for HostMapping {
    fn drop(&mut self) {
        // SAFETY: the function looks the place up, and gives back what was mapped for this one.
        unsafe { (self.unmap)(self.place.as_ptr().cast()) };
    }
}

/// The machine code that a node runs. The search for a library uses it, and so does the text that
/// says why a library cannot be loaded.
#[derive(Clone, Debug)]
pub(crate) struct NodeCode {
    /// The names of the targets that libraries are built for, those that fit best first.
    pub(crate) targets: &'static [&'static str],
    /// The machine numbers of ELF files with such code.
    pub(crate) machines: Vec<u16>,
}

/// The functions of a library beyond libveo's interface.
pub(crate) trait Extension: Send + Sync {
    /// The library's message about the last call of this thread that failed.
    fn last_error(&self) -> Option<String>;

    /// Fails if it is known before that no process can be created on the node.
    fn check_node(&self, node: i32) -> Result<()>;

    /// The numbers of all nodes.
    fn nodes(&self) -> Result<Vec<i32>>;

    /// The memory of a node in bytes, and how much of that is free, as far as they are known.
    fn node_memory(&self, node: i32) -> (Option<u64>, Option<u64>);

    /// The machine code that the node runs.
    fn code(&self, node: i32) -> NodeCode;

    /// Creates a process. Null: the last error says why.
    ///
    /// # Safety
    ///
    /// The pointers in `options` are valid as `veo_emu.h` asks for.
    unsafe fn create(&self, node: i32, options: &veo_emu_options) -> Result<*mut veo_proc_handle>;

    /// The backend's data for a process.
    ///
    /// # Safety
    ///
    /// The process was just created, on this thread, with its main context; nobody else knows
    /// them.
    unsafe fn process(
        &self,
        process: *mut veo_proc_handle,
        main: *mut veo_thr_ctxt,
    ) -> Arc<dyn ProcessExtension>;

    /// Another path for a library, if its own is too long for `load_library`, or no text. It must be kept
    /// as long as the library is loaded.
    fn shorten(&self, path: &Path) -> io::Result<Option<Shortened>>;

    /// Loads a library (`veo_load_library`).
    ///
    /// # Safety
    ///
    /// The process is there, and nobody else uses its main context.
    unsafe fn load_library(&self, process: *mut veo_proc_handle, path: &CStr) -> Result<u64>;

    /// Waits for the end of a request until that time: a command state, and the result in `word`.
    ///
    /// # Safety
    ///
    /// The context is open and stays so, and nobody else asks for its results.
    unsafe fn wait_result(
        &self,
        context: *mut veo_thr_ctxt,
        request: u64,
        word: &mut u64,
        until: Instant,
    ) -> c_int;

    /// Whether a host function may wait for requests of other contexts and hold up its own alone.
    fn host_functions_may_wait(&self) -> bool;

    /// Whether it can count what VE machine code executes.
    fn counts_instructions(&self) -> bool {
        false
    }

    /// Lets the thread of a process use the library until this is dropped. It never returns if
    /// the program ends.
    fn enter(&self) -> Option<Kept>;
}

/// The functions of a library for one process beyond libveo's interface.
pub(crate) trait ProcessExtension: Send + Sync {
    /// The number of the node that it lies on, if that is known: not every caller has named it,
    /// and a job scheduler's numbers are others.
    fn node(&self) -> Option<i32>;

    /// The core that it runs on, if that is known.
    fn core(&self) -> Option<u32>;

    /// Whether an address that was looked up is that of a variable.
    fn is_data(&self, _addr: u64) -> bool {
        false
    }

    /// Says what the block at an address is, for reports of faults. The description is formatted
    /// only if somebody needs it.
    fn describe(&self, _addr: u64, _what: &dyn std::fmt::Display) {}

    /// The address of these bytes of an allocation in the program, if they have one and the process has not
    /// ended.
    fn map(&self, _addr: u64, _size: usize) -> Option<HostMapping> {
        None
    }

    /// Kills the VE process at once. An error: it lives on. `name` is what the error calls it.
    fn kill(&self, name: &dyn std::fmt::Display) -> Result<()>;

    /// The cause of the VE process's end and the request that caused it, if it has ended. `failed` says
    /// that a kernel failed. A process that was just killed gets a little time to end.
    fn ended_by(&self, failed: bool) -> Option<(Fault, Option<u64>)>;

    /// The report of a sanitizer on the process, which has ended or was destroyed: a sentence in a line,
    /// then the report.
    fn sanitizer_report(&self) -> Option<String> {
        None
    }

    /// The fault of a process that was destroyed, if it happened before the process came to its end.
    fn fault_of_destroyed(&self) -> Option<Fault> {
        None
    }

    /// The instruction counts of kernels, in the form of `veo_emu_get_statistics`, if the process
    /// counts.
    fn statistics(&self) -> Option<String> {
        None
    }

    /// The number of the VE process on the host, if that is known.
    fn pid(&self) -> Option<i32> {
        None
    }

    /// Whether the times of requests are to be noted, for [`run_times`](Self::run_times).
    fn set_timed(&self, _timed: bool) {}

    /// When these requests of a context ran, whose results were just taken or are there. 0 is a time
    /// that is not known. Where nobody knows any, all stay as they are.
    ///
    /// # Safety
    ///
    /// The context is open and stays so.
    unsafe fn run_times(
        &self,
        _context: *mut veo_thr_ctxt,
        _requests: &[u64],
        _times: &mut [veo_emu_times],
    ) {
    }

    /// Makes sure that a context can be opened; its result is kept until that is done.
    ///
    /// # Safety
    ///
    /// The main context is held exclusively.
    unsafe fn prepare_context(&self) -> Result<Option<Kept>>;

    /// A further context was opened.
    fn context_opened(&self) {}

    /// A further context was closed.
    fn context_closed(&self) {}

    /// Whether the main context is handed out where no further one can be had; if so, what is
    /// said when that was done before.
    fn main_stands_in(&self) -> Option<&'static str>;

    /// Whether the end of the process waits for its kernels, however long they run.
    fn end_waits_for_kernels(&self) -> bool;

    /// The program has given the process up: its thread is about to end it.
    fn given_up(&self) {}

    /// Ends the process (`veo_proc_destroy`).
    ///
    /// # Safety
    ///
    /// This is called once, on the thread that created the process. `contexts` are its open
    /// contexts, and nobody uses them or the process any more.
    unsafe fn destroy(&self, contexts: &[*mut veo_thr_ctxt]) -> bool;
}
