//! The end of a VE process: whether and how it has ended, why the host ended it, and which
//! threads wait for that. It also counts the processes that the system killed because memory ran
//! out.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::death::{Death, Reason, Work};
use super::finding::SanitizerFinding;
use super::report::EndReport;
use super::symbols::ProcessSymbols;
use crate::shared::control::RecordedFault;
use crate::sync::lock;

/// How a process ended, as the system tells; empty if it does not.
#[derive(Clone, Copy, Default)]
pub(crate) struct ExitStatus {
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// The status it exited with.
    pub(crate) exit: Option<i32>,
}

/// The end of one VE process, before and after it has come.
pub(crate) struct ProcessEnd {
    has_come: AtomicBool,
    death: OnceLock<Death>,
    report: OnceLock<EndReport>,
    /// The host has asked for an orderly end.
    expected: AtomicBool,
    /// Why the host ends it.
    reason: Mutex<Option<Reason>>,
    /// Why it was killed, unless another cause turns out.
    presumed: Mutex<Option<Reason>>,
    /// It was told to end itself.
    ordered: AtomicBool,
    /// It could not be ended, and no thread waits for it any more.
    abandoned: AtomicBool,
    /// Count of out-of-memory kills before it started.
    kills: Kills,
    announced: Mutex<bool>,
    announcement: Condvar,
}

impl ProcessEnd {
    pub(crate) fn new() -> ProcessEnd {
        ProcessEnd {
            has_come: AtomicBool::new(false),
            death: OnceLock::new(),
            report: OnceLock::new(),
            expected: AtomicBool::new(false),
            reason: Mutex::default(),
            presumed: Mutex::default(),
            ordered: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            kills: Kills::so_far(),
            announced: Mutex::default(),
            announcement: Condvar::new(),
        }
    }

    // ---- before the end ----

    /// Notes that the host wants the end.
    pub(crate) fn expect(&self) {
        self.expected.store(true, Ordering::Release);
    }

    /// Whether the host asked for it.
    pub(crate) fn is_expected(&self) -> bool {
        self.expected.load(Ordering::Acquire)
    }

    /// Notes why the process is ended, if there was no reason before.
    pub(crate) fn give_reason(&self, reason: Reason) {
        lock(&self.reason).get_or_insert(reason);
    }

    /// Notes why it is ended, unless another cause turns out.
    pub(crate) fn presume(&self, reason: Reason) {
        lock(&self.presumed).get_or_insert(reason);
    }

    /// Notes that the process was told to end itself.
    pub(crate) fn order(&self) {
        self.ordered.store(true, Ordering::Release);
    }

    /// Gives up a process that cannot be ended.
    pub(crate) fn abandon(&self, reason: Reason) {
        self.abandoned.store(true, Ordering::Release);
        lock(&self.reason).replace(reason);
    }

    /// Whether no thread waits for it any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    // ---- the end ----

    /// Settles how the process ended. `None`: that was settled before. Other threads do not see
    /// the end yet.
    pub(crate) fn settle(
        &self,
        status: ExitStatus,
        fault: Option<RecordedFault>,
        finding: Option<SanitizerFinding>,
        work: Vec<Work>,
        cut_off: Option<Reason>,
        place: Option<String>,
    ) -> Option<&Death> {
        let ExitStatus { signal, exit } = status;
        // It may have ended by itself just before.
        let told = signal.is_none() && (exit.is_none() || self.ordered.load(Ordering::Acquire));
        let is_killed = signal == Some(libc::SIGKILL) || fault.is_none() && told;
        let mut reason = lock(&self.reason).clone().filter(|_| is_killed);
        if reason.is_none() && fault.is_none() && is_killed {
            reason = lock(&self.presumed).clone();
        }
        if reason.is_none() && fault.is_none() && signal.is_none() {
            reason = cut_off;
        }
        let death = Death {
            work,
            place,
            signal,
            status: exit,
            fault,
            finding,
            reason,
            out_of_memory: signal == Some(libc::SIGKILL) && self.kills.are_more_now(),
        };
        self.death.set(death).ok()?;
        self.death.get()
    }

    /// Makes the end visible to all threads.
    pub(crate) fn come(&self) {
        self.has_come.store(true, Ordering::Release);
    }

    /// Wakes the threads that wait for it.
    pub(crate) fn announce(&self) {
        *lock(&self.announced) = true;
        self.announcement.notify_all();
    }

    // ---- after the end ----

    /// Whether the process has ended.
    #[inline]
    pub(crate) fn has_come(&self) -> bool {
        self.has_come.load(Ordering::Acquire)
    }

    /// How it ended.
    pub(crate) fn death(&self) -> Option<&Death> {
        self.death.get()
    }

    /// The cause of its end, in words and with the place; `symbols` are those of the process.
    pub(crate) fn end_report(&self, symbols: &ProcessSymbols) -> &EndReport {
        self.report.get_or_init(|| match self.death() {
            Some(death) => EndReport::new(death, symbols),
            None => EndReport::default(),
        })
    }

    /// Waits until it is announced, and does `meanwhile` now and then. `false` if `limit`
    /// passed first.
    pub(crate) fn wait(&self, limit: Duration, meanwhile: impl Fn()) -> bool {
        const LOOK: Duration = Duration::from_millis(200);
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let (announced, _) = self
                .announcement
                .wait_timeout_while(lock(&self.announced), left.min(LOOK), |announced| {
                    !*announced
                })
                .unwrap_or_else(PoisonError::into_inner);
            if *announced || left.is_zero() {
                return *announced;
            }
            drop(announced);
            meanwhile();
        }
    }
}

/// How often the system has killed processes because memory was out. It uses SIGKILL, which
/// other processes send too, but it also counts these kills.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kills(Option<u64>);

impl Kills {
    /// The current count.
    pub(crate) fn so_far() -> Kills {
        Kills(kills_in_own_group().or_else(|| kills_in("/proc/vmstat")))
    }

    /// Whether there were more since then.
    pub(crate) fn are_more_now(self) -> bool {
        matches!((self.0, Kills::so_far().0), (Some(before), Some(now)) if now > before)
    }
}

/// The count of this program's control group, which its VE processes are in.
fn kills_in_own_group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().find_map(|line| {
        let (_, line) = line.split_once(':')?;
        let (controllers, path) = line.split_once(':')?;
        if controllers.is_empty() {
            return kills_in(&format!("/sys/fs/cgroup{path}/memory.events"));
        }
        let is_memory = controllers.split(',').any(|name| name == "memory");
        let file = format!("/sys/fs/cgroup/memory{path}/memory.oom_control");
        is_memory.then(|| kills_in(&file)).flatten()
    })
}

/// The value in the line `oom_kill` of a file.
fn kills_in(path: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}
