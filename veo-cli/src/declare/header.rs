//! Declarations for a C header.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use veo_build::{Built, Kernels};

use super::Declare;
use crate::failure::CommandFailure;
use crate::scratch;

/// The declarations that a build script would import.
pub(super) fn declarations(command: &Declare, library: &str) -> Result<String, CommandFailure> {
    let path = &command.source;
    let is_text = fs::read(path).is_ok_and(|bytes| !bytes.contains(&0));
    if !is_text {
        return Err(CommandFailure::failed(format_args!(
            "{} is neither a library (an ELF file) nor a header (a text)",
            path.display()
        )));
    }
    let scratch = scratch::directory()?;
    let mut kernels: Kernels = scratch::kernels(scratch.path(), library);
    let here = std::env::current_dir().map_err(|why| {
        CommandFailure::failed(format_args!("cannot find the current directory: {why}"))
    })?;
    kernels
        .env("CARGO_MANIFEST_DIR", here)
        .includes(&command.include);
    kernels.import_header_with(path, |import| {
        import.lib(library).name("declarations");
        for pattern in &command.also_from {
            import.also_from(pattern);
        }
        for argument in &command.clang_arg {
            import.clang_arg(argument);
        }
    });
    let built = quietly(scratch.path(), || kernels.try_compile())?;
    let Some(file) = built.imports.first() else {
        return Err(CommandFailure::failed(format_args!(
            "{} was not imported: {}",
            path.display(),
            built.note
        )));
    };
    fs::read_to_string(file).map_err(|why| CommandFailure::file("read", file, &why))
}

/// Imports with standard error put aside, because libclang prints there what the error says as well. The rest of
/// standard error is printed afterwards.
fn quietly(
    scratch: &Path,
    import: impl FnOnce() -> veo_build::Result<Built>,
) -> Result<Built, CommandFailure> {
    let impossible = |why: io::Error| {
        CommandFailure::failed(format_args!("cannot put messages of clang aside: {why}"))
    };
    let said = scratch.join("said");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(said)
        .map_err(impossible)?;
    let stderr = rustix::io::dup(rustix::stdio::stderr()).map_err(|why| impossible(why.into()))?;
    rustix::stdio::dup2_stderr(&file).map_err(|why| impossible(why.into()))?;
    let built = import();
    rustix::stdio::dup2_stderr(&stderr).map_err(|why| impossible(why.into()))?;

    let mut said = Vec::new();
    // A failure here does not matter: the result is the same.
    let _ = file.rewind().and_then(|()| file.read_to_end(&mut said));
    let said = String::from_utf8_lossy(&said);
    let error = built.as_ref().err().map(ToString::to_string);
    let error = error.as_deref().unwrap_or_default();
    // The header is read several times and gives the same warnings each time.
    let mut told = BTreeSet::new();
    for line in said.lines().filter(|line| !error.contains(line)) {
        let line = line.strip_prefix("clang diag: ").unwrap_or(line);
        if told.insert(line) {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
    built.map_err(|_| CommandFailure::failed(for_the_command(error)))
}

/// The message of a build names what to write into a build script. This replaces it by the options of this command.
fn for_the_command(message: &str) -> String {
    let mut text = message.to_owned();
    for (in_a_script, here) in [
        ("give the path from the package", "give its path"),
        (".include(..)", "-I"),
        (
            "import.clang_arg(\"-include\").clang_arg(\"stdio.h\")",
            "--clang-arg=-include --clang-arg=stdio.h",
        ),
        ("import.clang_arg(\"-xc++\")", "--clang-arg=-xc++"),
        (".define(..)", "--clang-arg=-DNAME=VALUE"),
        (".also_from(\"pattern\")", "--also-from PATTERN"),
    ] {
        text = text.replace(in_a_script, here);
    }
    text
}
