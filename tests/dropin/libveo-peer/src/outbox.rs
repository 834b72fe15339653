//! Responses: their slots and their payloads' places in the second half of a segment. One
//! thread sends at a time; a handler of a signal may take the place of one that copies.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use crate::mailbox::{HEADER, Mailbox, SLOTS, pause};

/// The end of the half that libveo uses for no payload.
const RESERVED: usize = 4096 + 8;
/// The payload of the last response of all, behind all others.
const LAST: usize = 16;

/// Nobody sends.
const FREE: u8 = 0;
/// A thread sends: it owns the places.
const HELD: u8 = 1;
/// A thread sends and copies memory, which may fault: nobody owns the places meanwhile.
const COPYING: u8 = 2;

/// A payload that the host has not given back as far as we have looked.
struct Used {
    slot: usize,
    begin: usize,
}

/// The places of payloads, one after the other and around.
struct Places {
    head: usize,
    used: VecDeque<Used>,
}

pub struct Outbox {
    base: NonNull<u8>,
    /// The bytes for payloads.
    room: usize,
    state: AtomicU8,
    places: UnsafeCell<Places>,
}

impl Outbox {
    /// The half of a segment that begins there.
    ///
    /// # Safety
    /// It is attached while this is used, has a mailbox's alignment, and nobody else on this
    /// side writes to it.
    pub unsafe fn new(base: NonNull<u8>, half: usize) -> Self {
        let places = Places {
            head: 0,
            used: VecDeque::with_capacity(SLOTS),
        };
        Self {
            base,
            room: half - HEADER - RESERVED - LAST,
            state: AtomicU8::new(FREE),
            places: UnsafeCell::new(places),
        }
    }

    pub fn mailbox(&self) -> &Mailbox {
        // SAFETY: the half begins with it and is attached; it is made of atomics.
        unsafe { self.base.cast().as_ref() }
    }

