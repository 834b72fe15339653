//! Text in words of shared memory: its bytes, then zeros.

use crate::sync::{AtomicU64, Ordering};

/// Stores as much of a text as the words have room for. Safe to call in a signal handler.
pub(crate) fn store(words: &[AtomicU64], text: &[u8]) {
    let mut parts = text.chunks(8);
    for place in words {
        let mut word = [0; 8];
        if let Some(bytes) = parts.next() {
            word[..bytes.len()].copy_from_slice(bytes);
        }
        place.store(u64::from_le_bytes(word), Ordering::Relaxed);
    }
}

/// The bytes before the first zero.
pub(crate) fn load(words: &[AtomicU64]) -> Vec<u8> {
    words
        .iter()
        .flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes())
        .take_while(|byte| *byte != 0)
        .collect()
}
