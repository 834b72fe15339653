//! The bits of hmem addresses (`veo_hmem.h`), which carry a tag that identifies their VE process.

/// Bit 63: an address of a VE.
pub const VE: u64 = 1 << 63;
/// Bits 62 to 59: the identifier of the process.
pub const SHIFT: u32 = 59;
/// How many identifiers fit into these bits.
pub const MAX_PROCESSES: usize = 16;
const TAG: u64 = VE | (MAX_PROCESSES as u64 - 1) << SHIFT;

/// The address with the tag of a process. Higher bits of the identifier are dropped.
#[must_use]
pub const fn tag(address: u64, identifier: usize) -> u64 {
    address & !TAG | VE | (identifier as u64) << SHIFT & TAG
}

/// The address without its tag.
#[must_use]
pub const fn untag(address: u64) -> u64 {
    if is_ve(address) {
        address & !TAG
    } else {
        address
    }
}

/// Whether this is an address of a VE.
#[must_use]
pub const fn is_ve(address: u64) -> bool {
    address & VE != 0
}

/// The identifier of the process in an address of a VE.
#[must_use]
pub const fn identifier(address: u64) -> usize {
    (address >> SHIFT) as usize % MAX_PROCESSES
}

/// Whether this word is certainly an address that still has its tag.
#[must_use]
pub fn is_tagged_address(word: u64) -> bool {
    const LOWEST: u64 = 1 << 16;
    const HIGHEST: u64 = 1 << 47;
    is_ve(word) && (LOWEST..HIGHEST).contains(&untag(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_are_those_of_the_header() {
        assert_eq!(tag(0x1234, 0), 0x8000_0000_0000_1234);
        assert_eq!(tag(0x1234, 15), 0xf800_0000_0000_1234);
        for identifier in 0..MAX_PROCESSES {
            let tagged = tag(0x7fff_1234_5678, identifier);
            assert!(is_ve(tagged) && is_tagged_address(tagged));
            assert_eq!(super::identifier(tagged), identifier);
            assert_eq!(untag(tagged), 0x7fff_1234_5678);
        }
        assert_eq!(untag(0x7fff_1234_5678), 0x7fff_1234_5678);
        assert!(!is_tagged_address(0x7fff_1234_5678));
        // A negative number.
        assert!(!is_tagged_address(u64::MAX));
    }
}
