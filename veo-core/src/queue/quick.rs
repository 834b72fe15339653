//! The short way of the most common request: the call of a declared kernel whose arguments
//! are plain words, waited for when nothing else is going on in the context.
//!
//! What is unusual in any way is left to the long way, which also says what is wrong:
//! a refusal here has changed nothing. Results fit registers, so that little is copied.

use std::mem::MaybeUninit;
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use veo_abi::ffi::{self, veo_emu_result, veo_thr_ctxt};

use super::aftermath::Aftermath;
use super::ask::outcome;
use super::entry::Ticket;
use super::shared::{Aftermaths, CtxShared, Guard, Phase};
use crate::arg::Args;
use crate::clock::Stamp;
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::session::CommandState;

/// The most results that are collected at once.
const MOST: usize = 32;

/// `veo_emu_collect`.
type Collect =
    unsafe extern "C" fn(*mut veo_thr_ctxt, *const u64, usize, u64, *mut veo_emu_result) -> usize;

impl CtxShared {
    /// Submits a call of `kernel`, which is at `addr`, read with the context locked: 0 if
    /// that is not known, or its library is being unloaded.
    #[inline]
    pub(crate) fn submit_quickly(
        &self,
        kernel: &'static Kernel,
        addr: &AtomicU64,
        args: &Args<'_, '_>,
        result: u32,
    ) -> Option<Ticket> {
        let call = self.core.api.table.veo_emu_call_async?;
        let (words, classes) = args.words.direct()?;
        if !args.are_plain() || args.check(self.core.id).is_err() || !self.core.is_usable() {
            return None;
        }
        let mut state = self.lock();
        if state.phase != Phase::Open || state.block.is_some() || state.table.parked() > 0 {
            return None;
        }
        let addr = addr.load(Ordering::Acquire);
        if addr == 0 {
            return None;
        }
        state.table.reserve();
        // The VE may have done it before this thread runs on.
        let now = Stamp::now();
        // SAFETY: the lock is held and the context open, so it is valid; there are
        // `len` words and as many classes.
        let id = unsafe { call(self.handle, addr, words, classes, args.words.len(), result) };
        if id == ffi::VEO_REQUEST_ID_INVALID {
            return None;
        }
        for usage in &args.uses {
            usage.note(self.id, state.table.next());
        }
        Some(state.table.insert_call(id, kernel, now))
    }

    /// Calls `kernel` as [`submit_quickly`](Self::submit_quickly) does, and waits for its result word.
    pub(crate) fn call_quickly(
        &self,
        kernel: &'static Kernel,
        addr: &AtomicU64,
        args: &Args<'_, '_>,
        result: u32,
    ) -> Option<Result<u64>> {
        if self.is_around_this() {
            return None;
        }
        let ticket = self.submit_quickly(kernel, addr, args, result)?;
        if let Some(word) = self.wait_quickly(ticket) {
            return Some(Ok(word));
        }
        Some(self.wait(ticket, None).and_then(|finished| {
            let finished = finished.ok_or_else(|| Error::Unfinished {
                what: self.describe(ticket),
                waited: Duration::MAX,
            })?;
            finished.word.map_err(|error| *error)
        }))
    }

    /// Waits for a request that owns nothing, and takes its result word if it succeeds.
    /// What has ended behind it is collected along, for those that wait next.
    #[inline]
    pub(crate) fn wait_quickly(&self, ticket: Ticket) -> Option<u64> {
        if self.core.image.is_foreign() || self.is_around_this() {
            return None;
        }
        let mut state = self.lock();
        if let Some(word) = state.table.take_word(ticket) {
            return Some(word);
        }
        if state.collecting || state.phase == Phase::Closed {
            return None;
        }
        state.table.oldest_if_plain(ticket)?;
        let collect = self.core.api.table.veo_emu_collect?;
        if state.table.pending() == 1 {
            self.collect_some::<1>(state, ticket, collect)
        } else {
            self.collect_some::<MOST>(state, ticket, collect)
        }
    }

    /// Waits for the oldest request, which is `ticket`, and takes its result. Records the
    /// end of the ones behind it that have ended too, of `N` in all.
    fn collect_some<const N: usize>(
        &self,
        mut state: Guard<'_>,
        ticket: Ticket,
        collect: Collect,
    ) -> Option<u64> {
        let mut ids = [0; N];
        let count = state.table.oldest_ids(&mut ids);
        state.collecting = true;
        drop(state);
        let mut results = [const { MaybeUninit::<veo_emu_result>::uninit() }; N];
        // SAFETY: the context is valid: it is closed only by someone who is the collector
        // in our place; there are `count` ids, and room for as many results.
        let taken = unsafe {
            let room = results.as_mut_ptr().cast();
            collect(self.handle, ids.as_ptr(), count, u64::MAX, room)
        };
        let mut state = self.lock();
        state.collecting = false;
        let taken = taken.min(count);
        let mut word = None;
        if taken > 0 {
            // SAFETY: the function wrote as many results as it says, at least one.
            let own = unsafe { results[0].assume_init_read() };
            let own = outcome(own.state, own.value);
            if own.state == CommandState::Ok && state.table.finish(ticket).is_some() {
                self.count_collected(&mut state);
                word = Some(own.word);
            }
        }
        let recorded = usize::from(word.is_some());
        if recorded == taken {
            self.wake(&state);
            return word;
        }
        // SAFETY: as above; the type has the layout of what it may not hold.
        let results = unsafe { slice::from_raw_parts(results.as_ptr().cast(), taken) };
        self.record_all(state, &ids[recorded..taken], &results[recorded..]);
        word
    }

    /// Records how these requests of the backend ended, the oldest there are.
    fn record_all(&self, mut state: Guard<'_>, ids: &[u64], results: &[veo_emu_result]) {
        let now = Stamp::now();
        let mut after = Aftermaths::new();
        for (id, result) in ids.iter().zip(results) {
            let outcome = outcome(result.state, result.value);
            if outcome.state == CommandState::Ok
                && state.table.collect_plain(*id, outcome.word, now)
            {
                self.count_collected(&mut state);
            } else if state.table.oldest() == Some(*id) {
                let left = self.record(&mut state, outcome, Some(now));
                if !left.is_empty() {
                    after.push(left);
                }
            }
            // Otherwise its process was destroyed meanwhile, and its requests were lost.
        }
        self.wake(&state);
        drop(state);
        after.into_iter().for_each(Aftermath::run);
    }
}
