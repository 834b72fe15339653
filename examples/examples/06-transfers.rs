//! Transfers that run while the host does something else.

use veo_core::VeoProc;

fn main() -> veo_core::Result<()> {
    let proc = VeoProc::new(0)?;
    let ctx = proc.open_context()?;
    let mut x = proc.zeros::<u64>(1 << 20)?;

    // The request owns the host's memory while the transfer runs.
    let numbers: Vec<u64> = (0..1 << 20).collect();
    let written = ctx.write(&mut x, numbers)?;
    let read = ctx.read(&x)?; // queued behind the write
    written.wait()?;
    println!("the last is {:?}", read.wait()?.last());

    // Borrowed memory needs a scope. The scope ends after its transfers.
    let (first, last) = (x.slice(..4)?, x.slice(x.len() - 4..)?);
    let (mut head, mut tail) = ([0; 4], [0; 4]);
    ctx.scope(|s| {
        s.read_into(first, &mut head);
        s.read_into(last, &mut tail);
    })?;
    println!("{head:?} .. {tail:?}");
    Ok(())
}
