//! Memory on the VE: buffers, slices, bare pointers, transfers, hmem.

mod common;

use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use common::process;
use veo_core::{Error, Hmem, NULL, Result, VeAddr, VeoProc, hmemcpy, is_ve_addr};

#[test]
fn buffers_hold_what_was_written() -> Result<()> {
    let proc = process();
    let mut buffer = proc.upload(&[1i32, 2, 3, 4, 5])?;
    assert_eq!((buffer.len(), buffer.size()), (5, 20));
    assert_eq!(buffer.slice(1..3)?.to_vec()?, [2, 3]);
    buffer.slice_mut(3..)?.write(&[40, 50])?;
    assert_eq!(buffer.to_vec()?, [1, 2, 3, 40, 50]);
    buffer.fill(7)?;
    assert_eq!(buffer.to_vec()?, [7; 5]);
    let (mut left, mut right) = buffer.split_at_mut(2)?;
    left.write(&[1, 2])?;
    right.reborrow().write(&[3, 4, 5])?;
    right.copy_from(proc.upload(&[6, 7, 8])?.as_slice())?;
    assert_eq!(buffer.to_vec()?, [1, 2, 6, 7, 8]);
    let mut out = [0; 2];
    proc.read(buffer.slice(..2)?, &mut out)?;
    assert_eq!(out, [1, 2]);
    assert_eq!(proc.zeros::<u8>(3_000_001)?.to_vec()?, vec![0; 3_000_001]);
    Ok(())
}

/// There are 16 identifiers for hmem: a test that needs one holds this, so that no other takes them all.
fn identifiers() -> MutexGuard<'static, ()> {
    static IDENTIFIERS: Mutex<()> = Mutex::new(());
    IDENTIFIERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The processes that come after the 16 that have an identifier have none.
#[test]
fn a_process_without_an_identifier_copies_all_the_same() -> Result<()> {
    let _alone = identifiers();
    let procs: Vec<_> = (0..17).map(|_| process()).collect();
    let mut errors = procs.iter().filter_map(|proc| proc.identifier().err());
    let error = errors.next().expect("one has none").to_string();
    assert!(error.contains("16 processes have an identifier"), "{error}");
    for proc in &procs {
        let from = proc.upload(&[1.0, 2.0, 3.0])?;
        let mut to = proc.zeros::<f64>(3)?;
        proc.copy(&mut to, &from)?;
        assert_eq!(to.to_vec()?, [1.0, 2.0, 3.0]);
        hmemcpy(to.slice_mut(..2)?, from.slice(1..)?)?;
        assert_eq!(to.to_vec()?, [2.0, 3.0, 3.0]);
    }
    // More than goes through the host at a time.
    let last = &procs[16];
    let values: Vec<u64> = (0..3 << 20).collect();
    let from = last.upload(&values)?;
    let mut to = last.zeros::<u64>(values.len())?;
    last.copy(&mut to, &from)?;
    assert!(to.to_vec()? == values);
    Ok(())
}

#[test]
fn lengths_and_ranges_are_checked() -> Result<()> {
    let proc = process();
    let mut buffer = proc.alloc::<f64>(4)?;
    assert!(matches!(
        proc.write(&mut buffer, &[1.0; 3]),
        Err(Error::SizeMismatch {
            have: 3,
            wanted: 4,
            ..
        })
    ));
    assert!(matches!(
        proc.read(&buffer, &mut [0.0; 5]),
        Err(Error::SizeMismatch { .. })
    ));
    assert!(matches!(buffer.slice(3..5), Err(Error::OutOfRange { .. })));
    let text = |range: (Bound<usize>, Bound<usize>)| buffer.slice(range).unwrap_err().to_string();
    let open = text((Bound::Included(9), Bound::Unbounded));
    assert!(open.contains("range 9.. does not"), "{open}");
    let closed = text((Bound::Included(9), Bound::Excluded(12)));
    assert!(closed.contains("range 9..12 does not"), "{closed}");
    let overflow = text((Bound::Included(0), Bound::Included(usize::MAX)));
    assert!(overflow.contains("0..18446744073709551615"), "{overflow}");

    assert!(buffer.split_at_mut(5).is_err());
    assert!(matches!(
        proc.alloc::<u64>(usize::MAX),
        Err(Error::TooLarge { .. })
    ));
    assert!(proc.alloc::<u8>(0)?.to_vec()?.is_empty());
    Ok(())
}

