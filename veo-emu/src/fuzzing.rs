//! Feeds bytes to all code of the host side that reads data of another process. `cargo fuzz`
//! uses it (see `fuzz/run`), and the tests here use bytes that are damaged at random.

use crate::host::death::Death;
use crate::host::report::EndReport;
use crate::host::symbols::ProcessSymbols;
use crate::inspect::context;
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
            host.span(position);
            ve.earlier_result(position, position % 3);
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
        assert!(
            EndReport::new(&death, &ProcessSymbols::default())
                .text
                .len()
                < 1 << 16
        );
        death.exception();
        death.guilty();
    });
}

/// The two pages as another process sees them.
pub fn inspect(bytes: &[u8]) {
    let control = filled::<Control>(bytes, size_of::<Control>());
    let ring = filled::<Ring>(bytes, Ring::VISIBLE);
    check_seen(&control, &ring);
}

fn check_seen(control: &Control, ring: &Ring) {
    if let Some(found) = control.shown.find() {
        assert!(found.used <= found.whose.capacity);
    }
    let seen = context(3, Some(ring), control);
    assert!(seen.requests.is_some() || seen.running.is_none());
    if let Some(kernel) = seen.running {
        assert!(kernel.address.is_some() || kernel.name.is_none());
        if let Some(name) = kernel.name {
            assert!(!name.is_empty() && name.len() <= 120 && !name.contains(char::is_control));
        }
    }
}

/// The bytes, repeated without end.
fn filled<T: memfd::SharedData>(bytes: &[u8], len: usize) -> Box<T> {
    let filled = memfd::filled(len, |place| {
        if !bytes.is_empty() {
            for part in place.chunks_mut(bytes.len()) {
                part.copy_from_slice(&bytes[..part.len()]);
            }
        }
        Ok(())
    });
    filled.expect("copying does not fail")
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
    use crate::shared::class::ResultClass;
    use crate::shared::ring::{RingOp, RingRequest};
    use crate::shared::shown::Introduction;
    use crate::shared::window::{AddressRange, MemoryLayout};

    #[test]
    fn damaged_messages() {
        let mut random = Rng::with_seed(0x1234_5678_9abc_def1);
        let hello = Message::Hello {
            layout: MemoryLayout {
                window: AddressRange::USUAL,
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

    /// A control page and a ring as a host and a VE process leave them: 300 calls have gone into the ring, of which the
    /// one before the last runs.
    fn honest() -> (Mapping, Mapping) {
        let (control, ring) = (shared::<Control>(), shared::<Ring>());
        let shown = &control.view::<Control>().shown;
        shown.introduce(Introduction {
            process: 77,
            node: 3,
            core: 1,
            capacity: 1 << 30,
        });
        for number in 0..700 {
            shown.note(0x1000 + 16 * number, &format!("kernel_{number}"));
        }
        shown.note(0x1000 + 16 * 299, &"é".repeat(100));
        shown.note(0x1000 + 16 * 298, "the_one");
        shown.set_used(4096);
        shown.count_to_ve(5);
        shown.count_to_host(6);
        let both = ring.view::<Ring>();
        both.initialise();
        for position in 0..300 {
            let request = RingRequest {
                op: RingOp::Call,
                address: 0x1000 + 16 * position,
                id: position + 40,
                words: &[],
                classes: &[],
                returns: ResultClass::Word,
                cpu: 0,
            };
            both.host_side().publish(position, request);
        }
        both.ve_side().set_running(Some(298 + 40));
        (control, ring)
    }

    fn bytes(mapping: &Mapping) -> Vec<u8> {
        let mut bytes = vec![0; mapping.len()];
        // SAFETY: both have that many bytes.
        unsafe { memfd::copy(bytes.as_mut_ptr(), mapping.base(), bytes.len()) };
        bytes
    }

    #[test]
    fn an_observer_reads_what_a_process_shows() {
        let (page, ring) = honest();
        let control = page.view::<Control>();
        let found = control.shown.find().expect("an honest page");
        assert_eq!((found.whose.process, found.whose.node), (77, 3));
        assert_eq!((found.used, found.to_ve, found.to_host), (4096, 5, 6));
        let seen = context(3, Some(ring.view()), control);
        assert_eq!(seen.requests, Some(300));
        let kernel = seen.running.expect("a kernel runs");
        assert_eq!(
            (kernel.request, kernel.address),
            (338, Some(0x1000 + 16 * 298))
        );
        assert_eq!(kernel.name.as_deref(), Some("the_one"));
        // A long name is cut between characters; an old one is forgotten.
        let cut = control.shown.name(0x1000 + 16 * 299).expect("it was noted");
        assert_eq!(cut, "é".repeat(58) + "…");
        assert_eq!(control.shown.name(0x1000), None);
        assert_eq!(
            control.shown.name(0x1000 + 16 * 699).as_deref(),
            Some("kernel_699")
        );
        // A name cannot have characters that a terminal would obey.
        control.shown.note(9, "\u{1b}[2J");
        assert_eq!(control.shown.name(9), None);
    }

    /// `VEO_TEST_LONG` is another number of rounds.
    #[test]
    fn anything_that_others_look_at() {
        let rounds = std::env::var("VEO_TEST_LONG").map_or(5000, |text| {
            text.parse().expect("VEO_TEST_LONG is a number")
        });
        let (page, ring) = honest();
        let (page, ring) = (bytes(&page), bytes(&ring)[..Ring::VISIBLE].to_vec());
        let mut random = Rng::with_seed(0x0bad_cafe_0bad_cafe);
        let word = |random: &mut Rng| match random.u8(..5) {
            0 => 0,
            1 => u64::MAX,
            2 => random.u64(..) % 700,
            3 => 1 << random.u32(..64),
            _ => random.u64(..),
        };
        for _ in 0..rounds {
            // None of it is honest.
            let words: Vec<u8> = (0..1 + random.usize(..200))
                .flat_map(|_| word(&mut random).to_le_bytes())
                .collect();
            let control = filled::<Control>(&words, size_of::<Control>());
            let foreign = filled::<Ring>(&words, Ring::VISIBLE);
            assert!(
                control.shown.find().is_none(),
                "taken for a page: {words:x?}"
            );
            let posted = foreign.snapshot().map_or(0, |snapshot| snapshot.posted);
            assert_eq!(posted, 0, "taken for a ring: {words:x?}");
            check_seen(&control, &foreign);
            // Some of it is damaged.
            let (mut page, mut ring) = (page.clone(), ring.clone());
            for _ in 0..random.usize(1..9) {
                for bytes in [&mut page, &mut ring] {
                    let at = 8 * random.usize(..bytes.len() / 8);
                    bytes[at..at + 8].copy_from_slice(&word(&mut random).to_le_bytes());
                }
            }
            check_seen(
                &filled(&page, size_of::<Control>()),
                &filled(&ring, Ring::VISIBLE),
            );
        }
    }
}
