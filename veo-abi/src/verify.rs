//! What is done about declarations that are wrong.

/// What is done about a declaration that contradicts the library's debug information, as the
/// declaration (`verify = "warn"`), the process or `VEO_VERIFY` says, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Verify {
    /// What the next of them says; [`Deny`](Self::Deny) if none says anything.
    #[default]
    Default,
    /// An error: the kernel cannot be used.
    Deny,
    /// A warning. At run time it goes through `tracing`.
    Warn,
    /// Nothing is compared.
    Off,
}

impl Verify {
    /// The policy of this word: `deny`, `warn`, `off`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Verify> {
        Some(match word {
            "deny" => Verify::Deny,
            "warn" => Verify::Warn,
            "off" => Verify::Off,
            _ => return None,
        })
    }

    /// This policy, or `next` if it is the default.
    #[must_use]
    pub fn or(self, next: Verify) -> Verify {
        match self {
            Verify::Default => next,
            said => said,
        }
    }
}
