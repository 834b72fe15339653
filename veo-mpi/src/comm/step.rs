//! The common part of operations on messages: the state that they share, and the result of a step.

use super::flight::{Flight, FlightMemory};
use super::neighbours::Windows;
use super::staging::{Lent, RankStaging};
use super::status::Status;
use super::window::WindowSlot;
use crate::error::Result;

/// The state that the operations share.
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
    /// The first chunk for a message that goes out in chunks, when nobody else has it. Where this rank has a window, it is a slot of that.
    pub(super) fn lend_first_out(
        &mut self,
        message: u64,
        len: usize,
        lent: &mut Lent,
    ) -> Option<FlightMemory> {
        match self.windows.own() {
            Some(own) if own.can_lend(len) => {
                let slot = own.begin_turn(message).then(|| own.lend(WindowSlot::First));
                slot.flatten().map(FlightMemory::Slot)
            }
            _ => self
                .staging
                .out
                .lend_first(len, lent)
                .map(FlightMemory::Host),
        }
    }

    /// The spare chunk for messages that go out, if nobody has it.
    pub(super) fn lend_spare_out(&mut self, len: usize, lent: &mut Lent) -> Option<FlightMemory> {
        match self.windows.own() {
            Some(own) if own.can_lend(len) => own.lend(WindowSlot::Spare).map(FlightMemory::Slot),
            _ => self
                .staging
                .out
                .lend_spare(len, lent)
                .map(FlightMemory::Host),
        }
    }

    /// The number of the next message of this rank, by whatever communicator.
    pub(super) fn next_number(&mut self) -> u64 {
        self.sent += 1;
        self.sent - 1
    }
}

/// The result of a step of an operation.
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
