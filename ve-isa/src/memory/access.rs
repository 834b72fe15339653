//! The instructions of the host that touch VE memory.
//!
//! Each has an entry in a table: where it is, and where the host goes on if memory is not accessible there, with the reason in a
//! register that is 0 otherwise. So an access is one instruction in the middle of the code that wants it, and compilers need to save no
//! registers for it. The linker joins the entries of all code that it puts into one file, and names both ends of the table.

use std::arch::asm;

/// Why memory cannot be accessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessError {
    /// The address is not in the window.
    Outside,
    /// Nothing is mapped at the address.
    Unmapped,
    /// It is mapped, but not for this.
    Protected,
}

/// The page is not there.
pub(super) const UNMAPPED: u64 = 1;
/// The page is there, but not for this.
pub(super) const PROTECTED: u64 = 2;

/// The value of an access, if nothing failed.
#[inline(always)]
fn unless<T>(failure: u64, value: T) -> Result<T, AccessError> {
    if failure == 0 {
        Ok(value)
    } else {
        Err(reason(failure))
    }
}

#[cold]
fn reason(failure: u64) -> AccessError {
    if failure == PROTECTED {
        AccessError::Protected
    } else {
        AccessError::Unmapped
    }
}

/// An entry of the table. Both are distances from where they stand themselves.
#[repr(C)]
struct FaultEntry {
    instruction: i32,
    goes_on: i32,
}

/// The entry for the instruction at a label. After a fault the host goes on at the label 9.
macro_rules! entry {
    ($label:literal) => {
        concat!(
            ".pushsection ve_isa_faults, \"aR\", @progbits\n",
            ".balign 4\n",
            ".long ",
            $label,
            "b - .\n",
            ".long 9f - .\n",
            ".popsection"
        )
    };
}

unsafe extern "C" {
    #[link_name = "__start_ve_isa_faults"]
    static FIRST: FaultEntry;
    #[link_name = "__stop_ve_isa_faults"]
    static END: FaultEntry;
}

/// The address at which a faulting access goes on, if the host was at `pc` in one.
pub(super) fn fail(pc: u64) -> Option<u64> {
    // SAFETY: an instruction that does nothing. Its entry is there so that there is a table where no other access is.
    unsafe {
        asm!(
            "2: nop",
            entry!("2"),
            "9:",
            options(nomem, nostack, preserves_flags)
        )
    };
    let (mut entry, end) = (&raw const FIRST, &raw const END);
    while entry < end {
        // SAFETY: it lies in the table, which holds nothing but entries and does not change.
        let FaultEntry {
            instruction,
            goes_on,
        } = unsafe { entry.read() };
        let at = entry as u64;
        if at.wrapping_add_signed(instruction.into()) == pc {
            return Some((at + 4).wrapping_add_signed(goes_on.into()));
        }
        entry = entry.wrapping_add(1);
    }
    None
}

/// Reads 1, 2, 4 or 8 bytes. Other sizes read 8.
///
/// # Safety
/// A fault at the address is recovered, and what is there is not a Rust value, except one that the caller may read.
#[inline(always)]
pub(super) unsafe fn load<const SIZE: u64>(address: u64) -> Result<u64, AccessError> {
    macro_rules! load {
        ($x86_64:literal, $aarch64:literal) => {{
            let (value, failure);
            // SAFETY: the instruction reads from the address, which this function's caller answers for.
            #[cfg(target_arch = "x86_64")]
            unsafe {
                asm!(
                    "xor edx, edx",
                    concat!("2: ", $x86_64),
                    entry!("2"),
                    "9:",
                    address = in(reg) address,
                    value = lateout(reg) value,
                    out("rdx") failure,
                    options(readonly, nostack)
                );
            }
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            unsafe {
                asm!(
                    "mov x1, 0",
                    concat!("2: ", $aarch64),
                    entry!("2"),
                    "9:",
                    address = in(reg) address,
                    value = lateout(reg) value,
                    out("x1") failure,
                    options(readonly, nostack, preserves_flags)
                );
            }
            unless(failure, value)
        }};
    }
    match SIZE {
        1 => load!(
            "movzx {value:e}, byte ptr [{address}]",
            "ldrb {value:w}, [{address}]"
        ),
        2 => load!(
            "movzx {value:e}, word ptr [{address}]",
            "ldrh {value:w}, [{address}]"
        ),
        4 => load!(
            "mov {value:e}, dword ptr [{address}]",
            "ldr {value:w}, [{address}]"
        ),
        _ => load!(
            "mov {value}, qword ptr [{address}]",
            "ldr {value}, [{address}]"
        ),
    }
}

