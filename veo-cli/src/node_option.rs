//! The option that names a VE node, as in NEC's tools.

use crate::failure::CommandFailure;

/// The node that a command is about.
#[derive(clap::Args)]
pub(crate) struct NodeOption {
    /// Number of the VE node
    #[arg(short = 'N', long = "node", value_name = "NODE", value_parser = number, allow_negative_numbers = true)]
    node: Option<i32>,
}

fn number(text: &str) -> Result<i32, String> {
    let number: Option<i32> = text.parse().ok();
    number
        .filter(|number| *number >= 0)
        .ok_or_else(|| "nodes are numbered from 0 on; `veo nodes` lists them".into())
}

impl NodeOption {
    /// The node, if the command line names one.
    pub(crate) fn given(&self) -> Option<i32> {
        self.node
    }

    /// The node for a process. Without the option it is -1: the backend takes that of `VE_NODE_NUMBER`, else
    /// the first.
    pub(crate) fn of_process(&self) -> i32 {
        self.node.unwrap_or(-1)
    }
}

/// Whether this machine has a node. If not, the error names its nodes.
pub(crate) fn known(wanted: i32) -> Result<(), CommandFailure> {
    let all = veo_core::nodes()?;
    if all.iter().any(|info| info.node == wanted) {
        return Ok(());
    }
    let numbers: Vec<i32> = all.iter().map(|info| info.node).collect();
    Err(CommandFailure::failed(missing(wanted, &numbers)))
}

/// Says that a node does not exist and which ones do, in rising order.
fn missing(wanted: i32, nodes: &[i32]) -> String {
    let there = match nodes {
        [] => return format!("there is no VE node {wanted}: this machine has none"),
        [only] => format!("its only node is {only}"),
        [first, .., last] if nodes.len() > 2 && nodes.windows(2).all(|it| it[0] + 1 == it[1]) => {
            format!("its nodes are {first} to {last}")
        }
        _ => {
            let numbers: Vec<String> = nodes.iter().map(ToString::to_string).collect();
            format!("its nodes are {}", numbers.join(", "))
        }
    };
    format!("there is no VE node {wanted} on this machine: {there}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nodes_that_are_there_are_named() {
        for (nodes, says) in [
            (&[][..], "there is no VE node 9: this machine has none"),
            (
                &[0],
                "there is no VE node 9 on this machine: its only node is 0",
            ),
            (
                &[0, 1],
                "there is no VE node 9 on this machine: its nodes are 0, 1",
            ),
            (
                &[0, 1, 2],
                "there is no VE node 9 on this machine: its nodes are 0 to 2",
            ),
            (
                &[0, 2, 3],
                "there is no VE node 9 on this machine: its nodes are 0, 2, 3",
            ),
        ] {
            assert_eq!(missing(9, nodes), says);
        }
    }
}
