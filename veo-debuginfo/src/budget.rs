//! Limits the work for one file. Debug information can refer to the same bytes again and
//! again. The budget bounds the cost of that.

/// Work for every byte of the input.
const PER_BYTE: u64 = 24;
/// Work for any file.
const BASE: u64 = 4 << 20;

/// The work that is left, in steps of some nanoseconds.
pub(crate) struct Budget {
    left: u64,
}

/// Why reading something ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// This part cannot be read, but others may be.
    Damaged(gimli::Error),
    /// The budget is spent. Reading must end.
    Exhausted,
}

impl From<gimli::Error> for Stop {
    fn from(error: gimli::Error) -> Stop {
        Stop::Damaged(error)
    }
}

/// The result of reading a part.
pub(crate) type ReadResult<T> = Result<T, Stop>;

impl Budget {
    pub fn new(length: usize) -> Budget {
        Budget {
            left: BASE.saturating_add((length as u64).saturating_mul(PER_BYTE)),
        }
    }

    pub fn spend(&mut self, work: usize) -> ReadResult<()> {
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

/// Turns damage into `None`, and keeps exhaustion as an error.
pub(crate) fn tolerate<T>(step: ReadResult<T>) -> ReadResult<Option<T>> {
    match step {
        Ok(value) => Ok(Some(value)),
        Err(Stop::Damaged(_)) => Ok(None),
        Err(Stop::Exhausted) => Err(Stop::Exhausted),
    }
}
