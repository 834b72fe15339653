//! Libraries of kernels, each built once for all tests.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use veo_build::{Kernels, Sanitizer, Target};
use veo_test_support::{available, found};

/// How kernels are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Without a sanitizer.
    Plain,
    Gcc(Sanitizer),
    Clang(Sanitizer),
}

impl Way {
    /// Whether this machine has the compilers for a source.
    pub fn is_there(self, source: &str) -> bool {
        let clang = || {
            available(
                "clang 19 with its runtime libraries (Debian: clang-19 libclang-rt-19-dev)",
                found("clang-19") && Path::new("/usr/lib/llvm-19/lib/clang/19/lib/linux").is_dir(),
            )
        };
        let by_clang = matches!(self, Way::Clang(_));
        match source.rsplit('.').next() {
            Some("f90") => !by_clang && available("gfortran (Debian: gfortran)", found("gfortran")),
            Some("cpp") if !by_clang => available("a C++ compiler (Debian: g++)", found("c++")),
            _ => !by_clang || clang(),
        }
    }

    /// Whether this machine has OpenMP for it; without, the pragmas mean nothing.
    pub fn has_openmp(self) -> bool {
        let llvm = Path::new("/usr/lib/llvm-19/lib/libarcher.so");
        match self {
            Way::Plain | Way::Gcc(_) => true,
            Way::Clang(_) => available("clang's OpenMP (Debian: libomp-19-dev)", llvm.is_file()),
        }
    }
}

/// The library that is built from one of the sources in `kernels`, with OpenMP if it is to be.
pub fn library(source: &str, way: Way, openmp: bool) -> PathBuf {
    type Key = (String, Way, bool);
    type Place = Arc<OnceLock<PathBuf>>;
    static BUILT: Mutex<Option<HashMap<Key, Place>>> = Mutex::new(None);
    let place = {
        let mut built = BUILT.lock().unwrap();
        let built = built.get_or_insert_default();
        let key = (source.to_owned(), way, openmp);
        Arc::clone(built.entry(key).or_default())
    };
    place.get_or_init(|| build(source, way, openmp)).clone()
}

fn build(source: &str, way: Way, openmp: bool) -> PathBuf {
    let name = format!("{way:?}-{source}").to_lowercase();
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let mut kernels = Kernels::new(format!("lib{name}.so"));
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    kernels
        .file(manifest.join("sanitize/kernels").join(source))
        .targets([Target::Host])
        .openmp(openmp)
        .warnings(false)
        .cargo_metadata(false)
        .out_dir(
            Path::new(env!("CARGO_TARGET_TMPDIR"))
                .join("sanitize")
                .join(&name),
        )
        .env("CARGO_MANIFEST_DIR", manifest)
        .env("OPT_LEVEL", "1")
        .target(&format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
        .env("VEO_TARGETS", "host")
        .env("VEO_SANITIZE", "");
    match way {
        Way::Plain => {}
        Way::Gcc(sanitizer) => {
            kernels.sanitize(sanitizer);
        }
        Way::Clang(sanitizer) => {
            kernels
                .env("VEO_CC", "clang-19")
                .env("VEO_CXX", "clang++-19")
                .sanitize(sanitizer);
        }
    }
    let built = kernels.try_compile().unwrap();
    built.library(Target::Host).unwrap().to_owned()
}
