//! The option that names a VE node, as NEC's tools have it.

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

    /// The node for a process. Without one, -1 has the backend take that of `VE_NODE_NUMBER`, else the first.
    pub(crate) fn of_process(&self) -> i32 {
        self.node.unwrap_or(-1)
    }
}
