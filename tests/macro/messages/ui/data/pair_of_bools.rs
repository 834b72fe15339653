use veo_core::{VeData, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Pair<T> {
    a: T,
    b: T,
}

#[ve_kernel(lib = "libk.so")]
fn swap(pair: &mut Pair<bool>);

fn main() {}
