//! The libveo interface, generated from the headers in `include/`.
//!
//! Types and constants as C has them, and [`VeoApi`], the table of functions
//! through which all crates talk to a VE. NEC's library or the emulated node fills it.

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

/// No request: functions that submit return this when they refuse.
pub const VEO_REQUEST_ID_INVALID: u64 = u64::MAX;

#[cfg(unix)]
pub use libc::{key_t, pid_t};
// Other systems lack these types. They are as wide here as on Linux.
#[cfg(not(unix))]
pub type key_t = i32;
#[cfg(not(unix))]
pub type pid_t = i32;

include!("generated.rs");
