//! How a process tells whether it was started to be a VE process, and whether it has become
//! one. The host asks this before it starts another process; the VE side answers.

use std::ffi::CStr;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use veo_abi::environment::HANDSHAKE;

use crate::shared::message::{LONGEST, Message};
use crate::sys::socket;

/// Whether the start-up function of this copy of the library has run.
static RAN: AtomicBool = AtomicBool::new(false);

/// Notes that the start-up function of this copy has run.
pub(crate) fn start_up_ran() {
    RAN.store(true, Ordering::Relaxed);
}

/// Whether the program that this code lies in runs the start-up function, so that
/// starting it again makes a VE process.
pub(crate) fn has_start_up() -> bool {
    RAN.load(Ordering::Relaxed)
}

/// Why this process, which runs its `main`, must not start VE processes. It was started to be a
/// VE process, and a program between it and its host removed the sign of that. Each process that
/// it starts would come to the same point.
pub(crate) fn missed() -> Option<&'static str> {
    // The answer does not change, and reading about all ancestors takes a third of the time
    // that starting a process takes.
    static MISSED: OnceLock<Option<&str>> = OnceLock::new();
    *MISSED.get_or_init(look_for_missed)
}

fn look_for_missed() -> Option<&'static str> {
    if HANDSHAKE.unguarded().is_some() {
        return Some("its start-up function did not run");
    }
    // The socket may be there although the variable is not.
    let open = std::fs::read_dir("/proc/self/fd").ok()?;
    let numbers = open
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut inherited = numbers
        .filter(|number: &RawFd| *number > 2)
        .filter(|number| {
            // SAFETY: asks for flags; a descriptor that is closed is an error.
            0 == unsafe { libc::fcntl(*number, libc::F_GETFD) }
        });
    (inherited.any(is_greeted) || ancestors().any(is_stranded))
        .then_some("a program between it and its host removed its environment")
}

/// The name that the system shows for a process after the takeover.
pub(crate) const NAME: &CStr = c"veorun";

/// The end of a VE process's first argument, behind that of its program.
pub(crate) const ARGUMENT: &str = " (veorun)";

/// The ancestors of this process, the nearest first.
fn ancestors() -> impl Iterator<Item = u32> {
    // A process with this many ancestors is part of a chain that has to end.
    const MOST: usize = 1000;
    let parent = |process: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        parent.trim().parse().ok().filter(|parent| *parent != 0)
    };
    std::iter::successors(parent(&std::process::id()), parent).take(MOST)
}

/// Whether a process was started as a VE process and has become something else. A process
/// does not show the variable after the takeover. Under an emulator it still does, so its name
/// decides.
pub(crate) fn is_stranded(process: u32) -> bool {
    let file = |name| std::fs::read(format!("/proc/{process}/{name}")).unwrap_or_default();
    let environment = file("environ");
    let mut variables = environment.split(|byte| *byte == 0);
    let handshake = HANDSHAKE.name().as_bytes();
    variables.any(|variable| variable.starts_with(handshake))
        && file("comm").trim_ascii() != NAME.to_bytes()
}

/// Whether a VE process's greeting waits at this descriptor.
fn is_greeted(number: RawFd) -> bool {
    // Receiving would take a pending error from a connection of the program.
    // SAFETY: it was open just now; for a closed descriptor the question is an error.
    if !socket::is_of_packets(unsafe { BorrowedFd::borrow_raw(number) }) {
        return false;
    }
    let mut bytes = [0u8; LONGEST];
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    // SAFETY: the buffer is valid for its length. A descriptor that is closed or no socket is
    // an error; a socket keeps its message.
    let len = unsafe { libc::recv(number, bytes.as_mut_ptr().cast(), bytes.len(), flags) };
    let message = usize::try_from(len)
        .ok()
        .and_then(|len| Message::decode(bytes.get(..len)?));
    matches!(message, Some(Message::Hello { .. }))
}
