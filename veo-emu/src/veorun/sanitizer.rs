//! The runtime libraries of sanitizers that kernels in this process are built with: their
//! reports go to a file of the host, and they are told what they cannot see by themselves.
//!
//! They are found among the loaded libraries by their functions. Nothing is called where the
//! host has given no such file.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ops::Range;
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use veo_abi::sanitizer::Sanitizer;

use super::engine::Runner;
use super::guard::{self, BlockListener};
use crate::shared::control::EngineTrap;
use crate::shared::guard::GuardedSpan;
use crate::shared::ring::Received;

/// Whether the host wants reports.
static ON: AtomicBool = AtomicBool::new(false);

/// The file for reports.
static REPORT: AtomicI32 = AtomicI32::new(-1);

/// The functions that set where reports go, one of each runtime library.
static SETTERS: Mutex<Vec<SetFd>> = Mutex::new(Vec::new());

/// `__tsan_acquire` and `__tsan_release`, if they are there.
static ACQUIRE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static RELEASE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// The address by which these two order kernels.
static ORDER: AtomicBool = AtomicBool::new(false);

/// `__lsan_enable` and `__lsan_disable`, if they are there.
static ENABLE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static DISABLE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

type SetFd = unsafe extern "C" fn(*mut c_void);
type Synchronise = unsafe extern "C" fn(*mut c_void);
type Switch = unsafe extern "C" fn();
type Owns = unsafe extern "C" fn(*const c_void) -> c_int;

/// Keeps what the calling thread allocates, while it runs no kernel, from being taken for leaks
/// of kernels.
pub(super) fn enter_thread() {
    ENABLE.store(function(c"__lsan_enable"), Ordering::Relaxed);
    DISABLE.store(function(c"__lsan_disable"), Ordering::Relaxed);
    switch(&DISABLE);
}

/// Calls one of the two functions that switch the search for leaks in the calling thread.
fn switch(function: &AtomicPtr<c_void>) {
    let function = function.load(Ordering::Relaxed);
    if !function.is_null() {
        // SAFETY: the function of LeakSanitizer's interface; for each that enables one that
        // disables was called before on this thread.
        unsafe { std::mem::transmute::<*mut c_void, Switch>(function)() };
    }
}

/// Sends reports to this file from now on.
pub(super) fn install(report: OwnedFd) {
    REPORT.store(report.into_raw_fd(), Ordering::Relaxed);
    ON.store(true, Ordering::Relaxed);
    ACQUIRE.store(function(c"__tsan_acquire"), Ordering::Relaxed);
    RELEASE.store(function(c"__tsan_release"), Ordering::Relaxed);
    follow();
    let poison = function(c"__asan_poison_memory_region");
    let unpoison = function(c"__asan_unpoison_memory_region");
    if !poison.is_null() && !unpoison.is_null() {
        let root = function(c"__lsan_register_root_region");
        let no_root = function(c"__lsan_unregister_root_region");
        // SAFETY: the functions of these names in AddressSanitizer's interface have this type, as
        // have those of LeakSanitizer's, which null stands for.
        let zones = unsafe {
            Zones {
                poison: std::mem::transmute::<*mut c_void, OfRange>(poison),
                unpoison: std::mem::transmute::<*mut c_void, OfRange>(unpoison),
                root: std::mem::transmute::<*mut c_void, Option<OfRange>>(root),
                no_root: std::mem::transmute::<*mut c_void, Option<OfRange>>(no_root),
            }
        };
        guard::watch(Box::leak(Box::new(zones)));
    }
}

type OfRange = unsafe extern "C" fn(*const c_void, usize);

/// Tells AddressSanitizer where blocks of VE memory lie, and LeakSanitizer to look for pointers
/// in them.
struct Zones {
    poison: OfRange,
    unpoison: OfRange,
    root: Option<OfRange>,
    no_root: Option<OfRange>,
}

fn on(function: OfRange, range: Range<u64>) {
    let len = range.end.saturating_sub(range.start) as usize;
    // SAFETY: the functions take any range of memory that the runtime library knows, as it knows
    // all of the window.
    unsafe { function(range.start as usize as *const c_void, len) };
}

impl BlockListener for Zones {
    fn opened(&self, span: &GuardedSpan) {
        on(self.poison, span.open.start..span.block.start);
        on(self.unpoison, span.block.clone());
        on(self.poison, span.block.end..span.open.end);
        if let Some(root) = self.root {
            on(root, span.block.clone());
        }
    }

    fn closing(&self, span: &GuardedSpan) {
        if let Some(no_root) = self.no_root {
            on(no_root, span.block.clone());
        }
        on(self.poison, span.open.clone());
    }
}

/// The address of a function of the libraries that came first, or null.
fn function(name: &CStr) -> *mut c_void {
    // SAFETY: a name that ends with NUL; what is not there is null.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
}

