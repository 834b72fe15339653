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
        let number = file.as_raw_fd();
        self.lock().opened.insert(number, Arc::new(file));
        number
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
