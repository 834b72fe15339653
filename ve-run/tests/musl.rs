//! A real C library as machine code, in place of the host's functions: musl, which `tests/musl/run` fetches and compiles.

#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use veo_build::{Built, Kernels, Target};
use veo_test_support::{compile, run, ve};

/// The sources and objects of `tests/musl/run`.
fn musl() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("musl")
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/musl.c")
}

/// Links objects as a build script does.
fn link(dir: &Path, name: &str, objects: &[PathBuf]) -> PathBuf {
    let out = dir.join(format!("{name}.built"));
    fs::create_dir(&out).unwrap();
    let built = Kernels::new(name)
        .objects(objects)
        .targets([Target::Ve1Llvm])
        .outside_of_cargo(out)
        .opt_level(2)
        .env("NUM_JOBS", "1")
        .try_compile()
        .unwrap_or_else(|error| panic!("{error}"));
    Built::library(&built, Target::Ve1Llvm).unwrap().to_owned()
}

fn ve_run(arguments: &[&Path]) -> run::Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ve-run"));
    run::run(command.args(arguments), Duration::from_secs(500))
}

#[test]
#[ignore = "tests/musl/run fetches what it needs"]
fn programs_run_on_musl() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let host = dir.join("host");
    compile::program(program(), &host, &["-w", "-lm"]);
    let expected = run::run(
        Command::new(&host).arg(dir.join("of the host")),
        Duration::from_secs(60),
    );
    let object = dir.join("program.o");
    let includes = ["arch/ve", "arch/generic", "obj/include", "include"];
    let includes = includes.map(|it| format!("-I{}", musl().join(it).display()));
    let options = ["-nostdinc", "-O2", "-fno-builtin", "-fpic"].map(String::from);
    ve::compile(program(), &object, &[&options[..], &includes].concat());
    let entries = fs::read_dir(musl().join("objects")).expect("tests/musl/run makes them");
    let mut objects: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).collect();
    objects.sort();
    let library = link(dir, "libc.so", &objects);
    let program = link(dir, "program.so", &[object]);
    let lib = Path::new("--lib");
    let path = dir.join("of the engine");
    let outcome = ve_run(&[lib, &library, &program, &path]);
    assert_eq!(outcome.stdout, expected.stdout, "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "the end\n");
    assert_eq!(outcome.status.unwrap().code(), Some(7));
    // It is not the host's functions that have printed.
    let [trace, calls] = ["--trace", "calls"].map(Path::new);
    let outcome = ve_run(&[trace, calls, lib, &library, &program]);
    for function in ["printf_core", "__intscan", "__malloc_alloc_meta"] {
        let called = outcome.stderr.contains(&format!(" calls {function}\n"));
        assert!(called, "{function}\n{}", outcome.stderr);
    }
}
