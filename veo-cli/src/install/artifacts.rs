//! Has cargo build the static library and veorun from the sources of `veo-dropin`.
//!
//! A binary cannot contain the library that it installs, because the build of one
//! package cannot use a file of another. So the command runs cargo for both, in the
//! target directory that it was built in, which already has their dependencies. After
//! `cargo install` it does the same with the sources that cargo keeps.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::error::Error;

/// The files that cargo makes.
pub(super) struct Artifacts {
    pub(super) static_library: PathBuf,
    pub(super) veorun: PathBuf,
}

/// Cargo's target directory that this executable lies in, if it does.
pub(super) fn own_target_dir() -> Option<PathBuf> {
    let executable = std::env::current_exe().ok()?;
    // Cargo marks its target directory with this file.
    let marked = |directory: &&Path| directory.join(".rustc_info.json").exists();
    executable.ancestors().find(marked).map(Path::to_owned)
}

/// Builds both with `profile` in `target_dir`.
pub(super) fn build(profile: &str, target_dir: &Path, quiet: bool) -> Result<Artifacts, Error> {
    let sources = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../veo-dropin"));
    let manifest = sources.join("Cargo.toml");
    if !manifest.exists() {
        return Err(Error::NoSources {
            path: sources.to_owned(),
        });
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(&cargo);
    command
        .args(["build", "--locked", "--package", "veo-dropin"])
        .args(["--lib", "--bin", "veorun"])
        .arg("--message-format=json-render-diagnostics")
        .args(["--profile", profile])
        .arg("--manifest-path")
        .arg(&manifest)
        .arg("--target-dir")
        .arg(target_dir)
        .stdout(Stdio::piped());
    if quiet {
        command.arg("--quiet");
    }
    let start = |source| Error::Start {
        program: cargo.to_string_lossy().into_owned(),
        source,
        hint: "installing builds the library with cargo, which comes with Rust",
    };
    let mut child = command.spawn().map_err(start)?;
    let mut static_library = None;
    let mut veorun = None;
    if let Some(messages) = child.stdout.take() {
        // This ignores lines that are not JSON or not about our artifacts.
        for line in BufReader::new(messages).lines().map_while(Result::ok) {
            let message: Value = serde_json::from_str(&line).unwrap_or_default();
            match message["target"]["name"].as_str() {
                Some("veo_exports") => static_library = library_of(&message).or(static_library),
                Some("veorun") => veorun = message["executable"].as_str().map(PathBuf::from),
                _ => {}
            }
        }
    }
    let status = child.wait().map_err(start)?;
    if !status.success() {
        return Err(Error::Cargo { status });
    }
    Ok(Artifacts {
        static_library: static_library.ok_or(Error::NotBuilt {
            what: "static library",
        })?,
        veorun: veorun.ok_or(Error::NotBuilt { what: "veorun" })?,
    })
}

/// The static library among the files of an artifact message.
fn library_of(message: &Value) -> Option<PathBuf> {
    let files = message["filenames"].as_array()?;
    let paths = files.iter().filter_map(Value::as_str).map(PathBuf::from);
    paths
        .into_iter()
        .find(|path| path.extension().is_some_and(|e| e == "a"))
}
