//! The threads of a machine: those that machine code has created, and those that calls from outside run on.
//!
//! All of them are one process to the program: a fault in a thread that it has created ends the calls from outside, and the end of such
//! a call by a trap ends the threads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Frames;
use crate::interp::StopHandle;
use crate::trap::Trap;

/// How many threads machine code may have at a time.
const MOST: usize = 1024;

/// How long the end of a call waits for threads that were asked to stop. One that the host's system keeps ends later.
const PATIENCE: Duration = Duration::from_secs(1);

/// The longest time between two looks at whether somebody asks a waiting thread to stop.
pub(crate) const LOOK: Duration = Duration::from_millis(10);

/// The threads of a machine.
#[derive(Debug, Default)]
pub(crate) struct Members {
    state: Mutex<MembersState>,
    changed: Condvar,
    /// Whether calls that begin have to look whether a fault waits for them. True at least while one does.
    has_fault: AtomicBool,
}

#[derive(Debug, Default)]
struct MembersState {
    /// The last number that was given to a thread.
    last: u64,
    created: HashMap<u64, Created>,
    /// The threads that calls from outside have run on.
    callers: Vec<Arc<Caller>>,
    /// A fault that nobody was there for.
    fault: Option<ThreadFault>,
}

/// The trap of a thread that machine code has created, and where the thread was.
#[derive(Debug, Clone)]
pub(super) struct ThreadFault {
    pub(super) trap: Trap,
    pub(super) frames: Frames,
}

/// A thread that machine code has created.
#[derive(Debug)]
struct Created {
    stop: StopHandle,
    detached: bool,
    /// Whether a thread waits for its end.
    awaited: bool,
    /// Its result, once it has ended.
    end: Option<u64>,
}

/// A thread that calls from outside run on. Such a call begins and ends without a lock, unless there is a fault.
#[derive(Debug)]
pub(super) struct Caller {
    /// The thread's number.
    number: u64,
    stop: StopHandle,
    /// One of the three below.
    call: AtomicU8,
    /// With the state of all locked.
    fault: Mutex<Option<ThreadFault>>,
}

/// No call from outside runs.
const IDLE: u8 = 0;
/// One runs.
const RUNS: u8 = 1;
/// One runs, and the fault of another thread ends it.
const FAULT: u8 = 2;

impl Caller {
    fn fault(&self) -> MutexGuard<'_, Option<ThreadFault>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a fault end the call, unless an earlier one does. The result says whether one runs. The caller has locked the state of all:
    /// a call that ends by a fault waits for that lock.
    fn fail(&self, fault: &ThreadFault) -> bool {
        match self.call.load(Ordering::SeqCst) {
            RUNS => {
                *self.fault() = Some(fault.clone());
                let told =
                    self.call
                        .compare_exchange(RUNS, FAULT, Ordering::SeqCst, Ordering::SeqCst);
                if told.is_err() {
                    // It has ended just now.
                    self.fault().take();
                    return false;
                }
            }
            FAULT => {}
            _ => return false,
        }
        self.stop.interrupt();
        true
    }
}

impl Members {
    fn lock(&self) -> MutexGuard<'_, MembersState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that no other thread of the machine has had; never 0.
    pub(super) fn number(&self) -> u64 {
        let mut state = self.lock();
        state.last += 1;
        state.last
    }

    /// Enters a thread that machine code creates. There may be too many.
    pub(super) fn add(&self, number: u64, stop: StopHandle, detached: bool) -> bool {
        let mut state = self.lock();
        let running = state.created.values().filter(|one| one.end.is_none());
        if running.count() >= MOST {
            return false;
        }
        let created = Created {
            stop,
            detached,
            awaited: false,
            end: None,
        };
        state.created.insert(number, created);
        true
    }

    /// Forgets a thread that did not begin.
    pub(super) fn remove(&self, number: u64) {
        self.lock().created.remove(&number);
    }

    /// A thread that machine code has created ends.
    pub(super) fn finish(&self, number: u64, value: u64) {
        let mut state = self.lock();
        if let Some(created) = state.created.get_mut(&number) {
            created.end = Some(value);
            if created.detached {
                state.created.remove(&number);
            }
        }
        self.changed.notify_all();
    }

