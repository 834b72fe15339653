//! The first thread of a VE process: sets everything up, opens contexts when the
//! host asks, and ends the process when the host is gone.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use super::engine::Engine as _;
use super::engines::ENGINE;
use super::{counted, exit, faults, guard, memory, sanitizer, worker};
use crate::shared::control::Control;
use crate::shared::message::{
    CLOSED, COUNTS, DEBUGGER, GUARDED, LOCKED, LONGEST, Message, REPORTS,
};
use crate::shared::parcel::RING_FILE;
use crate::shared::ring::Ring;
use crate::sys::descriptor::{KeptDescriptor, identity};
use crate::sys::memfd::{Mapping, is_sealed};
use crate::sys::{descriptor, process, socket};

/// The page shared with the host.
static CONTROL: OnceLock<&'static Control> = OnceLock::new();

/// Runs the VE process to its end.
pub(super) fn run(socket: OwnedFd, hello: Message, mut fds: Vec<OwnedFd>) -> ! {
    // SAFETY: getppid cannot fail.
    let host = unsafe { libc::getppid() };
    let watch = process::open_pidfd(host).ok();
    // A kernel may stop this process. When the host is gone, no other process continues it, so
    // the system sends SIGCONT when the host's last thread ends. Otherwise it has no effect.
    // SAFETY: plain numbers.
    unsafe {
        libc::prctl(
            libc::PR_SET_PDEATHSIG,
            libc::SIGCONT as libc::c_ulong,
            0,
            0,
            0,
        )
    };
    // The host may have died before the descriptor was opened.
    // SAFETY: as above.
    if unsafe { libc::getppid() } != host {
        exit::now(1);
    }
    let asks = |flag| matches!(hello, Message::Hello { flags, .. } if flags & flag != 0);
    let mut further = fds.drain(2..);
    if let Some(report) = asks(REPORTS).then(|| further.next()).flatten() {
        sanitizer::install(report);
    }
    if let Some(file) = asks(COUNTS).then(|| further.next()).flatten() {
        counted::install(file);
    }
    drop(further);
    let answer = match set_up(&hello, &fds) {
        Ok((image, base)) => Message::Ready { image, base },
        Err(text) => Message::Failed(text),
    };
    if asks(LOCKED) {
        watch_lock(fds, host);
    }
    let sent = socket::send(&socket, &answer.encode(), &[]);
    if sent.is_err() || matches!(answer, Message::Failed(_)) {
        exit::now(1);
    }
    listen(&socket, watch.as_ref(), host);
    exit::now(0);
}

/// Returns the handle and the base of the image, or zeros.
fn set_up(hello: &Message, fds: &[OwnedFd]) -> Result<(u64, u64), String> {
    let Message::Hello {
        layout,
        flags,
        image,
    } = hello
    else {
        return Err("the greeting is not one".into());
    };
    let size = size_of::<Control>() as u64;
    if !is_sealed(&fds[0], size) {
        return Err("the control page is not what was agreed".into());
    }
    let control = Mapping::new(&fds[0], size)
        .map_err(|error| format!("mapping the control page: {error}"))?
        .leak()
        .view::<Control>();
    let _ = CONTROL.set(control);
    memory::map(&fds[1], control, *layout)?;
    if flags & GUARDED != 0 {
        guard::install(flags & CLOSED != 0);
    }
    prefer_as_victim();
    faults::install(control).map_err(|error| format!("installing signal handlers: {error}"))?;
    exit::install();
    exit::watch_children();
    worker::prepare_output();
    if flags & DEBUGGER != 0 {
        // A debugger is no ancestor of this process; some systems want to be told.
        // SAFETY: plain numbers.
        unsafe { libc::prctl(libc::PR_SET_PTRACER, libc::c_ulong::MAX, 0, 0, 0) };
    }
    ENGINE.prepare(|ending| {
        counted::keep();
        exit::by(ending)
    });
    if image.is_empty() {
        return Ok((0, 0));
    }
    let loaded = ENGINE
        .load(image.as_bytes())
        .map_err(|text| format!("the image {image} cannot be loaded: {text}"))?;
    Ok((loaded.handle, loaded.base))
}

/// Ends the process when the host gives up its lock: also when it becomes another
/// program while a forked child of it keeps the socket open.
fn watch_lock(fds: Vec<OwnedFd>, host: libc::pid_t) {
    // These are never closed here: a kernel may have closed it, and the standard library aborts when it
    // closes a descriptor that is not open.
    let fds = ManuallyDrop::new(fds);
    let _ = thread::Builder::new()
        .name("ve-lock".into())
        .stack_size(128 << 10)
        .spawn(move || {
            if let Some(fd) = fds.first()
                && descriptor::wait_for_lock(fd).is_err()
            {
                // A kernel has closed the descriptor, or put another in its place.
                outlive(host);
            }
            exit::now(1);
        });
}

