//! Why a command does not do what it was asked for.

use std::fmt;
use std::io;
use std::path::Path;

/// The end of a command that fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line cannot be meant: status 2.
    Usage(String),
    /// It did not work: status 1.
    Failed(String),
    /// The answer says what is wrong, and nothing is left to say: status 1.
    Answered,
    /// Nobody reads the output any more. This is no failure: the reader has what it wanted.
    Closed,
}

impl Failure {
    pub(crate) fn failed(why: impl fmt::Display) -> Self {
        Failure::Failed(why.to_string())
    }

    pub(crate) fn usage(why: impl fmt::Display) -> Self {
        Failure::Usage(why.to_string())
    }

    /// What cannot be done with a file.
    pub(crate) fn file(action: &str, path: &Path, why: &io::Error) -> Self {
        Failure::failed(format_args!("cannot {action} {}: {why}", path.display()))
    }

    /// An error of the standard output.
    pub(crate) fn of_output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::failed(format_args!("cannot write the output: {error}")),
        }
    }
}

impl From<veo_core::Error> for Failure {
    fn from(error: veo_core::Error) -> Self {
        Failure::failed(error)
    }
}