    /// Does something while a thread runs and does not end. The result says whether there is such a thread, even one that has ended and
    /// that somebody may wait for.
    pub(crate) fn while_running(&self, number: u64, act: impl FnOnce()) -> bool {
        let state = self.lock();
        let created = state.created.get(&number);
        let is_caller = state.callers.iter().any(|caller| caller.number == number);
        if is_caller || created.is_some_and(|created| created.end.is_none()) {
            act();
        }
        is_caller || created.is_some()
    }

    /// Nobody will wait for the thread. The error is a number as in `errno`.
    pub(crate) fn detach(&self, number: u64) -> Result<(), i32> {
        let mut state = self.lock();
        let created = state.created.get_mut(&number).ok_or(libc::ESRCH)?;
        if created.detached || created.awaited {
            return Err(libc::EINVAL);
        }
        created.detached = true;
        if created.end.is_some() {
            state.created.remove(&number);
        }
        Ok(())
    }

    /// Begins to wait for a thread's end. The error is a number as in `errno`.
    pub(crate) fn begin_join(&self, number: u64) -> Result<(), i32> {
        let mut state = self.lock();
        let created = state.created.get_mut(&number).ok_or(libc::ESRCH)?;
        if created.detached || created.awaited {
            return Err(libc::EINVAL);
        }
        created.awaited = true;
        Ok(())
    }

