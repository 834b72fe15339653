//! `veo top`: the VE processes of this user, repeatedly.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::failure::CommandFailure;
use crate::node_option::NodeOption;
use crate::output::Console;
use crate::seen::ProcessWatcher;
use crate::time_option::seconds;

/// Show what the VE processes of this user do, again and again
#[derive(clap::Args)]
pub(crate) struct Top {
    #[command(flatten)]
    node: NodeOption,
    /// Time between two looks
    #[arg(short, long, value_name = "SECONDS", default_value = "2", value_parser = delay)]
    delay: Duration,
    /// End after so many looks
    #[arg(short = 'n', long, value_parser = clap::value_parser!(u64).range(1..))]
    times: Option<u64>,
}

/// The longest time between two looks.
const LONGEST: f64 = 86_400.0;
/// The shortest time between two looks. Looking takes time as well.
const SHORTEST: f64 = 0.01;

fn delay(text: &str) -> Result<Duration, String> {
    seconds(text, SHORTEST..=LONGEST)
}

pub(crate) fn run(command: &Top, console: &Console) -> Result<(), CommandFailure> {
    let mut watcher = ProcessWatcher::new(command.node.given());
    let clears = !console.is_json() && io::stdout().is_terminal();
    let mut shown = 0;
    let mut due = Instant::now();
    loop {
        let list = if shown == 0 {
            watcher.look_twice()?
        } else {
            watcher.look()?
        };
        if clears {
            clear().map_err(|error| CommandFailure::of_output(&error))?;
        } else if shown > 0 && !console.is_json() {
            blank().map_err(|error| CommandFailure::of_output(&error))?;
        }
        console.show(&list)?;
        shown += 1;
        if command.times.is_some_and(|times| shown >= times) {
            return Ok(());
        }
        // After this program was stopped, the pauses start from now.
        due = (due + command.delay).max(Instant::now());
        std::thread::sleep(due - Instant::now());
    }
}

/// Makes the next lines replace the last ones.
fn clear() -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(b"\x1b[H\x1b[J")?;
    stdout.flush()
}

/// The text between two looks if the screen is not cleared.
fn blank() -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(b"\n")?;
    stdout.flush()
}
