use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
union Bits {
    float: f32,
    int: u32,
}

fn main() {}
