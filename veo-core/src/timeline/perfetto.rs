//! The trace format of Perfetto: protocol buffers. A test holds this against its public schema.
//!
//! A trace is a series of packets. Each packet belongs to a sequence, in which names are written
//! once and times are differences to the packet before. Every track has one sequence, a context's
//! track of the host two, since requests are queued in order and collected in order. So the
//! differences are small, and a call takes some 90 bytes.
//!
//! Files of several programs may be put behind each other. So tracks and flows have numbers that
//! differ between programs. Sequences have not: each begins anew with its own reading of the
//! clocks, in which a clock that only this file has tells the reading from those of other files.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use veo_abi::perfetto::{
    self, PACKET, annotation, clock, defaults, event, interned, packet, track,
};

use super::format::{
    CONTEXTS, Lane, MissingEvents, ProcessInfo, ProgramInfo, TraceFormat, bytes, context_name,
    failure, fixed_name, has_run, name,
};
use super::wire::Fields;
use crate::session::{RequestKind, RequestRecord};

/// The annotations that there are, by their numbers from 1.
const ANNOTATIONS: [&str; 3] = [perfetto::BYTES, perfetto::ESTIMATED, perfetto::OUTCOME];
const BYTES: u64 = 1;
const ESTIMATED: u64 = 2;
const OUTCOME: u64 = 3;

/// The quantity that a counter counts.
#[derive(Clone, Copy)]
enum CounterUnit {
    Count = 2,
    Bytes = 3,
}

/// The names that a sequence has written.
#[derive(Default)]
struct WrittenNames {
    /// The last one, which the next one mostly is.
    last: Option<(Key, u64)>,
    all: HashMap<Key, u64>,
}

/// A name that is written once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// By the address of the kernel, which stays.
    Kernel(usize),
    Function(Arc<str>),
    Other(&'static str),
}

impl Key {
    fn of(kind: &RequestKind) -> Key {
        match kind {
            RequestKind::Kernel(kernel) => Key::Kernel(std::ptr::from_ref(*kernel).addr()),
            RequestKind::Function(function) => Key::Function(Arc::clone(&function.name)),
            other => Key::Other(fixed_name(other)),
        }
    }
}

impl WrittenNames {
    /// The number of a name, and whether it is new.
    fn number(&mut self, kind: &RequestKind) -> (u64, bool) {
        let key = Key::of(kind);
        if let Some((last, number)) = &self.last
            && *last == key
        {
            return (*number, false);
        }
        let next = self.all.len() as u64 + 1;
        let number = *self.all.entry(key.clone()).or_insert(next);
        self.last = Some((key, number));
        (number, number == next)
    }
}

/// A series of packets with one track.
struct Sequence {
    id: u64,
    /// The time of the last packet.
    last: u64,
    names: WrittenNames,
}

impl Sequence {
    /// Writes an event.
    fn event(&mut self, out: &mut Vec<u8>, time: u64, kind: u64, fill: impl FnOnce(&mut Vec<u8>)) {
        self.event_with(out, time, kind, |_| {}, fill);
    }

    /// Writes an event in a packet with something else.
    #[inline]
    fn event_with(
        &mut self,
        out: &mut Vec<u8>,
        time: u64,
        kind: u64,
        beside: impl FnOnce(&mut Vec<u8>),
        fill: impl FnOnce(&mut Vec<u8>),
    ) {
        out.message(PACKET, |to| {
            if time >= self.last {
                to.number(packet::TIMESTAMP, time - self.last);
                self.last = time;
            } else {
                // A thread was late with its record.
                to.number(packet::TIMESTAMP, time);
                to.number(packet::TIMESTAMP_CLOCK_ID, clock::MONOTONIC);
            }
            to.number(packet::SEQUENCE_ID, self.id);
            beside(to);
            to.message(packet::TRACK_EVENT, |to| {
                to.number(event::TYPE, kind);
                fill(to);
            });
        });
    }

