//! `VeBuild`.

use std::path::PathBuf;

use veo_build::{Built, Kernels, Target};
use veo_core::{Result, Value, VeoProc};
use veo_test_support::{available, found};

use super::function;

const TWICE: &str = "long twice(long x) { return 2 * x; }\n";

/// A directory for what is built.
pub struct Bench(tempfile::TempDir);

impl Bench {
    pub fn new() -> Bench {
        Bench(tempfile::tempdir().unwrap())
    }

    fn build(&self, kernels: &mut Kernels) -> Built {
        kernels
            .targets([Target::Host])
            .outside_of_cargo(self.0.path())
            .opt_level(1)
            .env("NUM_JOBS", "1");
        kernels
            .try_compile()
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// A veorun with the kernel `twice` in it.
    pub fn veorun(&self) -> PathBuf {
        let mut kernels = Kernels::static_veorun("veorun_twice");
        let built = self.build(kernels.inline("twice.c", TWICE));
        built.library(Target::Host).unwrap().to_owned()
    }
}

/// The result of the kernel `name` of a library made of this source, called with 20.0.
fn call_one(label: &str, source: &str, name: &str) -> Result<f64> {
    let bench = Bench::new();
    let built = bench.build(Kernels::new("libone.so").inline(label, source));
    let proc = VeoProc::new(0)?;
    let lib = proc.load_library(built.library(Target::Host).unwrap())?;
    let one = function(&lib, name, &["double"], "double");
    f64::try_from(one.call(&proc, [Value::from(20.0)])?)
}

#[test]
fn set_c_src_and_build_so() -> Result<()> {
    let source = "double half(double x) { return x / 2; }\n";
    assert_eq!(call_one("half.c", source, "half")?, 10.0);
    Ok(())
}

#[test]
fn set_cpp_src() -> Result<()> {
    if !available("a C++ compiler (Debian: g++)", found("c++")) {
        return Ok(());
    }
    let source = "template <typename T> T more(T x) { return x + 1; }\n\
                  extern \"C\" double next(double x) { return more(x); }\n";
    assert_eq!(call_one("next.cpp", source, "next")?, 21.0);
    Ok(())
}

#[test]
fn set_ftn_src() -> Result<()> {
    if !available("a Fortran compiler (Debian: gfortran)", found("gfortran")) {
        return Ok(());
    }
    let source = "real(c_double) function squared(x) bind(c)\n  use iso_c_binding\n\
                  \x20 real(c_double), value :: x\n  squared = x * x\nend function\n";
    assert_eq!(call_one("squared.f90", source, "squared")?, 400.0);
    Ok(())
}

#[test]
fn build_veorun() -> Result<()> {
    let bench = Bench::new();
    let veorun = bench.veorun();
    assert!(veorun.ends_with("veorun_twice") && veorun.is_file());
    Ok(())
}

/// All results lie in the build directory, so removing that cleans up; a second build finds
/// everything done.
#[test]
fn set_build_dir_and_clean() -> Result<()> {
    let bench = Bench::new();
    let mut kernels = Kernels::new("libone.so");
    kernels.inline("twice.c", TWICE);
    let library = bench.build(&mut kernels);
    let library = library.library(Target::Host).unwrap();
    assert!(library.starts_with(bench.0.path()));
    let made = std::fs::metadata(library).unwrap().modified().unwrap();
    bench.build(&mut kernels);
    let again = std::fs::metadata(library).unwrap().modified().unwrap();
    assert_eq!(made, again);
    std::fs::remove_dir_all(bench.0.path()).unwrap();
    bench.build(&mut kernels);
    assert!(library.is_file());
    Ok(())
}
