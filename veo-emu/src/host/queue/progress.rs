//! The thread of a context that runs transfers and host functions, and submits calls that did not
//! fit the ring, when no caller does so. The first such request starts it.

use std::cell::Cell;
use std::os::unix::thread::JoinHandleExt as _;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering, fence};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Queue, STARVED};
use crate::error::{Error, Result};
use crate::sync::lock;
use crate::sys::thread::{futex_wait, futex_wake, never_preempt};

thread_local! {
    static SERVING: Cell<*const Queue> = const { Cell::new(ptr::null()) };
}

/// The state of a context's own thread.
#[derive(Default)]
pub(crate) struct Progress {
    started: Mutex<Option<JoinHandle<()>>>,
    running: AtomicBool,
    ended: AtomicBool,
    /// The number of the thread, once it runs.
    number: AtomicI32,
    /// Counts nudges; the thread sleeps on it while there is nothing to do.
    nudges: AtomicU32,
    /// Whether it sleeps, or is about to.
    asleep: AtomicBool,
}

impl Progress {
    /// Starts the thread if it does not run yet.
    pub(crate) fn start(&self, queue: &Arc<Queue>) -> Result<()> {
        let mut started = lock(&self.started);
        if started.is_some() {
            return Ok(());
        }
        let owned = queue.clone();
        let thread = thread::Builder::new()
            .name(format!("veo-progress-{}", queue.index))
            .stack_size(1 << 20)
            .spawn(move || run(&owned))
            .map_err(|error| Error::io("starting the thread that makes transfers", &error))?;
        *started = Some(thread);
        self.running.store(true, Ordering::Release);
        Ok(())
    }

    /// The number of the thread; 0: it has not begun.
    pub(crate) fn number(&self) -> libc::pid_t {
        self.number.load(Ordering::Relaxed)
    }

    /// Tells the thread that there is work.
    pub(crate) fn nudge(&self) {
        if self.running.load(Ordering::Acquire) {
            // This counts before it looks; the thread says that it sleeps before it looks.
            self.nudges.fetch_add(1, Ordering::SeqCst);
            if self.asleep.load(Ordering::SeqCst) {
                futex_wake(&self.nudges, 1);
            }
        }
    }

    /// Sleeps until the next nudge after the one that was `seen` last.
    fn sleep(&self, seen: u32, limit: Option<Duration>) {
        self.asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        futex_wait(&self.nudges, seen, limit);
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Ends the thread and waits for it. Afterwards no copy and no function of this context
    /// runs.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.nudge();
        let thread = lock(&self.started).take();
        // SAFETY: takes nothing and cannot fail.
        let me = unsafe { libc::pthread_self() };
        // Asking for the current `Thread` would leave one behind in each thread of a C program.
        if let Some(thread) = thread
            && thread.as_pthread_t() != me
        {
            let _ = thread.join();
        }
    }
}

/// Whether the calling thread is this queue's own. It must not wait for requests behind its present
/// one: such a wait would never end.
pub(crate) fn is_serving(queue: &Queue) -> bool {
    SERVING.get() == ptr::from_ref(queue)
}

fn run(queue: &Arc<Queue>) {
    SERVING.set(Arc::as_ptr(queue));
    never_preempt();
    let progress = &queue.progress;
    // SAFETY: gettid cannot fail.
    let number = unsafe { libc::gettid() };
    progress.number.store(number, Ordering::Relaxed);
    let ring = queue.ring();
    loop {
        let nudges = progress.nudges.load(Ordering::Acquire);
        let seen = ring.generation();
        let mut state = lock(&queue.state);
        if let Some((id, op)) = queue.next_host(&mut state, true) {
            drop(state);
            queue.run_host(id, op);
            continue;
        }
        if progress.ended.load(Ordering::Acquire) && state.pending.is_empty() {
            return;
        }
        let awaited = queue.awaited(&state);
        let limit = state.starved.then_some(STARVED);
        drop(state);
        match awaited {
            // Only a nudge, or another context that frees room, can change this.
            None => progress.sleep(nudges, limit),
            Some(id) => queue.sleep(seen, Some(id), limit, || {
                ring.response(id).is_some() || queue.child.is_dead()
            }),
        }
    }
}
