//! `unistd.h`, `fcntl.h`, `sys/stat.h` and their relatives: files by number and by name, facts about the system.
//!
//! Machine code may use the three standard files and those that it has opened itself.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::sync::Arc;

use super::call::{
    Outcome, Table, c_text, copy_errno, fail, give, int, read, result, result_int, set_errno,
    store, store_words, text, word, words, write,
};
use super::{heap, signals, syscall};
use crate::thread::Thread;

pub(super) const TABLE: Table = &[
    ("open", open),
    ("open64", open),
    ("__open_2", open),
    ("creat", |thread| {
        let flags = libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC;
        let words = [word(thread, 0), flags as u64, word(thread, 1), 0, 0, 0];
        give(thread, syscall::open(thread, words))
    }),
    ("close", |thread| {
        let closed = thread.process().files.close(int(thread, 0));
        give(thread, if closed { Ok(0) } else { Err(libc::EBADF) })
    }),
    ("read", |thread| {
        restarting(thread, |thread| syscall::read(thread, words(thread)))
    }),
    ("__read_chk", |thread| {
        restarting(thread, |thread| syscall::read(thread, words(thread)))
    }),
    ("readv", |thread| {
        restarting(thread, |thread| {
            syscall::each(thread, words(thread), syscall::read)
        })
    }),
    ("writev", |thread| {
        restarting(thread, |thread| {
            syscall::each(thread, words(thread), syscall::write)
        })
    }),
    ("write", |thread| {
        restarting(thread, |thread| syscall::write(thread, words(thread)))
    }),
    ("pread", |thread| at_offset(thread, true)),
    ("pread64", |thread| at_offset(thread, true)),
    ("pwrite", |thread| at_offset(thread, false)),
    ("pwrite64", |thread| at_offset(thread, false)),
    ("lseek", seek),
    ("lseek64", seek),
    ("truncate", |thread| {
        let length = word(thread, 1) as i64;
        // SAFETY: the path is a string.
        with_path(thread, |path| unsafe {
            libc::truncate(path.as_ptr(), length)
        })
    }),
    ("syscall", |thread| {
        let number = word(thread, 0) as u32;
        let arguments = std::array::from_fn(|index| word(thread, index + 1));
        let done = syscall::serve(thread, number, arguments)?;
        give(thread, done)
    }),
    ("mkdtemp", |thread| {
        let place = word(thread, 0);
        let mut name = c_text(thread.window(), place)?.into_bytes_with_nul();
        // SAFETY: the name ends with a 0; the C library changes letters in it.
        let made = unsafe { libc::mkdtemp(name.as_mut_ptr().cast()) };
        if made.is_null() {
            copy_errno(thread);
            return result(thread, 0);
        }
        write(thread.window(), place, &name)?;
        result(thread, place)
    }),
    ("fsync", |thread| {
        with_file(thread, |file| {
            // SAFETY: the file stays open during the call.
            unsafe { libc::fsync(file) }.into()
        })
    }),
    ("ftruncate", truncate),
    ("ftruncate64", truncate),
    ("isatty", |thread| {
        with_file(thread, |file| {
            // SAFETY: as above.
            let terminal = unsafe { libc::isatty(file) };
            if terminal == 1 { 1 } else { 0 }
        })
    }),
    ("access", |thread| {
        let mode = int(thread, 1);
        // SAFETY: the path is a string.
        with_path(thread, |path| unsafe { libc::access(path.as_ptr(), mode) })
    }),
    ("mkdir", |thread| {
        let mode = word(thread, 1) as libc::mode_t;
        // SAFETY: as above.
        with_path(thread, |path| unsafe { libc::mkdir(path.as_ptr(), mode) })
    }),
    ("rmdir", |thread| {
        // SAFETY: as above.
        with_path(thread, |path| unsafe { libc::rmdir(path.as_ptr()) })
    }),
    ("chmod", |thread| {
        let mode = word(thread, 1) as libc::mode_t;
        // SAFETY: as above.
        with_path(thread, |path| unsafe { libc::chmod(path.as_ptr(), mode) })
    }),
    ("stat", |thread| status(thread, 0, libc::stat)),
    ("stat64", |thread| status(thread, 0, libc::stat)),
    ("lstat", |thread| status(thread, 0, libc::lstat)),
    ("lstat64", |thread| status(thread, 0, libc::lstat)),
    ("fstat", |thread| status_of_open(thread, 0)),
    ("fstat64", |thread| status_of_open(thread, 0)),
    // As older C libraries have them, behind the number of a version.
    ("__xstat", |thread| status(thread, 1, libc::stat)),
    ("__xstat64", |thread| status(thread, 1, libc::stat)),
    ("__lxstat", |thread| status(thread, 1, libc::lstat)),
    ("__lxstat64", |thread| status(thread, 1, libc::lstat)),
    ("__fxstat", |thread| status_of_open(thread, 1)),
    ("__fxstat64", |thread| status_of_open(thread, 1)),
    ("mkstemp", |thread| temporary(thread, 0, 0)),
    ("mkstemp64", |thread| temporary(thread, 0, 0)),
    ("mkostemp", |thread| {
        let flags = int(thread, 1);
        temporary(thread, 0, flags)
    }),
    ("mkstemps", |thread| {
        let behind = int(thread, 1);
        temporary(thread, behind, 0)
    }),
    ("mkostemps", |thread| {
        let (behind, flags) = (int(thread, 1), int(thread, 2));
        temporary(thread, behind, flags)
    }),
    ("getcwd", |thread| {
        let directory = std::env::current_dir().unwrap_or_default();
        give_text(thread, directory.into_os_string().into_encoded_bytes())
    }),
    ("realpath", |thread| {
        let path = text(thread.window(), word(thread, 0))?;
        let path = String::from_utf8_lossy(&path).into_owned();
        match std::fs::canonicalize(path) {
            Ok(path) => {
                let mut bytes = path.into_os_string().into_encoded_bytes();
                bytes.push(0);
                let place = match word(thread, 1) {
                    0 => heap::allocate(thread, bytes.len() as u64),
                    place => place,
                };
                if place != 0 {
                    write(thread.window(), place, &bytes)?;
                }
                result(thread, place)
            }
            Err(error) => {
                set_errno(thread, error.raw_os_error().unwrap_or(libc::EIO));
                result(thread, 0)
            }
        }
    }),
    ("gethostname", |thread| {
        let (to, room) = (word(thread, 0), word(thread, 1));
        let mut name = system_names()[1].clone();
        name.push(0);
        if name.len() as u64 > room {
            return fail(thread, libc::ENAMETOOLONG);
        }
        write(thread.window(), to, &name)?;
        result_int(thread, 0)
    }),
    ("uname", |thread| {
        let place = word(thread, 0);
        for (index, name) in system_names().into_iter().enumerate() {
            let mut field = [0; NAME];
            field[..name.len().min(NAME - 1)].copy_from_slice(&name[..name.len().min(NAME - 1)]);
            write(
                thread.window(),
                place.wrapping_add((index * NAME) as u64),
                &field,
            )?;
        }
        result_int(thread, 0)
    }),
    ("getppid", |thread| {
        // SAFETY: there are no conditions.
        result_int(thread, unsafe { libc::getppid() })
    }),
    ("getuid", user),
    ("geteuid", user),
    ("getgid", group),
    ("getegid", group),
    ("getrusage", |thread| {
        let (who, place) = (int(thread, 0), word(thread, 1));
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: the place has room.
        if unsafe { libc::getrusage(who, usage.as_mut_ptr()) } != 0 {
            return fail(thread, libc::EINVAL);
        }
        // SAFETY: the call succeeded; all zeros would be valid, too.
        let usage = unsafe { usage.assume_init() };
        let numbers = [
            usage.ru_utime.tv_sec,
            usage.ru_utime.tv_usec,
            usage.ru_stime.tv_sec,
            usage.ru_stime.tv_usec,
            usage.ru_maxrss,
            0,
            0,
            0,
            usage.ru_minflt,
            usage.ru_majflt,
            0,
            usage.ru_inblock,
            usage.ru_oublock,
            0,
            0,
            0,
            usage.ru_nvcsw,
            usage.ru_nivcsw,
        ];
        for (index, number) in numbers.into_iter().enumerate() {
            store::<8>(
                thread.window(),
                place.wrapping_add(8 * index as u64),
                number as u64,
            )?;
        }
        result_int(thread, 0)
    }),
];

