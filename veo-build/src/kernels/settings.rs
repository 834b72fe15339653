//! How a library is made: options of compilers and linkers, targets, surroundings.

use std::ffi::OsStr;
use std::path::Path;

use super::Kernels;
use crate::options::Options;
use crate::target::Target;

/// Gives [`Kernels`] the methods of [`Options`], for the whole library.
macro_rules! forward {
    ($($(#[$doc:meta])* $name:ident $([$($g:tt)*])? ($($arg:ident: $ty:ty),*);)*) => { $(
        $(#[$doc])*
        pub fn $name$(<$($g)*>)?(&mut self, $($arg: $ty),*) -> &mut Self {
            self.all.$name($($arg),*);
            self
        }
    )* };
}

impl Kernels {
    forward! {
        /// Searches a directory for headers (`-I`).
        include(dir: impl AsRef<Path>);
        /// Searches directories for headers.
        includes[P: AsRef<Path>](dirs: impl IntoIterator<Item = P>);
        /// Defines a preprocessor macro (`-D`): `define("N", "8")`, `define("FAST", None)`.
        define['a](name: &str, value: impl Into<Option<&'a str>>);
        /// Passes one argument to the compilers, after those that `veo-build` makes.
        #[doc(alias("arg", "cflag", "cxxflag", "asm_flag", "undefine", "force_frame_pointer"))]
        flag(flag: impl AsRef<OsStr>);
        /// Passes arguments to the compilers.
        flags[S: AsRef<OsStr>](flags: impl IntoIterator<Item = S>);
        /// Passes an argument to those compilers that accept it, found by compiling an empty source.
        flag_if_supported(flag: impl AsRef<OsStr>);
        /// Passes those of these arguments that a compiler accepts, each tried by itself.
        #[doc(alias("is_flag_supported"))]
        flags_if_supported[S: AsRef<OsStr>](flags: impl IntoIterator<Item = S>);
        /// Takes back an argument given before.
        #[doc(alias("no_default_flags"))]
        remove_flag(flag: impl AsRef<OsStr>);
        /// A language standard (`-std=`), see [`Options::std`]; once for each language.
        std(standard: impl Into<String>);
        /// The optimisation level, 0 to 3 (NEC: 4), instead of that of Cargo's profile.
        #[doc(alias("optimize"))]
        opt_level(level: u32);
        /// The optimisation level as the end of `-O`, for example `s` or `fast`.
        opt_level_str(level: &str);
        /// Links an object file or an archive, for every target. See [`Kernels::for_target`] for one of a single target.
        #[doc(alias("archive"))]
        object(file: impl AsRef<Path>);
        /// Links object files or archives.
        objects[P: AsRef<Path>](files: impl IntoIterator<Item = P>);
        /// Links a library (`-l`), named without `lib` and `.so`.
        #[doc(alias("lib", "link", "library", "cpp_link_stdlib"))]
        link_lib(name: impl Into<String>);
        /// Searches a directory for libraries (`-L`).
        #[doc(alias("lib_dir"))]
        link_search(dir: impl AsRef<Path>);
        /// Passes an argument to the linker's driver, after the libraries.
        #[doc(alias("link_flag", "ldflag"))]
        link_arg(arg: impl AsRef<OsStr>);
    }

    /// Adds options for one target.
    pub fn for_target(&mut self, target: Target, set: impl FnOnce(&mut Options)) -> &mut Self {
        let mut options = Options::default();
        set(&mut options);
        self.by_target.push((target, options));
        self
    }

    /// Adds options for one source, named as it was added (or found by a pattern).
    pub fn for_file(
        &mut self,
        path: impl AsRef<Path>,
        set: impl FnOnce(&mut Options),
    ) -> &mut Self {
        let mut options = Options::default();
        set(&mut options);
        self.by_file.push((path.as_ref().to_owned(), options));
        self
    }

    /// Builds exactly these targets; a missing compiler is then an error. `VEO_TARGETS` overrides it. Without either, every target
    /// whose compilers are found is built.
    pub fn targets(&mut self, targets: impl IntoIterator<Item = Target>) -> &mut Self {
        self.targets = Some(targets.into_iter().collect());
        self
    }

    /// Never builds this target, whatever `VEO_TARGETS` says.
    pub fn without_target(&mut self, target: Target) -> &mut Self {
        self.without.push(target);
        self
    }

    /// Compiles `.c` sources as C++ as well.
    pub fn cpp(&mut self, cpp: bool) -> &mut Self {
        self.cpp = cpp;
        self
    }

    /// Compiles and links with OpenMP (`-fopenmp`); LLVM's VE compiler has no OpenMP runtime and goes without.
    pub fn openmp(&mut self, openmp: bool) -> &mut Self {
        self.openmp = openmp;
        self
    }

    /// Instruments for NEC's performance tool (`-ftrace`); of no effect elsewhere.
    pub fn ftrace(&mut self, ftrace: bool) -> &mut Self {
        self.ftrace = ftrace;
        self
    }

    /// Lets a crashed kernel print where it was (`-traceback=verbose`), with NEC's compilers.
    pub fn traceback(&mut self, traceback: bool) -> &mut Self {
        self.traceback = traceback;
        self
    }

    /// Lets NEC's compilers write listings (`-report-all -fdiag-vector=2`); they are kept beside the library, as
    /// [`BuiltTarget::listings`](crate::BuiltTarget::listings) and the build note tell.
    pub fn report(&mut self, report: bool) -> &mut Self {
        self.report = report;
        self
    }

    /// Shows the build note, the command lines and what NEC's compilers say about vectorisation as warnings of the build. `VEO_VERBOSE=1`
    /// does the same.
    #[doc(alias("cargo_debug", "cargo_output", "expand"))]
    pub fn verbose(&mut self, verbose: bool) -> &mut Self {
        self.verbose = verbose;
        self
    }

    /// Whether debug information stays in the library, instead of as Cargo's profile says. It is always made; where it does not stay it is
    /// in `libx.so.debug` beside the library.
    pub fn debug(&mut self, debug: bool) -> &mut Self {
        self.debug = Some(debug);
        self
    }

    /// The compilers' usual warnings (`-Wall`), on by default for C and C++ on the host and with clang.
    pub fn warnings(&mut self, warnings: bool) -> &mut Self {
        self.warnings = Some(warnings);
        self
    }

    /// More warnings (`-Wextra`).
    pub fn extra_warnings(&mut self, warnings: bool) -> &mut Self {
        self.extra_warnings = warnings;
        self
    }

    /// Warnings are errors (`-Werror`).
    pub fn warnings_into_errors(&mut self, errors: bool) -> &mut Self {
        self.warnings_into_errors = errors;
        self
    }

    /// The compiler for the host target, instead of the variables and names that are tried otherwise: the one for C, in a library without
    /// C that for C++, in one of Fortran alone that for Fortran. The others, and any with arguments, are set with
    /// `.env("VEO_CXX", "clang++ -stdlib=libc++")`.
    #[doc(alias("get_compiler"))]
    pub fn compiler(&mut self, compiler: impl AsRef<Path>) -> &mut Self {
        self.compiler = Some(compiler.as_ref().to_owned());
        self
    }

    /// Also copies the libraries of all targets to `dir/<target>/`, where a program in `dir` finds them wherever it is
    /// moved together with these directories. `VEO_INSTALL_DIR`, an absolute path, does the same for every crate of a build.
    pub fn install_dir(&mut self, dir: impl AsRef<Path>) -> &mut Self {
        self.install_dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Sets a variable for the compilers, and for the variables that `veo-build` reads itself.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.env
            .insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Where to build, instead of Cargo's `OUT_DIR`.
    pub fn out_dir(&mut self, dir: impl AsRef<Path>) -> &mut Self {
        self.env("OUT_DIR", dir.as_ref())
    }

    /// The target triple of the program, instead of Cargo's.
    pub fn target(&mut self, triple: &str) -> &mut Self {
        self.env("TARGET", triple)
    }

    /// The triple of the building machine, instead of Cargo's.
    pub fn host(&mut self, triple: &str) -> &mut Self {
        self.env("HOST", triple)
    }

    /// Whether to print lines for Cargo, on by default: what to watch for changes, and warnings.
    pub fn cargo_metadata(&mut self, print: bool) -> &mut Self {
        self.cargo_metadata = print;
        self
    }

    /// Whether what compilers and linkers warn of becomes warnings of the build; on by default.
    pub fn cargo_warnings(&mut self, print: bool) -> &mut Self {
        self.cargo_warnings = print;
        self
    }
}
