//! Which libraries ask addresses for their tags.
//!
//! Some kernels ask whether an address has a tag (`veo_is_ve_addr`), others use the address
//! directly. A card accepts both; a processor here accepts no address with a tag. So a function
//! gets addresses with tags only if its library, or a library that this needs, uses functions
//! that ask for tags.

use std::collections::HashSet;
use std::path::Path;

use veo_debuginfo::{Linkage, Original, dynamic_symbols};

/// The functions with which kernels ask for tags.
const ASKING: [&str; 4] = [
    "veo_is_ve_addr",
    "veo_get_hmem_addr",
    "veo_get_max_proc_identifier",
    "veo_get_proc_identifier_from_hmem",
];

/// The library with these functions. Linking with it alone does not mean that they are used.
const HMEM_LIBRARY: &str = "libveohmem.so";

/// Whether the library with these bytes, in process `pid`, asks addresses for their tags,
/// itself or by a library that it needs. A look-up by `dlsym` cannot be seen.
pub(crate) fn asks(library: &[u8], pid: libc::pid_t) -> bool {
    if knows(library) {
        return true;
    }
    let mut needed = Linkage::read(library).unwrap_or_default().needs;
    needed.retain(|name| !name.starts_with(HMEM_LIBRARY));
    if needed.is_empty() {
        return false;
    }
    let mapped = mapped(pid);
    let mut seen = HashSet::new();
    while let Some(name) = needed.pop() {
        if name.starts_with(HMEM_LIBRARY) || !seen.insert(name.clone()) {
            continue;
        }
        let found = mapped
            .iter()
            .find(|library| library.linkage.name.as_ref().unwrap_or(&library.file) == &name);
        if let Some(library) = found {
            if library.knows {
                return true;
            }
            needed.extend(library.linkage.needs.iter().cloned());
        }
    }
    false
}

/// Whether a library uses or has one of the functions that kernels ask with.
fn knows(library: &[u8]) -> bool {
    dynamic_symbols(library)
        .iter()
        .any(|symbol| ASKING.contains(&symbol.name))
}

/// A library that a process has mapped.
struct MappedLibrary {
    /// The name of its file.
    file: String,
    linkage: Linkage,
    knows: bool,
}

fn mapped(pid: libc::pid_t) -> Vec<MappedLibrary> {
    let maps = std::fs::read(format!("/proc/{pid}/maps")).unwrap_or_default();
    let maps = String::from_utf8_lossy(&maps);
    let paths: HashSet<&str> = maps
        .lines()
        .filter_map(|line| line.find('/').map(|start| &line[start..]))
        .collect();
    let described = |path: &str| {
        let path = Path::new(path);
        // A kernel may have mapped anything: a device, a huge file.
        let bytes = Original::open(path).ok()?.bytes().ok()?;
        Some(MappedLibrary {
            file: path.file_name()?.to_string_lossy().into_owned(),
            linkage: Linkage::read(&bytes)?,
            knows: knows(&bytes),
        })
    };
    paths.into_iter().filter_map(described).collect()
}
