//! Memory that the ranks of one machine share: each has a window of its own, fills the slots of it, and the receiver of a message
//! takes the values out of them. So they are copied once on either side, and MPI carries what ranks tell each other only.
//!
//! A slot is full if its mark names a message. Its owner touches an empty slot only, and the message's receiver alone a full one.
//! Messages to other machines go through the same slots: then these are lent to MPI, and neither empty nor full.

use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{self, MemfdFlags, Mode, OFlags, SealFlags, Stat};
use rustix::io::Errno;
use rustix::mm::{self, MapFlags, ProtFlags};
use rustix::process::{Resource, getpid, getrlimit};

use crate::error::{Error, Result};

/// A slot by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WindowSlot {
    /// For the message whose turn it is.
    First = 0,
    /// For the same message, or for one that was sent at once.
    Spare = 1,
}

const SLOTS: [WindowSlot; 2] = [WindowSlot::First, WindowSlot::Spare];

/// Where the slots begin. Before them are the key and the marks.
const HEAD: usize = 4096;

/// The distance between marks: different CPUs write different lines of their caches at the same time.
const MARK_STEP: usize = 128;

/// The part of a message that stands for all that is left of it: its sender has failed.
const FAILED: u64 = u64::MAX;

/// The mark of a slot that is lent, in place of the number of a message. No message has it.
const LENT: u64 = u64::MAX;

/// The same for a slot that MPI does not give back any more.
const LOST: u64 = LENT - 1;

/// The contents of a slot.
#[repr(C)]
struct SlotMark {
    /// The number of the message, plus 1; 0 if the slot is empty.
    message: AtomicU64,
    /// The number of the chunk.
    part: AtomicU64,
}

/// A mapping of a window, of this rank's own or of another's.
pub(super) struct SharedWindow {
    base: NonNull<u8>,
    /// The length of a slot in bytes.
    slot: usize,
}

/// The address by which another rank of the same machine finds a window. All zero if there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct WindowAddress {
    pid: u64,
    descriptor: u64,
    device: u64,
    inode: u64,
    /// A number that is in the window itself: processes of other machines may have all the other numbers.
    key: u64,
    slot: u64,
}

impl WindowAddress {
    pub(super) const WORDS: usize = 6;

    pub(super) fn to_words(self) -> [u64; WindowAddress::WORDS] {
        let WindowAddress {
            pid,
            descriptor,
            device,
            inode,
            key,
            slot,
        } = self;
        [pid, descriptor, device, inode, key, slot]
    }

    pub(super) fn from_words(words: [u64; WindowAddress::WORDS]) -> WindowAddress {
        let [pid, descriptor, device, inode, key, slot] = words;
        WindowAddress {
            pid,
            descriptor,
            device,
            inode,
            key,
            slot,
        }
    }

    fn is_of(&self, stat: &Stat) -> bool {
        (self.device, self.inode) == (stat.st_dev, stat.st_ino)
            && u64::try_from(stat.st_size) == Ok(size(self.slot as usize) as u64)
    }
}

/// The size of a window, in bytes.
fn size(slot: usize) -> usize {
    SLOTS.len().saturating_mul(slot).saturating_add(HEAD)
}

