//! The instructions of the host that touch VE memory.
//!
//! They stand together between two labels. Each is a function without a frame that touches memory in one instruction, so a
//! fault in any of them ends at the same place: [`fail`], with the reason in a register and the stack as it was.

use std::arch::global_asm;

/// Why memory cannot be accessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessError {
    /// The address is not in the window.
    Outside,
    /// Nothing is mapped there.
    Unmapped,
    /// It is mapped, but not for this.
    Protected,
}

/// What an access function returns: the value, and 0 or the reason of a failure.
#[repr(C)]
pub(super) struct Answer {
    value: u64,
    failure: u64,
}

/// The page is not there.
pub(super) const UNMAPPED: u64 = 1;
/// The page is there, but not for this.
pub(super) const PROTECTED: u64 = 2;

impl Answer {
    #[inline(always)]
    pub(super) fn value(self) -> Result<u64, AccessError> {
        if self.failure == 0 {
            Ok(self.value)
        } else {
            Err(self.reason())
        }
    }

    #[cold]
    fn reason(&self) -> AccessError {
        if self.failure == PROTECTED {
            AccessError::Protected
        } else {
            AccessError::Unmapped
        }
    }
}

// The unusual names are those of the linker, so each begins with the crate's.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".pushsection .text.ve_isa_access, \"ax\", @progbits",
    ".macro ve_isa_function name",
    ".balign 16",
    ".globl \\name",
    ".hidden \\name",
    ".type \\name, @function",
    "\\name:",
    ".endm",
    "ve_isa_function ve_isa_begin",
    "ve_isa_function ve_isa_load1",
    "xor edx, edx",
    "movzx eax, byte ptr [rdi]",
    "ret",
    "ve_isa_function ve_isa_load2",
    "xor edx, edx",
    "movzx eax, word ptr [rdi]",
    "ret",
    "ve_isa_function ve_isa_load4",
    "xor edx, edx",
    "mov eax, dword ptr [rdi]",
    "ret",
    "ve_isa_function ve_isa_load8",
    "xor edx, edx",
    "mov rax, qword ptr [rdi]",
    "ret",
    "ve_isa_function ve_isa_store1",
    "xor edx, edx",
    "mov byte ptr [rdi], sil",
    "ret",
    "ve_isa_function ve_isa_store2",
    "xor edx, edx",
    "mov word ptr [rdi], si",
    "ret",
    "ve_isa_function ve_isa_store4",
    "xor edx, edx",
    "mov dword ptr [rdi], esi",
    "ret",
    "ve_isa_function ve_isa_store8",
    "xor edx, edx",
    "mov qword ptr [rdi], rsi",
    "ret",
    // (address, expected, new): the value before.
    "ve_isa_function ve_isa_swap4",
    "mov rax, rsi",
    "mov r8, rdx",
    "xor edx, edx",
    "lock cmpxchg dword ptr [rdi], r8d",
    "ret",
    "ve_isa_function ve_isa_swap8",
    "mov rax, rsi",
    "mov r8, rdx",
    "xor edx, edx",
    "lock cmpxchg qword ptr [rdi], r8",
    "ret",
    // (to, from, length)
    "ve_isa_function ve_isa_copy",
    "mov rcx, rdx",
    "xor edx, edx",
    "xor eax, eax",
    "cld",
    "rep movsb",
    "ret",
    "ve_isa_function ve_isa_fail",
    "ret",
    "ve_isa_function ve_isa_end",
    ".purgem ve_isa_function",
    ".popsection",
);

