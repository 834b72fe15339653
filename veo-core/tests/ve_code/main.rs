//! VE machine code on the emulated node: the same calls, memory, output, faults and ends as with code of the host.

#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

mod c_interface;
mod calls;
mod checking;
mod choosing;
mod debugger;
mod faults;
mod interface;
mod left_out;
mod library;
mod loading;
mod watching;

use veo_test_support as _;
