use veo_core::ve_kernel;

const ROWS: usize = 3;
const LEAST: u8 = 4;

#[ve_kernel(lib = "libk.so", requires(n >= 0, ROWS >= LEAST))]
fn run(n: i64);

fn main() {}
