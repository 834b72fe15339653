//! Compiles for the Vector Engine, with clang.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compile::tool;
use crate::{available, found};

/// The compiler.
pub const CLANG: &str = "clang-19";

/// Whether objects can be compiled here; a test that needs them is skipped otherwise.
#[must_use]
pub fn can_compile() -> bool {
    available("clang 19 (Debian: clang-19)", found(CLANG))
}

/// Whether `veo-build` can make libraries here, for which it links LLVM IR.
#[must_use]
pub fn can_build() -> bool {
    available(
        "clang 19 with llvm-link (Debian: clang-19 llvm-19)",
        found(CLANG) && found("llvm-link-19"),
    )
}

/// The compiler, told what it compiles for.
pub fn compiler() -> Command {
    let mut command = Command::new(CLANG);
    command.arg("--target=ve-unknown-linux-gnu");
    command
}

/// Compiles a source to a relocatable object.
///
/// # Panics
///
/// The compiler refuses it: with its messages.
pub fn compile(source: impl AsRef<Path>, object: impl AsRef<Path>, options: &[impl AsRef<OsStr>]) {
    tool(
        compiler()
            .args(options)
            .arg("-c")
            .arg(source.as_ref())
            .arg("-o")
            .arg(object.as_ref()),
    );
}

/// Compiles a source's text, written to `directory`. The language is that of `name`, a file name with extension; the object
/// lies beside it.
///
/// # Panics
///
/// As [`compile`].
pub fn object_of(
    directory: impl AsRef<Path>,
    name: &str,
    text: &str,
    options: &[impl AsRef<OsStr>],
) -> PathBuf {
    let source = directory.as_ref().join(name);
    let object = source.with_extension("o");
    fs::write(&source, text).expect("a new file");
    compile(&source, &object, options);
    object
}
