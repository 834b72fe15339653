use veo_core::ve_kernel;

const LIMIT: usize = 3;

#[ve_kernel(lib = "libk.so", requires(LIMIT))]
fn run(n: i64);

fn main() {}
