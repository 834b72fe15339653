//! `libveohmem.so`, which the emulator carries for kernels, is compiled with flags of its own:
//! whatever the program is compiled with, it comes out as the same kind of library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use object::{Object, ObjectKind, ObjectSymbol};
use veo_test_support as _;

/// Held from a build until its result was looked at.
static BUILD: Mutex<()> = Mutex::new(());

/// Has Cargo check `veo-emu` with a variable set, which runs its build script.
fn check(variable: &str, value: &str) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["check", "--quiet", "--package", "veo-emu"]);
    // If a target is named, its flags are not those of build scripts.
    cargo.args(["--target", &host()]);
    cargo
        .arg("--target-dir")
        .arg(target_dir())
        .current_dir(root);
    for other in ["CFLAGS", "CC", "RUSTFLAGS", "TARGET_CFLAGS"] {
        cargo.env_remove(other);
    }
    cargo.env(variable, value).output().expect("cargo runs")
}

fn target_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("shim")
}

/// The target of this machine's own compiler.
fn host() -> String {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc tells its host").to_owned()
}

/// The library that was made last.
fn library() -> Vec<u8> {
    let builds = target_dir().join(host()).join("debug/build");
    let made = fs::read_dir(builds).expect("build scripts have run");
    let made = made.map(|entry| entry.unwrap().path().join("out/libveohmem.so"));
    let newest = made
        .filter(|path| path.exists())
        .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    fs::read(newest.expect("a library")).unwrap()
}

#[test]
fn the_flags_of_a_program_are_not_those_of_the_library() {
    let _build = BUILD.lock().unwrap_or_else(PoisonError::into_inner);
    let suffix = host().replace('-', "_");
    let settings = [
        ("RUSTFLAGS", "-C target-feature=+crt-static"),
        ("CFLAGS", "-static"),
        ("CFLAGS", "-fno-pic -fno-pie -no-pie"),
        ("CFLAGS", "-m32"),
        ("CFLAGS", "-fsanitize=address,undefined --coverage -pg"),
        ("TARGET_CFLAGS", "-static-pie"),
        (&format!("CFLAGS_{suffix}"), "-no-such-flag"),
        ("CC", "gcc -static"),
        ("CC", "gcc -fno-pic -fsanitize=address"),
        ("CC", "env gcc"),
    ];
    for (variable, value) in settings {
        let output = check(variable, value);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{variable}={value}: {text}");
        let bytes = library();
        let file = object::File::parse(&*bytes).unwrap();
        assert_eq!(file.kind(), ObjectKind::Dynamic, "{variable}={value}");
        let exports = |name: &str| {
            let mut symbols = file.dynamic_symbols();
            symbols.any(|symbol| symbol.is_definition() && symbol.name() == Ok(name))
        };
        assert!(exports("veo_is_ve_addr"), "{variable}={value}");
        assert!(exports("veo_prev_req_result"), "{variable}={value}");
        // It can be loaded without anything else.
        let needs = file
            .dynamic_symbols()
            .filter(|symbol| symbol.is_undefined());
        let needs: Vec<_> = needs.filter_map(|symbol| symbol.name().ok()).collect();
        assert!(needs.is_empty(), "{variable}={value}: {needs:?}");
    }
}

#[test]
fn a_compiler_that_does_not_make_it_is_named() {
    let _build = BUILD.lock().unwrap_or_else(PoisonError::into_inner);
    for (compiler, says) in [
        ("false", "false"),
        ("gcc -c", "no shared library"),
        ("/nonsense/gcc", "/nonsense/gcc"),
    ] {
        let output = check("CC", compiler);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{compiler}: {text}");
        assert!(
            text.contains(says) && text.contains("veohmem.c"),
            "{compiler}: {text}"
        );
    }
}
