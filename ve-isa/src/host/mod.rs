//! Functions that machine code calls and the host provides.
//!
//! Each takes its arguments from the registers of the calling thread, as machine code passes them, and checks every
//! pointer: memory of machine code is reached through the window only. What they keep is in `process`.

mod call;
mod control;
mod ctype;
mod format;
mod heap;
mod jump;
mod memory;
mod number;
mod print;
mod stdio;
mod stdlib;
mod string;
mod syscall;
mod time;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::thread::HostFunction;

pub(crate) use syscall::system_call;

/// All functions, by area.
const TABLES: &[call::Table] = &[
    control::TABLE,
    ctype::TABLE,
    heap::TABLE,
    jump::TABLE,
    memory::TABLE,
    number::TABLE,
    print::TABLE,
    stdio::TABLE,
    stdlib::TABLE,
    string::TABLE,
    time::TABLE,
];

static FUNCTIONS: LazyLock<HashMap<&'static str, HostFunction>> =
    LazyLock::new(|| TABLES.iter().copied().flatten().copied().collect());

/// The function with this name.
#[must_use]
pub fn find(name: &str) -> Option<HostFunction> {
    FUNCTIONS.get(name).copied()
}
