//! The end of the program, on NEC's library. The library's destructor frees what the threads of
//! processes may be using, and waits for kernels that run, however long. So these threads get a
//! limited time to finish before it, and are kept out of the library from then on.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::children;

/// How long processes that are being closed may take. Closing has limits of its own.
const PATIENCE: Duration = Duration::from_secs(25);

struct LibraryGate {
    /// The program ends: nobody enters any more.
    leaving: bool,
    /// Threads of processes that use the library.
    inside: usize,
}

static GATE: Mutex<LibraryGate> = Mutex::new(LibraryGate {
    leaving: false,
    inside: 0,
});
static CHANGED: Condvar = Condvar::new();

thread_local! {
    /// Whether the calling thread is inside.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

fn gate() -> MutexGuard<'static, LibraryGate> {
    GATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The calling thread may use the library until this is dropped.
pub(super) struct InsideLibrary;

impl Drop for InsideLibrary {
    fn drop(&mut self) {
        INSIDE.set(false);
        gate().inside -= 1;
        CHANGED.notify_all();
    }
}

/// Lets the thread of a process use the library. Never returns while the program ends.
pub(super) fn enter() -> InsideLibrary {
    let mut gate = gate();
    while gate.leaving {
        gate = CHANGED.wait(gate).unwrap_or_else(PoisonError::into_inner);
    }
    gate.inside += 1;
    INSIDE.set(true);
    InsideLibrary
}

/// Prepares for the end of the program, once the library is loaded: what was registered last
/// is done first.
pub(super) fn prepare() {
    /// The process of the host that loaded the library.
    static LOADED_BY: OnceLock<u32> = OnceLock::new();

    extern "C" fn before_exit() {
        // A forked child has none of the threads.
        if LOADED_BY.get() == Some(&std::process::id()) {
            finish();
        }
    }

    LOADED_BY.get_or_init(|| {
        #[cfg(target_os = "linux")]
        // SAFETY: the function takes nothing, does not unwind, and is there for ever.
        unsafe {
            libc::atexit(before_exit)
        };
        #[cfg(not(target_os = "linux"))]
        let _ = before_exit;
        std::process::id()
    });
}

/// Waits for the threads of processes that are being closed, and closes the gate.
fn finish() {
    let until = Instant::now() + PATIENCE;
    loop {
        let closing = children::any_is_closing();
        let mut gate = gate();
        // A value of the program that such a thread drops may end the program: then the thread's
        // process is never closed.
        let over = INSIDE.get() || Instant::now() >= until;
        if over || !closing && gate.inside == 0 {
            gate.leaving = true;
            return;
        }
        drop(CHANGED.wait_timeout(gate, Duration::from_millis(1)));
    }
}
