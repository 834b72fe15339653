//! Functions that find a file by its path from a directory that is open, and those that make files of other kinds.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;

use super::call::{Outcome, Table, c_text, copy_errno, fail, int, result, result_int, word, write};
use super::links::{owners, pointer, times_with_fractions};
use super::posix::{store_status_at, with_path};
use crate::process::{self, OpenFile};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("openat", open),
    ("openat64", open),
    ("fstatat", |thread| status(thread, 0)),
    ("fstatat64", |thread| status(thread, 0)),
    ("newfstatat", |thread| status(thread, 0)),
    ("__fxstatat", |thread| status(thread, 1)),
    ("__fxstatat64", |thread| status(thread, 1)),
    ("mkdirat", |thread| {
        let mode = word(thread, 2) as libc::mode_t;
        // SAFETY: as the rule of `with_beneath` says, here and below.
        with_beneath(thread, |directory, path| unsafe {
            libc::mkdirat(directory, path.as_ptr(), mode)
        })
    }),
    ("unlinkat", |thread| {
        let flags = int(thread, 2);
        // SAFETY: as above.
        with_beneath(thread, |directory, path| unsafe {
            libc::unlinkat(directory, path.as_ptr(), flags)
        })
    }),
    ("faccessat", |thread| {
        let (mode, flags) = (int(thread, 2), int(thread, 3));
        // SAFETY: as above.
        with_beneath(thread, |directory, path| unsafe {
            libc::faccessat(directory, path.as_ptr(), mode, flags)
        })
    }),
    ("fchmodat", |thread| {
        let (mode, flags) = (word(thread, 2) as libc::mode_t, int(thread, 3));
        // SAFETY: as above.
        with_beneath(thread, |directory, path| unsafe {
            libc::fchmodat(directory, path.as_ptr(), mode, flags)
        })
    }),
    ("fchownat", |thread| {
        let ([user, group], flags) = (owners(thread, 2), int(thread, 4));
        // SAFETY: as above.
        with_beneath(thread, |directory, path| unsafe {
            libc::fchownat(directory, path.as_ptr(), user, group, flags)
        })
    }),
    ("utimensat", |thread| {
        let (place, flags) = (word(thread, 2), int(thread, 3));
        let times = times_with_fractions(thread, place, 1)?;
        // SAFETY: as above; there are two times or none.
        with_beneath(thread, |directory, path| unsafe {
            libc::utimensat(directory, path.as_ptr(), pointer(&times), flags)
        })
    }),
    ("readlinkat", |thread| {
        let (to, room) = (word(thread, 2), word(thread, 3));
        let mut target = vec![0_u8; room.min(libc::PATH_MAX as u64) as usize];
        let bytes = &mut target;
        let mut length = 0;
        with_beneath(thread, |directory, path| {
            // SAFETY: as above, and the buffer has the length that is passed.
            length = unsafe {
                let place = bytes.as_mut_ptr().cast();
                libc::readlinkat(directory, path.as_ptr(), place, bytes.len())
            };
            length.min(0) as i32
        })?;
        if length < 0 || word(thread, 0) != 0 {
            return Ok(());
        }
        write(thread.window(), to, &target[..length as usize])?;
        result(thread, length as u64)
    }),
    ("symlinkat", |thread| {
        let target = c_text(thread.window(), word(thread, 0))?;
        // SAFETY: as above; the target is a string.
        with_beneath_at(thread, 1, |directory, path| unsafe {
            libc::symlinkat(target.as_ptr(), directory, path.as_ptr())
        })
    }),
    ("renameat", |thread| {
        // SAFETY: as above.
        with_two(thread, |from, to| unsafe {
            libc::renameat(from.0, from.1.as_ptr(), to.0, to.1.as_ptr())
        })
    }),
    ("linkat", |thread| {
        let flags = int(thread, 4);
        // SAFETY: as above.
        with_two(thread, |from, to| unsafe {
            libc::linkat(from.0, from.1.as_ptr(), to.0, to.1.as_ptr(), flags)
        })
    }),
    ("mkfifo", |thread| {
        let mode = word(thread, 1) as libc::mode_t;
        // SAFETY: the path is a string.
        with_path(thread, |path| unsafe { libc::mkfifo(path.as_ptr(), mode) })
    }),
    ("mkfifoat", |thread| {
        let mode = word(thread, 2) as libc::mode_t;
        // SAFETY: as above.
        with_beneath(thread, |directory, path| unsafe {
            libc::mkfifoat(directory, path.as_ptr(), mode)
        })
    }),
];

