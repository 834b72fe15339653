//! Constants of every kind and from everywhere.
use veo_core::ve_kernel;

const LIMIT: usize = 8;
const FACTOR: f32 = 0.5;
const IS_STRICT: bool = true;
static LEAST: u16 = 3;

mod limits {
    pub(super) const WIDE: u128 = 7;
}

struct Sizes;

impl Sizes {
    const LINE: i8 = 4;
}

trait Limits {
    const N: u64;
}

impl Limits for Sizes {
    const N: u64 = 5;
}

#[ve_kernel(
    lib = "libk.so",
    requires(
        n < LIMIT,
        n < limits::WIDE,
        n < self::LIMIT && n <= i32::MAX,
        n % Sizes::LINE == 0,
        n < <Sizes as Limits>::N,
        n >= LEAST,
        share <= FACTOR || IS_STRICT,
        LIMIT > 4,
        IS_STRICT,
    )
)]
fn limited(n: u64, share: f32);
