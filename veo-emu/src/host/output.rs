//! The output of kernels, forwarded to a function of the program.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::sync::lock;
use crate::sys::descriptor::KeptDescriptor;
use crate::sys::{above_standard, check};

/// The function of the program that receives output.
#[derive(Clone, Copy)]
pub(crate) struct OutputFunction {
    pub(crate) function: unsafe extern "C" fn(*mut c_void, c_int, *const c_char, usize),
    pub(crate) payload: *mut c_void,
}

// SAFETY: the program is told that the function is called on a thread of the library.
unsafe impl Send for OutputFunction {}

/// The pipes of a process's standard output and error.
pub(crate) struct OutputPipes {
    ours: Vec<OwnedFd>,
    theirs: [OwnedFd; 2],
}

impl OutputPipes {
    pub(crate) fn new() -> io::Result<OutputPipes> {
        let (out_read, out_write) = pipe()?;
        let (error_read, error_write) = pipe()?;
        Ok(OutputPipes {
            ours: vec![out_read, error_read],
            theirs: [out_write, error_write],
        })
    }

    /// Which descriptor becomes which stream of the child.
    pub(crate) fn theirs(&self) -> [(RawFd, RawFd); 2] {
        [
            (1, self.theirs[0].as_raw_fd()),
            (2, self.theirs[1].as_raw_fd()),
        ]
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
pub(crate) struct OutputForwarder {
    shared: Arc<Forwarding>,
    thread: Mutex<Option<JoinHandle<()>>>,
    stop: Mutex<Option<KeptDescriptor>>,
}

struct Forwarding {
    pipes: Vec<KeptDescriptor>,
    sink: Mutex<OutputFunction>,
    delivery: Mutex<Delivery>,
    delivered: Condvar,
}

/// How far the output has come.
#[derive(Default)]
struct Delivery {
    /// Bytes that were read, and perhaps not passed on yet.
    under_way: bool,
    /// Bytes of each pipe that were passed on.
    bytes: [u64; 2],
    /// Since when the function of the program runs.
    since: Option<Instant>,
    /// The process has ended: no thread waits for the rest.
    over: bool,
    /// The function is not called any more.
    closed: bool,
}

/// How long the function of the program may delay the announcement of a process's end. It may
/// wait for a thread that waits for the announcement.
const PATIENCE: Duration = Duration::from_millis(250);

/// The longest time that the function may run once the process's end waits for nothing else.
const LAST_PATIENCE: Duration = Duration::from_secs(20);

thread_local! {
    /// Whether this thread delivers the output of a process.
    static RECEIVING: Cell<bool> = const { Cell::new(false) };
}

/// The most that is read at once.
const PART: usize = 64 << 10;

impl Delivery {
    /// Whether the function of the program has been running for so long.
    fn runs_for(&self, limit: Duration) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= limit)
    }
}

impl OutputForwarder {
    /// Starts the thread that reads the pipes.
    pub(crate) fn start(pipes: Vec<OwnedFd>, sink: OutputFunction) -> Result<OutputForwarder> {
        let (wait, stop) =
            pipe().map_err(|error| Error::io("making pipes for the VE's output", &error))?;
        let (wait, stop) = (KeptDescriptor::new(wait), KeptDescriptor::new(stop));
        let shared = Arc::new(Forwarding {
            pipes: pipes.into_iter().map(KeptDescriptor::new).collect(),
            sink: Mutex::new(sink),
            delivery: Mutex::default(),
            delivered: Condvar::new(),
        });
        let theirs = shared.clone();
        let thread = thread::Builder::new()
            .name("veo-output".into())
            .spawn(move || theirs.forward(&wait))
            .map_err(|error| Error::io("starting the thread that forwards output", &error))?;
        Ok(OutputForwarder {
            shared,
            thread: Mutex::new(Some(thread)),
            stop: Mutex::new(Some(stop)),
        })
    }

    /// Waits until all output so far is delivered, the process has ended, or the time is up. It
    /// does not wait while output of any process is received: two receivers could wait for each
    /// other.
    pub(crate) fn flush(&self, until: Option<Instant>) {
        self.wait_for_delivery(|delivery| {
            delivery.over || until.is_some_and(|until| Instant::now() >= until)
        });
    }

    /// The same at the end of the process, while the function of the program returns in time. No
    /// thread waits after that.
    pub(crate) fn flush_last(&self) {
        self.wait_for_delivery(|delivery| delivery.over || delivery.runs_for(PATIENCE));
        lock(&self.shared.delivery).over = true;
        self.shared.delivered.notify_all();
    }

