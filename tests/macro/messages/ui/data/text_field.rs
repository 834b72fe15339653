use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Named {
    name: &'static str,
}

fn main() {}
