//! Calls: arguments and results of all types, stack data, memory, several contexts at the same time.

use std::ffi::c_char;

use veo_core::{OnStack, VeData, VeMemPtr, VeoContext, VeoProc, ve_kernel};

use crate::library::process;

#[derive(Clone, Copy, Debug, PartialEq, VeData)]
#[repr(C)]
struct Range {
    first: i64,
    count: i64,
    step: f64,
}

#[ve_kernel(lib = "libvecode.so")]
unsafe extern "C" {
    safe fn is_ve() -> i32;
    safe fn next_i8(x: i8) -> i8;
    safe fn next_u8(x: u8) -> u8;
    safe fn next_i16(x: i16) -> i16;
    safe fn next_u16(x: u16) -> u16;
    safe fn next_i32(x: i32) -> i32;
    safe fn next_u32(x: u32) -> u32;
    safe fn next_i64(x: i64) -> i64;
    safe fn next_u64(x: u64) -> u64;
    safe fn half_f32(x: f32) -> f32;
    safe fn half_f64(x: f64) -> f64;
    safe fn not_bool(x: u8) -> u8;
    safe fn mixed(
        a: i8,
        b: f32,
        c: u16,
        d: f64,
        e: i32,
        f: u64,
        g: f64,
        h: f32,
        i: i16,
        j: f64,
        k: u8,
        l: f32,
    ) -> f64;
    safe fn sum_range(range: &Range) -> f64;
    safe fn shift_range(range: &mut Range, by: i64);
    safe fn sum(x: *const f64, n: i64) -> f64;
    safe fn scale(x: *mut f64, n: i64, by: f64);
    safe fn squares(n: i64) -> *mut f64;
    safe fn place_of_counter() -> *mut i64;
    safe fn count() -> i64;
    safe fn add_atomically(sum: *mut i64, times: i64);
    safe fn wait_for(flag: *mut i64) -> i64;
    safe fn set_flag(flag: *mut i64, value: i64);
    safe fn apply(function: extern "C" fn(i64) -> i64, x: i64) -> i64;
    safe fn count_thread() -> i64;
    safe fn length_of_variable(name: *const c_char) -> i64;
}

#[test]
fn every_type_goes_there_and_back() {
    let Some(proc) = process() else { return };
    assert_eq!(is_ve(&proc).unwrap(), 1);
    for x in [i8::MIN, -1, 0, i8::MAX] {
        assert_eq!(next_i8(&proc, x).unwrap(), x.wrapping_add(1));
    }
    for x in [0, 127, u8::MAX] {
        assert_eq!(next_u8(&proc, x).unwrap(), x.wrapping_add(1));
    }
    for x in [i16::MIN, -1, i16::MAX] {
        assert_eq!(next_i16(&proc, x).unwrap(), x.wrapping_add(1));
    }
    for x in [0, 0x7fff, u16::MAX] {
        assert_eq!(next_u16(&proc, x).unwrap(), x.wrapping_add(1));
    }
    for x in [i32::MIN, -1, i32::MAX] {
        assert_eq!(next_i32(&proc, x).unwrap(), x.wrapping_add(1));
    }
    for x in [0, 0x7fff_ffff, u32::MAX] {
        assert_eq!(next_u32(&proc, x).unwrap(), x.wrapping_add(1));
    }
    for x in [i64::MIN, -1, i64::MAX] {
        assert_eq!(next_i64(&proc, x).unwrap(), x.wrapping_add(1));
        assert_eq!(
            next_u64(&proc, x as u64).unwrap(),
            (x as u64).wrapping_add(1)
        );
    }
    for x in [0.0, -0.0, 1.5, f64::INFINITY, 1e-310] {
        let half = half_f64(&proc, x).unwrap();
        assert_eq!(half.to_bits(), (x / 2.0).to_bits());
        let half = half_f32(&proc, x as f32).unwrap();
        assert_eq!(half.to_bits(), (x as f32 / 2.0).to_bits());
    }
    assert!(half_f64(&proc, f64::NAN).unwrap().is_nan());
    assert_eq!(
        [not_bool(&proc, 1).unwrap(), not_bool(&proc, 0).unwrap()],
        [0, 1]
    );
}

#[test]
fn words_beyond_the_registers_are_on_the_stack() {
    let Some(proc) = process() else { return };
    let result = mixed(
        &proc,
        -1,
        0.5,
        300,
        1.25,
        -70_000,
        1 << 40,
        -2.5,
        8.0,
        -9,
        1e6,
        200,
        0.125,
    );
    let expected = -1.0 + 2.0 * 0.5 + 3.0 * 300.0 + 4.0 * 1.25 - 5.0 * 70_000.0
        + 6.0 * (1u64 << 40) as f64
        - 7.0 * 2.5
        + 8.0 * 8.0
        - 9.0 * 9.0
        + 10.0 * 1e6
        + 11.0 * 200.0
        + 12.0 * 0.125;
    assert_eq!(result.unwrap(), expected);
}

