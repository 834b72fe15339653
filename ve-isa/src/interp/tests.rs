//! The interpreter beside code of the host.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::memory::{Protection, Window};

#[test]
fn code_of_the_host_finds_the_state_of_its_thread() {
    let common = Arc::new(Common::new(Window::reserve().unwrap()));
    let stop = StopHandle::default();
    let mut interpreter = Interpreter::new(common, stop.clone());
    let cpu = interpreter.cpu_mut();
    cpu.set_scalar(5, 0x55);
    cpu.set_vl(17);
    cpu.ic = 0x1000;
    interpreter.run.translated.target = 0x2000;
    interpreter.run.translated.overflow = 3;
    interpreter.run.translated.jumps.set(0x3008, 0x77);
    let state = &raw const interpreter.run;
    let at = |offset: i32| {
        // SAFETY: these are fields of 8 bytes of the state, which nobody changes.
        unsafe { state.byte_offset(offset as isize).cast::<u64>().read() }
    };
    assert_eq!(at(layout::SCALARS + 8 * 5), 0x55);
    let constant = crate::encoding::operand::constant(-3).unwrap();
    assert_eq!(at(layout::SCALARS + 8 * constant as i32) as i64, -3);
    assert_eq!((at(layout::VL), at(layout::IC)), (17, 0x1000));
    assert_eq!((at(layout::TARGET), at(layout::OVERFLOW)), (0x2000, 3));
    let place = (0x3008 / 8) % layout::JUMP_PLACES * layout::JUMP_SIZE as u64;
    let entry = at(layout::JUMP_TABLE) + place;
    let word = |address: u64| {
        // SAFETY: the word is one of the table or of the stop handle, which are there.
        unsafe { std::ptr::with_exposed_provenance::<u32>(address as usize).read() }
    };
    assert_eq!(word(entry + layout::JUMP_ADDRESS as u64), 0x3008);
    assert_eq!(word(entry + layout::JUMP_CODE as u64), 0x77);
    assert_eq!(word(at(layout::STOP)), 0);
    stop.stop();
    assert_ne!(word(at(layout::STOP)), 0);
}

/// Makes code that only ends, which uses an instruction of the interpreter.
#[derive(Debug)]
struct Ends;

// SAFETY: nobody enters the code.
unsafe impl Translator for Ends {
    fn translate(
        &self,
        entry: u64,
        _: Reach,
        source: &mut dyn InstructionSource,
    ) -> Option<HostCode> {
        let insn = source.instruction(entry)?;
        source.interpreted(entry, &insn)?;
        Some(HostCode {
            bytes: vec![0xc3],
            accesses: Vec::new(),
            instructions: 1,
        })
    }
}

/// A machine with this many instructions that do nothing, at this address.
fn idle(instructions: u64, translator: Box<dyn Translator>) -> (Arc<Common>, u64) {
    idle_in(Reach::Region, instructions, translator)
}

/// As [`idle`], translated by so much at once.
fn idle_in(reach: Reach, instructions: u64, translator: Box<dyn Translator>) -> (Arc<Common>, u64) {
    let nop = crate::encoding::assemble("nop").unwrap();
    let common = Arc::new(Common::new(Window::reserve().unwrap()));
    common.translate_with(translator, reach);
    let length = 8 * instructions;
    let code = common.window.map(length, Protection::ReadWrite).unwrap();
    for place in (code.start..code.end).step_by(8) {
        common.window.store::<8>(place, nop).unwrap();
    }
    common.executable.add(code.clone());
    (common, code.start)
}

#[test]
fn floating_point_flags_of_the_host_do_not_reach_the_thread() {
    let (common, start) = idle(2, Box::new(Ends));
    let mut interpreter = Interpreter::new(common, StopHandle::default());
    interpreter.cpu_mut().ic = start;
    interpreter.step().unwrap();
    let psw = interpreter.cpu().psw;
    let third = std::hint::black_box(1.0) / std::hint::black_box(3.0);
    assert!(std::hint::black_box(third) < 1.0);
    assert!(interpreter.translate(start + 8));
    assert_eq!(interpreter.cpu().psw, psw);
}

/// Makes rows of two instructions, of which the second is the interpreter's.
#[derive(Debug)]
struct LeavesTheSecond;

// SAFETY: the code returns a number, and changes no register that it has to keep.
unsafe impl Translator for LeavesTheSecond {
    fn translate(&self, entry: u64, _: Reach, _: &mut dyn InstructionSource) -> Option<HostCode> {
        let why = (entry + 8) | exit::INTERPRET;
        // `mov rax, why; ret`, or `ldr x0, why; ret; why`.
        let bytes = if cfg!(target_arch = "x86_64") {
            [&[0x48, 0xb8], &why.to_le_bytes()[..], &[0xc3]].concat()
        } else {
            let insns = [0x5800_0040_u32, 0xd65f_03c0].map(u32::to_le_bytes);
            [&insns.concat(), &why.to_le_bytes()[..]].concat()
        };
        Some(HostCode {
            bytes,
            accesses: Vec::new(),
            instructions: 2,
        })
    }
}

