//! The heat equation on a plate (`kernels/heat.c`).

use veo_core::ve_kernel;

/// One step in time for `rows` rows of `width` points. `old` has them with the row above and the row below, `next` gets them. Each point
/// takes `share` of what its four neighbours are warmer; more than a quarter is unstable. The first and the last point of a row keep
/// their values.
#[ve_kernel(lib = "libveheat.so", requires(rows >= 0, width >= 2, old.len() >= (rows + 2) * width, next.len() >= rows * width))]
pub fn heat_rows(old: *const f64, next: *mut f64, rows: i64, width: i64, share: f64);
