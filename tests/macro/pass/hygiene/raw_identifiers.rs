//! Names that are keywords.
use veo_core::{Result, VeData, VeoProc, ve_kernel};

#[derive(Clone, Copy, Default, VeData)]
#[repr(C)]
struct r#struct {
    r#type: i32,
    r#in: i32,
}

#[ve_kernel(lib = "libk.so")]
fn r#move(r#in: i32, r#ref: &mut r#struct) -> i32;

fn call(proc: &VeoProc) -> Result<i32> {
    let mut value = r#struct::default();
    r#move(proc, value.r#type + value.r#in, &mut value)
}
