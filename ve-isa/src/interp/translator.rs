//! The translator of machine code to code of the host, and the code that it has made.
//!
//! All threads of a machine share the code. Nothing here knows how it is made or entered.
//!
//! Code lies in an arena. Where machine code has changed, or the arena is full, a new one is begun. The old one goes when the last thread has let
//! go of it: each holds the one arena whose code it may enter. A full one stays for a while first: where more is hot than one has room for, the
//! rest is interpreted.
//!
//! An idle thread holds its arena until it runs next, and with it 128 MiB of addresses. A process has a fixed number of arenas; where all are held,
//! or the system gives no addresses, nothing more is translated until machine code changes. Nobody is told of that.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::encoding::Insn;
use crate::memory::{ArenaPlace, CodeArena, Window};

/// How code of the host says why it ends: the lowest three bits of what it returns.
pub mod exit {
    /// Control goes on at the address in the other bits.
    pub const GO_ON: u64 = 0;
    /// A function of the interpreter has left the reason.
    pub const LEFT: u64 = 1;
    /// The interpreter is to execute the instruction at the address in the other bits, and to go on behind it.
    pub const INTERPRET: u64 = 2;
    /// A computed jump: IC is the address of its instruction, the target is in its place.
    pub const JUMP: u64 = 3;
}

/// How much is translated at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Instructions that control may come to from the first one by fixed branches: as many as are translated in a few milliseconds.
    Region,
    /// Instructions in a row, until the first that may go elsewhere or does more than to compute with scalar registers, to load and to
    /// store.
    Row,
}

/// Machine code, as a translator sees it.
pub trait InstructionSource {
    /// The instruction at an address, if there is one.
    fn instruction(&mut self, address: u64) -> Option<Insn>;

    /// The addresses that machine code may use.
    fn window(&self) -> &Window;

    /// The argument with which [`interpret`](super::layout::interpret) executes this instruction, which stands at this address. Nothing for one that
    /// may go elsewhere than to the next one.
    fn interpreted(&mut self, address: u64, insn: &Insn) -> Option<u64>;
}

/// Code of the host that does what instructions do.
///
/// It is a function of Cranelift's convention for tail calls, which gets the address of the thread's state (the fields of
/// [`layout`](super::layout)) and a number for its own use, at first 0, and returns a reason of [`exit`] before what else it likes. While it runs, PSW rounds to nearest and nothing traps. The
/// interpreter that goes on after it relies on these rules:
///
/// - It begins with a frame: where the frame pointer leads are the caller's and the address to return to.
/// - It reads and writes the fields of [`layout`](super::layout), its own frame, memory of the window, nothing else.
/// - Whenever it ends or calls something, registers are as the instructions before have left them. Where an access to the window may
///   fault, they are as before the instruction that `accesses` names for it: between that and the access are only instructions that may be
///   done again, with registers and loads.
/// - Other translated code that it calls may end with any reason. It passes on all but the one that it waits for, a
///   [`exit::GO_ON`]. With [`exit::INTERPRET`], registers that are the called one's to keep may have changed: it has not come to its end.
/// - Whenever control goes backwards or to other code, it sees within a bounded time that it is to stop, and ends.
#[derive(Debug, Default)]
pub struct HostCode {
    /// The instructions of the host.
    pub bytes: Vec<u8>,
    /// Where it accesses the window, in order: a distance from its beginning, and the address of the instruction of machine code to go on
    /// with if the access faults: its own, or one before it.
    pub accesses: Vec<(u32, u64)>,
    /// How many instructions of machine code it was made of.
    pub instructions: usize,
}

/// Makes code of the host of machine code.
///
/// # Safety
/// What [`translate`](Self::translate) returns does what [`HostCode`] says.
pub unsafe trait Translator: fmt::Debug + Send + Sync {
    /// Code for the instructions from an address on. Nothing where it is not worth it.
    fn translate(
        &self,
        entry: u64,
        reach: Reach,
        source: &mut dyn InstructionSource,
    ) -> Option<HostCode>;
}

/// Code of the host that can be entered.
#[derive(Debug, Clone, Copy)]
pub(super) struct CodeEntry {
    pub(super) code: u64,
    /// How many instructions it stands for.
    pub(super) instructions: usize,
}

/// Code of the host, and the arena that keeps it where it is.
#[derive(Debug)]
pub(super) struct KeptEntry {
    pub(super) entry: CodeEntry,
    pub(super) place: Arc<ArenaPlace>,
}

#[derive(Debug, Clone, Copy)]
enum KnownEntry {
    /// A thread is about to translate it.
    Busy,
    Code(CodeEntry),
    /// It cannot be translated.
    Nothing,
}

