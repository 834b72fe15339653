//! The files behind streams: functions that the C library calls to read, write and move in them.
//!
//! The C library would wait in the system with files of its own. It would not notice there that the thread is asked to stop.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

use super::files::{is_pipe, is_plain, wait_for};
use super::memory_file::MemoryFile;
use crate::interp::StopHandle;

/// The file behind a stream, which `dup2` can replace by another.
#[derive(Debug)]
pub(super) struct StreamFile {
    file: Mutex<Arc<BehindFile>>,
    /// The handle that asks the thread that uses the stream to stop.
    stop: Mutex<Option<StopHandle>>,
}

/// A file behind a stream.
#[derive(Debug)]
struct BehindFile {
    number: c_int,
    is_pipe: bool,
    /// Whether a write to it may have to wait.
    may_wait: bool,
    /// Nothing for a file that stays open.
    owned: Option<Arc<OwnedFd>>,
    /// Where it is no file of the system.
    memory: Option<Arc<MemoryFile>>,
}

impl BehindFile {
    fn new(number: c_int, owned: Option<Arc<OwnedFd>>) -> Arc<Self> {
        Arc::new(Self {
            number,
            is_pipe: is_pipe(number),
            may_wait: !is_plain(number),
            owned,
            memory: None,
        })
    }
}

/// The functions of a stream, which the C library takes as one argument.
#[repr(C)]
struct Functions {
    read: unsafe extern "C" fn(*mut c_void, *mut c_char, usize) -> isize,
    write: unsafe extern "C" fn(*mut c_void, *const c_char, usize) -> isize,
    seek: unsafe extern "C" fn(*mut c_void, *mut i64, c_int) -> c_int,
    close: unsafe extern "C" fn(*mut c_void) -> c_int,
}

unsafe extern "C" {
    fn fopencookie(
        cookie: *mut c_void,
        mode: *const c_char,
        functions: Functions,
    ) -> *mut libc::FILE;
}

impl StreamFile {
    /// A file that is closed with its last user.
    pub(super) fn owned(file: Arc<OwnedFd>) -> Arc<Self> {
        Self::new(file.as_raw_fd(), Some(file))
    }

    /// A file of the process that stays open.
    pub(super) fn lasting(number: c_int) -> Arc<Self> {
        Self::new(number, None)
    }

    fn new(number: c_int, owned: Option<Arc<OwnedFd>>) -> Arc<Self> {
        Arc::new(Self {
            file: Mutex::new(BehindFile::new(number, owned)),
            stop: Mutex::default(),
        })
    }

    /// A file in memory.
    pub(super) fn memory(memory: Arc<MemoryFile>) -> Arc<Self> {
        let file = BehindFile {
            number: -1,
            is_pipe: false,
            may_wait: false,
            owned: None,
            memory: Some(memory),
        };
        Arc::new(Self {
            file: Mutex::new(Arc::new(file)),
            stop: Mutex::default(),
        })
    }

    /// The file in memory, if it is one.
    pub(super) fn in_memory(&self) -> Option<Arc<MemoryFile>> {
        self.now().memory.clone()
    }

    fn now(&self) -> Arc<BehindFile> {
        let place = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        place.clone()
    }

    /// Puts another file behind the stream.
    pub(super) fn replace(&self, file: Arc<OwnedFd>) {
        let new = BehindFile::new(file.as_raw_fd(), Some(file));
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// Whether a write to it may have to wait.
    pub(super) fn may_wait(&self) -> bool {
        self.now().may_wait
    }

    /// The file, unless it is one that stays open.
    pub(super) fn file(&self) -> Option<Arc<OwnedFd>> {
        self.now().owned.clone()
    }

    /// Says who may ask the thread to stop that uses the stream from now on; the result is who could before.
    pub(super) fn set_stop(&self, stop: Option<StopHandle>) -> Option<StopHandle> {
        let mut place = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut place, stop)
    }

