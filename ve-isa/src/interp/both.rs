//! Both engines, one against the other: each row of instructions is interpreted, taken back, and executed by code of the host.
//!
//! A row holds nothing but operations on scalar registers, loads and stores, so that it can be taken back. Another thread that writes the
//! same memory at the same time can look like a difference.

use std::ops::Range;

use super::code::PAGE;
use super::dispatch;
use super::entry::{self, Exit};
use super::run::{LEAVE, Run};
use super::translator::CodeEntry;
use super::{Interpreter, Next, Pause};
use crate::encoding::{Insn, Op, operand};
use crate::state::Cpu;
use crate::state::psw::Psw;
use crate::trap::{Trap, TrapKind};

/// The state that a row may change beside memory.
#[derive(Clone, PartialEq, Eq)]
struct Seen {
    scalars: [u64; operand::REGISTERS],
    vl: u64,
    psw: Psw,
}

impl Seen {
    fn of(cpu: &Cpu) -> Self {
        Self {
            scalars: std::array::from_fn(|number| cpu.scalar(number)),
            vl: cpu.vl,
            psw: cpu.psw,
        }
    }

    fn restore(&self, cpu: &mut Cpu) {
        cpu.s[..operand::REGISTERS].copy_from_slice(&self.scalars);
        cpu.vl = self.vl;
        cpu.psw = self.psw;
    }

    /// The differences as text: the value here, then the value there.
    fn differences(&self, other: &Self) -> Vec<String> {
        let pairs = self.scalars.iter().zip(&other.scalars).enumerate();
        let mut found: Vec<String> = pairs
            .filter(|(_, (mine, theirs))| mine != theirs)
            .map(|(number, (mine, theirs))| format!("%s{number} is {mine:#x} and {theirs:#x}"))
            .collect();
        if self.vl != other.vl {
            found.push(format!("VL is {} and {}", self.vl, other.vl));
        }
        if self.psw != other.psw {
            let (mine, theirs) = (self.psw.bits(), other.psw.bits());
            found.push(format!("PSW is {mine:#x} and {theirs:#x}"));
        }
        found
    }
}

/// Memory before a store, as a number of this many bytes.
#[derive(Clone, Copy)]
struct Before {
    address: u64,
    bytes: [u8; 8],
    length: usize,
}

/// A row that was interpreted.
#[derive(Default)]
struct Interpreted {
    stores: Vec<Before>,
    /// Where control goes on; nothing if the last instruction has trapped.
    next: Option<u64>,
}

impl Interpreter {
    /// As [`run`](Self::run), in both engines.
    pub(super) fn loop_on_both(&mut self, watched: &dyn Fn(u64) -> bool) -> Result<Pause, Trap> {
        let mut next = Next::At(self.run.cpu.ic, None);
        loop {
            let ic = match next {
                Next::At(ic, _) | Next::Interpreted(ic) => ic,
                Next::SystemCall => return Ok(Pause::SystemCall),
            };
            let origin = std::mem::replace(&mut self.run.cpu.ic, ic);
            if watched(ic) {
                return Ok(Pause::Watched);
            }
            let link = self.find(ic, None, origin)?;
            let entry = match next {
                Next::Interpreted(_) => None,
                _ => self.entry_of(ic, link),
            };
            next = match entry.filter(|_| self.run.host_floats) {
                Some(entry) => self.compare(ic, entry)?,
                None => self.interpret_one(ic)?,
            };
        }
    }

    /// Executes the instruction at an address.
    fn interpret_one(&mut self, ic: u64) -> Result<Next, Trap> {
        let link = self.find(ic, None, ic)?;
        let next = self.execute_itself(link, 0);
        match self.code.slot(next) {
            Some(slot) => Ok(Next::At(slot.ic, None)),
            None => self.settle(),
        }
    }

