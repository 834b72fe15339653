//! Compiles C, C++ and Fortran for tests: libraries of kernels, and programs.
//!
//! A file appears in its place at once and complete, since other tests, even of other programs, may use or
//! make the same file.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The compiler for a source, by its extension: `CC`, `CXX` or `FC`, or what is usual here.
pub fn compiler(source: impl AsRef<Path>) -> Command {
    let extension = source.as_ref().extension().and_then(OsStr::to_str);
    let (variable, usual) = match extension {
        Some("cpp") => ("CXX", "c++"),
        Some("f90") => ("FC", "gfortran"),
        _ => ("CC", "cc"),
    };
    Command::new(std::env::var_os(variable).unwrap_or_else(|| usual.into()))
}

/// Compiles and links `source` to `output`. `options` come last: they name libraries and further sources, too.
///
/// # Panics
///
/// The compiler refuses it: with its messages.
pub fn program(source: impl AsRef<Path>, output: impl AsRef<Path>, options: &[impl AsRef<OsStr>]) {
    let source = source.as_ref();
    into_place(output.as_ref(), |fresh| {
        let mut command = compiler(source);
        tool(command.arg("-o").args([fresh, source]).args(options));
    });
}

/// Compiles `source` to an object.
///
/// # Panics
///
/// As [`program`].
pub fn object(source: impl AsRef<Path>, object: impl AsRef<Path>, options: &[impl AsRef<OsStr>]) {
    let options = options.iter().map(AsRef::as_ref);
    let options: Vec<_> = std::iter::once(OsStr::new("-c")).chain(options).collect();
    program(source, object, &options);
}

/// Makes a shared library, such as one of kernels, as [`program`] makes a program.
///
/// # Panics
///
/// As [`program`].
pub fn library(source: impl AsRef<Path>, output: impl AsRef<Path>, options: &[impl AsRef<OsStr>]) {
    let options = options.iter().map(AsRef::as_ref);
    let options: Vec<_> = ["-shared", "-fPIC"]
        .map(OsStr::new)
        .into_iter()
        .chain(options)
        .collect();
    program(source, output, &options);
}

/// Makes a shared library of a source's text. The source has the library's name with
/// `extension` in place of its own, and stays beside it for what reads source lines.
///
/// # Panics
///
/// As [`program`].
pub fn library_of(
    text: &str,
    extension: &str,
    output: impl AsRef<Path>,
    options: &[impl AsRef<OsStr>],
) -> PathBuf {
    let output = output.as_ref();
    let source = output.with_extension(extension);
    into_place(&source, |fresh| fs::write(fresh, text).expect("a new file"));
    library(&source, output, options);
    output.to_owned()
}

/// Makes a library of C kernels where the processes of this test program find it.
///
/// # Panics
///
/// As [`program`], and if the program's directory cannot be written.
pub fn kernels_beside_program(text: &str, name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("a test program has a path");
    let directory = program.with_file_name("host");
    fs::create_dir_all(&directory).expect("the target directory is writable");
    library_of(text, "c", directory.join(name), &["-O1", "-g"])
}

/// Runs a tool that must succeed; gives what it wrote.
///
/// # Panics
///
/// It cannot be started, or fails: with its messages.
pub fn tool(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{messages}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Has a file made under a name of its own, then renames it, unless the same is there already.
///
/// # Panics
///
/// It cannot be renamed.
pub fn into_place(file: &Path, make: impl FnOnce(&Path)) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut fresh = file.as_os_str().to_owned();
    fresh.push(format!(".{}.{number}", std::process::id()));
    make(Path::new(&fresh));
    let made = fs::read(&fresh).expect("a file that was made");
    if fs::read(file).is_ok_and(|there| there == made) {
        // Another program may be loading it, and would notice that it is replaced.
        fs::remove_file(&fresh).expect("a file that was made");
    } else {
        fs::rename(&fresh, file).expect("a file that was made");
    }
}
