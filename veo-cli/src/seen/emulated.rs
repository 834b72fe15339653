//! VE processes of the emulated node, as `veo_emu::inspect` shows them.

use std::io;

use veo_emu::inspect::{self, SeenContext, SeenProcess};

use super::{ContextRow, KernelRow, SeenRow};
use crate::output::lossy;

pub(super) fn rows() -> io::Result<Vec<SeenRow>> {
    match inspect::processes() {
        Ok(processes) => Ok(processes.into_iter().map(row).collect()),
        // This system has no emulated node, so no such process.
        Err(why) if why.kind() == io::ErrorKind::Unsupported => Ok(Vec::new()),
        Err(why) => Err(why),
    }
}

fn row(process: SeenProcess) -> SeenRow {
    let shared = process.shared.as_ref();
    let contexts: Option<Vec<ContextRow>> =
        shared.map(|shared| shared.contexts.iter().map(context).collect());
    let requests = contexts.as_ref().and_then(|contexts| {
        let mut counts = contexts.iter().map(|context| context.requests);
        counts.try_fold(0u64, |sum, requests| sum.checked_add(requests?))
    });
    SeenRow {
        node: shared.map(|shared| shared.node),
        backend: "emu",
        pid: process.pid,
        host: process.host,
        program: lossy(&process.program),
        contexts,
        requests,
        requests_per_second: None,
        to_ve: shared.map(|shared| shared.to_ve),
        to_host: shared.map(|shared| shared.to_host),
        to_ve_per_second: None,
        to_host_per_second: None,
        memory: shared.map(|shared| shared.used),
        capacity: shared.map(|shared| shared.capacity),
        started: process.started,
    }
}

fn context(seen: &SeenContext) -> ContextRow {
    ContextRow {
        context: seen.index,
        requests: seen.requests,
        kernel: seen.running.as_ref().map(|kernel| KernelRow {
            name: kernel.name.clone(),
            address: kernel.address.map(|address| format!("{address:#x}")),
            running: 0.0,
            request: kernel.request,
        }),
    }
}
