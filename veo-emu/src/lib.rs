//! An emulated Vector Engine node: the libveo interface over a separate process.
//!
//! [`api`] is the table of libveo's functions, implemented here. A program that
//! links this crate needs no card and no SDK: every VE process is a child process
//! with its own address space ("veorun"), which is the program's own executable,
//! started again and taken over before `main`.
//!
//! The host side is `host`, the VE side `veorun`, `shared` is what both see, and
//! `libveo` is the C interface over the host side. [`inspect`] shows VE processes of other programs.
//!
//! The build script sets `emulated` where there is such a node; elsewhere the table is there,
//! and creating a process fails and says why (`unsupported`).

#[cfg(emulated)]
mod emulated;
#[cfg(emulated)]
mod error;
#[cfg(all(emulated, any(test, fuzzing)))]
#[doc(hidden)]
#[allow(missing_docs)]
pub mod fuzzing;
#[cfg(emulated)]
mod handle;
#[cfg(emulated)]
mod host;
pub mod inspect;
#[cfg(emulated)]
#[doc(hidden)]
pub mod libveo;
#[cfg(emulated)]
mod log;
#[cfg(emulated)]
mod shared;
#[cfg(emulated)]
mod sync;
#[cfg(emulated)]
mod sys;
#[cfg(not(emulated))]
mod unsupported;
#[cfg(emulated)]
mod veorun;

#[cfg(emulated)]
pub use emulated::{LIBVEOHMEM, api, veorun_main};
#[cfg(emulated)]
#[doc(hidden)]
pub use sys::thread::Uncancelled;
#[cfg(not(emulated))]
pub use unsupported::{api, veorun_main};

#[cfg(all(emulated, test))]
use veo_test_support as _;
