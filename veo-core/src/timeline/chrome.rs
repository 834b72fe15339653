//! The trace format of Chrome: an array of events in JSON. Many tools read it, but a call takes
//! five times the room that it takes in the format of Perfetto.
//!
//! Times are microseconds. A thread of this format is a track. The array is closed after each
//! addition, and the next one begins where it was closed.

use std::collections::HashMap;
use std::fmt::{self, Display, Write as _};
use std::io::Write as _;

use super::format::{
    CONTEXTS, Lane, MissingEvents, ProcessInfo, ProgramInfo, TraceFormat, bytes, context_name,
    failure, has_run, name,
};
use crate::session::{RequestKind, RequestRecord};

/// Tracks of a context, by their places among eight.
const HOST: u64 = 0;
const BLOCKS: u64 = 4;

fn place(lane: Lane) -> u64 {
    match lane {
        Lane::Ve => 1,
        Lane::Transfers => 2,
        Lane::HostFunctions => 3,
    }
}

/// The number of a context's track.
fn track(context: u64, place: u64) -> u64 {
    context * 8 + place
}

struct ChromeProcess {
    /// The number of the process: that on the host, or one that no process has.
    pid: u64,
    info: ProcessInfo,
}

/// The format of Chrome.
pub(super) struct Chrome {
    program: u64,
    unique: u64,
    processes: HashMap<u32, ChromeProcess>,
    /// The tracks that have a name, with their processes.
    named: HashMap<u64, u32>,
    begun: bool,
}

/// A string of JSON.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for letter in self.0.chars() {
            match letter {
                '"' | '\\' => write!(f, "\\{letter}")?,
                control if control < ' ' => write!(f, "\\u{:04x}", control as u32)?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

/// Nanoseconds as microseconds.
struct Micros(u64);

impl Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// An event without its end: the type, the process and the track.
struct EventHead(char, u64, u64);

impl Display for EventHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EventHead(kind, pid, track) = self;
        write!(f, "\"ph\":\"{kind}\",\"pid\":{pid},\"tid\":{track}")
    }
}

impl Chrome {
    pub(super) fn new() -> Chrome {
        Chrome {
            program: 0,
            unique: 0,
            processes: HashMap::new(),
            named: HashMap::new(),
            begun: false,
        }
    }

    fn event(&mut self, out: &mut Vec<u8>, fields: fmt::Arguments<'_>) {
        out.extend_from_slice(if self.begun { b",\n{" } else { b"[\n{" });
        self.begun = true;
        // Writing to memory does not fail.
        let _ = out.write_fmt(fields);
        out.push(b'}');
    }

    /// Names a process, or a track of it.
    fn name(&mut self, out: &mut Vec<u8>, pid: u64, of: Option<u64>, name: &str) {
        let (what, track) = match of {
            None => ("process_name", 0),
            Some(track) => ("thread_name", track),
        };
        let (head, name) = (EventHead('M', pid, track), Text(name));
        self.event(
            out,
            format_args!("{head},\"name\":\"{what}\",\"args\":{{\"name\":{name}}}"),
        );
    }

    /// The process, with a name for a context's track if it has none yet.
    fn track(
        &mut self,
        out: &mut Vec<u8>,
        process: u32,
        (context, place): (u64, u64),
        label: &str,
    ) -> Option<(u64, u64)> {
        let of = self.processes.get(&process)?;
        let (pid, track) = (of.pid, track(context, place));
        if !self.named.contains_key(&track) {
            if self.named.len() >= 8 * CONTEXTS {
                self.named.clear();
            }
            self.named.insert(track, process);
            let name = format!("{}: {label}", context_name(context, Some(&of.info)));
            self.name(out, pid, Some(track), &name);
        }
        Some((pid, track))
    }
}

/// The facts about a request beside its times.
struct RequestFacts<'a>(&'a RequestRecord);

impl Display for RequestFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RequestFacts(record) = self;
        write!(f, "{{\"record\":{}", record.id)?;
        if let Some(number) = record.number {
            write!(f, ",\"request\":{number}")?;
        }
        if let RequestKind::Kernel(kernel) = &record.kind {
            let info = kernel.info();
            let place = format!("{}:{}", info.file, info.line);
            write!(
                f,
                ",\"symbol\":{},\"declared\":{}",
                Text(info.symbol),
                Text(&place)
            )?;
        }
        if let Some(bytes) = bytes(&record.kind) {
            write!(f, ",\"bytes\":{bytes}")?;
        }
        if record.times.estimated {
            f.write_str(",\"estimated\":true")?;
        }
        if let Some(failure) = failure(record) {
            write!(f, ",\"outcome\":\"{failure}\"")?;
        }
        f.write_char('}')
    }
}

impl TraceFormat for Chrome {
    fn program(&mut self, out: &mut Vec<u8>, program: &ProgramInfo) {
        self.program = program.pid.into();
        self.unique = program.unique;
        let rank = program.rank.as_ref().map(|rank| format!(", rank {rank}"));
        let name = format!("{}{}", program.name, rank.unwrap_or_default());
        self.name(out, self.program, None, &name);
    }

