use veo_core::VeData;

#[derive(Clone, Copy)]
#[repr(u32)]
enum Mode {
    Fast,
}

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Options {
    mode: Mode,
}

fn main() {}
