//! Waiting for a request by looking again and again.

use std::ffi::c_int;
use std::time::{Duration, Instant};

use veo_abi::ffi::{VEO_COMMAND_UNFINISHED, VeoApi, veo_thr_ctxt};

/// Waits for the end of a request, until that time if there is one: a command state, and the
/// result in `word`.
///
/// # Safety
///
/// The context is open and stays so, and nobody else asks for its results.
pub(crate) unsafe fn poll(
    table: &VeoApi,
    context: *mut veo_thr_ctxt,
    request: u64,
    word: &mut u64,
    until: Option<Instant>,
) -> c_int {
    let Some(peek) = table.veo_call_peek_result else {
        return -1;
    };
    let mut pause = PollPause::default();
    loop {
        // SAFETY: the caller vouches for the context; `word` is valid for writing.
        let state = unsafe { peek(context, request, word) };
        let over = until.is_some_and(|until| Instant::now() >= until);
        if over || state != VEO_COMMAND_UNFINISHED as c_int {
            return state;
        }
        pause.wait();
    }
}

/// Waits a little longer each time.
#[derive(Default)]
struct PollPause(u32);

impl PollPause {
    fn wait(&mut self) {
        if self.0 < 200 {
            std::hint::spin_loop();
        } else {
            let micros = (u64::from(self.0 - 199) * 10).min(500);
            std::thread::sleep(Duration::from_micros(micros));
        }
        self.0 += 1;
    }
}
