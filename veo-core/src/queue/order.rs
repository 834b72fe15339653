//! Order between contexts: what a context takes next starts after a request of another one.
//!
//! Where host functions may wait, one that does is queued, and the program goes on. Elsewhere the
//! next submission waits. A request comes only after those that were submitted before it, so nothing
//! waits in a circle, unless functions of the program wait as well.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::entry::Ticket;
use super::shared::{CtxShared, Predecessor, StateGuard};
use crate::error::{Error, Result};

impl Predecessor {
    pub(crate) fn new(ctx: &Arc<CtxShared>, ticket: Ticket) -> Predecessor {
        Predecessor {
            ctx: Arc::downgrade(ctx),
            ticket,
        }
    }

    /// Its context, unless it has ended.
    fn pending(&self) -> Option<Arc<CtxShared>> {
        let ctx = self.ctx.upgrade()?;
        (!ctx.finished(self.ticket.number)).then_some(ctx)
    }

    /// Waits for its end, or for that of the process.
    pub(crate) fn wait(&self) {
        // A process that is closed may never tell of the end.
        const LOOK: Duration = Duration::from_millis(100);
        let Some(ctx) = self.pending() else { return };
        let mut state = ctx.lock();
        while !ctx.finished(self.ticket.number) && !ctx.core.is_closed() {
            state = ctx.advance(state, Some(Instant::now() + LOOK));
        }
    }
}

impl CtxShared {
    /// Notes that what this context takes from request `from` on comes after `earlier`.
    pub(crate) fn note_order(&self, from: u64, earlier: &Predecessor) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.retain(|(_, earlier)| earlier.pending().is_some());
        orders.push((from, earlier.clone()));
    }

    /// Whether requests of this context may come after some of another one.
    pub(super) fn has_orders(&self) -> bool {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        !orders.is_empty()
    }

    /// Whether request `number` comes after request `first` of context `ctx`, by its place in a
    /// queue or by such notes.
    pub(super) fn comes_after(&self, number: u64, ctx: u64, first: u64) -> bool {
        let mut seen = HashMap::new();
        let mut left = Vec::new();
        let mut look =
            |at: &CtxShared, number: u64, left: &mut Vec<(Arc<CtxShared>, u64)>| {
                if at.id == ctx && number >= first {
                    return true;
                }
                // Whatever it comes after, those before it do, too.
                let known = seen.entry(at.id).or_insert((false, 0));
                if !known.0 || known.1 < number {
                    *known = (true, number);
                    let orders = at.orders.lock().unwrap_or_else(PoisonError::into_inner);
                    let before = orders.iter().filter(|(from, _)| *from <= number);
                    left.extend(before.filter_map(|(_, earlier)| {
                        Some((earlier.pending()?, earlier.ticket.number))
                    }));
                }
                false
            };
        if look(self, number, &mut left) {
            return true;
        }
        while let Some((at, number)) = left.pop() {
            if look(&at, number, &mut left) {
                return true;
            }
        }
        false
    }

    /// Has the next submission wait for the end of `earlier`.
    pub(crate) fn hold_back(&self, earlier: Predecessor) {
        let mut state = self.lock();
        state.held_back.retain(|other| other.pending().is_some());
        state.held_back.push(earlier);
    }

    /// Waits for all that the next submission comes after. An error: one of them has ended the process.
    #[cold]
    pub(super) fn wait_for_earlier<'a>(
        &'a self,
        mut state: StateGuard<'a>,
        what: &dyn Display,
    ) -> Result<StateGuard<'a>, Box<Error>> {
        while let Some(earlier) = state.held_back.last().cloned() {
            drop(state);
            if let Some(ctx) = earlier.ctx.upgrade() {
                ctx.check_not_before(earlier.ticket.number, || what.to_string())?;
                earlier.wait();
                // This remembers what ended the process.
                let failed = ctx.verdict(earlier.ticket);
                if failed.is_some_and(|error| error.is_process_gone()) || self.core.look_for_end() {
                    return Err(Box::new(self.core.gone(what)));
                }
            }
            state = self.lock();
            state.held_back.retain(|other| other.pending().is_some());
            if self.core.is_closed() {
                state.held_back.clear();
            }
        }
        Ok(state)
    }
}
