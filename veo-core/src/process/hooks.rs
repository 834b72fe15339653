//! Functions of the program that run whenever a process was created.
//!
//! First those submitted to [`inventory`](ProcInitHook), by their order and name,
//! then those of [`set_proc_init_hook`] in the order in which they were set. They
//! run after kernels were resolved, on a list taken before the first one, with no
//! lock held; the first that fails or panics fails the creation.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::handle::VeoProc;
use crate::error::{Error, Result};
use crate::queue::panic_message;

/// A hook that is part of the program:
///
/// ```
/// use veo_core::{ProcInitHook, inventory};
///
/// inventory::submit! {
///     ProcInitHook::new("load tables", |proc| {
///         println!("a process on node {}", proc.nodeid());
///         Ok(())
///     })
/// }
/// ```
#[derive(Debug)]
pub struct ProcInitHook {
    name: &'static str,
    order: i32,
    hook: fn(&VeoProc) -> Result<()>,
}

impl ProcInitHook {
    /// A hook of order 0. The name is for messages.
    #[must_use]
    pub const fn new(name: &'static str, hook: fn(&VeoProc) -> Result<()>) -> ProcInitHook {
        ProcInitHook {
            name,
            order: 0,
            hook,
        }
    }

    /// The same with another order: lower ones run first.
    #[must_use]
    pub const fn order(self, order: i32) -> ProcInitHook {
        ProcInitHook { order, ..self }
    }
}

inventory::collect!(ProcInitHook);

/// A hook that was set, to be given to [`del_proc_init_hook`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HookId(u64);

type Hook = dyn Fn(&VeoProc) -> Result<()> + Send + Sync;

static HOOKS: Mutex<Vec<(HookId, Arc<Hook>)>> = Mutex::new(Vec::new());

fn hooks() -> MutexGuard<'static, Vec<(HookId, Arc<Hook>)>> {
    HOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has `hook` run on every process that is created from now on.
pub fn set_proc_init_hook(hook: impl Fn(&VeoProc) -> Result<()> + Send + Sync + 'static) -> HookId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = HookId(NEXT.fetch_add(1, Ordering::Relaxed));
    hooks().push((id, Arc::new(hook)));
    id
}

/// Takes a hook away; `false` if it was not there any more.
pub fn del_proc_init_hook(id: HookId) -> bool {
    let mut hooks = hooks();
    let found = hooks.iter().position(|(other, _)| *other == id);
    let removed = found.map(|index| hooks.remove(index));
    // What the hook captured is dropped without the lock.
    drop(hooks);
    removed.is_some()
}

/// Runs all hooks on a new process.
pub(super) fn run(proc: &VeoProc) -> Result<()> {
    let mut fixed: Vec<&ProcInitHook> = inventory::iter::<ProcInitHook>.into_iter().collect();
    fixed.sort_by_key(|hook| (hook.order, hook.name));
    for hook in fixed {
        run_one(hook.name, || (hook.hook)(proc))?;
    }
    let set = hooks().clone();
    for (id, hook) in set {
        run_one(&format!("hook {}", id.0), || hook(proc))?;
    }
    Ok(())
}

fn run_one(name: &str, hook: impl FnOnce() -> Result<()>) -> Result<()> {
    let failed = |reason| Error::Hook {
        name: name.to_owned(),
        reason,
    };
    match catch_unwind(AssertUnwindSafe(hook)) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(panic) => {
            let reason = format!("it panicked: {}", panic_message(&*panic));
            // Dropping what was thrown could panic again.
            std::mem::forget(panic);
            Err(failed(reason))
        }
    }
}
