//! Guarded memory in the VE process: opens and closes blocks when the host allocates and frees
//! them, and checks the memory around them, and around data on the stack of a call, when a kernel
//! ends. A [`BlockListener`], such as a sanitizer, is told of every block.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use veo_abi::hmem;

use super::engine::Runner;
use super::memory;
use crate::shared::control::{EngineTrap, RecordedCause};
use crate::shared::guard::{GuardedSpan, PATTERN};
use crate::shared::ring::Received;
use crate::sys::process;

/// How many blocks that were not passed to a kernel are checked when it ends, and how far around
/// them: a kernel may reach them through a structure.
const OTHERS: usize = 32;
const NEAR: u64 = 64;

/// This part of the mappings that the system allows a process is for guards. Each block takes
/// two.
const PART: (u64, u64) = (3, 4);

/// The limit of most systems, for one that does not tell.
const USUAL_MAPPINGS: u64 = 65_530;

/// Learns of blocks. Called on the thread of a context, between its kernels.
pub(super) trait BlockListener: Sync {
    /// A block is accessible from now on.
    fn opened(&self, span: &GuardedSpan);

    /// A block is about to be closed.
    fn closing(&self, span: &GuardedSpan);
}

/// The guard of this process, if its host asked for one.
struct OpenBlocks {
    /// Whether pages are closed, and the memory around blocks holds the pattern.
    closes: bool,
    window: Range<u64>,
    /// The area of calls' stack data.
    staging: Range<u64>,
    /// The number of the process: a forked child does not use the guard.
    process: u32,
    most: usize,
    blocks: RwLock<BlockTable>,
    /// Where the next check begins among the blocks that were not passed.
    next: AtomicU64,
}

#[derive(Default)]
struct BlockTable {
    /// By the first address.
    by_start: BTreeMap<u64, GuardedSpan>,
    /// There were too many: all pages are open.
    gave_up: bool,
}

static GUARD: OnceLock<OpenBlocks> = OnceLock::new();
/// The listener that is told of blocks.
static LISTENERS: RwLock<Vec<&'static dyn BlockListener>> = RwLock::new(Vec::new());

/// Lets the host have blocks opened and closed. Called once, before there is any.
pub(super) fn install(closes: bool) {
    let mappings = std::fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(USUAL_MAPPINGS);
    let _ = GUARD.set(OpenBlocks {
        closes,
        window: memory::heap(),
        staging: memory::staging(),
        process: process::own_id(),
        most: (mappings / PART.1 * PART.0 / 2) as usize,
        blocks: RwLock::default(),
        next: AtomicU64::new(0),
    });
}

/// Has somebody told of all blocks, of those that are there first.
pub(super) fn watch(listener: &'static dyn BlockListener) {
    // While this holds the lock, no block comes or goes.
    let _blocks = GUARD.get().map(|guard| {
        let blocks = guard.blocks.write();
        let blocks = blocks.unwrap_or_else(PoisonError::into_inner);
        let spans = blocks.by_start.values();
        spans.for_each(|span| listener.opened(span));
        blocks
    });
    let mut listeners = LISTENERS.write().unwrap_or_else(PoisonError::into_inner);
    listeners.push(listener);
}

/// Tells all listeners.
fn tell(what: impl Fn(&dyn BlockListener)) {
    let listeners = LISTENERS.read().unwrap_or_else(PoisonError::into_inner);
    listeners.iter().for_each(|listener| what(*listener));
}

/// The blocks that the host has allocated, without what is around them.
pub(super) fn live_blocks() -> Vec<Range<u64>> {
    let Some(guard) = GUARD.get() else {
        return Vec::new();
    };
    let blocks = guard.blocks.read().unwrap_or_else(PoisonError::into_inner);
    let spans = blocks.by_start.values();
    spans.map(|span| span.block.clone()).collect()
}

/// Whether memory is checked when kernels end.
pub(super) fn is_checked() -> bool {
    GUARD.get().is_some()
}

/// Opens the block of a task. `None`: that cannot be. `Some(true)`: it is open, but so is all
/// memory, since there are too many blocks.
pub(super) fn open(words: &[u64]) -> Option<bool> {
    let guard = GUARD.get()?;
    let span = GuardedSpan::from_words(words, &guard.window)?;
    let mut blocks = guard.blocks.write().unwrap_or_else(PoisonError::into_inner);
    if guard.closes && !blocks.gave_up {
        let too_many = blocks.by_start.len() >= guard.most;
        if too_many || memory::open(span.open.clone()).is_err() {
            memory::open(guard.window.clone()).ok()?;
            blocks.gave_up = true;
        }
    }
    tell(|listener| listener.opened(&span));
    blocks.by_start.insert(span.block.start, span);
    Some(blocks.gave_up)
}

/// Closes the block of a task, after a check of the memory around it.
pub(super) fn close(words: &[u64]) -> Result<bool, EngineTrap> {
    let Some(guard) = GUARD.get() else {
        return Ok(false);
    };
    let mut blocks = guard.blocks.write().unwrap_or_else(PoisonError::into_inner);
    let Some(span) = GuardedSpan::from_words(words, &guard.window)
        .and_then(|span| blocks.by_start.remove(&span.block.start))
    else {
        return Ok(false);
    };
    if guard.closes
        && let Some(address) = damaged(&span, u64::MAX)
    {
        return Err(overwritten(address));
    }
    tell(|listener| listener.closing(&span));
    if guard.closes && !blocks.gave_up {
        // If the system refuses, an access is not noticed.
        let _ = memory::close(span.open);
    }
    Ok(true)
}

