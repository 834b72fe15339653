//! Numbers of files: copies, pipes, waiting for several; the working directory, and the mask for files that the program makes.

use std::os::fd::{FromRawFd as _, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::arrived;
use super::call::{
    Outcome, Table, copy_errno, fail, int, load, result, result_int, set_errno, store, timespec,
    word, write,
};
use super::locks;
use super::posix::{with_file, with_path};
use super::signals;
use crate::process::OpenFile;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("dup", |thread| duplicate(thread, 0)),
    ("dup2", |thread| {
        let flags = None;
        duplicate_to(thread, flags)
    }),
    ("dup3", |thread| {
        let flags = Some(int(thread, 2));
        duplicate_to(thread, flags)
    }),
    ("pipe", |thread| pipe(thread, 0)),
    ("pipe2", |thread| {
        let flags = int(thread, 1);
        pipe(thread, flags)
    }),
    ("fcntl", control),
    ("fcntl64", control),
    ("ioctl", control_device),
    ("poll", |thread| {
        let (list, count, limit) = (word(thread, 0), word(thread, 1), int(thread, 2));
        let limit = u64::try_from(limit).ok().map(Duration::from_millis);
        poll(thread, list, count, limit)
    }),
    ("select", |thread| {
        let limit = match word(thread, 4) {
            0 => None,
            place => {
                let seconds = load::<8>(thread.window(), place)?;
                let rest = load::<8>(thread.window(), place.wrapping_add(8))?;
                if seconds as i64 >= 0 && rest < 1_000_000 {
                    let limit = Duration::from_secs(seconds);
                    Some(limit.saturating_add(Duration::from_micros(rest)))
                } else {
                    return fail(thread, libc::EINVAL);
                }
            }
        };
        select(thread, limit)
    }),
    ("ppoll", |thread| {
        let (list, count, limit, set) = (
            word(thread, 0),
            word(thread, 1),
            word(thread, 2),
            word(thread, 3),
        );
        let Some(limit) = limit_at(thread, limit)? else {
            return fail(thread, libc::EINVAL);
        };
        signals::with_blocked(thread, set, |thread| poll(thread, list, count, limit))
    }),
    ("pselect", |thread| {
        let (limit, set) = (word(thread, 4), word(thread, 5));
        let Some(limit) = limit_at(thread, limit)? else {
            return fail(thread, libc::EINVAL);
        };
        signals::with_blocked(thread, set, |thread| select(thread, limit))
    }),
    // The directory and the mask are those of this process, as for native code.
    ("chdir", |thread| {
        // SAFETY: the path is a string.
        with_path(thread, |path| unsafe { libc::chdir(path.as_ptr()) })
    }),
    ("fchdir", |thread| {
        // SAFETY: the file stays open during the call.
        with_file(thread, |file| unsafe { libc::fchdir(file) }.into())
    }),
    ("umask", |thread| {
        let mask = word(thread, 0) as libc::mode_t;
        // SAFETY: there are no conditions.
        result(thread, unsafe { libc::umask(mask) }.into())
    }),
    ("fdatasync", |thread| {
        // SAFETY: the file stays open during the call.
        with_file(thread, |file| unsafe { libc::fdatasync(file) }.into())
    }),
];

/// Numbers of files are below this.
pub(super) fn most() -> i32 {
    // SAFETY: there are no conditions.
    let most = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) };
    i32::try_from(most).unwrap_or(i32::MAX)
}

/// Another number of an open file, for the program to use.
fn copy(thread: &Thread, number: i32) -> Result<Arc<OwnedFd>, i32> {
    let file = thread.process().files.get(number).ok_or(libc::EBADF)?;
    // Output that streams still hold belongs to the file that had the number until now.
    thread.flush_output();
    let copy = file.duplicate().map(Arc::new);
    copy.map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))
}

pub(super) fn duplicate(thread: &mut Thread, least: i32) -> Outcome {
    match copy(thread, int(thread, 0)) {
        Ok(file) => {
            let number = thread.add_file(file, least);
            result_int(thread, number)
        }
        Err(error) => fail(thread, error),
    }
}