impl SharedWindow {
    fn map(file: &OwnedFd, slot: usize) -> rustix::io::Result<SharedWindow> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping, at a place that the system chooses.
        let place = unsafe {
            mm::mmap(
                std::ptr::null_mut(),
                size(slot),
                protection,
                MapFlags::SHARED,
                file,
                0,
            )?
        };
        let base = NonNull::new(place.cast()).ok_or(Errno::NOMEM)?;
        Ok(SharedWindow { base, slot })
    }

    /// Maps the window of another rank. `None`: it is not to be had from here, as on another machine.
    pub(super) fn open(address: &WindowAddress) -> Option<SharedWindow> {
        let path = format!("/proc/{}/fd/{}", address.pid, address.descriptor);
        // Other files that lie there are not opened.
        if address.key == 0 || !address.is_of(&fs::stat(&path).ok()?) {
            return None;
        }
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
        let file = fs::open(&path, flags, Mode::empty()).ok()?;
        let is_sealed = fs::fcntl_get_seals(&file).is_ok_and(|seals| seals.contains(SEALS));
        if !is_sealed || !address.is_of(&fs::fstat(&file).ok()?) {
            return None;
        }
        let window = SharedWindow::map(&file, address.slot as usize).ok()?;
        (window.key().load(Ordering::Acquire) == address.key).then_some(window)
    }

    fn key(&self) -> &AtomicU64 {
        // SAFETY: the mapping begins with it, and is there as long as this; nobody uses it but as an atomic.
        unsafe { AtomicU64::from_ptr(self.base.as_ptr().cast()) }
    }

    fn mark(&self, slot: WindowSlot) -> &SlotMark {
        let at = (1 + slot as usize) * MARK_STEP;
        // SAFETY: it lies before `HEAD`, aligned, in a mapping that is there as long as this; nobody uses it but as atomics.
        unsafe { self.base.add(at).cast::<SlotMark>().as_ref() }
    }

    fn bytes(&self, slot: WindowSlot) -> NonNull<u8> {
        // SAFETY: the mapping has `size(self.slot)` bytes.
        unsafe { self.base.add(HEAD + slot as usize * self.slot) }
    }

    /// The length of a slot in bytes.
    pub(super) fn slot_len(&self) -> usize {
        self.slot
    }

    /// Where a part of a slot begins.
    pub(super) fn place(&self, slot: WindowSlot, part: &Range<usize>) -> NonNull<u8> {
        assert!(part.start <= part.end && part.end <= self.slot);
        // SAFETY: a slot has that many bytes.
        unsafe { self.bytes(slot).add(part.start) }
    }

    /// A part of a slot that is lent to what all ranks do together.
    ///
    /// # Safety
    ///
    /// No rank writes it as long as the result is there.
    pub(super) unsafe fn lent_bytes(&self, slot: WindowSlot, part: Range<usize>) -> &[u8] {
        let place = self.place(slot, &part);
        // SAFETY: the slot has these bytes; the caller vouches for the rest.
        unsafe { std::slice::from_raw_parts(place.as_ptr(), part.len()) }
    }

    /// The chunk of a message of this window's owner that lies here, if it does.
    pub(super) fn find(&self, message: u64, part: u64) -> Option<Full<'_>> {
        // A sender fails after it has left the parts before: the first to take those empties both slots.
        self.find_mark(message, part)
            .or_else(|| self.find_mark(message, FAILED))
    }

    fn find_mark(&self, message: u64, part: u64) -> Option<Full<'_>> {
        let wanted = message.checked_add(1).filter(|mark| *mark < LOST)?;
        let is_it = |slot: &WindowSlot| {
            let mark = self.mark(*slot);
            // Acquire: the sender wrote the slot before its mark.
            mark.message.load(Ordering::Acquire) == wanted
                && mark.part.load(Ordering::Relaxed) == part
        };
        SLOTS.into_iter().find(is_it).map(|slot| Full {
            window: self,
            slot,
            failed: part == FAILED,
        })
    }
}

impl Drop for SharedWindow {
    fn drop(&mut self) {
        // SAFETY: the mapping was made here, and nothing that is borrowed of it is left.
        let _ = unsafe { mm::munmap(self.base.as_ptr().cast(), size(self.slot)) };
    }
}

/// A slot with a chunk of a message that this rank receives. When it is dropped, the slot is empty.
pub(super) struct Full<'w> {
    window: &'w SharedWindow,
    slot: WindowSlot,
    failed: bool,
}

impl Full<'_> {
    /// The first `len` bytes of it. `None`: the sender has failed.
    pub(super) fn bytes(&self, len: usize) -> Option<&[u8]> {
        assert!(len <= self.window.slot);
        let place = self.window.bytes(self.slot);
        // SAFETY: a slot has that many bytes; its owner does not write it before it is empty.
        (!self.failed).then(|| unsafe { std::slice::from_raw_parts(place.as_ptr(), len) })
    }
}

impl Drop for Full<'_> {
    fn drop(&mut self) {
        // Release: this rank has read the slot before the sender finds it empty.
        let mark = self.window.mark(self.slot);
        mark.message.store(0, Ordering::Release);
    }
}

