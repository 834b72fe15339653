//! The file that a library was loaded from, even if its path names another file later.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::SystemTime;

use crate::files;

/// The file that a path named when it was opened. It stays open, so that it can be read even if
/// its path names another file later. It is not read if it was written to meanwhile.
#[derive(Debug)]
pub struct Original {
    path: PathBuf,
    stamp: FileStamp,
    /// `None` only while it is dropped. The lock protects the file's position.
    file: Mutex<Option<File>>,
}

/// Identifies a file and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp {
    file: Option<(u64, u64)>,
    size: u64,
    modified: Option<SystemTime>,
}

impl FileStamp {
    fn of(data: &fs::Metadata) -> FileStamp {
        #[cfg(unix)]
        let file = {
            use std::os::unix::fs::MetadataExt as _;
            Some((data.dev(), data.ino()))
        };
        #[cfg(not(unix))]
        let file = None;
        FileStamp {
            file,
            size: data.len(),
            modified: data.modified().ok(),
        }
    }
}

impl Original {
    /// The file that `path` names now.
    ///
    /// # Errors
    /// It cannot be opened, or is not a regular file.
    pub fn open(path: &Path) -> io::Result<Original> {
        let (opened, _) = files::open(path)?;
        // A duplicate never has the number of a standard stream.
        let file = opened.try_clone()?;
        let stamp = FileStamp::of(&file.metadata()?);
        Ok(Original {
            path: path.to_owned(),
            stamp,
            file: Mutex::new(Some(file)),
        })
    }

    /// The path when it was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Identifies the file and its state when it was opened.
    #[must_use]
    pub fn stamp(&self) -> FileStamp {
        self.stamp
    }

    /// Whether the path still names this file and the file was not written to.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|data| FileStamp::of(&data) == self.stamp)
    }

    /// Whether it was written to since it was opened.
    #[must_use]
    pub fn is_overwritten(&self) -> bool {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.as_ref().is_some_and(|file| {
            let now = file.metadata().map(|data| FileStamp::of(&data));
            now.is_ok_and(|now| now.file == self.stamp.file && now != self.stamp)
        })
    }

    /// Its content.
    ///
    /// # Errors
    /// It cannot be read, is too large, or was written to since it was opened.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let changed = || io::Error::other("it was overwritten after it was loaded");
        // The program may have closed the descriptor. Its number may now belong to another file.
        let is_same = |file: &File| {
            file.metadata()
                .is_ok_and(|data| FileStamp::of(&data) == self.stamp)
        };
        if !is_same(file) {
            return Err(changed());
        }
        file.seek(SeekFrom::Start(0))?;
        let bytes = files::read_all(file, self.stamp.size)?;
        if bytes.len() as u64 != self.stamp.size || !is_same(file) {
            return Err(changed());
        }
        Ok(bytes)
    }
}

impl Drop for Original {
    fn drop(&mut self) {
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = file.take()
            && !file
                .metadata()
                .is_ok_and(|data| FileStamp::of(&data).file == self.stamp.file)
        {
            // The program closed the descriptor. Its number now belongs to another file, which
            // must stay open.
            std::mem::forget(file);
        }
    }
}
