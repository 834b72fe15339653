use veo_core::{VeAddr, VeData};

struct Plan(u64);

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Job {
    plan: VeAddr<Plan>,
    next: VeAddr<Job>,
}

fn main() {}
