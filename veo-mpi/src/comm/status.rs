//! The status of a message that was sent or received.

/// As a source: a message of any rank.
pub const ANY_SOURCE: i32 = -1;

/// As the tag of a receive: a message with any tag.
pub const ANY_TAG: i32 = -1;

/// The status of a message that was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    pub(super) source: i32,
    pub(super) tag: i32,
    pub(super) count: usize,
}

impl Status {
    /// The rank that has sent it.
    #[must_use]
    pub fn source_rank(&self) -> i32 {
        self.source
    }

    /// Its tag.
    #[must_use]
    pub fn tag(&self) -> i32 {
        self.tag
    }

    /// How many values came. Those behind them are as they were before.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }
}
