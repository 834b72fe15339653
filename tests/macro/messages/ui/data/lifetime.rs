use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct View<'a> {
    len: u64,
    of: std::marker::PhantomData<&'a f64>,
}

fn main() {}
