//! `VEMemPtr`.

use veo_core::{Result, VEMemPtr, VeAddr, VeoProc};

#[test]
fn addr_size_proc() -> Result<()> {
    let proc = VeoProc::new(1)?;
    let ptr = proc.alloc_mem(1234)?;
    assert_ne!(ptr.addr(), 0);
    assert_eq!(ptr.size(), Some(1234));
    assert_eq!(ptr.proc().map(|proc| proc.nodeid()), Some(1));
    proc.free_mem(ptr)
}

#[test]
fn from_a_known_address() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let buffer = proc.upload(&[5u8, 6])?;
    let known: VEMemPtr<u8> = proc.pointer(VeAddr::new(buffer.as_ptr().addr()));
    assert_eq!(known.addr(), buffer.as_ptr().addr());
    assert_eq!(known.size(), Some(2), "the process knows what it allocated");
    let mut back = [0; 2];
    proc.read_mem(&mut back, known)?;
    assert_eq!(back, [5, 6]);
    Ok(())
}
