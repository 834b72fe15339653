//! The functions that the host provides, called with any arguments on memory with any contents.
//!
//! A call is 10 bytes: two that choose the function, eight that choose its arguments; before the calls come 256 bytes of memory.

#![no_main]

use std::ops::Range;
use std::sync::LazyLock;
use std::time::Duration;

use ve_isa::interp::StopHandle;
use ve_isa::machine::{Machine, host_functions};
use ve_isa::memory::Protection;

const MEMORY: usize = 256;

/// Functions that reach files of this machine, wait for its user, or write to the fuzzer's own output.
const LEFT_OUT: &[&str] = &[
    "fopen",
    "fopen64",
    "freopen",
    "freopen64",
    "fdopen",
    "tmpfile",
    "remove",
    "unlink",
    "rename",
    "getchar",
    "getchar_unlocked",
    "scanf",
    "vscanf",
    "putchar",
    "putchar_unlocked",
    "puts",
    "printf",
    "vprintf",
    "__printf_chk",
    "__vprintf_chk",
    "perror",
    "dprintf",
    "vdprintf",
    "sleep",
    "usleep",
    "nanosleep",
    "write",
    "read",
    "close",
    "open",
    "fclose",
    "chdir",
    "fchdir",
    "truncate",
    "pause",
    "poll",
    "select",
    "sigsuspend",
    "sigwait",
    "ftw",
    "nftw",
    "umask",
    "sync",
    "mkdir",
    "rmdir",
    "link",
    "symlink",
    "chmod",
    "chown",
    "lchown",
    "fchmod",
    "fchown",
    "utime",
    "utimes",
    "lutimes",
    "creat",
    "syscall",
    "__open_2",
    "open64",
    "ftruncate",
    "ftruncate64",
    "fallocate",
    "posix_fallocate",
    "posix_fallocate64",
    "flock",
    "lockf",
    "lockf64",
    "fcntl",
    "fcntl64",
    "ioctl",
    "dup2",
    "dup3",
    "mkdtemp",
    "mkstemp",
    "mkstemp64",
    "mkostemp",
    "mkstemps",
    "mkostemps",
    "openat",
    "openat64",
    "mkdirat",
    "unlinkat",
    "renameat",
    "linkat",
    "symlinkat",
    "fchmodat",
    "fchownat",
    "utimensat",
    "futimens",
    "futimes",
    "mkfifo",
    "mkfifoat",
    "warn",
    "warnx",
    "vwarn",
    "vwarnx",
    "err",
    "errx",
    "verr",
    "verrx",
    "error",
    "psignal",
    "pwrite",
    "pwrite64",
    "writev",
];

struct Setup {
    machine: Machine,
    names: Vec<&'static str>,
    memory: Range<u64>,
    read_only: Range<u64>,
}

static SETUP: LazyLock<Setup> = LazyLock::new(|| {
    let machine = Machine::new().expect("there are addresses");
    let map = |protection| {
        machine
            .window()
            .map(1 << 16, protection)
            .expect("there is room")
    };
    let (memory, read_only) = (map(Protection::ReadWrite), map(Protection::Read));
    let names = host_functions()
        .into_iter()
        .filter(|name| !LEFT_OUT.contains(name));
    Setup {
        names: names.collect(),
        memory,
        read_only,
        machine,
    }
});

fn argument(setup: &Setup, choice: u8) -> u64 {
    let (memory, number) = (&setup.memory, u64::from(choice / 16));
    match choice % 16 {
        0 => number,
        1 => memory.start + 8 * number,
        2 => memory.start + 17 * number,
        3 => memory.end - 1 - number,
        4 => memory.end - 64 * number,
        5 => setup.read_only.start + number,
        6 => u64::MAX - number,
        7 => 1 << (4 * number),
        8 => 0x7fff_ffff + number,
        9 => (number as f64 - 7.5).to_bits(),
        10 => f64::NAN.to_bits() | number << 60,
        11 => 0x3f80_0000_0000_0000 | number << 48,
        12 => setup.machine.window().range().end - 8,
        13 => 1000 * number,
        14 => setup
            .machine
            .host_address(setup.names[usize::from(choice)])
            .unwrap_or(0),
        _ => memory.start + 256 * number,
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((content, calls)) = bytes.split_at_checked(MEMORY) else {
        return;
    };
    let setup = &*SETUP;
    let window = setup.machine.window();
    window
        .write(setup.memory.start, content)
        .expect("it can be written");
    // A text without an end would be read beyond the memory.
    window
        .write(setup.memory.end - 8, &[b'x'; 8])
        .expect("it can be written");
    let Ok(mut thread) = setup.machine.thread(1 << 18) else {
        return;
    };
    let stop = thread.thread().stop_handle();
    let watch = Watch::new(stop);
    for call in calls.as_chunks::<10>().0.iter().take(20) {
        let number = usize::from(u16::from_le_bytes([call[0], call[1]]));
        let name = setup.names[number % setup.names.len()];
        let words = [2, 3, 4, 5, 6, 7, 8, 9].map(|place| argument(setup, call[place]));
        if let Some(function) = setup.machine.host_address(name) {
            let _ = thread.call(function, &words);
        }
    }
    drop(watch);
});

/// Stops a thread again and again, should it wait for something.
struct Watch {
    end: std::sync::mpsc::Sender<()>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    fn new(stop: StopHandle) -> Self {
        let (end, ended) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            while ended.recv_timeout(Duration::from_millis(50))
                == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                stop.stop();
            }
        });
        Self {
            end,
            thread: Some(thread),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.end.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
