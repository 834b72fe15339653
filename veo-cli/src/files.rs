//! Files that commands read whole. A file that never ends is an error and does not fill the
//! memory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::failure::CommandFailure;

/// The largest source that is read, in MiB.
const MOST_MIB: u64 = 64;

/// Reads a text that people or programs have written, from a file or a pipe.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let most = MOST_MIB << 20;
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let why = format!("it is longer than {MOST_MIB} MiB");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

/// Reads a file with a known length: no device, no pipe.
pub(crate) fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a FIFO must not wait for a writer.
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    let data = file.metadata()?;
    if data.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !data.is_file() {
        let why = "it is no regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Refuses to overwrite a file that the command reads, even under another name.
pub(crate) fn keep_apart(written: &Path, read: &Path) -> Result<(), CommandFailure> {
    let identity = |path: &Path| path.metadata().ok().map(|data| (data.dev(), data.ino()));
    match identity(written) {
        Some(file) if identity(read) == Some(file) => Err(CommandFailure::usage(format_args!(
            "{} would be written over, and is read; give another name",
            written.display()
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_file_is_an_error() {
        let zeros = Path::new("/dev/zero");
        assert_eq!(read(zeros).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        let refused = read_regular(zeros).unwrap_err();
        assert_eq!(refused.to_string(), "it is no regular file");
        assert_eq!(
            read_regular(Path::new("/")).unwrap_err().kind(),
            io::ErrorKind::IsADirectory
        );
    }

    #[test]
    fn a_file_that_ends_is_read_whole() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "some text").unwrap();
        assert_eq!(read(file.path()).unwrap(), b"some text");
        assert_eq!(read_regular(file.path()).unwrap(), b"some text");
        assert_eq!(read(Path::new("/dev/null")).unwrap(), b"");
    }
}
