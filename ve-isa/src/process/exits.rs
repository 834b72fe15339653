//! The functions to call at the end of a program.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A function with its argument.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ExitFunction {
    pub(crate) function: u64,
    pub(crate) argument: u64,
    /// The word by which the caller of `__cxa_atexit` names its image; 0 for `atexit`.
    pub(crate) image: u64,
    /// The thread whose end it is to be called at; 0 if it is that of the program.
    pub(crate) thread: u64,
    /// Whether it gets the exit code before its argument, as with `on_exit`.
    pub(crate) takes_code: bool,
}

impl ExitFunction {
    /// Its arguments if the program ends with this code.
    pub(crate) fn words(&self, code: i32) -> Vec<u64> {
        let code = self.takes_code.then_some(i64::from(code) as u64);
        code.into_iter().chain([self.argument]).collect()
    }
}

/// The functions that programs have registered.
#[derive(Debug, Default)]
pub(crate) struct Exits {
    functions: Mutex<Vec<ExitFunction>>,
    /// Those for `quick_exit`.
    quick: Mutex<Vec<u64>>,
    at_once: AtomicBool,
}

fn lock<T>(list: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_in(code: &[Range<u64>], function: u64) -> bool {
    code.iter().any(|range| range.contains(&function))
}

impl Exits {
    pub(crate) fn add(&self, exit: ExitFunction) {
        lock(&self.functions).push(exit);
    }

    /// Takes the function for the program's end that was registered last, of one image or of all. `None` if nothing is to be called.
    pub(crate) fn take(&self, image: Option<u64>) -> Option<ExitFunction> {
        self.take_last(|exit| exit.thread == 0 && image.is_none_or(|image| image == exit.image))
    }

    /// Takes the function for the end of a thread that was registered last.
    pub(crate) fn take_of_thread(&self, thread: u64) -> Option<ExitFunction> {
        self.take_last(|exit| exit.thread == thread)
    }

    /// Takes the function for the program's end that was registered last and lies in this code. `None` if nothing is to be called.
    pub(crate) fn take_in(&self, code: &[Range<u64>]) -> Option<ExitFunction> {
        self.take_last(|exit| exit.thread == 0 && is_in(code, exit.function))
    }

    /// Forgets all functions that lie in this code, which goes.
    pub(crate) fn forget_in(&self, code: &[Range<u64>]) {
        lock(&self.functions).retain(|exit| !is_in(code, exit.function));
        lock(&self.quick).retain(|function| !is_in(code, *function));
    }

    /// Forgets what was to be called at the end of a thread.
    pub(crate) fn forget(&self, thread: u64) {
        let mut all = lock(&self.functions);
        all.retain(|exit| exit.thread != thread);
    }

    fn take_last(&self, wanted: impl Fn(&ExitFunction) -> bool) -> Option<ExitFunction> {
        if self.is_at_once() {
            return None;
        }
        let mut all = lock(&self.functions);
        let last = all.iter().rposition(wanted)?;
        Some(all.remove(last))
    }

    pub(crate) fn add_quick(&self, function: u64) {
        lock(&self.quick).push(function);
    }

    /// Takes the function that was registered last for `quick_exit`.
    pub(crate) fn take_quick(&self) -> Option<u64> {
        lock(&self.quick).pop()
    }

    /// Notes that the program ends and wants nothing to be called.
    pub(crate) fn end_at_once(&self) {
        self.at_once.store(true, Ordering::Relaxed);
    }

    /// Whether the program has ended without wanting anything to be called.
    pub(crate) fn is_at_once(&self) -> bool {
        self.at_once.load(Ordering::Relaxed)
    }
}