    /// Opens a stream on it. `mode` is `r`, `w` or `a`, and `+` perhaps.
    pub(super) fn open(self: &Arc<Self>, mode: &CStr) -> Option<NonNull<libc::FILE>> {
        let cookie = Arc::into_raw(self.clone());
        let functions = Functions {
            read,
            write,
            seek,
            close,
        };
        // SAFETY: the functions have the types of `cookie_io_functions_t`, and the cookie is what they take; `close`, which comes last,
        // gives it back.
        let file = unsafe { fopencookie(cookie.cast_mut().cast(), mode.as_ptr(), functions) };
        if file.is_null() {
            // SAFETY: it came from `into_raw`, and nobody has taken it.
            drop(unsafe { Arc::from_raw(cookie) });
        }
        NonNull::new(file)
    }

    /// Waits until it can be used; `false` where the thread is asked to stop.
    pub(super) fn wait(&self, events: i16) -> bool {
        self.wait_for(&self.now(), events)
    }

    fn wait_for(&self, file: &BehindFile, events: i16) -> bool {
        let place = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        let stop = place.clone();
        drop(place);
        let ready = wait_for(file.number, events, || {
            stop.as_ref().is_some_and(StopHandle::is_to_stop)
        });
        if !ready {
            // SAFETY: the variable of this thread.
            unsafe { *libc::__errno_location() = libc::EINTR };
        }
        ready
    }
}

/// The file that a cookie stands for.
///
/// # Safety
/// The cookie is of `StreamFile::open`, and `close` has not taken it for as long as the result is used.
unsafe fn behind<'a>(cookie: *mut c_void) -> &'a StreamFile {
    // SAFETY: `open` has made it of an `Arc` that is given up by `close`.
    unsafe { &*cookie.cast() }
}

unsafe extern "C" fn read(cookie: *mut c_void, to: *mut c_char, room: usize) -> isize {
    // SAFETY: the C library closes the stream after this.
    let behind = unsafe { behind(cookie) };
    let file = behind.now();
    if let Some(memory) = &file.memory {
        // SAFETY: the C library passes a place with so much room, which nobody else uses. All bytes are valid: they are zeros at first.
        let to = unsafe {
            to.write_bytes(0, room);
            std::slice::from_raw_parts_mut(to.cast(), room)
        };
        return memory.read(to) as isize;
    }
    if !behind.wait_for(&file, libc::POLLIN) {
        return -1;
    }
    // SAFETY: the C library passes a place with so much room.
    unsafe { libc::read(file.number, to.cast(), room) }
}

/// The result is how many bytes were written, of an error 0.
unsafe extern "C" fn write(cookie: *mut c_void, from: *const c_char, length: usize) -> isize {
    // SAFETY: as in `read`.
    let behind = unsafe { behind(cookie) };
    let file = behind.now();
    if let Some(memory) = &file.memory {
        // SAFETY: the C library passes so many bytes, which nobody writes meanwhile.
        let from = unsafe { std::slice::from_raw_parts(from.cast(), length) };
        let done = memory.write(from);
        if done < length {
            // SAFETY: the variable of this thread.
            unsafe { *libc::__errno_location() = libc::ENOSPC };
        }
        return done as isize;
    }
    // A pipe that has room for something has room for so many bytes.
    let most = if file.is_pipe { libc::PIPE_BUF } else { length };
    let mut done = 0;
    while done < length && behind.wait_for(&file, libc::POLLOUT) {
        let part = (length - done).min(most);
        // SAFETY: the C library passes `length` bytes, of which `done` are fewer.
        let written = unsafe { libc::write(file.number, from.add(done).cast(), part) };
        match usize::try_from(written) {
            Ok(written) if written > 0 => done += written,
            _ => break,
        }
    }
    done as isize
}

unsafe extern "C" fn seek(cookie: *mut c_void, offset: *mut i64, from: c_int) -> c_int {
    // SAFETY: as in `read`; the C library passes a place with the offset, which takes the new one.
    unsafe {
        let file = behind(cookie).now();
        let place = match &file.memory {
            Some(memory) => memory.seek(*offset, from).unwrap_or_else(|| {
                *libc::__errno_location() = libc::EINVAL;
                -1
            }),
            None => libc::lseek(file.number, *offset, from),
        };
        if place < 0 {
            return -1;
        }
        *offset = place;
    }
    0
}

unsafe extern "C" fn close(cookie: *mut c_void) -> c_int {
    // SAFETY: `open` has made it of an `Arc`, and the C library calls this once, at last.
    drop(unsafe { Arc::from_raw(cookie.cast::<StreamFile>()) });
    0
}
