//! Everything of the host side that reads what others wrote, with bytes from anywhere:
//! for `cargo fuzz` (see `fuzz/run`), and here with bytes that are damaged at random.

use crate::host::death::Death;
use crate::host::report::Report;
use crate::host::symbols::Symbols;
use crate::shared::control::Control;
use crate::shared::message::{LONGEST, Message};
use crate::shared::ring::{MAX_WORDS, Received, Ring, SLOTS};
use crate::sys::memfd::{self, Mapping};

/// A message from the other side.
pub fn messages(bytes: &[u8]) {
    if let Some(message) = Message::decode(bytes) {
        let again = message.encode();
        assert!(again.len() <= LONGEST);
        assert!(Message::decode(&again).is_some());
    }
}

/// Memory that the other side writes to: a ring, and the record of a fault.
pub fn ring(bytes: &[u8]) {
    thread_local! {
        static SHARED: (Mapping, Mapping) = (shared::<Ring>(), shared::<Control>());
    }
    SHARED.with(|(ring, control)| {
        fill(ring, bytes);
        fill(control, bytes);
        let ring = ring.view::<Ring>();
        let (host, ve) = (ring.host_side(), ring.ve_side());
        let mut received = Received::new();
        for position in (0..2 * SLOTS as u64).chain([u64::MAX - 1]) {
            ve.is_there(position);
            ve.take(position, &mut received);
            assert!(received.count <= MAX_WORDS);
            for index in 0..received.count {
                received.class(index);
            }
            host.response(position);
            host.reply(position);
            ve.earlier_result(position);
        }
        host.running();
        let death = Death {
            signal: None,
            status: None,
            fault: control.view::<Control>().fault.read(),
            reason: None,
            out_of_memory: false,
            work: Vec::new(),
        };
        assert!(Report::new(&death, &Symbols::default()).text.len() < 1 << 16);
        death.exception();
        death.guilty();
    });
}

fn shared<T>() -> Mapping {
    let len = memfd::round_up(size_of::<T>() as u64);
    let file = memfd::create(c"veo-fuzz", len).expect("a memory file");
    Mapping::new(file, len).expect("a mapping")
}

/// Repeats the bytes over all of the mapping.
fn fill(mapping: &Mapping, bytes: &[u8]) {
    let mut at = 0;
    while at < mapping.len() {
        let len = bytes.len().min(mapping.len() - at);
        if len == 0 {
            return;
        }
        // SAFETY: the range lies in the mapping, which nobody else uses.
        unsafe { memfd::copy(mapping.base().add(at), bytes.as_ptr(), len) };
        at += len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        fn below(&mut self, limit: usize) -> usize {
            (self.next() >> 16) as usize % limit.max(1)
        }

        /// Damages bytes in a few places, with values that are likely to matter.
        fn damage(&mut self, bytes: &mut Vec<u8>, likely: usize) {
            for _ in 0..1 + self.below(8) {
                if bytes.is_empty() {
                    return;
                }
                // Headers are small and matter most.
                let range = if self.below(2) == 0 {
                    likely
                } else {
                    bytes.len()
                };
                let at = self.below(range.min(bytes.len()));
                match self.below(4) {
                    0 => bytes[at] ^= 1 << self.below(8),
                    1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
                    2 => {
                        let value = [0, 1, u64::MAX, 1 << 63, self.next()][self.below(5)];
                        for (byte, new) in bytes[at..].iter_mut().zip(value.to_le_bytes()) {
                            *byte = new;
                        }
                    }
                    _ => {
                        let len = self.below(bytes.len() + 1);
                        if self.below(8) == 0 {
                            bytes.truncate(len);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn damaged_messages() {
        let mut random = Random(0x1234_5678_9abc_def1);
        let hello = Message::Hello {
            heap: 1 << 30,
            staging: 1 << 20,
            flags: 3,
            image: "/some/where.so".into(),
        };
        let open = Message::Open {
            index: 3,
            stack: 1 << 27,
        };
        for message in [hello, open, Message::Failed("no\u{e4}".repeat(100))] {
            for _ in 0..5000 {
                let mut bytes = message.encode();
                random.damage(&mut bytes, 64);
                messages(&bytes);
            }
        }
    }

    #[test]
    fn anything_in_shared_memory() {
        let mut random = Random(0xfeed_f00d_dead_beef);
        for _ in 0..200 {
            let len = 8 * (1 + random.below(200));
            let words: Vec<u8> = (0..len / 8)
                .flat_map(|_| match random.below(4) {
                    0 => [0; 8],
                    1 => [0xff; 8],
                    2 => (random.next() % 300).to_le_bytes(),
                    _ => random.next().to_le_bytes(),
                })
                .collect();
            ring(&words);
        }
    }
}
