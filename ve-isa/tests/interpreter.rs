//! Machine code, written as text, run by the interpreter.

#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ve_isa::encoding::{Op, assemble};
use ve_isa::interp::{Common, Interpreter, Pause, StopHandle};
use ve_isa::memory::{AccessError, Protection, Window};
use ve_isa::state::psw::Flags;
use ve_isa::trap::{Trap, TrapKind};
use veo_test_support as _;

/// Where a function returns to: outside the window, so never code.
const HOME: u64 = 8;

struct Program {
    common: Arc<Common>,
    start: u64,
    /// 4 KiB of memory.
    data: u64,
    stop: StopHandle,
}

impl Program {
    fn new(text: &[&str]) -> Self {
        let words: Vec<u8> = text
            .iter()
            .flat_map(|line| assemble(line).expect(line).to_le_bytes())
            .collect();
        let common = Arc::new(Common::new(Window::reserve().unwrap()));
        let window = &common.window;
        let code = window
            .map(words.len() as u64, Protection::ReadWrite)
            .unwrap();
        window.write(code.start, &words).unwrap();
        window.protect(code.clone(), Protection::Read).unwrap();
        common.executable.add(code.clone());
        let data = window.map(4096, Protection::ReadWrite).unwrap().start;
        Self {
            common,
            start: code.start,
            data,
            stop: StopHandle::default(),
        }
    }

    fn thread(&self, arguments: &[u64]) -> Interpreter {
        let mut thread = Interpreter::new(self.common.clone(), self.stop.clone());
        let cpu = thread.cpu_mut();
        for (number, argument) in arguments.iter().enumerate() {
            cpu.set_scalar(number, *argument);
        }
        cpu.set_scalar(10, HOME);
        cpu.ic = self.start;
        thread
    }

    fn call(&self, arguments: &[u64]) -> Result<u64, Trap> {
        let mut thread = self.thread(arguments);
        assert_eq!(thread.run(&|ic| ic == HOME)?, Pause::Watched);
        Ok(thread.cpu().scalar(0))
    }
}

fn trap(text: &[&str], arguments: &[u64]) -> TrapKind {
    Program::new(text).call(arguments).unwrap_err().kind
}

#[test]
fn a_loop_adds_up_memory() {
    // s0: where, s1: how many.
    let program = Program::new(&[
        "or %s2, 0, (0)1",
        "brle.l %s1, 0, 48",
        "ld %s3, 0(, %s0)",
        "adds.l %s2, %s2, %s3",
        "lea %s0, 8(, %s0)",
        "adds.l %s1, -1, %s1",
        "brlt.l 0, %s1, -32",
        "or %s0, 0, %s2",
        "b.l.t (, %s10)",
    ]);
    for (index, value) in [5_i64, -70, 1 << 40].into_iter().enumerate() {
        program
            .common
            .window
            .write(program.data + 8 * index as u64, &value.to_le_bytes())
            .unwrap();
    }
    let sum = program.call(&[program.data, 3]).unwrap();
    assert_eq!(sum as i64, 5 - 70 + (1 << 40));
    assert_eq!(program.call(&[program.data, 0]).unwrap(), 0);
}

#[test]
fn calls_nest_and_cross_pages() {
    // fib(n), with its frames on a stack in s11; the second half lies behind more than a page of nops.
    let mut text = vec![
        "brge.l 1, %s0, 8024",
        "adds.l %s11, -32, %s11",
        "st %s10, 0(, %s11)",
        "st %s0, 8(, %s11)",
        "adds.l %s0, -1, %s0",
        "sic %s12",
        "bsic %s10, -48(, %s12)",
        "br.l 16",
    ];
    // Behind the nops: the second call and the sum.
    let tail = [
        "st %s0, 16(, %s11)",
        "ld %s0, 8(, %s11)",
        "adds.l %s0, -2, %s0",
        "bsic %s10, -48(, %s12)",
        "ld %s1, 16(, %s11)",
        "ld %s10, 0(, %s11)",
        "adds.l %s11, 32, %s11",
        "adds.l %s0, %s0, %s1",
        "b.l.t (, %s10)",
    ];
    text.resize(8024 / 8 + 1 - tail.len(), "nop");
    text.extend(tail);
    let program = Program::new(&text);
    let mut thread = program.thread(&[15]);
    thread.cpu_mut().set_scalar(11, program.data + 4096);
    thread.run(&|ic| ic == HOME).unwrap();
    assert_eq!(thread.cpu().scalar(0), 610);
}

