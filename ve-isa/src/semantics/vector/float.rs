//! Arithmetic that the host computes many elements at a time.
//!
//! In other states of the processor than the usual one, each element is computed exactly instead. Operations that are not here
//! work element by element on either unit.

use crate::semantics::float::{Exact, FloatUnit};

const ONE: u64 = 1.0f64.to_bits();
const ONE_SINGLE: u32 = 1.0f32.to_bits();
const SIGN: u64 = 1 << 63;
const SIGN_SINGLE: u32 = 1 << 31;

/// An operation on `N` operands.
pub trait Arithmetic<const N: usize> {
    /// On the host's unit.
    fn double(operands: [f64; N]) -> f64;
    /// On the host's unit.
    fn single(operands: [f32; N]) -> f32;
    /// On a unit that rounds as it is told.
    fn exact_double(unit: &mut Exact, operands: [u64; N]) -> u64;
    /// On a unit that rounds as it is told.
    fn exact_single(unit: &mut Exact, operands: [u32; N]) -> u32;
}

macro_rules! arithmetic {
    ($(
        $(#[$doc:meta])*
        $name:ident [$($operand:ident),+] = $value:expr; |$unit:ident| $double:expr, $single:expr;
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub enum $name {}

            impl Arithmetic<{ [$(stringify!($operand)),+].len() }> for $name {
                #[inline(always)]
                fn double([$($operand),+]: [f64; [$(stringify!($operand)),+].len()]) -> f64 {
                    $value
                }
                #[inline(always)]
                fn single([$($operand),+]: [f32; [$(stringify!($operand)),+].len()]) -> f32 {
                    $value
                }
                #[inline(always)]
                fn exact_double($unit: &mut Exact, [$($operand),+]: [u64; [$(stringify!($operand)),+].len()]) -> u64 {
                    $double
                }
                #[inline(always)]
                fn exact_single($unit: &mut Exact, [$($operand),+]: [u32; [$(stringify!($operand)),+].len()]) -> u32 {
                    $single
                }
            }
        )*
    };
}

arithmetic! {
    /// `vfadd`
    Add [y, z] = y + z; |unit| unit.add64(y, z), unit.add32(y, z);
    /// `vfsub`
    Sub [y, z] = y - z; |unit| unit.sub64(y, z), unit.sub32(y, z);
    /// `vfmul`
    Mul [y, z] = y * z; |unit| unit.mul64(y, z), unit.mul32(y, z);
    /// `vfdiv`
    Div [y, z] = y / z; |unit| unit.div64(y, z), unit.div32(y, z);
    /// `vfcmp`: the difference, rounded to nearest, 0 for equal infinities. It raises nothing, so exceptions must not be looked at, but for signaling
    /// NaNs.
    Difference [y, z] = if y.is_infinite() && y == z { 0.0 } else { y - z };
        |unit| unit.difference64(y, z), unit.difference32(y, z);
    /// `vfsqrt`
    Sqrt [y] = y.sqrt(); |unit| unit.sqrt64(y), unit.sqrt32(y);
    /// `vfmad`: z * w + y, rounded once.
    MulAdd [y, z, w] = z.mul_add(w, y); |unit| unit.fused64(z, w, y), unit.fused32(z, w, y);
    /// `vfmsb`: z * w - y, rounded once.
    MulSub [y, z, w] = z.mul_add(w, -y);
        |unit| unit.fused64(z, w, y ^ SIGN), unit.fused32(z, w, y ^ SIGN_SINGLE);
    /// `vfnmad`: -(z * w + y), rounded once.
    NegMulAdd [y, z, w] = -z.mul_add(w, y);
        |unit| unit.fused64(z, w, y) ^ SIGN, unit.fused32(z, w, y) ^ SIGN_SINGLE;
    /// `vfnmsb`: -(z * w - y), rounded once.
    NegMulSub [y, z, w] = -z.mul_add(w, -y);
        |unit| unit.fused64(z, w, y ^ SIGN) ^ SIGN, unit.fused32(z, w, y ^ SIGN_SINGLE) ^ SIGN_SINGLE;
    /// `vrcp`: the bits of the approximation are not known; this is the quotient 1 / y, with its exceptions.
    Reciprocal [y] = 1.0 / y; |unit| unit.div64(ONE, y), unit.div32(ONE_SINGLE, y);
    /// `vrsqrt`: the bits of the approximation are not known; this is 1 / sqrt(y), rounded twice, with the exceptions of both steps.
    ReciprocalRoot [y] = 1.0 / y.sqrt();
        |unit| {
            let root = unit.sqrt64(y);
            unit.div64(ONE, root)
        }, {
            let root = unit.sqrt32(y);
            unit.div32(ONE_SINGLE, root)
        };
    /// `vrsqrt.nex`: as [`ReciprocalRoot`], but it raises nothing, so exceptions must not be looked at, and gives a large number with the sign
    /// of y where that is 0. Times y it is 0 again, also after the steps that refine a root, each of which makes it half as much larger.
    ReciprocalRootOrLargest [y] = (1.0 / y.sqrt()).clamp(-LARGEST.of(y), LARGEST.of(y));
        |unit| {
            if y << 1 == 0 {
                return y | LARGEST.of(0.0_f64).to_bits();
            }
            let root = unit.sqrt64(y);
            unit.div64(ONE, root)
        }, {
            if y << 1 == 0 {
                return y | LARGEST.of(0.0_f32).to_bits();
            }
            let root = unit.sqrt32(y);
            unit.div32(ONE_SINGLE, root)
        };
}

/// About the reciprocal root of the smallest number of the type that a value has: 2^537 or 2^75.
#[derive(Clone, Copy)]
struct Largest;

const LARGEST: Largest = Largest;

trait Of<T> {
    fn of(self, like: T) -> T;
}

impl Of<f64> for Largest {
    #[inline(always)]
    fn of(self, _: f64) -> f64 {
        f64::from_bits((1023 + 537) << 52)
    }
}

impl Of<f32> for Largest {
    #[inline(always)]
    fn of(self, _: f32) -> f32 {
        f32::from_bits((127 + 75) << 23)
    }
}
