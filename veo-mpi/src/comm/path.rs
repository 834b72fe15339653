//! How values get from VE memory to MPI and back.

use std::ffi::OsString;
use std::fmt;

use veo_abi::environment::{VEO_MPI_CHUNK, VEO_MPI_PATH};
use veo_core::{Backend, VeoProc};

use super::{flight, raw};
use crate::error::{Error, Result};

/// How values get from VE memory to MPI and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Path {
    /// [`Direct`](Path::Direct) on the emulated node, [`Staged`](Path::Staged) on a card. The default; `VEO_MPI_PATH` overrides it.
    Auto,
    /// Through chunks of memory of the host. It works with every MPI. Ranks of one machine share them, unless `VEO_MPI_PATH` is
    /// `remote`: then MPI carries them as between machines.
    Staged,
    /// MPI gets the address of the VE memory: on the emulated node that of the host's own mapping of it, on a card the
    /// tagged pointer that NEC MPI takes under `mpirun -veo`.
    Direct,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Path::Auto => "auto",
            Path::Staged => "staged",
            Path::Direct => "direct",
        })
    }
}

impl Path {
    /// The path for a process: [`Path::Staged`] or [`Path::Direct`].
    pub(super) fn choose(self, proc: &VeoProc) -> Result<Path> {
        decide(
            self,
            VEO_MPI_PATH.get(),
            proc.backend(),
            raw::library_version,
        )
    }
}

fn decide(
    wanted: Path,
    variable: Option<OsString>,
    backend: Backend,
    version: impl FnOnce() -> String,
) -> Result<Path> {
    let text = variable.as_ref().map(|value| value.to_string_lossy());
    let wanted = match (wanted, text.as_deref()) {
        (Path::Auto, None | Some("auto")) => Path::Auto,
        (Path::Auto, Some("staged")) => Path::Staged,
        (Path::Auto, Some("direct")) => Path::Direct,
        (Path::Auto, Some(REMOTE)) => Path::Staged,
        (Path::Auto, Some(other)) => {
            return Err(Error::Path {
                reason: format!(
                    "VEO_MPI_PATH is {other:?}; it can be auto, staged, remote or direct"
                ),
            });
        }
        (explicit, _) => explicit,
    };
    match (wanted, backend) {
        (Path::Staged, _) => Ok(Path::Staged),
        (_, Backend::Emu) => Ok(Path::Direct),
        (Path::Auto, _) => Ok(Path::Staged),
        (Path::Direct, _) => {
            let version = version();
            if version.contains("NEC MPI") {
                return Ok(Path::Direct);
            }
            let first = version.lines().next().unwrap_or_default();
            Err(Error::Path {
                reason: format!(
                    "this MPI ({first}) does not take addresses of VE memory, which NEC MPI does \
                     under `mpirun -veo`; use the path `staged`, which works with every MPI"
                ),
            })
        }
    }
}

/// The value of `VEO_MPI_PATH` that has ranks of one machine behave as ranks of several.
const REMOTE: &str = "remote";

/// Whether ranks of one machine share their chunks.
pub(super) fn shares_chunks() -> bool {
    VEO_MPI_PATH.get().is_none_or(|value| value != REMOTE)
}

/// The length of a chunk of staging, in bytes, as `VEO_MPI_CHUNK` has it.
pub(super) fn chunk_len() -> Result<usize> {
    parse_chunk(VEO_MPI_CHUNK.text().as_deref())
}

fn parse_chunk(text: Option<&str>) -> Result<usize> {
    let Some(text) = text else {
        return Ok(256 << 10);
    };
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1 << 10),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1 << 20),
        _ => (text, 1),
    };
    digits
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|len| (64..=flight::LONGEST).contains(len))
        .ok_or_else(|| Error::Path {
            reason: format!(
                "VEO_MPI_CHUNK is {text:?}; it can be a number of bytes from 64 to 1024M, such as \
                 262144, 256K or 1M"
            ),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEC: &str = "NEC MPI: Version 3.5.0";
    const OPEN: &str = "Open MPI v4.1.4, package: Debian";

    fn decided(wanted: Path, variable: &str, backend: Backend, version: &str) -> Result<Path> {
        let variable = (!variable.is_empty()).then(|| variable.into());
        decide(wanted, variable, backend, || version.to_owned())
    }

    #[test]
    fn a_card_is_direct_only_where_that_is_asked_for() {
        use Backend::{Emu, Libveo};
        let path = |wanted, variable, backend, version| {
            decided(wanted, variable, backend, version).unwrap()
        };
        assert_eq!(path(Path::Auto, "", Emu, OPEN), Path::Direct);
        assert_eq!(path(Path::Auto, "auto", Libveo, NEC), Path::Staged);
        assert_eq!(path(Path::Auto, "direct", Libveo, NEC), Path::Direct);
        assert_eq!(path(Path::Auto, "staged", Emu, OPEN), Path::Staged);
        assert_eq!(path(Path::Auto, "remote", Emu, OPEN), Path::Staged);
        assert_eq!(path(Path::Staged, "direct", Emu, OPEN), Path::Staged);
    }

    #[test]
    fn an_mpi_that_cannot_is_named() {
        for (wanted, variable) in [(Path::Direct, ""), (Path::Auto, "direct")] {
            let error = decided(wanted, variable, Backend::Libveo, OPEN).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("Open MPI v4.1.4"), "{text}");
            assert!(text.contains("staged"), "{text}");
        }
        let error = decided(Path::Auto, "fast", Backend::Emu, OPEN).unwrap_err();
        assert!(error.to_string().contains("\"fast\""), "{error}");
    }

    #[test]
    fn chunks_have_units() {
        assert_eq!(parse_chunk(None).unwrap(), 262_144);
        assert_eq!(parse_chunk(Some("64")).unwrap(), 64);
        assert_eq!(parse_chunk(Some("8k")).unwrap(), 8192);
        assert_eq!(parse_chunk(Some("1M")).unwrap(), 1 << 20);
        for wrong in ["", "63", "x", "-1", "2000M", "99999999999999999999", "1é"] {
            let error = parse_chunk(Some(wrong)).unwrap_err();
            assert!(error.to_string().contains("VEO_MPI_CHUNK"), "{error}");
        }
    }
}
