//! Tells on standard error what runs, counts it, keeps it.

use std::io::Write as _;
use std::str::FromStr;
use std::sync::Arc;

use crate::encoding::{Insn, Op, disassemble};
use crate::image::ImageSymbol;
use crate::interp::Observer;
use crate::machine::Machine;
use crate::recent::RecentOfThread;
use crate::state::Cpu;
use crate::statistics::Counter;
use crate::trap::Trap;

/// The kinds of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceKind {
    /// Calls of functions, with their names.
    Calls,
    /// Each instruction, with its address.
    Instructions,
    /// Nothing: so many instructions of each thread are kept, for the report of a trap ([`Recent`](crate::recent::Recent)).
    Last(usize),
}

impl TraceKind {
    /// How many instructions may be kept.
    pub const MOST: usize = 1_000_000;
}

/// A text that names no [`TraceKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "`calls`, `instructions` or `last:N`, where N is from 1 to {}",
    TraceKind::MOST
)]
pub struct NoTrace;

impl FromStr for TraceKind {
    type Err = NoTrace;

    fn from_str(text: &str) -> Result<Self, NoTrace> {
        match text {
            "calls" => Ok(Self::Calls),
            "instructions" => Ok(Self::Instructions),
            _ => {
                let number = text.strip_prefix("last:").ok_or(NoTrace)?.parse();
                let number = number
                    .ok()
                    .filter(|number| (1..=Self::MOST).contains(number));
                number.map(Self::Last).ok_or(NoTrace)
            }
        }
    }
}

/// Tells, counts and keeps, as asked, what the threads execute that it is given to, and those that they create.
#[derive(Debug, Clone)]
pub struct Watcher {
    trace: Option<TraceKind>,
    counter: Option<Counter>,
    recent: Option<RecentOfThread>,
    symbols: Arc<[ImageSymbol]>,
}

impl Watcher {
    /// A watcher that knows the names of all images that are loaded now. `None` if no report is wanted.
    #[must_use]
    pub fn watch(
        machine: &Machine,
        trace: Option<TraceKind>,
        counter: Option<Counter>,
        recent: Option<RecentOfThread>,
    ) -> Option<Box<dyn Observer>> {
        let tells = matches!(trace, Some(TraceKind::Calls | TraceKind::Instructions));
        if !tells && counter.is_none() && recent.is_none() {
            return None;
        }
        Some(Box::new(Self {
            trace,
            counter,
            recent,
            symbols: match trace {
                Some(TraceKind::Calls) => machine.symbols().into(),
                _ => Arc::default(),
            },
        }))
    }

    /// An address as a name, or as a number where no image has a name.
    fn name(&self, address: u64) -> String {
        let after = self
            .symbols
            .partition_point(|symbol| symbol.address <= address);
        match self.symbols[..after].last() {
            Some(symbol) if symbol.address == address => symbol.name.clone(),
            Some(symbol) if address - symbol.address < symbol.size => {
                format!("{}+{:#x}", symbol.name, address - symbol.address)
            }
            _ => format!("{address:#x}"),
        }
    }
}

impl Observer for Watcher {
    fn note(&mut self, text: &str) {
        if let Some(TraceKind::Calls | TraceKind::Instructions) = self.trace {
            tell(format_args!("{text}"));
        }
    }

    fn fork(&self) -> Option<Box<dyn Observer>> {
        Some(Box::new(Self {
            recent: self.recent.as_ref().map(RecentOfThread::created),
            ..self.clone()
        }))
    }

    fn trapped(&mut self, _: &Trap, _: &mut Cpu) {
        if let Some(recent) = &self.recent {
            recent.trapped();
        }
    }

    fn instruction(&mut self, ic: u64, word: u64, insn: &Insn, cpu: &Cpu) {
        if let Some(recent) = &self.recent {
            recent.note(ic, word);
        }
        if let Some(counter) = &mut self.counter {
            counter.instruction(ic, word, insn, cpu);
        }
        match self.trace {
            Some(TraceKind::Instructions) => {
                let text = disassemble(word).unwrap_or_default();
                tell(format_args!("{ic:x}: {text}"));
            }
            Some(TraceKind::Calls) if insn.op() == Op::Bsic => {
                let target = cpu
                    .operand(insn.y())
                    .wrapping_add(cpu.operand(insn.z()))
                    .wrapping_add(insn.imm() as u64);
                tell(format_args!(
                    "{} calls {}",
                    self.name(ic),
                    self.name(target)
                ));
            }
            _ => {}
        }
    }
}

/// Writes a line to standard error, which nobody may read.
fn tell(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
