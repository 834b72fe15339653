//! Kernels that record their arguments, of many signatures, and calls of them with any
//! bits. All of it, the C, the declarations and the calls, comes from `build.rs`.

// Generated calls bind every result, the unit of kernels without one too.
#![allow(clippy::let_unit_value)]

use veo_core::{OnStack, Result, VeoContext, ve_kernel};

/// A generated kernel: what it takes, and how to call it with any bits.
#[derive(Debug)]
pub struct Generated {
    /// Its name.
    pub name: &'static str,
    /// The Rust type of each parameter.
    pub parameters: &'static [&'static str],
    /// The Rust type of the result, empty if there is none.
    pub result: &'static str,
    /// Calls it. Gives the bits of the result, and for each parameter that is passed in
    /// and out its index and what became of it.
    pub call: Call,
}

/// How a kernel is called: a word for each parameter.
pub type Call = fn(&VeoContext, &[u64]) -> Result<(u64, Vec<(usize, u64)>)>;

/// Sets what all kernels with a result return, as bits.
#[ve_kernel(lib = "libvegenerated.so")]
pub fn set_result(bits: u64);

/// Stores the bits of the arguments that a kernel got since the last call, 256 words.
#[ve_kernel(lib = "libvegenerated.so")]
pub fn get_seen(out: *mut u64);

#[allow(unused_parens, clippy::unnecessary_cast)]
mod kernels {
    use super::{Generated, OnStack, ve_kernel};
    include!(concat!(env!("OUT_DIR"), "/generated.rs"));
}

pub use kernels::KERNELS;
