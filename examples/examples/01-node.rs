//! Start a process on a VE node and see what it runs on.

use veo_core::VeoProc;

fn main() -> veo_core::Result<()> {
    let proc = VeoProc::new(0)?;
    println!("a process on node {} ({})", proc.nodeid(), proc.backend());
    proc.close()
}
