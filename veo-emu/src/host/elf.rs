//! What kind of file a library is, before the VE process is asked to load it.

use std::fs::File;
use std::io::Read;

use crate::error::{Error, Result};

const EM_X86_64: u16 = 62;
const EM_AARCH64: u16 = 183;
const EM_VE: u16 = 251;

const HOST: u16 = if cfg!(target_arch = "aarch64") {
    EM_AARCH64
} else {
    EM_X86_64
};

/// Refuses what cannot run here. A bare name is left to the loader's search.
pub(crate) fn check(path: &str) -> Result<()> {
    if !path.contains('/') {
        return Ok(());
    }
    let mut file = File::open(path)
        .map_err(|error| Error::io(format!("library {path} cannot be opened"), &error))?;
    let mut header = [0; 20];
    if file.read_exact(&mut header).is_err() || header[..4] != *b"\x7fELF" {
        // Linker scripts and the like: the loader says what is wrong.
        return Ok(());
    }
    match u16::from_le_bytes([header[18], header[19]]) {
        HOST => Ok(()),
        EM_VE => Err(Error::new(
            libc::ENOEXEC,
            format!(
                "library {path} is VE machine code, which the emulator cannot run yet; \
                 build the kernels for the host as well"
            ),
        )),
        machine => Err(Error::new(
            libc::ENOEXEC,
            format!("library {path} is for another machine (ELF machine number {machine})"),
        )),
    }
}
