//! Writes the results of a build for the macro, the runtime and the user: libraries, debug information, prototypes, installed
//! copies.

use std::collections::BTreeMap;
use std::fs;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use veo_abi::build_dir;
use veo_debuginfo::prototypes;

use crate::command;
use crate::context::{self, Context};
use crate::directives::Directives;
use crate::kernels::Kernels;
use crate::stamp::{self, StampedFile};
use crate::target::Target;
use crate::toolchain::Toolchain;
use crate::{Error, Result};

/// Clears the output directories. Nobody must find a file that an earlier run of the build script left and this run does not make.
pub(crate) fn prepare(context: &Context, kernels: &Kernels, caller: &Location<'_>) -> Result<()> {
    type Made = BTreeMap<PathBuf, BTreeMap<String, String>>;
    static MADE: Mutex<Made> = Mutex::new(Made::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let first = !made.contains_key(&context.out);
    let here = made.entry(context.out.clone()).or_default();
    let place = caller.to_string();
    if let Some(other) = here.insert(kernels.name.clone(), place.clone())
        && other != place
    {
        return Err(Error::invalid(format!(
            "{} is built twice, at {other} and at {place}; give one of the two another name, or one of them all sources",
            kernels.name
        )));
    }
    if first {
        let dirs = Target::ALL
            .iter()
            .map(|target| target.name())
            .chain([build_dir::PROTOTYPES, build_dir::IMPORTS]);
        for dir in dirs
            .map(|dir| context.out.join(dir))
            .filter(|dir| dir.exists())
        {
            fs::remove_dir_all(&dir)
                .map_err(|e| Error::io(format_args!("cannot clear {}", dir.display()), &e))?;
        }
        let note = context.out.join(build_dir::NOTE);
        if note.exists() {
            fs::remove_file(&note)
                .map_err(|e| Error::io(format_args!("cannot remove {}", note.display()), &e))?;
        }
    }
    Ok(())
}

/// A library and its separate debug information, if there is any. Both are in the directory for intermediate files.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) library: PathBuf,
    pub(crate) debug: Option<PathBuf>,
    /// The command lines, if they ran now.
    pub(crate) ran: Vec<String>,
}

/// Moves the debug information out of `linked`, unless `keep` is set or no tool can do it.
pub(crate) fn split(
    context: &Context,
    toolchain: &Toolchain,
    linked: &Path,
    keep: bool,
) -> Result<Parts> {
    let whole = Parts {
        library: linked.to_owned(),
        debug: None,
        ran: Vec::new(),
    };
    let Some(tool) = toolchain.objcopy.as_ref().filter(|_| !keep) else {
        return Ok(whole);
    };
    let Some(name) = linked.file_name() else {
        return Ok(whole);
    };
    let dir = linked.with_file_name("split");
    context::make_dir(&dir)?;
    let library = dir.join(name);
    let mut debug_name = name.to_owned();
    debug_name.push(".debug");
    let debug = dir.join(&debug_name);

    let mut first = tool.command(&context.env, &dir);
    first.arg("--only-keep-debug").arg(linked).arg(&debug);
    let mut second = tool.command(&context.env, &dir);
    let mut link = std::ffi::OsString::from("--add-gnu-debuglink=");
    link.push(&debug_name);
    second
        .arg("--strip-debug")
        .arg(link)
        .arg(linked)
        .arg(&library);

    let lines = vec![command::shown(&first), command::shown(&second)];
    let recipe = format!("{}\n{}", lines.join("\n"), tool.identity());
    if stamp::up_to_date(&library, &recipe).is_some() && debug.is_file() {
        return Ok(Parts {
            library,
            debug: Some(debug),
            ran: Vec::new(),
        });
    }
    stamp::remove(&library);
    for file in [&library, &debug] {
        // The tool must make new files. A program may still map the old ones through their other names.
        let _ = fs::remove_file(file);
    }
    let doing = format!("taking the debug information out of {}", linked.display());
    command::run(&mut first, &doing)?;
    command::run(&mut second, &doing)?;
    stamp::write(&library, &recipe, &[StampedFile::file(linked)])?;
    Ok(Parts {
        library,
        debug: Some(debug),
        ran: lines,
    })
}

/// Puts `file` into `dir` under its own name. The replacement is atomic.
pub(crate) fn put_into(file: &Path, dir: &Path) -> Result<PathBuf> {
    // A link keeps the time stamp and costs nothing. If the file system has no links, this copies.
    replace(file, dir, "put", |temporary| {
        fs::hard_link(file, temporary).or_else(|_| fs::copy(file, temporary).map(drop))
    })
}

