//! Facts about the system, its limits, its random numbers, the room for files.

use std::mem::MaybeUninit;

use super::call::{
    CHUNK, Outcome, Table, c_text, copy_errno, fail, int, result, result_int, set_errno, store,
    store_words, word, write,
};
use super::posix::{with_file, with_path};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("getrandom", |thread| {
        let (place, length) = (word(thread, 0), word(thread, 1));
        fill_at_random(thread, place, length)?;
        result(thread, length)
    }),
    ("getentropy", |thread| {
        let (place, length) = (word(thread, 0), word(thread, 1));
        if length > MOST_ENTROPY {
            return fail(thread, libc::EIO);
        }
        fill_at_random(thread, place, length)?;
        result_int(thread, 0)
    }),
    ("arc4random", |thread| {
        let number = random()?;
        result(thread, u64::from(number as u32))
    }),
    ("arc4random_buf", |thread| {
        let (place, length) = (word(thread, 0), word(thread, 1));
        fill_at_random(thread, place, length)
    }),
    ("arc4random_uniform", |thread| {
        // The remainder of a 64-bit number favours some results too little to be noticed.
        let bound = u64::from(word(thread, 0) as u32);
        let number = random()?.checked_rem(bound).unwrap_or(0);
        result(thread, number)
    }),
    ("getrlimit", |thread| {
        let (which, place) = (int(thread, 0), word(thread, 1));
        let mut limit = MaybeUninit::<libc::rlimit>::zeroed();
        // SAFETY: the place has room; the system checks the number.
        if unsafe { libc::getrlimit(which as _, limit.as_mut_ptr()) } != 0 {
            return fail(thread, libc::EINVAL);
        }
        // SAFETY: the call has filled it; all zeros would be limits, too.
        let limit = unsafe { limit.assume_init() };
        store::<8>(thread.window(), place, limit.rlim_cur)?;
        store::<8>(thread.window(), place.wrapping_add(8), limit.rlim_max)?;
        result_int(thread, 0)
    }),
    // They are those of the host's process.
    ("setrlimit", |thread| fail(thread, libc::EPERM)),
    ("getpgrp", |thread| {
        // SAFETY: there are no conditions.
        result_int(thread, unsafe { libc::getpgrp() })
    }),
    ("getpgid", |thread| {
        // SAFETY: a plain number.
        let group = unsafe { libc::getpgid(int(thread, 0)) };
        give(thread, group.into())
    }),
    ("getsid", |thread| {
        // SAFETY: as above.
        let session = unsafe { libc::getsid(int(thread, 0)) };
        give(thread, session.into())
    }),
    ("sync", |_| {
        // SAFETY: there are no conditions.
        unsafe { libc::sync() };
        Ok(())
    }),
    ("syncfs", |thread| {
        // SAFETY: the file stays open during the call.
        with_file(thread, |file| unsafe { libc::syncfs(file) }.into())
    }),
    ("pathconf", |thread| {
        let path = c_text(thread.window(), word(thread, 0))?;
        clear_error();
        // SAFETY: the path is a string; the C library checks the number.
        let value = unsafe { libc::pathconf(path.as_ptr(), int(thread, 1)) };
        give_limit(thread, value)
    }),
    ("fpathconf", |thread| {
        let Some(file) = thread.process().files.get(int(thread, 0)) else {
            return fail(thread, libc::EBADF);
        };
        clear_error();
        // SAFETY: the file stays open during the call.
        let value = unsafe { libc::fpathconf(file.number(), int(thread, 1)) };
        give_limit(thread, value)
    }),
    ("confstr", |thread| {
        let (name, place, room) = (int(thread, 0), word(thread, 1), word(thread, 2));
        let mut text = [0_u8; 1024];
        // SAFETY: the buffer has the length that is passed; the C library checks the number.
        let length = unsafe { libc::confstr(name, text.as_mut_ptr().cast(), text.len()) };
        if length == 0 {
            copy_errno(thread);
            return result(thread, 0);
        }
        let part = (length.min(text.len()) as u64).min(room) as usize;
        if place != 0 && part > 0 {
            text[part - 1] = 0;
            write(thread.window(), place, &text[..part])?;
        }
        result(thread, length as u64)
    }),
    ("getloadavg", |thread| {
        let (place, count) = (word(thread, 0), int(thread, 1));
        let mut loads = [0.0; 3];
        // SAFETY: there is room for three.
        let known = unsafe { libc::getloadavg(loads.as_mut_ptr(), count.clamp(0, 3)) };
        for (index, load) in loads.iter().enumerate().take(known.max(0) as usize) {
            let place = place.wrapping_add(8 * index as u64);
            store::<8>(thread.window(), place, load.to_bits())?;
        }
        result_int(thread, known)
    }),
    ("get_nprocs", |thread| result_int(thread, 1)),
    ("get_nprocs_conf", |thread| result_int(thread, 1)),
    ("statvfs", |thread| {
        let mut status = MaybeUninit::<libc::statvfs>::zeroed();
        // SAFETY: the path is a string, and the place has room.
        with_path(thread, |path| unsafe {
            libc::statvfs(path.as_ptr(), status.as_mut_ptr())
        })?;
        // SAFETY: all zeros are such a status, too.
        store_file_system(thread, &unsafe { status.assume_init() })
    }),
    ("fstatvfs", |thread| {
        let mut status = MaybeUninit::<libc::statvfs>::zeroed();
        with_file(thread, |file| {
            // SAFETY: the file stays open during the call, and the place has room.
            unsafe { libc::fstatvfs(file, status.as_mut_ptr()) }.into()
        })?;
        // SAFETY: as above.
        store_file_system(thread, &unsafe { status.assume_init() })
    }),
    ("posix_fallocate", make_room),
    ("posix_fallocate64", make_room),
    ("fallocate", |thread| {
        let [mode, offset, length] = [1, 2, 3].map(|number| word(thread, number) as i64);
        with_file(thread, |file| {
            // SAFETY: the file stays open during the call, which checks the numbers.
            unsafe { libc::fallocate(file, mode as i32, offset, length) }.into()
        })
    }),
    ("posix_fadvise", advise),
    ("posix_fadvise64", advise),
    ("ctermid", |thread| {
        let name = b"/dev/tty\0";
        let place = match word(thread, 0) {
            0 => thread.lasting("ctermid", || name.to_vec()),
            place => {
                write(thread.window(), place, name)?;
                Some(place)
            }
        };
        result(thread, place.unwrap_or(0))
    }),
    ("ttyname_r", |thread| {
        let (place, room) = (word(thread, 1), word(thread, 2));
        match name_of_terminal(thread) {
            Ok(name) if name.len() as u64 > room => result_int(thread, libc::ERANGE),
            Ok(name) => {
                write(thread.window(), place, &name)?;
                result_int(thread, 0)
            }
            Err(error) => result_int(thread, error),
        }
    }),
    ("ttyname", |thread| {
        let name = name_of_terminal(thread);
        let place = thread.lasting("the name of a terminal", || vec![0; LONGEST_NAME]);
        match (place, name) {
            (Some(place), Ok(name)) => {
                write(thread.window(), place, &name)?;
                result(thread, place)
            }
            (_, name) => {
                set_errno(thread, name.err().unwrap_or(libc::ENOMEM));
                result(thread, 0)
            }
        }
    }),
    // The Vector Engine has the low byte first.
    ("htonl", swap_long),
    ("ntohl", swap_long),
    ("htons", swap_short),
    ("ntohs", swap_short),
];

