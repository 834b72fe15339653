//! Compiler and linker options, for all of a library, for one target or for one file.

use std::path::{Path, PathBuf};

/// Options that [`Kernels::for_target`](crate::Kernels::for_target) and
/// [`Kernels::for_file`](crate::Kernels::for_file) add to those of the whole library.
///
/// Relative paths start from the directory of the package.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) includes: Vec<PathBuf>,
    pub(crate) defines: Vec<(String, Option<String>)>,
    pub(crate) flags: Vec<String>,
    pub(crate) flags_if_supported: Vec<String>,
    pub(crate) standards: Vec<String>,
    pub(crate) opt_level: Option<String>,
    pub(crate) objects: Vec<PathBuf>,
    pub(crate) link_search: Vec<PathBuf>,
    pub(crate) link_libs: Vec<String>,
    pub(crate) link_args: Vec<String>,
}

impl Options {
    /// Searches a directory for headers, before those named later (`-I`).
    pub fn include(&mut self, dir: impl AsRef<Path>) -> &mut Self {
        self.includes.push(dir.as_ref().to_owned());
        self
    }

    /// Searches directories for headers.
    pub fn includes<P: AsRef<Path>>(&mut self, dirs: impl IntoIterator<Item = P>) -> &mut Self {
        self.includes
            .extend(dirs.into_iter().map(|dir| dir.as_ref().to_owned()));
        self
    }

    /// Defines a preprocessor macro (`-D`): `define("N", "8")`, `define("FAST", None)`.
    pub fn define<'a>(&mut self, name: &str, value: impl Into<Option<&'a str>>) -> &mut Self {
        self.defines
            .push((name.into(), value.into().map(Into::into)));
        self
    }

    /// Passes one argument to the compiler. It comes after the arguments that `veo-build` makes.
    pub fn flag(&mut self, flag: impl Into<String>) -> &mut Self {
        self.flags.push(flag.into());
        self
    }

    /// Passes arguments to the compiler.
    pub fn flags<S: Into<String>>(&mut self, flags: impl IntoIterator<Item = S>) -> &mut Self {
        self.flags.extend(flags.into_iter().map(Into::into));
        self
    }

    /// Passes an argument to those compilers that accept it, found by compiling an empty source.
    pub fn flag_if_supported(&mut self, flag: impl Into<String>) -> &mut Self {
        self.flags_if_supported.push(flag.into());
        self
    }

    /// The language standard (`-std=`). `c++..` and `gnu++..` hold for C++, `f..` and `legacy` for Fortran, others for C.
    pub fn std(&mut self, standard: impl Into<String>) -> &mut Self {
        self.standards.push(standard.into());
        self
    }

    /// The optimisation level, 0 to 3 (NEC: 4), instead of that of Cargo's profile.
    pub fn opt_level(&mut self, level: u32) -> &mut Self {
        self.opt_level_str(&level.to_string())
    }

    /// The optimisation level as the end of `-O`, for example `s` or `fast`.
    pub fn opt_level_str(&mut self, level: &str) -> &mut Self {
        self.opt_level = Some(level.into());
        self
    }

    /// Links an object file or an archive.
    pub fn object(&mut self, file: impl AsRef<Path>) -> &mut Self {
        self.objects.push(file.as_ref().to_owned());
        self
    }

    /// Links object files or archives.
    pub fn objects<P: AsRef<Path>>(&mut self, files: impl IntoIterator<Item = P>) -> &mut Self {
        self.objects
            .extend(files.into_iter().map(|file| file.as_ref().to_owned()));
        self
    }

    /// Links a library (`-l`), after the objects.
    pub fn link_lib(&mut self, name: impl Into<String>) -> &mut Self {
        self.link_libs.push(name.into());
        self
    }

    /// Searches a directory for libraries (`-L`).
    pub fn link_search(&mut self, dir: impl AsRef<Path>) -> &mut Self {
        self.link_search.push(dir.as_ref().to_owned());
        self
    }

    /// Passes an argument to the linker's driver, after the libraries.
    pub fn link_arg(&mut self, arg: impl Into<String>) -> &mut Self {
        self.link_args.push(arg.into());
        self
    }

    /// These options followed by `more`.
    pub(crate) fn with(&self, more: &Self) -> Self {
        fn joined<T: Clone>(a: &[T], b: &[T]) -> Vec<T> {
            a.iter().chain(b).cloned().collect()
        }
        Self {
            // The narrower options are searched first.
            includes: joined(&more.includes, &self.includes),
            defines: joined(&self.defines, &more.defines),
            flags: joined(&self.flags, &more.flags),
            flags_if_supported: joined(&self.flags_if_supported, &more.flags_if_supported),
            standards: joined(&self.standards, &more.standards),
            opt_level: more.opt_level.as_ref().or(self.opt_level.as_ref()).cloned(),
            objects: joined(&self.objects, &more.objects),
            link_search: joined(&more.link_search, &self.link_search),
            link_libs: joined(&self.link_libs, &more.link_libs),
            link_args: joined(&self.link_args, &more.link_args),
        }
    }

    /// Whether something here concerns linking, which is of no use for one file.
    pub(crate) fn links(&self) -> bool {
        !(self.objects.is_empty()
            && self.link_search.is_empty()
            && self.link_libs.is_empty()
            && self.link_args.is_empty())
    }
}
