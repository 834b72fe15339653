//! MPI's own functions, made safe: those of communicators, and those that tell about MPI itself. An operation that MPI
//! does on its own time is a `Flight` (`flight`). Nothing else here calls MPI, but for `plain`, which does so by these.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::NonNull;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use mpi::ffi;

use crate::error::{Error, Result};

/// The type of sent values, for MPI. It lives as long as MPI.
#[derive(Clone, Copy)]
pub(super) struct DataType {
    raw: ffi::MPI_Datatype,
    size: usize,
}

impl DataType {
    /// # Safety
    ///
    /// The type is committed, lives as long as MPI, and a value has `size` bytes without gaps.
    pub(super) unsafe fn new(raw: ffi::MPI_Datatype, size: usize) -> DataType {
        DataType { raw, size }
    }

    pub(super) fn raw(self) -> ffi::MPI_Datatype {
        self.raw
    }

    /// The size of a value in bytes.
    pub(super) fn size(self) -> usize {
        self.size
    }

    /// Bytes, whatever they are.
    pub(super) fn bytes() -> DataType {
        // SAFETY: a constant that MPI's library defines.
        let raw = unsafe { ffi::RSMPI_UINT8_T };
        DataType { raw, size: 1 }
    }
}

/// The status that MPI gives of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope {
    pub(super) source: i32,
    pub(super) tag: i32,
    /// Its length in bytes.
    pub(super) size: usize,
}

/// A communicator of MPI, by its handle.
#[derive(Clone, Copy)]
pub(super) struct RawComm(ffi::MPI_Comm);

/// A place in `MPI_Message`, of a message that nobody else can receive.
pub(super) struct Found {
    pub(super) message: ffi::MPI_Message,
    pub(super) envelope: Envelope,
}

pub(super) fn status() -> ffi::MPI_Status {
    // SAFETY: a structure of integers, for all of which zero is a value.
    unsafe { std::mem::zeroed() }
}

/// Whether MPI can be called: it has begun and has not ended.
pub(super) fn is_running() -> bool {
    let (mut begun, mut ended) = (0, 0);
    // SAFETY: both may be called at any time; the places are valid.
    unsafe {
        ffi::MPI_Initialized(&raw mut begun);
        ffi::MPI_Finalized(&raw mut ended);
    }
    begun != 0 && ended == 0
}

static FORKED: AtomicBool = AtomicBool::new(false);

/// Has [`is_forked`] notice child processes that are forked from now on.
pub(super) fn watch_forks() {
    extern "C" fn in_child() {
        FORKED.store(true, Ordering::Relaxed);
    }
    static ONCE: Once = Once::new();
    // SAFETY: the function takes nothing, does not unwind, stores to a static, and is part of the program as long as that lives.
    ONCE.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(in_child));
    });
}

/// Whether this process was forked by the one that has begun MPI, whose memory it would damage.
pub(super) fn is_forked() -> bool {
    FORKED.load(Ordering::Relaxed)
}

/// The thread level that MPI was begun with allows this thread to call it if no other does.
pub(super) fn allows_this_thread() -> bool {
    let (mut level, mut is_main) = (0, 0);
    // SAFETY: MPI runs, as the callers have asked; the places are valid.
    unsafe {
        ffi::MPI_Query_thread(&raw mut level);
        ffi::MPI_Is_thread_main(&raw mut is_main);
        level >= ffi::RSMPI_THREAD_SERIALIZED || is_main != 0
    }
}

/// The name and version of the MPI library.
pub(super) fn library_version() -> String {
    let mut text = vec![0u8; 16 << 10];
    let mut len = 0;
    // SAFETY: no MPI says more than a few hundred bytes (its limit is below 8 KiB).
    unsafe { ffi::MPI_Get_library_version(text.as_mut_ptr().cast::<c_char>(), &raw mut len) };
    text.truncate(usize::try_from(len).unwrap_or(0));
    String::from_utf8_lossy(&text)
        .trim_end_matches('\0')
        .trim()
        .to_owned()
}

/// MPI's failure in words.
pub(super) fn check(code: c_int, what: &str) -> Result<()> {
    if code == ffi::MPI_SUCCESS as c_int {
        return Ok(());
    }
    let mut text = vec![0u8; 8 << 10];
    let mut len = 0;
    // SAFETY: the text has more room than MPI_MAX_ERROR_STRING of any MPI.
    unsafe { ffi::MPI_Error_string(code, text.as_mut_ptr().cast::<c_char>(), &raw mut len) };
    let text = CStr::from_bytes_until_nul(&text).unwrap_or_default();
    Err(Error::Mpi {
        what: what.to_owned(),
        reason: text.to_string_lossy().into_owned(),
    })
}

/// Reduces values of a type with others, which the results take the place of: those of `from` are the first operands.
///
/// # Safety
///
/// The operation takes values of the type. Both places have `size` bytes, which nobody else uses meanwhile and which do not overlap.
pub(super) unsafe fn reduce_local(
    from: NonNull<u8>,
    to: NonNull<u8>,
    size: usize,
    ty: DataType,
    operation: ffi::MPI_Op,
) -> Result<()> {
    // No part of a message that ranks reduce is longer.
    let values = c_int::try_from(size / ty.size).unwrap_or(0);
    let (from, to) = (from.as_ptr().cast(), to.as_ptr().cast());
    // SAFETY: as the caller vouches.
    let code = unsafe { ffi::MPI_Reduce_local(from, to, values, ty.raw, operation) };
    check(code, "a reduction")
}

