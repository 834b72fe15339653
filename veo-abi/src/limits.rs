//! The limits of one call and of names.

use crate::ffi;

/// The most words that one call passes as arguments.
pub const MAX_WORDS: usize = ffi::VEO_MAX_NUM_ARGS as usize;

/// The longest name of a library or symbol in bytes, without the terminating zero.
pub const MAX_NAME: usize = ffi::VEO_SYMNAME_LEN_MAX as usize;

/// The most bytes of stack data that one call passes.
pub const MAX_STACK_DATA: usize = MAX_STACK_DATA_MIB << 20;

/// [`MAX_STACK_DATA`] in MiB, for messages.
pub const MAX_STACK_DATA_MIB: usize = 63;
