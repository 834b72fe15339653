//! gcc's torture suite, which `tests/torture/run` fetches: programs that end with status 0 where the compiler and the machine are right.
//!
//! Each runs as an object without optimisation, as one with it, and as the library that `veo-build` makes. A test that clang
//! does not compile, or whose program for the host fails, is skipped; `torture.txt` lists the other failures, with the reason.

#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use veo_build::{Built, Kernels, Target};
use veo_test_support::{run, ve};

/// Options that old programs need with a new compiler.
const FLAGS: [&str; 5] = [
    "-w",
    "-Wno-error=implicit-function-declaration",
    "-Wno-error=implicit-int",
    "-Wno-error=int-conversion",
    "-Wno-error=incompatible-function-pointer-types",
];
/// Options that programs ask for and that decide what is right.
const ASKED: [&str; 4] = [
    "-fwrapv",
    "-fgnu89-inline",
    "-fno-strict-overflow",
    "-std=gnu89",
];
/// The time limit of a program, in seconds.
const LIMIT: u64 = 120;

/// How a program is made and run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Object(&'static str),
    Library,
}

const FORMS: [Form; 3] = [Form::Object("-O0"), Form::Object("-O2"), Form::Library];

/// The outcome of a program in one form.
enum Result {
    Right,
    /// The compiler or the host fail, too.
    SaysNothing,
    Wrong(String),
}

struct Program {
    name: String,
    sources: Vec<PathBuf>,
    flags: Vec<&'static str>,
}

fn suite() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("torture/execute")
}

/// The programs of the suite. Those of `builtins` have further sources.
fn programs() -> Vec<Program> {
    let mut programs = Vec::new();
    for directory in ["", "ieee", "builtins"] {
        let place = suite().join(directory);
        for entry in fs::read_dir(&place).expect("tests/torture/run fetches them") {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if !name.ends_with(".c") || name.ends_with("-lib.c") {
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            let asked =
                |line: &&str| line.contains("dg-options") || line.contains("dg-additional-options");
            let asks: String = text.lines().filter(asked).collect();
            let mut sources = vec![path.clone()];
            if directory == "builtins" {
                sources.push(place.join(name.replace(".c", "-lib.c")));
                sources.push(place.join("lib/main.c"));
            }
            programs.push(Program {
                name: Path::new(directory).join(name).display().to_string(),
                sources,
                flags: FLAGS
                    .into_iter()
                    .chain(ASKED.into_iter().filter(|flag| asks.contains(flag)))
                    .collect(),
            });
        }
    }
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    match part() {
        Some(part) => programs
            .into_iter()
            .skip(part.start)
            .take(part.len())
            .collect(),
        None => programs,
    }
}

/// The numbers of the programs that are wanted, where `TORTURE_RANGE` names some: `600..800`.
fn part() -> Option<Range<usize>> {
    let text = std::env::var("TORTURE_RANGE").ok()?;
    let (start, end) = text.split_once("..").expect("TORTURE_RANGE=FROM..TO");
    Some(start.parse().unwrap()..end.parse().unwrap())
}

/// Programs that fail, with the reason.
fn known() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("torture.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(": ").expect("NAME: REASON"))
        .collect()
}

impl Program {
    /// The file to run and the libraries beside it, or nothing if it cannot be compiled.
    fn make(&self, form: Form, dir: &Path) -> Option<Vec<PathBuf>> {
        match form {
            Form::Object(level) => {
                let headers = concat!(env!("CARGO_MANIFEST_DIR"), "/../veo-build/libc");
                let mut objects = Vec::new();
                for (number, source) in self.sources.iter().enumerate() {
                    let object = dir.join(format!("{number}.o"));
                    let compiled = ve::compiler()
                        .args([level, "-idirafter", headers])
                        .args(&self.flags)
                        .arg("-c")
                        .arg(source)
                        .arg("-o")
                        .arg(&object)
                        .output()
                        .unwrap();
                    compiled.status.success().then_some(())?;
                    objects.push(object);
                }
                Some(objects)
            }
            Form::Library => {
                let built = Kernels::new("libprogram.so")
                    .files(&self.sources)
                    .flags(&self.flags)
                    .targets([Target::Ve1Llvm])
                    .outside_of_cargo(dir)
                    .opt_level(2)
                    .env("NUM_JOBS", "1")
                    .try_compile()
                    .ok()?;
                Some(vec![Built::library(&built, Target::Ve1Llvm)?.to_owned()])
            }
        }
    }

    /// Whether clang's program for the host is right.
    fn is_right_on_host(&self, form: Form, dir: &Path) -> bool {
        let level = match form {
            Form::Object(level) => level,
            Form::Library => "-O2",
        };
        let program = dir.join("host");
        let compiled = Command::new(ve::CLANG)
            .arg(level)
            .args(&self.flags)
            .args(&self.sources)
            .arg("-o")
            .arg(&program)
            .args(["-lm", "-lpthread"])
            .output()
            .unwrap();
        let is_right = |outcome: run::Outcome| outcome.status.is_some_and(|it| it.success());
        compiled.status.success()
            && is_right(run::run(
                Command::new(program).current_dir(dir),
                Duration::from_secs(LIMIT),
            ))
    }

    fn try_in(&self, form: Form) -> Result {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let Some(files) = self.make(form, dir) else {
            return Result::SaysNothing;
        };
        let (main, libraries) = files.split_first().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ve-run"));
        command.current_dir(dir).args(["--time-limit", "100"]);
        if let Ok(engine) = std::env::var("VEO_TEST_ENGINE") {
            command.args(["--engine", &engine]);
        }
        for library in libraries {
            command.arg("--lib").arg(library);
        }
        let outcome = run::run(command.arg(main), Duration::from_secs(LIMIT));
        if outcome.status.is_some_and(|status| status.success()) {
            return Result::Right;
        }
        if !self.is_right_on_host(form, dir) {
            return Result::SaysNothing;
        }
        let last = outcome.stderr.lines().last().unwrap_or("no message");
        Result::Wrong(format!("{:?}: {last}", outcome.status))
    }
}

#[test]
#[ignore = "tests/torture/run fetches the suite"]
fn gcc_torture_suite() {
    if !ve::can_build() {
        return;
    }
    let (programs, known) = (programs(), known());
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let work = || {
        while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
            for form in FORMS {
                let result = program.try_in(form);
                results.lock().unwrap().push((&program.name, form, result));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let mut wrong = Vec::new();
    let mut fewest = usize::MAX;
    for form in FORMS {
        let [mut right, mut says_nothing, mut known_wrong] = [0; 3];
        for (name, _, result) in results.iter().filter(|result| result.1 == form) {
            match result {
                Result::Right => right += 1,
                Result::SaysNothing => says_nothing += 1,
                Result::Wrong(_) if known.contains_key(name.as_str()) => known_wrong += 1,
                Result::Wrong(why) => wrong.push(format!("{name} {form:?}: {why}")),
            }
        }
        println!(
            "{form:?}: {right} right, {known_wrong} wrong for known reasons, {says_nothing} say nothing"
        );
        fewest = fewest.min(right);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(fewest > 1500 || part().is_some(), "{fewest}");
}