    fn wait_for_delivery(&self, give_up: impl Fn(&Delivery) -> bool) {
        if RECEIVING.get() {
            return;
        }
        let pipes = &self.shared.pipes;
        let mut delivery = lock(&self.shared.delivery);
        // Later output of kernels may have no end, and is not waited for.
        let mut wanted = delivery.bytes;
        for (wanted, pipe) in wanted.iter_mut().zip(pipes) {
            *wanted += filled(pipe) + PART as u64;
        }
        let is_behind = |delivery: &Delivery, at: usize| {
            (delivery.under_way || filled(&pipes[at]) > 0) && delivery.bytes[at] < wanted[at]
        };
        while (0..pipes.len()).any(|at| is_behind(&delivery, at)) {
            if give_up(&delivery) || lock(&self.stop).is_none() {
                return;
            }
            delivery = self.shared.wait(delivery);
        }
    }

    /// Ends the thread, when the process has ended. A function of the program that does not
    /// return keeps it, and is not called again.
    pub(crate) fn stop(&self) {
        self.wait_for_delivery(|delivery| delivery.runs_for(LAST_PATIENCE));
        let Some(thread) = lock(&self.thread).take() else {
            return;
        };
        let is_own = thread.thread().id() == thread::current().id();
        let mut delivery = lock(&self.shared.delivery);
        delivery.closed = true;
        while !is_own && delivery.since.is_some() && !delivery.runs_for(LAST_PATIENCE) {
            delivery = self.shared.wait(delivery);
        }
        let is_stuck = delivery.since.is_some();
        drop(delivery);
        drop(lock(&self.stop).take());
        if !is_stuck {
            let _ = thread.join();
        }
    }
}

impl Drop for OutputForwarder {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Forwarding {
    /// Waits a moment, or until some output was delivered.
    fn wait<'a>(&self, delivery: MutexGuard<'a, Delivery>) -> MutexGuard<'a, Delivery> {
        // The limit covers the moment between a write and the thread's waking up.
        let limit = Duration::from_millis(1);
        let waited = self.delivered.wait_timeout(delivery, limit);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn forward(&self, stop: &KeptDescriptor) {
        RECEIVING.set(true);
        let mut open = [true; 2];
        let mut buffer = vec![0u8; PART];
        loop {
            let entry = |fd: RawFd| libc::pollfd {
                fd,
                events: libc::POLLIN,
                revents: 0,
            };
            let fd = |at: usize| {
                if open[at] {
                    self.pipes[at].number()
                } else {
                    -1
                }
            };
            if stop.number() < 0 {
                // The program has closed it, and the pipes with it.
                return;
            }
            let mut polled = [entry(fd(0)), entry(fd(1)), entry(stop.number())];
            // SAFETY: the array is valid for three entries.
            if unsafe { libc::poll(polled.as_mut_ptr(), 3, -1) } < 0 {
                continue;
            }
            if polled[2].revents != 0 {
                return;
            }
            for at in 0..2 {
                if polled[at].revents != 0 {
                    lock(&self.delivery).under_way = true;
                    let len = self.deliver(at, &mut buffer);
                    open[at] = len.is_some();
                    let mut delivery = lock(&self.delivery);
                    delivery.under_way = false;
                    delivery.bytes[at] += len.unwrap_or(0);
                    drop(delivery);
                    self.delivered.notify_all();
                }
            }
        }
    }

    /// Passes on the available output and returns its length. `None` if the pipe is closed.
    fn deliver(&self, at: usize, buffer: &mut [u8]) -> Option<u64> {
        let fd = self.pipes[at].get().ok()?;
        // SAFETY: the buffer is valid for its length.
        let len = unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
        if len <= 0 {
            return (len < 0).then_some(0);
        }
        let sink = lock(&self.sink);
        {
            let mut delivery = lock(&self.delivery);
            if delivery.closed {
                return None;
            }
            delivery.since = Some(Instant::now());
        }
        // SAFETY: the program gave the function and its payload for exactly this.
        unsafe {
            (sink.function)(
                sink.payload,
                at as c_int + 1,
                buffer.as_ptr().cast(),
                len as usize,
            );
        }
        lock(&self.delivery).since = None;
        Some(len as u64)
    }
}

/// How many bytes wait in a pipe.
fn filled(pipe: &KeptDescriptor) -> u64 {
    let mut bytes: c_int = 0;
    // SAFETY: the number is valid for writing.
    let known = unsafe { libc::ioctl(pipe.number(), libc::FIONREAD, &mut bytes) } == 0;
    if known { bytes.max(0) as u64 } else { 0 }
}
