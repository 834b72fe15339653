//! The state of `getopt` between two calls.

/// How far a command line was read.
#[derive(Debug, Default)]
pub(crate) struct OptionState {
    /// The address of the rest of an argument with several letters, or 0.
    pub(crate) rest: u64,
    /// Arguments that were passed over: they are moved behind the options that follow.
    pub(crate) first_passed: u64,
    pub(crate) last_passed: u64,
}
