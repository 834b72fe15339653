use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", contract(n > 0))]
fn run(n: i64);

fn main() {}
