//! Transfers of every size, checked by a hash that a kernel computes of what arrived.

use fastrand::Rng;
use ve_kernels::memory::{LARGE_GLOBAL, expected_hash, hash_bytes, hash_global};
use veo_core::{Result, VeMemPtr, VeoProc};
use veo_test_support as _;

/// Nothing, one byte, odd sizes around pages and the size of a small copy, 256 MiB.
const SIZES: [usize; 10] = [0, 1, 2, 7, 63, 4095, 4097, 65_537, 1_048_573, 256 << 20];

/// Random bytes, others for each `seed`. They repeat after a prime number of bytes, so that no
/// part of a transfer can stand in for another.
fn pattern(size: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; size.min(1_048_573)];
    Rng::with_seed(seed).fill(&mut bytes);
    let period = bytes.len();
    while bytes.len() < size {
        let next = period.min(size - bytes.len());
        bytes.extend_from_within(..next);
    }
    bytes
}

#[test]
fn blocking_to_the_heap_and_back() -> Result<()> {
    let proc = VeoProc::new(0)?;
    for size in SIZES {
        let sent = pattern(size, 1);
        let mut buffer = proc.alloc::<u8>(size)?;
        proc.write(&mut buffer, &sent)?;
        assert_eq!(
            hash_bytes(&proc, &buffer, size as u64)?,
            expected_hash(&sent),
            "{size}"
        );
        let mut back = vec![0; size];
        proc.read(&buffer, &mut back)?;
        assert!(back == sent, "{size} bytes come back");
    }
    Ok(())
}

#[test]
fn asynchronous_to_the_heap_and_back() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let ctx = proc.open_context()?;
    for size in SIZES {
        let sent = pattern(size, 2);
        let expected = expected_hash(&sent);
        let mut buffer = proc.alloc::<u8>(size)?;
        // All three in flight: the hash and the read see what the write brought.
        let written = ctx.write(&mut buffer, sent)?;
        let hash = hash_bytes(&ctx, &buffer, size as u64)?;
        let read = ctx.read(&buffer)?;
        assert_eq!(expected_hash(&read.wait()?), expected, "{size}");
        assert_eq!(hash.wait()?, expected, "{size}");
        written.wait()?;
    }
    Ok(())
}

#[test]
fn borrowed_in_a_scope() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let ctx = proc.open_context()?;
    for &size in &SIZES[..SIZES.len() - 1] {
        let sent = pattern(size, 3);
        let mut back = vec![0; size];
        let mut buffer = proc.alloc::<u8>(size)?;
        ctx.scope(|s| {
            s.write_from(&mut buffer, &sent);
            s.read_into(&buffer, &mut back);
        })?;
        assert!(back == sent, "{size} bytes come back");
    }
    Ok(())
}

/// Parts of a buffer, at odd offsets.
#[test]
fn parts_of_a_buffer() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let whole = pattern(100_003, 4);
    let mut buffer = proc.upload(&whole)?;
    let part = pattern(4097, 5);
    proc.write(buffer.slice_mut(333..333 + 4097)?, &part)?;
    let mut expected = whole;
    expected[333..333 + 4097].copy_from_slice(&part);
    assert!(buffer.to_vec()? == expected);
    let mut back = vec![0; 77_777];
    proc.read(buffer.slice(22_000..99_777)?, &mut back)?;
    assert!(back == expected[22_000..99_777]);
    Ok(())
}

/// A global variable of the library, written and read by its address.
#[test]
fn to_a_global_variable_and_back() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let library = proc.load_library(ve_kernels::host_library("libvememory.so"))?;
    let global: VeMemPtr<u8> = library.get_symbol("large_global")?.cast();
    for (size, offset) in SIZES.into_iter().zip([0, 0, 1, 5, 64, 3, 1, 7, 9, 33]) {
        assert!(offset + size <= LARGE_GLOBAL);
        let sent = pattern(size, 6);
        proc.write_mem(global.add(offset), &sent)?;
        let hash = hash_global(&proc, offset as u64, size as u64)?;
        assert_eq!(hash, expected_hash(&sent), "{size}");
        let mut back = vec![0; size];
        proc.read_mem(&mut back, global.add(offset))?;
        assert!(back == sent, "{size} bytes come back");
    }
    Ok(())
}
