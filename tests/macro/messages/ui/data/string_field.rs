use veo_core::VeData;

#[derive(Clone, VeData)]
#[repr(C)]
struct Person {
    age: u32,
    name: String,
}

fn main() {}
