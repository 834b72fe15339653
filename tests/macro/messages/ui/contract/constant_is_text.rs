use veo_core::ve_kernel;

const NAME: &str = "three";

#[ve_kernel(lib = "libk.so", requires(n == NAME))]
fn run(n: i64);

fn main() {}
