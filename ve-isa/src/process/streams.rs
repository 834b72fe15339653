//! Streams of `stdio.h`: the C library's own, behind addresses that mean nothing to the host.
//!
//! Standard output and error are those of this process, so that what machine code and the host's code print comes out in order.
//! Machine code reads standard input through a stream of its own, which all machines of the process share.

use std::collections::HashMap;
use std::ffi::CStr;
use std::marker::PhantomData;
use std::ops::Deref;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::memory_file::MemoryFile;
use super::opening;
use super::stream_file::StreamFile;
use crate::interp::StopHandle;

unsafe extern "C" {
    static stdout: *mut libc::FILE;
    static stderr: *mut libc::FILE;
    fn __fpending(stream: *mut libc::FILE) -> usize;
    fn __fbufsize(stream: *mut libc::FILE) -> usize;
    fn __flbf(stream: *mut libc::FILE) -> libc::c_int;
    fn ftrylockfile(stream: *mut libc::FILE) -> libc::c_int;
    fn funlockfile(stream: *mut libc::FILE);
}

/// An open stream. The C library locks it for each operation.
#[derive(Debug)]
pub(crate) struct CStream {
    file: NonNull<libc::FILE>,
    stream_file: Arc<StreamFile>,
    /// The number by which machine code knows its file, or -1.
    number: AtomicI32,
    /// Whether it is one of the process itself, which stays open and does not ask `stream_file`.
    is_own: bool,
}

// SAFETY: the C library's functions on streams may be called from all threads; they lock the stream.
unsafe impl Send for CStream {}
// SAFETY: as above.
unsafe impl Sync for CStream {}

/// How often a thread that wants a stream tries at once, then how long it waits before it tries again.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(1);

/// How long the flush of all streams waits for one that a thread uses. That may wait itself, for input.
const PATIENCE: Duration = Duration::from_millis(20);

impl CStream {
    /// Opens a file. Nothing, too, if the thread is asked to stop before the other end of a FIFO is open.
    pub(crate) fn open(path: &CStr, mode: &CStr, stop: &StopHandle) -> Option<Self> {
        let Some(mode) = StreamMode::of(mode) else {
            set_error(&invalid());
            return None;
        };
        let flags = mode.flags | libc::O_CLOEXEC;
        let file = opening::open(path, flags, 0o666, || stop.is_to_stop());
        let file = file.inspect_err(set_error).ok()?;
        mode.go_to_end(&file);
        Self::over(StreamFile::owned(Arc::new(file)), mode.plain)
    }

    /// A file without a name that is gone when it is closed.
    pub(crate) fn temporary() -> Option<Self> {
        // SAFETY: there are no conditions.
        let file = NonNull::new(unsafe { libc::tmpfile() })?;
        // SAFETY: the stream is open.
        let copy = copy_of(unsafe { libc::fileno(file.as_ptr()) });
        let error = std::io::Error::last_os_error();
        // SAFETY: nobody else knows of the stream, and it is not used again.
        unsafe { libc::fclose(file.as_ptr()) };
        let Some(copy) = copy else {
            set_error(&error);
            return None;
        };
        Self::over(StreamFile::owned(Arc::new(copy)), c"w+")
    }

    /// A stream on a file in memory.
    pub(crate) fn on_memory(memory: MemoryFile, mode: &CStr) -> Option<Self> {
        let Some(mode) = StreamMode::of(mode) else {
            set_error(&invalid());
            return None;
        };
        Self::over(StreamFile::memory(Arc::new(memory)), mode.plain)
    }

    /// The file in memory that it is on, if it is one.
    pub(crate) fn memory(&self) -> Option<Arc<MemoryFile>> {
        self.stream_file.in_memory()
    }

    /// A stream on an open file. No other number of the file is opened and closed for that: locks would go.
    pub(crate) fn on_file(file: &Arc<OwnedFd>, mode: &CStr) -> Option<Self> {
        let number = file.as_raw_fd();
        // SAFETY: plain numbers.
        let now = unsafe { libc::fcntl(number, libc::F_GETFL) };
        let is_for = |mode: &StreamMode| {
            let wanted = mode.flags & libc::O_ACCMODE;
            now >= 0 && [libc::O_RDWR, wanted].contains(&(now & libc::O_ACCMODE))
        };
        let Some(mode) = StreamMode::of(mode).filter(is_for) else {
            set_error(&invalid());
            return None;
        };
        if mode.flags & !now & libc::O_APPEND != 0 {
            // SAFETY: plain numbers.
            unsafe { libc::fcntl(number, libc::F_SETFL, now | libc::O_APPEND) };
            mode.go_to_end(file);
        }
        Self::over(StreamFile::owned(file.clone()), mode.plain)
    }

