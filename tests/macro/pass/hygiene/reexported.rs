//! A crate that only re-exports this one.
use facade::ve;

#[derive(Clone, Copy, ve::VeData)]
#[ve_data(crate = facade::ve)]
#[repr(C)]
struct Point {
    x: f64,
}

#[derive(ve::VeOpaque)]
#[ve_opaque(crate = facade::ve)]
struct Plan {
    _private: [u8; 0],
}

#[ve::ve_kernel(lib = "libk.so", crate = facade::ve)]
fn scale(point: &mut Point, plan: *mut Plan) -> i32;

fn call(proc: &ve::VeoProc) -> ve::Result<i32> {
    scale(proc, &mut Point { x: 1.0 }, ve::NULL)
}
