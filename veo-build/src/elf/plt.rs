//! The procedure linkage table: code that jumps to functions of other libraries.
//!
//! NEC's linker makes entries that rely on the caller's `%s15`. LLVM does not set it for a function that it takes for local, as all
//! of IR that was made without `-fpic` are. So these find the table from where they are. The callee finds its own address in `%s12`.
//!
//! ```text
//! header: lea    %s62, low(table - .)            entry: lea    %s13, low(slot - .)
//!         and    %s62, %s62, (32)0                      and    %s13, %s13, (32)0
//!         sic    %s63                                   sic    %s12
//!       . lea.sl %s62, high(table - .)(%s63, %s62)    . lea.sl %s13, high(slot - .)(%s12, %s13)
//!         ld     %s63, 8(, %s62)                        ld     %s12, (, %s13)
//!         b.l.t  (, %s63)                               b.l.t  (, %s12)
//!         nop                                           lea    %s13, number
//!         nop                                           br.l.t header
//! ```
//!
//! The code behind the jump of an entry is for a loader that looks names up when they are first called. The slot then points
//! there, and the header jumps to the loader's function with the table in `%s62` and the number in `%s13`. Our libraries resolve
//! all names at once.

/// The bytes of an entry, and of the header.
pub(super) const ENTRY: u64 = 64;
/// The first target of an entry's slot.
pub(super) const LAZY: u64 = 48;
/// The place in an entry whose address `sic` gives.
const HERE: u64 = 24;

/// The header at this address.
pub(super) fn header(at: u64, table: u64) -> [u8; ENTRY as usize] {
    let (low, high) = halves(table.wrapping_sub(at + HERE));
    words([
        0x063e_0000_0000_0000 | low,
        0x443e_be60_0000_0000,
        0x283f_0000_0000_0000,
        0x06be_bfbe_0000_0000 | high,
        0x013f_00be_0000_0008,
        0x193f_00bf_0000_0000,
        0x7900_0000_0000_0000,
        0x7900_0000_0000_0000,
    ])
}

/// The entry of a number at this address.
pub(super) fn entry(at: u64, slot: u64, number: u32, header: u64) -> [u8; ENTRY as usize] {
    let (low, high) = halves(slot.wrapping_sub(at + HERE));
    // All entries are in one section, which a displacement of 32 bits spans.
    let (back, _) = halves(header.wrapping_sub(at + ENTRY - 8));
    words([
        0x060d_0000_0000_0000 | low,
        0x440d_8d60_0000_0000,
        0x280c_0000_0000_0000,
        0x068d_8c8d_0000_0000 | high,
        0x010c_008d_0000_0000,
        0x193f_008c_0000_0000,
        0x060d_0000_0000_0000 | u64::from(number),
        0x183f_0000_0000_0000 | back,
    ])
}

/// The lower and the upper 32 bits.
fn halves(value: u64) -> (u64, u64) {
    (value & 0xffff_ffff, value >> 32)
}

fn words(words: [u64; 8]) -> [u8; ENTRY as usize] {
    let mut bytes = [0; ENTRY as usize];
    for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}
