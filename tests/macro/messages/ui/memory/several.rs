use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(points: *mut Pont, by: &mut Pont, n: Cuont) -> Sizze;

fn call(proc: &VeoProc) {
    let _ = scale(proc, veo_core::NULL, &mut 3, 3);
}

fn main() {}
