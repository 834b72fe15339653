//! The option that names a VE node, as NEC's tools have it.

use veo_abi::environment::VE_NODE_NUMBER;

use crate::failure::Failure;

/// Which node a command is about.
#[derive(clap::Args)]
pub(crate) struct NodeOption {
    /// Number of the VE node
    #[arg(short = 'N', long = "node", value_name = "NODE", value_parser = clap::value_parser!(i32).range(0..))]
    node: Option<i32>,
}

impl NodeOption {
    /// The node, if the command line names one.
    pub(crate) fn given(&self) -> Option<i32> {
        self.node
    }

    /// The node that is meant: the one that the command line names, that of `VE_NODE_NUMBER`, 0.
    #[allow(dead_code)] // until a command starts a VE process
    pub(crate) fn chosen(&self) -> Result<i32, Failure> {
        if let Some(node) = self.node {
            return Ok(node);
        }
        let Some(text) = VE_NODE_NUMBER.text() else {
            return Ok(0);
        };
        let number = text.trim().parse().ok().filter(|number| *number >= 0);
        number.ok_or_else(|| {
            Failure::usage(format_args!(
                "VE_NODE_NUMBER is {text:?}, which is no number of a VE node; set it to one, or name the node with -N"
            ))
        })
    }
}
