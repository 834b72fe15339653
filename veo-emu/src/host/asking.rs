//! Which libraries ask addresses for their tags.
//!
//! Some kernels ask an address for its tag (`veo_is_ve_addr`), others use it as it comes.
//! A card may serve both; a processor here takes no address with a tag. So a function gets
//! the tags of its arguments only if its library, or one that this needs, knows functions
//! that ask.

use std::collections::HashSet;
use std::path::Path;

use veo_debuginfo::linkage::Linkage;

/// What kernels ask with.
const ASKING: [&str; 4] = [
    "veo_is_ve_addr",
    "veo_get_hmem_addr",
    "veo_get_max_proc_identifier",
    "veo_get_proc_identifier_from_hmem",
];

/// The library that has these functions; whoever is only linked with it asks nothing.
const HMEM_LIBRARY: &str = "libveohmem.so";

/// Whether the library with these bytes, in process `pid`, asks addresses for their tags,
/// itself or by a library that it needs. What it looks up by `dlsym` cannot be known.
pub(crate) fn asks(library: &[u8], pid: libc::pid_t) -> bool {
    let Some(first) = Linkage::read(library, &ASKING) else {
        return false;
    };
    let mut needed = first.needs;
    needed.retain(|name| !name.starts_with(HMEM_LIBRARY));
    if first.knows || needed.is_empty() {
        return first.knows;
    }
    let mapped = mapped(pid);
    let mut seen = HashSet::new();
    while let Some(name) = needed.pop() {
        if name.starts_with(HMEM_LIBRARY) || !seen.insert(name.clone()) {
            continue;
        }
        let found = mapped
            .iter()
            .find(|(file, linkage)| linkage.name.as_ref().unwrap_or(file) == &name);
        if let Some((_, linkage)) = found {
            if linkage.knows {
                return true;
            }
            needed.extend(linkage.needs.iter().cloned());
        }
    }
    false
}

fn linkage(library: &Path) -> Option<Linkage> {
    Linkage::read(&std::fs::read(library).ok()?, &ASKING)
}

/// The libraries that a process has mapped, with the names of their files.
fn mapped(pid: libc::pid_t) -> Vec<(String, Linkage)> {
    let maps = std::fs::read(format!("/proc/{pid}/maps")).unwrap_or_default();
    let maps = String::from_utf8_lossy(&maps);
    let paths: HashSet<&str> = maps
        .lines()
        .filter_map(|line| line.find('/').map(|start| &line[start..]))
        .collect();
    let described = |path: &str| {
        let file = Path::new(path).file_name()?.to_string_lossy().into_owned();
        Some((file, linkage(Path::new(path))?))
    };
    paths.into_iter().filter_map(described).collect()
}
