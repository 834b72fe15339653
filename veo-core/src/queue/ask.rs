//! Asking the backend how a request has ended.

use std::time::Instant;

use veo_abi::ffi;

use super::shared::CtxShared;
use crate::backend::poll;
use crate::session::{CommandState, Outcome};

impl CtxShared {
    /// Asks the backend for the result of `id` until it is there or the time is up.
    /// Only the collector calls this.
    pub(super) fn ask(&self, id: u64, until: Option<Instant>) -> Option<Outcome> {
        let table = &self.core.api.table;
        // On the thread that runs host functions nothing before them is left to wait
        // for, and libveo's own wait may need that very thread.
        let inside = self.runs_host_function();
        let mut word = 0;
        match (table.veo_call_wait_result, until) {
            (Some(wait), None) if !inside => {
                // SAFETY: the context is valid: it is closed only by someone who is
                // the collector in our place; `word` is valid for writing.
                let state = unsafe { wait(self.handle, id, &raw mut word) };
                Some(outcome(state, word))
            }
            (_, Some(until)) if !inside => {
                let extension = &self.core.api.extension;
                // SAFETY: as above.
                let state = unsafe { extension.wait_result(self.handle, id, &mut word, until) };
                finished(state, word)
            }
            _ => {
                // SAFETY: as above.
                let state = unsafe { poll(table, self.handle, id, &mut word, until) };
                finished(state, word)
            }
        }
    }

    pub(super) fn peek_backend(&self, id: u64) -> Option<Outcome> {
        let Some(peek) = self.core.api.table.veo_call_peek_result else {
            return Some(outcome(-1, 0));
        };
        let mut word = 0;
        // SAFETY: the context is valid: the caller holds the lock of a context that is
        // not closed, or is its collector; `word` is valid for writing.
        let state = unsafe { peek(self.handle, id, &raw mut word) };
        finished(state, word)
    }
}

pub(super) fn outcome(state: i32, word: u64) -> Outcome {
    let state = match u32::try_from(state) {
        Ok(ffi::VEO_COMMAND_OK) => CommandState::Ok,
        Ok(ffi::VEO_COMMAND_EXCEPTION) => CommandState::Exception,
        _ => CommandState::Error,
    };
    Outcome { state, word }
}

fn finished(state: i32, word: u64) -> Option<Outcome> {
    (state != ffi::VEO_COMMAND_UNFINISHED as i32).then(|| outcome(state, word))
}
