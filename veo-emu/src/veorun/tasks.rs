//! Tasks that the host sends in a parcel: libraries, symbols, access to any address.

use super::engine::Engine as _;
use super::engines::ENGINE;
use super::{counted, exit, guard, memory, sanitizer};
use crate::shared::parcel::{PARCEL, PARCEL_AT, Task};
use crate::shared::ring::{Completion, Received};
use crate::sys::memfd::{self, Mapping};

/// The payload of one context's parcel.
pub(super) struct Parcel {
    place: *mut u8,
}

impl Parcel {
    /// The parcel behind the ring in this mapping.
    pub(super) fn of(mapping: &Mapping) -> Parcel {
        assert!(mapping.len() >= PARCEL_AT + PARCEL);
        Parcel {
            place: mapping.base().wrapping_add(PARCEL_AT),
        }
    }

    fn read(&self, len: u64) -> Vec<u8> {
        let len = (len as usize).min(PARCEL);
        let mut bytes = vec![0; len];
        // SAFETY: the parcel is mapped for PARCEL bytes, the vector has `len`.
        unsafe { memfd::copy(bytes.as_mut_ptr(), self.place, len) };
        bytes
    }

    fn write(&self, bytes: &[u8]) -> u64 {
        let len = bytes.len().min(PARCEL);
        // SAFETY: the parcel is mapped for PARCEL bytes, the slice has at least `len`.
        unsafe { memfd::copy(self.place, bytes.as_ptr(), len) };
        len as u64
    }

    /// Does the task and says how it ended.
    pub(super) fn run(&self, request: &Received) -> (Completion, u64) {
        let [first, second, ..] = request.words;
        match Task::from_word(request.address) {
            Some(Task::Load) => match ENGINE.load(&self.read(first)) {
                Ok(library) => {
                    sanitizer::follow();
                    let mut bytes = library.handle.to_le_bytes().to_vec();
                    bytes.extend_from_slice(&library.base.to_le_bytes());
                    bytes.push(library.code as u8);
                    bytes.push(library.is_in_place.into());
                    bytes.extend_from_slice(&library.path);
                    (Completion::Done, self.write(&bytes))
                }
                Err(text) => (Completion::Refused, self.write(text.as_bytes())),
            },
            Some(Task::Unload) => match ENGINE.unload(first) {
                Ok(()) => (Completion::Done, 0),
                Err(text) => (Completion::Refused, self.write(text.as_bytes())),
            },
            Some(Task::Symbol) => {
                let address = ENGINE.symbol(first, &self.read(second));
                self.write(&[ENGINE.is_code(address).into()]);
                (Completion::Done, address)
            }
            Some(Task::Read) if second <= PARCEL as u64 => {
                // SAFETY: the parcel has room; the source is the user's.
                let copied =
                    unsafe { memory::try_copy(self.place, first as *const u8, second as usize) };
                (
                    if copied {
                        Completion::Done
                    } else {
                        Completion::Refused
                    },
                    0,
                )
            }
            Some(Task::Write) if second <= PARCEL as u64 => {
                // SAFETY: the parcel has the bytes; the destination is the user's.
                let copied =
                    unsafe { memory::try_copy(first as *mut u8, self.place, second as usize) };
                (
                    if copied {
                        Completion::Done
                    } else {
                        Completion::Refused
                    },
                    0,
                )
            }
            Some(Task::Free) => {
                let freed = ENGINE.free(first);
                (
                    if freed {
                        Completion::Done
                    } else {
                        Completion::Refused
                    },
                    0,
                )
            }
            Some(Task::Statistics) => match ENGINE.statistics(first) {
                Some(text) => (Completion::Done, self.write(text.as_bytes())),
                None => (Completion::Refused, 0),
            },
            Some(Task::Open) => match guard::open(&request.words) {
                Some(gave_up) => (Completion::Done, gave_up.into()),
                None => (Completion::Refused, 0),
            },
            Some(Task::Close) => match guard::close(&request.words) {
                Ok(true) => (Completion::Done, 0),
                Ok(false) => (Completion::Refused, 0),
                Err(trap) => {
                    ENGINE.tell();
                    counted::keep();
                    exit::by_trap(&trap)
                }
            },
            _ => (Completion::Refused, 0),
        }
    }
}
