//! One VE process as the host holds it: the child process, its memory, and its death.

use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use veo_abi::environment::VE_TRACEBACK;

use super::death::{Death, Reason};
use super::library::Symbols;
use super::memory::Memory;
use super::out_of_memory::Kills;
use super::output::Output;
use super::queue::Queue;
use super::report::Report;
use crate::error::{Error, Result};
use crate::log::debug;
use crate::mutex::lock;
use crate::shared::control::Control;
use crate::shared::message::Message;
use crate::sys::kept::Kept;
use crate::sys::memfd::Mapping;
use crate::sys::socket;

/// How long a VE process may take to answer over its socket.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What is said when a process is lost to a program that closes what is not its own.
const CUT_OFF: &str = "the program has closed descriptors that connect it with the VE process \
                       (by closefrom, perhaps); create VE processes after that";

/// The VE process and what the host shares with it.
pub(crate) struct ChildProcess {
    pub(crate) pid: libc::pid_t,
    pub(crate) pidfd: Option<Kept>,
    pub(crate) memory: Memory,
    pub(crate) control: Arc<Mapping>,
    /// Carries the lock by which the VE process knows that the host is still there.
    control_file: Kept,
    pub(super) socket: Kept,
    /// Held from a question over the socket to its answer.
    asking: Mutex<()>,
    output: Option<Output>,
    /// Threads that end with the process.
    threads: Mutex<Vec<JoinHandle<()>>>,
    queues: Mutex<Vec<Weak<Queue>>>,
    dead: AtomicBool,
    death: OnceLock<Death>,
    ended: Mutex<bool>,
    ended_signal: Condvar,
    pub(super) reason: Mutex<Option<Reason>>,
    /// Why it was killed if nothing else turns out to have ended it.
    pub(super) presumed: Mutex<Option<Reason>>,
    /// It was told to end itself.
    pub(super) told_to_end: AtomicBool,
    /// It could not be ended, and nobody waits for it any more.
    pub(super) abandoned: AtomicBool,
    /// Ends for want of memory before it started.
    kills: Kills,
    /// Its libraries and their symbols.
    pub(crate) symbols: Symbols,
    report: OnceLock<Report>,
    orderly: AtomicBool,
}

/// What a child process is put together from.
pub(crate) struct Parts {
    pub(crate) pid: libc::pid_t,
    pub(crate) pidfd: Option<Kept>,
    pub(crate) socket: Kept,
    pub(crate) memory: Memory,
    pub(crate) control: Arc<Mapping>,
    pub(crate) control_file: Kept,
    pub(crate) output: Option<Output>,
}

impl ChildProcess {
    pub(crate) fn new(parts: Parts) -> ChildProcess {
        let Parts {
            pid,
            pidfd,
            socket,
            memory,
            control,
            control_file,
            output,
        } = parts;
        ChildProcess {
            pid,
            pidfd,
            memory,
            control,
            control_file,
            output,
            threads: Mutex::default(),
            socket,
            asking: Mutex::default(),
            queues: Mutex::default(),
            dead: AtomicBool::new(false),
            death: OnceLock::new(),
            ended: Mutex::new(false),
            ended_signal: Condvar::new(),
            reason: Mutex::default(),
            presumed: Mutex::default(),
            told_to_end: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            kills: Kills::so_far(),
            symbols: Symbols::default(),
            report: OnceLock::new(),
            orderly: AtomicBool::new(false),
        }
    }

    /// Whether the VE process has ended.
    #[inline]
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// How it ended.
    pub(crate) fn death(&self) -> Option<&Death> {
        self.death.get()
    }

    /// What ended it, in words and with the place.
    pub(crate) fn report(&self) -> &Report {
        self.report.get_or_init(|| match self.death() {
            Some(death) => Report::new(death, &self.symbols),
            None => Report::default(),
        })
    }

    /// Whether it ended because the host asked it to.
    pub(crate) fn ended_in_order(&self) -> bool {
        self.orderly.load(Ordering::Acquire)
    }

    /// Announces that the end to come is wanted.
    pub(crate) fn expect_end(&self) {
        self.orderly.store(true, Ordering::Release);
    }

    /// The failure of a call because the process has ended.
    pub(crate) fn gone(&self) -> Error {
        Error::new(
            libc::ESRCH,
            format!("the VE process has ended: {}", self.report().text),
        )
    }