    /// Writes an event with the name of a request, and where its kernel is declared if `located`.
    #[inline]
    fn request(
        &mut self,
        out: &mut Vec<u8>,
        time: u64,
        kind: u64,
        (what, located): (&RequestKind, bool),
        fill: impl FnOnce(&mut Vec<u8>),
    ) {
        let (number, is_new) = self.names.number(what);
        let kernel = match what {
            RequestKind::Kernel(kernel) if located => Some(kernel.info()),
            _ => None,
        };
        let names = |to: &mut Vec<u8>| {
            if !is_new {
                return;
            }
            to.message(packet::INTERNED_DATA, |to| {
                to.message(interned::EVENT_NAMES, |to| {
                    to.number(interned::IID, number);
                    to.text(interned::NAME, name(what));
                });
                if let Some(kernel) = kernel {
                    to.message(interned::SOURCE_LOCATIONS, |to| {
                        to.number(interned::IID, number);
                        to.text(interned::FILE, kernel.file);
                        to.text(interned::FUNCTION, kernel.symbol);
                        to.number(interned::LINE, kernel.line.into());
                    });
                }
            });
        };
        self.event_with(out, time, kind, names, |to| {
            to.number(event::NAME_IID, number);
            if kernel.is_some() {
                to.number(event::SOURCE_LOCATION_IID, number);
            }
            fill(to);
        });
    }
}

/// The tracks of a VE process.
struct ProcessTracks {
    uuid: u64,
    info: ProcessInfo,
    events: Sequence,
    memory: Option<Sequence>,
}

/// The tracks of a context.
struct ContextTracks {
    process: u64,
    name: String,
    queued: Sequence,
    collected: Sequence,
    lanes: HashMap<Lane, Sequence>,
    /// Where kernels run, which is asked for most.
    ve: Option<Sequence>,
    blocks: Option<Sequence>,
    depth: Option<Sequence>,
}

/// The format of Perfetto.
pub(super) struct Perfetto {
    numbers: PerfettoNumbers,
    /// The track that says what the trace lacks, and the counter of that.
    program: Option<(u64, Sequence, Sequence)>,
    processes: HashMap<u32, ProcessTracks>,
    contexts: HashMap<u64, ContextTracks>,
}

/// Gives numbers to tracks, sequences and flows.
struct PerfettoNumbers {
    unique: u64,
    start: u64,
    tracks: u64,
    sequences: u64,
}

impl PerfettoNumbers {
    /// A number for a track that no other file has, or only by a chance of one in 2^60.
    fn track(&mut self) -> u64 {
        self.tracks += 1;
        scatter(self.unique.wrapping_add(self.tracks))
    }

    fn flow(&self, record: &RequestRecord) -> u64 {
        scatter(self.unique).wrapping_add(record.id)
    }

    /// Describes a track and begins its sequence.
    fn open(
        &mut self,
        out: &mut Vec<u8>,
        parent: Option<u64>,
        name: &str,
        unit: Option<CounterUnit>,
    ) -> (u64, Sequence) {
        let uuid = self.track();
        describe(out, uuid, |to| {
            to.text(track::NAME, name);
            if let Some(parent) = parent {
                to.number(track::PARENT, parent);
            }
            if let Some(unit) = unit {
                to.message(track::COUNTER, |to| {
                    to.number(track::COUNTER_UNIT, unit as u64);
                });
            }
        });
        (uuid, self.sequence(out, uuid))
    }

    /// Begins a sequence of a track.
    fn sequence(&mut self, out: &mut Vec<u8>, track: u64) -> Sequence {
        self.sequences += 1;
        let id = self.sequences;
        let own = clock::FIRST_FREE + scatter(!self.unique) % (1 << 31);
        out.message(PACKET, |to| {
            to.number(packet::SEQUENCE_ID, id);
            to.number(packet::SEQUENCE_FLAGS, packet::CLEARED);
            to.message(packet::DEFAULTS, |to| {
                to.number(defaults::TIMESTAMP_CLOCK_ID, clock::OF_SEQUENCE);
                to.message(defaults::TRACK_EVENT, |to| {
                    to.number(event::TRACK_UUID, track);
                });
            });
            to.message(packet::CLOCK_SNAPSHOT, |to| {
                for clock in [clock::MONOTONIC, clock::OF_SEQUENCE, own] {
                    to.message(clock::CLOCKS, |to| {
                        to.number(clock::ID, clock);
                        to.number(clock::TIMESTAMP, self.start);
                        if clock == clock::OF_SEQUENCE {
                            to.number(clock::IS_INCREMENTAL, 1);
                        }
                    });
                }
                to.number(clock::PRIMARY, clock::MONOTONIC);
            });
            to.message(packet::INTERNED_DATA, |to| {
                for (name, number) in ANNOTATIONS.iter().zip(1..) {
                    to.message(interned::ANNOTATION_NAMES, |to| {
                        to.number(interned::IID, number);
                        to.text(interned::NAME, name);
                    });
                }
            });
        });
        Sequence {
            id,
            last: self.start,
            names: WrittenNames::default(),
        }
    }
}