/// Does a call of the system, again and again where signals interrupt it whose handlers let it go on.
fn restarting(thread: &mut Thread, act: impl Fn(&Thread) -> Result<u64, i32>) -> Outcome {
    loop {
        match act(thread) {
            Err(libc::EINTR) if signals::restart(thread)? => {}
            done => return give(thread, done),
        }
    }
}

/// Bytes of each of the names in a `struct utsname`.
const NAME: usize = 65;

fn open(thread: &mut Thread) -> Outcome {
    let done = syscall::open(thread, words(thread));
    give(thread, done)
}

pub(super) fn with_file(thread: &mut Thread, act: impl FnOnce(i32) -> i64) -> Outcome {
    let Some(file) = thread.process().files.get(int(thread, 0)) else {
        return fail(thread, libc::EBADF);
    };
    let number = act(file.number());
    if number < 0 {
        copy_errno(thread);
    }
    result(thread, number as u64)
}

/// Makes a file whose name no other has, from a template with so many letters behind the ones that change.
fn temporary(thread: &mut Thread, behind: i32, flags: i32) -> Outcome {
    let place = word(thread, 0);
    let mut name = c_text(thread.window(), place)?.into_bytes_with_nul();
    if behind < 0 || behind as usize > name.len() {
        return fail(thread, libc::EINVAL);
    }
    let flags = flags & !libc::O_ACCMODE | libc::O_CLOEXEC;
    // SAFETY: the name ends with a 0; the C library changes letters in it, and checks that they are there.
    let file = unsafe { libc::mkostemps(name.as_mut_ptr().cast(), behind, flags) };
    if file < 0 {
        copy_errno(thread);
        return result_int(thread, -1);
    }
    // SAFETY: the call has just opened it, so nobody else owns it.
    let file = Arc::new(unsafe { OwnedFd::from_raw_fd(file) });
    let number = thread.add_file(file, 0);
    write(thread.window(), place, &name)?;
    result_int(thread, number)
}

