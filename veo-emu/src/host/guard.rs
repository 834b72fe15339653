//! Blocks of VE memory that are guarded: where they lie, which were freed lately, and how messages name
//! them. This touches no memory.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Range;

use veo_abi::environment::VEO_EMU_GUARD;

use super::arena::Arena;
use crate::error::{Error, Result};
use crate::shared::guard::{ALIGN, GAP, GuardedSpan, Guarding, ZONE};

/// Reads `VEO_EMU_GUARD`.
pub(crate) fn from_environment() -> Result<Guarding> {
    let Some(text) = VEO_EMU_GUARD.text() else {
        return Ok(Guarding::Off);
    };
    match text.trim() {
        "off" => Ok(Guarding::Off),
        "start" => Ok(Guarding::Start),
        "end" => Ok(Guarding::End),
        _ => Err(Error::invalid(format!(
            "{} is {text:?}; it can be `end` or `start`, where blocks of VE memory touch memory \
             that is not accessible, or `off`",
            VEO_EMU_GUARD.name()
        ))),
    }
}

/// The range of addresses over which blocks of `memory` bytes are spread, if there may be `most`.
pub(crate) fn spread(memory: u64, most: u64) -> u64 {
    const MORE: u64 = 64 << 30;
    memory.saturating_mul(2).saturating_add(MORE).min(most) & !0xffff
}

/// Blocks that were freed are remembered up to this number.
const REMEMBERED: usize = 1 << 16;

/// A block, in use or freed.
struct GuardedBlock {
    span: GuardedSpan,
    /// The name that the program gave it.
    name: Option<Box<str>>,
}

/// A block that was freed and closed.
struct ClosedBlock {
    /// Its first address.
    address: u64,
    /// Where it lies in the arena, and how long.
    place: u64,
    len: u64,
    /// The whole pages of the part that was open, by their addresses.
    pages: Range<u64>,
}

/// The guarded blocks of a process. Places are offsets from the beginning of the window.
pub(crate) struct Guarded {
    guard: Guarding,
    /// Size of the system's pages.
    page: u64,
    /// Address of the window.
    window: u64,
    /// By the first address.
    live: BTreeMap<u64, GuardedBlock>,
    /// Blocks that were freed and whose addresses are not used again yet.
    freed: BTreeMap<u64, GuardedBlock>,
    /// Those that are closed, the oldest first.
    quarantine: VecDeque<ClosedBlock>,
    /// How many of them, the latest, have pages.
    resident: usize,
    held: u64,
    bound: u64,
}

impl Guarded {
    /// For a heap of `heap` bytes of addresses at `window`.
    pub(crate) fn new(guard: Guarding, window: u64, heap: u64, page: u64) -> Guarded {
        Guarded {
            guard,
            page,
            window,
            live: BTreeMap::new(),
            freed: BTreeMap::new(),
            quarantine: VecDeque::new(),
            resident: 0,
            held: 0,
            bound: heap / 8,
        }
    }

    /// Places a block of `size` bytes. Freed addresses are used again if there are no others.
    pub(crate) fn place(&mut self, arena: &mut Arena, size: u64) -> Option<GuardedSpan> {
        // A block has room for its size, rounded up, so that another can follow.
        let room = size.max(1).checked_next_multiple_of(ALIGN)?;
        let (lead, open) = if self.guard.closes_pages() {
            (GAP, room.checked_next_multiple_of(self.page)?)
        } else {
            (0, room.checked_add(2 * ZONE)?)
        };
        let len = open.checked_add(lead)?;
        let start = loop {
            match arena.alloc(len) {
                Some(start) => break start,
                None if !self.release_oldest(arena) => return None,
                None => {}
            }
        };
        let from = self.window + start + lead;
        let open = from..from + open;
        let first = match self.guard {
            Guarding::End => open.end - room,
            Guarding::Zones => open.start + ZONE,
            Guarding::Start | Guarding::Off => open.start,
        };
        let span = GuardedSpan {
            block: first..first + size,
            open,
        };
        let (span_of_block, name) = (span.clone(), None);
        self.live.insert(
            first,
            GuardedBlock {
                span: span_of_block,
                name,
            },
        );
        Some(span)
    }

    /// Where a block lies in the arena.
    fn place_of(&self, span: &GuardedSpan) -> u64 {
        let lead = if self.guard.closes_pages() { GAP } else { 0 };
        span.open.start - self.window - lead
    }

    /// Takes a block back that was never handed out.
    pub(crate) fn forget(&mut self, arena: &mut Arena, span: &GuardedSpan) {
        self.live.remove(&span.block.start);
        arena.free(self.place_of(span));
    }

