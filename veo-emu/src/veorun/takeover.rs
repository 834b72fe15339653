//! Becoming a VE process before `main`.
//!
//! A start-up function looks for the handshake variable. It takes over only if the
//! named descriptor is a socket that our own parent made for this purpose and that
//! already carries a greeting; in any other case the program starts as usual.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use veo_abi::environment::HANDSHAKE;

use crate::shared::message::{LONGEST, Message};
use crate::sys::{fork, socket};

/// Whether the start-up function of this copy of the library has run.
static RAN: AtomicBool = AtomicBool::new(false);

#[used]
// SAFETY: the section holds pointers to functions that the C start-up code calls
// once before main; this is one, it takes no arguments and does not unwind.
#[unsafe(link_section = ".init_array.00100")]
static AT_START: extern "C" fn() = at_start;

extern "C" fn at_start() {
    RAN.store(true, Ordering::Relaxed);
    if HANDSHAKE.get().is_none() {
        return;
    }
    let _ = std::panic::catch_unwind(take_over);
}

/// Whether the program that this code lies in runs the start-up function, so that
/// starting it again makes a VE process.
pub(crate) fn is_linked() -> bool {
    // The reference keeps the linker from dropping the start-up function.
    std::hint::black_box(&AT_START);
    RAN.load(Ordering::Relaxed)
}

/// Takes over if this process was started to be a VE process; returns otherwise.
pub(crate) fn take_over() {
    if let Some((socket, hello, fds)) = greeting() {
        super::control::run(socket, hello, fds);
    }
}

fn greeting() -> Option<(OwnedFd, Message, Vec<OwnedFd>)> {
    let number: RawFd = HANDSHAKE.text()?.parse().ok()?;
    // SAFETY: the descriptor is only looked at before it is known to be ours, and
    // not closed unless it is.
    let borrowed = (number > 2).then(|| unsafe { std::os::fd::BorrowedFd::borrow_raw(number) })?;
    // SAFETY: getppid cannot fail.
    if !socket::is_pair_made_by(borrowed, unsafe { libc::getppid() }) {
        return None;
    }
    fill_standard();
    let mut bytes = [0; LONGEST];
    let (len, fds) = socket::receive(borrowed, &mut bytes, libc::MSG_DONTWAIT).ok()?;
    let hello = Message::decode(&bytes[..len])?;
    if !matches!(hello, Message::Hello { .. }) || fds.len() != 2 {
        return None;
    }
    // SAFETY: the greeting on it proves that the descriptor was passed to us.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    // SAFETY: before main no other thread of this program uses the environment.
    unsafe { std::env::remove_var(HANDSHAKE.name()) };
    // SAFETY: an open descriptor and plain numbers.
    unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    close_others(
        &[&socket, &fds[0], &fds[1]].map(AsRawFd::as_raw_fd),
    );
    fork::process();
    Some((socket, hello, fds))
}

/// Opens 0 to 2 where the program had closed them, so that nothing of ours gets there.
fn fill_standard() {
    loop {
        // SAFETY: a NUL-terminated path and plain numbers.
        let fd = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) };
        if fd > 2 {
            // SAFETY: the descriptor was opened just now.
            unsafe { libc::close(fd) };
        }
        if !(0..=2).contains(&fd) {
            return;
        }
    }
}

/// Closes every descriptor from 3 upwards but these.
fn close_others(keep: &[RawFd]) {
    let mut keep: Vec<u32> = keep.iter().map(|fd| *fd as u32).collect();
    keep.sort_unstable();
    let mut first = 3;
    for fd in keep.into_iter().chain([u32::MAX]) {
        if fd > first {
            close_range(first, fd - 1);
        }
        first = fd.saturating_add(1).max(first);
    }
}

fn close_range(first: u32, last: u32) {
    // SAFETY: nothing in this process uses these descriptors yet: they were
    // inherited by accident.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
        return;
    }
    // SAFETY: sysconf only looks a number up.
    let most = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) }.clamp(0, 1 << 20) as u32;
    for fd in first..=last.min(most) {
        // SAFETY: as above.
        unsafe { libc::close(fd as i32) };
    }
}
