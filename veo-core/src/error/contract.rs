//! Calls that do not keep a contract.

use std::fmt;

/// A call that does not keep the contract of its kernel.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BrokenContract {
    /// The kernel, as it was declared.
    pub kernel: String,
    /// The clause that does not hold, as it was written.
    pub clause: String,
    /// Why it cannot be computed, if it cannot.
    pub failure: Option<String>,
    /// The known facts about the parameters in it: `n = 6`, `x.len() = 3`.
    pub values: Vec<String>,
    /// File and line of the declaration.
    pub declared_at: String,
    /// File and line of the call.
    pub called_at: String,
}

impl fmt::Display for BrokenContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kernel, called_at) = (&self.kernel, &self.called_at);
        write!(
            f,
            "the call of {kernel} at {called_at} breaks its contract: `{}` ",
            self.clause
        )?;
        match &self.failure {
            Some(failure) => write!(f, "cannot be computed, since {failure}")?,
            None => f.write_str("does not hold")?,
        }
        if !self.values.is_empty() {
            write!(f, ": {}", self.values.join(", "))?;
        }
        write!(f, " (declared at {})", self.declared_at)
    }
}
