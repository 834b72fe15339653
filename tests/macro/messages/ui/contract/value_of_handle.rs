use veo_core::{VeOpaque, ve_kernel};

#[derive(VeOpaque)]
struct Plan(());

#[ve_kernel(lib = "libk.so", requires(plan > 0))]
fn run(plan: *mut Plan);

fn main() {}
