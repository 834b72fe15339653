//! Functions of all kinds in C, some in C++, compiled for the Vector Engine and for the host: both print the same.
//!
//! Each program of `c/` prints a line of results for each of its functions. It runs as the objects of the compiler and as the shared
//! object that `veo-build` links, at several levels of optimisation. The output of gcc's program on the host is the reference.

#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use veo_build::{Built, Kernels, Target};
use veo_test_support::compile::{self, tool};
use veo_test_support::{available, found, run, ve};

/// Options that do not depend on the machine.
const COMMON: [&str; 5] = [
    "-w",
    "-fwrapv",
    "-fno-strict-aliasing",
    "-ffp-contract=off",
    "-fcommon",
];
/// Options for C.
const C: [&str; 1] = ["-std=gnu11"];
/// Options for C++ that needs no runtime library of its own.
const CXX: [&str; 4] = [
    "-std=gnu++17",
    "-fno-exceptions",
    "-fno-rtti",
    "-nostdinc++",
];
/// Options that make the host's types those of the Vector Engine.
const HOST: &[&str] = if cfg!(target_arch = "x86_64") {
    &["-O1", "-Wno-psabi", "-Wno-sync-nand", "-mlong-double-128"]
} else {
    &["-O1", "-Wno-psabi", "-Wno-sync-nand", "-fsigned-char"]
};

/// A program.
struct Program {
    name: &'static str,
    language: &'static [&'static str],
    sources: Vec<PathBuf>,
}

