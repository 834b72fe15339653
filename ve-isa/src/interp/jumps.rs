//! Where code of the host finds other code of the host.

/// How many jumps are remembered.
pub(super) const JUMPS: usize = 2048;

/// The code of the host for an address.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Jump {
    pub(super) address: u64,
    pub(super) code: u64,
}

/// Code of the host by addresses of machine code. An address has one place, number `address / 8 % JUMPS`, which it shares with others.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct Jumps(Box<[Jump; JUMPS]>);

impl Default for Jumps {
    fn default() -> Self {
        // No place has an address that is looked for in it.
        Self(Box::new(std::array::from_fn(|index| Jump {
            address: if index == 0 { 8 } else { 0 },
            code: 0,
        })))
    }
}

impl Jumps {
    pub(super) fn set(&mut self, address: u64, code: u64) {
        self.0[(address / 8) as usize % JUMPS] = Jump { address, code };
    }
}

/// The part of a thread that code of the host reads and writes.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Translated {
    pub(super) jumps: Jumps,
    /// The address of the word that is not 0 when the thread is to stop.
    pub(super) stop: u64,
    /// Where a computed jump goes.
    pub(super) target: u64,
    /// The lowest byte is not 0 once a signed integer result did not fit.
    pub(super) overflow: u64,
}