#[cfg(target_arch = "aarch64")]
global_asm!(
    ".pushsection .text.ve_isa_access, \"ax\", @progbits",
    ".macro ve_isa_function name",
    ".balign 16",
    ".globl \\name",
    ".hidden \\name",
    ".type \\name, @function",
    "\\name:",
    ".endm",
    "ve_isa_function ve_isa_begin",
    "ve_isa_function ve_isa_load1",
    "ldrb w0, [x0]",
    "mov x1, 0",
    "ret",
    "ve_isa_function ve_isa_load2",
    "ldrh w0, [x0]",
    "mov x1, 0",
    "ret",
    "ve_isa_function ve_isa_load4",
    "ldr w0, [x0]",
    "mov x1, 0",
    "ret",
    "ve_isa_function ve_isa_load8",
    "ldr x0, [x0]",
    "mov x1, 0",
    "ret",
    "ve_isa_function ve_isa_store1",
    "strb w1, [x0]",
    "mov x1, 0",
    "ret",
    "ve_isa_function ve_isa_store2",
    "strh w1, [x0]",
    "mov x1, 0",
    "ret",
    "ve_isa_function ve_isa_store4",
    "str w1, [x0]",
    "mov x1, 0",
    "ret",
    "ve_isa_function ve_isa_store8",
    "str x1, [x0]",
    "mov x1, 0",
    "ret",
    // (address, expected, new): the value before. Both exclusives give way to a thread that was faster.
    "ve_isa_function ve_isa_swap4",
    "2: ldaxr w3, [x0]",
    "cmp w3, w1",
    "b.ne 3f",
    "stlxr w4, w2, [x0]",
    "cbnz w4, 2b",
    "3: dmb ish",
    "mov w0, w3",
    "mov x1, 0",
    "ret",
    "ve_isa_function ve_isa_swap8",
    "2: ldaxr x3, [x0]",
    "cmp x3, x1",
    "b.ne 3f",
    "stlxr w4, x2, [x0]",
    "cbnz w4, 2b",
    "3: dmb ish",
    "mov x0, x3",
    "mov x1, 0",
    "ret",
    // (to, from, length)
    "ve_isa_function ve_isa_copy",
    "2: cmp x2, 8",
    "b.lo 3f",
    "ldr x3, [x1], 8",
    "str x3, [x0], 8",
    "sub x2, x2, 8",
    "b 2b",
    "3: cbz x2, 4f",
    "ldrb w3, [x1], 1",
    "strb w3, [x0], 1",
    "sub x2, x2, 1",
    "b 3b",
    "4: mov x1, 0",
    "ret",
    "ve_isa_function ve_isa_fail",
    "ret",
    "ve_isa_function ve_isa_end",
    ".purgem ve_isa_function",
    ".popsection",
);

unsafe extern "C" {
    fn ve_isa_begin();
    fn ve_isa_end();
    fn ve_isa_fail();
    fn ve_isa_load1(address: u64) -> Answer;
    fn ve_isa_load2(address: u64) -> Answer;
    fn ve_isa_load4(address: u64) -> Answer;
    fn ve_isa_load8(address: u64) -> Answer;
    fn ve_isa_store1(address: u64, value: u64) -> Answer;
    fn ve_isa_store2(address: u64, value: u64) -> Answer;
    fn ve_isa_store4(address: u64, value: u64) -> Answer;
    fn ve_isa_store8(address: u64, value: u64) -> Answer;
    fn ve_isa_swap4(address: u64, expected: u64, new: u64) -> Answer;
    fn ve_isa_swap8(address: u64, expected: u64, new: u64) -> Answer;
    fn ve_isa_copy(to: u64, from: u64, length: u64) -> Answer;
}

/// Where a faulting access goes on, if the host was at `pc` in one.
pub(super) fn fail(pc: u64) -> Option<u64> {
    let inside = ve_isa_begin as *const () as u64..ve_isa_end as *const () as u64;
    inside
        .contains(&pc)
        .then_some(ve_isa_fail as *const () as u64)
}

/// Reads 1, 2, 4 or 8 bytes. Other sizes read 8.
///
/// # Safety
/// A fault at the address is recovered, and what is there is not a Rust value, except one that the caller may read.
#[inline(always)]
pub(super) unsafe fn load<const SIZE: u64>(address: u64) -> Answer {
    // SAFETY: as this function's own.
    unsafe {
        match SIZE {
            1 => ve_isa_load1(address),
            2 => ve_isa_load2(address),
            4 => ve_isa_load4(address),
            _ => ve_isa_load8(address),
        }
    }
}

/// Writes 1, 2, 4 or 8 bytes. Other sizes write 8.
///
/// # Safety
/// As for [`load`], and what is there may change.
#[inline(always)]
pub(super) unsafe fn store<const SIZE: u64>(address: u64, value: u64) -> Answer {
    // SAFETY: as this function's own.
    unsafe {
        match SIZE {
            1 => ve_isa_store1(address, value),
            2 => ve_isa_store2(address, value),
            4 => ve_isa_store4(address, value),
            _ => ve_isa_store8(address, value),
        }
    }
}

/// Writes `new` if 4 or 8 bytes are as expected, and returns what they were. It is atomic and in one order with all others.
///
/// # Safety
/// As for [`store`]. The address is a multiple of the size.
#[inline(always)]
pub(super) unsafe fn swap<const SIZE: u64>(address: u64, expected: u64, new: u64) -> Answer {
    // SAFETY: as this function's own.
    unsafe {
        match SIZE {
            4 => ve_isa_swap4(address, expected, new),
            _ => ve_isa_swap8(address, expected, new),
        }
    }
}

/// Copies bytes, upwards. What was copied before a fault stays copied.
///
/// # Safety
/// As for [`load`] and [`store`], for the whole length.
#[inline(always)]
pub(super) unsafe fn copy(to: u64, from: u64, length: u64) -> Answer {
    // SAFETY: as this function's own.
    unsafe { ve_isa_copy(to, from, length) }
}