    /// Takes a block out of use. `None`: there is none at this address.
    pub(crate) fn retire(&mut self, address: u64) -> Option<GuardedSpan> {
        let block = self.live.remove(&address)?;
        let span = block.span.clone();
        self.freed.insert(address, block);
        Some(span)
    }

    /// Keeps the addresses of a block that was retired from being used again, for a while.
    pub(crate) fn keep(&mut self, span: &GuardedSpan) {
        let place = self.place_of(span);
        let len = span.open.end - self.window - place;
        let first = span.open.start.next_multiple_of(self.page);
        self.quarantine.push_back(ClosedBlock {
            address: span.block.start,
            place,
            len,
            pages: first..(span.open.end / self.page * self.page).max(first),
        });
        self.resident += 1;
        self.held += len;
    }

    /// Lets the addresses of the oldest blocks be used again if there are many.
    pub(crate) fn shrink(&mut self, arena: &mut Arena) {
        while self.held > self.bound || self.quarantine.len() > REMEMBERED {
            self.release_oldest(arena);
        }
    }

    fn release_oldest(&mut self, arena: &mut Arena) -> bool {
        let Some(oldest) = self.quarantine.pop_front() else {
            return false;
        };
        self.resident = self.resident.min(self.quarantine.len());
        self.held -= oldest.len;
        self.freed.remove(&oldest.address);
        arena.free(oldest.place);
        true
    }

    /// The pages of closed blocks that were not taken before. The caller gives them back to the system.
    pub(crate) fn take_resident(&mut self) -> Vec<Range<u64>> {
        let gone = self.quarantine.len() - self.resident;
        self.resident = 0;
        let taken = self.quarantine.range(gone..);
        taken.map(|block| block.pages.clone()).collect()
    }

    /// Notes how messages name a block. `false` if none begins there.
    pub(crate) fn name(&mut self, address: u64, name: &str) -> bool {
        let block = self.live.get_mut(&address);
        block.map(|block| block.name = Some(name.into())).is_some()
    }

    /// Whether all of these bytes lie in one block.
    pub(crate) fn holds(&self, address: u64, len: u64) -> bool {
        let before = self.live.range(..=address).next_back();
        before.is_some_and(|(_, GuardedBlock { span, .. })| {
            let end = address.checked_add(len);
            address < span.block.end && end.is_some_and(|end| end <= span.block.end)
        })
    }

    /// Where an address lies, by the nearest block.
    pub(crate) fn explain(&self, address: u64) -> Option<BlockPlace> {
        let mut nearest: Option<(u64, &GuardedBlock, bool)> = None;
        for (blocks, is_freed) in [(&self.live, false), (&self.freed, true)] {
            let before = blocks.range(..=address).next_back();
            let behind = blocks.range(address..).next();
            for (_, block) in before.into_iter().chain(behind) {
                let far = block.span.distance(address);
                if nearest.as_ref().is_none_or(|(least, ..)| far < *least) {
                    nearest = Some((far, block, is_freed));
                }
            }
        }
        let (_, block, is_freed) = nearest?;
        let (range, name) = (block.span.block.clone(), block.name.clone());
        Some(BlockPlace::new(address, range, name, is_freed))
    }
}

/// Where an address lies: `8 bytes past the 100 f64 allocated at src/main.rs:12`.
pub(crate) struct BlockPlace {
    address: u64,
    block: Range<u64>,
    name: Option<Box<str>>,
    is_freed: bool,
}

impl BlockPlace {
    pub(super) fn new(
        address: u64,
        block: Range<u64>,
        name: Option<Box<str>>,
        is_freed: bool,
    ) -> BlockPlace {
        BlockPlace {
            address,
            block,
            name,
            is_freed,
        }
    }

    /// The same, but not whether the block was freed.
    pub(crate) fn of_block(&self) -> String {
        let Range { start, end } = self.block;
        let bytes = |count: u64| match count {
            1 => "1 byte".to_owned(),
            count => format!("{count} bytes"),
        };
        let side = match self.address {
            address if address < start => format!("{} before", bytes(start - address)),
            address if address == end => "just past".into(),
            address if address > end => format!("{} past", bytes(address - end)),
            address => format!("{} into", bytes(address - start)),
        };
        match &self.name {
            Some(name) => format!("{side} the {name}"),
            None => format!("{side} the {} at VE address {start:#x}", bytes(end - start)),
        }
    }
}

