//! The checks that every transfer makes first: of its tag, its context and its memory.

use std::time::Duration;

use veo_core::{VeoContext, VeoProc};

use super::engine::ProgressEngine;
use crate::error::{Error, Result};

/// Tags are not negative.
pub(super) fn check_tag(tag: i32) -> Result<()> {
    if tag >= 0 {
        Ok(())
    } else {
        Err(Error::Tag { tag })
    }
}

/// `what` belongs to a process other than the one that is wanted.
pub(super) fn check_process(have: &VeoProc, wanted: &VeoProc, what: &str) -> Result<()> {
    if have == wanted {
        return Ok(());
    }
    Err(Error::Veo(veo_core::Error::WrongProcess {
        what: what.into(),
        argument: None,
        belongs_to: format!("{have:?}"),
        used_with: format!("the communicator of {wanted:?}"),
    }))
}

/// Waits for the queued requests of a context. Messages go on meanwhile. After an error, as inside of another transfer, nothing has begun.
pub(super) fn sync(engine: &ProgressEngine, ctx: &VeoContext, proc: &VeoProc) -> Result<()> {
    check_process(ctx.proc(), proc, "a context")?;
    drop(engine.state()?);
    let mut pause = Duration::ZERO;
    while !ctx.sync_timeout(pause)? {
        engine.state()?.progress()?;
        pause = Duration::from_millis(1);
    }
    Ok(())
}
