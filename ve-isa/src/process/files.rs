//! Files that machine code has opened by number.
//!
//! Machine code may use the three standard files and those it has opened itself: other files of this process belong to the host.

use std::collections::HashMap;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

/// Open files by number.
#[derive(Debug, Default)]
pub(crate) struct Files(Mutex<OpenFiles>);

#[derive(Debug, Default)]
struct OpenFiles {
    opened: HashMap<i32, Arc<OwnedFd>>,
    /// Which of the standard ones have been closed, as far as machine code sees.
    closed: [bool; 3],
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
    // What was printed before a thread is asked to stop is written as far as there is room.
    let writes = events == libc::POLLOUT;
    loop {
        let is_last = is_asked();
        if is_last && !writes {
            return false;
        }
        let limit = if is_last { 0 } else { LOOK };
        // SAFETY: there is one entry.
        match unsafe { libc::poll(&mut entry, 1, limit) } {
            1.. => return true,
            0 if is_last => return false,
            0 => {}
            // A signal has come. Of anything else the operation itself will tell.
            _ if std::io::Error::last_os_error().raw_os_error() == Some(libc::EINTR) => {}
            _ => return true,
        }
    }
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
#[derive(Debug)]
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
}

impl Files {
    fn lock(&self) -> std::sync::MutexGuard<'_, OpenFiles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file with this number, if machine code may use it.
    pub(crate) fn get(&self, number: i32) -> Option<OpenFile> {
        let table = self.lock();
        match usize::try_from(number) {
            Ok(index @ 0..3) if !table.closed[index] => Some(OpenFile::Standard(number)),
            _ => table.opened.get(&number).cloned().map(OpenFile::Opened),
        }
    }

    /// Lets machine code use a file; the result is its number.
    pub(crate) fn add(&self, file: OwnedFd) -> i32 {
        self.share(Arc::new(file))
    }

    /// The same for a file that has other users.
    pub(crate) fn share(&self, file: Arc<OwnedFd>) -> i32 {
        let number = file.as_raw_fd();
        self.lock().opened.insert(number, file);
        number
    }

    /// Ends what `share` began, if machine code has not closed it.
    pub(crate) fn forget(&self, file: &Arc<OwnedFd>) {
        let mut table = self.lock();
        let number = file.as_raw_fd();
        if table
            .opened
            .get(&number)
            .is_some_and(|known| Arc::ptr_eq(known, file))
        {
            table.opened.remove(&number);
        }
    }

    /// Closes a file. The result says whether there was one. The standard ones stay open for the host.
    pub(crate) fn close(&self, number: i32) -> bool {
        let mut table = self.lock();
        if let Ok(index @ 0..3) = usize::try_from(number) {
            return !std::mem::replace(&mut table.closed[index], true);
        }
        table.opened.remove(&number).is_some()
    }
}
