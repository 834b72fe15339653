use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(optional)]
unsafe extern "C" {
    safe fn one(n: i32) -> i32;
    safe fn two(n: i32) -> f64;
}

fn call(proc: &VeoProc) -> veo_core::Result<f64> {
    Ok(f64::from(one(proc, 3)?) + two(proc, 4)?)
}

fn main() {}
