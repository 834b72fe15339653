//! Tagged addresses, which say of which VE process they are: what their bits mean.

/// Bit 63: an address of the VE.
const VE: u64 = 1 << 63;
/// Bits 62 to 59: the process identifier.
const SHIFT: u32 = 59;
/// As many identifiers as fit.
pub(crate) const MOST_PROCESSES: usize = 16;
const TAG: u64 = VE | 0xf << SHIFT;

/// The address with the tag of a process, whose identifier is one.
pub(crate) fn tag(address: u64, identifier: usize) -> u64 {
    address & !TAG | VE | (identifier as u64) << SHIFT & TAG
}

/// The address without its tag.
pub(crate) fn untag(address: u64) -> u64 {
    if is_ve(address) {
        address & !TAG
    } else {
        address
    }
}

pub(crate) fn is_ve(address: u64) -> bool {
    address & VE != 0
}

/// The process identifier in an address of a VE.
pub(crate) fn identifier(address: u64) -> usize {
    (address >> SHIFT) as usize % MOST_PROCESSES
}

/// Whether this can be nothing but an address that still has its tag.
pub(crate) fn is_tagged_address(word: u64) -> bool {
    const LOWEST: u64 = 1 << 16;
    const HIGHEST: u64 = 1 << 47;
    is_ve(word) && (LOWEST..HIGHEST).contains(&untag(word))
}
