//! Why a call failed: an error number for C and a message for people.

use std::cell::RefCell;
use std::fmt::Display;
use std::io;

/// A failure on its way to the caller.
#[derive(Debug)]
pub(crate) struct Error {
    pub(crate) errno: i32,
    pub(crate) text: String,
}

/// A result whose failure has a message.
pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(errno: i32, text: impl Into<String>) -> Error {
        Error {
            errno,
            text: text.into(),
        }
    }

    /// An argument that is not valid.
    pub(crate) fn invalid(text: impl Into<String>) -> Error {
        Error::new(libc::EINVAL, text)
    }

    /// A failed system call, with its purpose.
    pub(crate) fn io(what: impl Display, error: &io::Error) -> Error {
        Error::new(
            error.raw_os_error().unwrap_or(libc::EIO),
            format!("{what}: {error}"),
        )
    }
}

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Leaves a failure for the C caller: `errno` and the thread's last message.
pub(crate) fn leave(error: Error) {
    crate::log::debug!("{}", error.text);
    let _ = LAST.try_with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            *last = error.text;
        }
    });
    // SAFETY: the address of errno is valid on every thread.
    unsafe { *libc::__errno_location() = error.errno };
}

/// The message of this thread's last failure, empty if there is none.
pub(crate) fn last() -> String {
    LAST.try_with(|last| last.borrow().clone())
        .unwrap_or_default()
}
