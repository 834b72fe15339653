//! Compiles VE kernels from a build script.
//!
//! ```no_run
//! // build.rs
//! veo_build::Kernels::new("libvetest.so").file("kernels/add.c").compile();
//! ```
//!
//! That compiles the sources for every target whose compilers are found and puts the libraries where
//! `#[ve_kernel(lib = "libvetest.so")]` and the runtime look: `OUT_DIR/veo/<target>/libvetest.so`. A crate may build any number
//! of libraries. Nothing is written outside of `OUT_DIR`, so `cargo clean` removes all.
//!
//! # Targets
//!
//! | target | compilers | for |
//! |---|---|---|
//! | `host` | `cc`, `c++`, `gfortran` of the machine, or what `CC`, `HOST_CC`, `CC_<triple>`, ... name as for the `cc` crate | the emulated node |
//! | `ve1` | NEC's `ncc`, `nc++`, `nfort` in `PATH` or `/opt/nec/ve/bin`, with `-march=ve1` | VE1 and VE2 cards |
//! | `ve3` | the same with `-march=ve3`, if `/opt/nec/ve3/lib` is there | VE3 cards |
//! | `ve1-llvm` | clang 19 or newer with LLVM's VE target, `llvm-link` for several sources, flang for Fortran | VE1 machine code without NEC's SDK |
//!
//! One build note tells what was built with what, and what was left out and why. It is in `OUT_DIR/veo/note.txt` and in
//! [`Built::note`], and shown by `VEO_VERBOSE=1` and `cargo build -vv`. A build is quiet about it as long as nothing is wrong: most machines
//! have no compilers for the card. It is a warning where one would expect them, because there is a card, NEC's system software or
//! some of the compilers but not all that the library needs; and where nothing was built at all.
//!
//! A target that was asked for by name and cannot be built is an error. So is every compiler error, with all the compiler said and the
//! command line to repeat it; only `ve1-llvm`, whose compiler comes without libraries, is left out with a note if it was not asked for
//! by name. Its warnings are not shown then either, being the host compiler's in other words.
//!
//! `ve1-llvm` makes one relocatable object (nothing but NEC's SDK links VE programs), named as the library. Declarations of
//! the C library are there, for whoever runs the code to provide; C++'s library is not.
//!
//! # Variables
//!
//! | variable | meaning |
//! |---|---|
//! | `VEO_TARGETS` | `host,ve1`: exactly these. `-ve3`: all that are found but not this. `auto,ve1`: all that are found and this in any case. `none` |
//! | `VEO_SKIP_BUILD=1` | builds nothing and leaves what is there; for editors |
//! | `VEO_INSTALL_DIR` | also copies the libraries to `<dir>/<target>/`, see below |
//! | `CPATH`, `LIBRARY_PATH`, `NCC_INCLUDE_PATH`, `VE_LIBRARY_PATH`, ... | read by compilers and linkers; a change builds again |
//! | `VEO_VERBOSE=1` | shows the build note, the command lines that run, and what NEC's compilers say about vectorisation |
//! | `VEO_CC VEO_CXX VEO_FC` | the host's compilers, before all other variables |
//! | `VEO_NCC VEO_NCXX VEO_NFORT VEO_MK_VEORUN_STATIC VEO_NOBJCOPY` | NEC's tools |
//! | `VEO_NEC_ROOT` | where NEC's software is, `/opt/nec` otherwise |
//! | `VEO_CLANG VEO_FLANG VEO_LLVM_LINK VEO_LLVM_OBJCOPY` | LLVM's tools |
//! | `VEO_OBJCOPY` | the host's `objcopy` |
//! | `VEO_CFLAGS VEO_CXXFLAGS VEO_FFLAGS` | further flags for compiling and linking, for every target; with `_host`, `_ve1`, `_ve3`, `_ve1_llvm` at the end for one |
//! | `VEO_LDFLAGS` | the same for linking alone |
//! | `CFLAGS CXXFLAGS FFLAGS` | further flags for the host, in the forms that the `cc` crate knows |
//!
//! A tool may be given with arguments: `VEO_CC="ccache gcc"`. What should hold in every terminal goes into `.cargo/config.toml`, as in
//! `[env]` and `VEO_TARGETS = "host"`.
//!
//! # What is built again
//!
//! A source is compiled again if it, a file it includes, its flags, its compiler or a variable that compilers read changed; a library is
//! linked again if one of its objects or libraries did. Cargo runs the build script again for the same reasons. Files below `OUT_DIR` are
//! the script's own: it may write headers and sources there each time it runs, and only new content counts.
//!
//! A source is preprocessed if a file came or went where it looks for headers (below the directories that are named, or beside headers that it
//! included), and compiled if the outcome is another one: because of a new header that hides another, or that `__has_include` found missing. Cargo runs the script for new files in the directories of sources and in those that are named for headers
//! (`.include(..)`, `-I` and its like, `CPATH`). It cannot watch a directory that holds its own target directory, as the package's root often does: keep sources
//! and headers in directories below it, or `touch build.rs`. Of the compiler's own directories it watches the headers that were included.
//!
//! # What is refused, and what is warned of
//!
//! A call of a function that no header declares is an error in C, under old standards too, since its result would be taken for an `int`;
//! `.flag("-Wno-error=implicit-function-declaration")` allows it, and so does `-w` under old standards. A symbol that nothing defines is a warning when the library is linked, with the line that
//! needs it, for a VE process cannot load such a library; functions that every VE process has (`veo_hmem.h`) and those of libraries that the build script made before
//! are not missing. `.link_arg("-Wl,-z,undefs")` silences it, `.link_arg("-Wl,-z,defs")` makes it an error.
//!
//! Kernels of the emulated node run under the sanitizers whose runtime a library can bring along, such as gcc's `-fsanitize=undefined`.
//! gcc's AddressSanitizer wants to be first in a process, and at the addresses where VE memory is; clang leaves its runtimes to the program.
//!
//! Of compilers Cargo watches the program itself, links to it outside of `PATH` (`/etc/alternatives`), the directory behind gcc's
//! driver, so that a package manager's update is noticed, and that of NEC's compilers, so that installing those is. It does not watch `PATH`, nor its directories: editors and
//! terminals differ in the one, every installed program changes the other, and either would build crates again that did not change.
//! After another compiler was put into `PATH`, `touch build.rs` makes it known; a build that failed for want of one tries again anyway.
//!
//! # Debug information
//!
//! Kernels are always compiled with full debug information, which costs no speed. It tells the functions' real prototypes, which
//! `#[ve_kernel]` checks declarations against (`OUT_DIR/veo/prototypes/<library>.txt`). Where the profile wants none in its files
//! (`debug = false`), it is in `libvetest.so.debug` beside the library.
//!
//! # Editors, `cargo check`, documentation
//!
//! `cargo check` compiles kernels too, once for both it and `cargo build`, since declarations are checked against them.
//! When rust-analyzer runs build scripts itself, nothing is compiled. To keep its checks on saving from compiling as well, set
//! `"rust-analyzer.cargo.extraEnv": { "VEO_SKIP_BUILD": "1" }`, best with `"rust-analyzer.cargo.targetDir": true`, so that
//! editor and terminal do not take turns in one directory. On docs.rs nothing is compiled either.
//!
//! # Installing a program
//!
//! ```sh
//! VEO_INSTALL_DIR=/opt/app/bin cargo install --path . --root /opt/app
//! ```
//!
//! leaves `/opt/app/bin/<program>` and `/opt/app/bin/<target>/<library>` for the libraries of the whole program, those of its dependencies
//! included. The program finds them there wherever `/opt/app` is moved to, on a machine with a card or without, and takes them before those of a
//! build directory that is still there; only where Cargo itself put it, it takes what was built with it first. Without the variable, what `cargo install --git`
//! built is gone when it has finished, and the program says so.
//! [`Kernels::install_dir`] does the same for one library. The libraries of all crates lie side by side there, so their names have to differ.
//!
//! # NEC's compilers
//!
//! The command lines for NEC's tools follow their documentation, and are tested with stand-ins. These details are assumptions that have
//! not met the tools themselves; should one be wrong, the message has the command line, and the option is the way round:
//!
//! | assumption | otherwise |
//! |---|---|
//! | Fortran's runtime is `-lnfort` in the newest `/opt/nec/ve/nfort/*/lib`, where `nc++` links a library with Fortran in it | [`link_arg`](Options::link_arg) and [`link_search`](Options::link_search) for the target |
//! | `mk_veorun_static` takes `-march=ve3` | `VEO_MK_VEORUN_STATIC` names a script that does without |
//! | `ncc -shared -ftrace` needs `-lveftrace_p`, with OpenMP `-lveftrace_t` | `-ftrace` as a [`flag`](Options::flag) and a [`link_arg`](Options::link_arg) instead of [`Kernels::ftrace`] |
//! | a listing is named `<source>.L` and lies in the directory the compiler runs in, below `OUT_DIR/veo/work` | only the path is not told |
//! | messages on vectorisation look like `ncc: vec( 101): k.c, line 5: ..`; others are shown as warnings | [`Kernels::cargo_warnings`] |
//! | `-MD -MF` writes dependencies: tried once; included files are read from the sources if it does not | |
//!
//! # Beyond C
//!
//! C++ kernels need `extern "C"`. Fortran's have a trailing underscore unless `bind(c)`, and scalars come by reference unless `value`.
//! Sources that use a Fortran module are compiled after the one that provides it. A library of several languages is linked by the
//! compiler of the highest: C below Fortran below C++.

mod args;
mod build;
mod command;
mod context;
mod directives;
mod error;
mod headers;
#[cfg(feature = "import")]
mod import;
#[cfg(feature = "import")]
mod import_options;
mod kernels;
mod link;
mod missing;
mod note;
mod object;
mod options;
mod output;
mod plan;
mod scan;
mod schedule;
mod source;
mod stamp;
mod target;
mod tool;
mod toolchain;

pub use error::{Error, ErrorKind, Result};
#[cfg(feature = "import")]
pub use import_options::Import;
pub use kernels::Kernels;
pub use note::{Built, BuiltTarget};
pub use options::Options;
pub use source::Language;
pub use target::Target;