fn directory(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

impl Program {
    /// The program of these files, the first one with its `main`.
    fn new(name: &'static str, more: &[&str]) -> Self {
        let main = directory("tests/corpus/c").join(name).with_extension("c");
        let more = more.iter().map(|file| directory("..").join(file));
        Self {
            name,
            language: &C,
            sources: std::iter::once(main).chain(more).collect(),
        }
    }

    /// The program of one file in C++.
    fn of_cxx(name: &'static str) -> Self {
        let main = directory("tests/corpus/c").join(name);
        Self {
            name,
            language: &CXX,
            sources: vec![main.with_extension("cpp")],
        }
    }

    /// How many functions its `main` calls.
    fn functions(&self) -> usize {
        let text = fs::read_to_string(&self.sources[0]).unwrap();
        text.matches("\n    RUN(").count()
    }

    /// Its output on the host.
    fn on_host(&self, dir: &Path) -> String {
        let program = dir.join("host");
        let (main, others) = self.sources.split_first().unwrap();
        let others: Vec<_> = others.iter().map(|it| it.to_str().unwrap()).collect();
        let libraries = ["-lm", "-latomic"];
        let options = [&COMMON, self.language, HOST, &others, &libraries].concat();
        compile::program(main, &program, &options);
        tool(&mut Command::new(program))
    }

    /// Objects for the Vector Engine, the one with `main` last.
    fn objects(&self, dir: &Path, flags: &[&str]) -> Vec<PathBuf> {
        let object = |source: &PathBuf| {
            let stem = source.file_stem().unwrap().to_str().unwrap();
            let object = dir.join(format!("{stem}{}.o", flags.concat()));
            let headers = directory("../veo-build/libc");
            let headers = ["-idirafter", headers.to_str().unwrap()];
            let options = [&headers[..], &COMMON[..], self.language, flags].concat();
            ve::compile(source, &object, &options);
            object
        };
        self.sources.iter().rev().map(object).collect()
    }

    /// A shared object, of sources or of objects.
    fn link(&self, dir: &Path, name: &str, set: impl FnOnce(&mut Kernels)) -> PathBuf {
        let mut kernels = Kernels::new(format!("lib{}-{name}.so", self.name));
        set(&mut kernels);
        kernels
            .outside_of_cargo(dir.join("out"))
            .targets([Target::Ve1Llvm])
            .env("OPT_LEVEL", "2")
            .env("NUM_JOBS", "1");
        let built = kernels.try_compile().unwrap();
        Built::library(&built, Target::Ve1Llvm).unwrap().to_owned()
    }

    /// Its output on the Vector Engine. The last of these files has `main`.
    fn on_engine(&self, files: &[PathBuf], options: &[&str]) -> run::Outcome {
        let (main, others) = files.split_last().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ve-run"));
        command.args(options);
        for other in others {
            command.arg("--lib").arg(other);
        }
        let outcome = run::run(command.arg(main), Duration::from_secs(300));
        outcome.expect_success(&main.display().to_string());
        outcome
    }

    fn compare(&self, form: &str, expected: &str, files: &[PathBuf]) {
        let printed = self.on_engine(files, &[]).stdout;
        let mut report = String::new();
        for (expected, found) in expected.lines().zip(printed.lines()) {
            if expected != found {
                write!(report, "host:   {expected}\nengine: {found}\n").unwrap();
            }
        }
        assert!(report.is_empty(), "{} {form}\n{report}", self.name);
        assert_eq!(
            printed.lines().count(),
            expected.lines().count(),
            "{} {form}",
            self.name
        );
    }

    /// Runs it in all forms.
    fn check(&self) {
        if !ve::can_build() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let expected = self.on_host(dir);
        assert_eq!(expected.lines().count(), self.functions(), "{}", self.name);
        for flags in [&["-O0"], &["-O2"]] {
            let form = format!("objects {flags:?}");
            let objects = self.objects(dir, flags);
            self.compare(&form, &expected, &objects);
            // The check finds nothing wrong.
            let checked = self.on_engine(&objects, &["--check", "memory-init"]);
            assert_eq!(checked.stderr, "", "{} {form}", self.name);
            assert_eq!(checked.stdout.trim_end(), expected.trim_end(), "{form}");
        }
        for flags in [&["-O0", "-fpic"], &["-O2", "-fpic"]] {
            let objects = self.objects(dir, flags);
            self.compare(&format!("objects {flags:?}"), &expected, &objects);
            let library = self.link(dir, &format!("of-objects{}", flags[0]), |kernels| {
                // A library is made of one source at least.
                kernels.inline("nothing.c", "typedef int nothing;");
                kernels.for_target(Target::Ve1Llvm, |options| {
                    options.objects(&objects);
                });
            });
            self.compare(&format!("library {flags:?}"), &expected, &[library]);
        }
        self.compare("library of sources", &expected, &[self.of_sources(dir, 2)]);
    }

    /// The library that a build script makes of the sources.
    fn of_sources(&self, dir: &Path, level: u32) -> PathBuf {
        self.link(dir, &format!("of-sources-{level}"), |kernels| {
            let kernels = kernels.files(&self.sources).flags(COMMON);
            kernels.flags(self.language).opt_level(level);
        })
    }
}

#[test]
fn functions_have_structures_of_their_own() {
    if !ve::can_build() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let program = Program::new("by_value", &[]);
    let expected = program.on_host(dir.path());
    assert_eq!(expected.lines().count(), program.functions());
    for level in [0, 1, 2, 3] {
        let library = program.of_sources(dir.path(), level);
        program.compare(&format!("at level {level}"), &expected, &[library]);
    }
}

#[test]
fn classes() {
    if available("a C++ compiler (Debian: g++)", found("g++")) {
        Program::of_cxx("classes").check();
    }
}

/// A test for each program, and one for how many functions there are.
macro_rules! programs {
    ($($name:ident [$($more:literal),*];)*) => {
        $(
            #[test]
            fn $name() {
                Program::new(stringify!($name), &[$($more),*]).check();
            }
        )*

        #[test]
        fn there_are_more_than_two_hundred_functions() {
            let counts = [$(Program::new(stringify!($name), &[]).functions()),*];
            assert!(counts.iter().all(|count| *count > 7), "{counts:?}");
            assert!(counts.iter().sum::<usize>() > 200, "{counts:?}");
        }
    };
}

programs! {
    algorithms [];
    atomics [];
    bits [];
    codes [];
    control [];
    floats [];
    integers [];
    kernels [
        "ve-kernels/kernels/basics.c",
        "ve-kernels/kernels/echo.c",
        "ve-kernels/kernels/memory.c",
        "ve-kernels/kernels/statistics.c"
    ];
    linkage ["ve-run/tests/corpus/c/linkage_other.c"];
    memory [];
    structs [];
    varargs [];
}