/// A slot of this rank's own window that nobody else uses meanwhile. When it is dropped, the slot is empty.
pub(super) struct LentSlot {
    window: Rc<SharedWindow>,
    slot: WindowSlot,
}

impl LentSlot {
    /// Where its bytes lie.
    pub(super) fn place(&mut self) -> NonNull<u8> {
        self.window.bytes(self.slot)
    }

    pub(super) fn len(&self) -> usize {
        self.window.slot
    }

    /// Notes that MPI may use it for ever, since an operation with it has failed.
    pub(super) fn lose(&self) {
        let mark = self.window.mark(self.slot);
        mark.message.store(LOST, Ordering::Release);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        let place = self.window.bytes(self.slot);
        // SAFETY: a slot has that many bytes, and while it is lent nobody else touches it.
        unsafe { std::slice::from_raw_parts(place.as_ptr(), self.window.slot) }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        let place = self.window.bytes(self.slot);
        // SAFETY: a slot has that many bytes, and while it is lent nobody else touches it. Any bytes are values.
        unsafe { std::slice::from_raw_parts_mut(place.as_ptr(), self.window.slot) }
    }
}

impl Drop for LentSlot {
    fn drop(&mut self) {
        let mark = self.window.mark(self.slot);
        mark.message.store(0, Ordering::Release);
    }
}

const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW);

/// The window of this rank.
pub(super) struct OwnWindow {
    window: Rc<SharedWindow>,
    /// Others open it by its number.
    _file: OwnedFd,
    address: WindowAddress,
    /// The message whose turn it is. Its receiver is ready, so it comes to an end whatever the program does next.
    turn: Option<u64>,
}

