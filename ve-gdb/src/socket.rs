//! The file that clients find: a Unix socket for its owner alone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::mem::{MaybeUninit, offset_of};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// How many clients may wait to be served.
const WAITING: libc::c_int = 8;

/// How often and how long this waits for another program that makes a socket in the same directory.
const TRIES: usize = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// The permissions of the file.
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
        let _turn = turn(path);
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
        let listener = bound.and_then(listen).map_err(|error| {
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

/// Takes turns with other programs that make sockets in the directory, until the result is dropped: one that is made already and not
/// listened at yet looks as if it was left behind. Nothing where there are no turns to take, or somebody does not end his.
fn turn(path: &Path) -> Option<File> {
    let parent = path.parent()?;
    let parent = match parent.as_os_str().is_empty() {
        true => Path::new("."),
        false => parent,
    };
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_DIRECTORY);
    let directory = options.open(parent).ok()?;
    for _ in 0..TRIES {
        match directory.try_lock() {
            Ok(()) => return Some(directory),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(_)) => return None,
        }
    }
    None
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Whether no program listens at this socket any more. This connects to it. A program that listens ignores a connection that sends nothing.
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

fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

/// The standard library's has no way to say whose the file is before it is there.
fn bind((address, length): &(libc::sockaddr_un, libc::socklen_t)) -> io::Result<OwnedFd> {
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
    Ok(socket)
}

fn listen(socket: OwnedFd) -> io::Result<UnixListener> {
    // SAFETY: a descriptor and a number.
    checked(unsafe { libc::listen(socket.as_raw_fd(), WAITING) })?;
    Ok(UnixListener::from(socket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_is_about_to_be_listened_at_is_not_left_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gdb");
        let turn = turn(&path).expect("a turn");
        let bound = bind(&address(&path).unwrap()).unwrap();
        let file = identity(&path);
        thread::scope(|scope| {
            let other = scope.spawn(|| Socket::listen(&path));
            // Long enough that it would have taken the file away.
            thread::sleep(Duration::from_millis(100));
            let listener = listen(bound).unwrap();
            drop(turn);
            let why = other.join().unwrap().unwrap_err();
            assert!(why.contains("it exists"), "{why}");
            assert_eq!(identity(&path), file);
            drop(listener);
        });
        // Now it is.
        let (socket, _listener) = Socket::listen(&path).unwrap();
        assert_eq!(socket.file, identity(&path));
    }
}
