//! The costs of a timeline: time, room in its file, memory.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use ve_kernels::basics::add_up;
use veo_core::{Result, VeoContext, VeoProc};

use crate::measure::{Pair, alternate, block};

/// Operations in one block.
const BLOCK: usize = 200;

/// A process, with a timeline or without.
struct Side {
    proc: VeoProc,
    ctx: VeoContext,
    file: PathBuf,
}

impl Side {
    fn new(name: Option<&str>) -> Result<Side> {
        // A file stays open until the program ends, so each run has its own.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let (pid, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let file = format!("veo-bench-{pid}-{number}-{}", name.unwrap_or(""));
        let file = std::env::temp_dir().join(file);
        let mut builder = VeoProc::builder();
        if name.is_some() {
            builder = builder.timeline(&file);
        }
        let proc = builder.build()?;
        let ctx = proc.open_context()?;
        Ok(Side { proc, ctx, file })
    }

    fn call(&self) {
        let request = add_up(&self.ctx, 1, 2, 3, 4, 5, 6, 7, 8);
        let result = request.and_then(|request| request.wait());
        assert_eq!(result.expect("the kernel returns"), 36);
    }

    fn waited(&self) -> f64 {
        block(10, || self.call());
        block(BLOCK, || self.call())
    }

    fn pipelined(&self) -> f64 {
        block(10, || self.call());
        let all = block(1, || {
            let queued: Vec<_> = (0..BLOCK)
                .map(|_| add_up(&self.ctx, 1, 2, 3, 4, 5, 6, 7, 8).expect("it is queued"))
                .collect();
            for request in queued {
                assert_eq!(request.wait().expect("the kernel returns"), 36);
            }
        });
        all / BLOCK as f64
    }

    /// Ends the process, so that the file has everything.
    fn end(self) -> Result<u64> {
        drop(self.ctx);
        self.proc.close()?;
        // The writer looks around every 80 ms.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let size = std::fs::metadata(&self.file).map_or(0, |file| file.len());
        let _ = std::fs::remove_file(&self.file);
        Ok(size)
    }
}

pub fn waited_call() -> Result<Pair> {
    let (with, without) = (Side::new(Some("waited"))?, Side::new(None)?);
    let pair = alternate(60, || with.waited(), || without.waited());
    with.end()?;
    Ok(pair)
}

pub fn pipelined_call() -> Result<Pair> {
    let (with, without) = (Side::new(Some("pipelined"))?, Side::new(None)?);
    let pair = alternate(60, || with.pipelined(), || without.pipelined());
    with.end()?;
    Ok(pair)
}

/// The bytes of the file, and the calls in it.
pub fn size() -> Result<Pair> {
    const CALLS: usize = 100_000;
    let side = Side::new(Some("size"))?;
    block(CALLS, || side.call());
    Ok(Pair {
        ours: side.end()? as f64,
        reference: CALLS as f64,
    })
}

/// The memory that the program has gained, and a MiB.
pub fn memory() -> Result<Pair> {
    const CALLS: usize = 500_000;
    let without = Side::new(None)?;
    block(10_000, || without.call());
    let before = resident();
    let side = Side::new(Some("memory"))?;
    block(CALLS, || side.call());
    let after = resident();
    side.end()?;
    Ok(Pair {
        ours: after.saturating_sub(before) as f64,
        reference: f64::from(1 << 20),
    })
}

/// The memory of this program that is in use, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB"));
    kilobytes
        .and_then(|number| number.trim().parse::<u64>().ok())
        .unwrap_or(0)
        << 10
}
