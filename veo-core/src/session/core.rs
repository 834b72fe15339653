//! The part of a process that everything of it shares: the backend's handle, its number, whether
//! it has ended, how its requests end, and how its thread is reached.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use veo_abi::ffi::veo_proc_handle;

use super::fork::ProcessImage;
use super::observe::{Observers, RequestObserver};
use super::outcome::{CommandOutcome, CommandState};
use super::request_kind::RequestKind;
use crate::backend::{Api, ProcessExtension};
use crate::error::{Cause, Error, Fault};
use crate::races::{RaceLog, Races};

/// The heart of a process, shared with its contexts.
pub(crate) struct ProcCore {
    pub(crate) api: &'static Api,
    handle: *mut veo_proc_handle,
    pub(crate) id: ProcId,
    pub(crate) node: i32,
    pub(crate) image: ProcessImage,
    pub(crate) proc_thread: ProcThreadHandle,
    /// The backend's functions for it beyond libveo's interface.
    pub(crate) extension: Arc<dyn ProcessExtension>,
    /// The requests that may not have ended, if somebody looks for races.
    pub(crate) races: Option<RaceLog>,
    pub(crate) observers: Observers,
    /// The cause of the process's end, once it is known.
    ended: OnceLock<Fault>,
    /// The place where the program killed it.
    killed: Mutex<Option<&'static Location<'static>>>,
    /// Set when the program begins to close the process, which takes no requests then.
    closing: AtomicBool,
    /// Set when the program closed the process.
    closed: AtomicBool,
}

// SAFETY: the handle is an opaque token. libveo's functions may be called from any
// thread; where they may not be called at the same time, or at all, the locks of
// `CtxShared` and `ProcThreadHandle` see to it.
unsafe impl Send for ProcCore {}
// SAFETY: as above.
unsafe impl Sync for ProcCore {}

