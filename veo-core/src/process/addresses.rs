//! The table of resolved kernels.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::loaded::LoadedLibrary;

/// The addresses of kernels, by the index that each has in every process.
///
/// A read is two loads. Tables of doubling size are added as indices grow; none ever
/// moves.
#[derive(Default)]
pub(crate) struct Addresses {
    tables: [OnceLock<Box<[AtomicU64]>>; TABLES],
    /// Which library an address came from.
    origins: Mutex<Vec<(usize, Arc<LoadedLibrary>)>>,
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
    #[inline]
    pub(super) fn get(&self, index: usize) -> u64 {
        let (table, place) = place(index);
        self.tables[table]
            .get()
            .map_or(0, |table| table[place].load(Ordering::Acquire))
    }

    pub(super) fn set(&self, index: usize, addr: u64, library: Arc<LoadedLibrary>) {
        let (table, place) = place(index);
        let mut origins = self.origins();
        origins.push((index, library));
        let table = self.tables[table]
            .get_or_init(|| (0..FIRST << table).map(|_| AtomicU64::new(0)).collect());
        table[place].store(addr, Ordering::Release);
    }

    /// Forgets the addresses that came from `library`.
    pub(crate) fn forget(&self, library: &Arc<LoadedLibrary>) {
        self.origins().retain(|(index, origin)| {
            let stays = !Arc::ptr_eq(origin, library);
            if !stays {
                let (table, place) = place(*index);
                if let Some(table) = self.tables[table].get() {
                    table[place].store(0, Ordering::Release);
                }
            }
            stays
        });
    }

    fn origins(&self) -> std::sync::MutexGuard<'_, Vec<(usize, Arc<LoadedLibrary>)>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
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
