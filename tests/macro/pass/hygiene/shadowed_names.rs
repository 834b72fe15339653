//! The user's own items of the names that an expansion uses.
#![allow(non_camel_case_types)]

use veo_core::{VeoProc, ve_kernel};

mod core {}
mod std {}
mod inventory {}
mod veo_abi {}
struct Result;
struct Option;
struct Kernel;
struct Call;
struct Signature;
trait Target {}
trait Arg {}
trait Param {}
trait Sized {}
type u8 = i8;

#[ve_kernel(lib = "libk.so")]
fn scale(factor: f64, data: *mut f64, by: &mut [f64]) -> i64;

fn call(proc: &VeoProc, n: u8) -> veo_core::Result<i64> {
    let _: i8 = n;
    scale(proc, 1.0, veo_core::NULL, &mut [])
}
