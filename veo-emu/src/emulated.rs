//! What this crate offers where there is an emulated node.

use veo_abi::ffi::VeoApi;

/// The emulator's table of functions: every field is filled.
pub fn api() -> &'static VeoApi {
    crate::veorun::takeover::is_linked();
    &crate::libveo::API
}

/// The library that kernels link against (`libveohmem.so`): an ELF file, empty if
/// it could not be built. VE processes load it by themselves.
pub static LIBVEOHMEM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libveohmem.so"));

/// What a `veorun` executable does: becomes a VE process if it was started as one.
/// Returns only if it was not.
pub fn veorun_main() {
    crate::veorun::takeover::take_over();
}
