//! Calls that the typed layer accepts: they compile, and types are inferred as written.
//! None of them runs here; the compiler checks them.

use std::ffi::{c_char, c_int, c_void};

use veo_core::{
    NULL, OnStack, Result, VeAddr, VeBuffer, VeData, VeMemPtr, VeOpaque, VeSlice, VeSliceMut,
    VeoContext, VeoProc, VeoRequest, ve_kernel,
};
use veo_test_support as _;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Node {
    tag: u8,
    value: f64,
    next: VeAddr<Node>,
}

#[derive(VeOpaque)]
struct Plan(());

#[ve_kernel(lib = "libtyped.so")]
fn scalars(a: i8, b: u16, c: c_int, d: i64, e: f32, f: f64) -> f32;

#[ve_kernel(lib = "libtyped.so")]
fn pointers(a: *const f64, b: *mut f64, c: *const c_void, d: *mut c_void) -> *mut f64;

#[ve_kernel(lib = "libtyped.so")]
fn references(a: &Node, b: &[f64], c: &mut Node, d: &mut [f64]);

#[ve_kernel(lib = "libtyped.so")]
fn special(a: VeMemPtr<f64>, b: OnStack<Node>, c: *mut VeAddr<f64>, d: *const c_char) -> *mut Plan;

#[ve_kernel(lib = "libtyped.so")]
fn execute(plan: *mut Plan, matrix: *mut [f64; 3], flat: *const f32);

fn accepts(
    proc: &VeoProc,
    ctx: &VeoContext,
    buffer: &mut VeBuffer<f64>,
    slice: VeSlice<'_, f64>,
    mut slice_mut: VeSliceMut<'_, f64>,
    table: &mut VeBuffer<VeAddr<f64>>,
    plan: VeMemPtr<Plan>,
) -> Result<()> {
    let r: f32 = scalars(ctx, 1, 2, 3, 4, 5.0, 6.0)?.wait()?;
    let s = scalars(proc, 1, 2, 3, 4, r, 6.0)?;
    let _: f32 = s;

    let ptr = buffer.as_ptr();
    let p: VeMemPtr<f64> = pointers(proc, &*buffer, ptr, slice, ptr)?;
    let request: VeoRequest<'_, VeMemPtr<f64>> = pointers(ctx, slice, &mut *buffer, NULL, NULL)?;
    request.wait()?;
    pointers(ctx, p, &mut slice_mut, plan_data(p), &mut *buffer)?.wait()?;
    pointers(proc, &slice_mut, &mut &mut *buffer, p, ptr)?;
    pointers(proc, slice, slice_mut.reborrow(), p, NULL)?;
    let mut y = [0.0; 4];
    let mut n = 7i16;
    pointers(
        ctx,
        OnStack::input(&[1.0, 2.0]),
        OnStack::inout(&mut y),
        OnStack::input(&3u8),
        OnStack::output(&mut n),
    )?
    .wait()?;

    // Input data need not outlive the making of the call.
    let request = pointers(ctx, OnStack::input(&vec![1.0][..]), ptr, slice, ptr)?;
    request.wait()?;

    let mut node = Node {
        tag: 1,
        value: 2.0,
        next: VeAddr::NULL,
    };
    references(proc, &node.clone(), &[1.0, 2.0], &mut node, &mut y)?;
    references(ctx, &node.clone(), &Vec::from([1.0]), &mut node, &mut y)?.wait()?;

    special(
        proc,
        p,
        OnStack::inout(&mut node),
        table,
        OnStack::cstr(c"text"),
    )?;
    special(proc, p, OnStack::output(&mut node), NULL, NULL)?;
    let mut matrix = [[0.0; 3]; 3];
    execute(
        proc,
        plan,
        OnStack::inout(&mut matrix),
        OnStack::input(&[[1.0, 2.0]; 2]),
    )?;
    execute(proc, NULL, OnStack::inout(&mut matrix[0]), NULL)?;
    Ok(())
}

fn plan_data(ptr: VeMemPtr<f64>) -> VeMemPtr<c_void> {
    ptr.cast()
}

#[test]
fn declarations_are_registered_with_their_signatures() {
    let _ = accepts;
    let found: Vec<String> = veo_core::kernels()
        .filter(|k| k.module == module_path!())
        .map(ToString::to_string)
        .collect();
    for wanted in [
        "fn scalars(i8, u16, i32, i64, f32, f64) -> f32",
        "fn pointers(*const f64, *mut f64, *const c_void, *mut c_void) -> *mut f64",
        "fn references(*const Node, *const f64, *mut Node, *mut f64)",
        "fn execute(*mut Plan, *mut [f64; 3], *const f32)",
    ] {
        assert!(found.iter().any(|k| k == wanted), "{wanted} in {found:#?}");
    }
}
