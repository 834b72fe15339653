//! Calls from other threads.
use veo_core::{Result, VeoContext, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn square(n: i64) -> i64;

fn call(ctx: &VeoContext) -> Result<i64> {
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..4)
            .map(|n| scope.spawn(move || square(ctx, n)?.wait()))
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .sum()
    })
}