/// Writes 1, 2, 4 or 8 bytes. Other sizes write 8.
///
/// # Safety
/// As for [`load`], and what is there may change.
#[inline(always)]
pub(super) unsafe fn store<const SIZE: u64>(address: u64, value: u64) -> Result<(), AccessError> {
    macro_rules! store {
        ($x86_64:literal, $aarch64:literal) => {{
            let failure;
            // SAFETY: the instruction writes to the address, which this function's caller answers for.
            #[cfg(target_arch = "x86_64")]
            unsafe {
                asm!(
                    "xor edx, edx",
                    concat!("2: ", $x86_64),
                    entry!("2"),
                    "9:",
                    address = in(reg) address,
                    value = in(reg) value,
                    out("rdx") failure,
                    options(nostack)
                );
            }
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            unsafe {
                asm!(
                    "mov x1, 0",
                    concat!("2: ", $aarch64),
                    entry!("2"),
                    "9:",
                    address = in(reg) address,
                    value = in(reg) value,
                    out("x1") failure,
                    options(nostack, preserves_flags)
                );
            }
            unless(failure, ())
        }};
    }
    match SIZE {
        1 => store!(
            "mov byte ptr [{address}], {value:l}",
            "strb {value:w}, [{address}]"
        ),
        2 => store!(
            "mov word ptr [{address}], {value:x}",
            "strh {value:w}, [{address}]"
        ),
        4 => store!(
            "mov dword ptr [{address}], {value:e}",
            "str {value:w}, [{address}]"
        ),
        _ => store!(
            "mov qword ptr [{address}], {value}",
            "str {value}, [{address}]"
        ),
    }
}

/// Writes `new` if 4 or 8 bytes are as expected, and returns what they were. It is atomic and in one order with all others.
///
/// # Safety
/// As for [`store`]. The address is a multiple of the size.
#[inline(always)]
pub(super) unsafe fn swap<const SIZE: u64>(
    address: u64,
    expected: u64,
    new: u64,
) -> Result<u64, AccessError> {
    macro_rules! swap {
        ($x86_64:literal, $load:literal, $compare:literal, $store:literal) => {{
            let (before, failure): (u64, u64);
            // SAFETY: the instruction works on the address, which this function's caller answers for.
            #[cfg(target_arch = "x86_64")]
            unsafe {
                asm!(
                    "xor edx, edx",
                    concat!("2: ", $x86_64),
                    entry!("2"),
                    "9:",
                    address = in(reg) address,
                    new = in(reg) new,
                    inout("rax") expected => before,
                    out("rdx") failure,
                    options(nostack)
                );
            }
            // SAFETY: as above. Both exclusives give way to a thread that was faster.
            #[cfg(target_arch = "aarch64")]
            unsafe {
                asm!(
                    "mov x1, 0",
                    concat!("2: ", $load),
                    $compare,
                    "b.ne 4f",
                    concat!("3: ", $store),
                    "cbnz {status:w}, 2b",
                    "4: dmb ish",
                    entry!("2"),
                    entry!("3"),
                    "9:",
                    address = in(reg) address,
                    expected = in(reg) expected,
                    new = in(reg) new,
                    before = out(reg) before,
                    status = out(reg) _,
                    out("x1") failure,
                    options(nostack)
                );
            }
            unless(failure, before)
        }};
    }
    match SIZE {
        4 => swap!(
            "lock cmpxchg dword ptr [{address}], {new:e}",
            "ldaxr {before:w}, [{address}]",
            "cmp {before:w}, {expected:w}",
            "stlxr {status:w}, {new:w}, [{address}]"
        ),
        _ => swap!(
            "lock cmpxchg qword ptr [{address}], {new}",
            "ldaxr {before}, [{address}]",
            "cmp {before}, {expected}",
            "stlxr {status:w}, {new}, [{address}]"
        ),
    }
}

/// Copies bytes, upwards. Bytes that were copied before a fault stay copied.
///
/// # Safety
/// As for [`load`] and [`store`], for the whole length.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) unsafe fn copy(to: u64, from: u64, length: u64) -> Result<(), AccessError> {
    let failure;
    // SAFETY: the instruction works on the two ranges, which this function's caller answers for.
    unsafe {
        asm!(
            "xor edx, edx",
            "2: rep movsb",
            entry!("2"),
            "9:",
            inout("rdi") to => _,
            inout("rsi") from => _,
            inout("rcx") length => _,
            out("rdx") failure,
            options(nostack)
        );
    }
    unless(failure, ())
}

