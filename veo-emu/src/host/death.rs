//! How a VE process ended, in numbers and in a sentence, and the work that it had.

use std::time::Duration;

use super::finding::SanitizerFinding;
use crate::shared::control::{FAULT_SIGNALS, RecordedCause, RecordedFault};
use crate::shared::parcel::Task;

/// The work of a context's VE side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) context: u32,
    /// Id of the request, or number of the parcel if there is no kernel.
    pub(crate) number: u64,
    pub(crate) kind: WorkKind,
}

/// The kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkKind {
    /// The kernel at this address.
    Kernel(u64),
    /// The task of a parcel.
    Task(Task),
    /// The end of a context's thread, and of the process if it is the last one.
    Close { last: bool },
}

impl WorkKind {
    /// The kernel that runs.
    pub(crate) fn kernel(self) -> Option<u64> {
        match self {
            WorkKind::Kernel(address) => Some(address),
            _ => None,
        }
    }
}

/// The end of a VE process.
#[derive(Clone, Debug)]
pub(crate) struct Death {
    /// The signal that ended it, as the system tells.
    pub(crate) signal: Option<i32>,
    /// Its exit status, if it exited and the system told.
    pub(crate) status: Option<i32>,
    /// Its own fault report.
    pub(crate) fault: Option<RecordedFault>,
    /// The finding of a sanitizer.
    pub(crate) finding: Option<SanitizerFinding>,
    /// Why the host ended it, if the host did.
    pub(crate) reason: Option<Reason>,
    /// Whether the system killed processes meanwhile because memory was out.
    pub(crate) out_of_memory: bool,
    /// The work of its contexts.
    pub(crate) work: Vec<Work>,
    /// Where the address of its fault lies, if its memory is guarded.
    pub(crate) place: Option<String>,
}

/// Why the host ends a VE process.
#[derive(Clone, Debug)]
pub(crate) struct Reason {
    pub(crate) kind: ReasonKind,
    /// The same in words.
    pub(crate) text: String,
}

/// The kind of a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReasonKind {
    /// The program asked for it.
    Requested,
    /// An operation took longer than this.
    TimeLimit(Duration),
    /// It cannot go on.
    Broken,
}

impl Reason {
    /// It cannot go on, as `text` says.
    pub(crate) fn broken(text: impl Into<String>) -> Reason {
        Reason {
            kind: ReasonKind::Broken,
            text: text.into(),
        }
    }
}

/// The cause of a VE process's end, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Unknown.
    Unknown,
    /// A kernel raised the signal.
    Signal,
    /// A kernel's stack, of so many bytes, was too small.
    StackOverflow(u64),
    /// A kernel called `exit`, or called a function that did.
    Exit,
    /// A kernel ended its thread.
    ThreadExit,
    /// A signal was sent, by the process of this number if it is not 0.
    Sent(i32),
    /// The system was out of memory.
    OutOfMemory,
    /// Memory around a block was found overwritten.
    Overwritten,
    /// A sanitizer ended the process because of its finding.
    Finding,
    /// The host ended it.
    Host(ReasonKind),
}

impl Death {
    /// The context and request that the fault belongs to.
    pub(crate) fn culprit(&self) -> Option<(u32, u64)> {
        let fault = self.fault.as_ref()?;
        Some((fault.context?, fault.id))
    }

    /// The finding of a sanitizer, if it ended the process.
    pub(crate) fn judged(&self) -> Option<&SanitizerFinding> {
        let aborted = self.signal == Some(libc::SIGABRT);
        self.finding
            .as_ref()
            .filter(|_| aborted && self.reason.is_none())
    }

    /// The cause of its end.
    pub(crate) fn ended(&self) -> Ended {
        if let Some(reason) = &self.reason {
            return Ended::Host(reason.kind);
        }
        if self.judged().is_some() {
            return Ended::Finding;
        }
        match (&self.fault, self.signal, self.status) {
            (Some(fault), ..) => match fault.cause {
                RecordedCause::Signal => Ended::Signal,
                RecordedCause::StackOverflow => Ended::StackOverflow(fault.stack),
                RecordedCause::Outside => Ended::Sent(fault.sender),
                RecordedCause::ThreadExit => Ended::ThreadExit,
                RecordedCause::Exit => Ended::Exit,
                RecordedCause::Overwritten => Ended::Overwritten,
            },
            (None, Some(libc::SIGKILL), _) if self.out_of_memory => Ended::OutOfMemory,
            (None, Some(signal), _) if FAULT_SIGNALS.contains(&signal) => Ended::Signal,
            (None, Some(_), _) => Ended::Sent(0),
            (None, None, Some(_)) => Ended::Exit,
            (None, None, None) => Ended::Unknown,
        }
    }