fn seek(thread: &mut Thread) -> Outcome {
    let done = syscall::seek(thread, words(thread));
    give(thread, done)
}

fn truncate(thread: &mut Thread) -> Outcome {
    let length = word(thread, 1) as i64;
    with_file(thread, |file| {
        // SAFETY: as above.
        unsafe { libc::ftruncate(file, length) }.into()
    })
}

/// Reads or writes at a place in a file.
fn at_offset(thread: &mut Thread, reads: bool) -> Outcome {
    let [_, memory, length, offset, ..] = words(thread);
    let mut buffer = vec![0_u8; length.min(super::call::CHUNK) as usize];
    if !reads {
        read(thread.window(), memory, &mut buffer)?;
    }
    let mut done = 0;
    let bytes = &mut buffer;
    with_file(thread, |file| {
        // SAFETY: the buffer has the length that is passed, and the file stays open during the call.
        done = unsafe {
            if reads {
                libc::pread(file, bytes.as_mut_ptr().cast(), bytes.len(), offset as i64)
            } else {
                libc::pwrite(file, bytes.as_ptr().cast(), bytes.len(), offset as i64)
            }
        };
        done as i64
    })?;
    if reads && done > 0 {
        write(thread.window(), memory, &buffer[..done as usize])?;
    }
    Ok(())
}

pub(super) fn with_path(thread: &mut Thread, act: impl FnOnce(&CStr) -> i32) -> Outcome {
    let path = c_text(thread.window(), word(thread, 0))?;
    let done = act(&path);
    if done != 0 {
        copy_errno(thread);
    }
    result_int(thread, done)
}

