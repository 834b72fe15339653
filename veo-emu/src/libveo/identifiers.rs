//! Process identifiers, the numbers in tagged addresses.

use std::ffi::c_int;
use std::sync::Mutex;

use veo_abi::hmem::{self, MAX_PROCESSES};

use crate::error::{Error, Result};
use crate::sync::lock;

/// Handles of live processes by process identifier; 0: it is free.
static IDENTIFIERS: Mutex<[u64; MAX_PROCESSES]> = Mutex::new([0; MAX_PROCESSES]);

/// Gives a process an identifier, if one is left.
pub(super) fn give(process: u64) {
    let mut identifiers = lock(&IDENTIFIERS);
    if let Some(free) = identifiers.iter_mut().find(|handle| **handle == 0) {
        *free = process;
    }
}

/// Takes the identifier of a process back.
pub(super) fn take_back(process: u64) {
    for identifier in lock(&IDENTIFIERS).iter_mut() {
        if *identifier == process {
            *identifier = 0;
        }
    }
}

/// The identifier of a process.
pub(super) fn of(process: u64) -> Result<c_int> {
    let identifiers = lock(&IDENTIFIERS);
    let at = identifiers.iter().position(|handle| *handle == process);
    at.map(|at| at as c_int)
        .ok_or_else(|| Error::new(libc::EMFILE, "the process has no identifier"))
}

/// The handle of the process with an identifier, 0 if there is none.
pub(super) fn process(identifier: usize) -> u64 {
    lock(&IDENTIFIERS).get(identifier).copied().unwrap_or(0)
}

/// Adds the tag of a process to an address.
pub(super) fn tag(address: u64, identifier: c_int) -> Result<u64> {
    match usize::try_from(identifier) {
        Ok(identifier) if identifier < MAX_PROCESSES => Ok(hmem::tag(address, identifier)),
        _ => Err(Error::invalid(format!(
            "{identifier} is no process identifier: they go from 0 to {}",
            MAX_PROCESSES - 1
        ))),
    }
}
