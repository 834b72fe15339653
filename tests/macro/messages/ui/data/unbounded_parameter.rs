use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Pair<T> {
    a: T,
    b: T,
}

fn check<T: VeData>() {}

fn use_it() {
    check::<Pair<bool>>();
}

fn main() {}
