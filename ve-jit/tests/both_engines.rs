//! Both engines, one against the other: right code goes through, a wrong translation is told with both states.

#![cfg(feature = "cranelift")]

use std::sync::Arc;

use ve_isa::encoding::{Insn, Op, assemble, decode};
use ve_isa::interp::{
    Common, HostCode, InstructionSource, Interpreter, Pause, Reach, StopHandle, Translator,
};
use ve_isa::memory::{Protection, Window};
use ve_isa::trap::{Trap, TrapKind};
use ve_jit::Cranelift;
use veo_test_support as _;

const HOME: u64 = 8;

/// Adds up `s1` words at `s0`, stores each sum over its word, and returns the last sum.
const SUMS: &[&str] = &[
    "or %s2, 0, (0)1",
    "brle.l %s1, 0, 56",
    "ld %s3, 0(, %s0)",
    "adds.l %s2, %s2, %s3",
    "st %s2, 0(, %s0)",
    "lea %s0, 8(, %s0)",
    "adds.l %s1, -1, %s1",
    "brgt.l %s1, 0, -40",
    "or %s0, 0, %s2",
    "b.l.t 0(, %s10)",
];

/// Translates another instruction in the place of each of one kind.
#[derive(Debug)]
struct Liar {
    right: Cranelift,
    op: Op,
    instead: Insn,
}

struct Lies<'a> {
    source: &'a mut dyn InstructionSource,
    op: Op,
    instead: Insn,
}

impl InstructionSource for Lies<'_> {
    fn instruction(&mut self, address: u64) -> Option<Insn> {
        let insn = self.source.instruction(address)?;
        Some(if insn.op() == self.op {
            self.instead
        } else {
            insn
        })
    }

    fn window(&self) -> &Window {
        self.source.window()
    }

    fn interpreted(&mut self, address: u64, insn: &Insn) -> Option<u64> {
        self.source.interpreted(address, insn)
    }
}

// SAFETY: what Cranelift makes of any instruction does what `HostCode` says.
unsafe impl Translator for Liar {
    fn translate(
        &self,
        entry: u64,
        reach: Reach,
        source: &mut dyn InstructionSource,
    ) -> Option<HostCode> {
        let mut lies = Lies {
            source,
            op: self.op,
            instead: self.instead,
        };
        self.right.translate(entry, reach, &mut lies)
    }
}

fn run(translator: Box<dyn Translator>) -> (Result<Pause, Trap>, u64, Vec<u64>) {
    let common = Arc::new(Common::new(Window::reserve().unwrap()));
    common.translate_with(translator, Reach::Row);
    let window = &common.window;
    let words: Vec<u8> = SUMS
        .iter()
        .flat_map(|line| assemble(line).expect(line).to_le_bytes())
        .collect();
    let code = window.map(4096, Protection::ReadWrite).unwrap();
    window.write(code.start, &words).unwrap();
    window.protect(code.clone(), Protection::Read).unwrap();
    common.executable.add(code.clone());
    let data = window.map(4096, Protection::ReadWrite).unwrap().start;
    for word in 0..100 {
        window.store::<8>(data + 8 * word, word + 1).unwrap();
    }
    let mut thread = Interpreter::new(common.clone(), StopHandle::default());
    let cpu = thread.cpu_mut();
    cpu.set_scalar(0, data);
    cpu.set_scalar(1, 100);
    cpu.set_scalar(10, HOME);
    cpu.ic = code.start;
    let result = thread.run(&|ic| ic == HOME);
    let memory = (0..100)
        .map(|word| common.window.load::<8>(data + 8 * word).unwrap())
        .collect();
    (result, thread.cpu().scalar(0), memory)
}

fn liar(op: Op, instead: &str) -> Box<dyn Translator> {
    Box::new(Liar {
        right: Cranelift::new().unwrap(),
        op,
        instead: decode(assemble(instead).unwrap()).unwrap(),
    })
}

#[test]
fn right_code_goes_through() {
    let (result, sum, memory) = run(Box::new(Cranelift::new().unwrap()));
    assert_eq!((result, sum), (Ok(Pause::Watched), 5050));
    let sums: Vec<u64> = (1..=100).map(|n| n * (n + 1) / 2).collect();
    assert_eq!(memory, sums);
}

#[test]
fn a_wrong_translation_is_told_with_both_states() {
    for (op, instead, part) in [
        (Op::Lea, "lea %s0, 16(, %s0)", "%s0 is 0x"),
        (Op::St, "stl %s1, 0(, %s0)", "memory at 0x"),
        (
            Op::BrL,
            "brlt.l %s1, 0, -40",
            "the interpreted one goes on at 0x",
        ),
        (Op::Or, "lvl %s1", "VL is 0 and 100"),
    ] {
        let (result, ..) = run(liar(op, instead));
        let trap = result.unwrap_err();
        assert!(matches!(trap.kind, TrapKind::Engines { .. }), "{trap}");
        assert!(trap.to_string().contains(part), "{trap}");
    }
}
