//! Arguments and results, as machine code passes them.

use crate::memory::AccessError;
use crate::thread::Thread;
use crate::trap::TrapKind;

/// What a function of the host ends with.
pub(super) type Outcome = Result<(), TrapKind>;

/// The argument word with this number, of the first eight.
pub(super) fn word(thread: &Thread, number: usize) -> u64 {
    debug_assert!(number < 8);
    thread.registers().scalar(number)
}

/// Leaves a result word.
pub(super) fn result(thread: &mut Thread, value: u64) -> Outcome {
    thread.registers_mut().set_scalar(0, value);
    Ok(())
}

/// The trap of a pointer that leads nowhere.
pub(super) fn bad_pointer(name: &str, address: u64, cause: AccessError) -> TrapKind {
    let why = match cause {
        AccessError::Outside => "is not memory of the Vector Engine",
        AccessError::Unmapped => "is not mapped",
        AccessError::Protected => "is protected",
    };
    TrapKind::HostFunction {
        name: name.into(),
        why: format!("was given {address:#x}, which {why}"),
    }
}
