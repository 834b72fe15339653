//! Becoming a VE process before `main`.
//!
//! A start-up function looks for the handshake variable. If it is set, the process was started
//! to be a VE process and for nothing else. The takeover happens only if the named descriptor
//! is a socket that our own parent made for this purpose and that already carries a greeting.
//! In any other case the process ends at once: its `main` would start a further process, which
//! would do the same again.

use std::ffi::{CStr, OsStr, c_char};
use std::io::Write;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use veo_abi::environment::{self, HANDSHAKE};

use crate::shared::handshake::{self, NAME};
use crate::shared::message::{COUNTS, LONGEST, Message, REPORTS};
use crate::sys::{process, socket};

#[used]
// SAFETY: the section holds pointers to functions that the C start-up code calls
// once before main; this is one, it takes no arguments and does not unwind.
#[unsafe(link_section = ".init_array.00100")]
static AT_START: extern "C" fn() = at_start;

extern "C" fn at_start() {
    handshake::start_up_ran();
    take_over();
}

/// Keeps the linker from dropping the start-up function from a program that uses this library.
pub(crate) fn keep() {
    std::hint::black_box(&AT_START);
}

/// Takes over if this process was started to be a VE process; returns otherwise.
pub(crate) fn take_over() {
    let Some(number) = HANDSHAKE.unguarded() else {
        return;
    };
    super::sanitizer::enter_thread();
    let refusal = std::panic::catch_unwind(|| match greeting(&number) {
        Ok((socket, hello, fds)) => super::control::run(socket, hello, fds),
        Err(refusal) => refusal,
    });
    refuse(
        &number,
        &refusal.unwrap_or_else(|_| "it failed in an unforeseen way".into()),
    )
}

/// Ends a process that cannot become what it was started for, and says why.
fn refuse(number: &OsStr, reason: &str) -> ! {
    let told = !environment::privileged()
        && descriptor(number).is_some_and(|socket| {
            let text = format!("it was started as a VE process, but {reason}");
            socket::is_of_packets(socket)
                && socket::send(socket, &Message::Failed(text).encode(), &[]).is_ok()
        });
    if !told {
        // The host may not read the socket.
        let _ = writeln!(
            std::io::stderr(),
            "veo-emu: this program was started as a VE process ({} is set), but {reason}",
            HANDSHAKE.name()
        );
    }
    // SAFETY: ends the process, in which nothing has begun that has to be finished.
    unsafe { libc::_exit(1) }
}

/// The descriptor that the variable names, if it is open.
fn descriptor(number: &OsStr) -> Option<BorrowedFd<'static>> {
    let number: RawFd = number.to_str()?.parse().ok()?;
    // SAFETY: asks for the descriptor's flags; one that is not open is an error.
    let open = number > 2 && unsafe { libc::fcntl(number, libc::F_GETFD) } >= 0;
    // SAFETY: it is open, and nobody else in this process knows of it.
    open.then(|| unsafe { BorrowedFd::borrow_raw(number) })
}

type Greeting = (OwnedFd, Message, Vec<OwnedFd>);

fn greeting(number: &OsStr) -> Result<Greeting, String> {
    if environment::privileged() {
        return Err(
            "it has raised privileges (set-user-ID, set-group-ID or file capabilities), \
                    and such a program does not do what its caller's environment says"
                .into(),
        );
    }
    let Some(borrowed) = descriptor(number) else {
        return Err(format!(
            "the descriptor of that number, {}, is not open: a program between this one and its \
             host closed it",
            number.display()
        ));
    };
    // SAFETY: getppid cannot fail.
    let parent = unsafe { libc::getppid() };
    if !socket::is_pair_made_by(borrowed, parent) {
        return Err(format!(
            "by process {parent}, which is not the program that wanted it; a script has to start \
             its veorun with `exec`"
        ));
    }
    fill_standard();
    let mut bytes = [0; LONGEST];
    let received = socket::receive(borrowed, &mut bytes, libc::MSG_DONTWAIT);
    let (len, fds) = received.map_err(|error| format!("nobody has greeted it: {error}"))?;
    let hello = Message::decode(&bytes[..len]);
    let expected = match hello {
        Some(Message::Hello { flags, .. }) => {
            2 + (flags & (REPORTS | COUNTS)).count_ones() as usize
        }
        _ => 2,
    };
    let Some(hello @ Message::Hello { .. }) = hello.filter(|_| fds.len() == expected) else {
        return Err("by a program with another version of veo-emu".into());
    };
    let number = borrowed.as_raw_fd();
    // SAFETY: the greeting on it proves that the descriptor was passed to us.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    forget_handshake();
    // SAFETY: an open descriptor and plain numbers.
    unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    // The system has named the process after its path, which is a descriptor's number.
    // SAFETY: the name is a NUL-terminated string.
    unsafe { libc::prctl(libc::PR_SET_NAME, NAME.as_ptr()) };
    let ours = [&socket].into_iter().chain(&fds);
    close_others(&ours.map(AsRawFd::as_raw_fd).collect::<Vec<_>>());
    process::own_id();
    Ok((socket, hello, fds))
}

/// Removes the variable, also from the environment that the system shows of this process. A
/// process that a kernel forks was not started as a VE process.
fn forget_handshake() {
    let is_it = |entry: &[u8]| {
        entry
            .strip_prefix(HANDSHAKE.name().as_bytes())
            .is_some_and(|rest| rest.starts_with(b"="))
    };
    // SAFETY: getauxval only looks numbers up.
    let [below, above] =
        [libc::AT_RANDOM, libc::AT_EXECFN].map(|kind| unsafe { libc::getauxval(kind) } as usize);
    let mut told = None;
    // SAFETY: before main no other thread of this program uses the environment, which is a list
    // of terminated strings that ends with null, or null.
    unsafe {
        let mut place = environ;
        while !place.is_null() && !(*place).is_null() {
            let entry = CStr::from_ptr(*place).to_bytes();
            if is_it(entry) {
                told = Some((*place, entry.len()));
            }
            place = place.add(1);
        }
        std::env::remove_var(HANDSHAKE.name());
    }
    if let Some((entry, len)) = told
        && (below..above).contains(&(entry as usize))
    {
        // SAFETY: between these two the system has put the strings of the program's start onto
        // its stack, which may be written; nothing refers to this one any more.
        unsafe { entry.cast::<u8>().write_bytes(0, len) };
    }
}

unsafe extern "C" {
    static environ: *const *mut c_char;
}

/// Opens those of the descriptors 0 to 2 that the program had closed, so that no file of ours
/// gets such a number.
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

/// Closes every descriptor from 3 upwards except these.
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