#[test]
fn an_access_outside_of_memory_traps_at_the_instruction() {
    let text = &["nop", "ld %s0, 0(, %s0)", "b.l (, %s10)"];
    let program = Program::new(text);
    let end = program.data + (64 << 10);
    for (address, cause) in [
        (0, AccessError::Outside),
        (u64::MAX - 7, AccessError::Outside),
        (
            program.common.window.range().start - 8,
            AccessError::Outside,
        ),
        (program.common.window.range().end, AccessError::Outside),
        (program.common.window.range().end - 4, AccessError::Outside),
        (end, AccessError::Protected),
        (end - 4, AccessError::Protected),
    ] {
        let trap = program.call(&[address]).unwrap_err();
        assert_eq!(
            trap.kind,
            TrapKind::MemoryAccess {
                address,
                write: false,
                cause
            }
        );
        assert_eq!(trap.ic, program.start + 8);
        assert_eq!(trap.text().as_deref(), Some("ld %s0, (, %s0)"));
    }
    // The thread can be called again, and other accesses still work.
    assert_eq!(program.call(&[end - 8]).unwrap(), 0);
    assert_eq!(
        trap(&["dld %s0, 0(, %s0)", "monc.hdb"], &[0]),
        TrapKind::Breakpoint
    );
    let code = Program::new(&["st %s0, 0(, %s1)", "b.l (, %s10)"]);
    assert_eq!(
        code.call(&[1, code.start]).unwrap_err().kind,
        TrapKind::MemoryAccess {
            address: code.start,
            write: true,
            cause: AccessError::Protected
        }
    );
}

#[test]
fn a_dismissable_load_gives_zero_where_nothing_is() {
    let program = Program::new(&["dld %s0, 0(, %s0)", "b.l (, %s10)"]);
    program
        .common
        .window
        .write(program.data, &77_u64.to_le_bytes())
        .unwrap();
    assert_eq!(program.call(&[program.data]), Ok(77));
    assert_eq!(program.call(&[0]), Ok(0));
    assert_eq!(program.call(&[program.data + (64 << 10)]), Ok(0));
}

#[test]
fn jumps_go_to_code_only() {
    let program = Program::new(&["b.l (, %s0)"]);
    for target in [0, program.start + 4, program.start + 8, program.data] {
        let trap = program.call(&[target]).unwrap_err();
        assert_eq!(trap.kind, TrapKind::OutsideCode { target });
    }
    // Running over the end of the code is no different.
    let program = Program::new(&["nop"]);
    assert_eq!(
        program.call(&[]).unwrap_err().kind,
        TrapKind::OutsideCode {
            target: program.start + 8
        }
    );
}

#[test]
fn atomic_operations_want_their_alignment() {
    let program = Program::new(&["cas.l %s0, (%s2), %s1", "b.l (, %s10)"]);
    let data = program.data;
    program.common.window.write(data, &[9; 8]).unwrap();
    let nines = u64::from_le_bytes([9; 8]);
    assert_eq!(program.call(&[1, 2, data]), Ok(nines));
    assert_eq!(program.call(&[1, nines, data]), Ok(nines));
    assert_eq!(program.common.window.load::<8>(data), Ok(1));
    assert_eq!(
        program.call(&[1, 2, data + 4]).unwrap_err().kind,
        TrapKind::Misaligned {
            address: data + 4,
            alignment: 8
        }
    );
}

#[test]
fn two_threads_count_together() {
    let program = Program::new(&[
        "or %s2, 1, (0)1",
        "atmam %s2, (%s0), 2",
        "adds.l %s1, -1, %s1",
        "brlt.l 0, %s1, -24",
        "b.l (, %s10)",
    ]);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| program.call(&[program.data, 10_000]).unwrap());
        }
    });
    assert_eq!(program.common.window.load::<8>(program.data), Ok(20_000));
}

#[test]
fn a_loop_without_end_is_stopped() {
    for text in [&["br.l 0"][..], &["sic %s1", "b.l -8(, %s1)"]] {
        let program = Program::new(text);
        let stop = program.stop.clone();
        let late = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            stop.time_is_up();
        });
        assert_eq!(program.call(&[]).unwrap_err().kind, TrapKind::TimeLimit);
        late.join().unwrap();
        program.stop.stop();
        assert_eq!(program.call(&[]).unwrap_err().kind, TrapKind::Stopped);
    }
}

#[test]
fn exceptions_trap_only_when_enabled() {
    let text = &["divs.l %s0, %s0, %s1", "b.l (, %s10)"];
    let program = Program::new(text);
    assert_eq!(
        program.call(&[7_i64 as u64, (-2_i64) as u64]),
        Ok(-3_i64 as u64)
    );
    program.call(&[7, 0]).unwrap();
    let mut thread = program.thread(&[7, 0]);
    thread.cpu_mut().psw.lpm(1 << 11);
    let trap = thread.run(&|ic| ic == HOME).unwrap_err();
    assert_eq!(
        trap.kind,
        TrapKind::Arithmetic {
            flags: Flags::DIVISION
        }
    );
    // Nothing was written.
    assert_eq!(
        (thread.cpu().scalar(0), thread.cpu().ic),
        (7, program.start)
    );
}

