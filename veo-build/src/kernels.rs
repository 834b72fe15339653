//! The builder that a build script uses.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::source::Language;
use crate::{Error, ErrorKind, Result, command, depfile, host};

/// A library of kernels to be built from sources.
#[derive(Clone, Debug)]
pub struct Kernels {
    name: String,
    files: Vec<PathBuf>,
}

/// What a build made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Built {
    /// The library for the host target.
    pub library: PathBuf,
}

impl Kernels {
    /// A library of this file name, the `lib` of `#[ve_kernel(lib = "libx.so")]`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            files: Vec::new(),
        }
    }

    /// Adds a source file; its path is relative to the package.
    pub fn file(&mut self, path: impl AsRef<Path>) -> &mut Self {
        self.files.push(path.as_ref().to_owned());
        self
    }

    /// Adds source files.
    pub fn files<P: AsRef<Path>>(&mut self, paths: impl IntoIterator<Item = P>) -> &mut Self {
        self.files
            .extend(paths.into_iter().map(|p| p.as_ref().to_owned()));
        self
    }

    /// Builds the library. Ends the build script with a message and status 1 when that fails.
    pub fn compile(&self) -> Built {
        self.try_compile().unwrap_or_else(|error| {
            eprintln!("error: {error}");
            std::process::exit(1)
        })
    }

    /// Builds the library.
    ///
    /// # Errors
    /// Outside of a build script, without a compiler, and when a compiler reports an error.
    pub fn try_compile(&self) -> Result<Built> {
        if self.files.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{}: no sources; name some with .file(\"kernels/k.c\")",
                    self.name
                ),
            ));
        }
        let out_dir = PathBuf::from(variable("OUT_DIR")?);
        let package = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
        let dir = out_dir.join("veo/host");
        let objects_dir = out_dir.join("veo/objects/host").join(&self.name);
        for dir in [&dir, &objects_dir] {
            fs::create_dir_all(dir)
                .map_err(|e| Error::io(format_args!("cannot create {}", dir.display()), &e))?;
        }
        let opt_level = env::var("OPT_LEVEL").unwrap_or_else(|_| "0".into());

        let mut linker = Language::C;
        let mut objects = Vec::new();
        for (index, file) in self.files.iter().enumerate() {
            let source = package.join(file);
            let language = Language::of(file).ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    format!(
                        "{}: not a C, C++ or Fortran source by its name",
                        file.display()
                    ),
                )
            })?;
            linker = linker.max(language);
            println!("cargo:rerun-if-changed={}", source.display());
            let object = objects_dir.join(format!("{index}.o"));
            let deps = object.with_extension("d");
            let mut cc = host::compiler(language);
            cc.current_dir(&package)
                .arg(format!("-O{opt_level}"))
                .args(["-g", "-fPIC", "-pthread", "-c"])
                .arg(&source)
                .arg("-o")
                .arg(&object);
            if language != Language::Fortran {
                cc.arg("-MD").arg("-MF").arg(&deps);
            }
            let doing = format!("{}: compiling {}", self.name, file.display());
            warn(&command::run(&mut cc, &doing)?);
            if let Ok(text) = fs::read_to_string(&deps) {
                for header in depfile::parse(&text) {
                    println!("cargo:rerun-if-changed={}", package.join(header).display());
                }
            }
            objects.push(object);
        }

        let library = dir.join(&self.name);
        let mut ld = host::compiler(linker);
        ld.current_dir(&package)
            .args(["-shared", "-fPIC", "-pthread", "-Wl,-Bsymbolic"])
            .arg("-o")
            .arg(&library)
            .args(&objects)
            .arg("-lm");
        warn(&command::run(&mut ld, &format!("{}: linking", self.name))?);
        Ok(Built { library })
    }
}

fn variable(name: &str) -> Result<String> {
    env::var(name).map_err(|_| {
        Error::new(
            ErrorKind::MissingVariable,
            format!("{name} is not set; kernels are built from a build script (build.rs), which Cargo runs with it set"),
        )
    })
}

fn warn(output: &str) {
    for line in output.lines() {
        println!("cargo:warning={line}");
    }
}
