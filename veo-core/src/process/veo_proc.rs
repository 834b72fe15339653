//! `VeoProc`: a program's handle of a process, and how it is closed.

use std::ffi::c_void;
use std::fmt;
use std::panic::Location;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use super::shared::ProcShared;
use crate::address::VeMemPtr;
use crate::backend::{Backend, need};
use crate::error::{Error, Result};
use crate::session::{ProcId, ProcThreadTask};
use crate::stats::{self, KernelStatistics, ProcStats};

/// A process on a VE: memory, loaded libraries, contexts.
///
/// ```
/// # fn main() -> veo_core::Result<()> {
/// use veo_core::VeoProc;
///
/// let proc = VeoProc::new(0)?;
/// println!("VE node {}, on {:?}", proc.nodeid(), proc.backend());
/// let x = proc.upload(&[1.0, 2.0, 3.0])?;
/// assert_eq!(x.to_vec()?, [1.0, 2.0, 3.0]);
/// proc.close()?;
/// assert!(x.to_vec().is_err()); // the memory is gone with the process
/// # Ok(())
/// # }
/// ```
///
/// A handle that can be cloned and shared between threads. The process ends when the
/// last handle, buffer, context and request of it is gone, without anyone waiting for
/// that, or by [`close`](Self::close), which waits. After its end everything that
/// belonged to it gives errors; [`restart`](Self::restart) starts another like it.
///
/// Calling a kernel with `&VeoProc` waits for its result (`veo_call_sync`): such calls
/// and all copies, allocations and look-ups run one after another on the main
/// context of the process. Kernels that are to run beside them are queued on a
/// [`VeoContext`](crate::VeoContext).
///
/// A kernel runs in a process of its own and can damage nothing but VE memory. Its
/// declaration carries the promise that it is what it says.
#[derive(Clone)]
pub struct VeoProc(Arc<ProcHandle>);

/// Ends the process when the last user of it is gone.
struct ProcHandle {
    shared: Arc<ProcShared>,
}

/// The processes of which a handle may be left, by the number that pointers carry.
static OPEN: Mutex<Vec<(ProcId, Weak<ProcHandle>)>> = Mutex::new(Vec::new());

impl Drop for ProcHandle {
    fn drop(&mut self) {
        let core = &self.shared.core;
        if !core.image.is_foreign() {
            if let Some(table) = &self.shared.settings.end_table {
                table.ends();
            }
            core.extension.given_up();
            core.proc_thread.send(ProcThreadTask::Close(None));
        }
    }
}

