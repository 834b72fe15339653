//! Functions that the host provides, called by C programs and directly.
//!
//! Each program beside this file is compiled by clang for the Vector Engine and by gcc for the host, whose C library is the reference.

#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

mod documented;
mod programs;
mod replaced;
mod support;
mod threads;
mod unloading;
mod wild_pointers;

use veo_test_support as _;
