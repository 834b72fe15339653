#[ve_kernel(lib = "libvetest.so")]
fn shift<'a>(
    points: &'a mut [Point],
    by: &Point,
    sum: &mut f64,
    weights: &[[f64; 4]],
) -> *mut Point;
