//! The builder for build scripts. It says what a library is made from, and how.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use veo_abi::sanitizer::Sanitizer;

#[cfg(feature = "import")]
use crate::import_options::Import;
use crate::options::Options;
use crate::source::SourceOrigin;
use crate::target::Target;

/// The product of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProductKind {
    /// A shared library that `veo_load_library` loads.
    Library,
    /// A veorun with the kernels linked in.
    StaticVeorun,
}

/// A kernel library, built from sources in C, C++ and Fortran.
///
/// Methods have the same names as in the `cc` crate if it has them. Relative paths start from the directory of the package.
///
/// | in `cc`, not here | instead |
/// |---|---|
/// | `compile("name")` | the name is given to [`new`](Kernels::new), since declarations name it too: `#[ve_kernel(lib = "libx.so")]` |
/// | `shared_flag`, `static_flag`, `pic`, `use_plt`, `static_crt` | kernels are always position-independent shared libraries, but see [`static_veorun`](Kernels::static_veorun) |
/// | `archiver`, `ranlib`, `ar_flag`, `compile_intermediates`, `link_lib_modifier` | no archive is made and nothing is linked into the Rust program |
/// | `get_compiler`, `is_flag_supported`, `expand` | there are several compilers. [`for_target`](Kernels::for_target) sets options for one, [`flag_if_supported`](Kernels::flag_if_supported) asks each, [`verbose`](Kernels::verbose) shows the command lines |
/// | `no_default_flags`, `force_frame_pointer`, `cpp_set_stdlib` | [`flag`](Kernels::flag): the user's flags come last and win, as in `-fno-omit-frame-pointer`; for C++ alone `VEO_CXXFLAGS` or [`for_file`](Kernels::for_file) |
/// | `cpp_link_stdlib` | C++ links its own library; [`link_lib`](Kernels::link_lib) adds others |
/// | `cargo_output`, `cargo_debug`, `emit_rerun_if_env_changed` | [`cargo_metadata`](Kernels::cargo_metadata), [`cargo_warnings`](Kernels::cargo_warnings), [`verbose`](Kernels::verbose) |
/// | `cuda`, assembler sources | not kernels of a Vector Engine; an assembled file can be an [`object`](Kernels::object) of one target |
///
/// ```no_run
/// // build.rs
/// use veo_build::{Kernels, Target};
///
/// Kernels::new("libphysics.so")
///     .glob("kernels/*.c")
///     .file("kernels/solve.f90")
///     .inline("scale.cpp", r#"extern "C" void scale(double *x, long n) { while (n--) x[n] *= 2; }"#)
///     .include("kernels/include")
///     .define("BLOCK", "256")
///     .for_target(Target::Ve3, |options| { options.define("BLOCK", "512"); })
///     .for_file("kernels/solve.f90", |options| { options.opt_level(1); })
///     .openmp(true)
///     .compile();
/// ```
#[derive(Clone, Debug)]
pub struct Kernels {
    pub(crate) name: String,
    pub(crate) kind: ProductKind,
    pub(crate) origins: Vec<SourceOrigin>,
    pub(crate) all: Options,
    pub(crate) by_target: Vec<(Target, Options)>,
    pub(crate) by_file: Vec<(PathBuf, Options)>,
    pub(crate) targets: Option<Vec<Target>>,
    pub(crate) without: Vec<Target>,
    pub(crate) cpp: bool,
    pub(crate) openmp: bool,
    pub(crate) sanitizers: BTreeSet<Sanitizer>,
    pub(crate) ftrace: bool,
    pub(crate) traceback: bool,
    pub(crate) report: bool,
    pub(crate) verbose: bool,
    pub(crate) debug: Option<bool>,
    pub(crate) warnings: Option<bool>,
    pub(crate) extra_warnings: bool,
    pub(crate) warnings_into_errors: bool,
    pub(crate) compiler: Option<PathBuf>,
    pub(crate) install_dir: Option<PathBuf>,
    pub(crate) env: BTreeMap<OsString, OsString>,
    #[cfg(feature = "import")]
    pub(crate) imports: Vec<Import>,
    pub(crate) cargo_metadata: bool,
    pub(crate) cargo_warnings: bool,
}

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
    /// A library of this file name, the `lib` of `#[ve_kernel(lib = "libx.so")]`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: ProductKind::Library,
            origins: Vec::new(),
            all: Options::default(),
            by_target: Vec::new(),
            by_file: Vec::new(),
            targets: None,
            without: Vec::new(),
            cpp: false,
            openmp: false,
            sanitizers: BTreeSet::new(),
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
            kind: ProductKind::StaticVeorun,
            ..Self::new(name)
        }
    }

    /// Adds a source file; its name tells the language ([`Language::of`](crate::Language::of)).
    pub fn file(&mut self, path: impl AsRef<Path>) -> &mut Self {
        self.origins
            .push(SourceOrigin::File(path.as_ref().to_owned()));
        self
    }

    /// Adds source files.
    pub fn files<P: AsRef<Path>>(&mut self, paths: impl IntoIterator<Item = P>) -> &mut Self {
        for path in paths {
            self.file(path);
        }
        self
    }

    /// The source files named so far. Patterns are searched only when the library is built.
    pub fn get_files(&self) -> impl Iterator<Item = &Path> {
        self.origins.iter().filter_map(|origin| match origin {
            SourceOrigin::File(path) => Some(path.as_path()),
            SourceOrigin::Glob(_) | SourceOrigin::Inline { .. } => None,
        })
    }

    /// Adds the source files that match a pattern, for example `kernels/**/*.c`. At least one file must match. Files in Cargo's
    /// target directory do not count. Cargo notices later files below the last directory that the pattern names, but not in the
    /// root of the package, which contains too much else.
    pub fn glob(&mut self, pattern: impl Into<String>) -> &mut Self {
        self.origins.push(SourceOrigin::Glob(pattern.into()));
        self
    }

    /// Adds a source as text. The name tells the language and appears in the compiler's messages.
    pub fn inline(&mut self, name: impl Into<String>, text: impl Into<String>) -> &mut Self {
        let (name, text) = (name.into(), text.into());
        self.origins.push(SourceOrigin::Inline { name, text });
        self
    }

    /// Declares the functions of a C header as kernels of this library, in `OUT_DIR/veo/import/k.rs` for `k.h`:
    ///
    /// ```ignore
    /// mod k { veo_core::include_header!("k"); }
    /// ```
    ///
    /// Structures become `VeData` types, enumerations become integer types, macros become constants, doc comments become
    /// documentation; [`Import`](crate::Import) has the whole table. The import leaves out functions that cannot be declared
    /// (structures by value, variable arguments, no prototype), and a build note says why. The declarations resolve on first
    /// use, because headers often declare more than a library has.
    ///
    /// Without any source, [`compile`](Kernels::compile) only imports, for a library that already exists;
    /// [`Import::lib`](crate::Import::lib) names it. The header is searched in the package first, then in the directories of
    /// clang, with the [`include`](Kernels::include) directories and definitions of the library. This needs libclang.
    #[cfg(feature = "import")]
    pub fn import_header(&mut self, header: impl AsRef<Path>) -> &mut Self {
        self.import_header_with(header, |_| {})
    }

    /// [`Kernels::import_header`] with settings:
    /// `.import_header_with("cblas.h", |import| { import.functions("cblas_d.*"); })`
    #[cfg(feature = "import")]
    pub fn import_header_with(
        &mut self,
        header: impl AsRef<Path>,
        set: impl FnOnce(&mut Import),
    ) -> &mut Self {
        let mut import = Import::new(header.as_ref());
        set(&mut import);
        self.imports.push(import);
        self
    }

    /// Whether there is nothing to build, only headers to import.
    pub(crate) fn only_imports(&self) -> bool {
        #[cfg(feature = "import")]
        if !self.imports.is_empty() {
            return self.origins.is_empty() && self.all.objects.is_empty();
        }
        false
    }

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
        /// Passes an argument to the compilers that accept it. Each is tried with an empty source.
        flag_if_supported(flag: impl AsRef<OsStr>);
        /// Passes each of these arguments to the compilers that accept it.
        #[doc(alias("is_flag_supported"))]
        flags_if_supported[S: AsRef<OsStr>](flags: impl IntoIterator<Item = S>);
        /// Removes an argument that was given before.
        #[doc(alias("no_default_flags"))]
        remove_flag(flag: impl AsRef<OsStr>);
        /// Sets a language standard (`-std=`), see [`Options::std`]. Each language has its own.
        std(standard: impl Into<String>);
        /// Sets the optimisation level, 0 to 3 (NEC: 4), instead of the level of Cargo's profile.
        #[doc(alias("optimize"))]
        opt_level(level: u32);
        /// Sets the optimisation level as the end of `-O`, for example `s` or `fast`.
        opt_level_str(level: &str);
        /// Links an object file or an archive for every target. For a single target, see [`Kernels::for_target`].
        #[doc(alias("archive"))]
        object(file: impl AsRef<Path>);
        /// Links object files or archives.
        objects[P: AsRef<Path>](files: impl IntoIterator<Item = P>);
        /// Links a library (`-l`). The name has no `lib` and no `.so`.
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

    /// Adds options for one source. The path is the one that was added, or that a pattern found.
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

    /// Builds exactly these targets. A missing compiler is then an error. `VEO_TARGETS` overrides this. Without both, every
    /// target with installed compilers is built.
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

    /// Compiles and links with OpenMP (`-fopenmp`). `ve1-llvm` ignores this, because it has no OpenMP runtime.
    pub fn openmp(&mut self, openmp: bool) -> &mut Self {
        self.openmp = openmp;
        self
    }

    /// Builds the kernels for the emulated node with a sanitizer of their compiler (`-fsanitize=address`). A mistake that it finds
    /// ends the VE process, and the error of the request has the finding and its source line. Called again, it adds another
    /// one; `VEO_SANITIZE` overrides it for all libraries of a build.
    ///
    /// ```no_run
    /// use veo_build::{Kernels, Sanitizer};
    ///
    /// Kernels::new("libphysics.so").file("kernels/physics.c").sanitize(Sanitizer::Address).compile();
    /// ```
    ///
    /// [`Sanitizer::Thread`] needs clang and kernels in C and C++, and excludes [`Sanitizer::Address`]: else the build is an
    /// error.
    pub fn sanitize(&mut self, sanitizer: Sanitizer) -> &mut Self {
        self.sanitizers.insert(sanitizer);
        self
    }

    /// Instruments for NEC's performance tool (`-ftrace`). It has no effect on other targets.
    pub fn ftrace(&mut self, ftrace: bool) -> &mut Self {
        self.ftrace = ftrace;
        self
    }

    /// Lets a kernel print its position if it crashes (`-traceback=verbose`). Only NEC's compilers can do this.
    pub fn traceback(&mut self, traceback: bool) -> &mut Self {
        self.traceback = traceback;
        self
    }

    /// Lets NEC's compilers write listings (`-report-all -fdiag-vector=2`). The files are beside the library;
    /// [`BuiltTarget::listings`](crate::BuiltTarget::listings) and the build note name them.
    pub fn report(&mut self, report: bool) -> &mut Self {
        self.report = report;
        self
    }

    /// Shows the build note, the command lines and the vectorisation messages of NEC's compilers as warnings of the build.
    /// `VEO_VERBOSE=1` does the same.
    #[doc(alias("cargo_debug", "cargo_output", "expand"))]
    pub fn verbose(&mut self, verbose: bool) -> &mut Self {
        self.verbose = verbose;
        self
    }

    /// Sets whether the library keeps its debug information, instead of the setting of Cargo's profile. Debug information is
    /// always made. If the library does not keep it, it is in `libx.so.debug` beside the library.
    pub fn debug(&mut self, debug: bool) -> &mut Self {
        self.debug = Some(debug);
        self
    }

    /// Turns on the usual warnings (`-Wall`). This is the default for C and C++ on the host and with clang.
    pub fn warnings(&mut self, warnings: bool) -> &mut Self {
        self.warnings = Some(warnings);
        self
    }

    /// Turns on more warnings (`-Wextra`).
    pub fn extra_warnings(&mut self, warnings: bool) -> &mut Self {
        self.extra_warnings = warnings;
        self
    }

    /// Turns warnings into errors (`-Werror`).
    pub fn warnings_into_errors(&mut self, errors: bool) -> &mut Self {
        self.warnings_into_errors = errors;
        self
    }

    /// Sets the compiler for the host target, instead of searching variables and names. It compiles C; in a library without C it
    /// compiles C++, and in a library of Fortran alone it compiles Fortran. Other compilers, and compilers with arguments, are set
    /// with `.env("VEO_CXX", "clang++ -stdlib=libc++")`.
    #[doc(alias("get_compiler"))]
    pub fn compiler(&mut self, compiler: impl AsRef<Path>) -> &mut Self {
        self.compiler = Some(compiler.as_ref().to_owned());
        self
    }

    /// Also copies the libraries of all targets to `dir/<target>/`. A program in `dir` finds them there, even after it moves
    /// together with these directories. `VEO_INSTALL_DIR`, an absolute path, does the same for every crate of a build.
    pub fn install_dir(&mut self, dir: impl AsRef<Path>) -> &mut Self {
        self.install_dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Sets an environment variable, for the compilers and for `veo-build` itself.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.env
            .insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Builds in `dir` for the machine that this runs on, instead of where and for what Cargo says, and prints no lines for
    /// Cargo. For programs that are no build scripts. `dir` is made if it is not there; relative paths of sources start there.
    /// Nothing is optimised unless [`opt_level`](Kernels::opt_level) says so.
    /// The libraries are in the [`Built`](crate::Built) of `try_compile`.
    pub fn outside_of_cargo(&mut self, dir: impl AsRef<Path>) -> &mut Self {
        let dir = dir.as_ref();
        // It is the tools' working directory, too.
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        let machine = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        self.out_dir(&dir)
            .env("CARGO_MANIFEST_DIR", &dir)
            .env("CARGO_CFG_TARGET_OS", "linux")
            .env("OPT_LEVEL", "0")
            .env("DEBUG", "true")
            .target(&machine)
            .host(&machine)
            .cargo_metadata(false)
    }

    /// Sets the directory to build in, instead of Cargo's `OUT_DIR`.
    pub fn out_dir(&mut self, dir: impl AsRef<Path>) -> &mut Self {
        self.env("OUT_DIR", dir.as_ref())
    }

    /// Sets the target triple of the program, instead of Cargo's.
    pub fn target(&mut self, triple: &str) -> &mut Self {
        self.env("TARGET", triple)
    }

    /// Sets the triple of the building machine, instead of Cargo's.
    pub fn host(&mut self, triple: &str) -> &mut Self {
        self.env("HOST", triple)
    }

    /// Sets whether to print lines for Cargo: files to watch, and warnings. It is on by default.
    pub fn cargo_metadata(&mut self, print: bool) -> &mut Self {
        self.cargo_metadata = print;
        self
    }

    /// Sets whether warnings of compilers and linkers become warnings of the build. It is on by default.
    pub fn cargo_warnings(&mut self, print: bool) -> &mut Self {
        self.cargo_warnings = print;
        self
    }
}
