#[ve_kernel(static)]
fn run(plan: *mut Plan, data: *mut c_void, f: extern "C" fn(f64) -> f64) -> *mut c_void;
