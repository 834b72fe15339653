//! Processes and contexts: opened, put in order, closed, dropped, killed, forked, started again; hooks.

#[path = "../common/mod.rs"]
mod common;

mod contexts;
mod ends;
mod hooks;
mod order;
mod processes;
mod restart;

use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn give_i64(x: i64) -> i64;
    safe fn busy(milliseconds: i64) -> i64;
    safe fn wait_for(flag: *mut i64) -> i64;
    safe fn set_flag(flag: *mut i64, value: i64);
    safe fn crash();
    safe fn give_up();
    safe fn leave(status: i32);
    safe fn peek_at(address: *const i64) -> i64;
    safe fn say(number: i32);
    safe fn bump_counter() -> i64;
    safe fn scale(x: *mut f64, n: u64, factor: f64);
}

/// Whether kernels of the process can be called.
fn alive(proc: &VeoProc) -> bool {
    give_i64(proc, 1).is_ok()
}
