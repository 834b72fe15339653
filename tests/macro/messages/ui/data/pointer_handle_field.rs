use veo_core::{VeData, VeMemPtr};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Array {
    data: VeMemPtr<f64>,
    len: i64,
}

fn main() {}
