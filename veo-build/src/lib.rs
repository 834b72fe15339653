//! Compiles VE kernels from a build script.
//!
//! ```no_run
//! // build.rs
//! veo_build::Kernels::new("libvetest.so").file("kernels/add.c").compile();
//! ```
//!
//! This compiles the sources for every target with installed compilers. It puts the libraries where
//! `#[ve_kernel(lib = "libvetest.so")]` and the runtime look: `OUT_DIR/veo/<target>/libvetest.so`. A crate may build any number
//! of libraries. Nothing is written outside of `OUT_DIR`, so `cargo clean` removes everything; only `VEO_INSTALL_DIR` asks for
//! copies elsewhere.
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
//! A build note says which compilers built what, and what was left out and why. It is in `OUT_DIR/veo/note.txt` and in
//! [`Built::note`]; `VEO_VERBOSE=1` and `cargo build -vv` show it. Most machines have no compilers for the card, so the note is
//! normally not a warning. It is a warning if the machine has a card, NEC's system software or some of the compilers but not all
//! that the library needs, and if nothing was built at all.
//!
//! It is an error if a target was asked for by name and cannot be built. Every compiler error is an error too, with the
//! compiler's whole output and the command line that repeats it. The exception is `ve1-llvm`, whose compiler has no libraries:
//! if nobody asked for it by name, a failure only leaves it out with a note. Its warnings are not shown then, because the host
//! compiler gives the same ones.
//!
//! `ve1-llvm` makes a shared object for the card with a linker of its own, because LLVM has none for the VE; `docs/book/src/ve-linker.md` says what is in
//! it and what no card has confirmed yet. It has declarations of the C library; the runner of the code provides the functions. It has no C++ library.
//!
//! # Variables
//!
//! | variable | meaning |
//! |---|---|
//! | `VEO_TARGETS` | `host,ve1`: exactly these. `-ve3`: all with installed compilers except this. `auto,ve1`: all with installed compilers, and this in any case. `none` |
//! | `VEO_SKIP_BUILD=1` | builds nothing and leaves what is there; for editors |
//! | `VEO_INSTALL_DIR` | also copies the libraries to `<dir>/<target>/`, see below |
//! | `CPATH`, `LIBRARY_PATH`, `NCC_INCLUDE_PATH`, `VE_LIBRARY_PATH`, ... | read by compilers and linkers; a change builds again |
//! | `VEO_VERBOSE=1` | shows the build note, the command lines that run, and what NEC's compilers say about vectorisation |
//! | `VEO_SANITIZE=address`, `undefined`, `thread` | builds kernels for the emulated node with these sanitizers, several with commas; `off` with none, whatever build scripts say |
//! | `VEO_CC VEO_CXX VEO_FC` | the host's compilers, before all other variables |
//! | `VEO_NCC VEO_NCXX VEO_NFORT VEO_MK_VEORUN_STATIC VEO_NOBJCOPY` | NEC's tools |
//! | `VEO_NEC_ROOT` | where NEC's software is, `/opt/nec` otherwise |
//! | `VEO_CLANG VEO_FLANG VEO_LLVM_LINK VEO_LLVM_OBJCOPY` | LLVM's tools |
//! | `VEO_VE_LINKER` | links `ve1-llvm` instead of our linker: `nld`, `ncc` or an `ld.lld` for the VE |
//! | `VEO_OBJCOPY` | the host's `objcopy` |
//! | `VEO_CFLAGS VEO_CXXFLAGS VEO_FFLAGS` | further flags for compiling and linking, for every target; with `_host`, `_ve1`, `_ve3`, `_ve1_llvm` at the end for one |
//! | `VEO_LDFLAGS` | the same for linking alone |
//! | `CFLAGS CXXFLAGS FFLAGS` | further flags for the host, in the forms that the `cc` crate knows |
//!
//! The value for a tool may have arguments: `VEO_CC="ccache gcc"`. Settings for every terminal belong into `.cargo/config.toml`,
//! such as `VEO_TARGETS = "host"` below `[env]`.
//!
//! # What is built again
//!
//! A source is compiled again if it, a file that it includes, its flags, its compiler or a variable that compilers read has
//! changed. A library is linked again if one of its objects or libraries has changed. Cargo runs the build script again for the
//! same reasons. Files below `OUT_DIR` belong to the script. It may write headers and sources there on each run; only new
//! content counts.
//!
//! New headers count too: one may hide another, or may be what `__has_include` did not find before. If a file appears or
//! vanishes where a source looks for headers (below the named directories, or beside headers that it included), the source is
//! preprocessed again. If the output differs, the source is compiled again. Cargo runs the script for new files in the
//! directories of sources and in the named directories of headers (`.include(..)`, `-I` and similar flags, `CPATH`). It cannot
//! watch a directory that contains its own target directory, as the root of the package often does: keep sources and headers in
//! directories below it, or `touch build.rs`. In the compiler's own directories, Cargo watches only the headers that were included.
//!
//! # What is refused, and what is warned of
//!
//! In C, a call of a function that no header declares is an error, even under old standards, because C would assume that it
//! returns `int`. `.flag("-Wno-error=implicit-function-declaration")` allows it; under old standards `-w` does, too.
//!
//! An undefined symbol is a warning when the library is linked, with the line that needs it, because a VE process cannot load
//! such a library. Functions that every VE process has (`veo_hmem.h`) and functions of libraries that the build script made
//! earlier do not count. `.link_arg("-Wl,-z,undefs")` silences the warning, `.link_arg("-Wl,-z,defs")` makes it an error.
//!
//! For each compiler, Cargo watches the program itself and the links to it outside of `PATH` (`/etc/alternatives`). It watches
//! the directory behind gcc's driver, to notice an update by a package manager, and the directory of NEC's compilers, to notice
//! their installation. It does not watch `PATH`, because editors and terminals have different values. It does not watch the
//! directories in `PATH`, because every installed program changes them. Either would build unchanged crates again. After you put
//! another compiler into `PATH`, run `touch build.rs`. A build that failed because of a missing compiler always tries again.
//!
//! # Sanitizers
//!
//! ```sh
//! VEO_SANITIZE=address,undefined cargo test
//! ```
//!
//! builds all kernels for the emulated node with these checkers of their compiler, gcc's or clang's: `address` (accesses outside
//! of blocks, to freed memory, leaks), `undefined` (shifts, overflows, indices), `thread` (data races; with clang, for C and
//! C++). A mistake in a kernel ends its process, and the error of its request has the finding with its source line.
//! [`Kernels::sanitize`] does the same for one library. Nothing else has to be set: the VE process loads the runtime library
//! that the kernels need. `docs/book/src/sanitizers.md` of the repository says what each finds.
//!
//! ThreadSanitizer sees how OpenMP's threads synchronise only in clang's libomp with its tool Archer (Debian: libomp-19-dev);
//! kernels with OpenMP and gcc are an error then.
//!
//! # Debug information
//!
//! Kernels are always compiled with full debug information, which costs no speed. It has the real prototypes of the functions
//! (`OUT_DIR/veo/prototypes/<library>.txt`), and `#[ve_kernel]` checks declarations against them. If the profile wants no debug
//! information (`debug = false`), it is in `libvetest.so.debug` beside the library.
//!
//! # Editors, `cargo check`, documentation
//!
//! `cargo check` compiles kernels too, because declarations are checked against them. `cargo build` then uses the same results.
//! If rust-analyzer itself runs the build script, nothing is compiled. To keep its check on save from compiling as well, set
//! `"rust-analyzer.cargo.extraEnv": { "VEO_SKIP_BUILD": "1" }`. Also set `"rust-analyzer.cargo.targetDir": true`, so that editor
//! and terminal do not rebuild each other's results in one directory. On docs.rs nothing is compiled either.
//!
//! # Installing a program
//!
//! ```sh
//! VEO_INSTALL_DIR=/opt/app/bin cargo install --path . --root /opt/app
//! ```
//!
//! makes `/opt/app/bin/<program>` and `/opt/app/bin/<target>/<library>` for all libraries of the program, including those of its
//! dependencies. The program finds them even if `/opt/app` moves, on a machine with a card or without. It prefers them to the
//! libraries of a build directory that still exists. A program in Cargo's own directory prefers the libraries that were built
//! with it. Without the variable, the libraries of `cargo install --git` are gone when it has finished, and the program reports
//! that. [`Kernels::install_dir`] does the same for one library. The libraries of all crates share one directory, so their
//! names must differ.
//!
//! # NEC's compilers
//!
//! The command lines for NEC's tools follow their documentation and are tested with stand-ins. The details below are assumptions
//! that were not tried with the real tools. If one is wrong, the error has the command line, and the second column has the
//! workaround:
//!
//! | assumption | workaround |
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
//! C++ kernels need `extern "C"`. Fortran kernels have a trailing underscore unless they are `bind(c)`, and take scalars by
//! reference unless they are `value`. A source that uses a Fortran module is compiled after the source that provides it. The
//! compiler of the highest language links a library of several languages: C is below Fortran, Fortran is below C++.

mod args;
mod build;
mod command;
mod context;
mod directives;
mod elf;
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
mod sanitize;
mod scan;
mod schedule;
mod source;
mod stamp;
mod target;
mod tool;
mod toolchain;
mod ve_library;

/// The functions that `cargo fuzz` calls.
#[cfg(fuzzing)]
pub mod fuzzing {
    /// Links bytes as if they were an object.
    pub fn link(bytes: &[u8]) {
        let objects = [("k.o".to_owned(), bytes.to_vec())];
        let _ = crate::elf::link(&objects, &crate::elf::LinkOptions::default());
    }
}

pub use error::{Error, ErrorKind, Result};
#[cfg(feature = "import")]
pub use import_options::Import;
pub use kernels::Kernels;
pub use note::{Built, BuiltTarget};
pub use options::Options;
pub use source::Language;
pub use target::Target;
pub use veo_abi::sanitizer::Sanitizer;