/// Bytes that `getentropy` gives at most.
const MOST_ENTROPY: u64 = 256;
/// Bytes of the longest name of a terminal, with its end.
const LONGEST_NAME: usize = 256;

/// Fills a buffer with bytes that nobody can foresee.
fn randomise(bytes: &mut [u8]) -> Result<(), Failure> {
    let mut done = 0;
    while done < bytes.len() {
        let rest = &mut bytes[done..];
        // SAFETY: the buffer has the length that is passed.
        let count = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
        match usize::try_from(count) {
            Ok(count) => done += count,
            Err(_) => {
                let error = std::io::Error::last_os_error();
                if error.kind() != std::io::ErrorKind::Interrupted {
                    return Err(Failure::Why(format!(
                        "gets no random numbers of the system: {error}"
                    )));
                }
            }
        }
    }
    Ok(())
}

fn random() -> Result<u64, Failure> {
    let mut bytes = [0; 8];
    randomise(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn fill_at_random(thread: &Thread, place: u64, length: u64) -> Outcome {
    let mut buffer = vec![0; length.min(CHUNK) as usize];
    let mut done = 0;
    while done < length {
        let part = &mut buffer[..(length - done).min(CHUNK) as usize];
        randomise(part)?;
        write(thread.window(), place.wrapping_add(done), part)?;
        done += part.len() as u64;
        thread.poll()?;
    }
    Ok(())
}

fn swap_long(thread: &mut Thread) -> Outcome {
    let number = word(thread, 0) as u32;
    result(thread, number.swap_bytes().into())
}

fn swap_short(thread: &mut Thread) -> Outcome {
    let number = word(thread, 0) as u16;
    result(thread, number.swap_bytes().into())
}

/// Leaves a number that is negative where there is an error.
fn give(thread: &mut Thread, value: i64) -> Outcome {
    if value < 0 {
        copy_errno(thread);
    }
    result(thread, value as u64)
}

fn clear_error() {
    // SAFETY: the variable of this thread.
    unsafe { *libc::__errno_location() = 0 };
}

/// A limit is -1, without an error, where there is none.
fn give_limit(thread: &mut Thread, value: i64) -> Outcome {
    let error = std::io::Error::last_os_error().raw_os_error();
    if value < 0 && error != Some(0) {
        copy_errno(thread);
    }
    result(thread, value as u64)
}

/// Stores a `struct statvfs`, as it is on x86-64, where the second argument says, if the call before succeeded.
#[allow(clippy::unnecessary_cast, reason = "types of the host differ")]
fn store_file_system(thread: &mut Thread, status: &libc::statvfs) -> Outcome {
    if word(thread, 0) != 0 {
        return Ok(());
    }
    let place = word(thread, 1);
    let words = [
        status.f_bsize as u64,
        status.f_frsize as u64,
        status.f_blocks as u64,
        status.f_bfree as u64,
        status.f_bavail as u64,
        status.f_files as u64,
        status.f_ffree as u64,
        status.f_favail as u64,
        status.f_fsid as u64,
        status.f_flag as u64,
        status.f_namemax as u64,
        0,
        0,
        0,
    ];
    store_words(thread.window(), place, &words)
}

/// Makes sure that a file has room. The result is a number as in `errno`.
fn make_room(thread: &mut Thread) -> Outcome {
    let [offset, length] = [1, 2].map(|number| word(thread, number) as i64);
    let error = match thread.process().files.get(int(thread, 0)) {
        // SAFETY: the file stays open during the call, which checks the numbers.
        Some(file) => unsafe { libc::posix_fallocate(file.number(), offset, length) },
        None => libc::EBADF,
    };
    result_int(thread, error)
}

/// Advice about a file: it changes nothing but speed. The result is a number as in `errno`.
fn advise(thread: &mut Thread) -> Outcome {
    let [offset, length] = [1, 2].map(|number| word(thread, number) as i64);
    let error = match thread.process().files.get(int(thread, 0)) {
        // SAFETY: as above.
        Some(file) => unsafe { libc::posix_fadvise(file.number(), offset, length, int(thread, 3)) },
        None => libc::EBADF,
    };
    result_int(thread, error)
}

/// The name of the terminal that the first argument is the number of, with its end.
fn name_of_terminal(thread: &Thread) -> Result<Vec<u8>, i32> {
    let file = thread.process().files.get(int(thread, 0));
    let file = file.ok_or(libc::EBADF)?;
    let mut name = [0_u8; LONGEST_NAME];
    // SAFETY: the file stays open during the call, and the buffer has the length that is passed.
    match unsafe { libc::ttyname_r(file.number(), name.as_mut_ptr().cast(), name.len()) } {
        0 => {
            let end = name.iter().position(|byte| *byte == 0);
            Ok(name[..=end.unwrap_or(LONGEST_NAME - 1)].to_vec())
        }
        error => Err(error),
    }
}