impl fmt::Display for BlockPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.of_block())?;
        f.write_str(if self.is_freed {
            ", which were freed"
        } else {
            ""
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: u64 = 0x6000_0000_0000;
    const HEAP: u64 = 1 << 30;

    fn guarded(guard: Guarding) -> (Guarded, Arena) {
        (Guarded::new(guard, WINDOW, HEAP, 4096), Arena::new(0, HEAP))
    }

    #[test]
    fn blocks_touch_their_guard_as_far_as_alignment_allows() {
        for guard in [Guarding::Start, Guarding::End, Guarding::Zones] {
            let (mut guarded, mut arena) = guarded(guard);
            let mut spans: Vec<GuardedSpan> = Vec::new();
            for size in [1, 8, 15, 16, 17, 100, 4095, 4096, 4097, 70_000] {
                let span = guarded.place(&mut arena, size).unwrap();
                assert_eq!(span.block.end - span.block.start, size);
                assert_eq!(span.block.start % 16, 0);
                assert!(span.open.start <= span.block.start && span.block.end <= span.open.end);
                match guard {
                    Guarding::Start => assert_eq!(span.before().count(), 0),
                    Guarding::End => assert!(span.behind().count() < 16),
                    _ => assert!(span.before().count() >= 64 && span.behind().count() >= 64),
                }
                for other in &spans {
                    let apart = if guard.closes_pages() { GAP } else { 0 };
                    let far = span.open.start >= other.open.end + apart
                        || other.open.start >= span.open.end + apart;
                    assert!(far, "{span:x?} and {other:x?}");
                }
                spans.push(span);
            }
        }
    }

    #[test]
    fn freed_addresses_are_used_again_only_if_there_are_no_others() {
        let (mut guarded, mut arena) = guarded(Guarding::End);
        let mut last = Vec::new();
        // Many times the memory that exists, a sixty-fourth at a time.
        for _ in 0..1000 {
            let span = guarded.place(&mut arena, HEAP / 64).unwrap();
            assert!(!last.contains(&span.block.start), "used again at once");
            last.push(span.block.start);
            if last.len() > 4 {
                last.remove(0);
            }
            assert_eq!(guarded.retire(span.block.start), Some(span.clone()));
            assert_eq!(guarded.retire(span.block.start), None);
            guarded.keep(&span);
            guarded.shrink(&mut arena);
            assert!(guarded.held <= guarded.bound);
        }
        // Nearly all of the memory fits as well.
        assert!(guarded.place(&mut arena, HEAP - (1 << 20)).is_some());
        assert!(guarded.quarantine.is_empty());
    }

    #[test]
    fn pages_of_closed_blocks_are_given_back_once() {
        for guard in [Guarding::End, Guarding::Zones] {
            let (mut guarded, mut arena) = guarded(guard);
            let mut close = |guarded: &mut Guarded| {
                let span = guarded.place(&mut arena, 10_000).unwrap();
                guarded.retire(span.block.start);
                guarded.keep(&span);
                span
            };
            let spans = [close(&mut guarded), close(&mut guarded)];
            let pages = guarded.take_resident();
            assert_eq!(pages.len(), 2);
            for (pages, span) in pages.iter().zip(&spans) {
                assert!(pages.start % 4096 == 0 && pages.end % 4096 == 0);
                assert!(pages.start >= span.open.start && pages.end <= span.open.end);
                assert!(span.open.end - span.open.start - (pages.end - pages.start) < 2 * 4096);
            }
            assert!(guarded.take_resident().is_empty());
            close(&mut guarded);
            assert_eq!(guarded.take_resident().len(), 1);
        }
    }

    #[test]
    fn addresses_are_explained_by_the_nearest_block() {
        let (mut guarded, mut arena) = guarded(Guarding::End);
        let one = guarded.place(&mut arena, 800).unwrap().block;
        let other = guarded.place(&mut arena, 24).unwrap().block;
        assert!(guarded.name(one.start, "100 f64 allocated at src/main.rs:12"));
        assert!(!guarded.name(one.start + 8, "nothing"));
        let text = |guarded: &Guarded, address| guarded.explain(address).unwrap().to_string();
        let name = "the 100 f64 allocated at src/main.rs:12";
        assert_eq!(text(&guarded, one.end + 8), format!("8 bytes past {name}"));
        assert_eq!(text(&guarded, one.end), format!("just past {name}"));
        assert_eq!(
            text(&guarded, one.start - 1),
            format!("1 byte before {name}")
        );
        assert_eq!(
            text(&guarded, one.start + 3),
            format!("3 bytes into {name}")
        );
        let unnamed = format!(
            "8 bytes before the 24 bytes at VE address {:#x}",
            other.start
        );
        assert_eq!(text(&guarded, other.start - 8), unnamed);
        guarded.retire(one.start);
        let freed = format!("16 bytes into {name}, which were freed");
        assert_eq!(text(&guarded, one.start + 16), freed);
        assert!(guarded.holds(other.start, 24) && guarded.holds(other.start + 23, 1));
        for (address, len) in [(other.start, 25), (other.end, 1), (one.start, 8)] {
            assert!(!guarded.holds(address, len));
        }
    }
}
