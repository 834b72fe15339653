//! Memory that is pinned: it stays allocated, and on the emulated node the host finds it.

mod common;

use std::time::{Duration, Instant};

use common::process;
use veo_core::{Backend, Error, PinnedMemory, Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn set_flag(flag: *mut i64, value: i64);
}

/// The memory as the host has it. `None`: it has none.
fn on_host(pinned: &PinnedMemory) -> Option<Vec<u8>> {
    let place = pinned.host_address()?.as_ptr();
    // SAFETY: as many bytes are there as long as `pinned` lives, and no kernel runs.
    let byte = |at| unsafe { place.add(at).read_volatile() };
    Some((0..pinned.size()).map(byte).collect())
}

/// Waits until the process has as little memory in use.
fn wait_for_memory(proc: &VeoProc, bytes: u64) {
    let start = Instant::now();
    while proc.stats().memory.now != bytes {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{:?}",
            proc.stats()
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn memory_is_freed_when_it_is_not_pinned_any_more() -> Result<()> {
    let proc = process();
    let dropped = proc.upload(&[1i64; 1000])?;
    let freed = proc.upload(&[2i64; 1000])?;
    let pins = [
        dropped.as_slice().pin()?,
        dropped.slice(10..20)?.pin()?,
        freed.as_slice().pin()?,
    ];
    drop(dropped);
    freed.free()?;
    // A new allocation does not get the memory of these.
    let others: Vec<_> = (0..20)
        .map(|_| proc.upload(&[3i64; 1000]))
        .collect::<Result<_>>()?;
    for (pinned, value) in pins.iter().zip([1i64, 1, 2]) {
        let mut bytes = vec![0; pinned.size()];
        proc.read_mem(&mut bytes, pinned.as_ptr())?;
        assert_eq!(bytes, value.to_le_bytes().repeat(pinned.size() / 8));
    }
    drop(others);
    wait_for_memory(&proc, 16_000);
    let [first, second, third] = pins;
    drop((first, third));
    wait_for_memory(&proc, 8000);
    drop(second);
    wait_for_memory(&proc, 0);
    Ok(())
}

#[test]
fn a_pin_of_a_process_that_has_ended_holds_no_memory_of_another() -> Result<()> {
    let first = process();
    let buffer = first.upload(&[1i64; 1000])?;
    std::mem::forget(buffer.as_slice().pin()?);
    drop(buffer);
    first.close()?;
    let second = process();
    let buffers: Vec<_> = (0..20)
        .map(|_| second.upload(&[2i64; 1000]))
        .collect::<Result<_>>()?;
    drop(buffers);
    wait_for_memory(&second, 0);
    Ok(())
}

#[test]
fn the_host_sees_what_kernels_write_and_the_other_way_round() -> Result<()> {
    let proc = process();
    let mut x = proc.upload(&[1i64, 2, 3])?;
    let pinned = x.slice(1..)?.pin()?;
    set_flag(&proc, x.slice_mut(1..)?, 7)?;
    let Some(bytes) = on_host(&pinned) else {
        assert_eq!(proc.backend(), Backend::Libveo);
        return Ok(());
    };
    assert_eq!(bytes, [7i64.to_le_bytes(), 3i64.to_le_bytes()].concat());
    let place = pinned.host_address().expect("it has one").cast::<i64>();
    // SAFETY: the second of the two values that are pinned; no kernel runs.
    unsafe { place.add(1).write_volatile(9) };
    assert_eq!(x.to_vec()?, [1, 7, 9]);
    Ok(())
}

#[test]
fn the_host_has_the_memory_after_the_end_of_the_process() -> Result<()> {
    let proc = process();
    let x = proc.upload(&vec![5u8; 3 << 20])?;
    let (first, second) = (x.as_slice().pin()?, x.as_slice().pin()?);
    drop(x);
    proc.kill()?;
    if let Some(bytes) = on_host(&first) {
        assert_eq!(bytes, vec![5; 3 << 20]);
    }
    drop(first);
    let closed = process();
    let y = closed.upload(&[6u8; 100])?;
    let third = y.as_slice().pin()?;
    closed.close()?;
    for (pinned, value) in [(second, 5), (third, 6)] {
        if let Some(bytes) = on_host(&pinned) {
            assert_eq!(bytes, vec![value; pinned.size()]);
        }
    }
    Ok(())
}

#[test]
fn memory_of_an_ended_process_is_not_pinned() -> Result<()> {
    let proc = process();
    let x = proc.upload(&[1u8; 100])?;
    let none = proc.alloc::<f64>(0)?;
    assert_eq!(none.as_slice().pin()?.host_address(), None);
    proc.kill()?;
    let error = x.as_slice().pin().expect_err("the process has ended");
    assert!(matches!(error, Error::ProcessEnded { .. }), "{error}");
    Ok(())
}
