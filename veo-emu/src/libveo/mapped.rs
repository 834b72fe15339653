//! VE memory in the address space of the program, held for its users.

use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Mutex;

use veo_abi::ffi::veo_proc_handle;

use super::{guard, process_of};
use crate::error::{Error, Result};
use crate::host::memory::HeldRange;
use crate::sync::lock;

/// The held ranges, by their place. One place may have been asked for several times.
static HELD: Mutex<BTreeMap<usize, Vec<HeldRange>>> = Mutex::new(BTreeMap::new());

pub unsafe extern "C" fn veo_emu_map_mem(
    proc_: *mut veo_proc_handle,
    addr: u64,
    size: usize,
) -> *mut c_void {
    guard(ptr::null_mut(), || {
        let process = process_of(proc_)?;
        process.child.check()?;
        let memory = &process.child.memory;
        let len = size as u64;
        let held = memory
            .may_be_copied(addr, len)
            .then(|| memory.hold(addr, len))
            .flatten();
        let held = held.ok_or_else(|| {
            Error::invalid(format!(
                "no {size} bytes of memory are allocated from VE address {addr:#x} on"
            ))
        })?;
        let place = held.place();
        lock(&HELD).entry(place as usize).or_default().push(held);
        Ok(place.cast())
    })
}

pub unsafe extern "C" fn veo_emu_unmap_mem(place: *mut c_void) -> c_int {
    guard(-1, || take(place as usize).map(|_| 0))
}

/// Gives up one range that is held at a place.
fn take(place: usize) -> Result<HeldRange> {
    let mut held = lock(&HELD);
    let ranges = held.get_mut(&place);
    let range = ranges.and_then(Vec::pop).ok_or_else(|| {
        Error::invalid(format!("no VE memory is mapped for {place:#x} of the host"))
    })?;
    if held.get(&place).is_some_and(Vec::is_empty) {
        held.remove(&place);
    }
    Ok(range)
}
