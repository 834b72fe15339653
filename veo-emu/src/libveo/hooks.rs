//! Hooks that run after the functions that allocate and free.

use std::ffi::c_void;
use std::ptr;
use std::sync::Mutex;

use super::{veo_alloc_hmem, veo_alloc_mem, veo_free_hmem, veo_free_mem};
use crate::host::lock;

type Hook = unsafe extern "C" fn(*mut c_void, ...);
type AllocHook = unsafe extern "C" fn(*mut c_void, usize);
type FreeHook = unsafe extern "C" fn(u64);

struct Registered {
    function: usize,
    hook: Hook,
    payload: usize,
}

static HOOKS: Mutex<Vec<Registered>> = Mutex::new(Vec::new());
static HMEM: Mutex<(Option<AllocHook>, Option<FreeHook>)> = Mutex::new((None, None));

/// Runs the hooks of a function that has just returned, with its arguments.
pub(super) fn run(function: *const c_void, arguments: [u64; 3]) {
    let hook = lock(&HOOKS)
        .iter()
        .find(|hook| hook.function == function as usize)
        .map(|hook| (hook.hook, hook.payload));
    let [a, b, c] = arguments;
    if let Some((hook, payload)) = hook {
        let payload = payload as *mut c_void;
        // SAFETY: the program registered the hook for this function, with its
        // payload, and takes the function's arguments behind it.
        unsafe {
            if function == veo_free_hmem as *const c_void {
                hook(payload, a);
            } else if function == veo_free_mem as *const c_void {
                hook(payload, a, b);
            } else {
                hook(payload, a, b, c);
            }
        }
    }
    let (alloc, free) = *lock(&HMEM);
    if function == veo_alloc_hmem as *const c_void {
        if let Some(alloc) = alloc
            && b != 0
        {
            // SAFETY: the function wrote the address to its second argument, which is
            // not null; the program registered the hook for this.
            unsafe { alloc(*(b as *const *mut c_void), c as usize) };
        }
    } else if function == veo_free_hmem as *const c_void
        && let Some(free) = free
    {
        // SAFETY: the program registered the hook for this.
        unsafe { free(a) };
    }
}

fn is_hookable(function: *mut c_void) -> bool {
    [
        veo_alloc_mem as *const c_void,
        veo_free_mem as *const c_void,
        veo_alloc_hmem as *const c_void,
        veo_free_hmem as *const c_void,
    ]
    .contains(&function.cast_const())
}

pub unsafe extern "C" fn veo_register_hook(
    func: *mut c_void,
    hook: Option<Hook>,
    payload: *mut c_void,
) {
    let Some(hook) = hook else {
        return;
    };
    if !is_hookable(func) {
        crate::error::leave(crate::error::Error::invalid(
            "only the functions that allocate and free have hooks",
        ));
        return;
    }
    let mut hooks = lock(&HOOKS);
    hooks.retain(|hook| hook.function != func as usize);
    hooks.push(Registered {
        function: func as usize,
        hook,
        payload: payload as usize,
    });
}

pub unsafe extern "C" fn veo_get_hook(func: *mut c_void) -> *mut c_void {
    lock(&HOOKS)
        .iter()
        .find(|hook| hook.function == func as usize)
        .map_or(ptr::null_mut(), |hook| hook.hook as *mut c_void)
}

pub unsafe extern "C" fn veo_unregister_hook(func: *mut c_void) {
    lock(&HOOKS).retain(|hook| hook.function != func as usize);
}

pub unsafe extern "C" fn veo_register_hmem_hook_functions(
    alloc: Option<AllocHook>,
    free: Option<FreeHook>,
) {
    *lock(&HMEM) = (alloc, free);
}

pub unsafe extern "C" fn veo_unregister_hmem_hook_functions() {
    *lock(&HMEM) = (None, None);
}