/// Copies words of 8 bytes, upwards, as [`copy`] does. For the 2 KiB of a vector register its loop takes half the time.
///
/// # Safety
/// As for [`copy`].
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) unsafe fn copy_words(to: u64, from: u64, words: u64) -> Result<(), AccessError> {
    // Four wide registers at a time, then the rest word by word.
    macro_rules! copy {
        ($register:literal, $bytes:literal, $words:literal) => {{
            let failure;
            // SAFETY: the instructions work on the two ranges, which this function's caller answers for; the CPU has them.
            unsafe {
                asm!(
                    "xor edx, edx",
                    "sub {words}, {block}",
                    "jb 7f",
                    "6:",
                    concat!("2: vmovups ", $register, "0, [{from}]"),
                    entry!("2"),
                    concat!("2: vmovups ", $register, "1, [{from} + ", $bytes, "]"),
                    entry!("2"),
                    concat!("2: vmovups ", $register, "2, [{from} + 2 * ", $bytes, "]"),
                    entry!("2"),
                    concat!("2: vmovups ", $register, "3, [{from} + 3 * ", $bytes, "]"),
                    entry!("2"),
                    concat!("2: vmovups [{to}], ", $register, "0"),
                    entry!("2"),
                    concat!("2: vmovups [{to} + ", $bytes, "], ", $register, "1"),
                    entry!("2"),
                    concat!("2: vmovups [{to} + 2 * ", $bytes, "], ", $register, "2"),
                    entry!("2"),
                    concat!("2: vmovups [{to} + 3 * ", $bytes, "], ", $register, "3"),
                    entry!("2"),
                    concat!("add {from}, 4 * ", $bytes),
                    concat!("add {to}, 4 * ", $bytes),
                    "sub {words}, {block}",
                    "jae 6b",
                    "7:",
                    "add {words}, {block}",
                    "jz 9f",
                    "8:",
                    "2: mov {word}, [{from}]",
                    entry!("2"),
                    "2: mov [{to}], {word}",
                    entry!("2"),
                    "add {from}, 8",
                    "add {to}, 8",
                    "dec {words}",
                    "jnz 8b",
                    "9: vzeroupper",
                    to = inout(reg) to => _,
                    from = inout(reg) from => _,
                    words = inout(reg) words => _,
                    word = out(reg) _,
                    block = const 4 * $words,
                    out("rdx") failure,
                    out("xmm0") _,
                    out("xmm1") _,
                    out("xmm2") _,
                    out("xmm3") _,
                    // These are not used, but `vzeroupper` clears their upper parts, too.
                    out("xmm4") _,
                    out("xmm5") _,
                    out("xmm6") _,
                    out("xmm7") _,
                    out("xmm8") _,
                    out("xmm9") _,
                    out("xmm10") _,
                    out("xmm11") _,
                    out("xmm12") _,
                    out("xmm13") _,
                    out("xmm14") _,
                    out("xmm15") _,
                    options(nostack)
                );
            }
            unless(failure, ())
        }};
    }
    if is_x86_feature_detected!("avx512f") {
        copy!("zmm", "64", 8)
    } else if is_x86_feature_detected!("avx") {
        copy!("ymm", "32", 4)
    } else {
        // SAFETY: as this function's own.
        unsafe { copy(to, from, 8 * words) }
    }
}

/// Copies bytes, upwards. Bytes that were copied before a fault stay copied.
///
/// # Safety
/// As for [`load`] and [`store`], for the whole length.
#[cfg(target_arch = "aarch64")]
#[inline]
pub(super) unsafe fn copy(to: u64, from: u64, length: u64) -> Result<(), AccessError> {
    let failure;
    // SAFETY: the instructions work on the two ranges, which this function's caller answers for.
    unsafe {
        asm!(
            "mov x1, 0",
            "cbz {length}, 9f",
            "4:",
            "2: ldrb {byte:w}, [{from}], 1",
            "3: strb {byte:w}, [{to}], 1",
            "subs {length}, {length}, 1",
            "b.ne 4b",
            entry!("2"),
            entry!("3"),
            "9:",
            to = inout(reg) to => _,
            from = inout(reg) from => _,
            length = inout(reg) length => _,
            byte = out(reg) _,
            out("x1") failure,
            options(nostack)
        );
    }
    unless(failure, ())
}

/// Copies words of 8 bytes, upwards, as [`copy`] does.
///
/// # Safety
/// As for [`copy`].
#[cfg(target_arch = "aarch64")]
#[inline]
pub(super) unsafe fn copy_words(to: u64, from: u64, words: u64) -> Result<(), AccessError> {
    let failure;
    // SAFETY: the instructions work on the two ranges, which this function's caller answers for.
    unsafe {
        asm!(
            "mov x1, 0",
            "subs {words}, {words}, 2",
            "b.lo 5f",
            "4:",
            "2: ldp {word}, {other}, [{from}], 16",
            "3: stp {word}, {other}, [{to}], 16",
            "subs {words}, {words}, 2",
            "b.hs 4b",
            "5:",
            entry!("2"),
            entry!("3"),
            "tbz {words}, 0, 9f",
            "2: ldr {word}, [{from}]",
            "3: str {word}, [{to}]",
            entry!("2"),
            entry!("3"),
            "9:",
            to = inout(reg) to => _,
            from = inout(reg) from => _,
            words = inout(reg) words => _,
            word = out(reg) _,
            other = out(reg) _,
            out("x1") failure,
            options(nostack)
        );
    }
    unless(failure, ())
}
