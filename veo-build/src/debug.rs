//! Puts the linked file where the runtime looks, and its debug information beside it if it is to be apart.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::command;
use crate::context::{self, Context};
use crate::stamp::{self, Input};
use crate::target::Target;
use crate::toolchain::Toolchain;

/// A library and, if it is apart, its debug information; both in the directory for intermediate files.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) library: PathBuf,
    pub(crate) debug: Option<PathBuf>,
    /// The command lines, if they ran now.
    pub(crate) ran: Vec<String>,
}

/// Takes the debug information out of `linked`, if `keep` is not set and there is a tool that can.
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
    if toolchain.target == Target::Ve1Llvm {
        // The debug sections of a relocatable object need its symbols and relocations: keep all of it.
        first.arg(linked).arg(&debug);
    } else {
        first.arg("--only-keep-debug").arg(linked).arg(&debug);
    }
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
        // New files and not old ones written anew: a program may have them mapped through their other names.
        let _ = fs::remove_file(file);
    }
    let doing = format!("taking the debug information out of {}", linked.display());
    command::run(&mut first, &doing)?;
    command::run(&mut second, &doing)?;
    stamp::write(&library, &recipe, &[Input::file(linked)])?;
    Ok(Parts {
        library,
        debug: Some(debug),
        ran: lines,
    })
}

/// Puts `file` into `dir` under its own name, whole at every moment.
pub(crate) fn place(file: &Path, dir: &Path) -> Result<PathBuf> {
    let fail = |e: std::io::Error, to: &Path| {
        crate::Error::io(
            format_args!("cannot put {} at {}", file.display(), to.display()),
            &e,
        )
    };
    context::make_dir(dir)?;
    let name = file.file_name().unwrap_or_default();
    let to = dir.join(name);
    let mut temporary = name.to_owned();
    temporary.push(format!(".{}", std::process::id()));
    let temporary = dir.join(temporary);
    // A link keeps the time stamp and costs nothing; a copy if the file system has no links.
    let made = fs::hard_link(file, &temporary).or_else(|_| fs::copy(file, &temporary).map(drop));
    made.and_then(|()| fs::rename(&temporary, &to))
        .map_err(|e| {
            // What is left of a failed attempt is of no use to anyone.
            let _ = fs::remove_file(&temporary);
            fail(e, &to)
        })?;
    // Renaming one link of a file onto another leaves both names.
    let _ = fs::remove_file(&temporary);
    Ok(to)
}