    /// The signal number that the faulting request gets as its result; `None`: the
    /// process did not end by a fault.
    pub(crate) fn exception(&self) -> Option<i32> {
        if self.reason.is_some() {
            return None;
        }
        match &self.fault {
            Some(fault) => {
                use RecordedCause::{Overwritten, Signal, StackOverflow};
                matches!(fault.cause, Signal | StackOverflow | Overwritten).then_some(fault.signal)
            }
            // A kernel that replaced or blocked the handlers still dies of its own fault.
            None => self.signal.filter(|signal| FAULT_SIGNALS.contains(signal)),
        }
    }

    /// The context and request that were running when it ended, if it is sure.
    pub(crate) fn guilty(&self) -> Option<(u32, u64)> {
        self.culprit().or(match self.work.as_slice() {
            [work] if work.kind.kernel().is_some() => Some((work.context, work.number)),
            _ => None,
        })
    }

    /// The function that was running when it ended, if there was just one.
    pub(crate) fn kernel(&self) -> Option<u64> {
        match &self.fault {
            Some(fault) if fault.kernel != 0 => Some(fault.kernel),
            _ => self.kind().and_then(WorkKind::kernel),
        }
    }

    /// The work under way when it ended, if there was only one.
    pub(crate) fn kind(&self) -> Option<WorkKind> {
        match self.work.as_slice() {
            [work] => Some(work.kind),
            _ => None,
        }
    }

    /// Whether [`what`](Self::what) ends with an aside, which needs a comma behind it.
    pub(crate) fn ends_with_an_aside(&self) -> bool {
        if self.reason.is_some() {
            return false;
        }
        if self.judged().is_some() {
            return self.place.is_some();
        }
        self.fault.as_ref().is_some_and(|fault| {
            let asides = self.place.is_some() || detail_of(fault).is_some();
            fault.cause == RecordedCause::Signal && asides
        })
    }

    /// The event, without the place.
    pub(crate) fn what(&self) -> String {
        if let Some(reason) = &self.reason {
            return reason.text.clone();
        }
        if let Some(finding) = self.judged() {
            return match &self.place {
                Some(place) => format!("{}, {place}", finding.headline),
                None => finding.headline.clone(),
            };
        }
        match &self.fault {
            Some(fault) => match fault.cause {
                RecordedCause::Signal => {
                    let mut text = describe_signal(fault.signal);
                    if let Some(address) = fault.address {
                        text += &format!(" at address {address:#x}");
                    }
                    for part in self.place.iter().chain(detail_of(fault)) {
                        text += &format!(", {part}");
                    }
                    text
                }
                RecordedCause::Overwritten => {
                    let place = self.place.as_deref().unwrap_or("around a block");
                    format!("the VE memory {place} was found overwritten")
                }
                RecordedCause::Outside => {
                    let sender = match fault.sender {
                        0 => "another process".into(),
                        number => format!("process {number}"),
                    };
                    format!("{sender} sent it {}", describe_signal(fault.signal))
                }
                RecordedCause::StackOverflow => {
                    format!(
                        "stack overflow (SIGSEGV; the stack has {} bytes, \
                         veo_set_thr_ctxt_stacksize gives a further context more)",
                        fault.stack
                    )
                }
                RecordedCause::ThreadExit => "the kernel ended its thread (pthread_exit)".into(),
                RecordedCause::Exit => format!(
                    "the kernel called exit({})",
                    self.status.map_or_else(String::new, |s| s.to_string())
                ),
            },
            None => match (self.signal, self.status) {
                (Some(libc::SIGKILL), _) if self.out_of_memory => {
                    "it seems that the system killed it (SIGKILL) because memory was out: the \
                     system counted such a kill"
                        .into()
                }
                (Some(signal), _) => format!("killed by {}", describe_signal(signal)),
                (None, Some(status)) => format!("it exited with status {status}"),
                (None, None) => "it ended for an unknown reason".into(),
            },
        }
    }
}

/// The machine's remark about a fault, if it has one.
fn detail_of(fault: &RecordedFault) -> Option<&String> {
    Some(&fault.detail).filter(|detail| !detail.is_empty())
}

/// The name of a signal and its meaning.
pub(crate) fn describe_signal(signal: i32) -> String {
    match veo_abi::signal::named(signal) {
        Some((name, meaning)) => format!("{name} ({meaning})"),
        None => format!("signal {signal}"),
    }
}
