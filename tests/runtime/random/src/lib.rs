//! Kernels of random signatures, called with random values: every bit of every argument
//! arrives, and every bit of what the kernel writes and returns comes back.
//!
//! The build script writes and compiles the kernels. `VEO_TEST_SEED` gives other ones.

#![cfg(test)]

use fastrand::Rng;
use veo_core::{OnStack, Result, VeData, VeoContext, VeoProc, ve_kernel};
use veo_test_support as _;

/// A structure with padding.
#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Pair {
    a: i8,
    b: f64,
}

/// A number and its bits.
trait Bits: Copy {
    /// The bits, with zeros above.
    fn bits(self) -> u64;

    /// The number of these bits.
    fn from_bits(bits: u64) -> Self;

    /// The number of the inverted bits.
    fn inverted(self) -> Self {
        Self::from_bits(!self.bits())
    }

    /// Any bits; often the extremes, for floats also not-a-numbers of any payload.
    fn random(random: &mut Rng) -> Self {
        Self::from_bits(match random.u64(..6) {
            0 => 0,
            1 => u64::MAX,
            2 => 0x8000_8080_8000_0080,
            3 => 0x7ff0_0000_7f80_0001 | random.u64(..) & 0x000f_ffff_0000_ffff,
            _ => random.u64(..),
        })
    }
}

macro_rules! bits {
    ($($ty:ident)*) => {$(
        impl Bits for $ty {
            fn bits(self) -> u64 {
                let mut bytes = [0; 8];
                bytes[..size_of::<$ty>()].copy_from_slice(&self.to_le_bytes());
                u64::from_le_bytes(bytes)
            }

            fn from_bits(bits: u64) -> Self {
                let bytes = bits.to_le_bytes();
                $ty::from_le_bytes(bytes[..size_of::<$ty>()].try_into().unwrap())
            }
        }
    )*};
}

bits!(i8 i16 i32 i64 u8 u16 u32 u64 isize usize f32 f64);

/// The call of one kernel with random values.
type Call = fn(&VeoProc, &VeoContext, &mut Rng) -> Result<()>;

include!(concat!(env!("OUT_DIR"), "/kernels.rs"));

#[test]
fn all_bits_arrive_and_come_back() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let ctx = proc.open_context()?;
    let mut random = Rng::with_seed(SEED ^ 1);
    for _ in 0..8 {
        for call in CALLS {
            call(&proc, &ctx, &mut random)?;
        }
    }
    proc.close()
}
