//! Calls and results through the interface in C, on the fast path and beside requests that
//! keep others off it.

#[path = "../common/mod.rs"]
mod common;
mod concurrent_use;
mod waits;
mod words;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::*;
use veo_abi::ffi::*;

pub(crate) const KERNELS: &str = r#"
#include <stdint.h>
#include <unistd.h>
uint64_t flag;
uint64_t give(uint64_t x) { return x; }
uint64_t nap(uint64_t x) { usleep(x % 500); return x; }
uint64_t hold(uint64_t x) { while (!*(volatile uint64_t *)&flag) usleep(100); return x; }
uint64_t store(uint64_t *p, uint64_t v) { *p = v; return v; }
uint64_t twice(const uint64_t *in, uint64_t *out) { *out = 2 * *in; return *in; }
"#;

/// Runs what could wait for ever, and says so.
pub(crate) fn ends<R: Send + 'static>(what: impl FnOnce() -> R + Send + 'static) -> R {
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn(move || tell.send(what()));
    match told.recv_timeout(Duration::from_secs(120)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("a wait that does not end"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().unwrap_err())
        }
        Ok(result) => result,
    }
}

pub(crate) fn call_fast_path(ctx: Ctx, function: u64, words: &[u64], classes: &[u8]) -> u64 {
    assert_eq!(words.len(), classes.len());
    let mut packed = vec![0; classes.len().div_ceil(32)];
    for (at, class) in classes.iter().enumerate() {
        packed[at / 32] |= u64::from(*class) << (at % 32 * 2);
    }
    call!(veo_emu_call_async(
        ctx.0,
        function,
        words.as_ptr(),
        packed.as_ptr(),
        words.len(),
        VEO_EMU_CLASS_INTEGER
    ))
}

pub(crate) fn give(ctx: Ctx, function: u64, word: u64) -> u64 {
    let id = call_fast_path(ctx, function, &[word], &[VEO_EMU_CLASS_INTEGER as u8]);
    assert_ne!(id, VEO_REQUEST_ID_INVALID, "{}", last_error());
    id
}

pub(crate) fn sync(ctx: Ctx) {
    call!(veo_context_sync(ctx.0));
}

/// Collects as many results as are there, the first in any case.
pub(crate) fn collect(ctx: Ctx, ids: &[u64]) -> Vec<(u32, u64)> {
    let nothing = veo_emu_result {
        value: 0xdead_beef,
        state: 99,
    };
    let mut results = vec![nothing; ids.len()];
    let taken = call!(veo_emu_collect(
        ctx.0,
        ids.as_ptr(),
        ids.len(),
        u64::MAX,
        results.as_mut_ptr()
    ));
    for (at, result) in results[taken..].iter().enumerate() {
        let untouched = (result.value, result.state) == (0xdead_beef, 99);
        assert!(untouched || at == 0 && result.state as u32 == VEO_COMMAND_UNFINISHED);
    }
    results.truncate(taken);
    results
        .iter()
        .map(|result| (result.state as u32, result.value))
        .collect()
}

pub(crate) const UNKNOWN: (u32, u64) = (VEO_COMMAND_ERROR, 0xdead_beef);
