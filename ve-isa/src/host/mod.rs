//! Functions that machine code calls and the host provides.
//!
//! Each takes its arguments from the registers of the calling thread, as machine code passes them, and checks every
//! pointer: memory of machine code is reached through the window only. Their state is in `process`.

mod aliases;
mod arrived;
mod atomic;
mod attributes;
mod beneath;
mod builtins;
mod call;
mod complex;
mod control;
mod ctype;
mod descriptors;
mod digits;
mod directories;
mod error_messages;
mod fenv;
mod format;
mod glob;
mod heap;
mod integers;
mod jump;
mod links;
mod locale;
mod locked;
mod locks;
mod maps;
mod math;
mod memory;
mod memory_streams;
mod narrow;
mod number;
mod openmp;
mod options;
mod patterns;
mod posix;
mod print;
mod processes;
mod quad;
mod quad_complex;
mod quad_math;
mod random;
mod regex;
mod scan;
mod search;
mod signals;
mod sorting;
mod stdio;
mod stdlib;
mod string;
mod sync;
mod syscall;
mod system;
mod threads;
mod time;
mod users;
mod walk;
mod wide;
mod zone;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::thread::HostFunction;

pub(crate) use signals::take_signals;
pub(crate) use syscall::system_call;

/// All functions, by area.
const TABLES: &[call::Table] = &[
    atomic::UPDATES,
    atomic::OTHERS,
    attributes::TABLE,
    beneath::TABLE,
    builtins::CHECKED,
    builtins::PURE,
    complex::NUMBERS,
    complex::OTHERS,
    control::TABLE,
    ctype::TABLE,
    descriptors::TABLE,
    digits::TABLE,
    directories::TABLE,
    error_messages::TABLE,
    fenv::TABLE,
    glob::TABLE,
    heap::TABLE,
    integers::TABLE,
    jump::TABLE,
    links::TABLE,
    locked::TABLE,
    locks::TABLE,
    locale::TABLE,
    maps::TABLE,
    math::NUMBERS,
    math::OTHERS,
    memory::TABLE,
    narrow::TABLE,
    number::TABLE,
    openmp::TABLE,
    options::TABLE,
    patterns::TABLE,
    posix::TABLE,
    print::TABLE,
    processes::TABLE,
    quad::TABLE,
    quad_complex::TABLE,
    quad_math::NUMBERS,
    quad_math::OTHERS,
    random::TABLE,
    regex::TABLE,
    scan::TABLE,
    search::TABLE,
    signals::TABLE,
    sorting::TABLE,
    stdio::TABLE,
    stdlib::TABLE,
    string::TABLE,
    sync::TABLE,
    system::TABLE,
    threads::TABLE,
    time::TABLE,
    users::TABLE,
    walk::TABLE,
    wide::convert::TABLE,
    wide::stdio::TABLE,
    wide::strings::TABLE,
];

static FUNCTIONS: LazyLock<HashMap<&'static str, HostFunction>> = LazyLock::new(|| {
    let all = TABLES.iter().copied().flatten().copied();
    let mut functions: HashMap<_, _> = all.collect();
    for (name, same) in aliases::NAMES {
        if let Some(function) = functions.get(same) {
            functions.insert(*name, *function);
        }
    }
    functions
});

/// The function with this name.
///
/// ncc has quick forms of the functions of numbers, `__fast_exp` of `exp`. The usual ones are quick enough.
#[must_use]
pub fn find(name: &str) -> Option<HostFunction> {
    let function = FUNCTIONS.get(name);
    function
        .or_else(|| FUNCTIONS.get(name.strip_prefix("__fast_")?))
        .copied()
}

/// The names of all functions, in order.
pub(crate) fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = FUNCTIONS.keys().copied().collect();
    names.sort_unstable();
    names
}
