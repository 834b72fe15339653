//! The functions of libveo, as C calls them: thin, checked, and never unwinding.
//!
//! Handles look like pointers, but are numbers that each function checks. A null, stale or
//! foreign handle gives the function's failure value. `errno` and the message of
//! `veo_emu_last_error` say what went wrong.

// The contract of each function is libveo's; veo-abi's headers say what it is.
#![allow(clippy::missing_safety_doc, missing_docs)]

mod args;
mod call;
mod context;
mod emu;
mod fault;
mod hardware;
mod hmem;
mod hooks;
mod identifiers;
mod mapped;
mod memory;
mod process;

pub use args::*;
pub use call::*;
pub use context::*;
pub use emu::*;
pub use fault::*;
pub use hardware::*;
pub use hmem::*;
pub use hooks::*;
pub use mapped::*;
pub use memory::*;
pub use process::*;

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use veo_abi::ffi::VeoApi;

use crate::error::{self, Error, Result};
use crate::handle::{HandleGuard, HandleTable};
use crate::host::args::CallArgs;
use crate::host::process::VeProcess;
use crate::host::queue::Queue;

macro_rules! table {
    ($(fn $name:ident($($parameter:ident: $ty:ty),* $(,)?) -> $result:ty;)*) => {
        /// Every function of the interface. One that is missing here does not compile.
        pub(crate) static API: VeoApi = VeoApi {
            $($name: Some($name),)*
        };
    };
}

veo_abi::for_each_function!(table);

static PROCESSES: HandleTable<VeProcess> = HandleTable::new(1);
static CONTEXTS: HandleTable<ContextEntry> = HandleTable::new(2);
static ARGS: HandleTable<CallArgs> = HandleTable::new(3);
static ATTRIBUTES: HandleTable<std::sync::Mutex<u64>> = HandleTable::new(4);

/// The context behind a handle.
struct ContextEntry {
    queue: Arc<Queue>,
    /// Handle of its process.
    process: u64,
    creator: u32,
}

impl ContextEntry {
    /// Whether this process opened the context, and not one that it was forked from.
    #[inline]
    fn is_own(&self) -> bool {
        self.creator == crate::sys::process::own_id()
    }

    #[inline]
    fn check_owner(&self) -> Result<()> {
        if self.is_own() {
            return Ok(());
        }
        Err(of_the_parent())
    }
}

/// Runs the body of a C function: failures and panics become `failure`.
#[inline]
fn guard<R>(failure: R, body: impl FnOnce() -> Result<R>) -> R {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => {
            error::leave(error);
            failure
        }
        Err(_) => {
            error::leave(Error::new(
                libc::EIO,
                "the emulator failed internally (panic)",
            ));
            failure
        }
    }
}

fn process_of(
    handle: *mut veo_abi::ffi::veo_proc_handle,
) -> Result<HandleGuard<'static, VeProcess>> {
    let process = PROCESSES
        .get(handle as u64)
        .ok_or_else(|| Error::invalid("this is no VE process, or it was destroyed"))?;
    process.check_owner()?;
    Ok(process)
}

fn context_of(
    handle: *mut veo_abi::ffi::veo_thr_ctxt,
) -> Result<HandleGuard<'static, ContextEntry>> {
    let context = CONTEXTS.get(handle as u64).ok_or_else(no_context)?;
    context.check_owner()?;
    Ok(context)
}

/// As [`context_of`], without making a concurrent close wait.
///
/// # Safety
///
/// No thread closes the context or destroys its process before the last use of the result.
#[inline(always)]
unsafe fn open_context(handle: *mut veo_abi::ffi::veo_thr_ctxt) -> Result<&'static ContextEntry> {
    // SAFETY: the caller vouches for it.
    let context = unsafe { CONTEXTS.borrow(handle as u64) }.ok_or_else(no_context)?;
    context.check_owner()?;
    Ok(context)
}

#[cold]
fn of_the_parent() -> Error {
    Error::new(
        libc::EPERM,
        "the context belongs to the parent of this forked process",
    )
}

#[cold]
fn no_context() -> Error {
    Error::invalid("this is no context, or it was closed")
}

/// The string at `text`.
///
/// # Safety
///
/// `text` is null or a NUL-terminated string that outlives the result's use.
unsafe fn string<'a>(text: *const c_char, what: &str) -> Result<&'a str> {
    if text.is_null() {
        return Err(Error::invalid(format!("the {what} is NULL")));
    }
    // SAFETY: the caller vouches for the string.
    unsafe { CStr::from_ptr(text) }
        .to_str()
        .map_err(|_| Error::invalid(format!("the {what} is not valid UTF-8")))
}
