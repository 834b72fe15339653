//! Data on the stack of a call: what kernels write around them is found when they return.

use veo_core::{Cause, Guard, OnStack, Schedule, VeoProc};

use super::{guarded, library};

type Leave = fn(*mut u8, i64, i64);
type Copy = fn(*mut u32, *const u32, i64);

/// Sizes that fill the alignment and such that do not; from one byte to all of the memory that is
/// looked at.
#[test]
fn writes_around_stack_data_are_found_when_the_call_ends() {
    let path = library("leave.c").unwrap();
    for guard in [Guard::End, Guard::Start] {
        for size in [1_usize, 3, 24, 64, 200] {
            for (offset, count, side) in [
                (size as i64, 1, "just past"),
                (size as i64, 512, "just past"),
                (size as i64 + 7, 1, "7 bytes past"),
                (-1, 1, "1 byte before"),
                (-8, 4, "8 bytes before"),
                (-1, 512, "1 byte before"),
            ] {
                let (proc, library) = guarded(guard, &path);
                let leave = library.function::<Leave>("write_bytes").unwrap();
                let mut bytes = vec![7_u8; size];
                let error = leave
                    .call(&proc, (OnStack::inout(&mut bytes[..]), offset, count))
                    .expect_err(&format!("{guard:?}, {size} bytes: {offset}, {count}"));
                let fault = error.fault().unwrap_or_else(|| panic!("{error}"));
                assert_eq!(fault.cause, Cause::Overwritten, "{error}");
                assert_eq!(fault.kernel.as_deref(), Some("write_bytes"), "{error}");
                let place = format!("{side} the {size} bytes on the stack for argument 0");
                assert_eq!(fault.memory.as_deref(), Some(&*place), "{error}");
                assert_eq!(bytes, vec![7; size], "nothing comes back of it");
            }
        }
    }
}

/// Each of several is told apart, also when the call has to wait before it starts.
#[test]
fn the_argument_is_named() {
    let path = library("leave.c").unwrap();
    for schedule in [None, Some(Schedule::Late)] {
        let mut builder = VeoProc::builder().guard(Guard::End);
        if let Some(schedule) = schedule {
            builder = builder.schedule(schedule);
        }
        let proc = builder.build().unwrap();
        let library = proc.load_library(&path).unwrap();
        let ctx = proc.open_context().unwrap();
        let copy = library.function::<Copy>("copy").unwrap();
        let (mut to, mut wide) = ([0_u32; 10], [0_u32; 12]);
        let from = [3_u32; 12];
        let right = copy.call(&ctx, (OnStack::inout(&mut wide), OnStack::input(&from), 48));
        right.unwrap().wait().unwrap();
        assert_eq!(wide, from);
        let wrong = copy.call(&ctx, (OnStack::inout(&mut to), OnStack::input(&from), 48));
        let error = wrong.unwrap().wait().unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("just past the 40 bytes on the stack for argument 0"),
            "{said}"
        );
    }
}

/// They may be used to their very ends, again and again, with blocks beside them.
#[test]
fn nothing_happens_to_right_kernels() {
    let path = library("leave.c").unwrap();
    for guard in [Guard::End, Guard::Start] {
        let (proc, library) = guarded(guard, &path);
        let contexts = [proc.open_context().unwrap(), proc.open_context().unwrap()];
        let copy = library.function::<Copy>("copy").unwrap();
        for len in [1_usize, 5, 16, 1000, 100_000] {
            let from: Vec<u32> = (0..len as u32).collect();
            let block = proc.upload(&from).unwrap();
            for ctx in contexts.iter().cycle().take(20) {
                let (mut to, mut other) = (vec![0; len], vec![0; len]);
                let bytes = 4 * len as i64;
                let args = (
                    OnStack::output(&mut to[..]),
                    OnStack::input(&from[..]),
                    bytes,
                );
                let first = copy.call(ctx, args).unwrap();
                let args = (OnStack::output(&mut other[..]), &block, bytes);
                let second = copy.call(ctx, args).unwrap();
                first.wait().unwrap();
                second.wait().unwrap();
                assert!(to == from && other == from);
            }
        }
        proc.close().unwrap();
    }
}

/// Memory that a kernel has not written is no number.
#[test]
fn output_is_no_number_at_first() {
    let path = library("right.c").unwrap();
    let (proc, library) = guarded(Guard::End, &path);
    let scale = library.function::<fn(*mut f64, i64, f64)>("scale").unwrap();
    let mut x = [1.0; 3];
    let args = (OnStack::output(&mut x), 2, 0.0);
    scale.call(&proc, args).unwrap();
    assert!(x.iter().all(|x| x.is_nan()), "{x:?}");
}
