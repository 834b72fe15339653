//! Vector instructions, each against a reference of one element written here.

#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

mod bench;
mod float;
mod integer;
mod memory;
mod moves;
#[path = "../float/reference.rs"]
#[allow(dead_code, reason = "shared with tests of scalar operations")]
mod reference;
#[path = "../float/values.rs"]
#[allow(dead_code, reason = "shared with tests of scalar operations")]
mod values;

use veo_test_support as _;
