//! What operations on messages have in common: what they share, and what a step of one comes to.

use super::flight::Flight;
use super::neighbours::Windows;
use super::staging::RankStaging;
use super::status::Status;
use crate::error::Result;

/// What the operations share.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) staging: RankStaging,
    /// The memory that this rank shares with others of its machine.
    pub(super) windows: Windows,
    /// Messages that were sent.
    sent: u64,
    /// Answers to senders that are under way.
    pub(super) answers: Vec<Flight>,
}

impl Shared {
    /// The number of the next message of this rank, by whatever communicator.
    pub(super) fn next_number(&mut self) -> u64 {
        self.sent += 1;
        self.sent - 1
    }
}

/// What a step of an operation came to.
#[derive(Default)]
pub(super) struct Step {
    pub(super) moved: bool,
    pub(super) outcome: Option<Result<Status>>,
}

impl Step {
    pub(super) fn ended(outcome: Result<Status>) -> Step {
        Step {
            moved: true,
            outcome: Some(outcome),
        }
    }

    pub(super) fn after(moved: bool) -> Step {
        Step {
            moved,
            outcome: None,
        }
    }
}
