//! Compiler and linker options, for all of a library, for one target or for one file.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Options that [`Kernels::for_target`](crate::Kernels::for_target) and
/// [`Kernels::for_file`](crate::Kernels::for_file) add to those of the whole library.
///
/// Relative paths start from the directory of the package.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) includes: Vec<PathBuf>,
    pub(crate) defines: Vec<(String, Option<String>)>,
    pub(crate) flags: Vec<OsString>,
    pub(crate) flags_if_supported: Vec<OsString>,
    pub(crate) standards: Vec<String>,
    pub(crate) opt_level: Option<String>,
    pub(crate) objects: Vec<PathBuf>,
    pub(crate) link_search: Vec<PathBuf>,
    pub(crate) link_libs: Vec<String>,
    pub(crate) link_args: Vec<OsString>,
}

impl Options {
    /// Searches a directory for headers (`-I`), before directories that are named later.
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

    /// Passes one argument to the compiler and to the linker's driver, because many flags need a runtime library (`-fopenmp`,
    /// `-fsanitize=..`, `--coverage`, `-pg`). It comes after the arguments of `veo-build`.
    pub fn flag(&mut self, flag: impl AsRef<OsStr>) -> &mut Self {
        self.flags([flag])
    }

    /// Passes arguments to the compiler.
    pub fn flags<S: AsRef<OsStr>>(&mut self, flags: impl IntoIterator<Item = S>) -> &mut Self {
        self.flags.extend(owned(flags));
        self
    }

    /// Passes an argument to the compilers that accept it. Each is tried with an empty source.
    pub fn flag_if_supported(&mut self, flag: impl AsRef<OsStr>) -> &mut Self {
        self.flags_if_supported([flag])
    }

    /// Passes each of these arguments to the compilers that accept it.
    pub fn flags_if_supported<S: AsRef<OsStr>>(
        &mut self,
        flags: impl IntoIterator<Item = S>,
    ) -> &mut Self {
        self.flags_if_supported.extend(owned(flags));
        self
    }

    /// Removes an argument that was given to [`flag`](Self::flag) or a similar method.
    pub fn remove_flag(&mut self, flag: impl AsRef<OsStr>) -> &mut Self {
        let kept = |given: &OsString| given.as_os_str() != flag.as_ref();
        self.flags.retain(kept);
        self.flags_if_supported.retain(kept);
        self
    }

    /// Sets a language standard (`-std=`). `c++..` and `gnu++..` are for C++, `f..` and `legacy` for Fortran, others for C.
    pub fn std(&mut self, standard: impl Into<String>) -> &mut Self {
        self.standards.push(standard.into());
        self
    }

    /// Sets the optimisation level, 0 to 3 (NEC: 4), instead of the level of Cargo's profile.
    pub fn opt_level(&mut self, level: u32) -> &mut Self {
        self.opt_level_str(&level.to_string())
    }

    /// Sets the optimisation level as the end of `-O`, for example `s` or `fast`.
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
    pub fn link_arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Self {
        self.link_args.extend(owned([arg]));
        self
    }

    /// These options followed by `more`.
    pub(crate) fn with(&self, more: &Self) -> Self {
        fn joined<T: Clone>(a: &[T], b: &[T]) -> Vec<T> {
            a.iter().chain(b).cloned().collect()
        }
        Self {
            // Directories of narrower options are searched first.
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

    /// Whether an option here concerns linking. Such an option makes no sense for one file.
    pub(crate) fn links(&self) -> bool {
        !(self.objects.is_empty()
            && self.link_search.is_empty()
            && self.link_libs.is_empty()
            && self.link_args.is_empty())
    }
}

fn owned<S: AsRef<OsStr>>(flags: impl IntoIterator<Item = S>) -> impl Iterator<Item = OsString> {
    flags.into_iter().map(|flag| flag.as_ref().to_owned())
}
