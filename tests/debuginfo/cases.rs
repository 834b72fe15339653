//! Declarations, each right or wrong, against what a library has.

use veo_abi::Type;
use veo_abi::prototype::{Prototypes, compare};
use veo_core::VeData;

use crate::compilers::Compiler;
use crate::types::signature;

/// `struct pair { int a; double b; }`
#[derive(Clone, Copy, VeData)]
#[repr(C)]
pub struct Pair {
    pub a: i32,
    pub b: f64,
}

/// The same with other types.
#[derive(Clone, Copy, VeData)]
#[repr(C)]
pub struct Wrong {
    pub a: f32,
    pub b: i64,
}

/// A signature, and whether it is right.
pub type Case = (&'static str, Vec<Type>, Type, bool);

/// Checks that exactly the wrong ones are reported.
pub fn check(found: &Prototypes, cases: &[Case], compiler: &Compiler) {
    for (symbol, params, result, right) in cases {
        let prototype = found
            .get(symbol)
            .unwrap_or_else(|| panic!("{symbol}: {compiler:?}"));
        let comparison = compare(&signature(params, *result), prototype);
        assert_eq!(
            comparison.mismatches.is_empty(),
            *right,
            "{symbol} {params:?}: {:?}: {compiler:?}",
            comparison.mismatches
        );
    }
}
