//! Installs the emulated Vector Engine node as an installation of libveo.
//!
//! `veo-dropin install --prefix DIR` puts under `DIR` what programs written for
//! libveo in C, C++, Python and other languages look for. The parts are made
//! by [`artifacts`] (cargo) and [`link`] (the C compiler) and put in their
//! places by [`layout`].

mod artifacts;
mod error;
mod layout;
mod link;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;

#[derive(Parser)]
#[command(version, about, long_about = None)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install libveo.so.1, libveohmem.so, veorun, the headers and a pkg-config file
    Install(Install),
}

#[derive(clap::Args)]
struct Install {
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

fn main() -> ExitCode {
    // The command runs compilers that the environment of its caller names.
    if veo_abi::environment::privileged() {
        eprintln!(
            "veo-dropin: this program has raised privileges (set-user-ID, set-group-ID or file \
             capabilities), with which it installs nothing; run it without them, or as root"
        );
        return ExitCode::FAILURE;
    }
    let Command::Install(install) = Arguments::parse().command;
    match run(&install) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("veo-dropin: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(install: &Install) -> Result<(), Error> {
    let scratch =
        tempfile::tempdir().map_err(|e| Error::file("create", "a temporary directory", e))?;
    let target_dir = match &install.target_dir {
        Some(directory) => directory.clone(),
        None => artifacts::own_target_dir().unwrap_or_else(|| scratch.path().join("target")),
    };
    let built = artifacts::build(&install.profile, &target_dir, install.quiet)?;
    let library = scratch.path().join("libveo.so.1");
    link::shared_library(&install.cc, &built.static_library, scratch.path(), &library)?;

    layout::install(&install.prefix, &library, &built.veorun)?;
    if !install.quiet {
        print_use(&install.prefix);
    }
    Ok(())
}

/// How a program is built and run with what was installed.
fn print_use(prefix: &Path) {
    let prefix = prefix.canonicalize().unwrap_or_else(|_| prefix.to_owned());
    let prefix = prefix.display();
    println!(
        "installed libveo (emulated Vector Engines) under {prefix}\n\
         build: cc program.c -I{prefix}/include -L{prefix}/lib64 -lveo -o program\n\
         \x20  or: PKG_CONFIG_PATH={prefix}/lib64/pkgconfig pkg-config --cflags --libs libveo\n\
         kernels: cc -O2 -g -fpic -shared kernels.c -o libkernels.so\n\
         run:   LD_LIBRARY_PATH={prefix}/lib64 ./program"
    );
}
