//! Versions and nodes.

use std::ffi::{c_char, c_int};

use super::guard;
use crate::error::{self, Error};
use crate::host::node::{self, Node};

pub unsafe extern "C" fn veo_api_version() -> c_int {
    veo_abi::ffi::VEO_API_VERSION as c_int
}

pub unsafe extern "C" fn veo_version_string() -> *const c_char {
    const VERSION: &str = concat!("veo-emu ", env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// 1 or 3 for VE1 and VE3; the emulated nodes count as VE1. 0: the number, or what a
/// variable makes of it, can be no node's. -1: there is no such node.
pub unsafe extern "C" fn veo_get_ve_arch(ve_node_number: c_int) -> c_int {
    guard(-1, || {
        let number = match node::resolve(ve_node_number) {
            Ok(number) if number >= 0 => number,
            refused => {
                error::leave(refused.err().unwrap_or_else(|| {
                    Error::invalid(format!("{ve_node_number} is no number of a VE node"))
                }));
                return Ok(0);
            }
        };
        Node::get(number)?;
        Ok(1)
    })
}
