//! Feeds bytes to all code of the host side that reads data of another process. `cargo fuzz`
//! uses it (see `fuzz/run`), and the tests here use bytes that are damaged at random.

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
            finding: None,
            signal: None,
            status: None,
            fault: control.view::<Control>().fault.read(),
            reason: None,
            out_of_memory: false,
            work: Vec::new(),
            place: None,
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
    use fastrand::Rng;
    use veo_test_support::damage;

    use super::*;
    use crate::shared::window::{Layout, Window};

    #[test]
    fn damaged_messages() {
        let mut random = Rng::with_seed(0x1234_5678_9abc_def1);
        let hello = Message::Hello {
            layout: Layout {
                window: Window::USUAL,
                heap: 1 << 30,
                staging: 1 << 20,
            },
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
                damage(&mut random, &mut bytes, 64);
                messages(&bytes);
            }
        }
    }

    #[test]
    fn anything_in_shared_memory() {
        let mut random = Rng::with_seed(0xfeed_f00d_dead_beef);
        for _ in 0..200 {
            let len = 8 * (1 + random.usize(..200));
            let words: Vec<u8> = (0..len / 8)
                .flat_map(|_| match random.usize(..4) {
                    0 => [0; 8],
                    1 => [0xff; 8],
                    2 => (random.u64(..) % 300).to_le_bytes(),
                    _ => random.u64(..).to_le_bytes(),
                })
                .collect();
            ring(&words);
        }
    }
}