impl ProcCore {
    pub(crate) fn new(
        api: &'static Api,
        handle: *mut veo_proc_handle,
        node: i32,
        proc_thread: ProcThreadHandle,
        extension: Arc<dyn ProcessExtension>,
        races: Races,
    ) -> ProcCore {
        ProcCore {
            api,
            handle,
            id: ProcId::next(node),
            node,
            image: ProcessImage::current(),
            proc_thread,
            extension,
            races: RaceLog::new(races),
            observers: Observers::default(),
            ended: OnceLock::new(),
            killed: Mutex::new(None),
            closing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    /// Tells an observer of the requests of the process from now on, and has the backend note when
    /// they run.
    pub(crate) fn observe(&self, observer: Arc<dyn RequestObserver>) {
        // Requests that have ended before do not concern it.
        self.gather_records();
        self.observers
            .join(observer, || self.extension.set_timed(true));
    }

    /// Tells an observer nothing any more.
    pub(crate) fn ignore(&self, observer: &Arc<dyn RequestObserver>) {
        self.gather_records();
        self.observers
            .leave(observer, || self.extension.set_timed(false));
    }

    /// Has observers told of all requests that were collected until now. The caller must not hold
    /// the lock of a context.
    pub(crate) fn gather_records(&self) {
        // In a forked child a thread of the parent may have held a lock.
        if !self.image.is_foreign() {
            self.observers.gather();
        }
    }

    /// Remembers what has ended the process, and tells observers.
    fn note_end(&self, fault: Fault) {
        if self.ended.set(fault).is_ok() {
            self.observers.tell_end(self.ended.get());
        }
    }

    /// The backend's handle. Only a thread that has exclusive use of the main context may pass
    /// it to a function of the table.
    pub(crate) fn handle(&self) -> *mut veo_proc_handle {
        self.handle
    }

    /// Whether the process can be used: not closed, not ended, not another's.
    #[inline(always)]
    pub(crate) fn check(&self, what: impl fmt::Display) -> Result<(), Error> {
        let foreign = self.image.is_foreign();
        if foreign || self.ended.get().is_some() || self.closed.load(Ordering::Relaxed) {
            return Err(self.unusable(&what));
        }
        Ok(())
    }

    /// Does the same as [`check`](Self::check), and asks the backend whether it has ended
    /// meanwhile.
    pub(crate) fn check_alive(&self, what: impl fmt::Display) -> Result<(), Error> {
        self.check(&what)?;
        // One that is being closed ends, too, and has no fault.
        if !self.closing.load(Ordering::Acquire) && self.look_for_end() {
            return Err(self.gone(&what));
        }
        Ok(())
    }

    #[cold]
    fn unusable(&self, what: &dyn fmt::Display) -> Error {
        match self.check_image(what) {
            Err(forked) => forked,
            Ok(()) => self.gone(what),
        }
    }

    /// Kills the VE process at once, for the program, which asks for it at `at`.
    pub(crate) fn kill_for(&self, at: &'static Location<'static>) -> Result<(), Error> {
        let killed = || self.killed.lock().unwrap_or_else(PoisonError::into_inner);
        // Set before any thread sees the end.
        killed().get_or_insert(at);
        self.kill().inspect_err(|_| *killed() = None)
    }

    /// The place where the program killed it, if it did.
    fn killed_at(&self) -> Option<&'static Location<'static>> {
        *self.killed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills the VE process at once. An error: it lives on.
    pub(crate) fn kill(&self) -> Result<(), Error> {
        self.extension.kill(self)
    }

    /// Whether the handles are those of this process image: not in a forked child.
    #[inline]
    pub(crate) fn check_image(&self, what: &dyn fmt::Display) -> Result<(), Error> {
        if self.image.is_foreign() {
            return Err(Error::Forked {
                what: what.to_string(),
            });
        }
        Ok(())
    }

    pub(crate) fn set_closing(&self) {
        self.closing.store(true, Ordering::Release);
    }

    pub(crate) fn set_closed(&self) {
        self.set_closing();
        self.closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Whether the process is known to have ended or was closed.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_closed() || self.ended.get().is_some()
    }

    /// Whether the process has ended, or is about to because the program killed it.
    pub(crate) fn is_ending(&self) -> bool {
        self.killed_at().is_some() || self.look_for_end()
    }

    /// The error of everything that is attempted after the end.
    #[cold]
    pub(crate) fn gone(&self, what: &dyn fmt::Display) -> Error {
        let fault = self.ended.get().filter(|fault| **fault != Fault::default());
        let reason = match fault {
            Some(fault) => Some(fault.to_string()),
            _ if self.closing.load(Ordering::Acquire) => Some("it was closed".into()),
            _ => self.api.last_error(),
        };
        Error::ProcessEnded {
            what: what.to_string(),
            proc: self.to_string(),
            reason,
            fault: fault.cloned().map(Box::new),
        }
    }

    /// The error of an operation that needs an open context and finds it closed: by itself, or with
    /// its process.
    #[cold]
    pub(crate) fn context_closed(&self, what: &dyn fmt::Display) -> Error {
        if self.closing.load(Ordering::Acquire) || self.is_gone() {
            return self.gone(what);
        }
        Error::ContextClosed {
            what: what.to_string(),
        }
    }

    /// The error for a request that the backend did not take.
    #[cold]
    pub(crate) fn refused(&self, what: &RequestKind) -> Error {
        let reason = self.api.last_error();
        self.command_failed(what, reason)
    }

    /// The error for a request that has failed, in a process that may have ended.
    fn command_failed(&self, what: &RequestKind, reason: Option<String>) -> Error {
        if self.look_for_end() {
            return self.gone(what);
        }
        Error::Command {
            what: format!("{} in {self}", what.in_full()),
            reason,
        }
    }

    /// The error for a request that ended as `outcome` says, request number `id` of
    /// the backend's context, for the reason that the backend has given.
    #[cold]
    pub(crate) fn failure(
        &self,
        what: &RequestKind,
        id: Option<u64>,
        outcome: CommandOutcome,
        reason: Option<String>,
    ) -> Error {
        match outcome.state {
            CommandState::Exception => {
                let mut fault = self
                    .ended_by(false)
                    .map(|(fault, _)| fault)
                    .unwrap_or_default();
                if fault.cause == Cause::Unknown {
                    fault.cause = Cause::Signal;
                }
                let signal = i32::try_from(outcome.word).ok().filter(|s| *s > 0);
                fault.signal = signal.or(fault.signal);
                if fault.kernel.is_none() {
                    fault.kernel = what.kernel().map(str::to_owned);
                }
                self.note_end(fault.clone());
                return Error::Exception {
                    fault: Box::new(fault),
                };
            }
            CommandState::Lost => return self.gone(what),
            CommandState::Ok | CommandState::Error => {}
        }
        if let Some((fault, request)) = self.ended_by(what.kernel().is_some()) {
            let raised = matches!(
                fault.cause,
                Cause::Signal | Cause::StackOverflow { .. } | Cause::Overwritten | Cause::Sanitizer
            );
            let ours = id.is_some() && request == id && raised;
            let ours = ours && (fault.kernel.as_deref() == what.kernel());
            self.note_end(fault.clone());
            if ours {
                return Error::Exception {
                    fault: Box::new(fault),
                };
            }
            return self.gone(what);
        }
        self.command_failed(what, reason)
    }

    /// The error of a copy that the backend refused, at VE address `addr`.
    #[cold]
    pub(crate) fn copy_failed(&self, what: &dyn fmt::Display, addr: u64) -> Error {
        let reason = self.api.last_error();
        if self.look_for_end() {
            return self.gone(what);
        }
        Error::Command {
            what: format!("{what} at {addr:#x} of {self}"),
            reason,
        }
    }

    /// Asks the backend whether the process has ended, and remembers it.
    pub(crate) fn look_for_end(&self) -> bool {
        if self.is_gone() {
            return true;
        }
        let Some((fault, _)) = self.ended_by(false) else {
            return false;
        };
        self.note_end(fault);
        true
    }

    /// The cause of the process's end and the request that the backend blames, if it has ended.
    /// `failed` says that a kernel of it failed.
    fn ended_by(&self, failed: bool) -> Option<(Fault, Option<u64>)> {
        let (mut fault, request) = self.extension.ended_by(failed)?;
        if matches!(fault.cause, Cause::Killed { .. }) || fault == Fault::default() {
            match self.killed_at() {
                None => {}
                at => fault.cause = Cause::Killed { at },
            }
        }
        Some((fault, request))
    }
}

/// Names the process, with its node.
impl fmt::Display for ProcCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

/// Numbers processes for the life of the program; never used twice. The upper bits say on
/// which node the process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ProcId(u64);

/// Bits of the number.
const BITS: u32 = 48;

static NEXT: AtomicU64 = AtomicU64::new(1);

impl ProcId {
    /// The process of a null pointer: none.
    pub(crate) const NONE: ProcId = ProcId(0);

    /// A number that no process had before, for one on this node.
    pub(crate) fn next(node: i32) -> ProcId {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        ProcId(number | (node as u64) << BITS)
    }
}

/// Names the process: `VE process 3 of this program (node 0)`.
impl fmt::Display for ProcId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("no process"),
            id => {
                let (number, node) = (id & ((1 << BITS) - 1), (id >> BITS) as i16);
                write!(f, "VE process {number} of this program ")?;
                match node {
                    // The library does not tell which one it took.
                    -1 => f.write_str("(the default node)"),
                    node => write!(f, "(node {node})"),
                }
            }
        }
    }
}

