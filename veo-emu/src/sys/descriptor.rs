//! Descriptors among those of a program: one that the program may close, and locks of files.
//!
//! A daemon closes all its descriptors, ours with them, and gets their numbers for files of
//! its own. Without a check, this library would then write into such a file or close it. So
//! each use of a [`KeptDescriptor`] first compares the open file with the one that was kept. The reason is
//! correctness: the check costs one `fstat`, and no call of a kernel needs a descriptor.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};

use super::check;

/// The identity of an open file, whatever its number.
pub(crate) type Identity = (libc::dev_t, libc::ino_t);

/// A descriptor of ours among those of a program.
#[derive(Debug)]
pub(crate) struct KeptDescriptor {
    number: RawFd,
    identity: Option<Identity>,
}

impl KeptDescriptor {
    pub(crate) fn new(fd: OwnedFd) -> KeptDescriptor {
        let identity = identity(fd.as_raw_fd());
        KeptDescriptor {
            number: fd.into_raw_fd(),
            identity,
        }
    }

    /// Whether the number still stands for our file.
    pub(crate) fn is_ours(&self) -> bool {
        self.identity.is_some() && identity(self.number) == self.identity
    }

    /// The descriptor; an error if the program has closed it.
    pub(crate) fn get(&self) -> io::Result<BorrowedFd<'_>> {
        if !self.is_ours() {
            return Err(io::Error::from_raw_os_error(libc::EBADF));
        }
        // SAFETY: the number stands for our file. Only a program that closes descriptors of
        // others could close it meanwhile, and that is its own unsafe act.
        Ok(unsafe { BorrowedFd::borrow_raw(self.number) })
    }

    /// Its number, or -1 if the program has closed it.
    pub(crate) fn number(&self) -> RawFd {
        self.get().map_or(-1, |fd| fd.as_raw_fd())
    }
}

impl Drop for KeptDescriptor {
    fn drop(&mut self) {
        if self.is_ours() {
            // SAFETY: the descriptor is ours, and nobody uses it after this.
            unsafe { libc::close(self.number) };
        }
    }
}

/// Which file a number stands for; `None`: it is closed.
pub(crate) fn identity(number: RawFd) -> Option<Identity> {
    // SAFETY: an all-zero stat is a valid value of that structure.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the structure is valid for writing; a closed descriptor is an error.
    (unsafe { libc::fstat(number, &mut stat) } == 0).then_some((stat.st_dev, stat.st_ino))
}

fn apply_lock(fd: impl AsFd, command: i32) -> io::Result<()> {
    // SAFETY: an all-zero flock is a valid value of that structure.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as _;
    lock.l_whence = libc::SEEK_SET as _;
    // SAFETY: an open descriptor and a complete structure.
    check(unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), command, &raw const lock) }.into())
        .map(|_| ())
}

/// Takes the lock of a file, which the process holds while it lives. It is given up when any
/// descriptor of the file is closed, also by `exec`; a forked child does not inherit it.
pub(crate) fn lock(fd: impl AsFd) -> io::Result<()> {
    apply_lock(fd, libc::F_SETLK)
}

/// Waits until nobody holds the lock.
pub(crate) fn wait_for_lock(fd: impl AsFd) -> io::Result<()> {
    loop {
        match apply_lock(&fd, libc::F_SETLKW) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::{AsFd, FromRawFd};

    use super::*;

    fn file() -> OwnedFd {
        crate::sys::memfd::create(c"kept", 4096).unwrap()
    }

    #[test]
    fn a_number_that_stands_for_another_file_is_left_alone() {
        let kept = KeptDescriptor::new(file());
        let number = kept.number();
        assert!(number > 2 && kept.get().is_ok());
        let other = file();
        // SAFETY: both are open; what was behind the first is closed, as a program does it.
        assert_eq!(unsafe { libc::dup2(other.as_raw_fd(), number) }, number);
        assert!(!kept.is_ours() && kept.number() == -1);
        assert_eq!(kept.get().unwrap_err().raw_os_error(), Some(libc::EBADF));
        drop(kept);
        // SAFETY: the number was given to the other file above and nobody else has it.
        let theirs = unsafe { File::from_raw_fd(number) };
        assert!(theirs.as_fd().try_clone_to_owned().is_ok(), "it was closed");
    }

    #[test]
    fn its_own_file_is_closed() {
        let kept = KeptDescriptor::new(file());
        let (number, before) = (kept.number, kept.identity);
        drop(kept);
        // Another test may have got the number meanwhile.
        assert_ne!(identity(number), before);
    }
}
