//! An engine runs one kind of machine code: it loads the libraries and calls the functions.
//! [`Signals`] says what signals of the threads that do so mean. The rest of the VE process knows
//! engines by these traits only.

use crate::shared::code::MachineCode;
use crate::shared::control::{EngineTrap, FaultRecord};
use crate::shared::ring::Received;

/// A loaded library.
pub(super) struct LoadedFile {
    pub(super) handle: u64,
    /// The difference between addresses in memory and in the file.
    pub(super) base: u64,
    pub(super) code: MachineCode,
    /// The file it came from.
    pub(super) path: Vec<u8>,
    /// Whether the path that was asked for still names that file.
    pub(super) is_in_place: bool,
}

/// How machine code ends its process.
pub(super) enum ProcessEnding {
    /// By `exit` with this status.
    Exit(i32),
    /// By a signal that is no fault.
    Signal(i32),
    /// By a fault.
    Trap(EngineTrap),
}

/// Ends the process.
pub(super) type EndProcess = fn(ProcessEnding) -> !;

/// Loads and runs one kind of machine code.
pub(super) trait Engine {
    type Runner: Runner;

    /// Gets ready, once, before anything is loaded. `end` is for code that ends the process other than by a signal
    /// or a trap that a runner returns.
    fn prepare(&self, end: EndProcess);

    /// Loads a library with all its symbols resolved and visible to later ones.
    fn load(&self, path: &[u8]) -> Result<LoadedFile, String>;

    /// Unloads a library that `load` returned.
    fn unload(&self, handle: u64) -> Result<(), String>;

    /// The address of a symbol of a library; 0: there is no such symbol.
    fn symbol(&self, handle: u64, name: &[u8]) -> u64;

    /// Whether code of this engine lies at the address.
    fn is_code(&self, address: u64) -> bool;

    /// Frees what a kernel has allocated with malloc. `false`: no block begins there.
    fn free(&self, address: u64) -> bool;

    /// The counts of the kernel with this number, in the form of `Task::Statistics`, if the engine counts. `None` if there are
    /// not so many kernels.
    fn statistics(&self, number: u64) -> Option<String>;

    /// Tells what is to be told of the process before it ends by a trap. At other ends this is done by itself.
    fn tell(&self);

    /// Prepares the calling thread, which is a context's, to run functions.
    fn runner(&self) -> Self::Runner;
}

/// Says what signals of threads mean that run machine code.
pub(super) trait Signals {
    /// Whether the signal is of an access to memory that an engine has made for machine code: then
    /// the thread goes on, and the access tells its engine that it has failed. Safe to call in its
    /// handler.
    ///
    /// # Safety
    ///
    /// The system passed both pointers to the handler that calls this, for `SIGSEGV` or `SIGBUS`.
    unsafe fn recover(&self, info: *mut libc::siginfo_t, context: *mut libc::ucontext_t) -> bool;

    /// The meaning of a signal that the calling thread got. This may be called in its handler.
    ///
    /// # Safety
    ///
    /// The system passed both pointers to the handler that calls this.
    unsafe fn trap(
        &self,
        signal: i32,
        info: *mut libc::siginfo_t,
        context: *mut libc::ucontext_t,
    ) -> EngineTrap;

    /// Adds the callers of `pc` to the record of a fault. Safe to call in its handler.
    ///
    /// # Safety
    ///
    /// The system passed the context to the handler that calls this.
    unsafe fn add_callers(&self, record: &FaultRecord, pc: u64, context: *mut libc::ucontext_t);
}

/// Runs functions on the thread of one context.
pub(super) trait Runner {
    /// Calls the function at `request.address` with its words and returns the word of its
    /// result. A fault of the function is either a signal, which the handler reports, or a
    /// trap that this returns. A trap has a box, so that a result fits registers.
    ///
    /// # Safety
    ///
    /// The address is that of a function of this engine's machine code.
    unsafe fn call(&mut self, request: &Received) -> Result<u64, Box<EngineTrap>>;

    /// The context is about to end: calls what machine code has registered for the end of its thread. Nothing is called afterwards.
    fn close(&mut self);
}
