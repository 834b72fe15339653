//! The thread that a process belongs to.
//!
//! libveo kills the VE process when the thread that created it ends, so a thread is
//! created for each process, which lives as long as it. It also does what nobody
//! waits for: collects requests without a handle, frees memory after its last use,
//! closes contexts and processes whose last handle was dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::shared::ProcShared;
use crate::session::Task;

/// What the thread does after it has created the process.
pub(super) fn run(shared: &Arc<ProcShared>, tasks: &Receiver<Task>) {
    const SHORT: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_millis(50);
    shared.core.keeper.set_here();
    let mut closing = Vec::new();
    let mut pause = None;
    loop {
        let task = match pause {
            None => tasks.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(pause) => tasks.recv_timeout(pause),
        };
        // What is done now may use the backend.
        let _inside = shared.core.api.extension.enter();
        match task {
            Ok(Task::Close(done)) => {
                // What is dropped here may be the program's own.
                let ended = catch_unwind(AssertUnwindSafe(|| shared.destroy()));
                if !matches!(ended, Ok(true)) {
                    // The backend may still call the receiver of its output.
                    std::mem::forget(Arc::clone(shared));
                }
                if let Some(done) = done {
                    let _ = done.send(());
                }
                return;
            }
            Ok(Task::CloseContext(id)) => {
                let found = shared.contexts().iter().find(|ctx| ctx.id == id).cloned();
                if let Some(ctx) = found {
                    ctx.close_down();
                    closing.push(ctx);
                    pause = Some(SHORT);
                }
            }
            Ok(Task::Tend) => pause = Some(SHORT),
            Err(RecvTimeoutError::Timeout) => {}
            // The sender lives in what this thread holds.
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let Some(current) = pause else { continue };
        shared.core.keeper.set_tending(true);
        let left = catch_unwind(AssertUnwindSafe(|| shared.tend(&mut closing)));
        pause = Some((current * 2).min(LONG));
        if matches!(left, Ok(false)) {
            shared.core.keeper.set_tending(false);
            // Something may have come up between the last look and this.
            let again = catch_unwind(AssertUnwindSafe(|| shared.tend(&mut closing)));
            if matches!(again, Ok(false)) {
                pause = None;
            }
        }
    }
}