/// Describes a track.
fn describe(out: &mut Vec<u8>, uuid: u64, fill: impl FnOnce(&mut Vec<u8>)) {
    out.message(PACKET, |to| {
        to.message(packet::TRACK_DESCRIPTOR, |to| {
            to.number(track::UUID, uuid);
            fill(to);
        });
    });
}

/// Spreads a number over 64 bits; different ones stay different. (The last step of SplitMix64.)
fn scatter(number: u64) -> u64 {
    let mut bits = number;
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

impl Perfetto {
    pub(super) fn new() -> Perfetto {
        Perfetto {
            numbers: PerfettoNumbers {
                unique: 0,
                start: 0,
                tracks: 0,
                sequences: 0,
            },
            program: None,
            processes: HashMap::new(),
            contexts: HashMap::new(),
        }
    }
}

/// The tracks of a context, described when they are first asked for. `None`: its process is not
/// known.
fn context<'a>(
    contexts: &'a mut HashMap<u64, ContextTracks>,
    (processes, numbers): (&HashMap<u32, ProcessTracks>, &mut PerfettoNumbers),
    out: &mut Vec<u8>,
    process: u32,
    context: u64,
) -> Option<&'a mut ContextTracks> {
    if contexts.len() >= CONTEXTS && !contexts.contains_key(&context) {
        let oldest = contexts.iter().min_by_key(|(_, of)| of.collected.last);
        if let Some(oldest) = oldest.map(|(number, _)| *number) {
            contexts.remove(&oldest);
        }
    }
    let entry = match contexts.entry(context) {
        Entry::Occupied(known) => return Some(known.into_mut()),
        Entry::Vacant(entry) => entry,
    };
    let of = processes.get(&process)?;
    let name = context_name(context, Some(&of.info));
    let (uuid, queued) = numbers.open(out, Some(of.uuid), &format!("{name}: host"), None);
    let collected = numbers.sequence(out, uuid);
    Some(entry.insert(ContextTracks {
        process: of.uuid,
        name,
        queued,
        collected,
        lanes: HashMap::new(),
        ve: None,
        blocks: None,
        depth: None,
    }))
}

impl TraceFormat for Perfetto {
    fn program(&mut self, out: &mut Vec<u8>, program: &ProgramInfo) {
        self.numbers.unique = program.unique;
        self.numbers.start = program.start;
        let rank = program.rank.as_ref().map(|rank| format!(", rank {rank}"));
        let name = format!(
            "{} (pid {}{})",
            program.name,
            program.pid,
            rank.unwrap_or_default()
        );
        let (uuid, events) = self.numbers.open(out, None, &name, None);
        let unit = Some(CounterUnit::Count);
        let (_, count) = self
            .numbers
            .open(out, Some(uuid), perfetto::MISSING_TRACK, unit);
        self.program = Some((uuid, events, count));
    }

    fn process(&mut self, out: &mut Vec<u8>, process: u32, info: &ProcessInfo) {
        let uuid = self.numbers.track();
        describe(out, uuid, |to| {
            to.text(track::NAME, &info.name);
            to.message(track::PROCESS, |to| {
                if let Some(pid) = info.pid {
                    to.number(track::PROCESS_PID, pid as u64);
                }
                to.text(track::PROCESS_NAME, &info.name);
            });
        });
        let (_, events) = self.numbers.open(out, Some(uuid), "process", None);
        let tracks = ProcessTracks {
            uuid,
            info: info.clone(),
            events,
            memory: None,
        };
        self.processes.insert(process, tracks);
    }

