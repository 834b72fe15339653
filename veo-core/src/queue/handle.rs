//! A context as the backend knows it, and how it is asked for results.

use std::mem::MaybeUninit;
use std::slice;
use std::time::Instant;

use veo_abi::ffi::{self, veo_emu_result, veo_thr_ctxt};

use crate::backend::{Api, poll};

/// The most results that are collected at once.
pub(super) const MOST: usize = 32;

/// The backend's handle of a context.
pub(super) struct ContextHandle {
    raw: *mut veo_thr_ctxt,
    api: &'static Api,
}

// SAFETY: the handle is an opaque token that any thread may pass to the backend; code that does so
// answers for the calls that must not meet.
unsafe impl Send for ContextHandle {}
// SAFETY: as above.
unsafe impl Sync for ContextHandle {}

impl ContextHandle {
    pub(super) fn new(api: &'static Api, raw: *mut veo_thr_ctxt) -> ContextHandle {
        ContextHandle { raw, api }
    }

    #[inline]
    pub(super) fn raw(&self) -> *mut veo_thr_ctxt {
        self.raw
    }

    /// Asks for the results of these requests, the oldest there are, of which there is at least one,
    /// until the first is there or the time is up. With `polls`, a wait of the backend is not used.
    ///
    /// # Safety
    ///
    /// The context is valid, and nobody else asks for results or closes it until this returns.
    #[inline(always)]
    pub(super) unsafe fn results<'r>(
        &self,
        ids: &[u64],
        room: &'r mut [MaybeUninit<veo_emu_result>; MOST],
        until: Option<Instant>,
        polls: bool,
    ) -> &'r [veo_emu_result] {
        if let Some(collect) = self.api.table.veo_emu_collect
            && !polls
        {
            let left = until.map_or(u64::MAX, |until| {
                let left = until.saturating_duration_since(Instant::now());
                u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)
            });
            let ids = &ids[..ids.len().min(MOST)];
            let results = room.as_mut_ptr().cast();
            // SAFETY: the context is valid, as the caller sees to; there are as many ids as are
            // said, and room for as many results, since they are at most `MOST`.
            let taken = unsafe { collect(self.raw, ids.as_ptr(), ids.len(), left, results) };
            if taken > 0 || until.is_some() {
                let taken = taken.min(ids.len());
                // SAFETY: the function has written as many results as it says.
                return unsafe { slice::from_raw_parts(room.as_ptr().cast(), taken) };
            }
            // A wait without end that ends without a result has failed: the other way says how.
        }
        // SAFETY: as the caller sees to.
        match unsafe { self.result(ids[0], until, polls) } {
            Some(result) => slice::from_ref(room[0].write(result)),
            None => &[],
        }
    }

    /// The same for one request, with the functions that every backend has.
    ///
    /// # Safety
    ///
    /// As for [`results`](Self::results).
    #[inline(never)]
    unsafe fn result(
        &self,
        id: u64,
        until: Option<Instant>,
        polls: bool,
    ) -> Option<veo_emu_result> {
        let api = self.api;
        let mut value = 0;
        // SAFETY: the context is valid, as the caller sees to; `value` is valid for writing.
        let state = unsafe {
            match (api.table.veo_call_wait_result, until) {
                (Some(wait), None) if !polls => wait(self.raw, id, &raw mut value),
                (_, Some(until)) if !polls => {
                    let extension = &api.extension;
                    extension.wait_result(self.raw, id, &mut value, until)
                }
                _ => poll(&api.table, self.raw, id, &mut value, until),
            }
        };
        finished(state, value)
    }

    /// The result of a request, if it is there.
    ///
    /// # Safety
    ///
    /// As for [`results`](Self::results).
    pub(super) unsafe fn peek(&self, id: u64) -> Option<veo_emu_result> {
        let mut value = 0;
        let state = match self.api.table.veo_call_peek_result {
            // SAFETY: the context is valid, as the caller sees to; `value` is valid for writing.
            Some(peek) => unsafe { peek(self.raw, id, &raw mut value) },
            None => -1,
        };
        finished(state, value)
    }
}

fn finished(state: i32, value: u64) -> Option<veo_emu_result> {
    let unfinished = state == ffi::VEO_COMMAND_UNFINISHED as i32;
    (!unfinished).then_some(veo_emu_result { value, state })
}
