//! Aliases of numbers, pointers and structures, by name and by path.
use veo_core::{Result, VeData, VeOpaque, VeoProc, ve_kernel};

mod ffi {
    pub type Count = i32;
    pub type Data = *mut f64;
    pub type Text = *const core::ffi::c_char;
}

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
}

type Pt = Point;

#[derive(VeOpaque)]
struct Plan {
    _private: [u8; 0],
}

#[allow(non_camel_case_types)]
type plan_t = *mut Plan;

#[ve_kernel(lib = "libk.so")]
fn scale(n: ffi::Count, data: ffi::Data, text: ffi::Text, point: &mut Pt) -> ffi::Count;

#[ve_kernel(lib = "libk.so")]
fn make(n: self::ffi::Count) -> plan_t;

#[ve_kernel(lib = "libk.so")]
fn run(plan: plan_t, data: crate::types::aliases::ffi::Data) -> ffi::Data;

fn call(proc: &VeoProc) -> Result<i32> {
    let mut data = proc.alloc::<f64>(3)?;
    let plan = make(proc, 3)?;
    let result = run(proc, plan, &mut data)?;
    let text = veo_core::OnStack::cstr(c"text");
    scale(proc, 3, result, text, &mut Point { x: 1.0 })
}