    /// Executes a row in both engines. A difference is a trap.
    fn compare(&mut self, start: u64, entry: CodeEntry) -> Result<Next, Trap> {
        // The code stays where it is, whatever the interpreter comes to.
        let _arena = self.arena.clone();
        self.run.gather_floats();
        let before = Seen::of(&self.run.cpu);
        let end = start + 8 * entry.instructions as u64;
        let mut interpreted = self.interpret_row(start..end);
        self.run.gather_floats();
        let mut expected = Seen::of(&self.run.cpu);
        let mut after = self.memory_after(&interpreted);
        self.take_back(&interpreted, &before, start);

        // SAFETY: the entry is one of `self.entries`, which lie in the arena that `_arena` holds until the end of this function.
        let exit = unsafe { entry::enter(&mut self.run, entry.code) };
        self.run.gather_floats();
        let found = Seen::of(&self.run.cpu);
        let next = match exit {
            Exit::GoOn(ic) | Exit::Jump(ic) => Next::At(ic, None),
            Exit::Left => return self.settle(),
            // The rows before this instruction are compared; this one is not.
            Exit::Interpret(ic) => Next::Interpreted(ic),
        };
        let found_memory = self.memory_after(&interpreted);
        let mut way = None;
        match next {
            Next::At(ic, _) if interpreted.next != Some(ic) => {
                let other = match interpreted.next {
                    Some(other) => format!("goes on at {other:#x}"),
                    None => "traps".into(),
                };
                way = Some(format!(
                    "the interpreted one {other}, the translated one goes on at {ic:#x}"
                ));
            }
            Next::Interpreted(ic) => {
                // The interpreter repeats the row up to here.
                self.take_back(&interpreted, &before, start);
                interpreted = self.interpret_row(start..ic.clamp(start, end));
                if interpreted.next != Some(ic) {
                    way = Some(format!("the translated one comes to {ic:#x}"));
                }
                self.run.gather_floats();
                expected = Seen::of(&self.run.cpu);
                after = self.memory_after(&interpreted);
            }
            _ => {}
        }
        let mut differences = expected.differences(&found);
        differences.extend(way);
        for ((store, after), found) in interpreted.stores.iter().zip(&after).zip(&found_memory) {
            if found != after {
                let (address, length) = (store.address, store.length);
                let (after, found) = (&after[..length], &found[..length]);
                differences.push(format!(
                    "memory at {address:#x} is {after:x?} and {found:x?}"
                ));
            }
        }
        if differences.is_empty() {
            return Ok(next);
        }
        Err(self.differ(start, &differences))
    }

    fn differ(&mut self, start: u64, differences: &[String]) -> Trap {
        self.run.cpu.ic = start;
        self.trap(TrapKind::Engines {
            differences: differences.join(", "),
        })
    }

    /// The memory at the places where a row stores.
    fn memory_after(&self, row: &Interpreted) -> Vec<[u8; 8]> {
        let of = |store: &Before| {
            let mut bytes = [0; 8];
            let _ = self
                .run
                .common
                .window
                .read(store.address, &mut bytes[..store.length]);
            bytes
        };
        row.stores.iter().map(of).collect()
    }

    /// Memory and registers are as before a row that begins at `start`.
    fn take_back(&mut self, row: &Interpreted, before: &Seen, start: u64) {
        for store in row.stores.iter().rev() {
            let bytes = &store.bytes[..store.length];
            let _ = self.run.common.window.write(store.address, bytes);
        }
        before.restore(&mut self.run.cpu);
        self.run.cpu.ic = start;
        self.run.begin_floats();
    }

    /// Interprets a row and notes what it changes, until its end or a trap, which is dropped: the interpreter comes to it again.
    fn interpret_row(&mut self, row: Range<u64>) -> Interpreted {
        let mut interpreted = Interpreted {
            stores: Vec::new(),
            next: Some(row.start),
        };
        // None is taken from the caller: slots that it has found may be gone since an earlier row.
        let mut link = LEAVE;
        // As many as there are; nothing in a row leads back into it but its last instruction.
        for ic in row.step_by(8) {
            if interpreted.next != Some(ic) {
                break;
            }
            self.run.cpu.ic = ic;
            // A request to stop is left to the loop.
            if ic.is_multiple_of(PAGE) || link == LEAVE {
                match self.code.find(ic, &self.run.common) {
                    Some(found) => link = found,
                    None => break,
                }
            }
            let Some(slot) = self.code.slot(link) else {
                break;
            };
            if let Some(store) = about_to_store(&self.run, &slot.insn) {
                interpreted.stores.push(store);
            }
            // Whether code of the host stands for it or not: each word of a row is an instruction.
            link = dispatch::handler(&slot.insn)(&mut self.run, slot, 0);
            interpreted.next = match self.code.slot(link) {
                Some(slot) => Some(slot.ic),
                None => match self.settle() {
                    Ok(Next::At(next, _)) => Some(next),
                    Ok(_) | Err(_) => None,
                },
            };
        }
        interpreted
    }
}

/// The memory where an instruction is about to store, if it can be read.
fn about_to_store(run: &Run, insn: &Insn) -> Option<Before> {
    let length = match insn.op() {
        Op::St => 8,
        Op::Stu | Op::Stl => 4,
        Op::St2b => 2,
        Op::St1b => 1,
        _ => return None,
    };
    let cpu = &run.cpu;
    let sum = cpu.operand(insn.y()).wrapping_add(cpu.operand(insn.z()));
    let address = sum.wrapping_add(insn.imm() as u64);
    let mut bytes = [0; 8];
    let window = &run.common.window;
    window.read(address, &mut bytes[..length]).ok()?;
    Some(Before {
        address,
        bytes,
        length,
    })
}
