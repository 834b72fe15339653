#[derive(Clone, Copy, VeData)]
#[repr(transparent)]
struct Meters(f64);
