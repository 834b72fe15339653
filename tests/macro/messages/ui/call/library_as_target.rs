use veo_core::{VeoLibrary, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn count(n: i32) -> i64;

fn call(lib: &VeoLibrary) {
    let _ = count(lib, 3);
}

fn main() {}
