//! Everything that a condition can be made of.
use veo_core::ve_kernel;

#[ve_kernel(
    lib = "libk.so",
    requires(
        n >= 0 && m > -1 || !(n == m),
        n + m - 1 < 2 * n / 3 % 5,
        min(n, m) <= max(n, m),
        n != 1_000_000_000_000,
        n < 0x7f && n > -5i64,
        x.len() >= n,
        x.is_null() == (n == 0),
        x.is_aligned(8 * 2),
        disjoint(x, y),
        requires_known(y) && requires_known(n),
        factor > 0.5 && -factor < 1e3 * factor,
        max(factor, 0.0) < 1.0f64,
        true || false,
    )
)]
fn all(n: i64, m: i32, factor: f64, x: *const f64, y: *mut u8);
