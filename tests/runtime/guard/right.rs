//! Right kernels, which use their memory to its very ends, and what a program sees of guarded
//! memory besides faults.

use veo_core::{Cause, Error, Guard, OnStack, VeAddr, VeData, VeoProc};

use super::{guarded, library};
use veo_test_support::run;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct List {
    next: VeAddr<List>,
    value: i64,
}

/// Each with sizes that fill a page, an alignment, and neither.
#[test]
fn nothing_happens_to_right_kernels() {
    let path = library("right.c").unwrap();
    for guard in [Guard::Start, Guard::End] {
        let (proc, library) = guarded(guard, &path);
        let ctx = proc.open_context().unwrap();
        let sum = library
            .function::<fn(*const f64, i64) -> f64>("sum")
            .unwrap();
        let scale = library.function::<fn(*mut f64, i64, f64)>("scale").unwrap();
        let sort = library.function::<fn(*mut f64, i64)>("sort").unwrap();
        let reverse = library.function::<fn(*mut u8, i64)>("reverse").unwrap();
        let shift = library.function::<fn(*mut u8, i64, i64)>("move").unwrap();
        let dot = library
            .function::<fn(*const f64, *const f64, i64) -> f64>("openmp_dot")
            .unwrap();
        let threads = library.function::<fn(*mut i64, i64)>("threads").unwrap();
        for len in [1, 2, 3, 511, 512, 513, 1000, 100_000] {
            let values: Vec<f64> = (0..len).map(f64::from).collect();
            let mut x = proc.upload(&values).unwrap();
            let n = i64::from(len);
            let expected: f64 = values.iter().sum();
            assert_eq!(sum.call(&proc, (&x, n)).unwrap(), expected);
            // Through a context, several in a row.
            let queued: Vec<_> = (0..3)
                .map(|_| scale.call(&ctx, (&mut x, n, -1.0)).unwrap())
                .collect();
            queued
                .into_iter()
                .for_each(|request| request.wait().unwrap());
            if len <= 1000 {
                sort.call(&proc, (&mut x, n)).unwrap();
                assert_eq!(
                    x.slice(..1).unwrap().to_vec().unwrap(),
                    [1.0 - f64::from(len)]
                );
            }
            let y = proc.upload(&vec![2.0; len as usize]).unwrap();
            assert_eq!(dot.call(&proc, (&x, &y, n)).unwrap(), -2.0 * expected);

            let bytes: Vec<u8> = (0..len).map(|byte| byte as u8).collect();
            let mut b = proc.upload(&bytes).unwrap();
            reverse.call(&proc, (&mut b, n)).unwrap();
            assert!(b.to_vec().unwrap().iter().eq(bytes.iter().rev()));
            shift.call(&proc, (&mut b, n, 1)).unwrap();
            let shifted = bytes.iter().rev().take(bytes.len() - 1);
            assert!(b.to_vec().unwrap().iter().eq([0].iter().chain(shifted)));

            let mut counts = proc.zeros::<i64>(len as usize * 4).unwrap();
            threads.call(&proc, (&mut counts, 4 * n)).unwrap();
            assert!(counts.to_vec().unwrap().iter().all(|count| *count == 1));
            // A part of a block.
            let half = x.slice(len as usize / 2..).unwrap();
            let (of_half, halves) = (half.to_vec().unwrap(), half.len() as i64);
            let expected: f64 = of_half.iter().sum();
            assert_eq!(sum.call(&proc, (half, halves)).unwrap(), expected);
        }
        // Data on the stack of the kernel, and its own memory.
        let mut on_stack = [3.0, 1.0, 2.0];
        sort.call(&proc, (OnStack::inout(&mut on_stack), 3))
            .unwrap();
        assert_eq!(on_stack, [1.0, 2.0, 3.0]);
        let heap = library.function::<fn(i64, i64) -> i64>("heap").unwrap();
        assert_eq!(heap.call(&proc, (20_000, 1000)).unwrap(), 0);
        // Addresses in memory.
        let walk = library.function::<fn(*const List) -> i64>("walk").unwrap();
        let mut nodes = Vec::new();
        for value in 0..100 {
            let next = nodes
                .last()
                .map_or(VeAddr::NULL, |node: &veo_core::VeBuffer<List>| {
                    node.as_ptr().to_ve_addr()
                });
            nodes.push(proc.upload(&[List { next, value }]).unwrap());
        }
        assert_eq!(walk.call(&proc, (nodes.last().unwrap(),)).unwrap(), 4950);
        drop(ctx);
        proc.close().unwrap();
    }
}

