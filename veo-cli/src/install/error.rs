//! The errors of an installation.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("cannot {action} {path}: {source}")]
    File {
        action: &'static str,
        path: String,
        source: io::Error,
    },

    #[error("cannot start `{program}`: {source}; {hint}")]
    Start {
        program: String,
        source: io::Error,
        hint: &'static str,
    },

    #[error(
        "the sources of veo-dropin are not in {path}, beside those of this command when it was \
         built; run it from a clone of the repository instead: \
         cargo run --release -p veo-cli -- install --prefix DIR"
    )]
    NoSources { path: PathBuf },

    #[error("cargo could not build the library and veorun: {status}, see its messages above")]
    Cargo { status: std::process::ExitStatus },

    #[error("cargo built no {what}; its messages are above")]
    NotBuilt { what: &'static str },

    #[error("`{command}` could not link libveo.so.1:\n{output}")]
    Link { command: String, output: String },
}

impl Error {
    pub(super) fn file(action: &'static str, path: impl Display, source: io::Error) -> Self {
        Error::File {
            action,
            path: path.to_string(),
            source,
        }
    }
}
