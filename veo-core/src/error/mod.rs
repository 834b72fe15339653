//! Everything that can go wrong, in one enum.

mod contract;
mod fault;
mod race;
mod text;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use veo_abi::limits::{MAX_STACK_DATA_MIB, MAX_WORDS};

pub use contract::BrokenContract;
pub use fault::{Cause, Fault};
pub use race::Race;
pub use text::PrototypeMismatch;
pub(crate) use text::parameter;
use text::{Lines, List, because, end_of, in_call, near_misses, parameter_of, which_kernel};

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error. The message says what was asked, what happened and what to do.
///
/// `Debug` prints the message, too: it is what a `main` that returns a [`Result`]
/// shows.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No backend fits: the machine has half of what is needed, or what
    /// `VEO_BACKEND` asks for cannot be had.
    #[error("no Vector Engine backend: {reason}")]
    Backend {
        /// The missing part, and how to force either backend.
        reason: String,
    },

    /// The libveo in use is too old, or not all there.
    #[error("{library} has no function {function}, which {needed_for} needs")]
    MissingFunction {
        /// The C function.
        function: &'static str,
        /// The library it was expected in.
        library: String,
        /// The operation that needs it.
        needed_for: &'static str,
    },

    /// The VE process could not be started.
    #[error("cannot start a process on {}: {reason}", text::the_node(*node))]
    ProcessStart {
        /// The node that was asked for.
        node: i32,
        /// The reason.
        reason: String,
    },

    /// A kernel raised an exception; its process has ended.
    #[error("{fault}")]
    Exception {
        /// The known facts about it.
        fault: Box<Fault>,
    },

    /// The VE process has ended, and with it everything in it.
    #[error("{what} failed: {proc} has ended{}", because(.reason))]
    ProcessEnded {
        /// The attempted operation.
        what: String,
        /// The process.
        proc: String,
        /// Why it ended, where that is known.
        reason: Option<String>,
        /// The cause of its end, if it is known and the program did not close it.
        fault: Option<Box<Fault>>,
    },

    /// A process was to be started again that has not ended ([`VeoProc::restart`](crate::VeoProc::restart)).
    #[error(
        "{proc} has not ended, so it is not started again: end it first, with VeoProc::kill or VeoProc::close; VeoProc::builder starts another one beside it"
    )]
    NotEnded {
        /// The process.
        proc: String,
    },

    /// A request was not submitted, since it may use the same memory at the same time as one of
    /// another context ([`VeoProcBuilder::races`](crate::VeoProcBuilder::races)).
    #[error("{race}")]
    Race {
        /// The known facts about both.
        race: Box<Race>,
    },

    /// A sanitizer that kernels were built with found something when their process ended, which
    /// it did: memory that was not freed, for example.
    #[error("{proc} has ended, and {found}")]
    Sanitizer {
        /// The process.
        proc: String,
        /// The finding and its place, in a sentence.
        found: String,
        /// The sanitizer's whole report.
        report: String,
    },

    /// The VE reported that a command failed.
    #[error("{what} failed on the VE{}", because(.reason))]
    Command {
        /// The attempted operation.
        what: String,
        /// More, where it is known.
        reason: Option<String>,
    },

    /// A request, or the receiver of a process's output, had not finished when its time was up.
    #[error("{what} has not finished after {waited:?}")]
    Unfinished {
        /// The request.
        what: String,
        /// How long was waited.
        waited: Duration,
    },

    /// The VE's memory is exhausted.
    #[error("out of memory on {}: {size} bytes were asked for{}", text::the_node(*node), because(.reason))]
    OutOfMemory {
        /// The node.
        node: i32,
        /// Size of the allocation in bytes.
        size: u64,
        /// More, where it is known.
        reason: Option<String>,
    },

    /// Sizes that should be equal are not.
    #[error("{what}: {have} elements given, {wanted} needed")]
    SizeMismatch {
        /// The attempted operation, and its process.
        what: String,
        /// How many elements were given.
        have: usize,
        /// How many are needed.
        wanted: usize,
    },

    /// An array whose elements do not lie one behind the other, the last index running fastest.
    #[error(
        "an array of shape {shape:?} with strides {strides:?} is not of standard layout, in which the last index runs fastest without gaps: upload `array.as_standard_layout()`, which copies it where it has to"
    )]
    ArrayLayout {
        /// Its extents.
        shape: Vec<usize>,
        /// Its strides, in elements.
        strides: Vec<isize>,
    },

    /// A size in bytes that does not exist.
    #[error("{count} elements of {element} bytes are more than can be addressed")]
    TooLarge {
        /// How many elements were asked for.
        count: usize,
        /// Size of one.
        element: usize,
    },

    /// A range that does not lie inside the buffer.
    #[error(
        "range {start}..{} does not lie inside a buffer of {len} elements of {proc}",
        end_of(.end)
    )]
    OutOfRange {
        /// Start of the range.
        start: usize,
        /// End of the range, if it was given.
        end: Option<usize>,
        /// Elements of the buffer.
        len: usize,
        /// The process that it belongs to.
        proc: String,
    },

    /// Memory or a function of one process was used with another.
    #[error("{what} belongs to {belongs_to}, but is used with {used_with}")]
    WrongProcess {
        /// The argument or operation.
        what: String,
        /// The index of the argument, from 0, if it is one.
        argument: Option<usize>,
        /// The process it belongs to.
        belongs_to: String,
        /// The process it was used with.
        used_with: String,
    },

    /// A raw pointer that is not what the operation needs: freed, never allocated,
    /// not the start of an allocation, or with less memory behind it.
    #[error("VE address {addr:#x} of {proc}: {reason}")]
    BadPointer {
        /// The address.
        addr: u64,
        /// The process that it belongs to.
        proc: String,
        /// The reason.
        reason: String,
    },

    /// The context was closed.
    #[error("{what} failed: the context is closed")]
    ContextClosed {
        /// The attempted operation.
        what: String,
    },

    /// No further context can be opened.
    #[error("cannot open a context: {reason}")]
    ContextOpen {
        /// The reason.
        reason: String,
    },

    /// A result that was taken before: by a `peek` that gave it.
    #[error("the result of {what} was taken already")]
    AlreadyCollected {
        /// The request.
        what: String,
    },

    /// Code that runs for the VE waits for something that can only happen after it: a host
    /// function of a context, or the receiver of a process's output.
    #[error("{what} would wait for ever: {reason}")]
    WouldDeadlock {
        /// The attempted operation.
        what: String,
        /// A sentence that says what waits for what.
        reason: String,
    },

    /// A handle of the parent process in a forked child.
    #[error(
        "{what} failed: VE handles do not survive fork(); create a new VeoProc in the child, or use posix_spawn"
    )]
    Forked {
        /// The attempted operation.
        what: String,
    },

    /// A call that does not keep the contract of its kernel, what `requires(..)` in the
    /// declaration says. It was not made.
    #[error("{broken}")]
    Contract {
        /// The clause that is broken, its numbers, the places.
        broken: Box<BrokenContract>,
    },

    /// An argument that cannot be passed.
    #[error("{}: {reason}", parameter_of(.index, .name, .call))]
    Argument {
        /// Its index, from 0. Messages count from 1.
        index: usize,
        /// The name of the parameter, if it is known.
        name: Option<String>,
        /// The call, and its place.
        call: Option<String>,
        /// The reason.
        reason: String,
    },

    /// More arguments than a call can have.
    #[error("{}{count} arguments given, a call takes at most {MAX_WORDS}", in_call(.call))]
    TooManyArguments {
        /// How many there are.
        count: usize,
        /// The call, and its place.
        call: Option<String>,
    },

    /// More stack data than a call can carry.
    #[error(
        "{}{size} bytes of stack data given, most of them for {}; a call takes at most \
         {MAX_STACK_DATA_MIB} MiB: put them into a VeBuffer",
        in_call(.call),
        parameter_of(.largest, .name, &None)
    )]
    StackDataTooLarge {
        /// Size of all stack data in bytes.
        size: usize,
        /// The index of the argument that has most of it.
        largest: usize,
        /// The name of its parameter, if it is known.
        name: Option<String>,
        /// The call, and its place.
        call: Option<String>,
    },

    /// A library that was not found.
    #[error("library {name} not found; looked for {}{hint}", List(.searched))]
    LibraryNotFound {
        /// The name that was asked for.
        name: String,
        /// The files that were tried.
        searched: Vec<PathBuf>,
        /// Advice, empty if there is none.
        hint: String,
    },

    /// A library that the VE could not load.
    #[error("cannot load {} on the VE{}", .path.display(), because(.reason))]
    LibraryLoad {
        /// The file.
        path: PathBuf,
        /// The reason, if it is known.
        reason: Option<String>,
    },

    /// A library that was unloaded.
    #[error("library {name} is not loaded any more")]
    LibraryUnloaded {
        /// Its name.
        name: String,
    },

    /// A library that is not unloaded, because a call that uses it does not end.
    #[error(
        "library {name} is not unloaded: a call that uses it has not finished after {waited:?}; wait for that call first, or end it with VeoProc::kill"
    )]
    LibraryInUse {
        /// Its name.
        name: String,
        /// How long was waited.
        waited: Duration,
    },

    /// A symbol that the library does not have.
    #[error("{library} has no symbol {symbol}{}", near_misses(.near))]
    SymbolNotFound {
        /// The symbol.
        symbol: String,
        /// The library.
        library: String,
        /// Symbols of similar names.
        near: Vec<String>,
    },

    /// A symbol that is no function was to be called.
    #[error(
        "{symbol} of {library} is data, not a function, and cannot be called; VeoLibrary::get_symbol gives its address"
    )]
    NotAFunction {
        /// The symbol.
        symbol: String,
        /// The library.
        library: String,
    },

    /// A library whose file was written to after a process had loaded it, so that nobody can
    /// tell what was loaded.
    #[error(
        "{} was overwritten after it was loaded, so nothing can be looked up in it, and its kernels may crash: start a new VeoProc, and put new versions in place by renaming them (mv, install)", .path.display()
    )]
    LibraryOverwritten {
        /// The file.
        path: PathBuf,
    },

    /// No declared kernel has this name, or several have.
    #[error("{}", which_kernel(.name, .candidates, *.several))]
    NoSuchKernel {
        /// The name that was asked for.
        name: String,
        /// The paths of those that have it, or of kernels with similar names.
        candidates: Vec<String>,
        /// Whether several have it.
        several: bool,
    },

    /// Kernels that could not be resolved when the process was created: all of them.
    #[error("{} declared kernels cannot be used:{}", .failed.len(), Lines(.failed))]
    Kernels {
        /// Each with its declaration and what is wrong.
        failed: Vec<UnresolvedKernel>,
    },

    /// A declaration that does not say what the library's debug information says.
    #[error("{mismatch}")]
    Prototype {
        /// Both signatures, where they are written, and what differs.
        mismatch: Box<PrototypeMismatch>,
    },

    /// A C type string that is not understood.
    #[error("{reason}")]
    CType {
        /// The string and what is wrong with it.
        reason: String,
    },

    /// A value that does not fit the type it is given for.
    #[error("{value} cannot be passed as `{ty}`: {reason}")]
    Value {
        /// The value.
        value: String,
        /// The C type.
        ty: String,
        /// Why it does not fit.
        reason: String,
    },

    /// A hook failed.
    #[error("the process hook `{name}` failed: {reason}")]
    Hook {
        /// The name it was registered with.
        name: String,
        /// Its error or panic message.
        reason: String,
    },

    /// A host function in a context's queue panicked.
    #[error("the host function panicked: {message}")]
    HostFunctionPanicked {
        /// The panic message.
        message: String,
    },

    /// There is no such node.
    #[error("{}", text::no_node(*node, reason))]
    NoSuchNode {
        /// The node that was asked for.
        node: i32,
        /// How many there are.
        reason: String,
    },

    /// The operating system refused something.
    #[error("{what}: {reason}")]
    System {
        /// The attempted operation.
        what: String,
        /// The system's message.
        reason: String,
    },
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    pub(crate) fn argument(index: usize, reason: impl Into<String>) -> Error {
        Error::Argument {
            index,
            name: None,
            call: None,
            reason: reason.into(),
        }
    }

    /// The cause of the process's end, if this error comes from it and the cause is known: the
    /// kernel, the signal, the function and the line of source.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Error::Exception { fault } => Some(fault),
            Error::ProcessEnded { fault, .. } => fault.as_deref(),
            _ => None,
        }
    }

    /// Whether the process is gone, so that only a new [`VeoProc`](crate::VeoProc) helps.
    #[must_use]
    pub fn is_process_gone(&self) -> bool {
        matches!(self, Error::Exception { .. } | Error::ProcessEnded { .. })
    }
}

/// A kernel that could not be resolved.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UnresolvedKernel {
    /// The symbol.
    pub symbol: String,
    /// The crate that declares it.
    pub crate_name: String,
    /// File and line of the declaration.
    pub declared: String,
    /// The error.
    pub error: Box<Error>,
}

impl fmt::Display for UnresolvedKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (declared by {} in {}): {}",
            self.symbol, self.crate_name, self.declared, self.error
        )
    }
}
