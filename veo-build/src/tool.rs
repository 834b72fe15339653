//! One compiler or tool: its command, its identity, and the options that it accepts.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use crate::context::{self, Context, Env};
use crate::source::Language;
use crate::{Error, Result};

/// A program with its fixed first arguments (`CC="ccache gcc -m64"`).
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    /// The program and its first arguments, as the user or the search named them.
    words: Vec<OsString>,
    /// The files of the tool. If one of them changes, it is another tool.
    files: Vec<PathBuf>,
    /// Directories in which another program may appear under the same name.
    dirs: Vec<PathBuf>,
    /// The first line of its `--version` output, or empty.
    pub(crate) version: String,
}

impl Tool {
    /// The tool with this command, if its program exists.
    pub(crate) fn find(env: &Env, words: Vec<OsString>) -> Option<Self> {
        let program = env.which(words.first()?)?;
        let mut files = vec![real(&program)];
        // `ccache gcc`: the second word is a program too.
        if let Some(inner) = words
            .get(1)
            .filter(|w| !w.to_string_lossy().starts_with('-'))
        {
            files.extend(env.which(inner).map(|file| real(&file)));
        }
        let version = version(env, &words, &files);
        let dirs = link_dirs(env, &program);
        Some(Self {
            words,
            files,
            dirs,
            version,
        })
    }

    /// The tool that a variable names. It is an error if that tool does not exist.
    pub(crate) fn named(env: &Env, variable: &str) -> Result<Option<Self>> {
        let Some(value) = env.text(variable)? else {
            return Ok(None);
        };
        if value.trim().is_empty() {
            return Ok(None);
        }
        // If the whole value is the path of a program, it is one word, even with spaces.
        let words = match env.which(OsStr::new(&value)) {
            Some(_) => vec![value.clone()],
            None => shlex::split(&value)
                .filter(|words| !words.is_empty())
                .unwrap_or_else(|| vec![value.clone()]),
        };
        let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        match Self::find(env, words) {
            Some(tool) => Ok(Some(tool)),
            None => Err(absent(
                &format!("{variable} is `{value}`"),
                Path::new(&value),
                "",
            )),
        }
    }

    /// The compiler that the build script names.
    pub(crate) fn given(env: &Env, path: &Path) -> Result<Self> {
        Self::find(env, vec![path.as_os_str().to_owned()]).ok_or_else(|| {
            let hint = match path.to_string_lossy().contains(' ') && !path.exists() {
                true => "; give one with arguments by .env(\"VEO_CC\", ..)",
                false => "",
            };
            absent(&format!(".compiler({path:?}) names a compiler"), path, hint)
        })
    }

    /// The first of these programs that exists.
    pub(crate) fn first<S: AsRef<OsStr>>(
        env: &Env,
        programs: impl IntoIterator<Item = S>,
    ) -> Option<Self> {
        programs
            .into_iter()
            .find_map(|program| Self::find(env, vec![program.as_ref().to_owned()]))
    }

    /// A command that runs the tool in `dir` with the build's own variables.
    pub(crate) fn command(&self, env: &Env, dir: &Path) -> Command {
        let mut command = Command::new(&self.words[0]);
        command
            .args(&self.words[1..])
            .current_dir(dir)
            .envs(env.overrides())
            .stdin(Stdio::null());
        command
    }

    /// The name of the program without its directory.
    pub(crate) fn name(&self) -> String {
        let name = |word: &OsString| {
            Path::new(word)
                .file_name()
                .unwrap_or(word)
                .to_string_lossy()
                .into_owned()
        };
        let words = self
            .words
            .iter()
            .take_while(|word| !word.to_string_lossy().starts_with('-'));
        words.map(name).collect::<Vec<_>>().join(" ")
    }

    /// The name and the version for the build note.
    pub(crate) fn described(&self) -> String {
        match version_number(&self.version) {
            Some(number) => format!("{} {number}", self.name()),
            None => self.name(),
        }
    }

    /// A text that differs between tools, and between states of one tool.
    pub(crate) fn identity(&self) -> String {
        let files: Vec<_> = self
            .files
            .iter()
            .map(|file| format!("{} {}", file.display(), state(file)))
            .collect();
        format!("{} | {}", files.join(" "), self.version)
    }

    /// The program itself, behind all links.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The files and directories that Cargo has to watch.
    pub(crate) fn watched(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().chain(&self.dirs)
    }
}

