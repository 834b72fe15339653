//! Tasks that wait for requests: a thread collects for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::aftermath::contain;
use super::entry::Ticket;
use super::shared::{CtxShared, Phase};
use crate::error::{Error, Result};

impl CtxShared {
    /// Has `waker` woken when the request was collected, unless it is already.
    pub(crate) fn wake_when_done(
        self: &Arc<Self>,
        ticket: Ticket,
        waker: std::task::Waker,
    ) -> Result<()> {
        let mut state = self.lock();
        if state.table.is_done(ticket) {
            drop(state);
            waker.wake();
            return Ok(());
        }
        let old = state.table.set_waker(ticket, waker);
        let start = !state.driver;
        state.driver = true;
        self.wake(&state);
        drop(state);
        let mut started = Ok(());
        if start {
            let ctx = Arc::clone(self);
            let thread = std::thread::Builder::new()
                .name("veo-future".into())
                .spawn(move || ctx.drive());
            if let Err(error) = thread {
                self.lock().driver = false;
                started = Err(Error::System {
                    what: "cannot start the thread that completes VE futures".into(),
                    reason: error.to_string(),
                });
            }
        }
        // The user's own code, which may panic.
        contain(move || drop(old));
        started
    }

    /// Collects while tasks wait; ends after a while without any.
    fn drive(&self) {
        const IDLE: Duration = Duration::from_secs(2);
        // Long enough not to matter, short enough for a closing process.
        const SLICE: Duration = Duration::from_millis(100);
        let mut state = self.lock();
        let mut idle_since = Instant::now();
        loop {
            if state.table.wakers() > 0 {
                state = self.advance(state, None, Some(Instant::now() + SLICE));
                idle_since = Instant::now();
            } else if state.phase == Phase::Closed || idle_since.elapsed() >= IDLE {
                state.driver = false;
                return;
            } else {
                state = self.sleep(state, Some(idle_since + IDLE));
            }
        }
    }
}
