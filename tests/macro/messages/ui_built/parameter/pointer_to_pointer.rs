use veo_core::{VeAddr, ve_kernel};

#[ve_kernel(lib = "libbuilt.so", name = "trace")]
fn right(rows: *const VeAddr<f64>, n: u64) -> f64;

#[ve_kernel(lib = "libbuilt.so", name = "trace")]
fn wrong(rows: *const VeAddr<f32>, n: u64) -> f64;

fn main() {}
