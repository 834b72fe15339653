//! An emulated Vector Engine node: the libveo interface over a separate process.
//!
//! [`api`] is the table of libveo's functions, implemented here. A program that
//! links this crate needs no card and no SDK: every VE process is a child process
//! with its own address space ("veorun"), which is the program's own executable,
//! started again and taken over before `main`.
//!
//! The host side is `host`, the VE side `veorun`, what both see is `shared`, and
//! `libveo` is the C interface over the host side.

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod linux {
    pub use veo_abi::ffi::VeoApi;
    #[cfg(test)]
    use veo_test_start as _;

    /// The emulator's table of functions: every field is filled.
    pub fn api() -> &'static VeoApi {
        crate::veorun::takeover::is_linked();
        &crate::libveo::API
    }

    #[doc(hidden)]
    pub use crate::sys::cancel::Uncancelled;

    /// The library that kernels link against (`libveohmem.so`): an ELF file, empty if
    /// it could not be built. VE processes load it by themselves.
    pub static LIBVEOHMEM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libveohmem.so"));

    /// What a `veorun` executable does: becomes a VE process if it was started as one.
    /// Returns only if it was not.
    pub fn veorun_main() {
        crate::veorun::takeover::take_over();
    }
}
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub use linux::{LIBVEOHMEM, Uncancelled, api, veorun_main};

macro_rules! linux_modules {
    ($($(#[$attribute:meta])* $visibility:vis mod $name:ident;)*) => {
        $(
            #[cfg(all(
                target_os = "linux",
                any(target_arch = "x86_64", target_arch = "aarch64")
            ))]
            $(#[$attribute])*
            $visibility mod $name;
        )*
    };
}

linux_modules! {
    mod error;
    #[cfg(any(test, fuzzing))]
    #[doc(hidden)]
    #[allow(missing_docs)]
    pub mod fuzzing;
    mod handle;
    mod host;
    #[doc(hidden)]
    pub mod libveo;
    mod shared;
    mod sync;
    mod sys;
    mod veorun;
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
mod unsupported;
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
pub use unsupported::{api, veorun_main};