/// A runner that checks the memory around blocks and stack data after each function.
pub(super) struct GuardedRunner<R> {
    runner: R,
    /// The stack data of the function that runs.
    on_stack: Vec<GuardedSpan>,
}

impl<R> GuardedRunner<R> {
    pub(super) fn new(runner: R) -> GuardedRunner<R> {
        GuardedRunner {
            runner,
            on_stack: Vec::new(),
        }
    }
}

impl<R: Runner> Runner for GuardedRunner<R> {
    unsafe fn call(&mut self, request: &Received) -> Result<u64, Box<EngineTrap>> {
        let guard = GUARD.get();
        self.on_stack.clear();
        let found = guard.map(|guard| guard.on_stack(request.words()));
        self.on_stack.extend(found.into_iter().flatten());
        tell(|listener| self.on_stack.iter().for_each(|span| listener.opened(span)));
        // SAFETY: the caller vouches for the function.
        let value = unsafe { self.runner.call(request) }?;
        tell(|listener| self.on_stack.iter().for_each(|span| listener.closing(span)));
        match guard.and_then(|guard| guard.check(request.words(), &self.on_stack)) {
            Some(address) => Err(Box::new(overwritten(address))),
            None => Ok(value),
        }
    }

    fn close(&mut self) {
        self.runner.close();
    }
}

fn overwritten(address: u64) -> EngineTrap {
    EngineTrap {
        signal: libc::SIGSEGV,
        address: Some(address),
        ..EngineTrap::of(RecordedCause::Overwritten)
    }
}

impl OpenBlocks {
    /// The stack data that the words of a call are the addresses of.
    fn on_stack(&self, words: &[u64]) -> impl Iterator<Item = GuardedSpan> {
        let word = |at: u64| {
            // SAFETY: the words of a header lie in the staging area, which stays accessible, at
            // multiples of 8. The host may write there: they are read as atomics.
            let word = unsafe { AtomicU64::from_ptr(at as usize as *mut u64) };
            u64::from_le(word.load(Ordering::Relaxed))
        };
        let spans = words.iter();
        spans.filter_map(move |start| GuardedSpan::of_header(*start, &self.staging, word))
    }

    /// The first address found overwritten: around what is on the stack, then around the blocks
    /// that were passed, then near some others.
    fn check(&self, words: &[u64], on_stack: &[GuardedSpan]) -> Option<u64> {
        if process::own_id() != self.process {
            return None;
        }
        if let Some(damage) = on_stack.iter().find_map(|span| damaged(span, u64::MAX)) {
            return Some(damage);
        }
        if !self.closes {
            return None;
        }
        let blocks = self.blocks.read().unwrap_or_else(PoisonError::into_inner);
        let by_start = &blocks.by_start;
        for word in words {
            let address = hmem::untag(*word);
            if !self.window.contains(&address) {
                continue;
            }
            if let Some((_, span)) = by_start.range(..=address).next_back()
                && address <= span.open.end
                && let Some(damage) = damaged(span, u64::MAX)
            {
                return Some(damage);
            }
        }
        let from = self.next.load(Ordering::Relaxed);
        let others = by_start.range(from..).chain(by_start.range(..from));
        let mut last = None;
        for (start, span) in others.take(OTHERS) {
            if let Some(damage) = damaged(span, NEAR) {
                return Some(damage);
            }
            last = Some(*start);
        }
        if let Some(last) = last {
            self.next.store(last + 1, Ordering::Relaxed);
        }
        None
    }
}

/// The overwritten byte that is nearest to the block, at most `near` bytes away from it.
fn damaged(span: &GuardedSpan, near: u64) -> Option<u64> {
    let behind = span.behind();
    let end = behind.end.min(behind.start.saturating_add(near));
    let before = span.before();
    let start = before.start.max(before.end.saturating_sub(near));
    let first = |word: u64, bytes: u64| Some(word + u64::from(bytes.trailing_zeros() / 8));
    let last = |word: u64, bytes: u64| Some(word + 7 - u64::from(bytes.leading_zeros() / 8));
    let mut at = behind.start & !7;
    while at < end {
        let wrong = wrong_bytes(at, &(behind.start..end));
        if wrong != 0 {
            return first(at, wrong);
        }
        at += 8;
    }
    let mut at = before.end;
    while at > start {
        at -= 8;
        let wrong = wrong_bytes(at, &(start..before.end));
        if wrong != 0 {
            return last(at, wrong);
        }
    }
    None
}

/// The bits of the word at `at` that differ from the pattern, as far as they lie in `range`,
/// which is open.
fn wrong_bytes(at: u64, range: &Range<u64>) -> u64 {
    // SAFETY: spans that are in the table are open while its lock is held, those on the stack
    // always; they begin and end with multiples of 16, so the word that holds a byte of one is
    // accessible and aligned.
    // Kernels may write there: it is read as an atomic.
    let word = unsafe { AtomicU64::from_ptr(at as usize as *mut u64) }.load(Ordering::Relaxed);
    let mut wrong = u64::from_le_bytes(word.to_ne_bytes()) ^ PATTERN;
    if at < range.start {
        wrong &= u64::MAX << ((range.start - at) * 8);
    }
    if range.end - at < 8 {
        wrong &= !(u64::MAX << ((range.end - at) * 8));
    }
    wrong
}
