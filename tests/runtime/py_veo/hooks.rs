//! Hooks of processes.

use std::sync::atomic::{AtomicUsize, Ordering};

use ve_kernels::host_library;
use veo_core::{Result, VeoProc, del_proc_init_hook, set_proc_init_hook};

#[test]
fn set_proc_init_hook_and_del_proc_init_hook() -> Result<()> {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    // Other tests of this program create processes meanwhile: only node 7 counts.
    let id = set_proc_init_hook(|proc: &VeoProc| {
        if proc.nodeid() == 7 {
            let lib = proc.load_library(host_library("libvebasics.so"))?;
            lib.find_function("sum")?;
            SEEN.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    });
    let proc = VeoProc::new(7)?;
    assert_eq!(SEEN.load(Ordering::SeqCst), 1);
    proc.get_function("sum")?;
    assert!(del_proc_init_hook(id));
    assert!(!del_proc_init_hook(id));
    VeoProc::new(7)?.close()?;
    assert_eq!(SEEN.load(Ordering::SeqCst), 1);
    Ok(())
}
