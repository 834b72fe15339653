//! One thread of a machine from its own side: it halts, waits and goes on as the common state says.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use ve_isa::state::Cpu;

use super::{StopReason, ThreadAction, ThreadPlace, ThreadStop, Threads, ThreadsState};
use crate::registers;

/// A thread's copy of the state, with its version.
#[derive(Debug, Default)]
pub(crate) struct KnownState {
    version: u64,
    breakpoints: BTreeSet<u64>,
    watches: bool,
    /// Whether it has to halt.
    held: bool,
}

impl KnownState {
    fn look(&mut self, threads: &Threads, state: &ThreadsState, number: usize) {
        self.version = threads.version.load(Ordering::Acquire);
        self.breakpoints.clone_from(&state.breakpoints);
        self.watches = !state.watches.is_empty();
        self.held = state.is_held(number);
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    pub(crate) fn breaks_at(&self, address: u64) -> bool {
        !self.breakpoints.is_empty() && self.breakpoints.contains(&address)
    }

    pub(crate) fn watches(&self) -> bool {
        self.watches
    }
}

/// The permission with which a thread was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// Whether it halts after one instruction.
    pub(crate) step: bool,
    /// Whether it executes the instruction at which it halted, even if there is a breakpoint.
    pub(crate) passes: bool,
}

/// A thread that is known as long as this lives.
#[derive(Debug)]
pub(crate) struct Membership {
    threads: Arc<Threads>,
    number: usize,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.threads.lock().members.remove(&self.number);
        self.threads.changed.notify_all();
    }
}

impl Membership {
    /// The thread is entered already.
    pub(super) fn new(threads: Arc<Threads>, number: usize) -> Self {
        Self { threads, number }
    }

    /// Whether its copy of the state is current.
    pub(crate) fn is_current(&self, known: &KnownState) -> bool {
        known.version == self.threads.version.load(Ordering::Acquire)
    }

    /// The thread is about to execute machine code: notes that, and looks at the state.
    pub(crate) fn enter(&self, known: &mut KnownState) {
        let threads = &*self.threads;
        let mut state = threads.lock();
        if !state.begun {
            state.begun = true;
            let reason = StopReason::Begin;
            if state.session.is_some() && !state.stopped {
                let thread = self.number;
                threads.stop_all(&mut state, ThreadStop { thread, reason });
            } else if let Some(member) = state.members.get_mut(&self.number) {
                // A client that lets the threads go before it has looked at this one believes that none has begun.
                member.untold = Some(reason);
            }
        }
        known.look(threads, &state, self.number);
        if let Some(member) = state.members.get_mut(&self.number) {
            // Also of a thread that is about to halt: a stop waits until its registers are there.
            member.place = ThreadPlace::Inside;
            member.told &= known.held;
        }
    }

    /// The thread goes where it executes no machine code.
    pub(crate) fn leave(&self, cpu: &Cpu) {
        let mut state = self.threads.lock();
        if let Some(member) = state.members.get_mut(&self.number) {
            member.place = ThreadPlace::Outside(Some(Box::new(registers::plain(cpu))));
        }
        self.threads.changed.notify_all();
    }

    /// Halts until the thread may go on. A reason stops all others. If they have stopped for something else, it is told later where the
    /// thread does not find it again by itself.
    pub(crate) fn halt(
        &self,
        reason: Option<StopReason>,
        cpu: &mut Cpu,
        known: &mut KnownState,
    ) -> Release {
        let threads = &*self.threads;
        let mut state = threads.lock();
        if let Some(reason) = reason
            && !state.stopped
        {
            let stop = ThreadStop {
                thread: self.number,
                reason,
            };
            threads.stop_all(&mut state, stop);
        } else if let Some(StopReason::Watch(_)) = reason
            && let Some(member) = state.members.get_mut(&self.number)
        {
            member.untold = reason;
        }
        let mut state = self.park(state, cpu);
        known.look(threads, &state, self.number);
        let member = state.members.get_mut(&self.number);
        let Some(member) = member else {
            return Release {
                step: false,
                passes: true,
            };
        };
        member.place = ThreadPlace::Inside;
        let step = member.action == ThreadAction::Step;
        Release {
            step,
            passes: std::mem::take(&mut member.told) || step,
        }
    }

    /// Halts the thread for a fault until it may go on, if a client is there, or is still to come.
    pub(crate) fn halt_for_fault(&self, signal: i32, cpu: &mut Cpu) {
        let threads = &*self.threads;
        loop {
            let mut state = threads.lock();
            let is_free = !state.is_held(self.number);
            if is_free {
                if state.session.is_none() {
                    return;
                }
                let reason = StopReason::Fault(signal);
                threads.stop_all(
                    &mut state,
                    ThreadStop {
                        thread: self.number,
                        reason,
                    },
                );
            }
            let mut state = self.park(state, cpu);
            if let Some(member) = state.members.get_mut(&self.number) {
                member.place = ThreadPlace::Outside(Some(Box::new(registers::plain(cpu))));
            }
            if is_free {
                return;
            }
        }
    }

    /// Waits until the thread may go on; its registers are others' meanwhile.
    fn park<'a>(
        &'a self,
        state: MutexGuard<'a, ThreadsState>,
        cpu: &mut Cpu,
    ) -> MutexGuard<'a, ThreadsState> {
        let threads = &*self.threads;
        let mut state = state;
        if let Some(member) = state.members.get_mut(&self.number) {
            member.place = ThreadPlace::Halted(Box::new(std::mem::take(cpu)));
        }
        threads.changed.notify_all();
        while state.is_held(self.number) {
            state = threads
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(member) = state.members.get_mut(&self.number)
            && let ThreadPlace::Halted(registers) =
                std::mem::replace(&mut member.place, ThreadPlace::Outside(None))
        {
            *cpu = *registers;
        }
        state
    }

    /// Where watched memory has changed, if it has.
    pub(crate) fn changed_watch(&self) -> Option<u64> {
        let threads = &*self.threads;
        threads.lock().changed_watch(&threads.machine)
    }

    /// The threads that it is one of.
    pub(crate) fn threads(&self) -> &Arc<Threads> {
        &self.threads
    }
}
