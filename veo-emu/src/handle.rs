//! Handles: numbers that C programs hold instead of pointers, checked at every use.
//!
//! A handle is a number that no address has: kind, generation and index. A place is never
//! freed. It is used again under a new generation, so a check of the generation tells a stale
//! handle from a live one.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::sync::lock;

/// Chunk `n` holds `64 << n` places.
const CHUNKS: usize = 14;
const FIRST_CHUNK: usize = 64;

const INDEX_BITS: u32 = 20;
const GENERATION_BITS: u32 = 36;
const KIND_SHIFT: u32 = INDEX_BITS + GENERATION_BITS;
const GENERATION_MASK: u64 = (1 << GENERATION_BITS) - 1;

/// Users are counted in the low bits of a place's word, the generation above.
const USERS_BITS: u32 = 24;

struct HandlePlace<T> {
    /// Generation (odd: in use) and number of users.
    word: AtomicU64,
    value: UnsafeCell<Option<T>>,
}

/// All handles of one kind.
pub(crate) struct HandleTable<T> {
    kind: u64,
    chunks: [AtomicPtr<HandlePlace<T>>; CHUNKS],
    free: Mutex<Free>,
    owned: PhantomData<T>,
}

struct Free {
    places: Vec<usize>,
    used: usize,
}

// SAFETY: many threads reach values through shared references at once. A thread takes a value
// out only after it has made sure that no other thread uses it.
unsafe impl<T: Send + Sync> Sync for HandleTable<T> {}

/// A value in use: it stays alive until this is dropped.
pub(crate) struct HandleGuard<'a, T> {
    place: &'a HandlePlace<T>,
}

impl<T> Deref for HandleGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: a user is counted, so the value is not taken out; it was there when
        // the user was counted under its generation.
        unsafe { (*self.place.value.get()).as_ref().unwrap_unchecked() }
    }
}

impl<T> Drop for HandleGuard<'_, T> {
    fn drop(&mut self) {
        self.place.word.fetch_sub(1, Ordering::Release);
    }
}

/// A value whose handle is no longer valid, while other threads may still use it.
pub(crate) struct Retired<'a, T> {
    table: &'a HandleTable<T>,
    place: &'a HandlePlace<T>,
    index: usize,
}

impl<T> Deref for Retired<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: only `finish` takes the value out, and it consumes this.
        unsafe { (*self.place.value.get()).as_ref().unwrap_unchecked() }
    }
}

impl<T> Retired<'_, T> {
    /// Waits until no thread uses the value and takes it out. The caller has made sure that
    /// every use comes to an end.
    pub(crate) fn finish(self) -> Option<T> {
        let mut rounds = 0u32;
        while self.place.word.load(Ordering::Acquire) & ((1 << USERS_BITS) - 1) != 0 {
            rounds += 1;
            if rounds < 100 {
                thread::yield_now();
            } else {
                thread::sleep(Duration::from_micros(100));
            }
        }
        // SAFETY: the generation is even, so no new user looks at the value, and the
        // last one has gone.
        let value = unsafe { (*self.place.value.get()).take() };
        lock(&self.table.free).places.push(self.index);
        value
    }
}

impl<T> HandleTable<T> {
    /// An empty table. Kinds go from 1 to 7.
    pub(crate) const fn new(kind: u64) -> HandleTable<T> {
        HandleTable {
            kind,
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            free: Mutex::new(Free {
                places: Vec::new(),
                used: 0,
            }),
            owned: PhantomData,
        }
    }

    fn locate(index: usize) -> (usize, usize) {
        let chunk = ((index / FIRST_CHUNK + 1).ilog2()) as usize;
        (chunk, index - ((1 << chunk) - 1) * FIRST_CHUNK)
    }

    fn place(&self, index: usize) -> Option<&HandlePlace<T>> {
        let (chunk, at) = Self::locate(index);
        let base = self.chunks.get(chunk)?.load(Ordering::Acquire);
        if base.is_null() {
            return None;
        }
        // SAFETY: chunk `n` has `FIRST_CHUNK << n` places, is never freed, and
        // `locate` gives an offset below that.
        Some(unsafe { &*base.add(at) })
    }

    /// Gives a value a handle. `None` if there are a million already.
    pub(crate) fn insert(&self, value: T) -> Option<u64> {
        let mut free = lock(&self.free);
        let index = match free.places.pop() {
            Some(index) => index,
            None => {
                let index = free.used;
                let (chunk, _) = Self::locate(index);
                let slot = self.chunks.get(chunk)?;
                if slot.load(Ordering::Acquire).is_null() {
                    let places: Box<[HandlePlace<T>]> = (0..FIRST_CHUNK << chunk)
                        .map(|_| HandlePlace {
                            word: AtomicU64::new(0),
                            value: UnsafeCell::new(None),
                        })
                        .collect();
                    slot.store(Box::leak(places).as_mut_ptr(), Ordering::Release);
                }
                free.used += 1;
                index
            }
        };
        let place = self.place(index)?;
        let generation = (place.word.load(Ordering::Relaxed) >> USERS_BITS) + 1;
        // SAFETY: the place is free, so nobody looks at its value until the
        // generation below makes it valid.
        unsafe { *place.value.get() = Some(value) };
        place.word.fetch_add(1 << USERS_BITS, Ordering::Release);
        Some(self.kind << KIND_SHIFT | (generation & GENERATION_MASK) << INDEX_BITS | index as u64)
    }

