//! Typed calls on the emulated node: arguments, results, stack data, buffers.

mod common;

use std::ffi::c_char;

use common::process;
use veo_core::{NULL, OnStack, Result, VeAddr, VeData, VeMemPtr, VeOpaque, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn add(a: i32, b: *mut f64) -> i64;
    safe fn give_i8(x: i8) -> i8;
    safe fn give_u8(x: u8) -> u8;
    safe fn give_i16(x: i16) -> i16;
    safe fn give_u16(x: u16) -> u16;
    safe fn give_i32(x: i32) -> i32;
    safe fn give_u32(x: u32) -> u32;
    safe fn give_i64(x: i64) -> i64;
    safe fn give_u64(x: u64) -> u64;
    safe fn give_f32(x: f32) -> f32;
    safe fn give_f64(x: f64) -> f64;
    safe fn mixed(
        a: i8,
        b: f64,
        c: u16,
        d: f32,
        e: i32,
        f: f64,
        g: i64,
        h: f32,
        i: i8,
        j: f64,
        k: u32,
        l: f32,
    ) -> f64;
    safe fn scale(x: &mut [f64], n: u64, factor: f64);
    safe fn sum(x: *const f64, n: u64) -> f64;
    safe fn node_sum(n: &Node) -> f64;
    safe fn bump(n: &mut Node);
    safe fn increment(x: *mut i32, n: u64);
    safe fn counter_address() -> *mut i64;
    safe fn bump_counter() -> i64;
    safe fn plan_make(n: i32) -> *mut Plan;
    safe fn plan_run(plan: *mut Plan) -> i32;
    safe fn plan_free(plan: *mut Plan);
    safe fn length(text: *const c_char) -> u64;
    safe fn read_through(table: *const VeAddr<f64>, which: u64, index: u64) -> i64;
}

/// The same kernels, declared with names for what they take.
mod named {
    use veo_core::ve_kernel;

    type Values<'a> = &'a mut [f64];
    type Text<'a> = &'a [i8];
    type Number<'a> = &'a super::Node;

