//! The crate's functions where there is an emulated node.

use veo_abi::ffi::VeoApi;

pub use crate::veorun::native::shim::LIBVEOHMEM;

/// The emulator's table of functions: every field is filled.
pub fn api() -> &'static VeoApi {
    crate::veorun::takeover::keep();
    &crate::libveo::API
}

/// The body of a `veorun` executable: becomes a VE process if it was started as one. Returns only
/// if it was not.
pub fn veorun_main() {
    crate::veorun::takeover::take_over();
}
