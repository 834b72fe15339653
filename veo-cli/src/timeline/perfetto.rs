//! Traces in the format of Perfetto: protocol buffers.
//!
//! A trace is a series of packets. The packets of a sequence share names, a track and a clock, which a packet defines again where
//! the sequence begins. Several files behind each other are one trace.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use veo_abi::perfetto::{
    self, MISSING_TRACK, annotation, clock, defaults, event, interned, packet, track,
};

use super::trace::{Collector, Named, Trace, TraceSpan, TrackKey, process_label};
use super::wire::{WireMessage, varint};

/// The field of `Trace`, with the type of its values.
const PACKET_KEY: u8 = (perfetto::PACKET as u8) << 3 | 2;

/// The largest packet.
const LARGEST: u64 = 64 << 20;

/// Whether a file with this beginning is such a trace.
pub(super) fn is_trace(beginning: &[u8]) -> bool {
    beginning.first() == Some(&PACKET_KEY)
}

/// The common state of a sequence's packets.
#[derive(Default)]
struct SequenceState {
    track: Option<u64>,
    clock: Option<u64>,
    /// The time of each incremental clock.
    incremental: HashMap<u64, u64>,
    events: HashMap<u64, Rc<str>>,
    annotations: HashMap<u64, Rc<str>>,
}

/// The description of a track.
#[derive(Default)]
struct DescribedTrack {
    name: String,
    parent: Option<u64>,
    process: Option<ProcessTrack>,
}

/// The description of a process's track.
struct ProcessTrack {
    /// Its index among the processes of the file.
    place: u64,
    /// The track of the program that wrote it.
    program: Option<u64>,
}

#[derive(Default)]
struct TrackReader {
    sequences: HashMap<u64, SequenceState>,
    described: HashMap<u64, DescribedTrack>,
    /// The track of the program whose packets come now.
    program: Option<u64>,
    processes: u64,
    collector: Collector,
}