/// Gives a file a number that the program chooses. With flags, as `dup3` does: no file is given its own number then.
fn duplicate_to(thread: &mut Thread, flags: Option<i32>) -> Outcome {
    let (old, new) = (int(thread, 0), int(thread, 1));
    if flags.is_some_and(|flags| flags & !libc::O_CLOEXEC != 0 || old == new) {
        return fail(thread, libc::EINVAL);
    }
    if !(0..most()).contains(&new) {
        return fail(thread, libc::EBADF);
    }
    let file = match copy(thread, old) {
        Ok(file) => file,
        Err(error) => return fail(thread, error),
    };
    if old != new {
        let stop = thread.stop_handle();
        thread.process().set_file(new, &file, &stop);
    }
    result_int(thread, new)
}

fn pipe(thread: &mut Thread, flags: i32) -> Outcome {
    let place = word(thread, 0);
    load::<8>(thread.window(), place)?;
    let mut ends = [0; 2];
    // SAFETY: the place has room for both.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), flags | libc::O_CLOEXEC) } != 0 {
        copy_errno(thread);
        return result_int(thread, -1);
    }
    for (index, end) in ends.into_iter().enumerate() {
        // SAFETY: the call has just opened it, so nobody else owns it.
        let number = thread.add_file(Arc::new(unsafe { OwnedFd::from_raw_fd(end) }), 0);
        let place = place.wrapping_add(4 * index as u64);
        store::<4>(thread.window(), place, number as u64)?;
    }
    result_int(thread, 0)
}

/// The time in a `struct timespec`, or no limit without one. Nothing, if it is none.
fn limit_at(thread: &Thread, place: u64) -> Result<Option<Option<Duration>>, Failure> {
    if place == 0 {
        return Ok(Some(None));
    }
    Ok(timespec(thread, place)?.map(Some))
}

/// The most files that are waited for at once.
const MOST_POLLED: u64 = 1 << 16;

/// How long a thread waits before it looks whether somebody asks it to stop.
const LOOK: Duration = Duration::from_millis(10);

/// Waits until one of these files can be used or the time is over. The result is how many can.
fn wait(
    thread: &Thread,
    list: &mut [libc::pollfd],
    limit: Option<Duration>,
) -> Result<i32, Failure> {
    thread.flush_output();
    let begin = Instant::now();
    loop {
        thread.poll()?;
        let left = limit.map(|limit| limit.saturating_sub(begin.elapsed()));
        let step = left.map_or(LOOK, |left| left.min(LOOK));
        // Rounded up, so that the time is over afterwards.
        let step = step.as_micros().div_ceil(1000) as i32;
        // SAFETY: the list has so many entries.
        let count = unsafe { libc::poll(list.as_mut_ptr(), list.len() as libc::nfds_t, step) };
        let interrupted = || std::io::Error::last_os_error().raw_os_error() == Some(libc::EINTR);
        if count > 0 || count < 0 && !interrupted() || left == Some(Duration::ZERO) {
            return Ok(count);
        }
        if arrived::has_come(thread)? {
            // SAFETY: the variable of this thread.
            unsafe { *libc::__errno_location() = libc::EINTR };
            return Ok(-1);
        }
    }
}

fn poll(thread: &mut Thread, list: u64, count: u64, limit: Option<Duration>) -> Outcome {
    if count > MOST_POLLED {
        return fail(thread, libc::EINVAL);
    }
    let place = |index: usize| list.wrapping_add(8 * index as u64);
    // They stay open meanwhile.
    let mut files: Vec<Option<OpenFile>> = Vec::new();
    let mut entries = Vec::new();
    let mut unknown = 0;
    for index in 0..count as usize {
        let number = load::<4>(thread.window(), place(index))? as i32;
        let events = load::<2>(thread.window(), place(index).wrapping_add(4))? as i16;
        let file = thread.process().files.get(number);
        unknown += i32::from(file.is_none() && number >= 0);
        entries.push(libc::pollfd {
            fd: file.as_ref().map_or(-1, OpenFile::number),
            events,
            revents: if file.is_none() && number >= 0 {
                libc::POLLNVAL
            } else {
                0
            },
        });
        files.push(file);
    }
    let unknown_events: Vec<_> = entries.iter().map(|entry| entry.revents).collect();
    let limit = if unknown > 0 {
        Some(Duration::ZERO)
    } else {
        limit
    };
    let ready = wait(thread, &mut entries, limit)?;
    if ready < 0 {
        copy_errno(thread);
        return result_int(thread, -1);
    }
    for (index, (entry, unknown)) in entries.iter().zip(unknown_events).enumerate() {
        let events = entry.revents | unknown;
        store::<2>(thread.window(), place(index).wrapping_add(6), events as u64)?;
    }
    result_int(thread, ready + unknown)
}

