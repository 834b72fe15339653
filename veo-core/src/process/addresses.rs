//! The table of resolved kernels.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::session::Code;

/// The addresses of kernels, by the index that each has in every process.
///
/// A read is two loads. Tables of doubling size are added as indices grow; none ever
/// moves.
#[derive(Default)]
pub(crate) struct Addresses {
    tables: [OnceLock<Box<[AtomicU64]>>; TABLES],
}

const FIRST: usize = 64;
/// Enough for every index of 32 bits.
const TABLES: usize = 27;

/// The table and the place in it for an index.
fn place(index: usize) -> (usize, usize) {
    let from_first = index + FIRST;
    let table = (from_first.ilog2() - FIRST.ilog2()) as usize;
    (table, from_first - (FIRST << table))
}

impl Addresses {
    /// Where the address for an index is, 0 while there is none.
    #[inline]
    pub(super) fn slot(&self, index: usize) -> Option<&AtomicU64> {
        let (table, place) = place(index);
        Some(&self.tables[table].get()?[place])
    }

    /// Enters the address of a kernel that was found in the library `code`.
    pub(super) fn set(&self, index: usize, addr: u64, code: &Code) {
        let mut kernels = code.kernels();
        kernels.insert(index);
        // Seen with the lock that `forget` takes after the change: whoever unloads the library
        // meanwhile finds the address, or it is not entered.
        if code.is_loaded() {
            let (table, place) = place(index);
            let table = self.tables[table]
                .get_or_init(|| (0..FIRST << table).map(|_| AtomicU64::new(0)).collect());
            table[place].store(addr, Ordering::Release);
        }
    }

    /// Forgets the addresses of a library that is being unloaded.
    pub(super) fn forget(&self, code: &Code) {
        for index in code.kernels().iter() {
            if let Some(slot) = self.slot(*index) {
                slot.store(0, Ordering::Release);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_a_place_of_its_own() {
        assert_eq!(place(0), (0, 0));
        assert_eq!(place(63), (0, 63));
        assert_eq!(place(64), (1, 0));
        assert_eq!(place(191), (1, 127));
        assert_eq!(place(192), (2, 0));
        assert_eq!(place(u32::MAX as usize).0, TABLES - 1);
    }
}
