//! Streams of `stdio.h`: the C library's own, behind addresses that mean nothing to the host.
//!
//! The standard streams are those of this process, so that what machine code and the host's code print comes out in order.

use std::collections::HashMap;
use std::ffi::CStr;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

unsafe extern "C" {
    static stdin: *mut libc::FILE;
    static stdout: *mut libc::FILE;
    static stderr: *mut libc::FILE;
    fn __fpending(stream: *mut libc::FILE) -> usize;
}

/// An open stream. The C library locks it for each operation.
#[derive(Debug)]
pub(crate) struct Stream {
    file: NonNull<libc::FILE>,
    /// Whether it is closed when nobody uses it any more.
    owned: bool,
}

// SAFETY: the C library's functions on streams may be called from all threads; they lock the stream.
unsafe impl Send for Stream {}
// SAFETY: as above.
unsafe impl Sync for Stream {}

impl Stream {
    /// Opens a file.
    pub(crate) fn open(path: &CStr, mode: &CStr) -> Option<Self> {
        // SAFETY: both are strings; the C library copies what it keeps.
        let file = unsafe { libc::fopen(path.as_ptr(), mode.as_ptr()) };
        let file = NonNull::new(file)?;
        Some(Self { file, owned: true })
    }

    /// A file without a name that is gone when it is closed.
    pub(crate) fn temporary() -> Option<Self> {
        // SAFETY: there are no conditions.
        let file = NonNull::new(unsafe { libc::tmpfile() })?;
        Some(Self { file, owned: true })
    }

    /// A stream on an open file.
    pub(crate) fn on_descriptor(descriptor: i32, mode: &CStr) -> Option<Self> {
        // SAFETY: the mode is a string. The C library checks the descriptor.
        let file = unsafe { libc::fdopen(descriptor, mode.as_ptr()) };
        let file = NonNull::new(file)?;
        Some(Self { file, owned: true })
    }

    /// The C library's stream, valid for as long as this value.
    pub(crate) fn file(&self) -> *mut libc::FILE {
        self.file.as_ptr()
    }

    /// Writes bytes; the result is how many were.
    pub(crate) fn write(&self, bytes: &[u8]) -> usize {
        // SAFETY: the bytes are borrowed for as long as the call, and the stream is open.
        unsafe { libc::fwrite(bytes.as_ptr().cast(), 1, bytes.len(), self.file()) }
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

    /// The number of its open file.
    pub(crate) fn descriptor(&self) -> i32 {
        // SAFETY: the stream is open.
        unsafe { libc::fileno(self.file()) }
    }

    /// Whether output waits in its buffer. Unlike all else, this does not wait for a thread that reads from the stream.
    fn has_output(&self) -> bool {
        // SAFETY: the stream is open. The function looks at two pointers of it.
        unsafe { __fpending(self.file()) != 0 }
    }

    /// Hands buffered output to the system.
    pub(crate) fn flush(&self) -> bool {
        // SAFETY: the stream is open.
        unsafe { libc::fflush(self.file()) == 0 }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.owned {
            // SAFETY: this was the last owner of an open stream.
            unsafe { libc::fclose(self.file()) };
        }
    }
}

/// The streams of a machine, by the addresses that stand for them.
#[derive(Debug)]
pub(crate) struct Streams {
    table: Mutex<HashMap<u64, Arc<Stream>>>,
    standard: [u64; 3],
    /// Whether something was written to any of them since the last flush.
    written: AtomicBool,
}

impl Streams {
    pub(super) fn new(standard: [u64; 3]) -> Self {
        // SAFETY: the C library has set these before `main`; programs do not set them again.
        let files = unsafe { [stdin, stdout, stderr] };
        let mut table = HashMap::new();
        for (address, file) in standard.into_iter().zip(files) {
            if let Some(file) = NonNull::new(file) {
                table.insert(address, Arc::new(Stream { file, owned: false }));
            }
        }
        Self {
            table: Mutex::new(table),
            standard,
            written: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Stream>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The addresses that stand for standard input, output and error.
    pub(crate) fn standard(&self) -> [u64; 3] {
        self.standard
    }

    pub(crate) fn get(&self, address: u64) -> Option<Arc<Stream>> {
        self.lock().get(&address).cloned()
    }

    /// Puts a stream behind an address, in place of the one that was there.
    pub(crate) fn set(&self, address: u64, stream: Stream) {
        self.lock().insert(address, Arc::new(stream));
    }

    /// Takes the stream behind an address away. It closes with its last user.
    pub(crate) fn remove(&self, address: u64) -> Option<Arc<Stream>> {
        self.lock().remove(&address)
    }

    /// Notes that something was written.
    pub(crate) fn note_output(&self) {
        self.written.store(true, Ordering::Relaxed);
    }

    /// Hands all buffered output to the system, if there may be any.
    pub(crate) fn flush_output(&self) {
        // Looked at first, which is much cheaper: this comes after every call.
        if self.written.load(Ordering::Relaxed) && self.written.swap(false, Ordering::Relaxed) {
            let all: Vec<_> = self.lock().values().cloned().collect();
            for stream in all {
                // A thread may be waiting for input of another stream, and holds that meanwhile.
                if stream.has_output() {
                    stream.flush();
                }
            }
        }
    }
}
