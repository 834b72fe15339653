#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Particle {
    position: [f64; 3],
    charge: i8,
    next: VeAddr<Particle>,
}
