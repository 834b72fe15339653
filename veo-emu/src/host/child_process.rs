//! One VE process from the host's side: the child process, its memory, and its death.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use veo_abi::environment::VE_TRACEBACK;

use super::connection::{CUT_OFF, Connection, NoAnswer, PATIENCE};
use super::counts;
use super::death::{Death, Reason, Work};
use super::end::{ExitStatus, ProcessEnd};
use super::finding::{self, SanitizerFinding};
use super::memory::VeMemory;
use super::output::OutputForwarder;
use super::report::EndReport;
use super::sanitizers::Sanitizers;
use super::schedule::RequestSchedule;
use super::symbols::ProcessSymbols;
use crate::error::{Error, Result};
use crate::log::{debug, warn_once};
use crate::shared::control::RecordedCause;
use crate::shared::message::Message;
use crate::sync::lock;
use crate::sys::descriptor::KeptDescriptor;

/// A context, as far as the end of its process matters to it.
pub(crate) trait Dependant: Send + Sync {
    /// The work of its VE side, as far as the host can tell.
    fn work(&self) -> Option<Work>;

    /// Fails every result that has not come, because the process has ended.
    fn fail(&self, death: &Death);

    /// Notes when requests run, if the process now wants that.
    fn follow_timed(&self);

    /// Collects the VE side's thread if a kernel has made this program its tracer. Its process
    /// does not end before.
    fn collect_thread(&self);
}

/// The VE process and the state that the host shares with it.
pub(crate) struct ChildProcess {
    pub(crate) pid: libc::pid_t,
    pub(crate) pidfd: Option<KeptDescriptor>,
    pub(crate) memory: Arc<VeMemory>,
    pub(crate) connection: Connection,
    /// Its libraries and their symbols.
    pub(crate) symbols: ProcessSymbols,
    /// The order in which its requests start, if it differs from the order of their submission.
    pub(crate) schedule: Option<Arc<RequestSchedule>>,
    pub(super) end: ProcessEnd,
    output: Option<OutputForwarder>,
    pub(crate) sanitizers: Sanitizers,
    /// The file for the counts of a process that a kernel ends, if it counts what kernels execute.
    counts: Option<KeptDescriptor>,
    /// The counts when it ended.
    counted: OnceLock<String>,
    /// Threads that end with the process.
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Whether the times of requests are noted. Contexts read it with their lock held, so the last
    /// change counts.
    timed: AtomicBool,
    contexts: Mutex<Vec<Weak<dyn Dependant>>>,
}

/// A process that was started and is not yet a VE process.
pub(crate) struct Spawned {
    pub(crate) pid: libc::pid_t,
    pub(crate) pidfd: Option<KeptDescriptor>,
    pub(crate) end: ProcessEnd,
}

impl ChildProcess {
    pub(crate) fn new(
        Spawned { pid, pidfd, end }: Spawned,
        connection: Connection,
        memory: VeMemory,
        output: Option<OutputForwarder>,
        schedule: Option<Arc<RequestSchedule>>,
        sanitizers: Sanitizers,
    ) -> ChildProcess {
        ChildProcess {
            pid,
            pidfd,
            memory: Arc::new(memory),
            connection,
            symbols: ProcessSymbols::default(),
            schedule,
            end,
            output,
            sanitizers,
            counts: None,
            counted: OnceLock::new(),
            threads: Mutex::default(),
            timed: AtomicBool::new(false),
            contexts: Mutex::default(),
        }
    }

    /// The same process, which counts what kernels execute if there is a file for it.
    pub(crate) fn counting(self, counts: Option<KeptDescriptor>) -> ChildProcess {
        ChildProcess { counts, ..self }
    }

    /// Whether the VE process has ended.
    #[inline]
    pub(crate) fn is_dead(&self) -> bool {
        self.end.has_come()
    }

    /// How it ended.
    pub(crate) fn death(&self) -> Option<&Death> {
        self.end.death()
    }

