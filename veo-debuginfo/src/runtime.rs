//! The runtime libraries of sanitizers that a library needs, read without the rest of the file.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use veo_abi::sanitizer::Sanitizer;

use crate::elf::{self, LoadSegments};

/// The most that is read of a dynamic table, and of a name in it. The loader's own tables are
/// far smaller.
const TABLE: u64 = 1 << 16;
const NAME: usize = 4096;

const NEEDED: u64 = 1;
const STRINGS: u64 = 5;
const RPATH: u64 = 15;
const RUNPATH: u64 = 29;

/// The tool by which clang's OpenMP tells ThreadSanitizer how its threads synchronise.
pub const ARCHER: &str = "libarcher.so";

/// Whether this is the library of C++'s exceptions. Runtime libraries of sanitizers find its
/// functions only if it is there when they begin.
#[must_use]
pub fn is_of_exceptions(file: &str) -> bool {
    let starts = ["libstdc++.so", "libc++abi.so"];
    starts.iter().any(|start| file.starts_with(start))
}

/// The runtime libraries of sanitizers that the library at `path` was linked with, as the loader
/// is to be told: a path where the library names a directory that has it, else a name that the
/// loader searches for. With ThreadSanitizer and clang's OpenMP also [`ARCHER`], if the library
/// names its directory, and what [`is_of_exceptions`]. `None` for a file that is no library.
#[must_use]
pub fn runtimes(path: &Path) -> Vec<PathBuf> {
    let Some(names) = elf::open(path)
        .ok()
        .filter(|(_, data)| data.is_file())
        .and_then(|(file, _)| DynamicNames::read(&mut BufReader::new(file)))
    else {
        return Vec::new();
    };
    let origin = path.parent().unwrap_or(Path::new(""));
    let find = |name: &str| {
        let mut places = names.places.iter().map(|place| {
            let place = place.replace("$ORIGIN", &origin.to_string_lossy());
            Path::new(&place).join(name)
        });
        places.find(|file| file.is_absolute() && file.is_file())
    };
    let mut files = Vec::new();
    let mut threads = false;
    for name in &names.needed {
        let Some(sanitizer) = Sanitizer::of_runtime(name) else {
            continue;
        };
        threads |= sanitizer == Sanitizer::Thread;
        files.push(find(name).unwrap_or_else(|| name.into()));
    }
    if !files.is_empty() {
        let exceptions = names.needed.iter().filter(|name| is_of_exceptions(name));
        files.extend(exceptions.map(PathBuf::from));
    }
    let is_openmp = |name: &String| name.starts_with("libomp.so");
    if threads && names.needed.iter().any(is_openmp) {
        files.extend(find(ARCHER));
    }
    files
}

/// The names in the dynamic table of a library.
#[derive(Default)]
struct DynamicNames {
    needed: Vec<String>,
    /// Directories to search.
    places: Vec<String>,
}

impl DynamicNames {
    /// `None` for a file that is no 64-bit little-endian library, or a damaged one.
    fn read(file: &mut (impl Read + Seek)) -> Option<DynamicNames> {
        let segments = LoadSegments::read(file)?;
        let (at, len) = segments.dynamic?;
        let mut table = Vec::new();
        file.seek(SeekFrom::Start(at)).ok()?;
        file.take(len.min(TABLE)).read_to_end(&mut table).ok()?;
        let entries: Vec<(u64, u64)> = table
            .chunks_exact(16)
            .map(|entry| (elf::long(entry, 0), elf::long(entry, 8)))
            .take_while(|(tag, _)| *tag != 0)
            .collect();
        let strings = entries.iter().find(|(tag, _)| *tag == STRINGS)?.1;
        let mut names = DynamicNames::default();
        for (tag, value) in entries {
            if !matches!(tag, NEEDED | RPATH | RUNPATH) {
                continue;
            }
            let at = segments.offset(strings.checked_add(value)?)?;
            let mut text = Vec::new();
            file.seek(SeekFrom::Start(at)).ok()?;
            file.take(NAME as u64).read_to_end(&mut text).ok()?;
            let end = text.iter().position(|byte| *byte == 0)?;
            let text = String::from_utf8_lossy(&text[..end]).into_owned();
            match tag {
                NEEDED => names.needed.push(text),
                _ => names.places.extend(text.split(':').map(str::to_owned)),
            }
        }
        Some(names)
    }
}