#[test]
fn single_steps_are_single_instructions() {
    let program = Program::new(&[
        "lea %s0, 5",
        "br.l 16",
        "monc.hdb",
        "monc",
        "fencec 2",
        "nop",
    ]);
    let mut thread = program.thread(&[]);
    for (offset, pause) in [
        (8, Pause::Stepped),
        (24, Pause::Stepped),
        (32, Pause::SystemCall),
        (40, Pause::Stepped),
        (48, Pause::Stepped),
    ] {
        assert_eq!(thread.step(), Ok(pause));
        assert_eq!(thread.cpu().ic, program.start + offset);
    }
    assert_eq!(thread.cpu().scalar(0), 5);
    assert!(matches!(
        thread.step().unwrap_err().kind,
        TrapKind::OutsideCode { .. }
    ));
}

#[test]
fn a_word_that_is_no_instruction_traps() {
    let program = Program::new(&["nop"]);
    let window = &program.common.window;
    let page = program.start..program.start + 8;
    window.protect(page, Protection::ReadWrite).unwrap();
    window.write(program.start, &[0; 8]).unwrap();
    assert_eq!(
        program.call(&[]).unwrap_err().kind,
        TrapKind::IllegalInstruction { word: 0 }
    );
    assert!(matches!(
        trap(&["ts2am %s0, 0(%s1), %s2"], &[]),
        TrapKind::Unimplemented { op: Op::Ts2am, .. }
    ));
}

#[test]
fn a_call_through_its_own_link_register_uses_the_old_value() {
    let program = Program::new(&[
        "nop",
        "bsic %s1, (, %s1)",
        "monc.hdb",
        "or %s0, 0, %s1",
        "b.l (, %s10)",
    ]);
    let start = program.start;
    assert_eq!(program.call(&[0, start + 24]), Ok(start + 16));
}

#[test]
fn changed_code_runs_after_a_fence() {
    // A page of code that may be written, which stores a word over the instruction behind the fence.
    let program = Program::new(&[
        "st %s0, 24(, %s1)",
        "nop",
        "fencec 2",
        "lea %s0, 1",
        "b.l (, %s10)",
    ]);
    let window = &program.common.window;
    window
        .protect(program.start..program.start + 40, Protection::ReadWrite)
        .unwrap();
    let new = assemble("lea %s0, 2").unwrap();
    assert_eq!(program.call(&[new, program.start]), Ok(2));
}

#[test]
fn a_loop_over_pages_is_stopped_whichever_was_decoded_first() {
    // The loop begins on the first page and goes back from the second.
    let mut text = vec!["nop"; 1024];
    text[600] = "br.l -4800";
    text[1000] = "b.l (, %s10)";
    let program = Program::new(&text);
    let mut thread = program.thread(&[]);
    // The second page first.
    thread.cpu_mut().ic = program.start + 8 * 1000;
    assert_eq!(thread.run(&|ic| ic == HOME), Ok(Pause::Watched));
    thread.cpu_mut().ic = program.start;
    let stop = program.stop.clone();
    let late = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        stop.stop();
    });
    assert_eq!(
        thread.run(&|ic| ic == HOME).unwrap_err().kind,
        TrapKind::Stopped
    );
    late.join().unwrap();
}

#[test]
fn a_jump_to_nowhere_traps_where_it_is() {
    let program = Program::new(&["nop", "bsic %s10, (, %s0)"]);
    let trap = program.call(&[0]).unwrap_err();
    assert_eq!(trap.kind, TrapKind::OutsideCode { target: 0 });
    assert_eq!(trap.ic, program.start + 8);
}

#[test]
fn unmapped_memory_comes_back_as_zeros() {
    let window = Window::reserve().unwrap();
    let range = window.map(1 << 20, Protection::ReadWrite).unwrap();
    window.store::<8>(range.start, u64::MAX).unwrap();
    window.unmap(range.start).unwrap();
    assert_eq!(window.load::<8>(range.start), Err(AccessError::Protected));
    let again = window.map(1 << 20, Protection::ReadWrite).unwrap();
    assert_eq!(again, range);
    assert_eq!(window.load::<8>(range.start), Ok(0));
    // The last bytes of the window are in it, but nothing lies there.
    let end = window.range().end;
    assert_eq!(window.store::<8>(end - 1, 1), Err(AccessError::Outside));
}
