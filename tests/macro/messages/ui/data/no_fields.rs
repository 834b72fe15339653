use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Handle;

fn main() {}
