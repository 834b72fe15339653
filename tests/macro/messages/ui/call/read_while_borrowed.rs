use veo_core::{VeoContext, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn total(sum: &mut f64);

fn call(ctx: &VeoContext) {
    let mut sum = 0.0;
    let request = total(ctx, &mut sum).unwrap();
    println!("{sum}");
    request.wait().unwrap();
}

fn main() {}
