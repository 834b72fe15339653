//! `veo nodes`: the VE nodes of this machine. It starts no VE process.

use serde::Serialize;
use veo_core::{Arch, Backend, NodeInfo};

use crate::card::Card;
use crate::failure::CommandFailure;
use crate::node_option::{self, NodeOption};
use crate::output::{Answer, Column, Console, Page, bytes, or_dash};

/// List the VE nodes of this machine
#[derive(clap::Args)]
pub(crate) struct Nodes {
    #[command(flatten)]
    node: NodeOption,
}

#[derive(Serialize)]
struct NodeList {
    nodes: Vec<ListedNode>,
}

/// One node. An unknown value is null.
#[derive(Serialize)]
struct ListedNode {
    node: i32,
    /// The state that its operating system reports: `online`, or a number of the driver.
    state: Option<String>,
    /// `ve1` or `ve3`.
    arch: Option<&'static str>,
    /// `emu` or `libveo`.
    backend: String,
    /// In bytes.
    memory: Option<u64>,
    /// In bytes.
    free: Option<u64>,
    /// Its address on the PCI bus.
    bus: Option<String>,
    /// The temperature of its hottest core, in degrees Celsius.
    temperature: Option<f64>,
    /// In watts.
    power: Option<f64>,
}

pub(crate) fn run(command: &Nodes, console: &Console) -> Result<(), CommandFailure> {
    let mut listed = veo_core::nodes()?;
    if let Some(wanted) = command.node.given() {
        node_option::known(wanted)?;
        listed.retain(|info| info.node == wanted);
    }
    let nodes = listed.iter().map(ListedNode::of).collect();
    console.give(&NodeList { nodes })
}

impl ListedNode {
    fn of(info: &NodeInfo) -> Self {
        let card = match info.backend {
            Backend::Libveo => Card::of_node(info.node),
            _ => None,
        };
        let card = card.as_ref();
        Self {
            node: info.node,
            state: match info.backend {
                Backend::Emu => Some("online".into()),
                _ => card.and_then(Card::state),
            },
            arch: match info.arch {
                Some(Arch::Ve1) => Some("ve1"),
                Some(Arch::Ve3) => Some("ve3"),
                _ => None,
            },
            backend: info.backend.to_string(),
            memory: info.memory,
            free: info.free,
            bus: card.and_then(Card::bus),
            temperature: card.and_then(Card::temperature),
            power: card.and_then(Card::power),
        }
    }
}

impl Answer for NodeList {
    fn print(&self, page: &mut Page) -> std::io::Result<()> {
        if self.nodes.is_empty() {
            return page.line("no VE nodes");
        }
        let columns = [
            Column::right("NODE"),
            Column::left("STATE"),
            Column::left("ARCH"),
            Column::left("BACKEND"),
            Column::right("MEMORY"),
            Column::right("FREE"),
            Column::left("BUS"),
            Column::right("TEMP"),
            Column::right("POWER"),
        ];
        let rows = self.nodes.iter().map(|node| {
            vec![
                node.node.to_string(),
                or_dash(node.state.as_ref()),
                or_dash(node.arch),
                node.backend.clone(),
                or_dash(node.memory.map(bytes)),
                or_dash(node.free.map(bytes)),
                or_dash(node.bus.as_ref()),
                or_dash(node.temperature.map(|it| format!("{it:.0} °C"))),
                or_dash(node.power.map(|it| format!("{it:.0} W"))),
            ]
        });
        page.table(&columns, rows)
    }
}
