//! Files that machine code has opened by number.
//!
//! Machine code may use the three standard files and those it has opened itself: other files of this process belong to the host.

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

/// Open files by number. The numbers are those of machine code: which ones the host has for these files, nobody sees.
#[derive(Debug)]
pub(crate) struct Files(Mutex<BTreeMap<i32, OpenFile>>);

impl Default for Files {
    fn default() -> Self {
        let standard = (0..3).map(|number| (number, OpenFile::Standard(number)));
        Self(Mutex::new(standard.collect()))
    }
}

/// How long a thread waits for a file before it looks whether somebody asks it to stop, in ms.
const LOOK: i32 = 10;

/// Waits until a file can be read or written without waiting. The result is `false` where the thread is asked to stop before.
pub(crate) fn wait_for(file: i32, events: i16, is_asked: impl Fn() -> bool) -> bool {
    let mut entry = libc::pollfd {
        fd: file,
        events,
        revents: 0,
    };
    // If a thread is asked to stop, its earlier output is still written as far as there is room.
    let writes = events == libc::POLLOUT;
    let mut is_first = true;
    loop {
        let is_last = is_asked();
        if is_last && !writes {
            return false;
        }
        let limit = if is_last || is_first { 0 } else { LOOK };
        // SAFETY: there is one entry.
        match unsafe { libc::poll(&mut entry, 1, limit) } {
            1.. => return true,
            0 if is_last => return false,
            // The program wants to hear that it would have to wait.
            0 if is_first && never_waits(file) => return true,
            0 => {}
            // A signal has come. The operation itself reports all other errors.
            _ if std::io::Error::last_os_error().raw_os_error() == Some(libc::EINTR) => {}
            _ => return true,
        }
        is_first = false;
    }
}

/// Whether operations on a file fail where they would have to wait.
fn never_waits(file: i32) -> bool {
    // SAFETY: plain numbers.
    unsafe { libc::fcntl(file, libc::F_GETFL) & libc::O_NONBLOCK != 0 }
}

/// Whether a file is a pipe.
pub(crate) fn is_pipe(file: i32) -> bool {
    kind(file) == Some(libc::S_IFIFO)
}

/// Whether it is one with bytes on a disk.
pub(super) fn is_plain(file: i32) -> bool {
    kind(file) == Some(libc::S_IFREG)
}

/// The bits that say what a file is.
fn kind(file: i32) -> Option<libc::mode_t> {
    let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the place has room.
    if unsafe { libc::fstat(file, status.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: the call succeeded, so it has filled the place.
    Some(unsafe { status.assume_init() }.st_mode & libc::S_IFMT)
}

/// A file that stays open for as long as this value.
#[derive(Debug, Clone)]
pub(crate) enum OpenFile {
    Standard(i32),
    Opened(Arc<OwnedFd>),
}

impl OpenFile {
    pub(crate) fn number(&self) -> i32 {
        match self {
            Self::Standard(number) => *number,
            Self::Opened(file) => file.as_raw_fd(),
        }
    }

    /// The same file once more, for an owner of its own.
    pub(crate) fn duplicate(&self) -> std::io::Result<OwnedFd> {
        // SAFETY: the file stays open for as long as this value.
        unsafe { BorrowedFd::borrow_raw(self.number()) }.try_clone_to_owned()
    }
}

impl AsRawFd for OpenFile {
    fn as_raw_fd(&self) -> i32 {
        self.number()
    }
}

impl Files {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<i32, OpenFile>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file with this number, if machine code may use it.
    pub(crate) fn get(&self, number: i32) -> Option<OpenFile> {
        self.lock().get(&number).cloned()
    }

    /// Lets machine code use a file; the result is its number, the least one from `least` that is free.
    pub(super) fn add(&self, file: OpenFile, least: i32) -> i32 {
        let mut table = self.lock();
        let mut number = least.max(0);
        for used in table.range(number..).map(|(used, _)| *used) {
            if used != number {
                break;
            }
            number += 1;
        }
        table.insert(number, file);
        number
    }

    /// Gives a file this number, whatever had it before.
    pub(super) fn set(&self, number: i32, file: OpenFile) {
        self.lock().insert(number, file);
    }

    /// Closes a file if it still has this number.
    pub(crate) fn forget(&self, number: i32, file: &Arc<OwnedFd>) {
        let mut table = self.lock();
        if let Some(OpenFile::Opened(known)) = table.get(&number)
            && Arc::ptr_eq(known, file)
        {
            table.remove(&number);
        }
    }

    /// Closes a file. The result says whether there was one. The standard ones stay open for the host.
    pub(crate) fn close(&self, number: i32) -> bool {
        self.lock().remove(&number).is_some()
    }
}
