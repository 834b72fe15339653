//! The file that clients find: a Unix socket for its owner alone.

use std::fs;
use std::io;
use std::mem::{MaybeUninit, offset_of};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// How many clients may wait to be served.
const WAITING: libc::c_int = 8;

/// Who may use the file.
const MODE: libc::mode_t = 0o600;

/// A socket that is listened at.
#[derive(Debug)]
pub(crate) struct Socket {
    path: PathBuf,
    /// Which file it is, by device and number.
    file: Option<(u64, u64)>,
}

impl Socket {
    /// Makes the file and listens at it. One that a program has left behind gives way. The error says what to do.
    pub(crate) fn listen(path: &Path) -> Result<(Self, UnixListener), String> {
        let refused = |why: String| {
            format!(
                "a debugger cannot be waited for at {}: {why}",
                path.display()
            )
        };
        let address = address(path).map_err(refused)?;
        let mut bound = bind(&address);
        if let Err(error) = &bound
            && error.raw_os_error() == Some(libc::EADDRINUSE)
        {
            if !is_left_behind(path) {
                return Err(refused(
                    "it exists; name another path, or remove it if nobody needs it".into(),
                ));
            }
            bound = fs::remove_file(path).and_then(|()| bind(&address));
        }
        let listener = bound.map_err(|error| {
            refused(format!(
                "{error}; name a path in a directory that can be written"
            ))
        })?;
        let socket = Self {
            path: path.to_owned(),
            file: identity(path),
        };
        Ok((socket, listener))
    }

    /// Takes the file away, unless another one is in its place.
    pub(crate) fn remove(&self) {
        if self.file.is_some() && identity(&self.path) == self.file {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Whether nobody listens at this socket any more.
fn is_left_behind(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    is_socket
        && UnixStream::connect(path)
            .is_err_and(|error| error.raw_os_error() == Some(libc::ECONNREFUSED))
}

fn address(path: &Path) -> Result<(libc::sockaddr_un, libc::socklen_t), String> {
    // SAFETY: zeros are a valid value of this structure of numbers.
    let mut address: libc::sockaddr_un = unsafe { MaybeUninit::zeroed().assume_init() };
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    let bytes = path.as_os_str().as_bytes();
    // A 0 is behind it.
    let most = address.sun_path.len() - 1;
    if bytes.is_empty() || bytes.contains(&0) {
        return Err("it is no path of a file".into());
    }
    if bytes.len() > most {
        return Err(format!(
            "it has {} bytes, and the path of a socket at most {most}; name a shorter one",
            bytes.len()
        ));
    }
    for (to, byte) in address.sun_path.iter_mut().zip(bytes) {
        *to = *byte as libc::c_char;
    }
    let length = offset_of!(libc::sockaddr_un, sun_path) + bytes.len() + 1;
    Ok((address, length as libc::socklen_t))
}

/// The standard library's has no way to say whose the file is before it is there.
fn bind((address, length): &(libc::sockaddr_un, libc::socklen_t)) -> io::Result<UnixListener> {
    let checked = |result: libc::c_int| {
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(result)
    };
    // SAFETY: plain numbers.
    let number =
        checked(unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) })?;
    // SAFETY: it was opened just now, and belongs to nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    // The mode of an unbound socket is that of the file that it becomes.
    // SAFETY: a descriptor and a number.
    checked(unsafe { libc::fchmod(socket.as_raw_fd(), MODE) })?;
    let address = std::ptr::from_ref(address).cast();
    // SAFETY: the address is a valid structure of at least this length.
    checked(unsafe { libc::bind(socket.as_raw_fd(), address, *length) })?;
    // SAFETY: a descriptor and a number.
    checked(unsafe { libc::listen(socket.as_raw_fd(), WAITING) })?;
    Ok(UnixListener::from(socket))
}