    fn turn(&self, from: u8, to: u8) -> bool {
        self.state
            .compare_exchange(from, to, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    /// Sends words, and after them the length and the bytes of memory, if given.
    ///
    /// # Safety
    /// The memory is there, or whoever asked for it has earned the fault.
    pub unsafe fn send(
        &self,
        command: u8,
        words: &[u64],
        memory: Option<(*const u8, usize)>,
    ) -> i64 {
        let mut tries = 0;
        while !self.turn(FREE, HELD) {
            pause(&mut tries);
        }
        // SAFETY: the places are ours, since we have turned the state to HELD; for the
        // memory the caller vouches.
        let id = unsafe { self.send_held(command, words, memory) };
        self.state.store(FREE, Ordering::Release);
        id
    }

    /// Sends up to `LAST` bytes of words where no other response follows. A thread that copies
    /// does not come back, since it may be the one that this interrupts. A thread that holds the
    /// places gets some time.
    pub fn send_last(&self, command: u8, words: &[u64; LAST / 8]) {
        let begin = Instant::now();
        while !self.turn(FREE, HELD) && !self.turn(COPYING, HELD) {
            if begin.elapsed() > Duration::from_millis(200) {
                return; // the host learns of the end all the same
            }
            std::hint::spin_loop();
        }
        let payload = self.payload(self.room).cast::<[u64; LAST / 8]>();
        // SAFETY: behind the room of all other payloads there are `LAST` bytes for this one,
        // aligned as the half is. The state stays HELD, so this happens once.
        unsafe { payload.write(*words) };
        self.publish(command, self.room, LAST);
    }

    fn payload(&self, begin: usize) -> *mut u8 {
        self.base.as_ptr().wrapping_add(HEADER + begin)
    }

    /// # Safety
    /// The caller has turned the state to HELD, and the memory is there or a fault is wanted.
    unsafe fn send_held(
        &self,
        command: u8,
        words: &[u64],
        memory: Option<(*const u8, usize)>,
    ) -> i64 {
        let bytes = memory.map_or(0, |(_, len)| len.saturating_add(8));
        let len = bytes.saturating_add(8 * words.len()).saturating_add(7) & !7;
        // SAFETY: the state is HELD by us, so nobody else has a reference, and it ends here.
        let begin = self.allocate(unsafe { &mut *self.places.get() }, len);
        let payload = self.payload(begin).cast::<u64>();
        for (at, word) in words.iter().enumerate() {
            // SAFETY: `len` bytes there are ours alone until the slot is written, aligned
            // as the half is, and hold these words.
            unsafe { payload.add(at).write(*word) };
        }
        if let Some((from, bytes)) = memory {
            self.state.store(COPYING, Ordering::Release);
            // SAFETY: as above, also if somebody turns the state meanwhile: only the last
            // response does that, which has a place of its own. The caller vouches for what
            // is read.
            unsafe {
                payload.add(words.len()).write(bytes as u64);
                let to = payload.add(words.len() + 1).cast::<u8>();
                to.copy_from_nonoverlapping(from, bytes);
            }
            if !self.turn(COPYING, HELD) {
                // A fault elsewhere took our place and ends the process.
                loop {
                    std::thread::sleep(Duration::from_secs(1));
                }
            }
        }
        let id = self.publish(command, begin, len);
        if len > 0 {
            // SAFETY: as for the other one: the state is HELD by us.
            let places = unsafe { &mut *self.places.get() };
            places.used.push_back(Used {
                slot: id as usize % SLOTS,
                begin,
            });
        }
        id
    }

    /// Writes the next slot as soon as it is free. The caller has turned the state to HELD.
    fn publish(&self, command: u8, begin: usize, len: usize) -> i64 {
        let mailbox = self.mailbox();
        let id = mailbox.last_put.load(Ordering::Relaxed) + 1;
        let slot = &mailbox.slots[id as usize % SLOTS];
        let mut tries = 0;
        while slot.load(Ordering::Acquire) as u8 != 0 {
            pause(&mut tries);
        }
        let word = u64::from(command) | (begin as u64) << 8 | (len as u64) << 37;
        slot.store(word, Ordering::Release);
        mailbox.last_put.store(id, Ordering::Release);
        id
    }

    /// A place for a payload, as soon as there is one.
    fn allocate(&self, places: &mut Places, len: usize) -> usize {
        if len >= self.room {
            // libveo splits what it reads.
            crate::fail(&format!(
                "a response of {len} bytes, with room for {}",
                self.room
            ));
        }
        let mut tries = 0;
        loop {
            let slots = &self.mailbox().slots;
            while let Some(first) = places.used.front()
                && slots[first.slot].load(Ordering::Acquire) as u8 == 0
            {
                places.used.pop_front();
            }
            if let Some(begin) = place(places, len, self.room) {
                places.head = begin + len;
                return begin;
            }
            pause(&mut tries);
        }
    }
}

/// The place of so many free bytes, if there are any, in `room` bytes.
fn place(places: &Places, len: usize, room: usize) -> Option<usize> {
    let head = places.head;
    match places.used.front().map(|first| first.begin) {
        None => Some(0),
        Some(tail) if head > tail => {
            if head + len <= room {
                Some(head)
            } else {
                (len < tail).then_some(0)
            }
        }
        Some(tail) => (head + len < tail).then_some(head),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_go_around_and_do_not_overlap() {
        let at = |head, used: &[usize], len| {
            let used = used.iter().map(|&begin| Used { slot: 0, begin });
            let used = used.collect();
            let found = place(&Places { head, used }, len, 100)?;
            Some((found, found + len))
        };
        assert_eq!(at(72, &[], 40), Some((0, 40)));
        assert_eq!(at(40, &[0], 56), Some((40, 96)));
        assert_eq!(at(40, &[0], 64), None);
        assert_eq!(at(64, &[32], 40), None);
        assert_eq!(at(80, &[40], 32), Some((0, 32)));
        assert_eq!(at(16, &[40, 0], 16), Some((16, 32)));
        assert_eq!(at(16, &[40, 0], 24), None);
    }
}
