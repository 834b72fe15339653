//! How everything that belongs to a process reaches the thread that looks after it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::{self, ThreadId};

pub(crate) enum Task {
    /// Something is left to be collected or freed.
    Tend,
    /// The last handle of the context of this number is gone.
    CloseContext(u64),
    /// The last handle of the process is gone, or it is being closed: then the sender
    /// is told when it is over.
    Close(Option<Sender<()>>),
}

/// How the rest of the process reaches its thread.
pub(crate) struct Keeper {
    tasks: Sender<Task>,
    /// Whether the thread knows that there is something to tend.
    tending: AtomicBool,
    /// The thread itself.
    thread: OnceLock<ThreadId>,
}

impl Keeper {
    pub(crate) fn new(tasks: Sender<Task>) -> Keeper {
        Keeper {
            tasks,
            tending: AtomicBool::new(false),
            thread: OnceLock::new(),
        }
    }

    /// Has the thread look after requests and memory that nobody waits for. Cheap if
    /// it does so already.
    pub(crate) fn tend(&self) {
        if !self.tending.swap(true, Ordering::AcqRel) {
            self.send(Task::Tend);
        }
    }

    /// Never waits. A thread that has ended has nothing left to do.
    pub(crate) fn send(&self, task: Task) {
        let _ = self.tasks.send(task);
    }

    /// Says that this is the thread.
    pub(crate) fn set_here(&self) {
        let _ = self.thread.set(thread::current().id());
    }

    /// Whether this is the thread: then what it drops or wakes runs code of the user.
    pub(crate) fn is_here(&self) -> bool {
        self.thread.get() == Some(&thread::current().id())
    }

    /// Says whether the thread knows that there is something to tend.
    pub(crate) fn set_tending(&self, tending: bool) {
        self.tending.store(tending, Ordering::Release);
    }
}