/// A path, and the directory that it begins at.
struct Beneath {
    path: CString,
    /// Nothing for that of the process, or where the path does not need one. The file stays open for as long as this value.
    directory: Option<OpenFile>,
}

impl Beneath {
    /// Makes one of the argument with this number and the one behind it. The inner error is a number as in `errno`.
    fn of(thread: &Thread, first: usize) -> Result<Result<Self, i32>, Failure> {
        let path = c_text(thread.window(), word(thread, first + 1))?;
        let number = int(thread, first);
        if number == libc::AT_FDCWD || path.to_bytes().starts_with(b"/") {
            let directory = None;
            return Ok(Ok(Self { path, directory }));
        }
        let directory = thread.process().files.get(number);
        Ok(match directory {
            Some(_) => Ok(Self { path, directory }),
            None => Err(libc::EBADF),
        })
    }

    fn directory(&self) -> i32 {
        let number = self.directory.as_ref().map(OpenFile::number);
        number.unwrap_or(libc::AT_FDCWD)
    }
}

/// Does something with the directory and the path of the first two arguments. The directory is open, or that of the process, and the path
/// is a string, during the call; the result of that is 0, or negative with `errno` set.
fn with_beneath(thread: &mut Thread, act: impl FnOnce(i32, &CStr) -> i32) -> Outcome {
    with_beneath_at(thread, 0, act)
}

fn with_beneath_at(
    thread: &mut Thread,
    first: usize,
    act: impl FnOnce(i32, &CStr) -> i32,
) -> Outcome {
    let place = match Beneath::of(thread, first)? {
        Ok(place) => place,
        Err(error) => return fail(thread, error),
    };
    let done = act(place.directory(), &place.path);
    if done < 0 {
        copy_errno(thread);
    }
    result_int(thread, done)
}

/// The same with the third and fourth argument, too.
fn with_two(thread: &mut Thread, act: impl FnOnce((i32, &CStr), (i32, &CStr)) -> i32) -> Outcome {
    let second = match Beneath::of(thread, 2)? {
        Ok(place) => place,
        Err(error) => return fail(thread, error),
    };
    with_beneath(thread, |directory, path| {
        act((directory, path), (second.directory(), &second.path))
    })
}

fn open(thread: &mut Thread) -> Outcome {
    let flags = int(thread, 2) | libc::O_CLOEXEC;
    let mode = word(thread, 3) as libc::mode_t;
    let place = match Beneath::of(thread, 0)? {
        Ok(place) => place,
        Err(error) => return fail(thread, error),
    };
    let file = process::open_at(place.directory(), &place.path, flags, mode, || {
        thread.is_asked_to_stop()
    });
    match file {
        Ok(file) => {
            let number = thread.add_file(file.into(), 0);
            result_int(thread, number)
        }
        Err(error) => fail(thread, error.raw_os_error().unwrap_or(libc::EIO)),
    }
}

/// `fstatat`, behind the number of a version or not.
fn status(thread: &mut Thread, first: usize) -> Outcome {
    let (place, flags) = (word(thread, first + 2), int(thread, first + 3));
    let mut status = MaybeUninit::<libc::stat>::zeroed();
    with_beneath_at(thread, first, |directory, path| {
        // SAFETY: as the rule of `with_beneath` says, and the place has room.
        unsafe { libc::fstatat(directory, path.as_ptr(), status.as_mut_ptr(), flags) }
    })?;
    if word(thread, 0) == 0 {
        // SAFETY: all zeros are a status, too.
        store_status_at(thread, place, &unsafe { status.assume_init() })?;
    }
    Ok(())
}
