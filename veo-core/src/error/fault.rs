//! The cause of a VE process's end.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use veo_abi::hmem;

/// The cause of a VE process's end, as far as the backend knows it.
///
/// Its text ends with what the program can do about it; `{fault:#}` is without that, for the users of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Why it ended.
    pub cause: Cause,
    /// The kernel that was called, as its symbol.
    pub kernel: Option<String>,
    /// The operation under way, if it was no kernel: a library was loaded, unloaded.
    pub operation: Option<String>,
    /// Number of the signal on the VE.
    pub signal: Option<i32>,
    /// The status with which the process exited, if it was not a signal.
    pub exit_status: Option<i32>,
    /// The address that was accessed, where the processor tells.
    pub address: Option<u64>,
    /// The position of the address, as in "8 bytes past the 100 f64 allocated at src/main.rs:12": known if
    /// memory is guarded ([`Guard`](crate::Guard)).
    pub memory: Option<String>,
    /// The machine's remark, as in "a write": known for VE machine code on the emulated node.
    pub detail: Option<String>,
    /// The function in which it happened, as its source names it: the kernel itself or
    /// one that it called. Known with debug information or a symbol table.
    pub function: Option<String>,
    /// The source file and line.
    pub source: Option<(String, u32)>,
    /// The backend's own words.
    pub text: Option<String>,
    /// The whole report of the sanitizer that ended the process: [`Cause::Sanitizer`].
    pub report: Option<String>,
}

/// Why a VE process ended: see [`Fault`]. With NEC's library signals are known, and
/// whether the program killed it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The backend does not tell.
    #[default]
    Unknown,
    /// A kernel raised a signal: [`Fault::signal`].
    Signal,
    /// A kernel needed more stack than its context has.
    /// [`ContextOptions::stack_size`](crate::ContextOptions::stack_size) gives more.
    StackOverflow {
        /// The size of the stack in bytes, if it is known.
        stack_size: Option<u64>,
    },
    /// A kernel ended its process, by `exit` perhaps: [`Fault::exit_status`].
    Exit,
    /// A kernel ended its own thread.
    ThreadExit,
    /// Something took longer than
    /// [`VeoProcBuilder::time_limit`](crate::VeoProcBuilder::time_limit) allows.
    TimeLimit {
        /// The limit.
        limit: Duration,
    },
    /// The program called [`VeoProc::kill`](crate::VeoProc::kill).
    Killed {
        /// The place, if it was not the backend's own function.
        at: Option<&'static Location<'static>>,
    },
    /// Memory around a block was found overwritten ([`Fault::memory`]) when the kernel ended or
    /// when the block was freed. The kernel did it, or one that ran beside it or before it.
    /// This is noticed only if memory is guarded ([`Guard`](crate::Guard)).
    Overwritten,
    /// The signal [`Fault::signal`] was sent, by another process or by a kernel.
    Sent {
        /// The number of the process that did, if it is known.
        sender: Option<i32>,
    },
    /// The host was out of memory and its system ended the process, it seems.
    OutOfMemory,
    /// The process could not go on: [`Fault::text`].
    Broken,
    /// A sanitizer that its kernels were built with found a mistake in one of them and ended
    /// the process: [`Fault::text`], [`Fault::report`].
    Sanitizer,
}

/// The signal that nothing raises by mistake.
const SIGKILL: i32 = 9;

