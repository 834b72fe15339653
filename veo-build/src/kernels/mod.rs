//! The builder that a build script uses.

mod creation;
mod settings;
mod sources;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::options::Options;
use crate::source::Origin;
use crate::target::Target;

/// What is made from the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A shared library that `veo_load_library` loads.
    Library,
    /// A veorun with the kernels linked in.
    StaticVeorun,
}

/// A library of kernels to be built from sources in C, C++ and Fortran.
///
/// The methods are those of the `cc` crate where it has the same. Relative paths start from the directory of the package.
///
/// | of `cc`, and not here | |
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
    pub(crate) kind: Kind,
    pub(crate) origins: Vec<Origin>,
    pub(crate) all: Options,
    pub(crate) by_target: Vec<(Target, Options)>,
    pub(crate) by_file: Vec<(PathBuf, Options)>,
    pub(crate) targets: Option<Vec<Target>>,
    pub(crate) without: Vec<Target>,
    pub(crate) cpp: bool,
    pub(crate) openmp: bool,
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
    pub(crate) imports: Vec<crate::import::Import>,
    pub(crate) cargo_metadata: bool,
    pub(crate) cargo_warnings: bool,
}
