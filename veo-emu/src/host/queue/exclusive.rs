//! Exclusive use: one thread of the host owns a context for a while and has the VE side do work
//! that is no call. libveo sends a message for each such piece of work, like a call. So each has
//! an id, which no program can collect, and a result, for which later kernels can ask.

use std::ops::Range;

use super::Queue;
use crate::error::Result;
use crate::host::death::WorkKind;
use crate::host::operation::QueuedRequest;
use crate::host::queue::progress;
use crate::host::schedule::Goal;
use crate::shared::class::ResultClass;
use crate::shared::parcel::Task;
use crate::shared::ring::{Completion, RingOp, RingRequest};
use crate::shared::wait::Spin;
use crate::sync::lock;
use crate::sys::thread::current_cpu;

impl Queue {
    /// Waits for everything queued, then gives the calling thread exclusive use for work that
    /// takes one id.
    pub(crate) fn exclusive_use(&self) -> Result<ExclusiveUse<'_>> {
        self.exclusive_use_of(1)
    }

    /// The same for work that takes `count` ids.
    pub(crate) fn exclusive_use_of(&self, count: u64) -> Result<ExclusiveUse<'_>> {
        let granted = |ids, nested| ExclusiveUse {
            queue: self,
            ids,
            value: 0,
            nested,
        };
        if progress::is_serving(self) {
            // A host function already has exclusive use. The requests queued behind it have the
            // next ids, so this work gets none.
            self.child.check()?;
            return Ok(granted(0..0, true));
        }
        let schedule = self.child.schedule.as_ref();
        let (ticket, ids, _asked) = {
            let mut state = self.lock_to_submit()?;
            let idle = self.is_idle(&mut state);
            let ids = state.results.pass_over(count);
            if idle {
                state.busy = true;
                return Ok(granted(ids, false));
            }
            state.tickets += 1;
            let ticket = state.tickets;
            state.pending.push_back(QueuedRequest::ExclusiveUse(ticket));
            let asked = schedule.map(|schedule| {
                let count = schedule.submitted(self.index);
                schedule.ask(self.index, Goal::Start(count))
            });
            (ticket, ids, asked)
        };
        let served = self.wait_until(None, None, |state| {
            if state.dead {
                Some(false)
            } else {
                (state.serving == ticket && state.busy).then_some(true)
            }
        });
        if served == Some(true) {
            Ok(granted(ids, false))
        } else {
            Err(self.child.gone())
        }
    }
}

/// The context belongs to this thread; nothing else runs in it.
pub(crate) struct ExclusiveUse<'a> {
    queue: &'a Queue,
    ids: Range<u64>,
    value: u64,
    /// Part of a longer one of this thread.
    nested: bool,
}

impl ExclusiveUse<'_> {
    /// Sets the result that later kernels get.
    pub(crate) fn set_result(&mut self, value: u64) {
        self.value = value;
    }

    /// Has the VE side do what the parcel says.
    pub(crate) fn parcel(&self, task: Task, words: &[u64]) -> Result<(Completion, u64)> {
        self.queue.task(task, words)
    }

    /// Ends the context's thread, and with `last` the process.
    pub(crate) fn close(&self, last: bool) -> Result<()> {
        self.queue
            .request(RingOp::Close, WorkKind::Close { last }, &[u64::from(last)])
            .map(|_| ())
    }
}

impl Drop for ExclusiveUse<'_> {
    fn drop(&mut self) {
        if !self.nested {
            let state = lock(&self.queue.state);
            self.queue
                .note_end(&state, self.ids.clone(), Some(self.value));
            self.queue.end_exclusive_use(state);
        }
    }
}

impl Queue {
    /// Has the VE side do a task. The caller has exclusive use.
    pub(crate) fn task(&self, task: Task, words: &[u64]) -> Result<(Completion, u64)> {
        self.request(RingOp::Parcel, WorkKind::Task(task), words)
    }

    /// Has the VE side do work that is no call. The caller has exclusive use.
    fn request(&self, op: RingOp, kind: WorkKind, words: &[u64]) -> Result<(Completion, u64)> {
        let ring = self.ring();
        let number = {
            let mut state = lock(&self.state);
            if state.dead {
                drop(state);
                return Err(self.child.gone());
            }
            let number = state.parcels;
            state.parcels += 1;
            state.parcel = Some(kind);
            ring.publish(
                state.position,
                RingRequest {
                    op,
                    address: match kind {
                        WorkKind::Task(task) => task as u64,
                        _ => 0,
                    },
                    id: number,
                    words,
                    classes: &[],
                    returns: ResultClass::Word,
                    cpu: current_cpu(),
                },
            );
            state.position += 1;
            number
        };
        let mut spin = Spin::default();
        loop {
            let seen = ring.generation();
            if let Some(reply) = ring.reply(number) {
                lock(&self.state).parcel = None;
                return Ok(reply);
            }
            if self.child.is_dead() {
                return Err(self.child.gone());
            }
            if ring.ve_cpu() != current_cpu() && spin.again() {
                continue;
            }
            self.sleep(seen, Some(0), None, || {
                ring.reply(number).is_some() || self.child.is_dead()
            });
        }
    }
}
