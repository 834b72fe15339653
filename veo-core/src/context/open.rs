//! Opening contexts of a process.

use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};

use veo_abi::ffi;

use super::handle::VeoContext;
use crate::backend::need;
use crate::error::{Error, Result};
use crate::process::VeoProc;
use crate::queue::CtxShared;

/// Settings of a context to be opened with [`VeoProc::open_context_with`].
#[derive(Clone, Debug, Default)]
pub struct ContextOptions {
    stack_size: Option<usize>,
}

impl ContextOptions {
    /// The defaults: a stack of 128 MiB.
    #[must_use]
    pub fn new() -> ContextOptions {
        ContextOptions::default()
    }

    /// Size of the stack of the VE's thread in bytes, at least 4 MiB
    /// (`veo_set_thr_ctxt_stacksize`); 128 MiB if nothing is said. A kernel that needs more
    /// ends its process: [`Cause::StackOverflow`](crate::Cause::StackOverflow).
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> ContextOptions {
        self.stack_size = Some(bytes);
        self
    }
}

impl VeoContext {
    /// Opens a context of a process: see [`VeoProc::open_context_with`].
    pub(crate) fn open(proc: &VeoProc, options: &ContextOptions) -> Result<VeoContext> {
        let shared = proc.shared();
        let api = shared.core.api;
        let exclusive = shared.exclusive(&"opening a context")?;
        let extension = &shared.core.extension;
        // SAFETY: the main context is held exclusively.
        let prepared = unsafe { extension.prepare_context() }?;
        if shared.core.look_for_end() {
            return Err(shared.core.gone(&"opening a context"));
        }
        let opened = open_further(proc, options);
        let reason = api.last_error();
        drop(prepared);
        drop(exclusive);
        let handle = opened?;
        if handle.is_null() {
            if shared.core.look_for_end() {
                return Err(shared.core.gone(&"opening a context"));
            }
            let Some(taken) = extension
                .main_stands_in()
                .filter(|_| options.stack_size.is_none())
            else {
                // The main context would have another stack, or there is no need for it.
                return Err(Error::ContextOpen {
                    reason: reason.unwrap_or_else(|| no_further(options)),
                });
            };
            return take_main(proc, taken);
        }
        extension.context_opened();
        let context = CtxShared::new(Arc::clone(&shared.core), handle);
        shared.contexts().push(Arc::clone(&context));
        Ok(hand_out(proc, context, false))
    }

    /// The contexts of a process that were opened and are not closed.
    pub(crate) fn all(proc: &VeoProc) -> Vec<VeoContext> {
        let handles = handles(proc);
        let contexts: Vec<_> = handles.iter().filter_map(VeoContext::upgrade).collect();
        // A context that is dropped here may be the last.
        drop(handles);
        let open = |ctx: &VeoContext| ctx.shared().is_open();
        contexts.into_iter().filter(open).collect()
    }
}

fn hand_out(proc: &VeoProc, shared: Arc<CtxShared>, main: bool) -> VeoContext {
    let context = VeoContext::new(proc.clone(), shared, main);
    let mut handles = handles(proc);
    handles.retain(|other| other.strong_count() > 0);
    handles.push(context.downgrade());
    context
}

fn handles(proc: &VeoProc) -> MutexGuard<'_, Vec<Weak<dyn Any + Send + Sync>>> {
    let handles = &proc.shared().handles;
    handles.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks the backend for a further context. The main one is held exclusively.
fn open_further(proc: &VeoProc, options: &ContextOptions) -> Result<*mut ffi::veo_thr_ctxt> {
    let core = &proc.shared().core;
    let api = core.api;
    let Some(stack_size) = options.stack_size else {
        let open = need!(api, veo_context_open, "opening a context")?;
        // SAFETY: the main context is held exclusively, so the process is there.
        return Ok(unsafe { open(core.handle()) });
    };
    let purpose = "the stack size of a context";
    let open = need!(api, veo_context_open_with_attr, purpose)?;
    let alloc = need!(api, veo_alloc_thr_ctxt_attr, purpose)?;
    let free = need!(api, veo_free_thr_ctxt_attr, purpose)?;
    let set = need!(api, veo_set_thr_ctxt_stacksize, purpose)?;
    let failed = |reason: Option<String>| Error::ContextOpen {
        reason: reason.unwrap_or_else(|| {
            format!("a stack of {stack_size} bytes is not possible; the least is 4 MiB")
        }),
    };
    // SAFETY: no preconditions.
    let attributes = unsafe { alloc() };
    if attributes.is_null() {
        return Err(failed(api.last_error()));
    }
    // SAFETY: the attributes were just allocated and are freed once; the process
    // is there, as above.
    unsafe {
        let handle = if set(attributes, stack_size) == 0 {
            Some(open(core.handle(), attributes))
        } else {
            None
        };
        free(attributes);
        handle.ok_or_else(|| failed(None))
    }
}

/// Where no further context can be had: the main one, once; then `taken` says why not.
fn take_main(proc: &VeoProc, taken: &str) -> Result<VeoContext> {
    let shared = proc.shared();
    if shared.main_taken.swap(true, Ordering::AcqRel) {
        return Err(Error::ContextOpen {
            reason: taken.into(),
        });
    }
    tracing::debug!(
        "{} has no further context, the main one is used",
        shared.core
    );
    Ok(hand_out(proc, Arc::clone(&shared.main), true))
}

fn no_further(options: &ContextOptions) -> String {
    match options.stack_size {
        Some(size) => format!("the VE has no thread with a stack of {size} bytes to give"),
        None => "the VE has no further thread to give".into(),
    }
}
