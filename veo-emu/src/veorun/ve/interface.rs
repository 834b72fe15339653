//! The functions of `veo_ve.h` and `veo_hmem.h` for VE machine code. For native code `shim/veohmem.c` has them.

use std::ffi::c_int;

use ve_isa::machine::Machine;
use ve_isa::memory::MemoryError;
use ve_isa::thread::{Failure, HostFunction, Thread};
use veo_abi::hmem;

use crate::veorun::current;

const FUNCTIONS: [(&str, HostFunction); 5] = [
    ("veo_is_ve_addr", |thread| {
        let is_ve = hmem::is_ve(argument(thread, 0));
        result(thread, is_ve.into())
    }),
    ("veo_get_hmem_addr", |thread| {
        let address = hmem::untag(argument(thread, 0));
        result(thread, address)
    }),
    ("veo_get_max_proc_identifier", |thread| {
        result(thread, hmem::MAX_PROCESSES as u64)
    }),
    ("veo_get_proc_identifier_from_hmem", |thread| {
        let address = argument(thread, 0);
        let identifier = hmem::is_ve(address).then(|| hmem::identifier(address) as u64);
        result(thread, identifier.unwrap_or(NONE))
    }),
    ("veo_prev_req_result", previous_result),
];

/// -1 as a result.
const NONE: u64 = u64::MAX;

/// Gives all of them to a machine.
pub(super) fn provide(machine: &Machine) -> Result<(), MemoryError> {
    let mut functions = FUNCTIONS.into_iter();
    functions.try_for_each(|(name, function)| machine.provide(name, function))
}

fn argument(thread: &Thread, number: usize) -> u64 {
    thread.registers().scalar(number)
}

fn result(thread: &mut Thread, word: u64) -> Result<(), Failure> {
    thread.registers_mut().set_scalar(0, word);
    Ok(())
}

fn previous_result(thread: &mut Thread) -> Result<(), Failure> {
    let (offset, place) = (argument(thread, 0) as c_int, argument(thread, 1));
    let earlier = u64::try_from(offset).ok().and_then(current::earlier_result);
    let Some(value) = earlier.filter(|_| place != 0) else {
        return result(thread, NONE);
    };
    let stored = thread.window().store::<8>(place, value);
    stored.map_err(|_| {
        Failure::Why(format!(
            "was given {place:#x}, where nothing can be written"
        ))
    })?;
    result(thread, 0)
}
