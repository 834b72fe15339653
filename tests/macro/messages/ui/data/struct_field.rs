use veo_core::VeData;

#[derive(Clone, Copy)]
#[repr(C)]
struct Inner {
    x: f64,
}

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Outer {
    inner: Inner,
}

fn main() {}