/// If the machine runs out of memory, this process goes first, not its host.
fn prefer_as_victim() {
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// Whether the host, which may not send signals, wants this process to end.
fn is_to_end() -> bool {
    CONTROL.get().is_some_and(|control| control.is_to_end())
}

/// Whether the program that started this process is still there.
fn is_there(host: libc::pid_t) -> bool {
    // SAFETY: getppid cannot fail.
    unsafe { libc::getppid() == host }
}

/// Waits for the end of the host without any descriptor.
fn outlive(host: libc::pid_t) {
    while is_there(host) && !is_to_end() {
        thread::sleep(LOOK);
    }
}

/// How often to check whether kernels have closed or replaced the descriptors. A wait for such
/// a descriptor does not end.
const LOOK: Duration = Duration::from_secs(1);

/// Answers the host until it is gone. If a kernel closes the socket, calls go on, and the host
/// gets errors for everything else.
fn listen(socket: &OwnedFd, watch: Option<&OwnedFd>, host: libc::pid_t) {
    let ours = identity(socket.as_raw_fd());
    let mut polled = [
        libc::pollfd {
            fd: socket.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        },
        libc::pollfd {
            fd: watch.map_or(-1, AsRawFd::as_raw_fd),
            events: libc::POLLIN,
            revents: 0,
        },
    ];
    while is_there(host) && !is_to_end() {
        // SAFETY: the array is valid for two entries.
        let result = unsafe { libc::poll(polled.as_mut_ptr(), 2, LOOK.as_millis() as i32) };
        if result < 0 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
            continue;
        }
        if identity(socket.as_raw_fd()) != ours {
            return outlive(host);
        }
        if polled[1].revents != 0 {
            // The host has ended, or a kernel has replaced the descriptor.
            polled[1].fd = -1;
        }
        if result >= 0 && polled[0].revents == 0 {
            continue;
        }
        let answer = match receive(socket) {
            Ok(Some(answer)) => answer,
            Ok(None) => return,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Message::Failed(format!("the VE process cannot receive: {error}")),
        };
        if socket::send(socket, &answer.encode(), &[]).is_err() {
            return outlive(host);
        }
    }
}

/// Receives a message and does what it says. `None`: the host is gone.
fn receive(socket: &OwnedFd) -> io::Result<Option<Message>> {
    let mut bytes = [0; LONGEST];
    let (len, fds) = socket::receive(socket, &mut bytes, 0)?;
    if len == 0 {
        return Ok(None);
    }
    Ok(Some(match Message::decode(&bytes[..len]) {
        Some(Message::Open { index, stack }) => match open(index, stack, fds) {
            Ok(thread) => Message::Ready {
                image: thread,
                base: 0,
            },
            Err(text) => Message::Failed(text),
        },
        Some(Message::Count) => match tell_counts(fds) {
            Ok(()) => Message::Ready { image: 0, base: 0 },
            Err(text) => Message::Failed(text),
        },
        _ => Message::Failed("the VE process does not know this message".into()),
    }))
}

/// Writes what each kernel has executed into a file, and an empty line behind it.
fn tell_counts(fds: Vec<OwnedFd>) -> Result<(), String> {
    let [fd] = <[OwnedFd; 1]>::try_from(fds)
        .map_err(|_| "what was counted goes to one descriptor".to_owned())?;
    counted::write(File::from(fd)).map_err(|error| format!("writing what was counted: {error}"))
}

/// Starts the thread of a context. Returns its number.
fn open(index: u32, stack: u64, fds: Vec<OwnedFd>) -> Result<u64, String> {
    let [fd] = <[OwnedFd; 1]>::try_from(fds)
        .map_err(|_| "a context comes with one descriptor".to_owned())?;
    if !is_sealed(&fd, RING_FILE) {
        return Err("the ring is not what was agreed".into());
    }
    let mapping =
        Mapping::new(&fd, RING_FILE).map_err(|error| format!("mapping the ring: {error}"))?;
    debug_assert!(mapping.len() >= size_of::<Ring>());
    worker::start(index, stack, mapping, KeptDescriptor::new(fd))
        .map_err(|error| format!("starting a thread with a stack of {stack} bytes: {error}"))
}
