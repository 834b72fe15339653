use veo_core::{OnStack, VeData, VeoProc, ve_kernel};

#[derive(VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
}

#[ve_kernel(lib = "libk.so")]
fn shift(from: &Point, to: *mut Point);

fn call(proc: &VeoProc, point: &Point, to: &mut Point) -> veo_core::Result<()> {
    let points = proc.alloc::<Point>(3)?;
    println!("{} {}", points.len(), points.to_vec()?.len());
    shift(proc, point, OnStack::inout(to))
}

fn main() {}