    /// The cause of its end, in words and with the place.
    pub(crate) fn end_report(&self) -> &EndReport {
        self.end.end_report(&self.symbols)
    }

    /// Keeps the counts of kernels: the process is about to be killed.
    pub(super) fn keep_counts(&self) {
        if self.counts.is_some()
            && self.counted.get().is_none()
            && let Some(text) = counts::last_words(&self.connection, || self.is_dead())
        {
            let _ = self.counted.set(text);
        }
    }

    /// The instruction counts of kernels when the process was killed, or when a kernel of VE machine code
    /// ended it.
    pub(crate) fn counted(&self) -> Option<&str> {
        if self.counted.get().is_none()
            && self.is_dead()
            && let Some(text) = self.counts.as_ref().and_then(counts::left)
        {
            let _ = self.counted.set(text);
        }
        self.counted.get().map(String::as_str)
    }

    /// Whether it ended because the host asked it to.
    pub(crate) fn ended_in_order(&self) -> bool {
        self.end.is_expected()
    }

    /// Notes that the host wants the end.
    pub(crate) fn expect_end(&self) {
        self.end.expect();
    }

    /// The failure of a call because the process has ended.
    pub(crate) fn gone(&self) -> Error {
        Error::new(
            libc::ESRCH,
            format!("the VE process has ended: {}", self.end_report().text),
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

    /// Whether the function at this address gets addresses with their tags, because its library
    /// asks for them.
    pub(crate) fn asks_for_tags(&self, address: u64) -> bool {
        let library = self.symbols.described(address);
        library.is_some_and(|library| library.asks_for_tags(self.pid))
    }

    /// Makes a context known, so that it learns of the process's end.
    pub(crate) fn enrol(&self, context: Weak<dyn Dependant>) {
        let mut contexts = lock(&self.contexts);
        contexts.retain(|context| context.strong_count() > 0);
        contexts.push(context.clone());
        drop(contexts);
        if let (Some(death), Some(context)) = (self.death(), context.upgrade()) {
            context.fail(death);
        }
    }

    /// Sets in all contexts whether the times of requests are noted.
    pub(crate) fn set_timed(&self, timed: bool) {
        self.timed.store(timed, Ordering::SeqCst);
        for context in self.contexts() {
            context.follow_timed();
        }
    }

    /// Whether the times of requests are noted.
    pub(crate) fn is_timed(&self) -> bool {
        self.timed.load(Ordering::SeqCst)
    }

    fn contexts(&self) -> Vec<Arc<dyn Dependant>> {
        let contexts = lock(&self.contexts);
        contexts.iter().filter_map(Weak::upgrade).collect()
    }

    /// The work of all contexts.
    pub(crate) fn work(&self) -> Vec<Work> {
        let contexts = self.contexts();
        contexts
            .iter()
            .filter_map(|context| context.work())
            .collect()
    }

    /// Ends every wait. The watching thread calls this, or the code that gives the process up.
    pub(crate) fn has_ended(&self, status: ExitStatus) {
        if let Some(output) = &self.output {
            output.flush_last();
        }
        let fault = self.connection.control().fault.read();
        let finding = self.finding();
        let work = self.work();
        let is_cut_off = self.connection.is_cut_off();
        let cut_off = is_cut_off.then(|| Reason::broken(CUT_OFF));
        let place = fault
            .as_ref()
            .and_then(|fault| fault.address)
            .or(finding.as_ref().and_then(|finding| finding.address))
            .and_then(|address| self.memory.explain(address))
            .map(|place| match &fault {
                // The damage was found while the block was freed.
                Some(fault) if fault.cause == RecordedCause::Overwritten => place.of_block(),
                _ => place.to_string(),
            });
        let Some(death) = self
            .end
            .settle(status, fault, finding, work, cut_off, place)
        else {
            return;
        };
        if let Some(finding) = &death.finding {
            // A standard error that is gone must not end the watching thread.
            let _ = io::stderr().write_all(finding.text.as_bytes());
        }
        // This comes before other threads see the end, because the program may exit right then.
        if !self.ended_in_order() {
            debug!("VE process {}: {}", self.pid, self.end_report().text);
            if VE_TRACEBACK.get().is_some() {
                self.print_trace();
            }
        }
        self.end.come();
        for context in self.contexts() {
            context.fail(death);
        }
        self.memory.abandon();
        self.end.announce();
    }

    /// The report of a sanitizer about the process, which has ended: a sentence in a line, then
    /// the report.
    pub(crate) fn judgement(&self) -> Option<String> {
        let death = self.death()?;
        let finding = death.finding.as_ref()?;
        let mut line = finding.headline.clone();
        match &finding.place {
            _ if !self.ended_in_order() => line.clone_from(&self.end_report().text),
            Some(place) => {
                line += &format!(
                    ", the first allocated in {}, {}:{}",
                    place.function, place.file, place.line
                );
            }
            None => {}
        }
        Some(format!("{line}\n{}", finding.text))
    }

    /// The reports of sanitizers.
    fn finding(&self) -> Option<SanitizerFinding> {
        /// The most that is read of reports: the first one says what ended the process.
        const LONGEST: u64 = 1 << 20;
        let file = self.sanitizers.reports.as_ref()?.get().ok()?;
        let file = File::from(file.try_clone_to_owned().ok()?);
        let len = file.metadata().ok()?.len().min(LONGEST);
        let mut bytes = vec![0; len as usize];
        // The VE process has moved the place in the file that both share.
        file.read_exact_at(&mut bytes, 0).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        if finding::leaks_unknown(&text) {
            warn_once!(
                "leaks of kernels are not looked for, since LeakSanitizer may not stop the VE \
                 process (does a debugger hold it, or does a container forbid ptrace?); \
                 ASAN_OPTIONS=detect_leaks=0 silences this"
            );
        }
        SanitizerFinding::read(&text)
    }

    /// Prints the calls that led to a fault, as the VE's own runtime does on request.
    fn print_trace(&self) {
        let report = self.end_report();
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
        self.end.wait(limit, || {
            for context in self.contexts() {
                context.collect_thread();
            }
        })
    }

    /// Adds a thread that ends with the process.
    pub(crate) fn add_thread(&self, thread: JoinHandle<()>) {
        lock(&self.threads).push(thread);
    }

    /// Waits for the threads of an ended process.
    pub(crate) fn join(&self) {
        if let Some(schedule) = &self.schedule {
            schedule.end();
        }
        if let Some(output) = &self.output {
            output.stop();
        }
        if self.end.is_abandoned() {
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
        match self.connection.ask(message, fd, || self.is_dead()) {
            Ok(Message::Ready { image, .. }) => Ok(image),
            Ok(Message::Failed(text)) => Err(Error::new(libc::EAGAIN, text)),
            // Such a process is broken.
            Ok(_) | Err(NoAnswer::Malformed) => {
                self.end_because(Reason::broken(
                    "it sent something that is no answer over its socket",
                ));
                self.wait_for_end(PATIENCE);
                Err(self.lost(&io::ErrorKind::InvalidData.into()))
            }
            Err(NoAnswer::CutOff) => Err(Error::new(libc::EBADF, CUT_OFF)),
            Err(NoAnswer::NotSent(error)) => Err(self.lost(&error)),
            Err(NoAnswer::Lost(error)) => {
                // The end is certain; the watching thread is about to see it.
                self.wait_for_end(Duration::from_secs(1));
                Err(self.lost(&error))
            }
            Err(NoAnswer::Late) => {
                self.end_because(Reason::broken("it did not answer over its socket"));
                Err(self.lost(&io::ErrorKind::TimedOut.into()))
            }
            Err(NoAnswer::Over) => Err(self.gone()),
        }
    }

    /// The failure of a question without an answer.
    fn lost(&self, error: &io::Error) -> Error {
        self.check().err().unwrap_or_else(|| {
            let mut error = Error::io("the connection to the VE process broke", error);
            error.text += "; did a kernel close its descriptors?";
            error
        })
    }
}