#[test]
fn fresh_memory_is_no_number() {
    for guard in [Guard::Start, Guard::End] {
        let proc = VeoProc::builder().guard(guard).build().unwrap();
        for len in [1, 3, 512, 70_001] {
            for _ in 0..3 {
                let x = proc.alloc::<f64>(len).unwrap();
                let read = x.to_vec().unwrap();
                // Signalling: the highest bit of the fraction is not set.
                let is_signalling = |x: &f64| x.is_nan() && x.to_bits() >> 51 & 1 == 0;
                assert!(read.iter().all(is_signalling), "{len}: {read:?}");
                let mut y = proc.alloc::<f32>(len).unwrap();
                assert!(y.to_vec().unwrap().iter().all(|y| y.is_nan()));
                y.fill(1.0).unwrap();
            }
            assert_eq!(
                proc.zeros::<f64>(len).unwrap().to_vec().unwrap(),
                vec![0.0; len]
            );
        }
    }
}

/// The host's own copies do not leave blocks either.
#[test]
fn copies_that_leave_a_block_are_refused() {
    let proc = VeoProc::builder().guard(Guard::End).build().unwrap();
    let other = VeoProc::builder().guard(Guard::Off).build().unwrap();
    for (proc, is_refused) in [(&proc, true), (&other, false)] {
        let x = proc.alloc_mem(100).unwrap();
        // Only the address of a pointer from elsewhere is known.
        let unknown = proc.pointer::<u8>(VeAddr::new(x.addr() + 100));
        for len in [1, 12] {
            let mut read = vec![0; len];
            let results = [
                proc.read_mem(&mut read, unknown),
                proc.write_mem(unknown, &read),
            ];
            for result in results {
                let Err(error) = result else {
                    assert!(!is_refused);
                    continue;
                };
                let said = error.to_string();
                assert!(
                    is_refused && matches!(error, Error::Command { .. }),
                    "{said}"
                );
                assert!(
                    said.contains("just past the 100 bytes allocated at"),
                    "{said}"
                );
            }
        }
        proc.write_mem(x, &[7; 100]).unwrap();
        let mut read = [0; 100];
        proc.read_mem(&mut read, x).unwrap();
        assert_eq!(read, [7; 100]);
    }
}

/// A kernel takes all mappings that the system allows: blocks are not guarded from then on, and all
/// goes on.
#[test]
fn mappings_run_out() {
    let path = library("right.c").unwrap();
    let (proc, library) = guarded(Guard::End, &path);
    let sum = library
        .function::<fn(*const f64, i64) -> f64>("sum")
        .unwrap();
    let before: Vec<_> = (0..5).map(|_| proc.upload(&[1.0, 2.0]).unwrap()).collect();
    let taken = library.function::<fn() -> i64>("take_mappings").unwrap();
    assert!(taken.call(&proc, ()).unwrap() > 1000);
    let behind: Vec<_> = (0..5).map(|_| proc.upload(&[3.0, 4.0]).unwrap()).collect();
    let given = library.function::<fn()>("give_mappings").unwrap();
    given.call(&proc, ()).unwrap();
    for (blocks, expected) in [(before, 3.0), (behind, 7.0)] {
        for block in &blocks {
            assert_eq!(sum.call(&proc, (block, 2)).unwrap(), expected);
        }
    }
    // The pattern is still checked.
    let x = proc.upload(&[1.0; 3]).unwrap();
    let shift = library.function::<fn(*mut u8, i64, i64)>("move").unwrap();
    let bytes = x.as_ptr().cast::<u8>();
    let error = shift.call(&proc, (bytes, 25, 1)).unwrap_err();
    assert_eq!(error.fault().unwrap().cause, Cause::Overwritten, "{error}");
}

#[test]
fn it_is_said_once_that_mappings_have_run_out() {
    let output = run::one_test("guard::right::mappings_run_out")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let warning = "no more mappings for the guards of a VE process (sysctl vm.max_map_count)";
    assert_eq!(text.matches(warning).count(), 1, "{text}");
}

/// All memory of the process, repeatedly.
#[test]
fn all_memory_can_be_used_again_and_again() {
    const ALL: usize = 4 << 20;
    let proc = VeoProc::builder()
        .memory(ALL as u64)
        .guard(Guard::Start)
        .build()
        .unwrap();
    for part in [ALL, ALL / 16] {
        for _ in 0..5 {
            let blocks: Vec<_> = (0..ALL / part)
                .map(|_| proc.alloc::<u8>(part).unwrap())
                .collect();
            let error = proc.alloc::<u8>(1).unwrap_err();
            assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
            drop(blocks);
        }
    }
}
