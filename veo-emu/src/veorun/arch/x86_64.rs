//! x86-64, System V: calls, copies that may fault, and the registers of a fault.

use std::arch::{asm, naked_asm};
use std::mem::offset_of;

use veo_abi::hmem;

use super::Frame;

/// Registers for integer arguments.
pub(in crate::veorun) const INTEGERS: usize = 6;

// The places that the assembly knows.
const _: () = {
    assert!(offset_of!(Frame, function) == 0 && offset_of!(Frame, stack) == 8);
    assert!(offset_of!(Frame, stack_len) == 16 && offset_of!(Frame, integers) == 24);
    assert!(offset_of!(Frame, floats) == 72 && offset_of!(Frame, result_integer) == 136);
    assert!(offset_of!(Frame, result_float) == 144);
};

/// Loads registers and stack, calls, stores the results. It has no unwind
/// information on purpose: an exception that leaves a kernel ends there.
#[unsafe(naked)]
pub(in crate::veorun) unsafe extern "C" fn invoke(frame: *mut Frame) {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "mov rbx, rdi",
        // Room for the words on the stack, kept 16-byte aligned.
        "mov rcx, [rbx + 16]",
        "lea rax, [rcx + 1]",
        "and rax, -2",
        "shl rax, 3",
        "sub rsp, rax",
        "mov rsi, [rbx + 8]",
        // A loop, since most calls have a few words here at most, where `rep` is slow.
        "jmp 3f",
        "2:",
        "mov rax, [rsi + 8 * rcx]",
        "mov [rsp + 8 * rcx], rax",
        "3:",
        "sub rcx, 1",
        "jnc 2b",
        "cld",
        "movq xmm0, [rbx + 72]",
        "movq xmm1, [rbx + 80]",
        "movq xmm2, [rbx + 88]",
        "movq xmm3, [rbx + 96]",
        "movq xmm4, [rbx + 104]",
        "movq xmm5, [rbx + 112]",
        "movq xmm6, [rbx + 120]",
        "movq xmm7, [rbx + 128]",
        "mov rdi, [rbx + 24]",
        "mov rsi, [rbx + 32]",
        "mov rdx, [rbx + 40]",
        "mov rcx, [rbx + 48]",
        "mov r8, [rbx + 56]",
        "mov r9, [rbx + 64]",
        // A variadic function wants to know how many vector registers are used.
        "mov eax, 8",
        "call [rbx]",
        // Copies of ours would run backwards if a kernel has left them so.
        "cld",
        "mov [rbx + 136], rax",
        "movq [rbx + 144], xmm0",
        "lea rsp, [rbp - 16]",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

/// Copies bytes upwards and returns 0. A fault in it is turned into a return of 1.
#[unsafe(naked)]
pub(in crate::veorun) unsafe extern "C" fn copy_bytes(
    dst: *mut u8,
    src: *const u8,
    len: usize,
) -> u64 {
    naked_asm!("mov rcx, rdx", "xor eax, eax", "cld", "rep movsb", "ret")
}

/// Makes the interrupted leaf function, which has pushed nothing, return `value`.
///
/// # Safety
///
/// The context was interrupted inside such a function.
pub(in crate::veorun) unsafe fn return_from_leaf(context: *mut libc::ucontext_t, value: u64) {
    // SAFETY: the caller says what was interrupted, so the stack pointer points
    // to the return address.
    unsafe {
        let registers = &mut (*context).uc_mcontext.gregs;
        let stack = registers[libc::REG_RSP as usize] as *const i64;
        registers[libc::REG_RIP as usize] = *stack;
        registers[libc::REG_RSP as usize] += 8;
        registers[libc::REG_RAX as usize] = value as i64;
    }
}

/// The program counter of an interrupted context.
///
/// # Safety
///
/// The context is one that the kernel passed to a handler.
pub(in crate::veorun) unsafe fn place(context: *mut libc::ucontext_t) -> u64 {
    // SAFETY: the caller vouches for the context.
    unsafe { (*context).uc_mcontext.gregs[libc::REG_RIP as usize] as u64 }
}

/// The stack pointer of an interrupted context.
///
/// # Safety
///
/// The context is one that the kernel passed to a handler.
pub(in crate::veorun) unsafe fn stack_pointer(context: *mut libc::ucontext_t) -> u64 {
    // SAFETY: the caller vouches for the context.
    unsafe { (*context).uc_mcontext.gregs[libc::REG_RSP as usize] as u64 }
}

/// The address that a function returns to that has just been called. `read` gives the word
/// at an address, if it is mapped.
///
/// # Safety
///
/// The context is one that the kernel passed to a handler.
pub(in crate::veorun) unsafe fn return_address(
    context: *mut libc::ucontext_t,
    read: impl FnOnce(u64) -> Option<u64>,
) -> Option<u64> {
    // SAFETY: the caller vouches for the context.
    let stack = unsafe { (*context).uc_mcontext.gregs[libc::REG_RSP as usize] };
    read(stack as u64)
}

/// Lets floating-point exceptions of the calling thread raise SIGFPE. The bits are
/// those of `traps`, which are this machine's own.
pub(in crate::veorun) fn enable_traps(bits: u32) {
    let mut vector = 0u32;
    let mut x87 = 0u16;
    // SAFETY: storing control words changes nothing.
    unsafe {
        asm!("stmxcsr [{}]", in(reg) &raw mut vector);
        asm!("fnstcw [{}]", in(reg) &raw mut x87);
    }
    vector &= !(bits << 7);
    x87 &= !(bits as u16);
    // SAFETY: only mask bits are cleared; the exceptions they let through are the
    // kernels', since nothing of ours computes with floating point.
    unsafe {
        asm!("ldmxcsr [{}]", in(reg) &raw const vector);
        asm!("fldcw [{}]", in(reg) &raw const x87);
    }
}

/// Lets no floating-point exception of the calling thread raise SIGFPE, and forgets those that have happened.
pub(in crate::veorun) fn disable_traps() {
    static NOTHING_TRAPS: u32 = 0x1f80;
    // SAFETY: the vector unit gets the control word that programs begin with. `fnclex` drops exceptions of the x87 unit, and the control word
    // that is stored, changed and loaded has all masks set.
    unsafe {
        asm!("ldmxcsr [{}]", in(reg) &raw const NOTHING_TRAPS);
        let mut x87 = 0u16;
        asm!("fnclex", "fnstcw [{}]", in(reg) &raw mut x87);
        x87 |= 0x3f;
        asm!("fldcw [{}]", in(reg) &raw const x87);
    }
}

/// The register with an address of the VE that still has its tag, if there is one.
///
/// # Safety
///
/// The context is one that the kernel passed to a handler.
pub(in crate::veorun) unsafe fn tagged_address(context: *mut libc::ucontext_t) -> Option<u64> {
    let general = libc::REG_R8 as usize..=libc::REG_RCX as usize;
    // SAFETY: the caller vouches for the context.
    let registers = unsafe { (*context).uc_mcontext.gregs };
    registers[general]
        .iter()
        .map(|word| *word as u64)
        .find(|word| hmem::is_tagged_address(*word))
}
