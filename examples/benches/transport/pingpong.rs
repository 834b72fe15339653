//! Measures the machine's own limits, with a second process that answers over shared memory.
//!
//! The peer is this program started again with `ANSWER` set. Between two blocks it
//! sleeps in a futex, so that it takes no CPU from what is measured next.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// The environment variable that makes this program the peer: its value is the number
/// of the inherited descriptor.
pub const ANSWER: &str = "VEO_BENCH_ANSWER";

/// The memory that both processes map. Each word has its own cache line.
#[repr(C, align(64))]
struct Shared {
    /// One of the `MODE_` constants; also a futex.
    mode: Line,
    /// The mode that the peer is in; also a futex.
    seen: Line,
    /// Odd: asked; even: answered. Also a futex.
    ball: Line,
}

#[repr(C, align(64))]
struct Line(AtomicU32);

const MODE_SLEEP: u32 = 0;
const MODE_SPIN: u32 = 1;
const MODE_FUTEX: u32 = 2;
const MODE_QUIT: u32 = 3;

/// The asking side.
pub struct PingPong {
    shared: &'static Shared,
    peer: Child,
}

impl PingPong {
    /// Starts the peer.
    pub fn new() -> PingPong {
        // SAFETY: the name is a C string; the result is checked before it is owned.
        let fd = unsafe { libc::memfd_create(c"veo-bench".as_ptr(), libc::MFD_CLOEXEC) };
        assert!(fd >= 0, "memfd_create: {}", std::io::Error::last_os_error());
        // SAFETY: memfd_create returned this descriptor and nothing else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        // SAFETY: it is a valid descriptor of a memory file.
        assert_eq!(unsafe { libc::ftruncate(fd.as_raw_fd(), 4096) }, 0);
        let shared = map(fd.as_raw_fd());
        let raw = fd.as_raw_fd();
        let mut command = Command::new(std::env::current_exe().expect("this program's path"));
        command.env(ANSWER, raw.to_string());
        // SAFETY: the closure makes one system call and allocates nothing.
        unsafe {
            command.pre_exec(move || match libc::fcntl(raw, libc::F_SETFD, 0) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            })
        };
        let peer = command.spawn().expect("this program starts again");
        PingPong { shared, peer }
    }

    /// A block of round trips over one cache line, both sides spinning: wakes the
    /// peer, lets `body` call [`Spinning::round_trip`], lets the peer sleep again.
    pub fn spinning<R>(&mut self, body: impl FnOnce(&Spinning) -> R) -> R {
        self.set_mode(MODE_SPIN);
        let trips = Spinning(self.shared);
        for _ in 0..10 {
            trips.round_trip();
        }
        let result = body(&trips);
        self.set_mode(MODE_SLEEP);
        result
    }

    /// The same with both sides sleeping in a futex.
    pub fn sleeping<R>(&mut self, body: impl FnOnce(&Sleeping) -> R) -> R {
        self.set_mode(MODE_FUTEX);
        let trips = Sleeping(self.shared);
        trips.round_trip();
        let result = body(&trips);
        self.set_mode(MODE_SLEEP);
        result
    }

    /// Returns when the peer is in this mode.
    fn set_mode(&self, mode: u32) {
        let Shared {
            mode: wanted,
            seen,
            ball,
        } = self.shared;
        wanted.0.store(mode, SeqCst);
        futex_wake(&wanted.0);
        // The peer may be about to sleep on the ball, so this changes it but keeps it even.
        ball.0.fetch_add(2, SeqCst);
        futex_wake(&ball.0);
        loop {
            let now = seen.0.load(SeqCst);
            if now == mode {
                return;
            }
            futex_wait(&seen.0, now);
        }
    }
}

impl Drop for PingPong {
    fn drop(&mut self) {
        self.set_mode(MODE_QUIT);
        let _ = self.peer.wait();
    }
}

/// Round trips with both sides spinning.
pub struct Spinning(&'static Shared);

impl Spinning {
    /// Asks and waits for the answer.
    pub fn round_trip(&self) {
        let ball = &self.0.ball.0;
        let asked = ball.load(SeqCst).wrapping_add(1);
        ball.store(asked, SeqCst);
        while ball.load(SeqCst) == asked {
            std::hint::spin_loop();
        }
    }
}

/// Round trips with both sides sleeping.
pub struct Sleeping(&'static Shared);

impl Sleeping {
    /// Asks, wakes the peer and sleeps until the answer is there.
    pub fn round_trip(&self) {
        let ball = &self.0.ball.0;
        let asked = ball.load(SeqCst).wrapping_add(1);
        ball.store(asked, SeqCst);
        futex_wake(ball);
        while ball.load(SeqCst) == asked {
            futex_wait(ball, asked);
        }
    }
}

/// Runs the peer. It answers as the mode says, until the mode tells it to quit.
pub fn answer(fd: i32) {
    let shared = map(fd);
    let (mode, ball) = (&shared.mode.0, &shared.ball.0);
    // SAFETY: a plain system call; a peer must not outlive a killed bench.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    loop {
        let now = mode.load(SeqCst);
        shared.seen.0.store(now, SeqCst);
        futex_wake(&shared.seen.0);
        match now {
            MODE_QUIT => return,
            MODE_SPIN => {
                while mode.load(SeqCst) == MODE_SPIN {
                    let now = ball.load(SeqCst);
                    if now % 2 == 1 {
                        ball.store(now.wrapping_add(1), SeqCst);
                    } else {
                        std::hint::spin_loop();
                    }
                }
            }
            MODE_FUTEX => {
                while mode.load(SeqCst) == MODE_FUTEX {
                    answer_sleeping(ball);
                }
            }
            _ => futex_wait(mode, MODE_SLEEP),
        }
    }
}

fn answer_sleeping(ball: &AtomicU32) {
    let now = ball.load(SeqCst);
    if now % 2 == 1 {
        ball.store(now.wrapping_add(1), SeqCst);
        futex_wake(ball);
    } else {
        futex_wait(ball, now);
    }
}

fn map(fd: i32) -> &'static Shared {
    // SAFETY: a fresh shared mapping of one page, larger than `Shared`; its zero bytes
    // are valid atomics, and it is never unmapped, so 'static holds.
    unsafe {
        let page = libc::mmap(
            std::ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            fd,
            0,
        );
        assert_ne!(
            page,
            libc::MAP_FAILED,
            "{}",
            std::io::Error::last_os_error()
        );
        &*page.cast::<Shared>()
    }
}

fn futex_wait(word: &AtomicU32, value: u32) {
    // SAFETY: the word is a live, aligned futex; a null timeout waits without limit,
    // and every return makes the caller look at the word again.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT,
            value,
            std::ptr::null::<libc::timespec>(),
        )
    };
}

fn futex_wake(word: &AtomicU32) {
    // SAFETY: the word is a live, aligned futex.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
}
