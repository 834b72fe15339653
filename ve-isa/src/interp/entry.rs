//! The ways between the interpreter and code of the host.

use std::arch::naked_asm;
use std::sync::Arc;

use super::common::Common;
use super::dispatch;
use super::run::{Fuel, LEAVE, Leave, Link, Run, Slot};
use super::translator::{InstructionSource, exit};
use crate::encoding::{Insn, Op, decode};
use crate::memory::Window;

/// Why code of the host has ended.
pub(super) enum Exit {
    GoOn(u64),
    Left,
    Interpret(u64),
    /// IC is where the jump is.
    Jump(u64),
}

/// Executes code of the host for the instructions at IC.
///
/// It has returned before a function of the host is called, so there is never more than one such call on the stack of a thread.
///
/// # Safety
/// The code is that of a [`CodeEntry`](super::translator::CodeEntry) of this state's machine, and the caller holds the place of its arena
/// until this returns.
pub(super) unsafe fn enter(run: &mut Run, code: u64) -> Exit {
    // SAFETY: the held place keeps the code. It was made for this machine and does what `HostCode` says: it stays within the fields of the
    // thread's state and memory of the window.
    let why = unsafe { call(run, code) };
    run.settle_overflow();
    match why & 7 {
        exit::LEFT => Exit::Left,
        exit::INTERPRET => Exit::Interpret(why & !7),
        exit::JUMP => Exit::Jump(run.translated.target),
        _ => Exit::GoOn(why & !7),
    }
}

/// Calls code of the host, which saves no registers.
///
/// # Safety
/// The code does what `HostCode` says, for this state.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "sysv64" fn call(run: &mut Run, code: u64) -> u64 {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "mov rax, rsi",
        "xor esi, esi",
        "call rax",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

/// Calls code of the host, which saves no registers.
///
/// # Safety
/// The code does what `HostCode` says, for this state.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn call(run: &mut Run, code: u64) -> u64 {
    naked_asm!(
        "stp x29, x30, [sp, -160]!",
        "mov x29, sp",
        "stp x19, x20, [sp, 16]",
        "stp x21, x22, [sp, 32]",
        "stp x23, x24, [sp, 48]",
        "stp x25, x26, [sp, 64]",
        "stp x27, x28, [sp, 80]",
        "stp d8, d9, [sp, 96]",
        "stp d10, d11, [sp, 112]",
        "stp d12, d13, [sp, 128]",
        "stp d14, d15, [sp, 144]",
        // The code may have been written since the processor looked there last.
        "isb",
        "mov x2, x1",
        "mov x1, xzr",
        "blr x2",
        "ldp x19, x20, [sp, 16]",
        "ldp x21, x22, [sp, 32]",
        "ldp x23, x24, [sp, 48]",
        "ldp x25, x26, [sp, 64]",
        "ldp x27, x28, [sp, 80]",
        "ldp d8, d9, [sp, 96]",
        "ldp d10, d11, [sp, 112]",
        "ldp d12, d13, [sp, 128]",
        "ldp d14, d15, [sp, 144]",
        "ldp x29, x30, [sp], 160",
        "ret",
    )
}

/// Executes one instruction for code of the host. The result is the address of the state, or 0 if the instruction leads elsewhere than to the
/// next one.
///
/// # Safety
/// The state is that of the thread that calls, and nobody else's reference leads to it. The slot is one that [`CodeWords::interpreted`] has
/// made.
pub(super) unsafe extern "C" fn interpret(run: *mut Run, slot: *const Slot) -> u64 {
    // SAFETY: code of the host has nothing but these two pointers, and the slot stays as long as the code.
    let (state, slot) = unsafe { (&mut *run, &*slot) };
    state.settle_overflow();
    if slot.execute(state, 0) == LEAVE {
        return 0;
    }
    run as u64
}

/// Stands for the instruction in a slot that code of the host has been made for.
pub(super) fn translated(run: &mut Run, slot: &Slot, fuel: Fuel) -> Link {
    if run.host_floats {
        return run.leave_for(slot, Leave::Translated);
    }
    // The code takes for granted that PSW is plain.
    dispatch::handler(&slot.insn)(run, slot, fuel)
}

/// The machine code of a machine, for a translator.
#[derive(Debug)]
pub(super) struct CodeWords {
    common: Arc<Common>,
    /// Each with one behind it, which no instruction asks for.
    slots: Vec<Vec<Slot>>,
}

impl CodeWords {
    pub(super) fn new(common: Arc<Common>) -> Self {
        Self {
            common,
            slots: Vec::new(),
        }
    }

    /// The slots that code of the host uses. They lead to nothing that leads to the code, so that a machine can go.
    pub(super) fn into_kept(self) -> Vec<Vec<Slot>> {
        self.slots
    }
}

impl InstructionSource for CodeWords {
    fn instruction(&mut self, address: u64) -> Option<Insn> {
        if !address.is_multiple_of(8) || !self.common.executable.contains(address, 8) {
            return None;
        }
        decode(self.common.window.load::<8>(address).ok()?)
    }

    fn window(&self) -> &Window {
        &self.common.window
    }

    fn interpreted(&mut self, address: u64, insn: &Insn) -> Option<u64> {
        use Op::{BD, BL, BS, BW, BrD, BrL, BrS, BrW, Bsic};
        if matches!(insn.op(), BrL | BrW | BrD | BrS | BL | BW | BD | BS | Bsic) {
            return None;
        }
        let handler = dispatch::handler(insn);
        let slot = |ic| {
            // SAFETY: it is executed by `interpret`, without fuel, and so asks for no next one. The next one is there all the same.
            unsafe { Slot::new(handler, *insn, ic) }
        };
        let slots = vec![slot(address), slot(address + 8)];
        let place = slots.as_ptr().expose_provenance();
        self.slots.push(slots);
        // Several threads may execute it at a time: none changes it, since only branches note something in their slot.
        Some(place as u64)
    }
}
