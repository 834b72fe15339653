//! Tells on standard error what runs.

use std::sync::Arc;

use ve_isa::encoding::{Insn, Op, disassemble};
use ve_isa::image::Symbol;
use ve_isa::interp::Observer;
use ve_isa::machine::Machine;
use ve_isa::state::Cpu;
use ve_isa::statistics::Counter;

use crate::arguments::Trace;

/// Tells and counts, as asked.
#[derive(Debug, Clone)]
pub struct Watcher {
    trace: Option<Trace>,
    counter: Option<Counter>,
    symbols: Arc<[Symbol]>,
}

impl Watcher {
    /// Nobody, where nothing is asked.
    pub fn watch(
        machine: &Machine,
        trace: Option<Trace>,
        counter: Option<Counter>,
    ) -> Option<Box<dyn Observer>> {
        if trace.is_none() && counter.is_none() {
            return None;
        }
        Some(Box::new(Self {
            trace,
            counter,
            symbols: machine.symbols().into(),
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
    fn fork(&self) -> Option<Box<dyn Observer>> {
        Some(Box::new(self.clone()))
    }

    fn instruction(&mut self, ic: u64, word: u64, insn: &Insn, cpu: &Cpu) {
        if let Some(counter) = &mut self.counter {
            counter.instruction(ic, word, insn, cpu);
        }
        match self.trace {
            Some(Trace::Instructions) => {
                let text = disassemble(word).unwrap_or_default();
                eprintln!("{ic:x}: {text}");
            }
            Some(Trace::Calls) if insn.op() == Op::Bsic => {
                let target = cpu
                    .operand(insn.y())
                    .wrapping_add(cpu.operand(insn.z()))
                    .wrapping_add(insn.imm() as u64);
                eprintln!("{} calls {}", self.name(ic), self.name(target));
            }
            _ => {}
        }
    }
}
