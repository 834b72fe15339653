//! The command line: the commands and the options of all of them.

use clap::{Parser, Subcommand};

use crate::bench::BenchOptions;
use crate::call::CallCommand;
use crate::check::CheckCommand;
use crate::declare::Declare;
use crate::doctor::Doctor;
use crate::generate::{Completions, Man};
use crate::install::Install;
use crate::nodes::Nodes;
use crate::ps::Ps;
use crate::symbols::Symbols;
use crate::timeline::Timeline;
use crate::top::Top;

/// Looks at Vector Engine nodes and at libraries for them, with a card or without
#[derive(Parser)]
#[command(name = "veo", version, arg_required_else_help = true)]
pub(crate) struct CommandLine {
    /// Print one JSON object a line, as schema.json of veo-cli describes it
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Nodes(Nodes),
    Ps(Ps),
    Top(Top),
    Timeline(Timeline),
    Doctor(Doctor),
    Symbols(Symbols),
    Check(CheckCommand),
    Declare(Declare),
    Call(CallCommand),
    Install(Install),
    Bench(BenchOptions),
    Completions(Completions),
    Man(Man),
}

impl Command {
    /// The name that a user gives it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Command::Nodes(_) => "nodes",
            Command::Ps(_) => "ps",
            Command::Top(_) => "top",
            Command::Timeline(_) => "timeline",
            Command::Doctor(_) => "doctor",
            Command::Symbols(_) => "symbols",
            Command::Check(_) => "check",
            Command::Declare(_) => "declare",
            Command::Call(_) => "call",
            Command::Install(_) => "install",
            Command::Bench(_) => "bench",
            Command::Completions(_) => "completions",
            Command::Man(_) => "man",
        }
    }
}
