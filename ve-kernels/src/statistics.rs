//! Statistics of a series of numbers in VE memory (`kernels/statistics.c`).

use veo_core::{VeData, ve_kernel};

/// How far a pass over a series has come; starts at all zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, VeData)]
#[repr(C)]
pub struct Moments {
    /// How many values were taken into account.
    pub count: i64,
    /// Their mean.
    pub mean: f64,
    /// The sum of the squared deviations from the mean.
    pub squares: f64,
}

/// The smallest and the largest value.
#[derive(Clone, Copy, Debug, Default, PartialEq, VeData)]
#[repr(C)]
pub struct Extremes {
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
}

/// `y[i] = (x[i] - origin) * factor` for `n` elements.
#[ve_kernel(lib = "libvestat.so")]
pub fn shift_and_scale(x: *const f64, y: *mut f64, n: i64, origin: f64, factor: f64);

/// Takes `n` more values into account; returns how many there are now.
#[ve_kernel(lib = "libvestat.so")]
pub fn accumulate(x: *const f64, n: i64, moments: *mut Moments) -> i64;

/// The variance when `spent` degrees of freedom are spent (1: of a sample).
#[ve_kernel(lib = "libvestat.so")]
pub fn variance(moments: *const Moments, spent: i32) -> f64;

/// The smallest and the largest of `n` values, at least one.
#[ve_kernel(lib = "libvestat.so")]
pub fn find_extremes(x: *const f64, n: i64, extremes: *mut Extremes);

/// The first element that equals `value`, null if none does.
#[ve_kernel(lib = "libvestat.so")]
pub fn find_value(x: *const f64, n: i64, value: f64) -> *const f64;

/// How many percent of the values are below `limit`.
#[ve_kernel(lib = "libvestat.so")]
pub fn percent_below(x: *const f64, n: i64, limit: f32) -> f32;

/// Adds `weight` to the bin of every `stride`-th value from `first` on. The bins divide
/// `low..high` evenly; `closed` (not 0) puts values equal to `high` into the last.
/// Returns how many values found a bin.
#[ve_kernel(lib = "libvestat.so")]
pub fn fill_histogram(
    x: *const f64,
    n: i64,
    first: i64,
    stride: i64,
    bin: *mut f64,
    bins: i32,
    low: f64,
    high: f64,
    weight: f32,
    closed: i32,
) -> i64;
