//! `veo install`: the emulated Vector Engine node as an installation of libveo.
//!
//! It puts under a prefix what programs written for libveo in C, C++, Python and other languages look for. The parts are made
//! by [`artifacts`] (cargo) and [`link`] (the C compiler) and put in their places by [`layout`].

mod artifacts;
mod error;
mod layout;
mod link;

use std::io;
use std::path::PathBuf;

use serde::Serialize;

use self::error::Error;
use crate::failure::CommandFailure;
use crate::output::{Answer, Console, Page, lossy};

/// Install libveo.so.1, libveohmem.so, veorun, the headers and a pkg-config file
#[derive(clap::Args)]
pub(crate) struct Install {
    /// Directory that gets lib64/, include/, libexec/ and bin/
    #[arg(long)]
    prefix: PathBuf,
    /// The C compiler that links libveo.so.1
    #[arg(long, env = "CC", default_value = "cc")]
    cc: PathBuf,
    /// Cargo profile to build with
    #[arg(long, default_value = "release")]
    profile: String,
    /// Where cargo builds [default: where this command was built, else a temporary directory]
    #[arg(long)]
    target_dir: Option<PathBuf>,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Serialize)]
struct Installed {
    prefix: String,
}

pub(crate) fn run(command: &Install, console: &Console) -> Result<(), CommandFailure> {
    install(command).map_err(CommandFailure::failed)?;
    if command.quiet {
        return Ok(());
    }
    let prefix = command.prefix.canonicalize();
    let prefix = prefix.unwrap_or_else(|_| command.prefix.clone());
    console.give(&Installed {
        prefix: lossy(prefix),
    })
}

fn install(command: &Install) -> Result<(), Error> {
    // This is checked first: the build takes minutes.
    layout::check(&command.prefix)?;
    let scratch =
        tempfile::tempdir().map_err(|e| Error::file("create", "a temporary directory", e))?;
    let target_dir = match &command.target_dir {
        Some(directory) => directory.clone(),
        None => artifacts::own_target_dir().unwrap_or_else(|| scratch.path().join("target")),
    };
    let built = artifacts::build(&command.profile, &target_dir, command.quiet)?;
    let library = scratch.path().join("libveo.so.1");
    link::shared_library(&command.cc, &built.static_library, scratch.path(), &library)?;
    layout::install(&command.prefix, &library, &built.veorun)
}

impl Answer for Installed {
    /// How to build and run a program with the installation.
    fn print(&self, page: &mut Page) -> io::Result<()> {
        let prefix = &self.prefix;
        page.line(format_args!(
            "installed libveo (emulated Vector Engines) under {prefix}\n\
             build: cc program.c -I{prefix}/include -L{prefix}/lib64 -lveo -o program\n\
             \x20  or: PKG_CONFIG_PATH={prefix}/lib64/pkgconfig pkg-config --cflags --libs libveo\n\
             kernels: cc -O2 -g -fpic -shared kernels.c -o libkernels.so\n\
             run:   LD_LIBRARY_PATH={prefix}/lib64 ./program"
        ))
    }
}
