use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", requires())]
fn run(n: i64);

fn main() {}
