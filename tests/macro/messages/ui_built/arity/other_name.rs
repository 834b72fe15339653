use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so", name = "greet_")]
fn greet(kind: i32) -> i64;

fn main() {}
