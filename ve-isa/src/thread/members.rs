//! The threads of a machine: those that machine code has created, and those that calls from outside run on.
//!
//! All of them are one process to the program: a fault in a thread that it has created ends the calls from outside, and the end of such
//! a call by a trap ends the threads.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
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
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The last number that was given to a thread.
    last: u64,
    created: HashMap<u64, Created>,
    /// Calls from outside that run: as few as threads of the host, and one comes and goes with each call.
    callers: Vec<Caller>,
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
    /// What it ended with.
    end: Option<u64>,
}

#[derive(Debug)]
struct Caller {
    /// The number of its thread.
    number: u64,
    stop: StopHandle,
    fault: Option<ThreadFault>,
}

impl Members {
    fn lock(&self) -> MutexGuard<'_, State> {
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
        let end = |state: &State| state.created.get(&number).map(|it| it.end);
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
        let over = |state: &State| {
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

    /// A call from outside begins. The error is a fault that happened while none ran.
    pub(super) fn enter(&self, number: u64, stop: StopHandle) -> Result<(), ThreadFault> {
        let mut state = self.lock();
        if let Some(fault) = state.fault.take() {
            return Err(fault);
        }
        state.callers.push(Caller {
            number,
            stop,
            fault: None,
        });
        Ok(())
    }

    /// A call from outside ends. The result is the fault of another thread that has ended it.
    pub(super) fn leave(&self, number: u64) -> Option<ThreadFault> {
        let mut state = self.lock();
        let mut callers = state.callers.iter();
        let place = callers.position(|caller| caller.number == number)?;
        let caller = state.callers.swap_remove(place);
        drop(state);
        caller.stop.withdraw();
        caller.fault
    }

    /// A thread that machine code has created has trapped.
    pub(super) fn fail(&self, fault: &ThreadFault) {
        let mut state = self.lock();
        if state.callers.is_empty() {
            state.fault.get_or_insert_with(|| fault.clone());
        }
        for caller in &mut state.callers {
            caller.fault.get_or_insert_with(|| fault.clone());
            caller.stop.interrupt();
        }
        for created in state.created.values() {
            created.stop.stop();
        }
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
