//! `VeoCtxt`.

use veo_core::{Result, VeoProc};

#[test]
fn async_read_mem_async_write_mem() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let ctx = proc.open_context()?;
    let mut buffer = proc.alloc::<u8>(1000)?;
    let written = ctx.write(&mut buffer, vec![7; 1000])?;
    let read = ctx.read(&buffer)?;
    assert_eq!(read.wait()?, vec![7; 1000]);
    written.wait()?;
    Ok(())
}

#[test]
fn proc() -> Result<()> {
    let proc = VeoProc::new(2)?;
    assert_eq!(proc.open_context()?.proc().nodeid(), 2);
    Ok(())
}
