//! The files that a VE process shares with its host, opened through the system's list of its descriptors.

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{SeenContext, SeenKernel, SeenShared};
use crate::shared::control::{CONTROL_NAME, Control};
use crate::shared::parcel::{RING_FILE, RING_NAME};
use crate::shared::ring::Ring;
use crate::sys::memfd::{self, SharedData};

/// How many descriptors are looked at: a kernel may have opened any number.
const MOST_DESCRIPTORS: usize = 1 << 16;

/// How many contexts are looked at.
const MOST_CONTEXTS: usize = 1 << 10;

/// The files behind the descriptors of a process.
#[derive(Default)]
struct Descriptors {
    controls: Vec<PathBuf>,
    rings: Vec<(u32, PathBuf)>,
}

impl Descriptors {
    fn of(directory: &Path) -> io::Result<Descriptors> {
        let mut found = Descriptors::default();
        for entry in fs::read_dir(directory.join("fd"))?.take(MOST_DESCRIPTORS) {
            let path = entry?.path();
            let Ok(target) = fs::read_link(&path) else {
                continue;
            };
            let Some(name) = target.as_os_str().as_bytes().strip_prefix(b"/memfd:") else {
                continue;
            };
            let name = name.strip_suffix(b" (deleted)").unwrap_or(name);
            if name == CONTROL_NAME.to_bytes() {
                found.controls.push(path);
            } else if let Some(index) = ring_index(name)
                && found.rings.len() < MOST_CONTEXTS
            {
                found.rings.push((index, path));
            }
        }
        found.rings.sort();
        found.rings.dedup_by_key(|(index, _)| *index);
        Ok(found)
    }
}

/// The number of the context whose ring has this name.
fn ring_index(name: &[u8]) -> Option<u32> {
    let number = name.strip_prefix(RING_NAME.as_bytes())?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// A copy of the first `len` bytes of a file that has to be a memory file of `size` bytes.
fn copy<T: SharedData>(path: &Path, size: u64, len: usize) -> Option<Box<T>> {
    // Opening the file must not wait, whatever it is by now.
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file: File = File::options()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .ok()?;
    if !memfd::is_sealed(&file, size) {
        return None;
    }
    memfd::filled(len, |bytes| file.read_exact_at(bytes, 0)).ok()
}

/// The files that the process with this directory of `/proc` shares with its host. Its own number for
/// itself is `own`.
pub(super) fn shared(directory: &Path, own: u32) -> Option<SeenShared> {
    let descriptors = Descriptors::of(directory).ok()?;
    let size = size_of::<Control>();
    let (control, found) = descriptors.controls.iter().find_map(|path| {
        let control = copy::<Control>(path, size as u64, size)?;
        // A kernel may have got the page of another process, which its program has started.
        let found = control.shown.find()?;
        (found.whose.process == own).then_some((control, found))
    })?;
    let contexts = descriptors.rings.iter().map(|(index, path)| {
        let ring = copy::<Ring>(path, RING_FILE, Ring::VISIBLE);
        context(*index, ring.as_deref(), &control)
    });
    Some(SeenShared {
        node: found.whose.node,
        core: found.whose.core,
        used: found.used,
        capacity: found.whose.capacity,
        to_ve: found.to_ve,
        to_host: found.to_host,
        contexts: contexts.collect(),
    })
}

/// The state of a context, by copies of its ring and of the control page.
pub(crate) fn context(index: u32, ring: Option<&Ring>, control: &Control) -> SeenContext {
    let snapshot = ring.and_then(Ring::snapshot);
    let running = snapshot.and_then(|snapshot| snapshot.running);
    SeenContext {
        index,
        requests: snapshot.map(|snapshot| snapshot.posted),
        running: running.map(|call| SeenKernel {
            request: call.id,
            address: call.address,
            name: call.address.and_then(|address| control.shown.name(address)),
        }),
    }
}
