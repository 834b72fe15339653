//! Reads files, and finds the separate debug file of a library.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::elf;
use crate::error::ReadError;
use crate::image::ElfImage;

/// Where distributions install debug files.
const SYSTEM: &str = "/usr/lib/debug";
/// The largest file that is read into memory.
const LARGEST: u64 = 1 << 30;

/// The file name and checksum of a library's `.gnu_debuglink`, if it has one.
///
/// # Errors
/// `elf` is not an ELF file, or is an unsupported or damaged one.
pub fn debug_link(elf: &[u8]) -> Result<Option<(String, u32)>, ReadError> {
    let link = ElfImage::parse(elf)?.debug_link();
    Ok(link.map(|(name, sum)| (String::from_utf8_lossy(name).into_owned(), sum)))
}

/// Whether `debug` can be the debug file of this build of the library `elf`.
pub(crate) fn debug_file_belongs(elf: &[u8], debug: &[u8]) -> bool {
    let (Ok(image), Ok(companion)) = (ElfImage::parse(elf), ElfImage::parse(debug)) else {
        return false;
    };
    same_build(&image, &companion, debug).is_ok()
}

/// Opens a regular file.
///
/// # Errors
/// The system cannot open it, or it is not a regular file.
pub(crate) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let (file, data) = elf::open(path)?;
    if data.is_file() {
        Ok((file, data))
    } else {
        Err(io::Error::other("it is no regular file"))
    }
}

/// Reads a whole file of `size` bytes. The size is limited: a sparse file may be larger than memory.
///
/// # Errors
/// The system cannot read it, or it is too large.
pub(crate) fn read_all(mut file: &File, size: u64) -> io::Result<Vec<u8>> {
    if size > LARGEST {
        let limit = LARGEST >> 20;
        return Err(io::Error::other(format!("it is larger than {limit} MiB")));
    }
    let mut bytes = Vec::new();
    file.by_ref().take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The content of a file.
pub(crate) fn load(path: &Path) -> Result<Vec<u8>, ReadError> {
    open(path)
        .and_then(|(file, data)| read_all(&file, data.len()))
        .map_err(|error| ReadError::Io {
            path: path.to_owned(),
            reason: error.to_string(),
        })
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// The files that may be the debug file of the library at `path`: `<path>.debug` beside it, what
/// its `.gnu_debuglink` names, or what the system has for its build identifier.
pub(crate) fn debug_files(path: &Path, image: &ElfImage<'_>) -> impl Iterator<Item = PathBuf> {
    let mut files = candidates(path, image);
    files.retain(|file| file.is_file() && !same_file(file, path));
    files.into_iter()
}

fn candidates(path: &Path, image: &ElfImage<'_>) -> Vec<PathBuf> {
    let mut sidecar = path.as_os_str().to_owned();
    sidecar.push(".debug");
    let mut candidates = vec![PathBuf::from(sidecar)];
    // A link (libx.so -> libx.so.1) may lead to another directory.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let directory = real.parent().unwrap_or(Path::new("."));
    if let Some((name, _)) = image.debug_link() {
        let name = String::from_utf8_lossy(name);
        // Only a plain file name is valid. A path could lead out of these directories.
        if !name.is_empty() && !name.contains('/') {
            candidates.push(directory.join(&*name));
            candidates.push(directory.join(".debug").join(&*name));
            if let Ok(below) = directory.strip_prefix("/") {
                candidates.push(Path::new(SYSTEM).join(below).join(&*name));
            }
        }
    }
    if let Some(id) = image.build_id()
        && (2..=64).contains(&id.len())
    {
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let file = format!("{}.debug", hex(&id[1..]));
        candidates.push(
            Path::new(SYSTEM)
                .join(".build-id")
                .join(hex(&id[..1]))
                .join(file),
        );
    }
    candidates
}

/// Whether a debug file was made from this library.
pub(crate) fn same_build(
    image: &ElfImage<'_>,
    companion: &ElfImage<'_>,
    bytes: &[u8],
) -> Result<(), ReadError> {
    if image.machine() != companion.machine() {
        return Err(ReadError::OtherBuild("it is for another machine"));
    }
    match (image.build_id(), companion.build_id()) {
        (Some(a), Some(b)) if a != b => {
            return Err(ReadError::OtherBuild("the build identifiers differ"));
        }
        (Some(_), Some(_)) => return Ok(()),
        _ => {}
    }
    if let Some((_, sum)) = image.debug_link()
        && crc32(bytes) != sum
    {
        return Err(ReadError::OtherBuild(
            "the checksum in .gnu_debuglink differs",
        ));
    }
    Ok(())
}

/// The checksum that `.gnu_debuglink` uses.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut value = index as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 == 1 {
                    0xedb8_8320 ^ (value >> 1)
                } else {
                    value >> 1
                };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |sum, byte| {
        TABLE[((sum ^ u32::from(*byte)) & 0xff) as usize] ^ (sum >> 8)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
    }
}
