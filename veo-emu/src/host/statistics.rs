//! The instruction counts of kernels of VE machine code, if the process counts.

use super::counts;
use super::library;
use super::queue::Queue;
use crate::error::Result;
use crate::shared::parcel::Task;
use crate::shared::ring::Completion;

/// A line for each operation of each kernel, as `veo_emu_get_statistics` has them. It waits for requests that were queued on `main`.
pub(crate) fn text(main: &Queue) -> Result<String> {
    let exclusive = main.exclusive_use()?;
    let mut text = String::new();
    for number in 0.. {
        let (ended, len) = exclusive.parcel(Task::Statistics, &[number])?;
        if ended != Completion::Done {
            break;
        }
        let told = library::get(main, len);
        if counts::add(&mut text, &String::from_utf8_lossy(&told)).is_none() {
            break;
        }
    }
    Ok(text)
}
