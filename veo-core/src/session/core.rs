//! What everything that belongs to a process shares: the backend's handle, who the
//! process is, and whether it has ended.

use std::ffi::c_char;
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use veo_abi::ffi::{self, veo_proc_handle};

use super::fork::Image;
use super::id::ProcId;
use super::keeper::Keeper;
use super::outcome::{Outcome, State};
use super::request_kind::RequestKind;
use crate::backend::{Api, OnHost, need};
use crate::error::{Cause, Error, Fault};

/// The heart of a process, shared with its contexts.
pub(crate) struct ProcCore {
    pub(crate) api: &'static Api,
    handle: *mut veo_proc_handle,
    pub(crate) id: ProcId,
    pub(crate) node: i32,
    pub(crate) image: Image,
    pub(crate) keeper: Keeper,
    /// The VE process on the host, where only that can end it.
    on_host: Option<OnHost>,
    /// What ended the process, once that is known.
    ended: OnceLock<Fault>,
    /// Where the program killed it.
    killed: Mutex<Option<&'static Location<'static>>>,
    /// Set when the program begins to close the process, which takes no requests then.
    closing: AtomicBool,
    /// Set when the program closed the process.
    closed: AtomicBool,
}

// SAFETY: the handle is an opaque token. libveo's functions may be called from any
// thread; where they may not be called at the same time, or at all, the locks of
// `CtxShared` and `Keeper` see to it.
unsafe impl Send for ProcCore {}
// SAFETY: as above.
unsafe impl Sync for ProcCore {}

