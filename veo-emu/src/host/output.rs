//! What kernels print, forwarded to a function of the program.

use std::ffi::{c_char, c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::Duration;

use super::lock;
use crate::error::{Error, Result};
use crate::sys::{above_standard, check};

/// The function of the program that receives output.
#[derive(Clone, Copy)]
pub(crate) struct Sink {
    pub(crate) function: unsafe extern "C" fn(*mut c_void, c_int, *const c_char, usize),
    pub(crate) payload: *mut c_void,
}

// SAFETY: the program is told that the function is called on a thread of the library.
unsafe impl Send for Sink {}

/// The pipes of a process's standard output and error.
pub(crate) struct Streams {
    ours: Vec<OwnedFd>,
    theirs: [OwnedFd; 2],
}

impl Streams {
    pub(crate) fn new() -> io::Result<Streams> {
        let (out_read, out_write) = pipe()?;
        let (error_read, error_write) = pipe()?;
        Ok(Streams {
            ours: vec![out_read, error_read],
            theirs: [out_write, error_write],
        })
    }

    /// Which descriptor becomes which stream of the child.
    pub(crate) fn theirs(&self) -> [(RawFd, RawFd); 2] {
        [(1, self.theirs[0].as_raw_fd()), (2, self.theirs[1].as_raw_fd())]
    }

    /// The ends that are read.
    pub(crate) fn ours(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.ours)
    }
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    // SAFETY: the array has room for the two descriptors.
    check(unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) }.into())?;
    // SAFETY: pipe2 has just returned these descriptors to us.
    let [read, write] = unsafe { fds.map(|fd| OwnedFd::from_raw_fd(fd)) };
    Ok((above_standard(read)?, above_standard(write)?))
}

/// The forwarding of one process's output.
pub(crate) struct Output {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    id: ThreadId,
    stop: Mutex<Option<OwnedFd>>,
}

struct Shared {
    pipes: Vec<OwnedFd>,
    sink: Mutex<Sink>,
    delivering: Mutex<bool>,
    delivered: Condvar,
}

impl Output {
    /// Starts the thread that reads the pipes.
    pub(crate) fn start(pipes: Vec<OwnedFd>, sink: Sink) -> Result<Output> {
        let (wait, stop) =
            pipe().map_err(|error| Error::io("making pipes for the VE's output", &error))?;
        let shared = Arc::new(Shared {
            pipes,
            sink: Mutex::new(sink),
            delivering: Mutex::new(false),
            delivered: Condvar::new(),
        });
        let theirs = shared.clone();
        let thread = thread::Builder::new()
            .name("veo-output".into())
            .spawn(move || theirs.forward(&wait))
            .map_err(|error| Error::io("starting the thread that forwards output", &error))?;
        Ok(Output {
            shared,
            id: thread.thread().id(),
            thread: Mutex::new(Some(thread)),
            stop: Mutex::new(Some(stop)),
        })
    }

    /// Waits until everything printed so far was delivered.
    pub(crate) fn flush(&self) {
        if thread::current().id() == self.id {
            return;
        }
        let mut delivering = lock(&self.shared.delivering);
        while *delivering || self.shared.pipes.iter().any(is_filled) {
            if lock(&self.stop).is_none() {
                return;
            }
            // The limit covers the moment between a write and the thread's waking up.
            delivering = self
                .shared
                .delivered
                .wait_timeout(delivering, Duration::from_millis(1))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Ends the thread, when the process has ended.
    pub(crate) fn stop(&self) {
        self.flush();
        drop(lock(&self.stop).take());
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn forward(&self, stop: &OwnedFd) {
        let mut open = [true; 2];
        let mut buffer = vec![0u8; 64 << 10];
        loop {
            let entry = |fd: RawFd| libc::pollfd {
                fd,
                events: libc::POLLIN,
                revents: 0,
            };
            let fd = |at: usize| if open[at] { self.pipes[at].as_raw_fd() } else { -1 };
            let mut polled = [entry(fd(0)), entry(fd(1)), entry(stop.as_raw_fd())];
            // SAFETY: the array is valid for three entries.
            if unsafe { libc::poll(polled.as_mut_ptr(), 3, -1) } < 0 {
                continue;
            }
            if polled[2].revents != 0 {
                return;
            }
            for at in 0..2 {
                if polled[at].revents != 0 {
                    *lock(&self.delivering) = true;
                    open[at] = self.deliver(at, &mut buffer);
                    *lock(&self.delivering) = false;
                    self.delivered.notify_all();
                }
            }
        }
    }

    /// Passes on what is there. `false`: the pipe is closed.
    fn deliver(&self, at: usize, buffer: &mut [u8]) -> bool {
        let fd = self.pipes[at].as_raw_fd();
        // SAFETY: the buffer is valid for its length.
        let len = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
        if len <= 0 {
            return len < 0;
        }
        let sink = lock(&self.sink);
        // SAFETY: the program gave the function and its payload for exactly this.
        unsafe {
            (sink.function)(sink.payload, at as c_int + 1, buffer.as_ptr().cast(), len as usize);
        }
        true
    }
}

fn is_filled(pipe: &OwnedFd) -> bool {
    let mut bytes: c_int = 0;
    // SAFETY: the number is valid for writing.
    unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &mut bytes) == 0 && bytes > 0 }
}
