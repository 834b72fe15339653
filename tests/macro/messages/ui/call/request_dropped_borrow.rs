use veo_core::{VeoContext, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn total(sum: &mut f64);

fn call(ctx: &VeoContext) {
    let request = {
        let mut sum = 0.0;
        total(ctx, &mut sum).unwrap()
    };
    request.wait().unwrap();
}

fn main() {}
