//! The command `veo`: shows the VE nodes of a machine and what libraries for them contain, from a shell.
//!
//! `arguments` reads the command line. Each command is a module with its options and a function `run`, which hands what it has found
//! to [`output`]: one value, which is printed for people or as JSON (`schema.json`). A [`failure`] ends the program with one
//! sentence and the status 1, or 2 where the command line is wrong. Nobody reading the output is no failure.

mod arguments;
mod bench;
mod call;
mod card;
mod check;
mod declare;
mod doctor;
mod failure;
mod files;
mod generate;
mod install;
mod library;
mod node_option;
mod nodes;
mod output;
mod ps;
mod scratch;
mod screen;
mod seen;
mod sources;
mod symbols;
mod time_option;
mod timeline;
mod top;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::arguments::{Command, CommandLine};
use crate::failure::CommandFailure;
use crate::output::Console;

fn main() -> ExitCode {
    // Commands run compilers and load libraries that the environment and the arguments name.
    if veo_abi::environment::privileged() {
        eprintln!(
            "veo: this program has raised privileges (set-user-ID, set-group-ID or file \
             capabilities), with which it does nothing; run it without them, or as root"
        );
        return ExitCode::FAILURE;
    }
    let arguments = match CommandLine::try_parse() {
        Ok(arguments) => arguments,
        Err(said) => return tell(&said),
    };
    let console = Console::new(arguments.command.name(), arguments.json);
    match run(&arguments.command, &console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => console.fail(&failure),
    }
}

/// Prints help, or what is wrong with the command line.
fn tell(said: &clap::Error) -> ExitCode {
    let printed = said.print().and_then(|()| io::stdout().flush());
    if said.use_stderr() {
        return ExitCode::from(2);
    }
    match printed.map_err(|why| CommandFailure::of_output(&why)) {
        Err(CommandFailure::Failed(why)) => {
            // Perhaps nobody reads standard error either.
            let _ = writeln!(io::stderr(), "veo: {why}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn run(command: &Command, console: &Console) -> Result<(), CommandFailure> {
    match command {
        Command::Nodes(command) => nodes::run(command, console),
        Command::Ps(command) => ps::run(command, console),
        Command::Top(command) => top::run(command, console),
        Command::Timeline(command) => timeline::run(command, console),
        Command::Doctor(command) => doctor::run(command, console),
        Command::Symbols(command) => sources::with_stack(|| symbols::run(command, console)),
        Command::Check(command) => sources::with_stack(|| check::run(command, console)),
        Command::Declare(command) => declare::run(command, console),
        Command::Call(command) => call::run(command, console),
        Command::Install(command) => install::run(command, console),
        Command::Bench(command) => bench::run(command, console),
        Command::Completions(command) => {
            generate::completions(command, CommandLine::command(), console)
        }
        Command::Man(command) => generate::man(command, CommandLine::command(), console),
    }
}
