//! What ended a VE process.

use std::fmt;

/// What ended a VE process, as far as the backend tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The kernel that was called, as its symbol.
    pub kernel: Option<String>,
    /// Number of the signal on the VE.
    pub signal: Option<i32>,
    /// The status with which the process exited, if it was not a signal.
    pub exit_status: Option<i32>,
    /// The address that was accessed.
    pub address: Option<u64>,
    /// The function in which it happened, as its source names it: the kernel itself or
    /// one that it called. Known with debug information or a symbol table.
    pub function: Option<String>,
    /// The source file and line.
    pub source: Option<(String, u32)>,
    /// The backend's own words.
    pub text: Option<String>,
}

/// The signal that nothing raises by mistake.
pub(crate) const SIGKILL: i32 = 9;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.kernel, self.signal, self.exit_status) {
            (Some(kernel), Some(SIGKILL), _) => {
                let signal = signal_name(SIGKILL);
                write!(f, "the VE process got {signal} while kernel {kernel} ran")?;
            }
            (Some(kernel), Some(signal), _) => {
                write!(f, "kernel {kernel} raised {}", signal_name(signal))?;
            }
            (None, Some(signal), _) => {
                write!(f, "the VE process got {}", signal_name(signal))?;
            }
            (Some(kernel), None, Some(status)) => {
                write!(
                    f,
                    "kernel {kernel} ended its process with exit status {status}"
                )?;
            }
            (None, None, Some(status)) => {
                write!(f, "the VE process ended with exit status {status}")?;
            }
            (_, None, None) => {
                f.write_str(self.text.as_deref().unwrap_or("the VE process ended"))?
            }
        }
        if let Some(address) = self.address {
            write!(f, " at address {address:#x}")?;
        }
        let inner = self
            .function
            .as_ref()
            .filter(|name| self.kernel.as_ref() != Some(name));
        match (inner, &self.source) {
            (Some(function), Some((file, line))) => write!(f, " in {function}, {file}:{line}")?,
            (Some(function), None) => write!(f, " in {function}")?,
            (None, Some((file, line))) => write!(f, " in {file}:{line}")?,
            (None, None) => {}
        }
        f.write_str("; a new VeoProc is needed")
    }
}

/// `SIGSEGV (11, invalid memory access)`
pub(crate) fn signal_name(signal: i32) -> String {
    // The VE runs Linux binaries: these are the numbers of Linux on every host.
    let (name, meaning) = match signal {
        4 => ("SIGILL", "illegal instruction"),
        5 => ("SIGTRAP", "trap"),
        6 => ("SIGABRT", "abort"),
        7 => ("SIGBUS", "bus error"),
        8 => ("SIGFPE", "arithmetic exception"),
        9 => ("SIGKILL", "killed"),
        11 => ("SIGSEGV", "invalid memory access"),
        15 => ("SIGTERM", "terminated"),
        24 => ("SIGXCPU", "time limit"),
        31 => ("SIGSYS", "bad system call"),
        _ => return format!("signal {signal}"),
    };
    format!("{name} ({signal}, {meaning})")
}