/// Has `make` write a file under a temporary name in `dir`, then gives it the name of `file`. `what` is the verb of the error.
fn replace(
    file: &Path,
    dir: &Path,
    what: &str,
    make: impl FnOnce(&Path) -> std::io::Result<()>,
) -> Result<PathBuf> {
    context::make_dir(dir)?;
    let name = file.file_name().unwrap_or_default();
    let to = dir.join(name);
    let mut temporary = name.to_owned();
    temporary.push(format!(".{}", std::process::id()));
    let temporary = dir.join(temporary);
    let made = make(&temporary).and_then(|()| fs::rename(&temporary, &to));
    // This removes the rest of a failed attempt. If both names are links to one file, renaming leaves both.
    let _ = fs::remove_file(&temporary);
    made.map_err(|e| {
        let doing = format_args!("cannot {what} {} at {}", file.display(), to.display());
        Error::io(doing, &e)
    })?;
    Ok(to)
}

/// The directories that libraries are also copied to.
pub(crate) fn install_dirs(context: &Context, kernels: &Kernels) -> Result<Vec<PathBuf>> {
    let mut dirs: Vec<PathBuf> = kernels
        .install_dir
        .iter()
        .map(|dir| context.package.join(dir))
        .collect();
    if let Some(dir) = context.env.get("VEO_INSTALL_DIR") {
        let dir = PathBuf::from(dir);
        if !dir.is_absolute() {
            return Err(Error::invalid(format!(
                "VEO_INSTALL_DIR is `{}`; it must be an absolute path, since build scripts run in the directories of their packages",
                dir.display()
            )));
        }
        dirs.push(dir);
    }
    Ok(dirs)
}

/// Copies a file into `dir`. The replacement is atomic. Returns the path, which Cargo watches in case someone removes it. The
/// copy gets the time stamp of the build script, because a newer one would make Cargo run the script again.
pub(crate) fn install(file: &Path, dir: &Path) -> Result<PathBuf> {
    replace(file, dir, "install", |temporary| {
        fs::copy(file, temporary)?;
        let script = std::env::current_exe()?.metadata()?.modified()?;
        let copied = fs::File::options().write(true).open(temporary)?;
        copied.set_modified(script)
    })
}

/// A message names at most this many functions.
const NAMED: usize = 10;

/// Reads `library`, which has full debug information, and writes `OUT_DIR/veo/prototypes/<library>.txt`.
pub(crate) fn write_prototypes(
    context: &Context,
    kernels: &Kernels,
    library: &Path,
    directives: &mut Directives,
) -> Result<Option<PathBuf>> {
    let file = context
        .work_dir(build_dir::PROTOTYPES, &kernels.name)
        .join(build_dir::prototypes_file(&kernels.name));
    let found = match prototypes::read(&context::read(library)?, None) {
        Ok(found) => found,
        Err(error) => {
            // The library may still work. The user should know that its declarations are not checked.
            let text = format!(
                "{}: declarations are not checked, because the debug information of the library cannot be read: {error}",
                kernels.name
            );
            directives.note(text, true);
            return Ok(None);
        }
    };
    for note in &found.notes {
        directives.note(format!("{}: {note}", kernels.name), false);
    }
    if let Some(note) = unchecked(kernels, &found.undescribed) {
        directives.note(note, kernels.verbose || context.verbose);
    }
    // The macro's expansions depend on the time stamp of this file, so it changes only with its content.
    context::write_if_changed(&file, found.to_text().as_bytes())?;
    put_into(&file, &context.out.join(build_dir::PROTOTYPES)).map(Some)
}

/// The note about functions without a prototype in the debug information.
fn unchecked(kernels: &Kernels, undescribed: &[String]) -> Option<String> {
    if undescribed.is_empty() {
        return None;
    }
    let more = match undescribed.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = undescribed[..undescribed.len().min(NAMED)].join(", ");
    Some(format!(
        "{}: declarations of these functions are not checked, because they have no debug information (-g): {names}{more}",
        kernels.name
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_placed_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("libk.so");
        fs::write(&file, "a library").unwrap();
        let target = directory.path().join("target");
        // No file can take the place of this directory.
        fs::create_dir_all(target.join("libk.so/occupied")).unwrap();
        for (place, verb) in [
            (put_into as fn(&Path, &Path) -> Result<PathBuf>, "put"),
            (install, "install"),
        ] {
            let error = place(&file, &target).unwrap_err().to_string();
            let said = format!("cannot {verb} {} at {}", file.display(), target.display());
            assert!(error.starts_with(&said), "{error}");
            let left = fs::read_dir(&target).unwrap();
            let names: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(names, ["libk.so"]);
        }
    }
}
