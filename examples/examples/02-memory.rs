//! Memory on the VE: allocate, write, read, and look at a part of it.

use veo_core::VeoProc;

fn main() -> veo_core::Result<()> {
    let proc = VeoProc::new(0)?;

    // A new buffer has a copy of a slice, zeros, or arbitrary contents.
    let squares = proc.upload(&[0.0, 1.0, 4.0, 9.0])?;
    let zeros = proc.zeros::<i32>(3)?;
    let mut bytes = proc.alloc::<u8>(5)?;
    proc.write(&mut bytes, b"hello")?;

    println!("{:?}", squares.to_vec()?);
    println!("{:?}", zeros.to_vec()?);
    println!("{}", String::from_utf8_lossy(&bytes.to_vec()?));

    // A slice of a buffer is read like the buffer.
    let mut middle = [0.0; 2];
    proc.read(squares.slice(1..3)?, &mut middle)?;
    println!("{middle:?}");
    Ok(())
}
