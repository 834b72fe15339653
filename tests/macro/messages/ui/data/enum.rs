use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(u32)]
enum Mode {
    Fast,
    Exact,
}

fn main() {}