/// A full arena stays at least this many times as long as it took to make its code. So making code anew takes a small part of the time, however
/// much code is hot.
const LEAST_STAY: u32 = 10;

/// The translated code of a machine.
#[derive(Debug)]
pub(super) struct Translations {
    translator: Box<dyn Translator>,
    pub(super) reach: Reach,
    state: Mutex<TranslationsState>,
}

#[derive(Debug)]
struct TranslationsState {
    /// Nothing, if the system does not allow it.
    arena: Option<CodeArena>,
    known: HashMap<u64, KnownEntry>,
    /// How often all was forgotten.
    forgotten: u64,
    /// When that was last.
    began: Instant,
    /// The time that all threads together have spent making code since then.
    spent: Duration,
}

impl TranslationsState {
    /// Forgets what was made. Threads that are in it hold it.
    fn begin_anew(&mut self) {
        self.known.clear();
        self.forgotten += 1;
        self.began = Instant::now();
        self.spent = Duration::ZERO;
        if self.arena.as_ref().is_none_or(|arena| !arena.is_empty()) {
            // The old one goes first, if nobody holds it.
            self.arena = None;
            self.arena = CodeArena::reserve();
        }
    }

    /// Forgets what was made, to make room, if it has stayed long enough.
    fn make_room(&mut self, reach: Reach) {
        // Rows are there to be compared: an interpreted one would not be.
        if reach == Reach::Row || self.began.elapsed() >= self.spent.saturating_mul(LEAST_STAY) {
            self.begin_anew();
        }
    }

    fn kept(&self, entry: CodeEntry) -> Option<KeptEntry> {
        let place = self.arena.as_ref()?.place().clone();
        Some(KeptEntry { entry, place })
    }
}

impl Translations {
    pub(super) fn new(translator: Box<dyn Translator>, reach: Reach) -> Self {
        Self {
            translator,
            reach,
            state: Mutex::new(TranslationsState {
                arena: CodeArena::reserve(),
                known: HashMap::new(),
                forgotten: 0,
                began: Instant::now(),
                spent: Duration::ZERO,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, TranslationsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what making code has taken.
    pub(super) fn spend(&self, time: Duration) {
        let mut state = self.lock();
        state.spent = state.spent.saturating_add(time);
    }

    /// The code made for an address.
    pub(super) fn get(&self, address: u64) -> Option<KeptEntry> {
        let state = self.lock();
        match state.known.get(&address)? {
            KnownEntry::Code(entry) => state.kept(*entry),
            KnownEntry::Busy | KnownEntry::Nothing => None,
        }
    }

    /// The code made for an address, made now if there is none. The part of the source that `kept` takes stays as long as the code; it must not lead
    /// to the machine, which would stay with it for good.
    pub(super) fn make<S: InstructionSource, K: Any + Send>(
        &self,
        address: u64,
        source: impl FnOnce() -> S,
        kept: impl FnOnce(S) -> K,
    ) -> Option<KeptEntry> {
        let forgotten = {
            let mut state = self.lock();
            match state.known.get(&address) {
                Some(KnownEntry::Code(entry)) => return state.kept(*entry),
                Some(KnownEntry::Busy | KnownEntry::Nothing) => return None,
                None => {}
            }
            if !state.arena.as_ref()?.has_room() {
                state.make_room(self.reach);
                if !state.arena.as_ref()?.has_room() {
                    // It may be asked for again.
                    return None;
                }
            }
            state.known.insert(address, KnownEntry::Busy);
            state.forgotten
        };
        // No lock is held: other threads go on in the interpreter.
        let begun = Instant::now();
        let made = catch_unwind(AssertUnwindSafe(|| {
            let mut source = source();
            let code = self
                .translator
                .translate(address, self.reach, &mut source)?;
            Some((code, kept(source)))
        }));
        self.spend(begun.elapsed());
        let mut state = self.lock();
        if state.forgotten != forgotten {
            // The code that it was made of may have changed.
            return None;
        }
        let entry = made.ok().flatten().and_then(|(code, kept)| {
            // The rest may have room for a usual function, but not for this one.
            if !state.arena.as_ref()?.has_room_for(code.bytes.len()) {
                state.make_room(self.reach);
            }
            let place = state.arena.as_mut()?;
            let instructions = code.instructions;
            // SAFETY: the translator's promise; a thread enters what it has with its place alone.
            let code = unsafe { place.add(&code.bytes, code.accesses, Box::new(kept)) }?;
            Some(CodeEntry { code, instructions })
        });
        let known = entry.map_or(KnownEntry::Nothing, KnownEntry::Code);
        state.known.insert(address, known);
        state.kept(entry?)
    }

    /// Code in memory has changed. The old code stays where it is for threads that hold it.
    pub(super) fn forget(&self) {
        self.lock().begin_anew();
    }
}
