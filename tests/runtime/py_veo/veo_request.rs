//! `VeoRequest`.

use std::sync::mpsc;
use std::time::Duration;

use veo_core::{Error, Result, Value, VeoCtxt, VeoLibrary, VeoRequest};

use super::{function, start};

fn busy(lib: &VeoLibrary, ctx: &VeoCtxt, ms: u64) -> VeoRequest<'static, Value<'static>> {
    let busy = function(lib, "busy", &["unsigned long"], "unsigned long");
    busy.call(ctx, [Value::from(ms)]).unwrap()
}

#[test]
fn wait_result() -> Result<()> {
    let (proc, lib) = start();
    let ctx = proc.open_context()?;
    assert!(u64::try_from(busy(&lib, &ctx, 1).wait()?)? > 0);
    Ok(())
}

/// `ArithmeticError` of Python: an exception on the VE.
#[test]
fn wait_result_after_an_exception() -> Result<()> {
    let (proc, lib) = start();
    let ctx = proc.open_context()?;
    let peek = function(&lib, "peek_word", &["unsigned long"], "unsigned long");
    let crashed = peek.call(&ctx, [Value::from(8)])?;
    let error = crashed.wait().unwrap_err();
    assert!(matches!(error, Error::Exception { .. }), "{error}");
    Ok(())
}

/// `RuntimeError` of Python: any other end.
#[test]
fn wait_result_after_the_process_ended() -> Result<()> {
    let (proc, lib) = start();
    let ctx = proc.open_context()?;
    let request = busy(&lib, &ctx, 10_000);
    proc.kill()?;
    let error = request.wait().unwrap_err();
    assert!(matches!(error, Error::ProcessEnded { .. }), "{error}");
    Ok(())
}

/// `NameError` of Python, unfinished, is `None`.
#[test]
fn peek_result() -> Result<()> {
    let (proc, lib) = start();
    let ctx = proc.open_context()?;
    // The request before it in the queue holds it up until the test has seen that it is
    // unfinished.
    let (go, wait) = mpsc::channel();
    let before = ctx.call_vh(move || wait.recv())?;
    let mut request = busy(&lib, &ctx, 1);
    assert!(request.peek()?.is_none());
    go.send(()).unwrap();
    let rounds = loop {
        if let Some(rounds) = request.peek()? {
            break rounds;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(u64::try_from(rounds)? > 0);
    before.wait()?.unwrap();
    Ok(())
}

#[test]
fn req_ctx() -> Result<()> {
    let (proc, lib) = start();
    let ctx = proc.open_context()?;
    let (first, second) = (busy(&lib, &ctx, 0), busy(&lib, &ctx, 0));
    assert_eq!((first.id(), second.id()), (0, 1));
    assert_eq!(first.context().proc().nodeid(), 0);
    first.wait()?;
    second.wait()?;
    Ok(())
}
