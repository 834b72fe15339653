//! Compiles programs and runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
pub use veo_test_support::ve::can_compile;
use veo_test_support::{compile, run, ve};

/// A program of C sources, each compiled to an object, in a directory of its own.
pub struct Program {
    directory: TempDir,
    names: Vec<String>,
    objects: Vec<String>,
}

impl Program {
    /// A program of one source. Nothing if nothing here compiles for the Vector Engine.
    pub fn compile(source: &str) -> Option<Self> {
        Self::of_parts(&[("k", source)])
    }

    /// The same of several sources with names, the main one last.
    pub fn of_parts(parts: &[(&str, &str)]) -> Option<Self> {
        if !can_compile() {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let (mut names, mut objects) = (Vec::new(), Vec::new());
        for (name, source) in parts {
            let name = format!("{name}.c");
            let object = ve::object_of(directory.path(), &name, source, &["-O1", "-ffreestanding"]);
            objects.push(object.into_os_string().into_string().unwrap());
            names.push(name);
        }
        Some(Self {
            directory,
            names,
            objects,
        })
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The object of the main source.
    pub fn file(&self) -> &str {
        self.objects.last().unwrap()
    }

    /// The arguments that have all of it run.
    pub fn arguments(&self) -> Vec<&str> {
        let (main, libraries) = self.objects.split_last().unwrap();
        let libraries = libraries.iter().flat_map(|library| ["--lib", library]);
        libraries.chain([&**main]).collect()
    }

    /// Runs it with these options before its own arguments.
    pub fn run(&self, options: &[&str]) -> Output {
        ve_run(&[options, &self.arguments()].concat())
    }

    /// Runs it with these options; it prints and ends as on the host. Gives what it printed.
    pub fn run_as_on_host(&self, options: &[&str]) -> String {
        let (output, expected) = (self.run(options), self.on_host());
        assert_eq!(text(&output), text(&expected));
        assert_eq!(output.status, expected.status);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        text(&output)
    }

    /// Runs it on the host.
    fn on_host(&self) -> Output {
        let program = self.directory().join("host");
        let sources = self.names.iter().map(|name| self.directory().join(name));
        let sources: Vec<_> = sources.map(PathBuf::into_os_string).collect();
        let (first, others) = sources.split_first().unwrap();
        let options = [&["-w".into()], others].concat();
        compile::program(first, &program, &options);
        Command::new(program).output().unwrap()
    }
}

pub fn ve_run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ve-run"))
        .args(arguments)
        .output()
        .unwrap()
}

/// The same, with a standard input that has nothing and stays open until the program has ended.
pub fn ve_run_waiting(arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ve-run"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = child.stdin.take();
    let ended = run::wait(&mut child, Duration::from_secs(60));
    let output = child.wait_with_output().unwrap();
    drop(input);
    assert!(ended.is_some(), "it does not end: {output:?}");
    output
}

/// The exit status and the last line of standard error.
pub fn end(output: &Output) -> (i32, String) {
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or_default().to_owned();
    (output.status.code().unwrap(), last)
}

/// The output of a program.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