/// Reads a trace.
pub(super) fn read(mut file: impl BufRead) -> Result<Trace, String> {
    let mut reader = TrackReader::default();
    let mut bytes = Vec::new();
    loop {
        match next_packet(&mut file, &mut bytes) {
            Ok(true) => reader.packet(WireMessage(&bytes))?,
            Ok(false) => break,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                reader.collector.is_cut = true;
                break;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    let described = reader.described;
    Ok(reader.collector.finish(|key| names_of(&described, key.0)))
}

/// Takes the next packet from a file. `false` if there is none.
fn next_packet(file: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    if file.fill_buf()?.is_empty() {
        return Ok(false);
    }
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    if byte[0] != PACKET_KEY {
        return Err(wrong("it is damaged: a packet begins with something else"));
    }
    let mut len = Vec::new();
    loop {
        file.read_exact(&mut byte)?;
        len.push(byte[0]);
        if byte[0] & 0x80 == 0 {
            break;
        }
        if len.len() == 10 {
            return Err(wrong("it is damaged: a packet has no length"));
        }
    }
    let len = varint(&mut &len[..]).filter(|len| *len <= LARGEST);
    let len = len.ok_or_else(|| wrong("it is damaged: a packet is longer than 64 MiB"))?;
    bytes.clear();
    // The memory is not reserved at once: the length may be wrong.
    let read = file.take(len).read_to_end(bytes)?;
    if (read as u64) < len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(true)
}

/// Reads the description of a track and of its process.
fn names_of(described: &HashMap<u64, DescribedTrack>, uuid: u64) -> Named {
    let own = described.get(&uuid);
    let mut named = Named {
        name: own.map_or_else(|| format!("track {uuid:x}"), |own| own.name.clone()),
        process: u64::MAX,
        label: String::new(),
    };
    let mut at = own.and_then(|own| own.parent);
    // An endless chain of parents is no error.
    for _ in 0..16 {
        let Some((uuid, parent)) = at.and_then(|uuid| Some((uuid, described.get(&uuid)?))) else {
            break;
        };
        (named.process, named.label) = (uuid, parent.name.clone());
        if let Some(process) = &parent.process {
            let program = process.program.and_then(|uuid| described.get(&uuid));
            let program = program.map(|program| program.name.replace("(pid ", "("));
            named.process = process.place;
            named.label = process_label(program.as_deref(), &parent.name);
            break;
        }
        at = parent.parent;
    }
    named
}

impl TrackReader {
    fn packet(&mut self, packet: WireMessage<'_>) -> Result<(), String> {
        if let Some(descriptor) = packet.message(packet::TRACK_DESCRIPTOR) {
            self.describe(descriptor);
        }
        let id = packet.number(packet::SEQUENCE_ID).unwrap_or(0);
        let flags = packet.number(packet::SEQUENCE_FLAGS).unwrap_or(0);
        let state = self.sequences.entry(id).or_default();
        if flags & packet::CLEARED != 0 {
            *state = SequenceState::default();
        }
        if let Some(defaults) = packet.message(packet::DEFAULTS) {
            let track_event = defaults.message(defaults::TRACK_EVENT);
            state.track = track_event.and_then(|event| event.number(event::TRACK_UUID));
            state.clock = defaults.number(defaults::TIMESTAMP_CLOCK_ID);
        }
        if let Some(snapshot) = packet.message(packet::CLOCK_SNAPSHOT) {
            for clock in snapshot.messages(clock::CLOCKS) {
                if clock
                    .number(clock::IS_INCREMENTAL)
                    .is_some_and(|is| is != 0)
                    && let Some(id) = clock.number(clock::ID)
                {
                    let time = clock.number(clock::TIMESTAMP).unwrap_or(0);
                    state.incremental.insert(id, time);
                }
            }
        }
        if let Some(interned) = packet.message(packet::INTERNED_DATA) {
            state.intern(interned);
        }
        // Each packet with a time advances an incremental clock.
        let time = packet.number(packet::TIMESTAMP).map(|time| {
            let clock = packet.number(packet::TIMESTAMP_CLOCK_ID).or(state.clock);
            match clock.and_then(|clock| state.incremental.get_mut(&clock)) {
                Some(last) => {
                    *last = last.wrapping_add(time);
                    *last
                }
                None => time,
            }
        });
        let Some((event, time)) = packet.message(packet::TRACK_EVENT).zip(time) else {
            return Ok(());
        };
        let Some(track) = event.number(event::TRACK_UUID).or(state.track) else {
            return Ok(());
        };
        let key = TrackKey(track, 0);
        match event.number(event::TYPE) {
            Some(event::SLICE_BEGIN) => {
                let span = state.span(event, time);
                self.collector.begin(key, span)?;
            }
            Some(event::SLICE_END) => self.collector.end(key, time),
            Some(event::COUNTER) => {
                let name = self.described.get(&track).map(|described| &*described.name);
                if name == Some(MISSING_TRACK) {
                    let count = event.number(event::COUNTER_VALUE).unwrap_or(0);
                    self.collector.missing(key, count);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn describe(&mut self, descriptor: WireMessage<'_>) {
        let Some(uuid) = descriptor.number(track::UUID) else {
            return;
        };
        let process = descriptor.message(track::PROCESS);
        let name = descriptor.get(track::NAME);
        let name = name.or_else(|| process?.get(track::PROCESS_NAME));
        let name = name.and_then(|name| name.text()).unwrap_or_default();
        let parent = descriptor.number(track::PARENT);
        // A program describes itself before its processes.
        if name == MISSING_TRACK {
            self.program = parent;
        }
        // A track that was described before keeps its place.
        let known = self.described.remove(&uuid).and_then(|it| it.process);
        let process = process.map(|_| {
            known.unwrap_or_else(|| {
                self.processes += 1;
                ProcessTrack {
                    place: self.processes,
                    program: self.program,
                }
            })
        });
        let described = DescribedTrack {
            name,
            parent,
            process,
        };
        self.described.insert(uuid, described);
    }
}

impl SequenceState {
    fn intern(&mut self, interned: WireMessage<'_>) {
        let put = |field, into: &mut HashMap<u64, Rc<str>>| {
            for entry in interned.messages(field) {
                let name = entry.get(interned::NAME).and_then(|name| name.text());
                if let Some((number, name)) = entry.number(interned::IID).zip(name) {
                    into.insert(number, name.into());
                }
            }
        };
        put(interned::EVENT_NAMES, &mut self.events);
        put(interned::ANNOTATION_NAMES, &mut self.annotations);
    }

    /// The span that begins with an event.
    fn span(&self, event: WireMessage<'_>, time: u64) -> TraceSpan {
        let own = event.get(event::NAME).and_then(|name| name.text());
        let own = own.map(Rc::from);
        let interned = || self.events.get(&event.number(event::NAME_IID)?).cloned();
        let mut span = TraceSpan {
            name: own.or_else(interned).unwrap_or_else(|| "".into()),
            begin: time,
            end: time,
            bytes: None,
            is_estimated: false,
            outcome: None,
        };
        for annotation in event.messages(event::ANNOTATIONS) {
            let interned = annotation.number(annotation::NAME_IID);
            let interned = interned.and_then(|number| self.annotations.get(&number).cloned());
            let own = || Some(Rc::from(annotation.get(annotation::NAME)?.text()?));
            match interned.or_else(own).as_deref() {
                Some(perfetto::BYTES) => span.bytes = annotation.number(annotation::UINT),
                Some(perfetto::ESTIMATED) => {
                    let flag = annotation.number(annotation::BOOL);
                    span.is_estimated = flag.is_some_and(|flag| flag != 0);
                }
                Some(perfetto::OUTCOME) => {
                    let text = annotation.get(annotation::STRING);
                    span.outcome = text.and_then(|text| text.text());
                }
                _ => {}
            }
        }
        span
    }
}
