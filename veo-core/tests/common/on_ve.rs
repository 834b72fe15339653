//! Kernels as VE machine code: `VEO_TEST_CODE=ve1-llvm` has all that the tests compile made by clang and veo-build's linker.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use veo_build::{Kernels, Target};
use veo_test_support::compile;

/// Whether the kernels are to be VE machine code.
pub fn is_wanted() -> bool {
    match std::env::var("VEO_TEST_CODE") {
        Ok(code) => {
            assert!(code == "ve1-llvm", "VEO_TEST_CODE={code}: write ve1-llvm");
            true
        }
        Err(_) => false,
    }
}

/// Makes a shared library of a source, with the flags that the host's compiler would get.
pub fn library(source: &Path, library: &Path, flags: &[&str]) {
    let name = library.file_name().and_then(|name| name.to_str());
    let name = name.expect("a name in UTF-8");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("on_ve")
        .join(env!("CARGO_CRATE_NAME"))
        .join(name);
    // Tests start programs that make the same.
    fs::create_dir_all(&out).expect("the target directory is writable");
    let lock = File::create(out.join("lock")).expect("it is writable");
    lock.lock().expect("a lock of our own");
    let mut kernels = Kernels::new(name);
    kernels.file(source).for_target(Target::Ve1Llvm, |options| {
        for flag in flags {
            let path = Path::new(flag);
            if let Some(directory) = flag.strip_prefix("-L") {
                options.link_search(directory);
            } else if let Some(name) = flag.strip_prefix("-l") {
                options.link_lib(name);
            } else if path.is_absolute() {
                let name = path.file_stem().and_then(|stem| stem.to_str());
                let name = name.and_then(|stem| stem.strip_prefix("lib"));
                options.link_search(path.parent().expect("it is a file"));
                options.link_lib(name.expect("it is a library"));
            } else if !flag.starts_with("-Wl,") {
                options.flag(flag);
            }
        }
    });
    kernels
        .outside_of_cargo(&out)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .env("NUM_JOBS", "2")
        .targets([Target::Ve1Llvm])
        .opt_level(1);
    let built = kernels.try_compile();
    let built = built.unwrap_or_else(|error| panic!("{error}"));
    let made = &built.targets[0].library;
    compile::into_place(library, |fresh| {
        if flags.contains(&"-g") {
            fs::copy(made, fresh).expect("the target directory is writable");
        } else {
            let mut objcopy = Command::new("llvm-objcopy-19");
            compile::tool(objcopy.arg("--strip-debug").arg(made).arg(fresh));
        }
    });
}
