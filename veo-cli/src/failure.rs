//! Why a command did not do what it should.

use std::fmt;
use std::io;
use std::path::Path;

/// The end of a command that fails.
#[derive(Debug)]
pub(crate) enum CommandFailure {
    /// The command line is wrong: status 2.
    Usage(String),
    /// The command failed: status 1.
    Failed(String),
    /// The answer says what is wrong already: status 1.
    Answered,
    /// Nobody reads the output any more. This is no failure, since the reader has what it wanted.
    Closed,
}

impl CommandFailure {
    pub(crate) fn failed(why: impl fmt::Display) -> Self {
        CommandFailure::Failed(why.to_string())
    }

    pub(crate) fn usage(why: impl fmt::Display) -> Self {
        CommandFailure::Usage(why.to_string())
    }

    /// A file cannot be used in this way.
    pub(crate) fn file(action: &str, path: &Path, why: &io::Error) -> Self {
        CommandFailure::failed(format_args!("cannot {action} {}: {why}", path.display()))
    }

    /// An error of the standard output.
    pub(crate) fn of_output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => CommandFailure::Closed,
            _ => CommandFailure::failed(format_args!("cannot write the output: {error}")),
        }
    }
}

/// The error in words for a user of the command, who creates no `VeoProc` and does not know the command's sources.
impl From<veo_core::Error> for CommandFailure {
    fn from(error: veo_core::Error) -> Self {
        match error.fault() {
            Some(fault) => {
                let mut fault = fault.clone();
                fault.memory = fault.memory.map(|place| without_own_line(&place));
                CommandFailure::failed(format_args!("{fault:#}"))
            }
            None => CommandFailure::failed(error),
        }
    }
}

/// `16 bytes of an argument`, not `16 bytes allocated at src/call/mod.rs:167`.
fn without_own_line(place: &str) -> String {
    let sources = file!().trim_end_matches("failure.rs");
    let own = format!(" allocated at {sources}");
    let Some((before, after)) = place.split_once(&own) else {
        return place.to_owned();
    };
    let line = after.find(':').map_or(after, |colon| &after[colon + 1..]);
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before} of an argument{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_without_a_line_of_this_program() {
        let own = format!("4 bytes past the 16 bytes allocated at {}:7", file!());
        assert_eq!(
            without_own_line(&own),
            "4 bytes past the 16 bytes of an argument"
        );
        let freed = own + ", which were freed";
        assert_eq!(
            without_own_line(&freed),
            "4 bytes past the 16 bytes of an argument, which were freed"
        );
        let other = "4 bytes past the 16 bytes allocated at main.rs:7";
        assert_eq!(without_own_line(other), other);
    }
}
