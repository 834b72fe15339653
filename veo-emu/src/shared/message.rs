//! Messages over the socket of a process: the handshake and the opening of contexts.
//!
//! A message is eight little-endian words, the first two a constant and the kind.
//! A refusal carries a sentence behind them.

use crate::shared::window::{AddressRange, MemoryLayout};

/// Bytes of the fixed part.
pub(crate) const FIXED: usize = 64;
/// Longest message.
pub(crate) const LONGEST: usize = FIXED + 4096;

/// Both sides must be built from the same protocol.
const MAGIC: u64 = 0x0002_756d_652d_6f65;

/// A flag of `Hello`: a debugger will attach.
pub(crate) const DEBUGGER: u64 = 1;

/// A flag of `Hello`: the host holds a lock on the file of the control page as long as it runs the same program.
pub(crate) const LOCKED: u64 = 2;

/// A flag of `Hello`: blocks of memory are opened and closed by tasks.
pub(crate) const GUARDED: u64 = 4;

/// A flag of `Hello`, with the one above: pages are closed, and the memory around blocks holds
/// the pattern.
pub(crate) const CLOSED: u64 = 8;

/// A flag of `Hello`: a third descriptor comes with it, of a file for the reports of sanitizers.
pub(crate) const REPORTS: u64 = 16;

/// A flag of `Hello`: one more descriptor comes with it, of an empty file for the instruction counts of kernels when one of them ended the
/// process.
pub(crate) const COUNTS: u64 = 32;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// Host to VE, first, with the descriptors of the control page and the memory. The
    /// image is the path of kernels to load as library 0, or empty.
    Hello {
        layout: MemoryLayout,
        flags: u64,
        image: String,
    },
    /// VE to host: ready, or the answer to `Open` or `Count`. The handle and the base of the
    /// image, if there is one.
    Ready { image: u64, base: u64 },
    /// Host to VE, with the descriptor of the ring.
    Open { index: u32, stack: u64 },
    /// Host to VE, with the descriptor of an empty file: the instruction counts of kernels, as
    /// `host/statistics.rs` reads it, is to be written there.
    Count,
    /// VE to host: it cannot be done, and why.
    Failed(String),
}

impl Message {
    /// The bytes of the message.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (kind, words, text) = match self {
            Message::Hello {
                layout,
                flags,
                image,
            } => {
                let MemoryLayout {
                    window,
                    heap,
                    staging,
                } = *layout;
                let words = [window.base, window.len, heap, staging, *flags, 0];
                (1, words, image.as_str())
            }
            Message::Ready { image, base } => (2, [*image, *base, 0, 0, 0, 0], ""),
            Message::Open { index, stack } => (3, [u64::from(*index), *stack, 0, 0, 0, 0], ""),
            Message::Failed(text) => (4, [0; 6], text.as_str()),
            Message::Count => (5, [0; 6], ""),
        };
        let mut bytes = Vec::with_capacity(FIXED + text.len());
        for word in [MAGIC, kind].into_iter().chain(words) {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        let mut end = text.len().min(LONGEST - FIXED);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        bytes.extend_from_slice(&text.as_bytes()[..end]);
        bytes
    }

    /// The message that these bytes are, if they are one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Message> {
        let (fixed, text) = bytes.split_at_checked(FIXED)?;
        let mut words = fixed
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()));
        if words.next()? != MAGIC {
            return None;
        }
        let kind = words.next()?;
        let [a, b, c, d, e] = [(); 5].map(|()| words.next());
        let (a, b, c, d, e) = (a?, b?, c?, d?, e?);
        let text = || String::from_utf8_lossy(text).into_owned();
        match kind {
            1 => Some(Message::Hello {
                layout: MemoryLayout {
                    window: AddressRange { base: a, len: b },
                    heap: c,
                    staging: d,
                },
                flags: e,
                image: text(),
            }),
            2 => Some(Message::Ready { image: a, base: b }),
            3 => Some(Message::Open {
                index: u32::try_from(a).ok()?,
                stack: b,
            }),
            4 => Some(Message::Failed(text())),
            5 => Some(Message::Count),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_way() {
        for message in [
            Message::Hello {
                layout: MemoryLayout {
                    window: AddressRange { base: 9, len: 10 },
                    heap: 1,
                    staging: 2,
                },
                flags: 3,
                image: "/some/where.so".into(),
            },
            Message::Ready { image: 4, base: 5 },
            Message::Open { index: 7, stack: 8 },
            Message::Count,
            Message::Failed("no".into()),
        ] {
            assert_eq!(Message::decode(&message.encode()), Some(message));
        }
    }

    #[test]
    fn long_refusals_are_cut_between_characters() {
        let bytes = Message::Failed("ä".repeat(4000)).encode();
        assert!(bytes.len() <= LONGEST);
        let Some(Message::Failed(text)) = Message::decode(&bytes) else {
            panic!("not a refusal")
        };
        assert!(text.chars().all(|c| c == 'ä'));
    }

    #[test]
    fn damaged_bytes_are_no_message() {
        let good = Message::Ready { image: 0, base: 0 }.encode();
        assert_eq!(Message::decode(&good[..63]), None);
        for at in 0..16 {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            assert_eq!(Message::decode(&bad), None);
        }
    }
}
