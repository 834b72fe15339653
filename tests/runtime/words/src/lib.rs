//! Kernels of up to 256 words that record what reached them. The C, the declarations
//! and the calls come from `build.rs`.

use veo_core::{Result, VeoContext, ve_kernel};

/// Calls a kernel with a word for each of its parameters; gives the last one back.
pub type Call = fn(&VeoContext, &[u64]) -> Result<u64>;

/// Stores the words that a kernel got since the last call, 256 in all, and forgets them.
#[ve_kernel(lib = "libvewords.so")]
pub fn get_seen(out: *mut u64);

mod kernels {
    use super::{Call, ve_kernel};
    include!(concat!(env!("OUT_DIR"), "/words.rs"));
}

pub use kernels::KERNELS;