impl Fault {
    /// The event, without the place.
    fn what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.subject();
        let signal = || self.signal.map_or_else(|| "a signal".into(), signal_name);
        match self.cause {
            Cause::TimeLimit { limit } => {
                write!(f, "{subject} took longer than the time limit of {limit:?}")
            }
            Cause::StackOverflow { stack_size } => {
                write!(f, "{subject} overflowed its stack")?;
                if let Some(size) = stack_size {
                    write!(f, " of {size} bytes")?;
                }
                f.write_str(" (SIGSEGV)")
            }
            Cause::Killed { at } => {
                f.write_str("the program killed the VE process by VeoProc::kill")?;
                if let Some(at) = at {
                    write!(f, " in {}:{}", at.file(), at.line())?;
                }
                f.write_str(&self.meanwhile())
            }
            Cause::Sent { sender } => {
                match sender {
                    Some(sender) => write!(f, "process {sender} sent the VE process {}", signal())?,
                    None => write!(f, "the VE process was sent {}", signal())?,
                }
                f.write_str(&self.meanwhile())
            }
            Cause::OutOfMemory => {
                f.write_str(
                    "the host was out of memory, it seems, and its system ended the VE process",
                )?;
                f.write_str(&self.meanwhile())
            }
            Cause::Overwritten => {
                let place = self.memory.as_deref().unwrap_or("around a block");
                write!(f, "the VE memory {place} was found overwritten")?;
                match &self.kernel {
                    Some(kernel) => write!(f, " at the end of kernel {kernel}"),
                    None => f.write_str(&self.meanwhile()),
                }
            }
            Cause::ThreadExit => write!(f, "{subject} ended its thread (pthread_exit)"),
            Cause::Broken | Cause::Sanitizer => f.write_str(
                self.text
                    .as_deref()
                    .unwrap_or("the VE process could not go on"),
            ),
            Cause::Signal | Cause::Exit | Cause::Unknown => match (self.signal, self.exit_status) {
                (Some(SIGKILL), _) => {
                    write!(f, "the VE process got {}", signal())?;
                    f.write_str(&self.meanwhile())
                }
                (Some(signal), _) => match self.kernel {
                    Some(_) => write!(f, "{subject} raised {}", signal_name(signal)),
                    None => write!(f, "the VE process got {}", signal_name(signal)),
                },
                (None, Some(status)) if self.kernel.is_some() || self.operation.is_some() => {
                    write!(f, "{subject} ended its process with exit status {status}")
                }
                (None, Some(status)) => {
                    write!(f, "the VE process ended with exit status {status}")
                }
                (None, None) => f.write_str(self.text.as_deref().unwrap_or("the VE process ended")),
            },
        }
    }

    /// The place of the event.
    fn place(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(address) = self.address.filter(|_| self.cause != Cause::Overwritten) {
            write!(f, " at address {address:#x}")?;
        }
        let mut place = self.code_place();
        if self.cause == Cause::Signal {
            if self.kernel.is_none() {
                place.push_str(&self.meanwhile());
            }
            let mut parts = self.memory.iter().chain(&self.detail).peekable();
            if parts.peek().is_some() && !place.is_empty() {
                place.insert(0, ',');
            }
            parts.try_for_each(|part| write!(f, ", {part}"))?;
        }
        f.write_str(&place)
    }

    /// The advice for the cause.
    fn advice(&self) -> &'static str {
        match self.cause {
            Cause::TimeLimit { .. } => "; VeoProcBuilder::time_limit sets it",
            Cause::StackOverflow { .. } => {
                "; ContextOptions::stack_size gives a context a larger one"
            }
            Cause::Signal if self.address.is_some_and(hmem::is_tagged_address) => {
                "; the address has the tag of its process (hmem), which kernels get if their \
                 library asks for tags: veo_get_hmem_addr gives it without"
            }
            _ => "",
        }
    }

    /// The subject of the sentence.
    fn subject(&self) -> String {
        match (&self.kernel, &self.operation) {
            (Some(kernel), _) => format!("kernel {kernel}"),
            (None, Some(operation)) => operation.clone(),
            (None, None) => "the VE process".into(),
        }
    }

    /// The operation that was under way when another event ended the process.
    fn meanwhile(&self) -> String {
        match (&self.kernel, &self.operation) {
            (Some(kernel), _) => format!(" while kernel {kernel} ran"),
            (None, Some(operation)) => format!(" while {operation}"),
            (None, None) => String::new(),
        }
    }

    /// The function, if it is not the kernel itself, and the line.
    fn code_place(&self) -> String {
        let inner = self
            .function
            .as_ref()
            .filter(|name| self.kernel.as_ref() != Some(name));
        match (inner, &self.source) {
            (Some(function), Some((file, line))) => format!(" in {function}, {file}:{line}"),
            (Some(function), None) => format!(" in {function}"),
            (None, Some((file, line))) => format!(" in {file}:{line}"),
            (None, None) => String::new(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what(f)?;
        // Otherwise the backend's words have the place.
        if !matches!(self.cause, Cause::Broken | Cause::Sanitizer) {
            self.place(f)?;
        }
        if f.alternate() {
            return Ok(());
        }
        f.write_str(self.advice())?;
        f.write_str("; a new VeoProc is needed")
    }
}

/// `SIGSEGV (11, invalid memory access)`
pub(crate) fn signal_name(signal: i32) -> String {
    match veo_abi::signal::named(signal) {
        Some((name, meaning)) => format!("{name} ({signal}, {meaning})"),
        None => format!("signal {signal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every combination of what may be known of an end.
    fn faults() -> Vec<Fault> {
        let causes = [
            Cause::Unknown,
            Cause::Signal,
            Cause::StackOverflow {
                stack_size: Some(4096),
            },
            Cause::Exit,
            Cause::ThreadExit,
            Cause::TimeLimit {
                limit: Duration::from_secs(1),
            },
            Cause::Killed { at: None },
            Cause::Overwritten,
            Cause::Sent { sender: Some(7) },
            Cause::OutOfMemory,
            Cause::Broken,
            Cause::Sanitizer,
        ];
        let some = |known: bool, text: &str| known.then(|| text.to_owned());
        let known = |cause, bits: u32| {
            let has = |bit: u32| bits & 1 << bit != 0;
            Fault {
                cause,
                kernel: some(has(0), "scale"),
                operation: some(has(1), "loading library libk.so"),
                signal: has(2).then_some(11),
                exit_status: has(3).then_some(3),
                address: has(4).then_some(0x1000),
                memory: some(
                    has(5),
                    "8 bytes past the 100 f64 allocated at src/main.rs:12",
                ),
                detail: some(has(6), "a write"),
                function: some(has(7), "inner"),
                source: has(8).then(|| ("k.c".into(), 3)),
                text: None,
                report: None,
            }
        };
        let each = |cause| (0..1 << 9).map(move |bits| known(cause, bits));
        causes.into_iter().flat_map(each).collect()
    }

    #[test]
    fn whatever_is_known_makes_a_sentence() {
        for fault in faults() {
            let text = format!("{fault:#}{fault}");
            for wrong in [",;", ", ;", ",,", "  ", " ,", ": ;"] {
                assert!(!text.contains(wrong), "{wrong:?} in {text:?} of {fault:?}");
            }
            let asides = text.contains("allocated at") && text.contains(", a write");
            let place = text.contains(" in inner, k.c:3");
            if fault.cause == Cause::Signal && asides && place {
                assert!(text.contains(", a write, in inner, k.c:3"), "{text:?}");
            }
        }
    }
}