impl ProcCore {
    pub(crate) fn new(
        api: &'static Api,
        handle: *mut veo_proc_handle,
        node: i32,
        keeper: Keeper,
        on_host: Option<OnHost>,
    ) -> ProcCore {
        ProcCore {
            api,
            handle,
            id: ProcId::next(node),
            node,
            image: Image::current(),
            keeper,
            on_host,
            ended: OnceLock::new(),
            killed: Mutex::new(None),
            closing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    /// The backend's handle. Only to be passed to a function of the table by someone
    /// who holds the main context exclusively.
    pub(crate) fn handle(&self) -> *mut veo_proc_handle {
        self.handle
    }

    /// Whether the process can be used: not closed, not ended, not another's.
    #[inline]
    pub(crate) fn check(&self, what: impl fmt::Display) -> Result<(), Error> {
        self.check_image(&what)?;
        if self.ended.get().is_some() || self.closed.load(Ordering::Relaxed) {
            return Err(self.gone(&what));
        }
        Ok(())
    }

    /// Whether [`check`](Self::check) has nothing to say.
    #[inline(always)]
    pub(crate) fn is_usable(&self) -> bool {
        !self.image.is_foreign()
            && self.ended.get().is_none()
            && !self.closed.load(Ordering::Relaxed)
    }

    /// Kills the VE process at once, for the program, which asks for it at `at`.
    pub(crate) fn kill_for(&self, at: &'static Location<'static>) -> Result<(), Error> {
        let killed = || self.killed.lock().unwrap_or_else(PoisonError::into_inner);
        // Known before anybody sees the end.
        killed().get_or_insert(at);
        self.kill().inspect_err(|_| *killed() = None)
    }

    /// Where the program killed it, if it did.
    fn killed_at(&self) -> Option<&'static Location<'static>> {
        *self.killed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills the VE process at once. An error: it lives on.
    pub(crate) fn kill(&self) -> Result<(), Error> {
        let failed = |reason| Error::Command {
            what: format!("killing {self}"),
            reason,
        };
        if let Some(kill) = self.api.table.veo_emu_kill {
            // SAFETY: the handle is valid, as in `look_for_end`.
            if unsafe { kill(self.handle) } == 0 {
                return Ok(());
            }
            return Err(failed(self.api.last_error()));
        }
        match &self.on_host {
            Some(on_host) => on_host.kill().map_err(|reason| failed(Some(reason))),
            None => {
                // Which process it is on the host cannot be asked of an old libveo.
                need!(self.api, veo_get_pid_from_hmem, "killing a VE process")?;
                let reason = "the library does not tell which process of the host it is";
                Err(failed(Some(reason.into())))
            }
        }
    }

    /// What is known of an end that the backend does not explain.
    fn unexplained(&self) -> Fault {
        Fault {
            cause: match self.killed_at() {
                None => Cause::Unknown,
                at => Cause::Killed { at },
            },
            ..Fault::default()
        }
    }

    /// Whether the VE process has ended, as far as only the host can tell. One that was just
    /// killed gets a little time to do so.
    pub(crate) fn has_ended_on_host(&self) -> bool {
        self.on_host.as_ref().is_some_and(OnHost::has_ended)
    }

    /// Waits for the VE process on the host, which has ended, where nobody else will.
    pub(crate) fn wait_on_host(&self) {
        if let Some(on_host) = &self.on_host {
            on_host.wait_for();
        }
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

    /// The error of what needs an open context and finds it closed: by itself, or with
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
        if self.look_for_end() {
            return self.gone(what);
        }
        Error::Command {
            what: format!("{what} in {self}"),
            reason,
        }
    }

    /// The error for a request that ended as `outcome` says, request number `id` of
    /// the backend's context.
    #[cold]
    pub(crate) fn failure(&self, what: &RequestKind, id: Option<u64>, outcome: Outcome) -> Error {
        let reason = self.api.last_error();
        match outcome.state {
            State::Exception => {
                let mut fault = self.reported().map(|(fault, _)| fault).unwrap_or_default();
                if fault.cause == Cause::Unknown {
                    fault.cause = Cause::Signal;
                }
                let signal = i32::try_from(outcome.word).ok().filter(|s| *s > 0);
                fault.signal = signal.or(fault.signal);
                if fault.kernel.is_none() {
                    fault.kernel = what.kernel().map(str::to_owned);
                }
                let _ = self.ended.set(fault.clone());
                return Error::Exception {
                    fault: Box::new(fault),
                };
            }
            State::Lost => return self.gone(what),
            State::Ok | State::Error => {}
        }
        if let Some((fault, request)) = self.reported() {
            let raised = matches!(fault.cause, Cause::Signal | Cause::StackOverflow { .. });
            let ours = id.is_some() && request == id && raised;
            let ours = ours && (fault.kernel.as_deref() == what.kernel());
            let _ = self.ended.set(fault.clone());
            if ours {
                return Error::Exception {
                    fault: Box::new(fault),
                };
            }
            return self.gone(what);
        }
        // Without a report: libveo fails a kernel only when its process is gone.
        if what.kernel().is_some() && self.api.is_libveo() {
            let _ = self.ended.set(self.unexplained());
            return self.gone(what);
        }
        if self.look_for_end() {
            return self.gone(what);
        }
        Error::Command {
            what: format!("{what} in {self}"),
            reason,
        }
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
        if let Some((fault, _)) = self.reported() {
            let _ = self.ended.set(fault);
            return true;
        }
        let there = match self.api.table.veo_emu_pid {
            // SAFETY: the handle is valid until the process is destroyed, which happens
            // only after `closed` was set and all users of the handle have left.
            Some(pid) => unsafe { pid(self.handle) >= 0 },
            None => !self.has_ended_on_host(),
        };
        if there {
            return false;
        }
        let _ = self.ended.set(self.unexplained());
        true
    }

    /// What the backend reports as the cause.
    fn cause(&self, report: &ffi::veo_emu_fault) -> Cause {
        match u32::try_from(report.cause).unwrap_or(ffi::VEO_EMU_CAUSE_UNKNOWN) {
            ffi::VEO_EMU_CAUSE_SIGNAL => Cause::Signal,
            ffi::VEO_EMU_CAUSE_STACK_OVERFLOW => Cause::StackOverflow {
                stack_size: known(report.stack_size),
            },
            ffi::VEO_EMU_CAUSE_EXIT => Cause::Exit,
            ffi::VEO_EMU_CAUSE_THREAD_EXIT => Cause::ThreadExit,
            ffi::VEO_EMU_CAUSE_TIME_LIMIT => Cause::TimeLimit {
                limit: Duration::from_millis(report.time_limit_ms),
            },
            ffi::VEO_EMU_CAUSE_KILLED => Cause::Killed {
                at: self.killed_at(),
            },
            ffi::VEO_EMU_CAUSE_SENT => Cause::Sent {
                sender: known(report.sender),
            },
            ffi::VEO_EMU_CAUSE_OUT_OF_MEMORY => Cause::OutOfMemory,
            ffi::VEO_EMU_CAUSE_BROKEN => Cause::Broken,
            _ => Cause::Unknown,
        }
    }

    /// The backend's report of what ended the process, and the request it blames.
    fn reported(&self) -> Option<(Fault, Option<u64>)> {
        let get = self.api.table.veo_emu_get_fault?;
        let mut report = std::mem::MaybeUninit::<ffi::veo_emu_fault>::zeroed();
        // SAFETY: the handle is valid, as in `look_for_end`; the report is valid for
        // writing and, being plain integers, also valid as zeroes.
        let report = unsafe {
            if get(self.handle, report.as_mut_ptr()) != 0 {
                return None;
            }
            report.assume_init()
        };
        let kernel = text(&report.kernel);
        let file = text(&report.file);
        let function = text(&report.function);
        let faulted = report.signal != 0;
        let operation = text(&report.operation);
        let fault = Fault {
            cause: self.cause(&report),
            kernel: (!kernel.is_empty()).then_some(kernel),
            operation: (!operation.is_empty()).then_some(operation),
            signal: faulted.then_some(report.signal),
            exit_status: (!faulted).then_some(report.exit_status),
            address: (report.has_address != 0 && matches!(report.signal, 7 | 11))
                .then_some(report.address),
            function: (!function.is_empty()).then_some(function),
            source: (!file.is_empty()).then(|| (file, report.line.max(0) as u32)),
            text: Some(text(&report.text)).filter(|text| !text.is_empty()),
        };
        let request = (report.request != ffi::VEO_REQUEST_ID_INVALID).then_some(report.request);
        Some((fault, request))
    }
}

/// A number, unless it is 0.
fn known<T: Default + PartialEq>(number: T) -> Option<T> {
    (number != T::default()).then_some(number)
}

fn text(bytes: &[c_char]) -> String {
    let bytes: Vec<u8> = bytes
        .iter()
        .take_while(|b| **b != 0)
        .map(|b| *b as u8)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Names the process, with its node.
impl fmt::Display for ProcCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}
