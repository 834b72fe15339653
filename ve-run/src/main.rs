//! Runs machine code of NEC's Vector Engine, without the card.

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!("ve-run: no command is known yet");
    ExitCode::from(2)
}