impl RawComm {
    /// # Safety
    ///
    /// It is the handle of a communicator, and is not used after its end.
    pub(super) unsafe fn new(raw: ffi::MPI_Comm) -> RawComm {
        RawComm(raw)
    }

    /// Its handle.
    pub(super) fn raw(self) -> ffi::MPI_Comm {
        self.0
    }

    /// Has MPI return errors of the communicator.
    pub(super) fn let_errors_return(self) -> Result<()> {
        // SAFETY: the communicator is valid, the handler is MPI's own.
        let code = unsafe { ffi::MPI_Comm_set_errhandler(self.0, ffi::RSMPI_ERRORS_RETURN) };
        check(code, "setting a communicator's error handler")
    }

    /// Runs `body` while errors of the communicator return.
    pub(super) fn with_errors_returned<R>(self, body: impl FnOnce() -> Result<R>) -> Result<R> {
        struct Restore(RawComm, ffi::MPI_Errhandler);
        impl Drop for Restore {
            fn drop(&mut self) {
                // SAFETY: the communicator is valid, the handler was its own and is freed once.
                unsafe {
                    ffi::MPI_Comm_set_errhandler(self.0.0, self.1);
                    ffi::MPI_Errhandler_free(&raw mut self.1);
                }
            }
        }
        // SAFETY: MPI's own handler, as a value to start with.
        let mut before = unsafe { ffi::RSMPI_ERRORS_RETURN };
        // SAFETY: the communicator is valid, the place is.
        let code = unsafe { ffi::MPI_Comm_get_errhandler(self.0, &raw mut before) };
        check(code, "asking for a communicator's error handler")?;
        let _restore = Restore(self, before);
        self.let_errors_return()?;
        body()
    }

    /// Gives a duplicate back. All ranks take part.
    pub(super) fn free(mut self) {
        // SAFETY: the handle is a duplicate of ours; the owner gives it up.
        unsafe { ffi::MPI_Comm_free(&raw mut self.0) };
    }

    /// Rank and size.
    pub(super) fn place(self) -> Result<(i32, i32)> {
        let (mut rank, mut size, mut between) = (0, 0, 0);
        // SAFETY: the communicator is valid, the places are.
        let code = unsafe {
            ffi::MPI_Comm_rank(self.0, &raw mut rank);
            ffi::MPI_Comm_size(self.0, &raw mut size);
            ffi::MPI_Comm_test_inter(self.0, &raw mut between)
        };
        check(code, "asking for a communicator's size")?;
        if between != 0 {
            return Err(Error::Mpi {
                what: "using a communicator".into(),
                reason: "it connects two groups, and messages of VE memory need one".into(),
            });
        }
        Ok((rank, size))
    }

    /// The largest tag.
    pub(super) fn largest_tag(self) -> i32 {
        let mut value: *mut c_int = std::ptr::null_mut();
        let mut found = 0;
        // SAFETY: the communicator is valid; the attribute's value is a pointer to an int.
        let code = unsafe {
            ffi::MPI_Comm_get_attr(
                self.0,
                ffi::MPI_TAG_UB as c_int,
                (&raw mut value).cast(),
                &raw mut found,
            )
        };
        // Every MPI has at least this.
        let least = 32767;
        if code != ffi::MPI_SUCCESS as c_int || found == 0 || value.is_null() {
            return least;
        }
        // SAFETY: it was found, and points to an int that lives as long as MPI.
        unsafe { value.read() }.max(least)
    }

    /// Takes a message out that has come, if there is one. `None` stands for any.
    pub(super) fn find(self, source: Option<i32>, tag: Option<i32>) -> Result<Option<Found>> {
        // SAFETY: constants that MPI's library defines.
        let (source, tag, none) = unsafe {
            (
                source.unwrap_or(ffi::RSMPI_ANY_SOURCE),
                tag.unwrap_or(ffi::RSMPI_ANY_TAG),
                ffi::RSMPI_MESSAGE_NULL,
            )
        };
        let (mut message, mut found, mut status) = (none, 0, status());
        // SAFETY: the communicator is valid, the places are.
        let code = unsafe {
            ffi::MPI_Improbe(
                source,
                tag,
                self.0,
                &raw mut found,
                &raw mut message,
                &raw mut status,
            )
        };
        check(code, "looking for a message")?;
        if found == 0 {
            return Ok(None);
        }
        let envelope = envelope(&status)?;
        Ok(Some(Found { message, envelope }))
    }
}

pub(super) fn envelope(status: &ffi::MPI_Status) -> Result<Envelope> {
    let mut size = 0;
    // SAFETY: the status is that of a message; the place is valid.
    let code = unsafe { ffi::MPI_Get_elements_x(status, DataType::bytes().raw(), &raw mut size) };
    check(code, "asking for the length of a message")?;
    Ok(Envelope {
        source: status.MPI_SOURCE,
        tag: status.MPI_TAG,
        // Undefined is negative.
        size: usize::try_from(size).unwrap_or(0),
    })
}
