//! The instruction counts of kernels of a VE process, as that process reports them.

use std::ffi::CStr;
use std::fmt::Write;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use super::connection::Connection;
use crate::shared::message::Message;
use crate::sys::descriptor::KeptDescriptor;
use crate::sys::memfd;

/// The name of a file for counts.
pub(super) const COUNTS_NAME: &CStr = c"veo-counts";

/// The longest text that is read. The VE side writes no longer one.
const LONGEST_TEXT: u64 = 1 << 22;

/// Adds the lines of a kernel, from the text that the VE side writes.
pub(super) fn add(text: &mut String, told: &str) -> Option<()> {
    let mut lines = told.lines();
    let [calls, kernel, library] = lines.next().and_then(words)?;
    for line in lines {
        let _ = writeln!(text, "{kernel} {calls} {line} {library}");
    }
    Some(())
}

/// The counts of a process that is about to be killed. It answers on a thread that belongs to no context, so kernels cannot keep
/// it from that. If it does not answer at once, the counts are lost.
pub(super) fn last_words(connection: &Connection, is_over: impl Fn() -> bool) -> Option<String> {
    let end = Instant::now() + Duration::from_secs(1);
    let file = memfd::growing(COUNTS_NAME).ok()?;
    let is_late = || is_over() || Instant::now() > end;
    let answer = connection.ask_if_free(&Message::Count, file.as_raw_fd(), is_late)?;
    let Ok(Message::Ready { .. }) = answer else {
        return None;
    };
    read(file.as_fd())
}

/// The counts that the process has left in its file, if a kernel ended it.
pub(super) fn left(file: &KeptDescriptor) -> Option<String> {
    read(file.get().ok()?).filter(|text| !text.is_empty())
}

fn read(file: BorrowedFd<'_>) -> Option<String> {
    let file = File::from(file.try_clone_to_owned().ok()?);
    let len = file.metadata().ok()?.len().min(LONGEST_TEXT);
    let mut told = vec![0; len as usize];
    // Others may read at the same time: the offset of the file is not used.
    file.read_exact_at(&mut told, 0).ok()?;
    let mut text = String::new();
    for kernel in String::from_utf8_lossy(&told).split("\n\n") {
        add(&mut text, kernel);
    }
    Some(text)
}

/// The first line of the answer of `Task::Statistics` about a kernel.
fn words(line: &str) -> Option<[&str; 3]> {
    let mut words = line.splitn(3, ' ');
    Some([words.next()?, words.next()?, words.next()?])
}