    /// A stream on a copy of a file that it does not close.
    pub(crate) fn on_copy(file: i32, mode: &CStr) -> Option<Self> {
        Self::on_file(&Arc::new(copy_of(file)?), mode)
    }

    fn over(stream_file: Arc<StreamFile>, mode: &CStr) -> Option<Self> {
        let file = stream_file.open(mode)?;
        let is_own = false;
        Some(Self {
            file,
            stream_file,
            number: AtomicI32::new(-1),
            is_own,
        })
    }

    /// The standard input of this process, for all machines.
    fn input() -> Option<Arc<Self>> {
        static INPUT: OnceLock<Option<Arc<CStream>>> = OnceLock::new();
        let make = || {
            let stream = Self::over(StreamFile::lasting(libc::STDIN_FILENO), c"r")?;
            stream.set_number(libc::STDIN_FILENO);
            Some(Arc::new(stream))
        };
        INPUT.get_or_init(make).clone()
    }

    /// Lets no other thread use the stream, once none does. Nothing, if this one is asked to stop before.
    pub(crate) fn hold(self: Arc<Self>, stop: &StopHandle) -> Option<HeldStream> {
        let mut tries = 0;
        while !self.lock_if_free() {
            if stop.is_to_stop() {
                return None;
            }
            pause(&mut tries);
        }
        Some(self.held(stop))
    }

    /// The calling thread has the lock.
    fn held(self: Arc<Self>, stop: &StopHandle) -> HeldStream {
        let before = self.stream_file.set_stop(Some(stop.clone()));
        HeldStream {
            stream: self,
            before,
            of_this_thread: PhantomData,
        }
    }

    /// The result says whether this thread has the lock now.
    fn lock_if_free(&self) -> bool {
        // SAFETY: the stream is open.
        unsafe { ftrylockfile(self.file()) == 0 }
    }

    /// Gives up what `lock_if_free` has taken.
    fn unlock(&self) {
        // SAFETY: the stream is open, and this thread has its lock.
        unsafe { funlockfile(self.file()) }
    }

    /// The C library's stream, valid for as long as this value.
    pub(crate) fn file(&self) -> *mut libc::FILE {
        self.file.as_ptr()
    }

    /// Writes bytes; the result is how many were.
    pub(crate) fn write(&self, bytes: &[u8]) -> usize {
        if !self.is_own || !self.stream_file.may_wait() {
            return self.hand_over(bytes);
        }
        // The C library would wait in the system. A pipe that has room for something has room for so many bytes.
        const MOST: usize = libc::PIPE_BUF;
        let mut done = 0;
        while done < bytes.len() {
            let waiting = self.waiting();
            if waiting >= MOST && !self.flush() {
                break;
            }
            let room = MOST - if waiting < MOST { waiting } else { 0 };
            let part = &bytes[done..bytes.len().min(done + room)];
            if self.is_handed_on(part) && !self.stream_file.wait(libc::POLLOUT) {
                break;
            }
            let written = self.hand_over(part);
            done += written;
            if written < part.len() {
                break;
            }
        }
        done
    }

    fn hand_over(&self, bytes: &[u8]) -> usize {
        // SAFETY: the bytes are borrowed for as long as the call, and the stream is open.
        unsafe { libc::fwrite(bytes.as_ptr().cast(), 1, bytes.len(), self.file()) }
    }

    /// Whether the C library may hand something to the system when it is given these bytes.
    fn is_handed_on(&self, bytes: &[u8]) -> bool {
        // SAFETY: the stream is open. The functions look at fields of it.
        let (room, by_line) = unsafe { (__fbufsize(self.file()), __flbf(self.file()) != 0) };
        by_line && bytes.contains(&b'\n') || self.waiting() + bytes.len() >= room
    }

    /// Reads bytes; the result is how many were.
    pub(crate) fn read(&self, bytes: &mut [u8]) -> usize {
        // SAFETY: the buffer is borrowed for as long as the call, and the stream is open.
        unsafe { libc::fread(bytes.as_mut_ptr().cast(), 1, bytes.len(), self.file()) }
    }

    /// Reads one byte.
    pub(crate) fn get(&self) -> Option<u8> {
        // SAFETY: the stream is open.
        u8::try_from(unsafe { libc::fgetc(self.file()) }).ok()
    }

    /// Makes a byte the next one to be read.
    pub(crate) fn unget(&self, byte: u8) -> bool {
        // SAFETY: the stream is open.
        unsafe { libc::ungetc(byte.into(), self.file()) >= 0 }
    }

    /// Moves to a place in the file; `from` is as for `fseek`.
    pub(crate) fn seek(&self, offset: i64, from: i32) -> bool {
        // SAFETY: the stream is open; the C library checks the numbers.
        unsafe { libc::fseeko(self.file(), offset, from) == 0 }
    }