#[test]
fn queued_transfers_run_in_order_and_give_their_memory_back() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let mut buffer = proc.alloc::<u16>(1000)?;
    let first = ctx.write(&mut buffer, vec![1; 1000])?;
    let before = ctx.read(&buffer)?;
    let second = ctx.write(&mut buffer, (0..1000).collect())?;
    let after = ctx.read(buffer.slice(10..20)?)?;
    assert_eq!(after.wait()?, (10..20).collect::<Vec<u16>>());
    assert_eq!(before.wait()?, vec![1; 1000]);
    assert_eq!(first.wait()?, vec![1; 1000]);
    assert_eq!(second.wait()?.len(), 1000);
    assert!(ctx.write(&mut buffer, vec![1]).is_err());
    Ok(())
}

#[test]
fn transfers_of_borrowed_memory_end_with_their_scope() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let mut buffer = proc.alloc::<f32>(1 << 20)?;
    let input: Vec<f32> = (0..1 << 20).map(|i| i as f32).collect();
    let mut output = vec![0.0; 1 << 20];
    let mut part = [0.0; 4];
    let first = ctx.scope(|s| {
        s.write_from(&mut buffer, &input);
        let part = s.read_into(buffer.slice(4..8).unwrap(), &mut part);
        s.read_into(&buffer, &mut output);
        part.wait().map(|part| part[0])
    })??;
    assert_eq!(first, 4.0);
    assert_eq!(output, input);
    assert_eq!(part, [4.0, 5.0, 6.0, 7.0]);

    let error = ctx.scope(|s| {
        s.write_from(&mut buffer, &input[1..]);
    });
    assert!(matches!(error, Err(Error::SizeMismatch { .. })));
    Ok(())
}

#[test]
fn a_panic_inside_a_scope_waits_for_its_transfers() {
    let proc = process();
    let ctx = proc.open_context().unwrap();
    let buffer = proc.zeros::<u8>(8 << 20).unwrap();
    let mut output = vec![1; 8 << 20];
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = ctx.scope(|s| {
            s.read_into(&buffer, &mut output);
            panic!("in the scope");
        });
    }));
    assert!(panic.is_err());
    assert!(output.iter().all(|b| *b == 0), "the transfer has ended");
}

#[test]
fn memory_can_be_allocated_in_the_queue() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let mut buffer = ctx.alloc::<i64>(100)?.wait()?;
    buffer.fill(-1)?;
    assert_eq!(buffer.to_vec()?, vec![-1; 100]);
    drop(ctx.alloc::<i64>(100)?);
    ctx.sync()?;
    let error = ctx.alloc::<u8>(1 << 50)?.wait().unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
    Ok(())
}

#[test]
fn memory_of_a_dropped_allocation_is_freed() -> Result<()> {
    let proc = VeoProc::builder().memory(64 << 20).build()?;
    let ctx = proc.open_context()?;
    drop(ctx.alloc::<u8>(40 << 20)?);
    ctx.sync()?;
    let request = ctx.alloc::<u8>(10 << 20)?;
    ctx.sync()?;
    drop(request);
    proc.alloc::<u8>(40 << 20)?;
    Ok(())
}

#[test]
fn exhausted_memory_is_an_error_and_freed_memory_comes_back() -> Result<()> {
    let proc = VeoProc::builder().memory(64 << 20).build()?;
    let error = proc.alloc::<u8>(1 << 40).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
    // Dropped buffers are freed on the way.
    for _ in 0..8 {
        proc.zeros::<u8>(20 << 20)?;
    }
    let kept = proc.alloc::<u8>(40 << 20)?;
    assert!(proc.alloc::<u8>(40 << 20).is_err());
    kept.free()?;
    proc.alloc::<u8>(40 << 20)?.free()?;
    Ok(())
}