#[test]
fn stack_data_goes_in_and_out() {
    let Some(proc) = process() else { return };
    let ctx = proc.open_context().unwrap();
    let mut range = Range {
        first: 3,
        count: 4,
        step: 0.5,
    };
    let total = sum_range(&ctx, &range).unwrap().wait().unwrap();
    assert_eq!(total, 3.0 + 3.5 + 4.0 + 4.5);
    shift_range(&ctx, &mut range, -10).unwrap().wait().unwrap();
    assert_eq!((range.first, range.count, range.step), (-7, 8, 0.5));
    let x: Vec<f64> = (0..1000).map(f64::from).collect();
    let total = sum(&ctx, OnStack::input(&x[..]), 1000)
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(total, 499_500.0);
}

#[test]
fn memory_is_shared_with_the_host() {
    let Some(proc) = process() else { return };
    let values: Vec<f64> = (0..100_000).map(f64::from).collect();
    let mut x = proc.upload(&values).unwrap();
    scale(&proc, &mut x, 100_000, 2.0).unwrap();
    assert!(
        x.to_vec()
            .unwrap()
            .iter()
            .zip(&values)
            .all(|(x, y)| *x == 2.0 * y)
    );
    let total = sum(&proc, &x, 100_000).unwrap();
    assert_eq!(total, 2.0 * values.iter().sum::<f64>());
    // Behind everything that the process has used so far.
    let mut more = proc.alloc::<f64>(1 << 20).unwrap();
    scale(&proc, &mut more, 1 << 20, 2.0).unwrap();
}

#[test]
fn memory_that_a_kernel_allocates_can_be_read_and_written() {
    let Some(proc) = process() else { return };
    let block: VeMemPtr<f64> = squares(&proc, 1000).unwrap();
    let mut bytes = vec![0; 8000];
    proc.read_mem(&mut bytes, block).unwrap();
    for (i, word) in bytes.chunks_exact(8).enumerate() {
        assert_eq!(f64::from_ne_bytes(word.try_into().unwrap()), (i * i) as f64);
    }
    assert_eq!(sum(&proc, block, 1000).unwrap(), 332_833_500.0);
}

#[test]
fn variables_are_read_and_written() {
    let Some(proc) = process() else { return };
    let counter: VeMemPtr<i64> = place_of_counter(&proc).unwrap();
    assert_eq!(count(&proc).unwrap(), 41);
    let mut bytes = [0; 8];
    proc.read_mem(&mut bytes, counter).unwrap();
    assert_eq!(i64::from_ne_bytes(bytes), 41);
    proc.write_mem(counter, &1000i64.to_ne_bytes()).unwrap();
    assert_eq!(count(&proc).unwrap(), 1001);
    let other = VeoProc::new(0).unwrap();
    assert_eq!(count(&other).unwrap(), 41);
}

#[test]
fn contexts_run_at_the_same_time() {
    let Some(proc) = process() else { return };
    let (one, two) = (proc.open_context().unwrap(), proc.open_context().unwrap());
    let mut flag = proc.upload(&[0i64]).unwrap();
    // The first waits in its kernel for what the second does.
    let place = flag.as_ptr();
    let waiting = wait_for(&one, place).unwrap();
    set_flag(&two, place, 7).unwrap().wait().unwrap();
    assert_eq!(waiting.wait().unwrap(), 7);
    flag.write(&[0]).unwrap();
    const TIMES: i64 = 20_000;
    let place = flag.as_ptr();
    let requests = [&one, &two].map(|ctx| add_atomically(ctx, place, TIMES).unwrap());
    for request in requests {
        request.wait().unwrap();
    }
    assert_eq!(flag.to_vec().unwrap(), [2 * TIMES]);
}

#[test]
fn each_context_has_its_own_thread_local_variables() {
    let Some(proc) = process() else { return };
    let (one, two) = (proc.open_context().unwrap(), proc.open_context().unwrap());
    let on = |ctx: &VeoContext| count_thread(ctx).unwrap().wait().unwrap();
    assert_eq!(
        [on(&one), on(&one), on(&two), on(&one)],
        [101, 102, 101, 103]
    );
    assert_eq!(count_thread(&proc).unwrap(), 101);
}

#[test]
fn functions_are_arguments() {
    let Some(proc) = process() else { return };
    let library = proc.load_library("libvecode.so").unwrap();
    let next = library.find_function("next_i64").unwrap();
    assert_eq!(apply(&proc, &next, 41).unwrap(), 42);
}

#[test]
fn the_environment_is_that_of_the_process() {
    let Some(proc) = process() else { return };
    let path = std::env::var("PATH").unwrap();
    assert_eq!(
        length_of_variable(&proc, OnStack::cstr(c"PATH")).unwrap(),
        path.len() as i64
    );
    assert_eq!(
        length_of_variable(&proc, OnStack::cstr(c"VEO_NOT_THERE")).unwrap(),
        -1
    );
}