    #[ve_kernel(lib = "libcoretest.so")]
    unsafe extern "C" {
        pub safe fn scale(x: Values<'_>, n: u64, factor: f64);
        pub safe fn length(text: Text<'_>) -> u64;
        pub safe fn node_sum(n: Number<'_>) -> f64;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, VeData)]
#[repr(C)]
struct Node {
    tag: u8,
    value: f64,
    next: VeAddr<Node>,
}

#[derive(VeOpaque)]
struct Plan(());

#[test]
fn the_example_of_the_front_page() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let mut x = proc.upload(&[1.0, 2.0, 3.0])?;
    let r: i64 = add(&ctx, 3, &mut x)?.wait()?;
    assert_eq!(r, 4);
    assert_eq!(x.to_vec()?, [4.0, 2.0, 3.0]);
    let mut y = [0.5; 3];
    let s: i64 = add(&proc, 3, OnStack::inout(&mut y))?;
    assert_eq!((s, y), (3, [3.5, 0.5, 0.5]));
    Ok(())
}

#[test]
fn every_scalar_comes_back_as_it_went() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    macro_rules! check {
        ($($kernel:ident: $($value:expr),+;)*) => {$($(
            let value = $value;
            assert_eq!($kernel(&proc, value)?.to_ne_bytes(), value.to_ne_bytes());
            assert_eq!($kernel(&ctx, value)?.wait()?.to_ne_bytes(), value.to_ne_bytes());
        )+)*};
    }
    check! {
        give_i8: 0i8, -1i8, i8::MIN, i8::MAX;
        give_u8: 0u8, u8::MAX;
        give_i16: -2i16, i16::MIN, i16::MAX;
        give_u16: u16::MAX;
        give_i32: -3i32, i32::MIN, i32::MAX;
        give_u32: u32::MAX;
        give_i64: -4i64, i64::MIN, i64::MAX;
        give_u64: u64::MAX;
        give_f32: 1.5f32, f32::MIN_POSITIVE, f32::NEG_INFINITY, f32::from_bits(0x7fc0_1234);
        give_f64: -2.5f64, f64::MAX, f64::from_bits(0x7ff8_0000_dead_beef);
    }
    Ok(())
}

#[test]
fn integers_and_floats_can_be_mixed_in_any_order() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let expected =
        -1.0 + 10.0 * 2.5 + 300.0 + 4.5 - 5.0 + 6.25 + 7.0 + 8.5 - 9.0 + 10.0 + 11.0 + 12.5;
    let r = mixed(&proc, -1, 2.5, 3, 4.5, -5, 6.25, 7, 8.5, -9, 10.0, 11, 12.5)?;
    assert_eq!(r, expected);
    let r = mixed(&ctx, -1, 2.5, 3, 4.5, -5, 6.25, 7, 8.5, -9, 10.0, 11, 12.5)?.wait()?;
    assert_eq!(r, expected);
    Ok(())
}

#[test]
fn stack_data_go_in_and_come_back() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let mut x = [1.0, 2.0, 3.0];
    scale(&proc, &mut x, 3, 2.0)?;
    assert_eq!(x, [2.0, 4.0, 6.0]);
    let request = scale(&ctx, &mut x, 3, 0.5)?;
    request.wait()?;
    assert_eq!(x, [1.0, 2.0, 3.0]);
    let mut node = Node {
        tag: 3,
        value: 1.5,
        next: VeAddr::NULL,
    };
    assert_eq!(node_sum(&ctx, &node)?.wait()?, 4.5);
    bump(&ctx, &mut node)?.wait()?;
    assert_eq!((node.tag, node.value), (4, 3.0));
    let mut matrix = [[1, 2, 3], [4, 5, 6]];
    increment(&ctx, OnStack::inout(&mut matrix), 6)?.wait()?;
    assert_eq!(matrix, [[2, 3, 4], [5, 6, 7]]);
    assert_eq!(length(&proc, OnStack::cstr(c"twelve bytes"))?, 12);
    assert_eq!(sum(&ctx, OnStack::input(&[0.25; 8][..]), 8)?.wait()?, 2.0);
    let mut vector = vec![1, 2, 3];
    increment(&ctx, OnStack::inout(&mut vector), 3)?.wait()?;
    assert_eq!(vector, [2, 3, 4]);
    assert_eq!(sum(&ctx, OnStack::input(&vec![0.5; 3]), 3)?.wait()?, 1.5);
    Ok(())
}

#[test]
fn references_by_another_name_travel_as_well() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let (mut vector, mut array) = (vec![1.0, 2.0], [3.0, 4.0]);
    let request = named::scale(&ctx, &mut vector, 2, 2.0)?;
    named::scale(&ctx, &mut array, 2, 3.0)?.wait()?;
    request.wait()?;
    named::scale(&proc, &mut vector[1..], 1, 0.5)?;
    assert_eq!((vector, array), (vec![2.0, 2.0], [9.0, 12.0]));
    assert_eq!(named::length(&proc, &[65, 66, 0])?, 2);
    assert_eq!(named::length(&ctx, &vec![65, 0])?.wait()?, 1);
    let node = Node {
        tag: 3,
        value: 1.5,
        next: VeAddr::NULL,
    };
    assert_eq!(named::node_sum(&ctx, &node)?.wait()?, 4.5);
    Ok(())
}

#[test]
fn a_dropped_or_failed_request_leaves_the_borrowed_place_alone() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let mut x = [1.0; 4];
    drop(scale(&ctx, &mut x, 4, 2.0)?);
    std::mem::forget(scale(&ctx, &mut x, 4, 2.0)?);
    ctx.sync()?;
    assert_eq!(x, [1.0; 4]);
    Ok(())
}

#[test]
fn pointers_come_back_with_their_process() -> Result<()> {
    let proc = process();
    let counter: VeMemPtr<i64> = counter_address(&proc)?;
    assert_eq!(counter.proc(), Some(proc.clone()));
    let mut bytes = [0; 8];
    proc.read_mem(&mut bytes, counter)?;
    assert_eq!(i64::from_ne_bytes(bytes), 41);
    proc.write_mem(counter, &100i64.to_ne_bytes())?;
    assert_eq!(bump_counter(&proc)?, 101);
    let plan = plan_make(&proc, 21)?;
    assert_eq!(plan_run(&proc, plan)?, 42);
    plan_free(&proc, plan)?;
    plan_free(&proc, NULL)?;
    Ok(())
}

#[test]
fn structures_in_ve_memory_link_to_each_other() -> Result<()> {
    let proc = process();
    let last = proc.upload(&[Node {
        tag: 2,
        value: 10.0,
        next: VeAddr::NULL,
    }])?;
    let first = Node {
        tag: 1,
        value: 5.0,
        next: last.as_ptr().to_ve_addr(),
    };
    assert_eq!(node_sum(&proc, &first)?, 25.0);
    let rows = [proc.upload(&[1.0, 2.0])?, proc.upload(&[3.0, 4.0])?];
    let table = rows.each_ref().map(|row| row.as_ptr().to_ve_addr());
    let table = proc.upload(&table)?;
    assert_eq!(read_through(&proc, &table, 1, 0)?, 3);
    Ok(())
}
