//! The libveo interface, generated from the headers in `include/`.
//!
//! Types and constants as C has them, and [`VeoApi`], the table of functions
//! through which everything talks to a VE: NEC's library or the emulated node.

#![allow(
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    unreachable_pub,
    clippy::all
)]
// The one unsafe operation below, in `VeoApi::load`, repeats the promise of its
// caller for each function; bindgen's output takes no comments.
#![allow(clippy::undocumented_unsafe_blocks)]

/// No request: what submitting functions return when they refuse.
pub const VEO_REQUEST_ID_INVALID: u64 = u64::MAX;

include!("generated.rs");
