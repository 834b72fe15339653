//! How a builder starts, and how it ends in a build.

use std::collections::BTreeMap;
use std::panic::Location;

use super::{Kernels, Kind};
use crate::Result;
use crate::build::{self, Built};
use crate::options::Options;

impl Kernels {
    /// A library of this file name, the `lib` of `#[ve_kernel(lib = "libx.so")]`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Library,
            origins: Vec::new(),
            all: Options::default(),
            by_target: Vec::new(),
            by_file: Vec::new(),
            targets: None,
            without: Vec::new(),
            cpp: false,
            openmp: false,
            ftrace: false,
            traceback: false,
            report: false,
            verbose: false,
            debug: None,
            warnings: None,
            extra_warnings: false,
            warnings_into_errors: false,
            compiler: None,
            install_dir: None,
            env: BTreeMap::new(),
            #[cfg(feature = "import")]
            imports: Vec::new(),
            cargo_metadata: true,
            cargo_warnings: true,
        }
    }

    /// A veorun of this file name that has the kernels linked in, for `#[ve_kernel(static)]` and
    /// `VeoProc::builder().veorun(..)`. NEC's `mk_veorun_static` makes it for the card; for the other targets it is an image
    /// that the emulated node accepts in its place.
    #[must_use]
    pub fn static_veorun(name: impl Into<String>) -> Self {
        Self {
            kind: Kind::StaticVeorun,
            ..Self::new(name)
        }
    }

    /// Builds the library for every chosen target.
    ///
    /// When that fails, shows what the compiler said and ends the build script with status 1.
    #[track_caller]
    pub fn compile(&self) -> Built {
        let (result, lines) = build::build(self, Location::caller());
        match result {
            Ok(built) => {
                self.print(&lines);
                built
            }
            Err(error) => {
                // Nothing else is printed: Cargo shows standard output first and would push the message down.
                eprintln!("error: {error}");
                std::process::exit(1)
            }
        }
    }

    /// Builds the library for every chosen target.
    ///
    /// # Errors
    /// When the builder or `VEO_TARGETS` ask for something that cannot be done, a compiler is missing, fails or crashes,
    /// or a file cannot be read or written. Targets that were only detected do not fail for a missing compiler.
    #[track_caller]
    pub fn try_compile(&self) -> Result<Built> {
        let (result, lines) = build::build(self, Location::caller());
        self.print(&lines);
        result
    }

    fn print(&self, lines: &[String]) {
        if self.cargo_metadata {
            for line in lines {
                println!("{line}");
            }
        }
    }
}
