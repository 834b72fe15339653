//! Runs and disassembles machine code of NEC's Vector Engine, without the card.
//!
//! `arguments` reads the command line; each command has a module of its own. The last line on standard error is one sentence that
//! says why the program ends as it does.

mod arguments;
mod disassemble;
mod places;
mod run;
mod system;

use std::io::Write as _;
use std::process::ExitCode;

use arguments::{Invocation, USAGE};

/// The command line is not understood.
const STATUS_USAGE: u8 = 2;
/// The file cannot be loaded.
const STATUS_CANNOT_LOAD: u8 = 125;

fn main() -> ExitCode {
    system::end_by_broken_pipes();
    let command = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(why) => {
            eprintln!("{USAGE}\nve-run: {why}");
            return ExitCode::from(STATUS_USAGE);
        }
    };
    match command {
        // Nobody may be reading.
        Invocation::Help => _ = writeln!(std::io::stdout(), "{USAGE}"),
        Invocation::Version => {
            _ = writeln!(std::io::stdout(), "ve-run {}", env!("CARGO_PKG_VERSION"))
        }
        Invocation::Disassemble { file } => {
            if let Err(why) = disassemble::disassemble(&file, std::io::stdout().lock()) {
                eprintln!("ve-run: cannot disassemble {}: {why}", file.display());
                return ExitCode::from(STATUS_CANNOT_LOAD);
            }
        }
        Invocation::Run(run) => match run::run(&run) {
            Ok(status) => return ExitCode::from(status),
            Err(failure) => {
                eprintln!("ve-run: {}", failure.why);
                if failure.status == run::STATUS_TIME_LIMIT {
                    // Nobody may be reading what is left in a stream.
                    system::end_at_once(failure.status);
                }
                return ExitCode::from(failure.status);
            }
        },
    }
    ExitCode::SUCCESS
}
