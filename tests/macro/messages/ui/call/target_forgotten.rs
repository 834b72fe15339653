use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn count(n: i32) -> i64;

fn call() {
    let _ = count(3);
}

fn main() {}
