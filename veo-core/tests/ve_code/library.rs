//! Libraries of VE machine code, made by clang and veo-build's linker.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use veo_build::{Built, Kernels, Target};
use veo_core::VeoProc;
use veo_core::abi::build_dir::VE1_LLVM;
pub use veo_test_support::ve::can_build as clang;
use veo_test_support::{run, ve};

/// Builds a library of one source, for the VE or the host, below `directory`.
pub fn build(directory: &Path, name: &str, source: &str, target: Target) -> PathBuf {
    build_with(directory, name, source, target, |_| {})
}

/// The same with further options.
pub fn build_with(
    directory: &Path,
    name: &str,
    source: &str,
    target: Target,
    set: impl FnOnce(&mut Kernels),
) -> PathBuf {
    let stem = name.trim_start_matches("lib").trim_end_matches(".so");
    let mut kernels = Kernels::new(name);
    kernels
        .inline(format!("{stem}.c"), source)
        .targets([target])
        .outside_of_cargo(directory.join(format!("{name}.built")))
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .env("NUM_JOBS", "2")
        .opt_level(2);
    set(&mut kernels);
    let built = kernels
        .try_compile()
        .unwrap_or_else(|error| panic!("{error}"));
    let library = Built::library(&built, target).expect("it was built for this");
    library.to_owned()
}

/// Compiles a source to a relocatable object for the VE.
pub fn object(directory: &Path, stem: &str, source: &str) -> PathBuf {
    ve::object_of(
        directory,
        &format!("{stem}.c"),
        source,
        &["-O2", "-g", "-w"],
    )
}

/// The library of `kernels.c`, found by its name as declared kernels are. `None`: it cannot be made here.
pub fn kernels() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| declared("libvecode.so", include_str!("kernels.c")));
    made.as_deref()
}

/// The same for `mistakes.c`.
pub fn mistakes() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| declared("libvemistakes.so", include_str!("mistakes.c")));
    made.as_deref()
}

/// The same for `watched.c`.
pub fn watched() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| declared("libvewatched.so", include_str!("watched.c")));
    made.as_deref()
}

/// The same for `checked.c`.
pub fn checked() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| declared("libvechecked.so", include_str!("checked.c")));
    made.as_deref()
}

fn declared(name: &str, source: &str) -> Option<PathBuf> {
    clang().then(|| {
        if is_again() {
            // The program that has started this one has made it, and other tests may be loading it.
            return beside().join(name);
        }
        put_beside(name, &build(&scratch(), name, source, Target::Ve1Llvm))
    })
}

/// A directory for what this program builds.
pub fn scratch() -> PathBuf {
    static NUMBER: Mutex<u32> = Mutex::new(0);
    let mut number = NUMBER.lock().unwrap_or_else(PoisonError::into_inner);
    *number += 1;
    let name = format!("ve_code/{}-{number}", std::process::id());
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// Libraries beside the test program, where those for this machine code are looked for.
fn beside() -> PathBuf {
    let program = std::env::current_exe().expect("a test program has a path");
    program.parent().expect("and a directory").join(VE1_LLVM)
}

fn put_beside(name: &str, built: &Path) -> PathBuf {
    let directory = beside();
    std::fs::create_dir_all(&directory).unwrap();
    let place = directory.join(name);
    let fresh = directory.join(format!("{name}.{}", std::process::id()));
    std::fs::copy(built, &fresh).unwrap();
    std::fs::rename(&fresh, &place).unwrap();
    place
}

/// A process that can find the kernels, unless they cannot be made here.
pub fn process() -> Option<VeoProc> {
    kernels()?;
    Some(VeoProc::new(0).expect("the emulated node is there"))
}

/// Runs a test of this program once more, with variables that its processes obey. Its output is the result.
pub fn again(test: &str, variables: &[(&str, &std::ffi::OsStr)]) -> String {
    let output = run::one_test(test)
        .env(AGAIN, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{error}");
    text.into_owned() + &error
}

/// Set where [`again`] runs a test.
const AGAIN: &str = "VE_CODE_TEST_AGAIN";

/// Whether [`again`] runs this test.
pub fn is_again() -> bool {
    std::env::var_os(AGAIN).is_some()
}
