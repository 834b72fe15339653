#[derive(Clone, Copy, VeData)]
#[repr(transparent)]
struct Tagged(Value, Marker);