    /// The place in the file, or a negative number.
    pub(crate) fn tell(&self) -> i64 {
        // SAFETY: the stream is open.
        unsafe { libc::ftello(self.file()) }
    }

    /// Whether the end was met, and whether an error was.
    pub(crate) fn state(&self) -> (bool, bool) {
        // SAFETY: the stream is open.
        unsafe { (libc::feof(self.file()) != 0, libc::ferror(self.file()) != 0) }
    }

    /// Forgets what [`state`](Self::state) tells.
    pub(crate) fn clear(&self) {
        // SAFETY: the stream is open.
        unsafe { libc::clearerr(self.file()) }
    }

    /// Sets how it is buffered, in a buffer of the C library's own.
    pub(crate) fn buffer(&self, mode: i32, size: usize) -> bool {
        // SAFETY: the stream is open; a null pointer makes the C library allocate the buffer itself.
        unsafe { libc::setvbuf(self.file(), std::ptr::null_mut(), mode, size) == 0 }
    }

    /// The number by which machine code knows its file, or -1.
    pub(crate) fn number(&self) -> i32 {
        self.number.load(Ordering::Relaxed)
    }

    /// Says by which number machine code knows its file.
    pub(crate) fn set_number(&self, number: i32) {
        self.number.store(number, Ordering::Relaxed);
    }

    /// Hands buffered output to the system, unless another thread uses the stream for long. The result says whether it was done.
    fn flush_if_free(self: Arc<Self>, stop: &StopHandle) -> bool {
        let (begin, mut tries) = (Instant::now(), 0);
        while !self.lock_if_free() {
            if begin.elapsed() > PATIENCE {
                return false;
            }
            pause(&mut tries);
        }
        self.held(stop).flush() || !stop.is_to_stop()
    }

    /// The file behind it, unless that is one of the process's own.
    pub(crate) fn file_behind(&self) -> Option<Arc<OwnedFd>> {
        self.stream_file.file()
    }

    /// Whether output waits in its buffer. Unlike all else, this does not wait for a thread that reads from the stream.
    fn has_output(&self) -> bool {
        self.waiting() != 0
    }

    /// How many bytes wait in its buffer to be written.
    fn waiting(&self) -> usize {
        // SAFETY: the stream is open. The function looks at two pointers of it.
        unsafe { __fpending(self.file()) }
    }

    /// Hands buffered output to the system.
    pub(crate) fn flush(&self) -> bool {
        let may_wait = self.is_own && self.stream_file.may_wait() && self.has_output();
        if may_wait && !self.stream_file.wait(libc::POLLOUT) {
            return false;
        }
        // SAFETY: the stream is open.
        unsafe { libc::fflush(self.file()) == 0 }
    }
}

/// Another number for an open file.
fn copy_of(file: i32) -> Option<OwnedFd> {
    // SAFETY: plain numbers.
    let copy = unsafe { libc::fcntl(file, libc::F_DUPFD_CLOEXEC, 3) };
    // SAFETY: the call has just opened it, so nobody else owns it.
    (copy >= 0).then(|| unsafe { OwnedFd::from_raw_fd(copy) })
}

fn set_error(error: &std::io::Error) {
    // SAFETY: the variable of this thread.
    unsafe { *libc::__errno_location() = error.raw_os_error().unwrap_or(libc::EIO) };
}

fn invalid() -> std::io::Error {
    std::io::Error::from_raw_os_error(libc::EINVAL)
}

/// The mode of `fopen`, read.
struct StreamMode {
    /// How the file is opened.
    flags: libc::c_int,
    /// How the stream is used.
    plain: &'static CStr,
}

impl StreamMode {
    /// Nothing, if it is no mode.
    fn of(mode: &CStr) -> Option<Self> {
        let letters = mode.to_bytes();
        let is_both = letters.contains(&b'+');
        let (alone, mut flags) = match letters.first()? {
            b'r' => (libc::O_RDONLY, 0),
            b'w' => (libc::O_WRONLY, libc::O_CREAT | libc::O_TRUNC),
            b'a' => (libc::O_WRONLY, libc::O_CREAT | libc::O_APPEND),
            _ => return None,
        };
        flags |= if is_both { libc::O_RDWR } else { alone };
        if letters.contains(&b'x') {
            flags |= libc::O_EXCL;
        }
        let plain = plain(mode);
        Some(Self { flags, plain })
    }

    /// A stream that only appends begins at the end of its file.
    fn go_to_end(&self, file: &OwnedFd) {
        if self.plain == c"a" {
            // SAFETY: plain numbers. A file without an end, such as a pipe, stays as it is.
            unsafe { libc::lseek(file.as_raw_fd(), 0, libc::SEEK_END) };
        }
    }
}

