//! Instruction counts of kernels, written to the place that the host reads: when the host asks before it kills the
//! process, and when a kernel of VE machine code ends it.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use super::engine::Engine as _;
use super::engines::ENGINE;
use crate::sys::descriptor::KeptDescriptor;
use crate::sys::memfd;

/// The host's file, until something is written there.
static FILE: Mutex<Option<KeptDescriptor>> = Mutex::new(None);

/// Keeps the host's file.
pub(super) fn install(file: OwnedFd) {
    *FILE.lock().unwrap_or_else(PoisonError::into_inner) = Some(KeptDescriptor::new(file));
}

/// Writes it to the host's file, once: the calling thread is about to end the process, and is in no signal handler.
pub(super) fn keep() {
    // Another thread that ends the process waits until all counts are written.
    let mut kept = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let file = kept.take();
    let file = file.and_then(|file| file.get().ok()?.try_clone_to_owned().ok());
    if let Some(file) = file {
        // The host then has no counts.
        let _ = write(File::from(file));
    }
}

/// Writes it for each kernel, with an empty line behind it.
pub(super) fn write(mut file: File) -> io::Result<()> {
    let kernels = (0..).map_while(|number| ENGINE.statistics(number));
    let text: String = kernels.map(|kernel| kernel + "\n").collect();
    // More would send SIGXFSZ.
    if text.len() as u64 > memfd::file_size_limit() {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    file.write_all(text.as_bytes())
}
