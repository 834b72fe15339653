//! The methods of each declared type in a contract.
use core::ffi::{c_int, c_void};
use veo_core::{OnStack, VeData, VeMemPtr, VeOpaque, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
}

#[derive(VeOpaque)]
struct Plan(());

type Count = c_int;
type Vector = *mut f64;
type Text<'a> = &'a [u8];
type Function = extern "C" fn(f64) -> f64;
type MaybeFunction = Option<unsafe extern "C" fn(*mut f64, i64)>;

#[ve_kernel(lib = "libk.so", requires(a >= b, c > 0, f > 0.0, g > 0.0))]
fn numbers(a: i8, b: u64, c: Count, f: f32, g: f64);

#[ve_kernel(lib = "libk.so", requires(n >= 0, m >= n, k == 1 && r#in > 2, eps > 0.0))]
fn by_reference(n: &i32, m: &mut i64, k: *const u8, r#in: *mut i16, eps: &f32);

#[ve_kernel(
    lib = "libk.so",
    requires(
        points.len() == rest.len(),
        bytes.len() >= 8,
        table.len() > 1,
        !point.is_null(),
        array.len() == 4,
        vector.len() > text.len(),
    )
)]
fn memory(
    points: *const Point,
    rest: &mut [Point],
    bytes: *mut c_void,
    table: *const *mut f64,
    point: &Point,
    array: &mut [i32; 4],
    vector: Vector,
    text: Text<'_>,
);

#[ve_kernel(
    lib = "libk.so",
    requires(
        !plan.is_null(),
        !function.is_null(),
        !alias.is_null() && alias.is_aligned(8),
        maybe.is_null() || disjoint(maybe, at),
        at.len() > 0 && at.is_aligned(8),
        on_stack.len() > 0 && on_stack > 0,
        disjoint(at, on_stack) || disjoint(plan, at),
    )
)]
fn handles(
    plan: *mut Plan,
    function: extern "C" fn(f64) -> f64,
    alias: Function,
    maybe: MaybeFunction,
    at: VeMemPtr<f64>,
    on_stack: OnStack<i32>,
);