    /// Fails if the process has ended.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_dead() {
            Err(self.gone())
        } else {
            Ok(())
        }
    }

    /// The number of the descriptor that connects the process with us, or -1 if the
    /// program has closed it.
    pub(crate) fn connection(&self) -> libc::c_int {
        self.socket.number()
    }

    /// Whether the program has closed descriptors that connect the process with us, by
    /// which the process takes us for dead.
    fn is_cut_off(&self) -> bool {
        !self.control_file.is_ours() || !self.socket.is_ours()
    }

    /// The shared page.
    pub(crate) fn control(&self) -> &Control {
        self.control.view()
    }

    /// Whether the function at this address gets addresses with their tags: if its library
    /// asks for them. One that was not looked up gets none.
    pub(crate) fn asks_for_tags(&self, address: u64) -> bool {
        let library = self.symbols.described(address);
        library.is_some_and(|library| library.asks_for_tags(self.pid))
    }

    /// Makes a queue known, so that it learns of the process's end.
    pub(crate) fn enrol(&self, queue: &Arc<Queue>) {
        let mut queues = lock(&self.queues);
        queues.retain(|queue| queue.strong_count() > 0);
        queues.push(Arc::downgrade(queue));
        drop(queues);
        if let Some(death) = self.death() {
            queue.fail(death);
        }
    }

    /// The queues of all contexts.
    pub(crate) fn queues(&self) -> Vec<Arc<Queue>> {
        lock(&self.queues)
            .iter()
            .filter_map(Weak::upgrade)
            .collect()
    }

    /// Called by the watching thread, or by who gives the process up: every wait ends.
    pub(crate) fn has_ended(&self, signal: Option<i32>, status: Option<i32>) {
        if let Some(output) = &self.output {
            output.flush_last();
        }
        let fault = self.control().fault.read();
        // It may have ended by itself just before.
        let told =
            signal.is_none() && (status.is_none() || self.told_to_end.load(Ordering::Acquire));
        let is_killed = signal == Some(libc::SIGKILL) || fault.is_none() && told;
        let mut reason = lock(&self.reason).clone().filter(|_| is_killed);
        if reason.is_none() && fault.is_none() && is_killed {
            reason = lock(&self.presumed).clone();
        }
        if reason.is_none() && fault.is_none() && signal.is_none() && self.is_cut_off() {
            reason = Some(Reason::broken(CUT_OFF));
        }
        let death = Death {
            work: self
                .queues()
                .iter()
                .filter_map(|queue| queue.work())
                .collect(),
            signal,
            status,
            fault,
            reason,
            out_of_memory: signal == Some(libc::SIGKILL) && self.kills.are_more_now(),
        };
        if self.death.set(death).is_err() {
            return;
        }
        // Before anybody learns of the end: a program may leave at once when it does.
        if !self.ended_in_order() {
            debug!("VE process {}: {}", self.pid, self.report().text);
            if VE_TRACEBACK.get().is_some() {
                self.print_trace();
            }
        }
        self.dead.store(true, Ordering::Release);
        if let Some(death) = self.death() {
            for queue in self.queues() {
                queue.fail(death);
            }
        }
        self.memory.abandon();
        *lock(&self.ended) = true;
        self.ended_signal.notify_all();
    }

    /// Prints the calls that led to a fault, as the VE's own runtime does on request.
    fn print_trace(&self) {
        let report = self.report();
        if !report.trace.is_empty() {
            // A standard error that is gone must not end the watching thread.
            let _ = write!(
                io::stderr(),
                "VE process {}: {}\n{}",
                self.pid,
                report.text,
                report.trace
            );
        }
    }

    /// Waits for the end. `false` if `limit` passed first.
    pub(crate) fn wait_for_end(&self, limit: Duration) -> bool {
        const LOOK: Duration = Duration::from_millis(200);
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let (ended, _) = self
                .ended_signal
                .wait_timeout_while(lock(&self.ended), left.min(LOOK), |ended| !*ended)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if *ended || left.is_zero() {
                return *ended;
            }
            drop(ended);
            self.queues()
                .iter()
                .for_each(|queue| queue.collect_thread());
        }
    }

    /// Adds a thread that ends with the process.
    pub(crate) fn add_thread(&self, thread: JoinHandle<()>) {
        lock(&self.threads).push(thread);
    }

    /// Waits for the threads of an ended process.
    pub(crate) fn join(&self) {
        if let Some(output) = &self.output {
            output.stop();
        }
        if self.abandoned.load(Ordering::Acquire) {
            // The watching thread goes on until the process ends after all.
            return;
        }
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }

    /// Whether a function of the program gets what kernels print.
    #[inline]
    pub(crate) fn forwards_output(&self) -> bool {
        self.output.is_some()
    }

    /// Waits until the program has seen what kernels have printed so far, or the time is up.
    #[inline]
    pub(crate) fn flush_output(&self, until: Option<Instant>) {
        if let Some(output) = &self.output {
            output.flush(until);
        }
    }

    /// Sends a message with a descriptor and waits for the answer. Returns its number.
    pub(crate) fn ask(&self, message: &Message, fd: i32) -> Result<u64> {
        self.check()?;
        let _asking = lock(&self.asking);
        let Ok(connection) = self.socket.get() else {
            return Err(Error::new(libc::EBADF, CUT_OFF));
        };
        socket::send(connection, &message.encode(), &[fd]).map_err(|error| self.lost(&error))?;
        match self.answer(connection, PATIENCE)? {
            Message::Ready { image, .. } => Ok(image),
            Message::Failed(text) => Err(Error::new(libc::EAGAIN, text)),
            _ => Err(self.confused()),
        }
    }

    /// What came over the socket makes no sense: nothing of this process can be relied on.
    fn confused(&self) -> Error {
        self.end(Reason::broken(
            "it sent something that is no answer over its socket",
        ));
        self.wait_for_end(PATIENCE);
        self.lost(&io::ErrorKind::InvalidData.into())
    }

    fn lost(&self, error: &io::Error) -> Error {
        self.check().err().unwrap_or_else(|| {
            let mut error = Error::io("the connection to the VE process broke", error);
            error.text += "; did a kernel close its descriptors?";
            error
        })
    }

    fn answer(&self, socket: BorrowedFd<'_>, limit: Duration) -> Result<Message> {
        let end = Instant::now() + limit;
        loop {
            match super::start::receive(socket, Duration::from_millis(100)) {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {
                    self.check()?;
                    if Instant::now() > end {
                        self.end(Reason::broken("it did not answer over its socket"));
                        return Err(self.lost(&io::ErrorKind::TimedOut.into()));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    return Err(self.confused());
                }
                Err(error) => {
                    // The end is certain; the watching thread is about to see it.
                    self.wait_for_end(Duration::from_secs(1));
                    return Err(self.lost(&error));
                }
            }
        }
    }
}
