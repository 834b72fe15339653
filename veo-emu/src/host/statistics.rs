//! What kernels of VE machine code have executed, where the process counts it.

use std::fmt::Write;

use super::library;
use super::queue::Queue;
use crate::error::Result;
use crate::shared::parcel::Task;
use crate::shared::ring::Completion;

/// A line for each operation of each kernel, as `veo_emu_get_statistics` has them. It waits for what was queued on `main`.
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
        let Some([calls, kernel, library]) = lines.next().and_then(words) else {
            break;
        };
        for line in lines {
            let _ = writeln!(text, "{kernel} {calls} {line} {library}");
        }
    }
    Ok(text)
}

/// What `Task::Statistics` tells of a kernel in its first line.
fn words(line: &str) -> Option<[&str; 3]> {
    let mut words = line.splitn(3, ' ');
    Some([words.next()?, words.next()?, words.next()?])
}
