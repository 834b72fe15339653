//! Paths that suit a backend: short enough for libveo, text for the emulated node.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use veo_abi::limits::MAX_NAME;

/// A path that suits a backend. Another one is reached through this program's
/// descriptor of its directory, so that the library has its neighbours beside it; that holds
/// until this is dropped.
#[derive(Debug)]
pub(crate) struct Shortened {
    path: PathBuf,
    _directory: Option<File>,
}

impl Shortened {
    pub(crate) fn new(path: &Path) -> io::Result<Shortened> {
        if path.as_os_str().len() <= MAX_NAME {
            return Ok(Shortened {
                path: path.to_owned(),
                _directory: None,
            });
        }
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidFilename.into());
        };
        let directory = File::open(directory)?;
        let short = descriptor(&directory)?.join(name);
        if short.as_os_str().len() > MAX_NAME {
            return Err(io::Error::new(
                io::ErrorKind::InvalidFilename,
                format!("the file's own name has {} bytes; rename it", name.len()),
            ));
        }
        Ok(Shortened {
            path: short,
            _directory: Some(directory),
        })
    }

    /// Reaches a path that is not UTF-8 by one that is. A library whose own name is not UTF-8 has no neighbours there.
    pub(crate) fn in_utf8(path: &Path) -> io::Result<Shortened> {
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidFilename.into());
        };
        let is_text = name.to_str().is_some();
        let opened = File::open(if is_text { directory } else { path })?;
        let place = descriptor(&opened)?;
        Ok(Shortened {
            path: if is_text { place.join(name) } else { place },
            _directory: Some(opened),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// A path of this program's open directory that other processes of the user can follow.
#[cfg(target_os = "linux")]
#[allow(clippy::unnecessary_wraps)]
fn descriptor(directory: &File) -> io::Result<PathBuf> {
    use std::os::fd::AsRawFd;
    let (process, number) = (std::process::id(), directory.as_raw_fd());
    Ok(PathBuf::from(format!("/proc/{process}/fd/{number}")))
}

#[cfg(not(target_os = "linux"))]
fn descriptor(_: &File) -> io::Result<PathBuf> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_is_reached_by_a_short_one() {
        let root = tempfile::tempdir().unwrap();
        let mut deep = root.path().to_owned();
        for _ in 0..6 {
            deep.push("d".repeat(60));
        }
        std::fs::create_dir_all(&deep).unwrap();
        let file = deep.join("libx.so");
        std::fs::write(&file, b"content").unwrap();
        std::fs::write(deep.join("liby.so"), b"neighbour").unwrap();
        let short = Shortened::new(&file).unwrap();
        assert!(short.path().as_os_str().len() <= MAX_NAME);
        assert_eq!(std::fs::read(short.path()).unwrap(), b"content");
        let neighbour = short.path().with_file_name("liby.so");
        assert_eq!(std::fs::read(&neighbour).unwrap(), b"neighbour");
        drop(short);
        assert!(!neighbour.exists());
    }

    #[test]
    fn a_path_that_is_no_text_is_reached_by_one_that_is() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let root = tempfile::tempdir().unwrap();
        let odd = OsStr::from_bytes(b"d\xff");
        let directory = root.path().join(odd);
        std::fs::create_dir(&directory).unwrap();
        for name in [OsStr::new("libx.so"), odd] {
            let file = directory.join(name);
            std::fs::write(&file, b"content").unwrap();
            let short = Shortened::in_utf8(&file).unwrap();
            assert!(short.path().to_str().is_some());
            assert_eq!(std::fs::read(short.path()).unwrap(), b"content");
        }
    }

    #[test]
    fn a_name_that_cannot_be_shortened_is_told() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("n".repeat(250));
        let error = Shortened::new(&file).unwrap_err().to_string();
        assert!(error.contains("250 bytes"), "{error}");
    }
}
