//! The source of a file's bytes.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// A file to load: its bytes, or the open file, of which the large parts are mapped and not read.
///
/// A file that is mapped must not change while its image is loaded, since the image may change with it; machine code then
/// finds other bytes, and the host is unharmed.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    name: &'a str,
    content: SourceContent<'a>,
}

#[derive(Debug, Clone, Copy)]
enum SourceContent<'a> {
    Bytes(&'a [u8]),
    File(&'a File),
}

impl<'a> Source<'a> {
    /// A file whose bytes are in memory. `name` is for messages, and other files need it by that name.
    #[must_use]
    pub fn bytes(name: &'a str, bytes: &'a [u8]) -> Self {
        Self {
            name,
            content: SourceContent::Bytes(bytes),
        }
    }

    /// An open file.
    #[must_use]
    pub fn file(name: &'a str, file: &'a File) -> Self {
        Self {
            name,
            content: SourceContent::File(file),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The file, if it can be mapped.
    pub(super) fn as_file(&self) -> Option<&'a File> {
        match self.content {
            SourceContent::Bytes(_) => None,
            SourceContent::File(file) => Some(file),
        }
    }

    /// The bytes, if they are in memory.
    pub(super) fn as_bytes(&self) -> Option<&'a [u8]> {
        match self.content {
            SourceContent::Bytes(bytes) => Some(bytes),
            SourceContent::File(_) => None,
        }
    }

    /// How many bytes it has.
    pub(super) fn length(&self) -> Result<u64, String> {
        match self.content {
            SourceContent::Bytes(bytes) => Ok(bytes.len() as u64),
            SourceContent::File(file) => file
                .metadata()
                .map(|metadata| metadata.len())
                .map_err(|error| format!("its length cannot be found: {error}")),
        }
    }

    /// Some of its bytes. They are not more than the file has.
    pub(super) fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, String> {
        let end = offset.checked_add(length);
        if end.is_none_or(|end| self.length().is_ok_and(|all| end > all)) {
            return Err(format!(
                "it is cut off: {length} bytes at {offset:#x} are missing"
            ));
        }
        match self.content {
            SourceContent::Bytes(bytes) => {
                Ok(bytes[offset as usize..(offset + length) as usize].to_vec())
            }
            SourceContent::File(file) => {
                // A file with holes may claim more than memory.
                let mut bytes = Vec::new();
                bytes
                    .try_reserve_exact(length as usize)
                    .map_err(|_| format!("{length} bytes of it are more than there is memory"))?;
                bytes.resize(length as usize, 0);
                file.read_exact_at(&mut bytes, offset)
                    .map_err(|error| format!("it cannot be read: {error}"))?;
                Ok(bytes)
            }
        }
    }
}