#[test]
fn bare_pointers_are_checked_as_far_as_they_are_known() -> Result<()> {
    let proc = process();
    let ptr = proc.alloc_mem(16)?;
    assert_eq!(ptr.size(), Some(16));
    proc.write_mem(ptr, &[1; 16])?;
    proc.write_mem(ptr.add(8), &[2; 8])?;
    let mut out = [0; 10];
    proc.read_mem(&mut out, ptr.add(6))?;
    assert_eq!(out, [1, 1, 2, 2, 2, 2, 2, 2, 2, 2]);
    let bad = |result: Result<()>| match result {
        Err(Error::BadPointer { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(bad(proc.read_mem(&mut out, ptr.add(8))).contains("8 bytes after it"));
    assert!(bad(proc.write_mem(ptr.add(16), &[0])).contains("not lie"));
    assert!(bad(proc.free_mem(ptr.add(1))).contains("no allocation"));
    proc.free_mem(ptr)?;
    assert!(bad(proc.free_mem(ptr)).contains("freed before"));
    assert!(bad(proc.read_mem(&mut out, ptr)).contains("freed"));
    bad(proc.free_mem(veo_core::VeMemPtr::<u8>::from(NULL)));
    bad(proc.read_mem(&mut out, veo_core::VeMemPtr::<u8>::null()));
    let buffer = proc.alloc::<u64>(4)?;
    assert!(bad(proc.free_mem(buffer.as_ptr())).contains("VeBuffer"));
    let inside = proc.pointer(VeAddr::<u64>::new(buffer.as_ptr().addr() + 8));
    assert_eq!(inside.size(), Some(24));
    assert_eq!(inside, buffer.as_ptr().add(1));
    assert_eq!(buffer.as_ptr().add(3).offset(-2), inside);
    Ok(())
}

#[test]
fn memory_of_another_process_is_refused() -> Result<()> {
    let (one, two) = (process(), process());
    let ctx = two.open_context()?;
    let mut buffer = one.zeros::<u8>(8)?;
    let wrong = |error: Error| {
        assert!(matches!(error, Error::WrongProcess { .. }), "{error}");
    };
    wrong(two.read(&buffer, &mut [0; 8]).unwrap_err());
    wrong(two.write(&mut buffer, &[0; 8]).unwrap_err());
    wrong(ctx.read(&buffer).unwrap_err());
    wrong(ctx.write(&mut buffer, vec![0; 8]).unwrap_err());
    wrong(two.free_mem(buffer.as_ptr()).unwrap_err());
    wrong(two.read_mem(&mut [0], buffer.as_ptr()).unwrap_err());
    let other = two.zeros::<u8>(8)?;
    wrong(hmemcpy(&mut buffer, &other).unwrap_err());
    let mut out = [0; 8];
    let read = ctx.scope(|s| {
        s.read_into(&buffer, &mut out);
    });
    wrong(read.unwrap_err());
    Ok(())
}

#[test]
fn hmem_copies_every_way() -> Result<()> {
    let _identifiers = identifiers();
    let proc = process();
    let mut a = proc.alloc::<u32>(4)?;
    let mut b = proc.alloc::<u32>(4)?;
    hmemcpy(&mut a, &[1, 2, 3, 4])?;
    hmemcpy(&mut b, &a)?;
    let mut out = [0; 4];
    hmemcpy(&mut out, &b)?;
    assert_eq!(out, [1, 2, 3, 4]);
    let mut host = vec![0; 4];
    hmemcpy(&mut host, Hmem::Host(&out))?;
    assert_eq!(host, out);
    assert!(hmemcpy(&mut host, &[1]).is_err());
    let tagged = a.as_ptr().to_hmem()?;
    assert!(is_ve_addr(tagged.as_raw()));
    assert!(!is_ve_addr(host.as_ptr().cast()));
    assert_eq!(
        i32::try_from(tagged.identifier()).ok(),
        Some(proc.identifier()?)
    );
    assert_eq!(tagged.to_ptr(), a.as_ptr());
    Ok(())
}

#[test]
fn a_kernel_can_use_an_hmem_pointer_as_it_is() -> Result<()> {
    let _identifiers = identifiers();
    let proc = process();
    let x = proc.upload(&[1.0, 2.0, 3.5])?;
    let tagged = x.as_ptr().to_hmem()?;
    let library = proc.load_library(common::library())?;
    let sum = library.function::<fn(*const f64, u64) -> f64>("sum")?;
    assert_eq!(sum.call(&proc, (tagged, 3))?, 6.5);
    // The queue keeps the memory for the call as for any pointer.
    let request = sum.call(&proc.open_context()?, (tagged, 3))?;
    x.free()?;
    assert_eq!(request.wait()?, 6.5);
    let elsewhere = process();
    let there = elsewhere.load_library(common::library())?;
    let sum = there.function::<fn(*const f64, u64) -> f64>("sum")?;
    let error = sum.call(&elsewhere, (tagged, 3)).unwrap_err();
    assert!(matches!(error, Error::WrongProcess { .. }), "{error}");
    Ok(())
}

#[test]
fn nodes_are_listed() -> Result<()> {
    let nodes = veo_core::nodes()?;
    assert!(!nodes.is_empty());
    for node in &nodes {
        assert!(node.arch.is_some());
        let (total, free) = (node.memory.unwrap(), node.free.unwrap());
        assert!(0 < free && free <= total, "{node:?}");
    }
    let proc = process();
    assert_eq!(proc.nodeid(), 0);
    assert!(proc.core().is_some());
    let error = VeoProc::new(i32::try_from(nodes.len()).unwrap()).unwrap_err();
    assert!(matches!(error, Error::NoSuchNode { .. }), "{error}");
    // It is told once.
    assert_eq!(error.to_string().matches("VE node").count(), 1, "{error}");
    assert!(VeoProc::new(-2).is_err());
    Ok(())
}
