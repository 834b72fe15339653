//! Hooks that run on new processes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use veo_core::{Error, ProcInitHook, VeoProc, del_proc_init_hook, inventory, set_proc_init_hook};

use crate::{common, give_i64};

static FIXED: AtomicUsize = AtomicUsize::new(0);

inventory::submit! {
    ProcInitHook::new("count", |proc| {
        assert!(give_i64(proc, 1).is_ok(), "kernels can be called");
        FIXED.fetch_add(1, Ordering::SeqCst);
        Ok(())
    })
}

#[test]
fn hooks_run_on_new_processes() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let seen = Arc::clone(&seen);
        let me = thread::current().id();
        set_proc_init_hook(move |proc| {
            // Other tests create processes, too.
            if thread::current().id() == me {
                assert_eq!(proc.nodeid(), 3);
                seen.lock().unwrap().push(name);
            }
            Ok(())
        })
    };
    let (first, second) = (note("first"), note("second"));
    common::library();
    let before = FIXED.load(Ordering::SeqCst);
    VeoProc::new(3).unwrap();
    assert!(FIXED.load(Ordering::SeqCst) > before);
    assert!(del_proc_init_hook(first));
    assert!(!del_proc_init_hook(first));
    VeoProc::new(3).unwrap();
    assert_eq!(*seen.lock().unwrap(), ["first", "second", "second"]);
    assert!(del_proc_init_hook(second));
}

#[test]
fn a_hook_that_fails_fails_the_creation() {
    common::library();
    let me = thread::current().id();
    let hook = set_proc_init_hook(move |_| {
        assert!(thread::current().id() != me, "not here");
        Ok(())
    });
    let error = VeoProc::new(0).unwrap_err();
    assert!(del_proc_init_hook(hook));
    assert!(matches!(error, Error::Hook { .. }), "{error}");
    assert!(error.to_string().contains("not here"), "{error}");
    VeoProc::new(0).unwrap();
}

#[test]
fn a_hook_may_throw_what_panics_when_dropped() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    common::library();
    let me = thread::current().id();
    let hook = set_proc_init_hook(move |_| {
        if thread::current().id() == me {
            std::panic::panic_any(Bomb);
        }
        Ok(())
    });
    let error = VeoProc::new(0).unwrap_err();
    assert!(del_proc_init_hook(hook));
    assert!(matches!(error, Error::Hook { .. }), "{error}");
}
