//! `veo completions` and `veo man`: what shells and man read, made of the command line's own description.

use std::io;
use std::path::PathBuf;

use clap_complete::Shell;
use serde::Serialize;

use crate::failure::CommandFailure;
use crate::output::{Answer, Console, Page, lossy};

/// Print completions for a shell
#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

/// Write man pages into a directory
#[derive(clap::Args)]
pub(crate) struct Man {
    /// The directory, which is made if it is missing
    directory: PathBuf,
}

#[derive(Serialize)]
struct Script {
    shell: String,
    script: String,
}

#[derive(Serialize)]
struct Pages {
    files: Vec<String>,
}

pub(crate) fn completions(
    command: &Completions,
    mut described: clap::Command,
    console: &Console,
) -> Result<(), CommandFailure> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut described, "veo", &mut script);
    console.give(&Script {
        shell: command.shell.to_string(),
        script: String::from_utf8_lossy(&script).into_owned(),
    })
}

pub(crate) fn man(
    command: &Man,
    described: clap::Command,
    console: &Console,
) -> Result<(), CommandFailure> {
    let directory = &command.directory;
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(described, directory))
        .map_err(|why| CommandFailure::file("write man pages into", directory, &why))?;
    let listed = || -> io::Result<Vec<String>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            let name = entry?.file_name();
            let text = name.to_string_lossy();
            if text.starts_with("veo") && text.ends_with(".1") {
                files.push(lossy(directory.join(&name)));
            }
        }
        files.sort();
        Ok(files)
    };
    let files = listed().map_err(|why| CommandFailure::file("read", directory, &why))?;
    console.give(&Pages { files })
}

impl Answer for Script {
    fn print(&self, page: &mut Page) -> io::Result<()> {
        page.raw().write_all(self.script.as_bytes())
    }
}

impl Answer for Pages {
    fn print(&self, page: &mut Page) -> io::Result<()> {
        self.files.iter().try_for_each(|file| page.line(file))
    }
}
