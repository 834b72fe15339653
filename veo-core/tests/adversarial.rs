//! Programs that are safe Rust and mean no good: none of them may break the host.
#![forbid(unsafe_code)]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::thread::{sleep, spawn};
use std::time::Duration;

use common::process;
use veo_core::{ContextOptions, Error, Result, ve_kernel};

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

#[test]
fn a_host_function_may_submit_while_a_block_waits_for_it() {
    let (done, over) = channel();
    spawn(move || {
        let work = || -> Result<i64> {
            let ctx = process().open_context()?;
            let inner = ctx.clone();
            let function = move || -> Result<()> {
                drop(busy(&inner, 1)?);
                inner.req_block(|block| drop(busy(block, 1)))
            };
            ctx.req_block(|block| block.call_vh(function)?.wait())???;
            // Nothing of the blocks is left.
            spawn(move || busy(&ctx, 2)?.wait())
                .join()
                .expect("no panic")
        };
        let _ = done.send(work().map_err(|error| error.to_string()));
    });
    let result = over.recv_timeout(Duration::from_secs(20));
    assert_eq!(result.expect("it does not hang"), Ok(2));
}

#[test]
fn a_stack_that_nobody_has_is_an_error_and_no_other_context() -> Result<()> {
    let proc = process();
    for size in [0, 1 << 45, usize::MAX] {
        let options = ContextOptions::new().stack_size(size);
        let error = proc.open_context_with(&options).err();
        assert!(
            matches!(error, Some(Error::ContextOpen { .. })),
            "{error:?}"
        );
    }
    Ok(())
}

#[test]
fn a_kernel_is_not_blamed_for_a_signal_from_outside() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let request = busy(&ctx, 600_000)?;
    sleep(Duration::from_millis(50));
    proc.kill()?;
    let error = request.wait().expect_err("killed");
    assert!(matches!(error, Error::ProcessEnded { .. }), "{error}");
    assert!(!error.to_string().contains("raised"), "{error}");
    Ok(())
}
