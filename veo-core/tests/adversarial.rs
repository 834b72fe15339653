//! Programs that are safe Rust and mean no good: none of them may break the host.
#![forbid(unsafe_code)]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::sleep;
use std::time::Duration;

use common::process;
use veo_core::{Result, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn busy(milliseconds: i64) -> i64;
}

/// Panics when it is dropped, unless that would end the program.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "the bomb");
    }
}

#[test]
fn a_panic_in_a_destructor_does_not_end_a_scope_early() -> Result<()> {
    const SIZE: usize = 1 << 20;
    let proc = process();
    let ctx = proc.open_context()?;
    let buffer = proc.upload(&vec![7u8; SIZE])?;
    let left = catch_unwind(AssertUnwindSafe(|| {
        let mut memory = vec![0u8; SIZE];
        // Nobody asks for the result; whoever collects it drops it.
        let late = || {
            sleep(Duration::from_millis(50));
            Bomb
        };
        drop(ctx.call_vh(late)?);
        ctx.scope(|s| {
            drop(busy(s.context(), 100));
            s.read_into(&buffer, &mut memory);
        })?;
        Ok(memory)
    }));
    // Left early, the scope would have freed the memory that is being read into.
    let memory = left.expect("the scope returns")?;
    assert!(memory.iter().all(|byte| *byte == 7));
    Ok(())
}