pub(crate) enum ProcThreadTask {
    /// Something is left to be collected or freed.
    Tend,
    /// The last handle of the context of this number is gone.
    CloseContext(u64),
    /// The last handle of the process is gone, or it is being closed: then the sender
    /// is told when it is over.
    Close(Option<Sender<()>>),
}

/// How the rest of the process reaches its thread.
pub(crate) struct ProcThreadHandle {
    tasks: Sender<ProcThreadTask>,
    /// Whether the thread knows that there is something to tend.
    tending: AtomicBool,
    /// The thread itself.
    thread: OnceLock<ThreadId>,
}

impl ProcThreadHandle {
    pub(crate) fn new(tasks: Sender<ProcThreadTask>) -> ProcThreadHandle {
        ProcThreadHandle {
            tasks,
            tending: AtomicBool::new(false),
            thread: OnceLock::new(),
        }
    }

    /// Has the thread look after requests and memory that nobody waits for. Cheap if
    /// it does so already.
    pub(crate) fn tend(&self) {
        if !self.tending.swap(true, Ordering::AcqRel) {
            self.send(ProcThreadTask::Tend);
        }
    }

    /// This never waits. A thread that has ended has nothing left to do.
    pub(crate) fn send(&self, task: ProcThreadTask) {
        let _ = self.tasks.send(task);
    }

    /// Says that this is the thread.
    pub(crate) fn set_here(&self) {
        let _ = self.thread.set(thread::current().id());
    }

    /// Whether this is the thread: then what it drops or wakes runs code of the user.
    pub(crate) fn is_here(&self) -> bool {
        self.thread.get() == Some(&thread::current().id())
    }

    /// Says whether the thread knows that there is something to tend.
    pub(crate) fn set_tending(&self, tending: bool) {
        self.tending.store(tending, Ordering::Release);
    }
}
