//! Emulated VE processes seen from outside: whose they are, how much memory they use, what runs.
//!
//! [`processes`] reads the memory that a VE process shares with its host, through the descriptors that the system shows to
//! the same user. Neither of the two processes takes part, so it costs them nothing. The module does not trust what it
//! reads: it may change meanwhile, and anybody can make files that look so. A value that cannot be read, or makes no
//! sense, is `None`.
//!
//! The module starts no process and changes none.

#[cfg(emulated)]
mod files;
#[cfg(emulated)]
mod system;

#[cfg(all(emulated, any(test, fuzzing)))]
pub(crate) use files::context;

use std::ffi::OsString;
use std::io;

/// A VE process of this user.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SeenProcess {
    /// Its number.
    pub pid: u32,
    /// The number of the process that holds it.
    pub host: u32,
    /// When it was started, in clock ticks since the machine's start. With the number it identifies the process.
    pub started: u64,
    /// The name that the program was started by.
    pub program: OsString,
    /// The memory that it shares with its host; `None` if that cannot be read.
    pub shared: Option<SeenShared>,
}

/// The data that a VE process shares with its host.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SeenShared {
    /// The number of its node.
    pub node: u32,
    /// The core that it counts as running on.
    pub core: u32,
    /// Bytes of VE memory that the program has allocated.
    pub used: u64,
    /// Bytes of VE memory that it may allocate.
    pub capacity: u64,
    /// Bytes that transfers have copied to the VE so far.
    pub to_ve: u64,
    /// Bytes that transfers have copied to the host so far.
    pub to_host: u64,
    /// Its open contexts, in order. One whose memory a kernel has closed is missing.
    pub contexts: Vec<SeenContext>,
}

/// A context of a VE process.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SeenContext {
    /// Its number in the process; 0 is the main context.
    pub index: u32,
    /// Requests that the VE side was given so far: calls, and the requests that load libraries and find symbols.
    /// Transfers are not among them. `None` if the page makes no sense.
    pub requests: Option<u64>,
    /// The kernel that runs.
    pub running: Option<SeenKernel>,
}

/// A kernel that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeenKernel {
    /// The number of its request in the context: as long as it stays the same, the same call runs.
    pub request: u64,
    /// The address of its function in the VE process.
    pub address: Option<u64>,
    /// The name that was looked up to get the address.
    pub name: Option<String>,
}

/// The emulated VE processes of the calling user, by their numbers.
///
/// Processes that end meanwhile are left out, and so are those that the calling program holds itself: it would give up
/// the lock by which they know that it is there.
///
/// # Errors
///
/// The list of processes cannot be read (`/proc`), or there are no emulated nodes on this platform.
pub fn processes() -> io::Result<Vec<SeenProcess>> {
    #[cfg(emulated)]
    return system::processes();
    #[cfg(not(emulated))]
    return Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "the emulated VE node needs Linux on x86-64 or AArch64",
    ));
}
