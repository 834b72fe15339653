use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", requires(n = 3, m as i64 > 4))]
fn run(n: i64, m: i32);

fn main() {}
