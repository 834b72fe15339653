//! Unloading libraries, while other threads go on calling.
//!
//! First the library is `leaving`: its kernels have no address any more, and who calls one
//! waits to load the library anew. Then the calls that use it are waited for, in each
//! context's table of requests, and last it is unloaded with the main context held, where
//! synchronous calls are made.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::loaded::LoadedLibrary;
use super::shared::ProcShared;
use crate::backend::need;
use crate::error::{Error, Result};
use crate::queue::{Exclusive, while_unloading};

impl ProcShared {
    /// Unloads a library (`veo_unload_library`) when the calls that use it have
    /// finished, or gives up after `limit`.
    pub(crate) fn unload(&self, library: &Arc<LoadedLibrary>, limit: Duration) -> Result<()> {
        let core = &self.core;
        let what = format!("unloading {}", library.name);
        if library.handle == 0 {
            return Err(Error::Command {
                what: "unloading the static symbols of veorun".into(),
                reason: Some("they are part of the process".into()),
            });
        }
        let unload = need!(core.api, veo_unload_library, "unloading a library")?;
        core.check(&what)?;
        self.main.check_not_before(u64::MAX, || what.clone())?;
        if !library.code.leave() {
            return Err(library.code.unloaded());
        }
        self.addresses.forget(&library.code);
        let exclusive = match while_unloading(|| self.wait_for_calls(library, &what, limit)) {
            Ok(exclusive) => exclusive,
            Err(error) => {
                self.libraries.keep(library);
                return Err(error);
            }
        };
        // SAFETY: the main context is held exclusively, so the process is there; the
        // number is that of a library which was not unloaded before.
        let status = unsafe { unload(core.handle(), library.handle) };
        let reason = core.api.last_error();
        drop(exclusive);
        self.libraries.remove(library);
        if status == 0 {
            return Ok(());
        }
        if core.look_for_end() {
            return Err(core.gone(&what));
        }
        Err(Error::Command { what, reason })
    }

    /// Waits until no call uses a library that is leaving, and none can begin to. Gives the
    /// main context, so that it stays so.
    fn wait_for_calls(
        &self,
        library: &LoadedLibrary,
        what: &str,
        limit: Duration,
    ) -> Result<Exclusive<'_>> {
        let code = &library.code;
        let until = Instant::now().checked_add(limit);
        let unfinished = || Error::LibraryInUse {
            name: library.name.clone(),
            waited: limit,
        };
        loop {
            let contexts: Vec<_> = self.contexts().clone();
            for context in &contexts {
                let Some(last) = context.last_call(code) else {
                    continue;
                };
                context.check_not_before(last, || what.to_owned())?;
                if !context.drain(last + 1, until) {
                    return Err(unfinished());
                }
            }
            let exclusive = self.main.exclusive_until(&what, until)?;
            let exclusive = exclusive.ok_or_else(unfinished)?;
            code.set_gone();
            // Who may hold this up may have called it until now.
            let contexts: Vec<_> = self.contexts().clone();
            if contexts.iter().all(|ctx| ctx.last_call(code).is_none()) {
                return Ok(exclusive);
            }
            code.set_leaving();
        }
    }
}
