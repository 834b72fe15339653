//! Runs a tool and tells, when it fails, how to run it again.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Error, ErrorKind, Result};

/// The command as a line for a shell.
pub(crate) fn shown(command: &Command) -> String {
    let mut line = String::new();
    if let Some(dir) = command.get_current_dir() {
        line = format!("cd {} && ", quoted(&dir.to_string_lossy()));
    }
    line += &quoted(&command.get_program().to_string_lossy());
    for arg in command.get_args() {
        line.push(' ');
        line += &quoted(&arg.to_string_lossy());
    }
    line
}

fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| format!("{word:?}"), |quoted| quoted.into_owned())
}

/// Runs `command` to its end and gives what it printed (both streams).
pub(crate) fn run(command: &mut Command, doing: &str) -> Result<String> {
    let line = shown(command);
    let output = command.stdin(Stdio::null()).output().map_err(|error| {
        let program = Path::new(command.get_program()).display();
        Error::new(
            ErrorKind::ToolNotFound,
            format!("{doing}: cannot run {program}: {error}\ncommand: {line}"),
        )
    })?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(text);
    }
    let text = text.trim_end();
    Err(Error::new(
        ErrorKind::ToolFailed,
        format!(
            "{doing} failed ({}):\n\n{text}\n\ncommand: {line}",
            output.status
        ),
    ))
}
