//! Hooks that run after the functions that allocate and free have done so.

use std::ffi::c_void;
use std::ptr;
use std::sync::Mutex;

use super::identifiers;
use crate::sync::lock;

type HookFunction = unsafe extern "C" fn(*mut c_void, ...);
pub(super) type AllocHook = unsafe extern "C" fn(*mut c_void, usize);
pub(super) type FreeHook = unsafe extern "C" fn(u64);

/// The action that runs after a function.
#[derive(Clone, Copy)]
pub(super) enum Action {
    /// A program's hook for this function, with its payload.
    Hook(HookFunction, usize),
    /// The hooks that are told of all VE memory as tagged addresses.
    HmemAlloc(AllocHook),
    HmemFree(FreeHook),
}

/// The actions by the address of the function they follow.
static ACTIONS: Mutex<Vec<(usize, Action)>> = Mutex::new(Vec::new());

/// The result of a function.
pub(super) struct HookedCall {
    /// The process or context that it was called with.
    pub(super) handle: u64,
    /// Handle of the process.
    pub(super) process: u64,
    /// The VE's own address of the memory.
    pub(super) address: u64,
    /// How a hook for this function is told of the address.
    pub(super) shown: u64,
    /// Bytes allocated; `None` for freed memory.
    pub(super) size: Option<u64>,
}

fn action(function: *const c_void) -> Option<Action> {
    let actions = lock(&ACTIONS);
    let found = actions.iter().find(|(of, _)| *of == function as usize);
    found.map(|(_, action)| *action)
}

/// Whether an action runs after a function.
pub(super) fn is_hooked(function: *const c_void) -> bool {
    action(function).is_some()
}

/// Runs what follows a function that has just succeeded.
pub(super) fn run(function: *const c_void, done: &HookedCall) {
    let tagged = || identifiers::tag(done.address, identifiers::of(done.process).ok()?).ok();
    match (action(function), done.size) {
        (Some(Action::Hook(hook, payload)), size) => {
            let payload = payload as *mut c_void;
            // SAFETY: the program registered the hook for this function, with its
            // payload, and takes the function's arguments behind it.
            unsafe {
                match size {
                    Some(size) => hook(payload, done.handle, done.shown, size),
                    None => hook(payload, done.handle, done.shown),
                }
            }
        }
        (Some(Action::HmemAlloc(alloc)), Some(size)) => {
            if let Some(address) = tagged() {
                // SAFETY: the program registered the function for this.
                unsafe { alloc(address as *mut c_void, size as usize) };
            }
        }
        (Some(Action::HmemFree(free)), None) => {
            if let Some(address) = tagged() {
                // SAFETY: the program registered the function for this.
                unsafe { free(address) };
            }
        }
        _ => {}
    }
}

pub(super) fn register(function: *const c_void, action: Option<Action>) {
    let mut actions = lock(&ACTIONS);
    actions.retain(|(of, _)| *of != function as usize);
    actions.extend(action.map(|action| (function as usize, action)));
}

pub unsafe extern "C" fn veo_register_hook(
    func: *mut c_void,
    hook: Option<HookFunction>,
    payload: *mut c_void,
) {
    if let Some(hook) = hook {
        register(func, Some(Action::Hook(hook, payload as usize)));
    }
}

pub unsafe extern "C" fn veo_get_hook(func: *mut c_void) -> *mut c_void {
    match action(func) {
        Some(Action::Hook(hook, _)) => hook as *mut c_void,
        Some(Action::HmemAlloc(alloc)) => alloc as *mut c_void,
        Some(Action::HmemFree(free)) => free as *mut c_void,
        None => ptr::null_mut(),
    }
}

pub unsafe extern "C" fn veo_unregister_hook(func: *mut c_void) {
    register(func, None);
}
