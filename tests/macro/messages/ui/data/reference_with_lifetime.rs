use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct View<'a> {
    data: &'a [f64],
}

fn main() {}