impl OwnWindow {
    /// Makes it, with slots of a length.
    pub(super) fn new(slot: usize) -> rustix::io::Result<OwnWindow> {
        // Slots begin with a page.
        let slot = slot.checked_next_multiple_of(4096).ok_or(Errno::NOMEM)?;
        let size = size(slot) as u64;
        if getrlimit(Resource::Fsize)
            .current
            .is_some_and(|limit| limit < size)
        {
            // The system would send a signal.
            return Err(Errno::FBIG);
        }
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = fs::memfd_create("veo-mpi", flags)?;
        // The number must not be that of a standard stream of the program.
        let file = rustix::io::fcntl_dupfd_cloexec(&file, 3)?;
        fs::ftruncate(&file, size)?;
        fs::fcntl_add_seals(&file, SEALS)?;
        let window = Rc::new(SharedWindow::map(&file, slot)?);
        let stat = fs::fstat(&file)?;
        let key = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), size) | 1;
        window.key().store(key, Ordering::Release);
        let address = WindowAddress {
            pid: getpid().as_raw_nonzero().get() as u64,
            descriptor: file.as_raw_fd() as u64,
            device: stat.st_dev,
            inode: stat.st_ino,
            key,
            slot: slot as u64,
        };
        Ok(OwnWindow {
            window,
            _file: file,
            address,
            turn: None,
        })
    }

    /// The address by which others find it.
    pub(super) fn address(&self) -> WindowAddress {
        self.address
    }

    /// The length of a slot in bytes.
    pub(super) fn slot_len(&self) -> usize {
        self.window.slot
    }

    /// Whether MPI keeps the slot.
    fn is_lost(&self, slot: WindowSlot) -> bool {
        self.window.mark(slot).message.load(Ordering::Relaxed) == LOST
    }

    fn is_empty(&self, slot: WindowSlot) -> bool {
        // Acquire: the receiver read the slot before it gave it back.
        let mark = self.window.mark(slot);
        mark.message.load(Ordering::Acquire) == 0
    }

    /// Whether no slot holds anything of the message.
    pub(super) fn is_taken(&self, message: u64) -> bool {
        let holds = |slot| self.window.mark(slot).message.load(Ordering::Acquire) == message + 1;
        !SLOTS.into_iter().any(holds)
    }

    /// Gives the message its turn, if it is nobody else's.
    pub(super) fn begin_turn(&mut self, message: u64) -> bool {
        *self.turn.get_or_insert(message) == message
    }

    /// The next message may have its turn.
    pub(super) fn end_turn(&mut self, message: u64) {
        if self.turn == Some(message) {
            self.turn = None;
        }
    }

    /// Whether slots are as long as that, and the first can be had.
    pub(super) fn can_lend(&self, len: usize) -> bool {
        len <= self.window.slot && !self.is_lost(WindowSlot::First)
    }

    /// Lends a slot, if it is empty: the first one only to the message whose turn it is.
    pub(super) fn lend(&mut self, slot: WindowSlot) -> Option<LentSlot> {
        if !self.is_empty(slot) {
            return None;
        }
        self.set(slot, LENT - 1, 0);
        let window = Rc::clone(&self.window);
        Some(LentSlot { window, slot })
    }

    /// A slot for the message whose turn it is, if one is empty. The error: none will ever be.
    pub(super) fn empty_slot(&self) -> Result<Option<WindowSlot>> {
        if SLOTS.into_iter().all(|slot| self.is_lost(slot)) {
            return Err(Error::Mpi {
                what: "sending to a rank of the same machine".into(),
                reason:
                    "earlier messages failed, and MPI has kept the memory that the ranks share; \
                         end the job, or set VEO_MPI_PATH to remote"
                        .into(),
            });
        }
        Ok(SLOTS.into_iter().find(|slot| self.is_empty(*slot)))
    }

    /// A slot for a message that is sent at once, if it is empty.
    pub(super) fn spare_slot(&self) -> Option<WindowSlot> {
        self.is_empty(WindowSlot::Spare)
            .then_some(WindowSlot::Spare)
    }

    /// Fills an empty slot with a chunk of a message. If that fails, the slot stays empty.
    pub(super) fn fill(
        &mut self,
        slot: WindowSlot,
        (message, part): (u64, u64),
        len: usize,
        write: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<()> {
        assert!(len <= self.window.slot && self.is_empty(slot));
        let place = self.window.bytes(slot);
        // SAFETY: a slot has that many bytes, and nobody else touches an empty one. Any bytes are values.
        write(unsafe { std::slice::from_raw_parts_mut(place.as_ptr(), len) })?;
        self.set(slot, message, part);
        Ok(())
    }

    /// Tells the receiver of a message, in an empty slot, that no more of it comes.
    pub(super) fn fail(&mut self, slot: WindowSlot, message: u64) {
        assert!(self.is_empty(slot));
        self.set(slot, message, FAILED);
    }

    fn set(&mut self, slot: WindowSlot, message: u64, part: u64) {
        let mark = self.window.mark(slot);
        mark.part.store(part, Ordering::Relaxed);
        // Release: a rank that sees the mark sees the part and the values, too.
        mark.message.store(message + 1, Ordering::Release);
    }

    /// Takes back what nobody was told of.
    pub(super) fn take_back(&mut self, slot: WindowSlot, message: u64) {
        let mark = self.window.mark(slot);
        if mark.message.load(Ordering::Relaxed) == message + 1 {
            mark.message.store(0, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::flight::{Flight, FlightMemory};

    #[test]
    fn a_filled_slot_is_found_once() {
        let mut own = OwnWindow::new(100).unwrap();
        let other = SharedWindow::open(&own.address()).unwrap();
        assert_eq!(own.slot_len(), 4096);
        assert!(own.begin_turn(7) && !own.begin_turn(8));
        for part in 0..2 {
            let slot = own.empty_slot().unwrap().unwrap();
            own.fill(slot, (7, part), 3, |bytes| {
                bytes.fill(part as u8 + 1);
                Ok(())
            })
            .unwrap();
        }
        assert!(own.empty_slot().unwrap().is_none() && !own.is_taken(7));
        assert!(other.find(6, 0).is_none() && other.find(7, 2).is_none());
        let found = other.find(7, 1).unwrap();
        assert_eq!(found.bytes(3), Some(&[2, 2, 2][..]));
        drop(found);
        assert!(other.find(7, 1).is_none());
        drop(other.find(7, 0).unwrap());
        assert!(own.is_taken(7));
        own.fail(WindowSlot::Spare, 7);
        assert!(other.find(7, 9).unwrap().bytes(3).is_none());
        own.end_turn(7);
        assert!(own.begin_turn(8));
    }

    #[test]
    fn parts_before_a_failure_are_taken_before_it_is_seen() {
        let mut own = OwnWindow::new(4096).unwrap();
        let other = SharedWindow::open(&own.address()).unwrap();
        assert!(own.begin_turn(7));
        for part in 0..2 {
            let slot = own.empty_slot().unwrap().unwrap();
            own.fill(slot, (7, part), 1, |_| Ok(())).unwrap();
        }
        drop(other.find(7, 0).unwrap());
        own.fail(WindowSlot::First, 7);
        assert!(other.find(7, 1).unwrap().bytes(1).is_some());
        assert!(other.find(7, 2).unwrap().bytes(1).is_none());
        assert!(own.is_taken(7));
    }

    #[test]
    fn a_slot_that_is_lent_is_neither_empty_nor_full() {
        let mut own = OwnWindow::new(4096).unwrap();
        let other = SharedWindow::open(&own.address()).unwrap();
        let mut lent = own.lend(WindowSlot::Spare).unwrap();
        lent.bytes_mut().fill(1);
        assert!(own.lend(WindowSlot::Spare).is_none() && own.spare_slot().is_none());
        for message in [0, u64::MAX - 2, u64::MAX - 1, u64::MAX] {
            assert!(other.find(message, 0).is_none());
        }
        assert!(own.begin_turn(7));
        let first = own.lend(WindowSlot::First).unwrap();
        assert!(own.empty_slot().unwrap().is_none() && own.is_taken(7));
        assert_eq!((lent.len(), lent.bytes()[4095]), (4096, 1));
        drop((lent, first));
        own.end_turn(7);
        assert!(own.spare_slot().is_some() && own.can_lend(4096) && !own.can_lend(4097));
    }

    /// Its holder leaves it to MPI for ever.
    fn lose(own: &mut OwnWindow, slot: WindowSlot) {
        let lent = own.lend(slot).unwrap();
        lent.lose();
        std::mem::forget(lent);
    }

    #[test]
    fn slots_that_are_lost_are_not_waited_for() {
        let mut own = OwnWindow::new(4096).unwrap();
        let other = SharedWindow::open(&own.address()).unwrap();
        lose(&mut own, WindowSlot::First);
        assert!(!own.can_lend(4096));
        assert_eq!(own.empty_slot().unwrap(), Some(WindowSlot::Spare));
        // One that is lent comes back.
        let spare = own.lend(WindowSlot::Spare).unwrap();
        assert_eq!(own.empty_slot().unwrap(), None);
        drop(spare);
        lose(&mut own, WindowSlot::Spare);
        for message in [u64::MAX - 2, u64::MAX - 1] {
            assert!(other.find(message, 0).is_none());
        }
        let error = own.empty_slot().unwrap_err();
        assert!(error.to_string().contains("VEO_MPI_PATH"), "{error}");
    }

    #[test]
    fn a_slot_is_lost_with_what_mpi_does_to_it() {
        let mut own = OwnWindow::new(4096).unwrap();
        let slot = own.lend(WindowSlot::First).unwrap();
        drop(Flight::unfinished(FlightMemory::Slot(slot)));
        assert!(!own.can_lend(4096));
    }

    #[test]
    fn memory_that_is_no_window_is_not_opened() {
        let own = OwnWindow::new(4096).unwrap();
        let right = own.address();
        assert!(SharedWindow::open(&right).is_some());
        assert_eq!(WindowAddress::from_words(right.to_words()), right);
        for at in 0..WindowAddress::WORDS {
            let mut words = right.to_words();
            words[at] += 1;
            assert!(
                SharedWindow::open(&WindowAddress::from_words(words)).is_none(),
                "{at}"
            );
        }
        assert!(SharedWindow::open(&WindowAddress::default()).is_none());
    }

    #[test]
    fn a_write_that_fails_leaves_the_slot_empty() {
        let mut own = OwnWindow::new(4096).unwrap();
        let failed = own.fill(WindowSlot::First, (0, 0), 1, |_| {
            Err(crate::Error::NotRunning)
        });
        failed.unwrap_err();
        assert!(own.is_taken(0));
        assert_eq!(own.empty_slot().unwrap(), Some(WindowSlot::First));
    }
}
