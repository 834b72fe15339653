//! Both engines, one against the other: each row of instructions is interpreted, taken back, and executed by code of the host.
//!
//! A row holds nothing but operations on scalar registers, loads and stores, so that it can be taken back. Another thread that writes the
//! same memory at the same time can look like a difference.

use super::entry::{self, Exit};
use super::translator::CodeEntry;
use super::{Interpreter, Next, Pause};
use crate::encoding::{Insn, Op, decode, operand};
use crate::state::Cpu;
use crate::state::psw::Psw;
use crate::trap::{Trap, TrapKind};

/// What a row may change beside memory.
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

/// Memory before a store.
struct Before {
    address: u64,
    bytes: Vec<u8>,
}

/// A row that was interpreted.
#[derive(Default)]
struct Interpreted {
    /// The state before each instruction, with its address, and how many stores there were before it.
    steps: Vec<(u64, Seen, usize)>,
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
        self.run.gather_floats();
        let before = Seen::of(&self.run.cpu);
        let interpreted = self.interpret_row(start, entry);
        self.run.gather_floats();
        let expected = Seen::of(&self.run.cpu);
        let after: Vec<Vec<u8>> = interpreted
            .stores
            .iter()
            .map(|store| self.memory(store.address, store.bytes.len()))
            .collect();
        for store in interpreted.stores.iter().rev() {
            let _ = self.run.common.window.write(store.address, &store.bytes);
        }
        before.restore(&mut self.run.cpu);
        self.run.cpu.ic = start;
        self.run.begin_floats();

        let exit = entry::enter(&mut self.run, entry.code);
        self.run.gather_floats();
        let found = Seen::of(&self.run.cpu);
        let (next, expected, stores) = match exit {
            Exit::GoOn(ic) | Exit::Jump(ic) => {
                (Next::At(ic, None), expected, interpreted.stores.len())
            }
            Exit::Left => return self.settle(),
            Exit::Interpret(ic) => {
                // What the interpreter makes of it is not compared; what was before it is.
                let mut steps = interpreted.steps.iter();
                let Some((_, seen, stores)) = steps.find(|(at, ..)| *at == ic) else {
                    return Err(
                        self.differ(start, &[format!("the translated one comes to {ic:#x}")])
                    );
                };
                (Next::Interpreted(ic), seen.clone(), *stores)
            }
        };
        let mut differences = expected.differences(&found);
        if let Next::At(ic, _) = next
            && interpreted.next != Some(ic)
        {
            let other = match interpreted.next {
                Some(other) => format!("goes on at {other:#x}"),
                None => "traps".into(),
            };
            differences.push(format!(
                "the interpreted one {other}, the translated one goes on at {ic:#x}"
            ));
        }
        // Later stores to the same place have changed what the earlier ones left.
        if stores == interpreted.stores.len() {
            for (store, after) in interpreted.stores.iter().zip(&after) {
                let found = self.memory(store.address, after.len());
                if found != *after {
                    let address = store.address;
                    differences.push(format!(
                        "memory at {address:#x} is {after:x?} and {found:x?}"
                    ));
                }
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

    fn memory(&self, address: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let _ = self.run.common.window.read(address, &mut bytes);
        bytes
    }

    /// Interprets a row and notes what it changes, until its end or a trap, which is dropped: the interpreter comes to it again.
    fn interpret_row(&mut self, start: u64, entry: CodeEntry) -> Interpreted {
        let mut row = Interpreted::default();
        let end = start + 8 * entry.instructions as u64;
        let mut ic = start;
        while (start..end).contains(&ic) && row.steps.len() < entry.instructions {
            self.run.gather_floats();
            let seen = Seen::of(&self.run.cpu);
            row.steps.push((ic, seen, row.stores.len()));
            self.run.cpu.ic = ic;
            let insn = self.run.common.window.load::<8>(ic).ok().and_then(decode);
            if let Some((address, length)) = insn.and_then(|insn| self.stored(&insn)) {
                let mut bytes = vec![0; length];
                if self.run.common.window.read(address, &mut bytes).is_ok() {
                    row.stores.push(Before { address, bytes });
                }
            }
            // A request to stop is left to the loop.
            let Some(link) = self.code.find(ic, &self.run.common) else {
                break;
            };
            let next = self.execute_itself(link, 0);
            row.next = match self.code.slot(next) {
                Some(slot) => Some(slot.ic),
                None => match self.settle() {
                    Ok(Next::At(next, _)) => Some(next),
                    Ok(_) | Err(_) => None,
                },
            };
            let Some(next) = row.next else { break };
            ic = next;
        }
        row
    }

    /// Where an instruction stores, and how many bytes.
    fn stored(&self, insn: &Insn) -> Option<(u64, usize)> {
        let length = match insn.op() {
            Op::St => 8,
            Op::Stu | Op::Stl => 4,
            Op::St2b => 2,
            Op::St1b => 1,
            _ => return None,
        };
        let cpu = &self.run.cpu;
        let sum = cpu.operand(insn.y()).wrapping_add(cpu.operand(insn.z()));
        Some((sum.wrapping_add(insn.imm() as u64), length))
    }
}
