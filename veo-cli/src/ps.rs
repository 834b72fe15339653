//! `veo ps`: the VE processes of this user.

use crate::failure::CommandFailure;
use crate::node_option::NodeOption;
use crate::output::Console;
use crate::seen::ProcessWatcher;

/// List the VE processes of this user
#[derive(clap::Args)]
pub(crate) struct Ps {
    #[command(flatten)]
    node: NodeOption,
}

pub(crate) fn run(command: &Ps, console: &Console) -> Result<(), CommandFailure> {
    console.give(&ProcessWatcher::new(command.node.given()).look_twice()?)
}
