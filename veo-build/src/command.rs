//! Runs a tool. If the tool fails, the error has its output and the command line that repeats it.

use std::path::Path;
use std::process::{Command, ExitStatus};

use crate::{Error, ErrorKind, Result};

/// The command as a shell line.
pub(crate) fn shown(command: &Command) -> String {
    let mut line = String::new();
    if let Some(dir) = command.get_current_dir() {
        line = format!("cd {} && ", quoted(&dir.to_string_lossy()));
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            line += &format!(
                "{}={} ",
                name.to_string_lossy(),
                quoted(&value.to_string_lossy())
            );
        }
    }
    line + &words(command)
}

/// The program and its arguments, without directory and variables.
pub(crate) fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| quoted(&word.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| format!("{word:?}"), |quoted| quoted.into_owned())
}

/// Runs `command` to its end and returns its output. `doing` names the purpose: `libx.so for ve1: compiling a.c`.
pub(crate) fn run(command: &mut Command, doing: &str) -> Result<String> {
    let output = command.output().map_err(|error| {
        let program = Path::new(command.get_program()).display();
        Error::new(
            ErrorKind::ToolNotFound,
            format!(
                "{doing}: cannot run {program}: {error}\n\nto repeat: {}",
                shown(command)
            ),
        )
    })?;
    let mut text = String::from_utf8_lossy(&output.stderr).into_owned();
    text += &String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        return Ok(text);
    }
    let (kind, advice) = diagnose(output.status, &text);
    let text = match text.trim_end() {
        "" => "(it printed nothing)",
        text => text,
    };
    let advice = advice.map_or_else(String::new, |advice| format!("\n\nhelp: {advice}"));
    Err(Error::new(
        kind,
        format!(
            "{doing} failed ({})\n\n{text}{advice}\n\nto repeat: {}",
            output.status,
            shown(command)
        ),
    ))
}

fn diagnose(status: ExitStatus, text: &str) -> (ErrorKind, Option<&'static str>) {
    // A line about a place in a source may quote any word of that source, so it says nothing about the tool.
    let lines: Vec<String> = text
        .lines()
        .filter(|line| !names_a_place(line))
        .map(str::to_lowercase)
        .collect();
    let says = |phrases: &[&str]| {
        lines
            .iter()
            .any(|line| phrases.iter().any(|phrase| line.contains(phrase)))
    };
    if signal(status) == Some(9) || status.code() == Some(137) || says(&["killed signal"]) {
        let advice = "the system ended the compiler, most likely because memory ran out. Fewer jobs at once need less: cargo build -j1";
        return (ErrorKind::ToolCrashed, Some(advice));
    }
    // Shells and compiler drivers report the signal of a child process as 128 + signal or in words.
    let killed = signal(status).is_some() || status.code().is_some_and(|code| code > 128);
    let ice = text.contains("internal compiler error");
    if killed
        || ice
        || says(&[
            "segmentation fault",
            "please submit a bug report",
            "please submit a full bug report",
        ])
    {
        let advice = "the compiler itself broke down, which is a bug in the compiler. A lower .opt_level(..) or other flags \
                      for this file with .for_file(..) often avoid it";
        return (ErrorKind::ToolCrashed, Some(advice));
    }
    if says(&["license", "licence"]) {
        let advice = "NEC's compilers need a licence: is the licence server named in \
                      /opt/nec/aur_license/aur_license.conf and reachable? VEO_TARGETS=host builds without NEC's compilers";
        return (ErrorKind::NoLicence, Some(advice));
    }
    let verdicts = ["unrecognized", "unknown", "unsupported", "invalid"];
    let nouns = ["option", "argument", "flag"];
    let unknown = lines.iter().any(|line| {
        verdicts.iter().any(|verdict| line.contains(verdict))
            && nouns.iter().any(|noun| line.contains(noun))
    });
    let advice = unknown.then_some(
        "the compiler does not know an option. .for_target(..) gives a flag to one target only, \
         .flag_if_supported(..) to the compilers that accept it",
    );
    (ErrorKind::ToolFailed, advice)
}

/// `k.c:3:5: error: ..` of gcc and clang, `"k.c", line 3: error: ..` of NEC's compilers.
fn names_a_place(line: &str) -> bool {
    let digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    line.contains(", line ")
        || line.match_indices(':').any(|(at, _)| {
            let rest = &line[at + 1..];
            digits(rest)
                && rest
                    .trim_start_matches(|c: char| c.is_ascii_digit())
                    .starts_with(':')
        })
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::diagnose;
    use crate::ErrorKind;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    #[test]
    fn a_failed_tool_is_explained() {
        let failed = ExitStatus::from_raw(1 << 8);
        let kind = |text: &str| diagnose(failed, text).0;
        let advised = |text: &str| diagnose(failed, text).1.is_some();
        let place =
            "/license check/k.c:3:5: error: invalid argument type 'int' to unary expression";
        assert_eq!(
            (kind(place), advised(place)),
            (ErrorKind::ToolFailed, false)
        );
        assert_eq!(
            kind("\"k.c\", line 3: error: license is undefined"),
            ErrorKind::ToolFailed
        );
        assert!(advised(
            "gcc: error: unrecognized command-line option '-fbogus'"
        ));
        assert!(advised("clang: error: unknown argument: '-fbogus'"));
        assert_eq!(
            kind("ncc: error: License server is not available"),
            ErrorKind::NoLicence
        );
        assert_eq!(
            kind("k.c:9:1: internal compiler error: Segmentation fault"),
            ErrorKind::ToolCrashed
        );
        assert_eq!(
            diagnose(ExitStatus::from_raw(11), "").0,
            ErrorKind::ToolCrashed
        );
        assert_eq!(
            diagnose(ExitStatus::from_raw(139 << 8), "").0,
            ErrorKind::ToolCrashed
        );
        let killed = "gcc: fatal error: Killed signal terminated program cc1";
        for (status, text) in [
            (ExitStatus::from_raw(9), ""),
            (ExitStatus::from_raw(137 << 8), ""),
            (failed, killed),
        ] {
            let (kind, advice) = diagnose(status, text);
            assert_eq!(kind, ErrorKind::ToolCrashed);
            assert!(advice.unwrap().contains("memory ran out"));
        }
    }
}
