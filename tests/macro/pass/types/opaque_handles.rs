//! Handles that only kernels look into.
use veo_core::{NULL, Result, VeMemPtr, VeOpaque, VeoProc, ve_kernel};

#[derive(VeOpaque)]
struct Plan {
    _private: [u8; 0],
}

#[derive(VeOpaque)]
enum Stream {}

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn plan_create(n: i32) -> *mut Plan;
    safe fn plan_run(plan: *const Plan, stream: *mut Stream) -> i32;
    safe fn plan_destroy(plan: *mut Plan);
}

fn call(proc: &VeoProc) -> Result<i32> {
    let plan: VeMemPtr<Plan> = plan_create(proc, 3)?;
    let status = plan_run(proc, plan, NULL)?;
    plan_destroy(proc, plan)?;
    Ok(status)
}