/// The sets of `select`: files that can be read, files that can be written, and those about which there is something else to tell.
const SETS: [(i16, i16); 3] = [
    (libc::POLLIN, libc::POLLIN | libc::POLLHUP | libc::POLLERR),
    (libc::POLLOUT, libc::POLLOUT | libc::POLLERR),
    (libc::POLLPRI, libc::POLLPRI),
];

/// The files in a set are below this.
const SET_SIZE: i32 = 1024;

fn select(thread: &mut Thread, limit: Option<Duration>) -> Outcome {
    let count = int(thread, 0);
    if !(0..=SET_SIZE).contains(&count) {
        return fail(thread, libc::EINVAL);
    }
    let places = [1, 2, 3].map(|number| word(thread, number));
    let words = (count as u64).div_ceil(64);
    // They stay open meanwhile.
    let mut files = Vec::new();
    let mut entries = Vec::new();
    for (place, (asked, _)) in places.into_iter().zip(SETS) {
        let mut list = vec![0; words as usize];
        if place != 0 {
            for (index, word) in list.iter_mut().enumerate() {
                *word = load::<8>(thread.window(), place.wrapping_add(8 * index as u64))?;
            }
        }
        for number in (0..count).filter(|number| is_in(&list, *number)) {
            let Some(file) = thread.process().files.get(number) else {
                set_errno(thread, libc::EBADF);
                return result_int(thread, -1);
            };
            entries.push(libc::pollfd {
                fd: file.number(),
                events: asked,
                revents: 0,
            });
            files.push((place, number, file));
        }
    }
    if wait(thread, &mut entries, limit)? < 0 {
        copy_errno(thread);
        return result_int(thread, -1);
    }
    let mut total = 0;
    for (place, (_, found)) in places.into_iter().zip(SETS) {
        if place == 0 {
            continue;
        }
        let mut list = vec![0_u64; words as usize];
        for ((_, number, _), entry) in files
            .iter()
            .zip(&entries)
            .filter(|(file, _)| file.0 == place)
        {
            if entry.revents & found != 0 {
                list[*number as usize / 64] |= 1 << (number % 64);
                total += 1;
            }
        }
        for (index, word) in list.into_iter().enumerate() {
            store::<8>(thread.window(), place.wrapping_add(8 * index as u64), word)?;
        }
    }
    result_int(thread, total)
}

fn is_in(set: &[u64], number: i32) -> bool {
    set[number as usize / 64] >> (number % 64) & 1 != 0
}

/// `fcntl`, for requests that concern the file alone.
fn control(thread: &mut Thread) -> Outcome {
    let (what, value) = (int(thread, 1), int(thread, 2));
    match what {
        libc::F_DUPFD | libc::F_DUPFD_CLOEXEC if (0..most()).contains(&value) => {
            duplicate(thread, value)
        }
        libc::F_GETFD | libc::F_GETFL | libc::F_SETFL => with_file(thread, |file| {
            // SAFETY: as above.
            unsafe { libc::fcntl(file, what, value) }.into()
        }),
        libc::F_GETLK | libc::F_SETLK | libc::F_SETLKW => locks::lock(thread, what),
        libc::F_OFD_GETLK | libc::F_OFD_SETLK | libc::F_OFD_SETLKW => locks::lock(thread, what),
        // Files are closed in child processes of the host, whatever the program wants.
        libc::F_SETFD => with_file(thread, |_| 0),
        _ => fail(thread, libc::EINVAL),
    }
}

/// Asks how much can be read and how large a terminal is. The sizes of other requests' data are not known.
fn control_device(thread: &mut Thread) -> Outcome {
    let Some(file) = thread.process().files.get(int(thread, 0)) else {
        return fail(thread, libc::EBADF);
    };
    let request = word(thread, 1);
    let size = match request {
        libc::FIONREAD => 4,
        libc::TIOCGWINSZ => size_of::<libc::winsize>(),
        _ => return fail(thread, libc::ENOTTY),
    };
    let mut answer = [0_u64];
    // SAFETY: the file stays open during the call, which writes at most these 8 bytes: an `int` or a `struct winsize`.
    if unsafe { libc::ioctl(file.number(), request, answer.as_mut_ptr()) } < 0 {
        copy_errno(thread);
        return result_int(thread, -1);
    }
    write(
        thread.window(),
        word(thread, 2),
        &answer[0].to_ne_bytes()[..size],
    )?;
    result_int(thread, 0)
}
