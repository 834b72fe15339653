use veo_core::{VeOpaque, ve_kernel};

#[derive(VeOpaque)]
struct Plan(());

type Handle = *mut Plan;

#[ve_kernel(lib = "libk.so", requires(plan.len() > 0))]
fn run(plan: Handle);

fn main() {}
