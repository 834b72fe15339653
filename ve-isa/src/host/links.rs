//! Functions for the names of files: links, owners, times; names for files that are to come.

use std::ffi::CStr;

use super::call::{
    Outcome, Table, c_text, copy_errno, load, result, result_int, text, word, write,
};
use super::posix::{with_file, with_path};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("link", |thread| {
        // SAFETY: both are strings.
        with_two(thread, |from, to| unsafe {
            libc::link(from.as_ptr(), to.as_ptr())
        })
    }),
    ("symlink", |thread| {
        // SAFETY: as above.
        with_two(thread, |from, to| unsafe {
            libc::symlink(from.as_ptr(), to.as_ptr())
        })
    }),
    ("readlink", |thread| {
        let path = c_text(thread.window(), word(thread, 0))?;
        let (to, room) = (word(thread, 1), word(thread, 2));
        let mut target = vec![0_u8; room.min(libc::PATH_MAX as u64) as usize];
        // SAFETY: the path is a string, and the buffer has the length that is passed.
        let length =
            unsafe { libc::readlink(path.as_ptr(), target.as_mut_ptr().cast(), target.len()) };
        let Ok(length) = usize::try_from(length) else {
            copy_errno(thread);
            return result_int(thread, -1);
        };
        write(thread.window(), to, &target[..length])?;
        result(thread, length as u64)
    }),
    ("fchmod", |thread| {
        let mode = word(thread, 1) as libc::mode_t;
        with_file(thread, |file| {
            // SAFETY: the file stays open during the call.
            unsafe { libc::fchmod(file, mode) }.into()
        })
    }),
    ("chown", |thread| {
        let [user, group] = owners(thread, 1);
        // SAFETY: the path is a string.
        with_path(thread, |path| unsafe {
            libc::chown(path.as_ptr(), user, group)
        })
    }),
    ("lchown", |thread| {
        let [user, group] = owners(thread, 1);
        // SAFETY: as above.
        with_path(thread, |path| unsafe {
            libc::lchown(path.as_ptr(), user, group)
        })
    }),
    ("fchown", |thread| {
        let [user, group] = owners(thread, 1);
        with_file(thread, |file| {
            // SAFETY: the file stays open during the call.
            unsafe { libc::fchown(file, user, group) }.into()
        })
    }),
    ("utime", |thread| {
        let place = word(thread, 1);
        let times = times(thread, place, 8, |seconds| (seconds, 0))?;
        set_times(thread, times)
    }),
    ("utimes", |thread| {
        let place = word(thread, 1);
        let times = times_with_fractions(thread, place, 1000)?;
        set_times(thread, times)
    }),
    ("lutimes", |thread| {
        let place = word(thread, 1);
        let times = times_with_fractions(thread, place, 1000)?;
        // SAFETY: the path is a string, and there are two times or none.
        with_path(thread, |path| unsafe {
            let flags = libc::AT_SYMLINK_NOFOLLOW;
            libc::utimensat(libc::AT_FDCWD, path.as_ptr(), pointer(&times), flags)
        })
    }),
    ("futimes", |thread| {
        let place = word(thread, 1);
        let times = times_with_fractions(thread, place, 1000)?;
        with_file(thread, |file| {
            // SAFETY: the file stays open during the call, and there are two times or none.
            unsafe { libc::futimens(file, pointer(&times)) }.into()
        })
    }),
    ("futimens", |thread| {
        let place = word(thread, 1);
        let times = times_with_fractions(thread, place, 1)?;
        with_file(thread, |file| {
            // SAFETY: the file stays open during the call, and there are two times or none.
            unsafe { libc::futimens(file, pointer(&times)) }.into()
        })
    }),
    ("tmpnam", |thread| {
        let place = match word(thread, 0) {
            0 => thread.private().start + TEMPORARY_NAME,
            place => place,
        };
        give_name(thread, place, b"/tmp/fileXXXXXX\0".to_vec())
    }),
    ("tmpnam_r", |thread| match word(thread, 0) {
        0 => result(thread, 0),
        place => give_name(thread, place, b"/tmp/fileXXXXXX\0".to_vec()),
    }),
    ("mktemp", |thread| {
        let place = word(thread, 0);
        let mut template = text(thread.window(), place)?;
        if !template.ends_with(b"XXXXXX") {
            super::call::set_errno(thread, libc::EINVAL);
            write(thread.window(), place, b"\0")?;
            return result(thread, place);
        }
        template.push(0);
        give_name(thread, place, template)
    }),
];