    /// Waits a while for the thread's end; the result is what it ended with. The error is a number as in `errno`: the thread was
    /// stopped with all others, and is gone.
    pub(crate) fn join(&self, number: u64) -> Result<Option<u64>, i32> {
        let mut state = self.lock();
        let end = |state: &MembersState| state.created.get(&number).map(|it| it.end);
        if end(&state).ok_or(libc::ESRCH)?.is_none() {
            (state, _) = self
                .changed
                .wait_timeout(state, LOOK)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let end = end(&state).ok_or(libc::ESRCH)?;
        if end.is_some() {
            state.created.remove(&number);
        }
        Ok(end)
    }

    /// The thread that waited for another one's end does so no more.
    pub(crate) fn give_up_join(&self, number: u64) {
        if let Some(created) = self.lock().created.get_mut(&number) {
            created.awaited = false;
        }
    }

    /// Waits a while until no thread that machine code has created runs, but for this one. The result says whether it is so.
    pub(crate) fn others_have_ended(&self, number: u64) -> bool {
        let over = |state: &MembersState| {
            let mut all = state.created.iter();
            all.all(|(one, created)| *one == number || created.end.is_some())
        };
        let state = self.lock();
        if over(&state) {
            return true;
        }
        let (state, _) = self
            .changed
            .wait_timeout(state, LOOK)
            .unwrap_or_else(PoisonError::into_inner);
        over(&state)
    }

    /// A thread that calls from outside are to run on.
    pub(super) fn caller(&self, number: u64, stop: StopHandle) -> Arc<Caller> {
        let caller = Arc::new(Caller {
            number,
            stop,
            call: AtomicU8::new(IDLE),
            fault: Mutex::default(),
        });
        self.lock().callers.push(caller.clone());
        caller
    }

    /// No call from outside runs on this thread any more.
    pub(super) fn forget(&self, caller: &Arc<Caller>) {
        let mut state = self.lock();
        state.callers.retain(|other| !Arc::ptr_eq(other, caller));
    }

    /// A call from outside begins. The error is a fault that happened while none ran.
    ///
    /// Either this sees that there is a fault, or `fail` sees that this call runs: each of them writes before it reads, in one order.
    #[inline]
    pub(super) fn enter(&self, caller: &Caller) -> Result<(), Box<ThreadFault>> {
        caller.call.store(RUNS, Ordering::SeqCst);
        if self.has_fault.load(Ordering::SeqCst) {
            return self.enter_after_fault(caller);
        }
        Ok(())
    }

    #[cold]
    fn enter_after_fault(&self, caller: &Caller) -> Result<(), Box<ThreadFault>> {
        let mut state = self.lock();
        if caller.call.load(Ordering::SeqCst) == FAULT {
            // The call is told of another one when it ends, and the next call of this.
            return Ok(());
        }
        let Some(fault) = state.fault.take() else {
            return Ok(());
        };
        self.has_fault.store(false, Ordering::SeqCst);
        caller.call.store(IDLE, Ordering::SeqCst);
        Err(Box::new(fault))
    }

    /// A call from outside ends. The result is the fault of another thread that has ended it.
    #[inline]
    pub(super) fn leave(&self, caller: &Caller) -> Option<Box<ThreadFault>> {
        if caller.call.swap(IDLE, Ordering::SeqCst) == RUNS {
            return None;
        }
        self.leave_by_fault(caller)
    }

    #[cold]
    fn leave_by_fault(&self, caller: &Caller) -> Option<Box<ThreadFault>> {
        // Once this is locked, the thread that tells of the fault is done.
        let _state = self.lock();
        caller.stop.withdraw();
        caller.fault().take().map(Box::new)
    }

    /// A thread that machine code has created has trapped.
    pub(super) fn fail(&self, fault: &ThreadFault) {
        let mut state = self.lock();
        self.has_fault.store(true, Ordering::SeqCst);
        let running = state.callers.iter().filter(|caller| caller.fail(fault));
        if running.count() == 0 {
            state.fault.get_or_insert_with(|| fault.clone());
        }
        let waits = state.fault.is_some();
        self.has_fault.store(waits, Ordering::SeqCst);
        for created in state.created.values() {
            created.stop.stop();
        }
    }

    /// Code is gone: all threads drop what they have decoded, before they jump back into it.
    pub(crate) fn forget_code(&self) {
        let state = self.lock();
        let created = state.created.values().map(|created| &created.stop);
        let callers = state.callers.iter().map(|caller| &caller.stop);
        created.chain(callers).for_each(StopHandle::forget_code);
    }

    /// Stops all threads that machine code has created, and waits for their ends, but not for long.
    pub(crate) fn end_all(&self) {
        let begin = Instant::now();
        let mut state = self.lock();
        while begin.elapsed() < PATIENCE {
            let mut any = false;
            for created in state.created.values() {
                if created.end.is_none() {
                    any = true;
                    // Again for those that have been created meanwhile.
                    created.stop.stop();
                }
            }
            if !any {
                break;
            }
            (state, _) = self
                .changed
                .wait_timeout(state, LOOK)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.created.retain(|_, created| created.end.is_none());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::thread;

    use super::*;
    use crate::trap::TrapKind;

    /// However calls that begin and end meet a fault, one of them is told of it, or of the one before that it has not been told of yet.
    #[test]
    fn no_fault_is_lost_between_calls() {
        const FAULTS: u64 = 100;
        let members = Members::default();
        let (told, over) = (AtomicU64::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let stop = StopHandle::default();
                    let caller = members.caller(members.number(), stop.clone());
                    while !over.load(Ordering::SeqCst) {
                        let fault = match members.enter(&caller) {
                            Ok(()) => members.leave(&caller),
                            Err(fault) => Some(fault),
                        };
                        assert!(
                            !stop.is_to_stop(),
                            "what one call was told is not for the next"
                        );
                        told.fetch_add(fault.is_some().into(), Ordering::SeqCst);
                    }
                    members.forget(&caller);
                });
            }
            let mut lost = None;
            for ic in 1..=FAULTS {
                let before = told.load(Ordering::SeqCst);
                let trap = Trap {
                    kind: TrapKind::Abort,
                    ic,
                    word: None,
                };
                let frames = Frames::default();
                members.fail(&ThreadFault { trap, frames });
                let end = Instant::now() + Duration::from_secs(60);
                while told.load(Ordering::SeqCst) == before && Instant::now() < end {
                    thread::yield_now();
                }
                if told.load(Ordering::SeqCst) == before {
                    lost = Some(ic);
                    break;
                }
            }
            over.store(true, Ordering::SeqCst);
            assert_eq!(lost, None, "a fault that nobody was told of");
        });
        assert!(members.lock().callers.is_empty());
    }
}
