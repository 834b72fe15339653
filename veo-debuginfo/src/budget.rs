//! How much work a file is worth. Sizes in debug information can refer to the
//! same bytes again and again; the budget bounds what that can cost.

/// Work for every byte of the input.
const PER_BYTE: u64 = 24;
/// Work that any file is worth.
const BASE: u64 = 4 << 20;

/// What is left to spend, in steps of some nanoseconds.
pub(crate) struct Budget {
    left: u64,
}

/// Why reading something ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// This part cannot be read; others may.
    Damaged(gimli::Error),
    /// The budget is spent; nothing more can be read.
    Exhausted,
}

impl From<gimli::Error> for Stop {
    fn from(error: gimli::Error) -> Stop {
        Stop::Damaged(error)
    }
}

/// The result of reading a part.
pub(crate) type Step<T> = Result<T, Stop>;

impl Budget {
    pub fn new(length: usize) -> Budget {
        Budget {
            left: BASE.saturating_add((length as u64).saturating_mul(PER_BYTE)),
        }
    }

    pub fn spend(&mut self, work: usize) -> Step<()> {
        match self.left.checked_sub(work as u64) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                Err(Stop::Exhausted)
            }
        }
    }
}

/// Turns damage into nothing and passes exhaustion on.
pub(crate) fn tolerate<T>(step: Step<T>) -> Step<Option<T>> {
    match step {
        Ok(value) => Ok(Some(value)),
        Err(Stop::Damaged(_)) => Ok(None),
        Err(Stop::Exhausted) => Err(Stop::Exhausted),
    }
}