impl VeoProc {
    /// The first handle of a process that was just created.
    pub(super) fn enter(shared: Arc<ProcShared>) -> VeoProc {
        let handle = Arc::new(ProcHandle { shared });
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, handle)| handle.strong_count() > 0);
        open.push((handle.shared.core.id, Arc::downgrade(&handle)));
        drop(open);
        VeoProc(handle)
    }

    /// The number of the VE node that the process lies on. Under a job scheduler this is
    /// the node's own number, not its place in the scheduler's list, by which
    /// [`VeoProc::new`] takes it.
    #[must_use]
    pub fn nodeid(&self) -> i32 {
        self.shared().core.node
    }

    /// The backend that runs the kernels.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.shared().core.api.backend
    }

    /// The core of the VE that the process runs on, if that is known.
    #[must_use]
    pub fn core(&self) -> Option<u32> {
        let shared = self.shared();
        let _exclusive = shared.exclusive(&"asking for the core").ok()?;
        shared.core.extension.core()
    }

    /// The number by which hmem pointers name the process (`veo_proc_identifier`).
    ///
    /// # Errors
    ///
    /// [`Error::Command`] if it has none: there are 16, which go to the first processes
    /// that live at the same time; [`Error::ProcessEnded`].
    pub fn identifier(&self) -> Result<i32> {
        self.hmem_identifier()?.ok_or_else(|| Error::Command {
            what: format!("naming {} for hmem", self.shared().core),
            reason: Some("16 processes have an identifier, and as many live already".into()),
        })
    }

    /// As [`identifier`](Self::identifier), if there is one.
    pub(crate) fn hmem_identifier(&self) -> Result<Option<i32>> {
        let shared = self.shared();
        let identify = need!(shared.core.api, veo_proc_identifier, "hmem")?;
        let _exclusive = shared.exclusive(&"asking for the identifier")?;
        // SAFETY: the main context is held exclusively, so the process is there.
        let identifier = unsafe { identify(shared.core.handle()) };
        // NEC's library counts on, although a pointer has four bits for it.
        Ok(Some(identifier).filter(|identifier| (0..16).contains(identifier)))
    }

    /// An address with the identifier of the process, as hmem pointers carry it.
    pub(crate) fn tagged(&self, addr: u64) -> Result<usize> {
        let core = &self.shared().core;
        let tag = need!(core.api, veo_set_proc_identifier, "hmem")?;
        let identifier = self.identifier()?;
        // SAFETY: the address is only taken apart.
        let tagged = unsafe { tag(addr as usize as *mut c_void, identifier) };
        if tagged.is_null() {
            return Err(Error::Command {
                what: format!("tagging an address of {core}"),
                reason: core.api.last_error(),
            });
        }
        Ok(tagged as usize)
    }

    /// Whether the VE process is there. Nothing is waited for, and the VE is not asked: what is done beside a process, such as a wait
    /// for another program, can look here now and then.
    ///
    /// ```
    /// # fn main() -> veo_core::Result<()> {
    /// let proc = veo_core::VeoProc::new(0)?;
    /// proc.check_alive()?;
    /// proc.kill()?;
    /// while proc.check_alive().is_ok() {
    ///     std::thread::yield_now(); // it ends at once, but it is another process
    /// }
    /// assert!(proc.check_alive().unwrap_err().is_process_gone());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::ProcessEnded`] if it has ended, with what ended it, or was closed; [`Error::Forked`].
    pub fn check_alive(&self) -> Result<()> {
        self.shared().core.check_alive("looking after the process")
    }

    /// Kills the VE process at once. Every request that runs or waits ends with an error, whose
    /// [`Cause`](crate::Cause) says where this was called; the host process goes on.
    ///
    /// # Errors
    ///
    /// [`Error::ProcessEnded`] if it has ended before; [`Error::Command`] if it lives on,
    /// since the system does not let this program end it.
    #[track_caller]
    pub fn kill(&self) -> Result<()> {
        let core = &self.shared().core;
        core.check("killing the process")?;
        core.kill_for(Location::caller())
    }

    /// Ends the process in order: waits for submitted requests, then for its end
    /// (`veo_proc_destroy`). Results that were not asked for stay available. A process that is not
    /// finished after 20 seconds is killed, but a host function that does not return is waited for.
    /// Other handles of the process give errors from now on.
    ///
    /// # Errors
    ///
    /// [`Error::ProcessEnded`] if it has ended before, or faults or exits with a status other than 0 at its end: in a destructor of a library
    /// or in what a kernel has registered with `atexit` (told by the emulated node alone); [`Error::Sanitizer`] if kernels were built
    /// with a sanitizer that finds something at the end, such as leaks; [`Error::Unfinished`] if the receiver of
    /// its output does not return for 20 seconds more: the process has ended, and the receiver
    /// is not called again; [`Error::WouldDeadlock`] inside a host function of one of its contexts, in the receiver
    /// of its output, and in what its requests own or wake.
    pub fn close(self) -> Result<()> {
        let shared = self.shared();
        shared.core.check("closing the process")?;
        if shared.core.proc_thread.is_here() {
            return Err(Error::WouldDeadlock {
                what: "closing the process".into(),
                reason: "it is done by this very thread, which drops or wakes something of a \
                         request that nobody waits for"
                    .into(),
            });
        }
        let start = Instant::now();
        shared.wind_up()?;
        let (done, over) = channel();
        shared
            .core
            .proc_thread
            .send(ProcThreadTask::Close(Some(done)));
        // An error means that the thread has ended: the process was closed by another.
        let _ = over.recv();
        if let Some(text) = shared.core.extension.sanitizer_report() {
            let (found, report) = text.split_once('\n').unwrap_or((&text, ""));
            return Err(Error::Sanitizer {
                proc: shared.core.to_string(),
                found: found.to_owned(),
                report: report.to_owned(),
            });
        }
        if let Some(fault) = shared.core.extension.fault_of_destroyed() {
            return Err(Error::ProcessEnded {
                what: "closing the process".into(),
                proc: shared.core.to_string(),
                reason: Some(format!("{fault:#}")),
                fault: Some(Box::new(fault)),
            });
        }
        if shared.is_receiving() {
            return Err(Error::Unfinished {
                what: format!("{} has ended, but the receiver of its output", shared.core),
                waited: start.elapsed(),
            });
        }
        Ok(())
    }

    /// The statistics of the process so far. Memory is always counted. Requests are counted if
    /// [`VeoProcBuilder::stats`](crate::VeoProcBuilder::stats) or `VEO_STATS` asked for it when the process was created. This
    /// waits for nothing, and works after the end of the process, too.
    ///
    /// ```
    /// # fn main() -> veo_core::Result<()> {
    /// use veo_core::VeoProc;
    /// let proc = VeoProc::builder().stats(true).build()?;
    /// let x = proc.upload(&[1.0, 2.0, 3.0])?;
    /// let stats = proc.stats();
    /// assert_eq!((stats.memory.now, stats.memory.most), (24, 24));
    /// let requests = stats.requests.expect("they were asked for");
    /// assert_eq!((requests.writes.count, requests.writes.bytes), (1, 24));
    /// # drop(x);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn stats(&self) -> ProcStats {
        let shared = self.shared();
        let requests = shared.settings.collector.as_ref();
        if requests.is_some() {
            shared.core.gather_records();
        }
        ProcStats {
            name: shared.core.to_string(),
            memory: shared.memory.stats(),
            requests: requests.map(|collector| collector.stats()),
        }
    }

    /// The instruction counts of kernels of VE machine code so far, in the order of their names (`veo_emu_get_statistics`). The counts
    /// of a library stay when it is unloaded, and go on when it is loaded again. This waits for requests that were queued on the
    /// process itself.
    ///
    /// The emulated node counts where [`VeoProcBuilder::profile`](crate::VeoProcBuilder::profile), `VEO_EMU_PROFILE` or `VEO_STATS` asks
    /// for it. Otherwise, for kernels of the host's code and on a card, the result is empty.
    ///
    /// # Errors
    ///
    /// [`Error::ProcessEnded`](crate::Error::ProcessEnded); [`Error::WouldDeadlock`](crate::Error::WouldDeadlock).
    pub fn statistics(&self) -> Result<Vec<KernelStatistics>> {
        let shared = self.shared();
        let text = {
            let _exclusive = shared.exclusive(&"asking what kernels have executed")?;
            shared.core.extension.statistics().unwrap_or_default()
        };
        Ok(stats::read_statistics(&text))
    }

    pub(crate) fn shared(&self) -> &Arc<ProcShared> {
        &self.0.shared
    }

    pub(crate) fn id(&self) -> ProcId {
        self.shared().core.id
    }

    /// The process of this number, if a handle of it is left.
    fn by_id(id: ProcId) -> Option<VeoProc> {
        let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, handle) = open.iter().find(|(other, _)| *other == id)?;
        handle.upgrade().map(VeoProc)
    }
}

impl<T> VeMemPtr<T> {
    /// The process this address belongs to, if a handle of it is left.
    #[must_use]
    pub fn proc(self) -> Option<VeoProc> {
        VeoProc::by_id(self.proc_id())
    }
}

impl PartialEq for VeoProc {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.shared(), other.shared())
    }
}

impl Eq for VeoProc {}

impl fmt::Debug for VeoProc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VeoProc({})", self.shared().core)
    }
}
