//! Which VE node a rank gets.

use veo_abi::environment::VE_NODE_NUMBER;

use crate::error::{Error, Result};

/// The place of a rank among those of its machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct RankPlace {
    /// From 0.
    pub(super) rank: i32,
    /// How many there are.
    pub(super) size: i32,
}

/// Which node a program wants for its ranks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NodeOptions {
    /// This node.
    pub(super) node: Option<i32>,
    /// How many neighbouring ranks share a node.
    pub(super) ranks_per_node: Option<i32>,
}

/// A node, and a note about the choice.
#[derive(Debug, PartialEq)]
pub(super) struct Choice {
    /// As [`VeoProc::new`](veo_core::VeoProc::new) takes it.
    pub(super) node: i32,
    pub(super) note: Option<String>,
}

impl NodeOptions {
    /// Refuses what no machine can give, before MPI begins.
    pub(super) fn check(self) -> Result<()> {
        let refuse = |what: String| Err(Error::Layout { what });
        match (self.node, self.ranks_per_node) {
            (Some(_), Some(_)) => refuse(
                "a job was given a node for this rank and a number of ranks for each node; give one of the two".into(),
            ),
            (_, Some(count)) if count < 1 => {
                refuse(format!("ranks_per_node({count}) was asked for; give at least 1"))
            }
            _ => Ok(()),
        }
    }

    /// The node of the rank at `place`, on a machine with `nodes` nodes, which are counted where that matters. A batch system may have given the
    /// program some of them only, or named the one.
    pub(super) fn choose(
        self,
        place: RankPlace,
        nodes: impl FnOnce() -> Result<usize>,
    ) -> Result<Choice> {
        let exactly = |node| Ok(Choice { node, note: None });
        let count = || nodes().map(|nodes| i32::try_from(nodes).unwrap_or(i32::MAX));
        match (self.node, self.ranks_per_node) {
            (Some(node), _) => exactly(node),
            (None, Some(each)) => place.in_blocks(each, count()?),
            (None, None) if VE_NODE_NUMBER.set().is_some() => exactly(-1),
            (None, None) => Ok(place.in_turns(count()?)),
        }
    }
}

impl RankPlace {
    /// On the first node the first `each` ranks, on the second the next ones.
    fn in_blocks(self, each: i32, nodes: i32) -> Result<Choice> {
        let node = self.rank / each;
        if node < nodes {
            return Ok(Choice { node, note: None });
        }
        let room = i64::from(nodes) * i64::from(each);
        Err(Error::Layout {
            what: format!(
                "ranks_per_node({each}) has room for {room} ranks on this machine, which has \
                 {nodes} VE nodes for the job, and it was given {}; start fewer here, or put \
                 more on each node",
                self.size
            ),
        })
    }

    /// On each node a rank, then on each another.
    fn in_turns(self, nodes: i32) -> Choice {
        if nodes < 1 {
            // Asking for any says why there is none.
            return Choice {
                node: -1,
                note: None,
            };
        }
        let others = self.size - 1;
        let note = || {
            format!(
                "shares its machine's {nodes} VE nodes with {others} other ranks: some nodes \
                 have several"
            )
        };
        Choice {
            node: self.rank % nodes,
            note: (self.rank == 0 && self.size > nodes).then(note),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(node_options: NodeOptions, rank: i32, size: i32, nodes: usize) -> i32 {
        node_options
            .choose(RankPlace { rank, size }, || Ok(nodes))
            .unwrap()
            .node
    }

    #[test]
    fn ranks_take_turns_or_come_in_blocks() {
        let turns: Vec<i32> = (0..5)
            .map(|rank| node(NodeOptions::default(), rank, 5, 3))
            .collect();
        assert_eq!(turns, [0, 1, 2, 0, 1]);
        let pairs = NodeOptions {
            ranks_per_node: Some(2),
            ..NodeOptions::default()
        };
        let blocks: Vec<i32> = (0..6).map(|rank| node(pairs, rank, 6, 3)).collect();
        assert_eq!(blocks, [0, 0, 1, 1, 2, 2]);
        let error = pairs
            .choose(RankPlace { rank: 6, size: 7 }, || Ok(3))
            .unwrap_err()
            .to_string();
        for part in [
            "ranks_per_node(2)",
            "room for 6 ranks",
            "3 VE nodes",
            "given 7",
        ] {
            assert!(error.contains(part), "{error}");
        }
        let one = NodeOptions {
            node: Some(7),
            ..NodeOptions::default()
        };
        assert_eq!(node(one, 3, 4, 1), 7);
    }

    #[test]
    fn one_rank_of_a_machine_notes_that_nodes_are_shared() {
        let note = |rank, size| {
            NodeOptions::default()
                .choose(RankPlace { rank, size }, || Ok(2))
                .unwrap()
                .note
        };
        assert_eq!(note(0, 2), None);
        assert!(
            note(0, 3)
                .unwrap()
                .contains("2 VE nodes with 2 other ranks")
        );
        assert_eq!(note(1, 3), None);
    }

    #[test]
    fn nonsense_is_refused() {
        let refused = |node_options: NodeOptions| node_options.check().unwrap_err().to_string();
        for count in [0, -3] {
            let error = refused(NodeOptions {
                node: None,
                ranks_per_node: Some(count),
            });
            assert!(
                error.contains(&format!("ranks_per_node({count})")),
                "{error}"
            );
        }
        let error = refused(NodeOptions {
            node: Some(0),
            ranks_per_node: Some(1),
        });
        assert!(error.contains("give one of the two"), "{error}");
        assert!(NodeOptions::default().check().is_ok());
    }
}
