//! This side of a segment: takes requests from one mailbox, answers through the other.

use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::Ordering;

use crate::mailbox::{EXITED, HEADER, Mailbox, SLOTS};
use crate::outbox::Outbox;

/// The part of the header that libveo's length of the payloads includes.
const COUNTED_TWICE: usize = 8;

/// A request as it lies in the mailbox; its payload is there until it is done.
pub struct Message {
    pub id: i64,
    pub command: u8,
    pub payload: *const u8,
    pub len: usize,
}

/// This side of a segment.
pub struct Peer {
    base: NonNull<u8>,
    /// The bytes of each half: requests come in the first, responses go to the second.
    half: usize,
    out: Outbox,
}

// SAFETY: the segment is used through atomics, but for the payloads: those of requests are
// the business of the one thread that takes them, those of responses are `Outbox`'s, which
// is for any thread.
unsafe impl Sync for Peer {}
// SAFETY: as above; nothing belongs to the thread that attached the segment.
unsafe impl Send for Peer {}

impl Peer {
    /// Attaches a segment that libveo made.
    pub fn attach(segment: i32) -> io::Result<Self> {
        let payloads: usize = crate::number("URPC_DATA_BUFF_LEN");
        let half = payloads.saturating_add(HEADER - COUNTED_TWICE);
        // SAFETY: the structure is of integers, for which zeros are valid.
        let mut about: libc::shmid_ds = unsafe { std::mem::zeroed() };
        // SAFETY: the call writes a structure of this type and nothing else.
        if unsafe { libc::shmctl(segment, libc::IPC_STAT, &mut about) } != 0 {
            return Err(io::Error::last_os_error());
        }
        if !half.is_multiple_of(8) || payloads < 1 << 16 || about.shm_segsz / 2 < half {
            return Err(io::Error::other(format!(
                "URPC_DATA_BUFF_LEN={payloads} does not fit its {} bytes",
                about.shm_segsz
            )));
        }
        // SAFETY: new memory at a place of the system's choice.
        let base = unsafe { libc::shmat(segment, ptr::null(), 0) };
        if base as isize == -1 {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast::<u8>()).ok_or(io::ErrorKind::InvalidData)?;
        // SAFETY: the segment has room for two halves of this length, as was checked, each
        // aligned for its head; it stays attached while there is a Peer that is not `left`.
        let out = unsafe { Outbox::new(base.add(half), half) };
        Ok(Self { base, half, out })
    }

    /// Lets the segment go.
    ///
    /// # Safety
    /// Nobody uses this again.
    pub unsafe fn leave(&self) {
        // SAFETY: the address is that of `shmat`, and nobody uses the memory any more.
        unsafe { libc::shmdt(self.base.as_ptr().cast()) };
    }

    fn inbox(&self) -> &Mailbox {
        // SAFETY: the segment begins with it and is attached; it is made of atomics.
        unsafe { self.base.cast().as_ref() }
    }

    /// Tells the host, in both mailboxes.
    pub fn raise(&self, flags: u32) {
        self.inbox()
            .receiver_flags
            .fetch_or(flags, Ordering::SeqCst);
        if flags & EXITED != 0 {
            let responses = self.out.mailbox();
            responses.sender_flags.fetch_or(EXITED, Ordering::SeqCst);
        }
    }

    /// The next request, if one is there. Only the thread that serves the context takes them.
    pub fn next(&self) -> Option<Message> {
        let inbox = self.inbox();
        let got = inbox.last_got.load(Ordering::Relaxed);
        if inbox.last_put.load(Ordering::Acquire) == got {
            return None;
        }
        let id = got + 1;
        let word = inbox.slots[id as usize % SLOTS].load(Ordering::Acquire);
        inbox.last_got.store(id, Ordering::Release);
        let begin = HEADER + ((word >> 8) as usize & 0x1fff_ffff);
        let len = (word >> 37) as usize;
        if begin + len > self.half {
            crate::fail(&format!(
                "request {id} has {len} bytes at {begin}, outside its mailbox"
            ));
        }
        Some(Message {
            id,
            command: word as u8,
            payload: self.base.as_ptr().wrapping_add(begin),
            len,
        })
    }

    /// Gives back the slot and the payload of a request.
    pub fn done(&self, message: Message) {
        let slot = &self.inbox().slots[message.id as usize % SLOTS];
        slot.store(slot.load(Ordering::Relaxed) & !0xff, Ordering::Release);
    }

    /// Sends words, and returns the number of the response.
    pub fn send(&self, command: u8, words: &[u64]) -> i64 {
        // SAFETY: there are no bytes to read.
        unsafe { self.out.send(command, words, None) }
    }

    /// Sends words, and after them the length and the bytes of memory.
    ///
    /// # Safety
    /// The memory is there, or whoever asked for it has earned the fault.
    pub unsafe fn send_memory(
        &self,
        command: u8,
        words: &[u64],
        from: *const u8,
        len: usize,
    ) -> i64 {
        // SAFETY: the caller's promise.
        unsafe { self.out.send(command, words, Some((from, len))) }
    }

    /// Sends the last response of all, from the handler of a signal.
    pub fn send_last(&self, command: u8, words: &[u64; 2]) {
        self.out.send_last(command, words);
    }
}