/// Where the thread's own memory has the last name of `tmpnam`.
const TEMPORARY_NAME: u64 = 512;

/// User and group, of the argument with this number and the one behind it.
pub(super) fn owners(thread: &Thread, first: usize) -> [u32; 2] {
    [first, first + 1].map(|number| word(thread, number) as u32)
}

fn with_two(thread: &mut Thread, act: impl FnOnce(&CStr, &CStr) -> i32) -> Outcome {
    let second = c_text(thread.window(), word(thread, 1))?;
    with_path(thread, |first| act(first, &second))
}

pub(super) type FileTimes = Option<[libc::timespec; 2]>;

/// Two times of `size` bytes each, or none, which stands for now.
fn times(
    thread: &Thread,
    place: u64,
    size: u64,
    parts: impl Fn(i64) -> (i64, i64),
) -> Result<FileTimes, Failure> {
    if place == 0 {
        return Ok(None);
    }
    let mut times = [libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    }; 2];
    for (index, time) in times.iter_mut().enumerate() {
        let at = place.wrapping_add(size * index as u64);
        let (seconds, nanoseconds) = parts(load::<8>(thread.window(), at)? as i64);
        time.tv_sec = seconds;
        time.tv_nsec = nanoseconds;
    }
    Ok(Some(times))
}

/// Two times of seconds and a fraction in units of so many nanoseconds.
pub(super) fn times_with_fractions(
    thread: &Thread,
    place: u64,
    unit: i64,
) -> Result<FileTimes, Failure> {
    let seconds = times(thread, place, 16, |seconds| (seconds, 0))?;
    let fractions = times(
        thread,
        if place == 0 { 0 } else { place.wrapping_add(8) },
        16,
        |fraction| (0, fraction.saturating_mul(unit)),
    )?;
    Ok(seconds.zip(fractions).map(|(seconds, fractions)| {
        [0, 1].map(|index| libc::timespec {
            tv_nsec: fractions[index].tv_nsec,
            ..seconds[index]
        })
    }))
}

pub(super) fn pointer(times: &FileTimes) -> *const libc::timespec {
    times
        .as_ref()
        .map_or(std::ptr::null(), |times| times.as_ptr())
}

fn set_times(thread: &mut Thread, times: FileTimes) -> Outcome {
    // SAFETY: the path is a string, and there are two times or none.
    with_path(thread, |path| unsafe {
        libc::utimensat(libc::AT_FDCWD, path.as_ptr(), pointer(&times), 0)
    })
}

/// Makes a name that no file has of a template that ends with `XXXXXX` and a 0, and stores it.
fn give_name(thread: &mut Thread, place: u64, template: Vec<u8>) -> Outcome {
    let mut name = template;
    let letters = name.len() - 7..name.len() - 1;
    // Letters of a number that grows with each name, of all machines in this process.
    static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    for _ in 0..libc::TMP_MAX {
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut rest = number ^ u64::from(std::process::id()) << 16;
        for letter in &mut name[letters.clone()] {
            *letter = b"abcdefghijklmnopqrstuvwxyz012345"[(rest % 32) as usize];
            rest /= 32;
        }
        let path = CStr::from_bytes_until_nul(&name).unwrap_or_default();
        // SAFETY: the path is a string.
        if unsafe { libc::access(path.as_ptr(), libc::F_OK) } != 0 {
            write(thread.window(), place, &name)?;
            return result(thread, place);
        }
    }
    super::call::set_errno(thread, libc::EEXIST);
    result(thread, 0)
}