#[test]
fn a_compared_row_may_end_in_fencec() {
    let (common, start) = idle_in(Reach::Row, 4, Box::new(LeavesTheSecond));
    // Where a page begins, slots are looked for in any case.
    let start = start + 8;
    let fencec = crate::encoding::assemble("fencec 2").unwrap();
    common.window.store::<8>(start + 8, fencec).unwrap();
    let mut interpreter = Interpreter::new(common, StopHandle::default());
    interpreter.cpu_mut().ic = start;
    let pause = interpreter.run(&|ic| ic == start + 16).unwrap();
    assert_eq!(pause, Pause::Watched);
    assert_eq!(interpreter.cpu().ic, start + 16);
}

/// Makes code of so many bytes, and counts how often it is asked.
#[derive(Debug)]
struct Large(usize, Arc<AtomicUsize>);

/// A quarter of an arena.
const QUARTER: usize = 32 << 20;

// SAFETY: nobody enters the code.
unsafe impl Translator for Large {
    fn translate(&self, _: u64, _: Reach, _: &mut dyn InstructionSource) -> Option<HostCode> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Some(HostCode {
            bytes: vec![0xc3; self.0],
            accesses: Vec::new(),
            instructions: 1,
        })
    }
}

#[test]
fn code_gives_way_where_there_is_no_room() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (common, start) = idle_in(Reach::Row, 8, Box::new(Large(QUARTER, asked.clone())));
    let mut other = Interpreter::new(common.clone(), StopHandle::default());
    let mut interpreter = Interpreter::new(common, StopHandle::default());
    assert!(other.translate(start));
    let first = Arc::downgrade(other.arena.as_ref().unwrap());
    for index in 0..8 {
        assert!(interpreter.translate(start + 8 * index), "{index}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 8);
    // The newer arena has all the code now.
    assert_eq!(interpreter.entries.len(), 4);
    // The other thread has not come to a place where it sees that.
    assert_eq!(first.strong_count(), 1);
    assert!(other.translate(start + 8 * 7));
    assert_eq!(first.strong_count(), 0);
    assert_eq!(other.entries.len(), 1);
    assert_eq!(asked.load(Ordering::Relaxed), 8);
}

#[test]
fn code_without_room_is_interpreted_until_a_new_arena_pays() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (common, start) = idle(5, Box::new(Large(QUARTER, asked.clone())));
    let mut interpreter = Interpreter::new(common.clone(), StopHandle::default());
    let translations = common.translations.get().unwrap();
    translations.spend(Duration::from_secs(3600));
    let made = [0, 8, 16, 24, 32].map(|behind| interpreter.translate(start + behind));
    assert_eq!(made, [true, true, true, true, false]);
    // Code that is not made takes no time.
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    // Machine code that changes does not wait.
    interpreter.forget_code();
    assert!(interpreter.translate(start));
}

#[test]
fn a_full_arena_gives_way_in_time() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (common, start) = idle(5, Box::new(Large(QUARTER, asked)));
    let mut interpreter = Interpreter::new(common, StopHandle::default());
    for index in 0..4 {
        assert!(interpreter.translate(start + 8 * index), "{index}");
    }
    // It ends: nothing is spent meanwhile.
    while !interpreter.translate(start + 8 * 4) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(interpreter.entries.len(), 1);
}

#[test]
fn a_long_function_is_not_lost_where_a_short_one_has_room() {
    let asked = Arc::new(AtomicUsize::new(0));
    let third = QUARTER / 4 * 5;
    let (common, start) = idle_in(Reach::Row, 4, Box::new(Large(third, asked.clone())));
    let mut interpreter = Interpreter::new(common, StopHandle::default());
    for index in 0..4 {
        assert!(interpreter.translate(start + 8 * index), "{index}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    assert_eq!(interpreter.entries.len(), 1);
}

#[test]
fn code_goes_with_the_machine_code_that_it_was_made_of() {
    let (common, start) = idle(2, Box::new(Ends));
    let mut other = Interpreter::new(common.clone(), StopHandle::default());
    let mut interpreter = Interpreter::new(common, StopHandle::default());
    for round in 0..300 {
        assert!(interpreter.translate(start), "{round}");
        assert!(other.translate(start + 8), "{round}");
        let arena = Arc::downgrade(interpreter.arena.as_ref().unwrap());
        assert!(Arc::ptr_eq(
            other.arena.as_ref().unwrap(),
            &arena.upgrade().unwrap()
        ));
        interpreter.forget_code();
        // The other one may be in it.
        assert_eq!(arena.strong_count(), 1, "{round}");
        other.forget_own_code();
        assert_eq!(arena.strong_count(), 0, "{round}");
    }
}

#[test]
fn a_machine_that_has_translated_goes() {
    // More than there are arenas at a time.
    for round in 0..300 {
        let (common, start) = idle(1, Box::new(Ends));
        let mut interpreter = Interpreter::new(common.clone(), StopHandle::default());
        assert!(interpreter.translate(start), "{round}");
        let machine = Arc::downgrade(&common);
        drop((interpreter, common));
        assert_eq!(machine.strong_count(), 0, "{round}");
    }
}
