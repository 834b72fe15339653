use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Counted {
    n: std::num::NonZeroU32,
}

fn main() {}