/// A buffer for a text and its size are arguments; without a buffer it gets a block.
fn give_text(thread: &mut Thread, mut text: Vec<u8>) -> Outcome {
    let (mut to, room) = (word(thread, 0), word(thread, 1));
    text.push(0);
    if to == 0 {
        to = heap::allocate(thread, room.max(text.len() as u64));
        if to == 0 {
            return result(thread, 0);
        }
    } else if text.len() as u64 > room {
        set_errno(thread, libc::ERANGE);
        return result(thread, 0);
    }
    write(thread.window(), to, &text)?;
    result(thread, to)
}

type StatFunction = unsafe extern "C" fn(*const libc::c_char, *mut libc::stat) -> libc::c_int;

fn status(thread: &mut Thread, first: usize, how: StatFunction) -> Outcome {
    let path: CString = c_text(thread.window(), word(thread, first))?;
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the path is a string, and the place has room.
    if unsafe { how(path.as_ptr(), status.as_mut_ptr()) } != 0 {
        copy_errno(thread);
        return result_int(thread, -1);
    }
    // SAFETY: the call succeeded, so it has filled the place.
    store_status(thread, first + 1, &unsafe { status.assume_init() })
}

fn status_of_open(thread: &mut Thread, first: usize) -> Outcome {
    let Some(file) = thread.process().files.get(int(thread, first)) else {
        return fail(thread, libc::EBADF);
    };
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the file stays open during the call, and the place has room.
    if unsafe { libc::fstat(file.number(), status.as_mut_ptr()) } != 0 {
        copy_errno(thread);
        return result_int(thread, -1);
    }
    // SAFETY: the call succeeded, so it has filled the place.
    store_status(thread, first + 1, &unsafe { status.assume_init() })
}

fn store_status(thread: &mut Thread, number: usize, status: &libc::stat) -> Outcome {
    store_status_at(thread, word(thread, number), status)?;
    result_int(thread, 0)
}

/// Stores a `struct stat` as it is on the Vector Engine, which has it as x86-64.
#[allow(clippy::unnecessary_cast, reason = "types of the host differ")]
pub(super) fn store_status_at(thread: &Thread, place: u64, status: &libc::stat) -> Outcome {
    let words = [
        status.st_dev as u64,
        status.st_ino as u64,
        status.st_nlink as u64,
        u64::from(status.st_mode) | u64::from(status.st_uid) << 32,
        status.st_gid.into(),
        status.st_rdev as u64,
        status.st_size as u64,
        status.st_blksize as u64,
        status.st_blocks as u64,
        status.st_atime as u64,
        status.st_atime_nsec as u64,
        status.st_mtime as u64,
        status.st_mtime_nsec as u64,
        status.st_ctime as u64,
        status.st_ctime_nsec as u64,
        0,
        0,
        0,
    ];
    store_words(thread.window(), place, &words)
}

/// System, host, release, version, machine, domain. The machine is the Vector Engine.
fn system_names() -> [Vec<u8>; 6] {
    let mut names = MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: the place has room.
    unsafe { libc::uname(names.as_mut_ptr()) };
    // SAFETY: all zeros are names, too.
    let names = unsafe { names.assume_init() };
    let bytes = |field: &[libc::c_char]| -> Vec<u8> {
        let bytes = field.iter().map(|byte| *byte as u8);
        bytes.take_while(|byte| *byte != 0).collect()
    };
    [
        bytes(&names.sysname),
        bytes(&names.nodename),
        bytes(&names.release),
        bytes(&names.version),
        b"ve".to_vec(),
        Vec::new(),
    ]
}

fn user(thread: &mut Thread) -> Outcome {
    // SAFETY: there are no conditions.
    result(thread, unsafe { libc::getuid() }.into())
}

fn group(thread: &mut Thread) -> Outcome {
    // SAFETY: there are no conditions.
    result(thread, unsafe { libc::getgid() }.into())
}
