//! The state that all threads of a machine share, and how others stop a thread.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, RwLock};

use super::translator::{Reach, Translations, Translator};
use crate::memory::Window;
use crate::trap::TrapKind;

/// The addresses that hold code.
#[derive(Debug, Default)]
pub struct Executable(RwLock<BTreeMap<u64, u64>>);

impl Executable {
    /// Lets machine code run there. It should not be writable, and no other range that was added overlaps it.
    pub fn add(&self, range: Range<u64>) {
        self.0
            .write()
            .unwrap_or_else(|lock| lock.into_inner())
            .insert(range.start, range.end);
    }

    /// Ends what [`add`](Self::add) began. Threads that run keep what they have decoded, until
    /// [`Interpreter::forget_code`](super::Interpreter::forget_code).
    pub fn remove(&self, range: &Range<u64>) {
        self.0
            .write()
            .unwrap_or_else(|lock| lock.into_inner())
            .remove(&range.start);
    }

    /// Whether all these bytes are code.
    #[must_use]
    pub fn contains(&self, address: u64, length: u64) -> bool {
        let Some(end) = address.checked_add(length) else {
            return false;
        };
        let ranges = self.0.read().unwrap_or_else(|lock| lock.into_inner());
        let below = ranges.range(..=address).next_back();
        below.is_some_and(|(_, last)| end <= *last)
    }
}

/// How many communication registers there are.
pub(super) const COMMUNICATION_REGISTERS: usize = 32;

/// The state that all threads of a machine share.
#[derive(Debug)]
pub struct Common {
    /// The addresses that machine code may use.
    pub window: Window,
    /// Where code is.
    pub executable: Executable,
    pub(super) communication: [AtomicU64; COMMUNICATION_REGISTERS],
    /// Code of the host, if somebody makes it.
    pub(super) translations: OnceLock<Translations>,
}

impl Common {
    /// Nothing is executable at first.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self {
            window,
            executable: Executable::default(),
            communication: [const { AtomicU64::new(0) }; COMMUNICATION_REGISTERS],
            translations: OnceLock::new(),
        }
    }

    /// Has code of the host made, from now on, of machine code that is executed often. The second one is not asked.
    pub fn translate_with(&self, translator: Box<dyn Translator>, reach: Reach) {
        let _ = self.translations.set(Translations::new(translator, reach));
    }

    /// Drops code of the host, since machine code has changed or is gone.
    pub(crate) fn forget_translations(&self) {
        if let Some(translations) = self.translations.get() {
            translations.forget();
        }
    }
}

/// Asks a running thread to stop, from any thread.
#[derive(Debug, Clone, Default)]
pub struct StopHandle(Arc<AtomicU32>);

impl StopHandle {
    const GO: u32 = 0;
    const STOP: u32 = 1;
    const TIME_LIMIT: u32 = 2;
    const INTERRUPTED: u32 = 3;
    /// Beside one of these: code is gone that the thread may have decoded.
    const FORGET: u32 = 1 << 8;

    /// One whose thread was asked to stop.
    pub(crate) fn asked() -> Self {
        Self(Arc::new(AtomicU32::new(Self::STOP)))
    }

    /// The thread traps with [`TrapKind::Stopped`] at its next jump backwards, call or return. If it is not running, it does when it runs next.
    pub fn stop(&self) {
        self.ask(Self::STOP);
    }

    /// As [`stop`](Self::stop), with [`TrapKind::TimeLimit`].
    pub fn time_is_up(&self) {
        self.ask(Self::TIME_LIMIT);
    }

    /// Takes back what was asked and not yet seen.
    pub fn reset(&self) {
        self.ask(Self::GO);
    }

    fn ask(&self, what: u32) {
        self.replace(|_| Some(what));
    }

    /// Asks for something in place of the present request, unless there is nothing to do.
    fn replace(&self, change: impl Fn(u32) -> Option<u32>) {
        let relaxed = Ordering::Relaxed;
        let _ = self.0.fetch_update(relaxed, relaxed, |now| {
            change(now & !Self::FORGET).map(|new| new | now & Self::FORGET)
        });
    }

    /// As [`stop`](Self::stop) if nothing else was asked. It can be taken back without harm to other requests.
    pub(crate) fn interrupt(&self) {
        self.replace(|now| (now == Self::GO).then_some(Self::INTERRUPTED));
    }

    /// Takes back an interruption that was not seen.
    pub(crate) fn withdraw(&self) {
        self.replace(|now| (now == Self::INTERRUPTED).then_some(Self::GO));
    }

    /// The thread drops what it has decoded, at its next jump backwards, call or return, or when it runs next: code is gone.
    pub(crate) fn forget_code(&self) {
        self.0.fetch_or(Self::FORGET, Ordering::Release);
    }

    /// Whether code is gone; that is done with.
    pub(super) fn take_forget(&self) -> bool {
        self.0.fetch_and(!Self::FORGET, Ordering::Acquire) & Self::FORGET != 0
    }

    /// The address of the word that is not 0 when something is asked, for as long as the handle lives.
    pub(super) fn word(&self) -> u64 {
        Arc::as_ptr(&self.0).expose_provenance() as u64
    }

    /// Whether anything is asked.
    #[inline(always)]
    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) != Self::GO
    }

    /// Whether the thread is to stop.
    pub(crate) fn is_to_stop(&self) -> bool {
        self.0.load(Ordering::Relaxed) & !Self::FORGET != Self::GO
    }

    /// Why the thread is to stop; that is done with.
    #[inline]
    pub(crate) fn take(&self) -> Option<TrapKind> {
        // Looked at first, which is much cheaper.
        if !self.is_asked() {
            return None;
        }
        match self.0.fetch_and(Self::FORGET, Ordering::Relaxed) & !Self::FORGET {
            Self::GO => None,
            Self::TIME_LIMIT => Some(TrapKind::TimeLimit),
            _ => Some(TrapKind::Stopped),
        }
    }
}
