//! Memory as a kernel sees it (`kernels/memory.c`).

use veo_core::ve_kernel;

/// The size of the library's global variable `large_global` in bytes.
pub const LARGE_GLOBAL: usize = (256 << 20) + 64;

#[ve_kernel(lib = "libvememory.so")]
unsafe extern "C" {
    /// The FNV-1a hash of `n` bytes, taken by words of eight and then by single bytes.
    pub safe fn hash_bytes(bytes: *const u8, n: u64) -> u64;

    /// The same of a part of `large_global`.
    pub safe fn hash_global(offset: u64, n: u64) -> u64;
}

/// The result of [`hash_bytes`], computed on the host.
#[must_use]
pub fn expected_hash(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x100_0000_01b3);
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &word| {
        mix(hash, u64::from_ne_bytes(word))
    });
    rest.iter()
        .fold(hash, |hash, &byte| mix(hash, u64::from(byte)))
}
