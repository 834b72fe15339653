//! Damage at random, for what reads bytes of others.

use fastrand::Rng;

/// Damages bytes in a few places, with values that are likely to matter. Half of the places are
/// among the first `likely` bytes: headers are small and matter most.
pub fn damage(random: &mut Rng, bytes: &mut Vec<u8>, likely: usize) {
    for _ in 0..random.usize(1..9) {
        if bytes.is_empty() {
            return;
        }
        let range = if random.bool() { likely } else { bytes.len() };
        let at = random.usize(..range.min(bytes.len()));
        match random.u8(..4) {
            0 => bytes[at] ^= 1 << random.u8(..8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.usize(..5)],
            2 => {
                let value = [0, 1, u64::MAX, 1 << 63, random.u64(..)][random.usize(..5)];
                for (byte, new) in bytes[at..].iter_mut().zip(value.to_le_bytes()) {
                    *byte = new;
                }
            }
            _ => {
                let len = random.usize(..=bytes.len());
                if random.u8(..8) == 0 {
                    bytes.truncate(len);
                }
            }
        }
    }
}