    fn request(&mut self, out: &mut Vec<u8>, process: u32, record: &RequestRecord) {
        let flow = self.numbers.flow(record);
        let known = (&self.processes, &mut self.numbers);
        let Some(tracks) = context(&mut self.contexts, known, out, process, record.context) else {
            return;
        };
        let (kind, times) = (&record.kind, &record.times);
        tracks
            .queued
            .request(out, times.queued, event::INSTANT, (kind, false), |to| {
                to.fixed(event::FLOW_IDS, flow);
            });
        if has_run(record) {
            let lane = Lane::of(kind);
            let numbers = &mut self.numbers;
            let mut open = || {
                let name = format!("{}: {}", tracks.name, lane.name());
                numbers.open(out, Some(tracks.process), &name, None).1
            };
            let running = match lane {
                Lane::Ve => tracks.ve.get_or_insert_with(open),
                _ => tracks.lanes.entry(lane).or_insert_with(&mut open),
            };
            running.request(out, times.started, event::SLICE_BEGIN, (kind, true), |to| {
                to.fixed(event::FLOW_IDS, flow);
                if let Some(bytes) = bytes(kind) {
                    to.message(event::ANNOTATIONS, |to| {
                        to.number(annotation::NAME_IID, BYTES);
                        to.number(annotation::UINT, bytes);
                    });
                }
                if times.estimated {
                    to.message(event::ANNOTATIONS, |to| {
                        to.number(annotation::NAME_IID, ESTIMATED);
                        to.number(annotation::BOOL, 1);
                    });
                }
                if let Some(failure) = failure(record) {
                    to.message(event::ANNOTATIONS, |to| {
                        to.number(annotation::NAME_IID, OUTCOME);
                        to.text(annotation::STRING, failure);
                    });
                }
            });
            running.event(out, times.ended, event::SLICE_END, |_| {});
        }
        let end = (kind, false);
        tracks
            .collected
            .request(out, times.collected, event::INSTANT, end, |to| {
                to.fixed(event::TERMINATING_FLOW_IDS, flow);
            });
    }

    fn depth(&mut self, out: &mut Vec<u8>, process: u32, of: u64, time: u64, depth: u64) {
        let known = (&self.processes, &mut self.numbers);
        let Some(tracks) = context(&mut self.contexts, known, out, process, of) else {
            return;
        };
        let sequence = tracks.depth.get_or_insert_with(|| {
            let name = format!("{}: queued requests", tracks.name);
            let unit = Some(CounterUnit::Count);
            self.numbers.open(out, Some(tracks.process), &name, unit).1
        });
        sequence.event(out, time, event::COUNTER, |to| {
            to.number(event::COUNTER_VALUE, depth);
        });
    }

    fn memory(&mut self, out: &mut Vec<u8>, process: u32, time: u64, bytes: u64) {
        let Some(tracks) = self.processes.get_mut(&process) else {
            return;
        };
        let (uuid, unit) = (tracks.uuid, Some(CounterUnit::Bytes));
        let sequence = tracks.memory.get_or_insert_with(|| {
            let name = "allocated VE memory";
            self.numbers.open(out, Some(uuid), name, unit).1
        });
        sequence.event(out, time, event::COUNTER, |to| {
            to.number(event::COUNTER_VALUE, bytes);
        });
    }

    fn block(&mut self, out: &mut Vec<u8>, process: u32, of: u64, begin: u64, end: u64) {
        let known = (&self.processes, &mut self.numbers);
        let Some(tracks) = context(&mut self.contexts, known, out, process, of) else {
            return;
        };
        let sequence = tracks.blocks.get_or_insert_with(|| {
            let name = format!("{}: request blocks", tracks.name);
            self.numbers.open(out, Some(tracks.process), &name, None).1
        });
        sequence.event(out, begin, event::SLICE_BEGIN, |to| {
            to.text(event::NAME, "request block");
        });
        sequence.event(out, end, event::SLICE_END, |_| {});
    }

    fn instant(&mut self, out: &mut Vec<u8>, process: u32, time: u64, what: &str) {
        if let Some(tracks) = self.processes.get_mut(&process) {
            tracks.events.event(out, time, event::INSTANT, |to| {
                to.text(event::NAME, what);
            });
        }
    }

    fn forget(&mut self, process: u32) {
        if let Some(tracks) = self.processes.remove(&process) {
            self.contexts.retain(|_, of| of.process != tracks.uuid);
        }
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.contexts.len()
    }

    fn missing(&mut self, out: &mut Vec<u8>, time: u64, missing: MissingEvents) {
        let Some((_, events, counter)) = &mut self.program else {
            return;
        };
        events.event(out, time, event::INSTANT, |to| {
            to.text(event::NAME, &missing.to_string());
        });
        counter.event(out, time, event::COUNTER, |to| {
            to.number(event::COUNTER_VALUE, missing.requests);
        });
    }
}
