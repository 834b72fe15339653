//! The short way of the most common request: the call of a declared kernel whose arguments
//! are plain words, waited for when nothing else is going on in the context.
//!
//! What is unusual in any way is left to the long way, which also says what is wrong:
//! a refusal here has changed nothing. Results fit registers, so that little is copied.

use veo_abi::ffi;

use super::payload::Payload;
use super::shared::{CtxShared, Phase};
use super::table::Ticket;
use crate::arg::Args;
use crate::clock::Stamp;
use crate::kernel::Kernel;
use crate::session::State;
use crate::session::What;

impl CtxShared {
    /// Submits a call of `kernel`, which is at `addr`.
    pub(crate) fn submit_quickly(
        &self,
        kernel: &'static Kernel,
        addr: u64,
        args: &Args<'_, '_>,
        result: u32,
    ) -> Option<Ticket> {
        let call = self.core.api.table.veo_emu_call_async?;
        let (words, classes) = args.words.direct()?;
        if addr == 0 || !args.are_fine(self.core.id) || !self.core.is_usable() {
            return None;
        }
        let mut state = self.lock();
        if state.phase != Phase::Open || state.block.is_some() || state.table.parked() > 0 {
            return None;
        }
        state.table.reserve();
        // SAFETY: the lock is held and the context open, so it is valid; there are
        // `len` words and as many classes.
        let id = unsafe { call(self.handle, addr, words, classes, args.words.len(), result) };
        if id == ffi::VEO_REQUEST_ID_INVALID {
            return None;
        }
        for usage in &args.uses {
            usage.note(self.id, state.table.next());
        }
        let ticket = state
            .table
            .insert(id, What::Kernel(kernel), Payload::None, Stamp::now());
        Some(ticket)
    }

    /// Waits for a request that owns nothing, and takes its result word if it succeeds.
    pub(crate) fn wait_quickly(&self, ticket: Ticket) -> Option<u64> {
        let wait = self.core.api.table.veo_call_wait_result?;
        if self.core.image.is_foreign() || self.runs_host_function() {
            return None;
        }
        let mut state = self.lock();
        if state.collecting || state.phase == Phase::Closed {
            return None;
        }
        let id = state.table.oldest_if_plain(ticket)?;
        state.collecting = true;
        drop(state);
        let mut word = 0;
        // SAFETY: the context is valid: it is closed only by someone who is the collector
        // in our place; `word` is valid for writing.
        let status = unsafe { wait(self.handle, id, &raw mut word) };
        let mut state = self.lock();
        state.collecting = false;
        let outcome = super::ask::outcome(status, word);
        if outcome.state == State::Ok && state.table.finish(ticket).is_some() {
            self.count_collected(&mut state);
            self.wake(&state);
            return Some(word);
        }
        drop(self.collected_from(state, id, outcome, Some(Stamp::now())));
        None
    }
}
