//! What kernels of VE machine code have executed, where the process counts it.

use std::fmt::Write;

use super::library;
use super::queue::Queue;
use crate::error::Result;
use crate::shared::parcel::Task;
use crate::shared::ring::Completion;

/// A line for each operation of each kernel, with single spaces: the kernel's name, how often it was called, the operation, 1 if it is
/// one on vectors, else 0, how often it was executed, on how many elements. It waits for what was queued on `main`.
pub(crate) fn text(main: &Queue) -> Result<String> {
    let exclusive = main.exclusive_use()?;
    let mut text = String::new();
    for number in 0.. {
        let (ended, len) = exclusive.parcel(Task::Statistics, &[number])?;
        if ended != Completion::Done {
            break;
        }
        let told = library::get(main, len);
        let told = String::from_utf8_lossy(&told);
        let mut lines = told.lines();
        let Some((address, calls)) = lines.next().and_then(numbers) else {
            break;
        };
        let name = main.child.symbols.name_of(address);
        let name = name.unwrap_or_else(|| format!("{address:#x}"));
        for line in lines {
            let _ = writeln!(text, "{name} {calls} {line}");
        }
    }
    Ok(text)
}

fn numbers(line: &str) -> Option<(u64, u64)> {
    let (address, calls) = line.split_once(' ')?;
    Some((address.parse().ok()?, calls.parse().ok()?))
}