/// Whether the compiler accepts `args` after `base`. This compiles an empty source and keeps the answer until the compiler changes.
pub(crate) fn accepts(
    context: &Context,
    compiler: &Tool,
    language: Language,
    base: &[OsString],
    args: &[&OsStr],
) -> Result<bool> {
    // The lock keeps two threads with the same question from writing the same file.
    static ASKING: Mutex<()> = Mutex::new(());
    let _asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = context.out.join("work/probes");
    let mut hasher = DefaultHasher::new();
    (compiler.identity(), language, base, args).hash(&mut hasher);
    let name = format!("{:016x}", hasher.finish());
    let answer = dir.join(format!("{name}.txt"));
    match fs::read_to_string(&answer).as_deref() {
        Ok("yes") => return Ok(true),
        Ok("no") => return Ok(false),
        // There is no answer yet, or its file is incomplete.
        _ => {}
    }
    let (suffix, text) = match language {
        Language::C => ("c", "int veo_build_probe;\n"),
        Language::Cxx => ("cc", "int veo_build_probe;\n"),
        Language::Fortran => ("f90", "subroutine veo_build_probe()\nend subroutine\n"),
    };
    let source = dir.join(format!("{name}.{suffix}"));
    context::write_if_changed(&source, text.as_bytes())?;
    let mut command = compiler.command(&context.env, &dir);
    command
        .args(base)
        .args(args)
        .arg("-c")
        .arg(&source)
        .arg("-o")
        .arg(dir.join(format!("{name}.o")));
    let output = command.output();
    // Some drivers only warn about options that they do not know.
    let accepted = output.is_ok_and(|output| {
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        output.status.success()
            && !["unrecognized", "unknown", "unsupported"]
                .iter()
                .any(|word| said.contains(word))
    });
    context::write_if_changed(&answer, if accepted { b"yes" } else { b"no" })?;
    Ok(accepted)
}

fn absent(asked: &str, path: &Path, hint: &str) -> Error {
    let found = match path.metadata() {
        Ok(metadata) if metadata.is_dir() => "that is a directory",
        Ok(_) => "that file may not be executed",
        Err(_) => "there is no such program",
    };
    Error::new(
        crate::ErrorKind::ToolNotFound,
        format!("{asked}, but {found}{hint}"),
    )
}

/// The directories of the links that lead to a program: `/etc/alternatives` and `/usr/lib/llvm-19/bin` for `/usr/bin/cc`. They
/// change if a link points to another program, which the program's own file does not show. This leaves out directories in
/// `PATH`, because they change for too many other reasons.
fn link_dirs(env: &Env, program: &Path) -> Vec<PathBuf> {
    let path = env.quiet("PATH").unwrap_or_default();
    let searched: Vec<PathBuf> = std::env::split_paths(&path).map(|dir| real(&dir)).collect();
    let mut dirs = Vec::new();
    let mut at = program.to_owned();
    // The system follows at most this many links.
    for _ in 0..40 {
        let Ok(next) = fs::read_link(&at) else { break };
        at = at.parent().unwrap_or(Path::new("")).join(next);
        let dir = real(at.parent().unwrap_or(Path::new("")));
        let named = ["alternatives", "bin"]
            .iter()
            .any(|name| dir.ends_with(name));
        if named && !searched.contains(&dir) && !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    dirs
}

/// The version number in the `--version` output of a tool. It is the first word outside of parentheses that looks like a
/// version, because distributions put their own version inside.
pub(crate) fn version_number(line: &str) -> Option<&str> {
    let mut depth = 0_i32;
    line.split_whitespace().find(|word| {
        let opened = depth + i32::from(word.starts_with('('));
        depth = opened - i32::from(word.ends_with(')'));
        opened == 0 && word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.')
    })
}

fn real(file: &Path) -> PathBuf {
    fs::canonicalize(file).unwrap_or_else(|_| file.to_owned())
}

fn state(file: &Path) -> String {
    let Ok(metadata) = file.metadata() else {
        return "gone".into();
    };
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    format!(
        "{}@{}",
        metadata.len(),
        modified.map_or(0, |time| time.as_nanos())
    )
}

/// Asks the tool for its version, once per process and state of the tool.
fn version(env: &Env, words: &[OsString], files: &[PathBuf]) -> String {
    static KNOWN: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let states: Vec<_> = files.iter().map(|file| state(file)).collect();
    let key = format!("{words:?} {files:?} {states:?}");
    let known = KNOWN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
        .cloned();
    known.unwrap_or_else(|| {
        let output = Command::new(&words[0])
            .args(&words[1..])
            .arg("--version")
            .envs(env.overrides())
            .stdin(Stdio::null())
            .output();
        let text = output
            .map(|o| [o.stdout, b"\n".to_vec(), o.stderr].concat())
            .unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let line = text
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default()
            .trim()
            .to_string();
        KNOWN
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, line.clone());
        line
    })
}

#[cfg(test)]
mod tests {
    use super::version_number;

    #[test]
    fn versions() {
        for (line, number) in [
            ("gcc (Debian 12.2.0-14+deb12u1) 12.2.0", Some("12.2.0")),
            ("Debian clang version 19.1.7 (3~deb12u1)", Some("19.1.7")),
            (
                "ncc (NCC) 5.1.0 (Build 14:05:26 Apr 20 2023)",
                Some("5.1.0"),
            ),
            ("GNU Fortran (Debian 12.2.0-14) 12.2.0", Some("12.2.0")),
            ("cc", None),
        ] {
            assert_eq!(version_number(line), number, "{line}");
        }
    }
}