/// The part of a mode that says how the stream is used. All else was done when it was opened.
fn plain(mode: &CStr) -> &'static CStr {
    let mode = mode.to_bytes();
    match (mode.first(), mode.contains(&b'+')) {
        (Some(b'w'), false) => c"w",
        (Some(b'w'), true) => c"w+",
        (Some(b'a'), false) => c"a",
        (Some(b'a'), true) => c"a+",
        (_, false) => c"r",
        (_, true) => c"r+",
    }
}

/// Waits a little before the next try, at first not at all.
fn pause(tries: &mut u32) {
    *tries += 1;
    if *tries < TRIES {
        std::thread::yield_now();
    } else {
        std::thread::sleep(PAUSE);
    }
}

/// A stream that no other thread uses. If the thread that has it is asked to stop, its wait ends with an error.
#[derive(Debug)]
pub(crate) struct HeldStream {
    stream: Arc<CStream>,
    before: Option<StopHandle>,
    /// The lock belongs to a thread.
    of_this_thread: PhantomData<*const ()>,
}

impl Deref for HeldStream {
    type Target = CStream;

    fn deref(&self) -> &CStream {
        &self.stream
    }
}

impl Drop for HeldStream {
    fn drop(&mut self) {
        self.stream.stream_file.set_stop(self.before.take());
        self.stream.unlock();
    }
}

impl Drop for CStream {
    fn drop(&mut self) {
        if !self.is_own {
            // SAFETY: this was the last owner of an open stream.
            unsafe { libc::fclose(self.file()) };
        }
    }
}

/// The streams of a machine, by the addresses that stand for them.
#[derive(Debug)]
pub(crate) struct Streams {
    table: Mutex<HashMap<u64, Arc<CStream>>>,
    standard: [u64; 3],
    /// Whether something was written to any of them since the last flush.
    written: AtomicBool,
}

impl Streams {
    pub(super) fn new(standard: [u64; 3]) -> Self {
        // SAFETY: the C library has set these before `main`; programs do not set them again.
        let own = unsafe { [stdout, stderr] };
        let [output, error] = [(1, own[0]), (2, own[1])].map(|(number, file)| {
            let file = NonNull::new(file)?;
            // SAFETY: it is open.
            let stream_file = StreamFile::lasting(unsafe { libc::fileno(file.as_ptr()) });
            Some(Arc::new(CStream {
                file,
                stream_file,
                number: AtomicI32::new(number),
                is_own: true,
            }))
        });
        let all = standard.into_iter().zip([CStream::input(), output, error]);
        let table = all.filter_map(|(address, stream)| Some((address, stream?)));
        let table = table.collect();
        Self {
            table: Mutex::new(table),
            standard,
            written: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<CStream>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The addresses that stand for standard input, output and error.
    pub(crate) fn standard(&self) -> [u64; 3] {
        self.standard
    }

    pub(crate) fn get(&self, address: u64) -> Option<Arc<CStream>> {
        self.lock().get(&address).cloned()
    }

    /// Puts a stream behind an address, in place of the one that was there.
    pub(crate) fn set(&self, address: u64, stream: CStream) {
        self.lock().insert(address, Arc::new(stream));
    }

    /// Puts another file behind the streams that have the one with this number: `dup2` has replaced it.
    pub(super) fn redirect(&self, number: i32, file: &Arc<OwnedFd>, stop: &StopHandle) {
        let all: Vec<_> = {
            let table = self.lock();
            table.iter().map(|(at, it)| (*at, it.clone())).collect()
        };
        for (address, stream) in all {
            if stream.number() != number {
                continue;
            }
            if stream.file_behind().is_some() {
                stream.stream_file.replace(file.clone());
                continue;
            }
            // The process's own stays as it is. Its pending output was printed before.
            if stream.has_output() {
                stream.flush_if_free(stop);
            }
            let mode = if number == 0 { c"r" } else { c"w" };
            if let Some(new) = CStream::over(StreamFile::owned(file.clone()), mode) {
                new.set_number(number);
                if number == libc::STDERR_FILENO {
                    new.buffer(libc::_IONBF, 0);
                }
                self.set(address, new);
            }
        }
    }

    /// Takes the stream behind an address away. It closes with its last user.
    pub(crate) fn remove(&self, address: u64) -> Option<Arc<CStream>> {
        self.lock().remove(&address)
    }

    /// Notes that something was written.
    pub(crate) fn note_output(&self) {
        self.written.store(true, Ordering::Relaxed);
    }

    /// Hands all buffered output to the system, if there may be any.
    pub(crate) fn flush_output(&self, stop: &StopHandle) {
        // Looked at first, which is much cheaper: this comes after every call.
        if self.written.load(Ordering::Relaxed) && self.written.swap(false, Ordering::Relaxed) {
            let all: Vec<_> = self.lock().values().cloned().collect();
            for stream in all {
                if stream.has_output() && !stream.flush_if_free(stop) {
                    self.note_output();
                }
            }
        }
    }
}