    fn process(&mut self, out: &mut Vec<u8>, process: u32, info: &ProcessInfo) {
        /// More than any process number of the host.
        const FIRST: u64 = 1 << 32;
        let pid = match info.pid {
            Some(pid) if pid > 0 => pid as u64,
            _ => FIRST + self.program * 1024 + u64::from(process),
        };
        let of = ChromeProcess {
            pid,
            info: info.clone(),
        };
        self.processes.insert(process, of);
        self.name(out, pid, None, &info.name);
    }

    fn request(&mut self, out: &mut Vec<u8>, process: u32, record: &RequestRecord) {
        let (context, times) = (record.context, &record.times);
        let Some((pid, host)) = self.track(out, process, (context, HOST), "host") else {
            return;
        };
        let flow = self.unique.wrapping_add(record.id);
        let (title, head) = (Text(name(&record.kind)), EventHead('X', pid, host));
        let (queued, collected) = (Micros(times.queued), Micros(times.collected));
        let flow = format!("\"cat\":\"request\",\"name\":\"request\",\"id\":\"{flow:#x}\"");
        self.event(
            out,
            format_args!(
                "{head},\"cat\":\"queued\",\"name\":{title},\"ts\":{queued},\"dur\":0,\"args\":{}",
                RequestFacts(record)
            ),
        );
        self.event(
            out,
            format_args!("{},{flow},\"ts\":{queued}", EventHead('s', pid, host)),
        );
        if has_run(record) {
            let lane = Lane::of(&record.kind);
            let at = (context, place(lane));
            if let Some((pid, track)) = self.track(out, process, at, lane.name()) {
                let started = Micros(times.started);
                let took = Micros(times.ended - times.started);
                self.event(
                    out,
                    format_args!(
                        "{},\"cat\":\"running\",\"name\":{title},\"ts\":{started},\"dur\":{took},\
                         \"args\":{}",
                        EventHead('X', pid, track),
                        RequestFacts(record)
                    ),
                );
                self.event(
                    out,
                    format_args!(
                        "{},{flow},\"bp\":\"e\",\"ts\":{started}",
                        EventHead('t', pid, track)
                    ),
                );
            }
        }
        self.event(
            out,
            format_args!(
                "{head},\"cat\":\"collected\",\"name\":{title},\"ts\":{collected},\"dur\":0,\
                 \"args\":{{\"record\":{}}}",
                record.id
            ),
        );
        self.event(
            out,
            format_args!(
                "{},{flow},\"bp\":\"e\",\"ts\":{collected}",
                EventHead('f', pid, host)
            ),
        );
    }

    fn depth(&mut self, out: &mut Vec<u8>, process: u32, context: u64, time: u64, depth: u64) {
        let Some(of) = self.processes.get(&process) else {
            return;
        };
        let (head, time) = (EventHead('C', of.pid, 0), Micros(time));
        let name = context_name(context, Some(&of.info));
        self.event(
            out,
            format_args!(
                "{head},\"name\":{},\"ts\":{time},\"args\":{{\"requests\":{depth}}}",
                Text(&format!("{name}: queued requests"))
            ),
        );
    }

    fn memory(&mut self, out: &mut Vec<u8>, process: u32, time: u64, bytes: u64) {
        let Some(of) = self.processes.get(&process) else {
            return;
        };
        let (head, time) = (EventHead('C', of.pid, 0), Micros(time));
        self.event(
            out,
            format_args!(
                "{head},\"name\":\"allocated VE memory\",\"ts\":{time},\
                 \"args\":{{\"bytes\":{bytes}}}"
            ),
        );
    }

    fn block(&mut self, out: &mut Vec<u8>, process: u32, context: u64, begin: u64, end: u64) {
        let at = (context, BLOCKS);
        if let Some((pid, track)) = self.track(out, process, at, "request blocks") {
            let (start, took) = (Micros(begin), Micros(end.saturating_sub(begin)));
            self.event(
                out,
                format_args!(
                    "{},\"name\":\"request block\",\"ts\":{start},\"dur\":{took}",
                    EventHead('X', pid, track)
                ),
            );
        }
    }

    fn instant(&mut self, out: &mut Vec<u8>, process: u32, time: u64, what: &str) {
        if let Some(of) = self.processes.get(&process) {
            let (head, what, time) = (EventHead('i', of.pid, 0), Text(what), Micros(time));
            self.event(
                out,
                format_args!("{head},\"s\":\"p\",\"name\":{what},\"ts\":{time}"),
            );
        }
    }

    fn forget(&mut self, process: u32) {
        self.processes.remove(&process);
        self.named.retain(|_, of| *of != process);
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.named.len()
    }

    fn missing(&mut self, out: &mut Vec<u8>, time: u64, missing: MissingEvents) {
        let (head, time) = (EventHead('i', self.program, 0), Micros(time));
        let MissingEvents { requests, marks } = missing;
        self.event(
            out,
            format_args!(
                "{head},\"s\":\"p\",\"name\":\"{missing}\",\"ts\":{time},\
                 \"args\":{{\"missing\":{requests},\"missing_marks\":{marks}}}"
            ),
        );
    }

    fn tail(&self) -> &'static [u8] {
        b"\n]\n"
    }
}