/// Finds the runtime libraries that have been loaded since.
pub(super) fn follow() {
    if !ON.load(Ordering::Relaxed) {
        return;
    }
    let mut files: Vec<CString> = Vec::new();
    // SAFETY: the callback gets `files`, which outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut files).cast()) };
    let mut setters = SETTERS.lock().unwrap_or_else(PoisonError::into_inner);
    for file in files {
        // SAFETY: a path that ends with NUL; what is not loaded any more stays so.
        let handle = unsafe { libc::dlopen(file.as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD) };
        if handle.is_null() {
            continue;
        }
        // The handle stays open: the function must not go away.
        // SAFETY: an open handle and a name that ends with NUL.
        let found = unsafe { libc::dlsym(handle, c"__sanitizer_set_report_fd".as_ptr()) };
        if found.is_null() {
            continue;
        }
        // SAFETY: the function of this name takes a descriptor in place of a pointer, in every
        // runtime library.
        let setter = unsafe { std::mem::transmute::<*mut c_void, SetFd>(found) };
        if !setters.iter().any(|known| ptr::fn_addr_eq(*known, setter)) {
            setters.push(setter);
        }
    }
    drop(setters);
    send_reports_to(REPORT.load(Ordering::Relaxed));
}

/// Notes a library that is a sanitizer's runtime.
unsafe extern "C" fn note(
    object: *mut libc::dl_phdr_info,
    _: libc::size_t,
    files: *mut c_void,
) -> c_int {
    // SAFETY: the loader passes an object that is valid meanwhile, whose name is a string or
    // null; `follow` passes its vector.
    let (name, files) = unsafe {
        let name: *const c_char = (*object).dlpi_name;
        if name.is_null() {
            return 0;
        }
        (CStr::from_ptr(name), &mut *files.cast::<Vec<CString>>())
    };
    let is_runtime = name
        .to_str()
        .ok()
        .and_then(|name| Path::new(name).file_name()?.to_str())
        .is_some_and(|file| Sanitizer::of_runtime(file).is_some());
    if is_runtime {
        files.push(name.to_owned());
    }
    0
}

fn send_reports_to(number: RawFd) {
    for setter in &*SETTERS.lock().unwrap_or_else(PoisonError::into_inner) {
        // SAFETY: the library is never unloaded, and the function takes any descriptor.
        unsafe { setter(number as usize as *mut c_void) };
    }
}

/// Whether the host wants reports. That is known before the first context begins.
pub(super) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Tells the runtime libraries where kernels begin and end.
pub(super) struct SanitizedRunner<R>(R);

impl<R> SanitizedRunner<R> {
    pub(super) fn new(runner: R) -> SanitizedRunner<R> {
        SanitizedRunner(runner)
    }
}

impl<R: Runner> Runner for SanitizedRunner<R> {
    unsafe fn call(&mut self, request: &Received) -> Result<u64, Box<EngineTrap>> {
        enter();
        // SAFETY: the caller vouches for the function.
        let value = unsafe { self.0.call(request) }?;
        leave();
        Ok(value)
    }

    fn close(&mut self) {
        self.0.close();
    }
}

/// Before a kernel: it comes after all that have returned, which a sanitizer of threads does
/// not see, since the host orders them.
fn enter() {
    // One runtime library may have set where another reports.
    send_reports_to(REPORT.load(Ordering::Relaxed));
    synchronise(&ACQUIRE);
    switch(&ENABLE);
}

/// After a kernel.
fn leave() {
    switch(&DISABLE);
    synchronise(&RELEASE);
}

/// Before the process ends normally: wipes out what kernels have left on the stack of the calling
/// thread. An address there would hide a leak.
pub(super) fn before_end() {
    #[inline(never)]
    fn wipe() {
        std::hint::black_box(&mut [0u64; 2048]);
    }
    if ON.load(Ordering::Relaxed) {
        wipe();
    }
}

fn synchronise(function: &AtomicPtr<c_void>) {
    let function = function.load(Ordering::Relaxed);
    if !function.is_null() {
        // SAFETY: the function of ThreadSanitizer's interface, which takes any address.
        unsafe {
            let function = std::mem::transmute::<*mut c_void, Synchronise>(function);
            function((&raw const ORDER).cast_mut().cast());
        }
    }
}

/// This is a child that a kernel has forked: its reports do not belong to the VE process.
pub(super) fn in_child() {
    if ON.load(Ordering::Relaxed)
        && let Ok(setters) = SETTERS.try_lock()
    {
        for setter in &*setters {
            // SAFETY: as in `send_reports_to`.
            unsafe { setter(2 as *mut c_void) };
        }
    }
}

/// Whether a block of the sanitizer's own heap begins at an address; `None`: there is no such
/// heap.
pub(super) fn owns(address: u64) -> Option<bool> {
    if !ON.load(Ordering::Relaxed) {
        return None;
    }
    let found = function(c"__sanitizer_get_ownership");
    if found.is_null() {
        return None;
    }
    // SAFETY: the function of this name takes any address and tells whether a block begins there.
    unsafe {
        let owns = std::mem::transmute::<*mut c_void, Owns>(found);
        Some(owns(address as usize as *const c_void) != 0)
    }
}