    #[inline]
    fn find(&self, handle: u64) -> Option<(&HandlePlace<T>, u64, usize)> {
        if handle >> KIND_SHIFT != self.kind {
            return None;
        }
        let index = (handle & ((1 << INDEX_BITS) - 1)) as usize;
        let place = self.place(index)?;
        Some((place, handle >> INDEX_BITS & GENERATION_MASK, index))
    }

    /// The value behind a handle, if it is valid.
    #[inline]
    pub(crate) fn get(&self, handle: u64) -> Option<HandleGuard<'_, T>> {
        let (place, generation, _) = self.find(handle)?;
        let word = place.word.fetch_add(1, Ordering::Acquire);
        if word >> USERS_BITS & GENERATION_MASK == generation && generation & 1 == 1 {
            Some(HandleGuard { place })
        } else {
            place.word.fetch_sub(1, Ordering::Release);
            None
        }
    }

    /// Whether this was a handle once and is not valid any more.
    pub(crate) fn was_valid(&self, handle: u64) -> bool {
        self.find(handle).is_some_and(|(place, generation, _)| {
            let now = place.word.load(Ordering::Acquire) >> USERS_BITS & GENERATION_MASK;
            generation & 1 == 1 && generation < now
        })
    }

    /// The value behind a handle, without counting a user.
    ///
    /// # Safety
    ///
    /// Nobody retires this handle before the last use of the result.
    #[inline]
    pub(crate) unsafe fn borrow(&self, handle: u64) -> Option<&T> {
        let (place, generation, _) = self.find(handle)?;
        let word = place.word.load(Ordering::Acquire);
        if word >> USERS_BITS & GENERATION_MASK != generation || generation & 1 == 0 {
            return None;
        }
        // SAFETY: the value is there under this generation, and only `retire` lets it
        // be taken out, which the caller vouches against.
        unsafe { (*place.value.get()).as_ref() }
    }

    /// Makes a handle invalid. Only one caller gets the value.
    pub(crate) fn retire(&self, handle: u64) -> Option<Retired<'_, T>> {
        let (place, generation, index) = self.find(handle)?;
        place
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                (word >> USERS_BITS & GENERATION_MASK == generation && generation & 1 == 1)
                    .then(|| word.wrapping_add(1 << USERS_BITS))
            })
            .ok()?;
        Some(Retired {
            table: self,
            place,
            index,
        })
    }

    /// The value behind a handle, to be changed.
    ///
    /// # Safety
    ///
    /// No other thread uses this handle at the same time.
    #[inline]
    #[allow(clippy::mut_from_ref)] // The caller vouches that it is the only one.
    pub(crate) unsafe fn alone(&self, handle: u64) -> Option<&mut T> {
        let (place, generation, _) = self.find(handle)?;
        let word = place.word.load(Ordering::Acquire);
        if word >> USERS_BITS & GENERATION_MASK != generation || generation & 1 == 0 {
            return None;
        }
        // SAFETY: the value is there under this generation, and the caller vouches
        // that nobody else uses it.
        unsafe { (*place.value.get()).as_mut() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn stale_and_foreign_handles_are_refused() {
        let table: HandleTable<u32> = HandleTable::new(1);
        let other: HandleTable<u32> = HandleTable::new(2);
        let a = table.insert(1).unwrap();
        assert_eq!(*table.get(a).unwrap(), 1);
        assert!(other.get(a).is_none());
        assert!(table.get(0).is_none());
        assert!(table.get(u64::MAX).is_none());
        assert!(table.get(0x7fff_dead_beef).is_none());
        assert_eq!(table.retire(a).unwrap().finish(), Some(1));
        assert!(table.get(a).is_none() && table.retire(a).is_none());
        assert!(table.was_valid(a) && !other.was_valid(a));
        assert!(!table.was_valid(0) && !table.was_valid(u64::MAX));
        assert!(!table.was_valid(a + (2 << INDEX_BITS)));
        let b = table.insert(2).unwrap();
        assert_ne!(a, b);
        assert!(table.get(a).is_none() && table.was_valid(a) && !table.was_valid(b));
        assert_eq!(*table.get(b).unwrap(), 2);
    }

    #[test]
    fn many_handles_at_once() {
        let table: HandleTable<usize> = HandleTable::new(3);
        let handles: Vec<u64> = (0..5000).map(|n| table.insert(n).unwrap()).collect();
        for (n, handle) in handles.iter().enumerate() {
            assert_eq!(*table.get(*handle).unwrap(), n);
        }
    }

    #[test]
    fn a_value_outlives_its_users() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        struct Counted;
        impl Drop for Counted {
            fn drop(&mut self) {
                DROPS.fetch_add(1, Ordering::SeqCst);
            }
        }
        static TABLE: HandleTable<Counted> = HandleTable::new(4);
        for _ in 0..200 {
            let handle = TABLE.insert(Counted).unwrap();
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(move || {
                        for _ in 0..50 {
                            let before = DROPS.load(Ordering::SeqCst);
                            if let Some(guard) = TABLE.get(handle) {
                                assert_eq!(DROPS.load(Ordering::SeqCst), before);
                                drop(guard);
                            }
                        }
                    });
                }
                drop(TABLE.retire(handle).unwrap().finish());
            });
        }
        assert_eq!(DROPS.load(Ordering::SeqCst), 200);
    }
}
