//! The beginning of every test program. It does not depend on who starts the program: `nohup`,
//! the background of a script, an editor, a shell in another language.
//!
//! A program that has `use veo_test_support as _;` is put in order before its `main`: what it
//! inherited of signals, descriptors, limits and variables goes. Programs that it
//! starts inherit from it and are left as the test wants them. The same holds for VE processes, which are
//! taken over before this.

use std::env;
use std::ffi::OsStr;

/// Set in everything that a test program starts.
const MARK: &str = "VEO_TEST_STARTED";

/// Variables that choose what is tested, so they are meant: `.ci` sets them.
const MEANT: [&str; 4] = [
    "VEO_BACKEND",
    "VEO_LIBRARY_PATH",
    "VEO_LIBVEO",
    "VEORUN_BIN",
];

/// Variables that a test program gets under another name.
const CHOSEN: [(&str, &str); 3] = [
    ("VEO_TEST_EMU_GUARD", "VEO_EMU_GUARD"),
    ("VEO_TEST_EMU_MEMORY", "VEO_EMU_MEMORY"),
    ("VEO_TEST_EMU_SCHEDULE", "VEO_EMU_SCHEDULE"),
];

/// Descriptors that a test program needs at most, and the stack that Linux gives programs,
/// which bounds the length of their arguments, too.
const LEAST: [(libc::__rlimit_resource_t, libc::rlim_t); 2] =
    [(libc::RLIMIT_NOFILE, 1024), (libc::RLIMIT_STACK, 8 << 20)];

#[used]
// SAFETY: the section holds pointers to functions that the C start-up code calls once before
// main; this is one, it takes no arguments and does not unwind. Its number puts it after the
// start-up function of veo-emu.
#[unsafe(link_section = ".init_array.00200")]
static AT_START: extern "C" fn() = at_start;

extern "C" fn at_start() {
    if env::var_os(MARK).is_some() {
        return;
    }
    // SAFETY: before main, no other thread uses the environment.
    unsafe { env::set_var(MARK, "1") };
    bound();
    signals();
    descriptors();
    limits();
    let names: Vec<_> = env::vars_os().map(|(name, _)| name).collect();
    for name in names.iter().filter(|name| is_unwanted(name)) {
        // SAFETY: as above.
        unsafe { env::remove_var(name) };
    }
    for (chosen, name) in CHOSEN {
        if let Some(value) = env::var_os(chosen) {
            // SAFETY: as above.
            unsafe { env::set_var(name, value) };
        }
    }
}

/// A test program ends after half an hour, whatever it waits for, unless it is to run long.
fn bound() {
    extern "C" fn over(_: libc::c_int) {
        const TEXT: &[u8] = b"\nthis test program has run for half an hour: it hangs\n";
        // SAFETY: both functions may be called in a signal handler; the text is constant.
        unsafe {
            libc::write(2, TEXT.as_ptr().cast(), TEXT.len());
            libc::_exit(101);
        }
    }
    if env::var_os("VEO_TEST_LONG").is_none() {
        let handler: extern "C" fn(libc::c_int) = over;
        // SAFETY: the handler calls what it may; nothing else in tests uses this signal.
        unsafe {
            libc::signal(libc::SIGALRM, handler as libc::sighandler_t);
            libc::alarm(1800);
        }
    }
}

/// No signal is ignored or blocked.
fn signals() {
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: all zeros are a valid sigaction, the default action with no flags; the
        // call writes one and reads one.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            // Handlers are those of a sanitizer. Some numbers are refused, which is as good.
            if libc::sigaction(signal, std::ptr::null(), &mut action) == 0
                && action.sa_sigaction == libc::SIG_IGN
            {
                action.sa_sigaction = libc::SIG_DFL;
                libc::sigaction(signal, &action, std::ptr::null_mut());
            }
        }
    }
    // SAFETY: a set of our own, emptied before it is used.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
    }
}

/// The three standard descriptors are open, no others.
fn descriptors() {
    // SAFETY: before main nothing of this program has opened any; open takes the lowest
    // number that is free.
    unsafe {
        while (0..=2).contains(&libc::open(c"/dev/null".as_ptr(), libc::O_RDWR)) {}
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0);
    }
}

/// Enough descriptors and stack if that is allowed, no core files of kernels that crash, usual
/// permissions of new files.
fn limits() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the calls read and write the structure, or take numbers.
    unsafe {
        libc::umask(0o022);
        for (resource, least) in LEAST {
            if libc::getrlimit(resource, &mut limit) == 0 && limit.rlim_cur < least {
                limit.rlim_cur = least.min(limit.rlim_max);
                libc::setrlimit(resource, &limit);
            }
        }
        if libc::getrlimit(libc::RLIMIT_CORE, &mut limit) == 0 {
            limit.rlim_cur = 0;
            libc::setrlimit(libc::RLIMIT_CORE, &limit);
        }
    }
}

/// Variables that change what programs do or say.
fn is_unwanted(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let ours = ["VEO", "VE_", "_VENODELIST", "_NECVE"];
    if ours.iter().any(|prefix| name.starts_with(prefix)) {
        // Tests on NEC's library are started with it.
        if name == "VE_OMP_NUM_THREADS" {
            return env::var_os("VEO_BACKEND").is_none();
        }
        return !name.starts_with("VEO_TEST_")
            && !name.starts_with("VEO_BENCH_")
            && name != "VEO_BLESS"
            && !MEANT.contains(&&*name);
    }
    // Languages and places; compilers and their flags; threads; what Rust programs say.
    const PREFIXES: [&str; 4] = ["LC_", "OMP_", "GOMP_", "KMP_"];
    const NAMES: [&str; 19] = [
        "LANG",
        "LANGUAGE",
        "TZ",
        "CFLAGS",
        "CXXFLAGS",
        "FFLAGS",
        "LDFLAGS",
        "CPATH",
        "C_INCLUDE_PATH",
        "LIBRARY_PATH",
        "MAKEFLAGS",
        "CARGO_MAKEFLAGS",
        "CARGO_TERM_COLOR",
        "CARGO_TERM_VERBOSE",
        "CLICOLOR_FORCE",
        "FORCE_COLOR",
        "LD_BIND_NOW",
        "RUST_BACKTRACE",
        "RUST_LOG",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&&*name)
}
