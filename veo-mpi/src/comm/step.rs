//! What operations on messages have in common: what they share, and what a step of one comes to.

use super::flight::Flight;
use super::staging::Staging;
use super::status::Status;
use crate::error::Result;

/// What the operations share.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) staging: Staging,
    /// Answers to senders that are under way.
    pub(super) answers: Vec<Flight>,
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
