//! `regex.h`: regular expressions, by the host's C library.
//!
//! That needs memory, stack and time without limit for some expressions. So their size is measured first. Searches that may take long run
//! on a thread of their own, which is left to itself if somebody asks the program to stop.

use std::ffi::CString;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::call::{
    Outcome, Table, c_text, int, load, result, result_int, store, text, word, write,
};
use super::memory::fill;
use crate::process::Regex;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("regcomp", compile),
    ("regexec", execute),
    ("regfree", |thread| {
        let place = word(thread, 0);
        let (number, _) = known(thread, place)?;
        thread.process().regexes().remove(number);
        store::<8>(thread.window(), place, 0)
    }),
    ("regerror", |thread| {
        let (code, to, room) = (int(thread, 0), word(thread, 2), word(thread, 3));
        // The C library ends the program for numbers that it does not know.
        let code = if (0..=LAST_ERROR).contains(&code) {
            code
        } else {
            LAST_ERROR
        };
        let mut line = [0_u8; 256];
        // SAFETY: the buffer has the length that is passed, and the call ends it with a 0. The expression may be missing.
        unsafe {
            libc::regerror(code, std::ptr::null(), line.as_mut_ptr().cast(), line.len());
        }
        let end = line.iter().position(|byte| *byte == 0).unwrap_or(0);
        if room > 0 {
            let part = end.min(room as usize - 1);
            line[part..].fill(0);
            write(thread.window(), to, &line[..=part])?;
            return result(thread, end as u64 + 1);
        }
        result(thread, end as u64 + 1)
    }),
];

/// The fields of a `regex_t` that mean something: our number of the expression, and how many groups it has.
const GROUPS: u64 = 48;
const SIZE: u64 = 64;

/// Errors of `regcomp` and `regexec`. Those of the host's library are below these.
const BAD_PATTERN: i32 = 2;
const NO_SPACE: i32 = 12;
const LAST_ERROR: i32 = 16;

const EXTENDED: i32 = 1;
/// The first of the places for findings has the place to look in.
const START_AND_END: i32 = 4;

/// The largest expression, in states of an automaton, for which the host's library needs some 130 MB, and how deep groups may lie in
/// groups.
const MOST_STATES: u64 = 4096;
const DEEPEST: usize = 250;
/// Up to this product of the squares of the states and of the bytes of a text it is searched at once, which takes some milliseconds: the
/// host's library begins anew at each byte, and may go on to the end from there.
const QUICK: u64 = 1 << 26;
/// The longest text that is searched. The host's library takes many times as much memory.
const LONGEST: u64 = 64 << 20;
/// The stack of the thread that makes or uses a large one.
const STACK: usize = 64 << 20;
/// How long it is waited for before the program looks whether somebody asks it to stop.
const LOOK: Duration = Duration::from_millis(10);

fn compile(thread: &mut Thread) -> Outcome {
    let (place, flags) = (word(thread, 0), int(thread, 2));
    let pattern = text(thread.window(), word(thread, 1))?;
    fill(thread.window(), place, 0, SIZE)?;
    let Some(size) = size(&pattern, flags & EXTENDED != 0) else {
        thread.note("regcomp is given an expression that is too large: REG_ESPACE");
        return result_int(thread, NO_SPACE);
    };
    let pattern = CString::new(pattern).unwrap_or_default();
    let made = aside(thread, move || Regex::new(&pattern, flags, size))?;
    let regex = match made {
        Some(Ok(regex)) => regex,
        Some(Err(error)) => return result_int(thread, error),
        None => return result_int(thread, NO_SPACE),
    };
    let groups = regex.groups();
    let number = thread.process().regexes().add(Arc::new(regex));
    store::<8>(thread.window(), place, number)?;
    store::<8>(thread.window(), place.wrapping_add(GROUPS), groups as u64)?;
    result_int(thread, 0)
}

fn known(thread: &Thread, place: u64) -> Result<(u64, Arc<Regex>), Failure> {
    let number = load::<8>(thread.window(), place)?;
    let regex = thread.process().regexes().get(number);
    let regex = regex.ok_or_else(|| {
        Failure::Why(format!(
            "was given {place:#x}, where regcomp has made no expression"
        ))
    })?;
    Ok((number, regex))
}

fn execute(thread: &mut Thread) -> Outcome {
    let (_, regex) = known(thread, word(thread, 0))?;
    let (from, count, places, flags) = (
        word(thread, 1),
        word(thread, 2),
        word(thread, 3),
        int(thread, 4),
    );
    let mut range = None;
    let subject = if flags & START_AND_END != 0 {
        let start = load::<4>(thread.window(), places)? as i32;
        let end = load::<4>(thread.window(), places.wrapping_add(4))? as i32;
        if start < 0 || end < start {
            return result_int(thread, BAD_PATTERN);
        }
        range = Some((start, end));
        if end as u64 > LONGEST {
            // A wild range is a trap, however long it is.
            super::call::read(thread.window(), from.wrapping_add(end as u64 - 1), &mut [0])?;
            return result_int(thread, NO_SPACE);
        }
        let mut bytes = vec![0; end as usize];
        super::call::read(thread.window(), from, &mut bytes)?;
        bytes
    } else {
        c_text(thread.window(), from)?.into_bytes()
    };
    if subject.len() as u64 > LONGEST {
        return result_int(thread, NO_SPACE);
    }
    let wanted = count.min(regex.groups() as u64 + 1) as usize;
    let steps = regex.size().saturating_mul(subject.len() as u64 + 1);
    let work = steps.saturating_mul(steps);
    // The table has it, and this function.
    let is_shared = Arc::strong_count(&regex) > 2;
    let asked = regex.clone();
    let search = move || asked.search(&subject, range, wanted, flags);
    // Another thread that searches with it may hold it for long.
    let found = if work <= QUICK && !regex.looks_back() && !is_shared {
        Some(search())
    } else {
        aside(thread, search)?
    };
    let (code, found) = found.unwrap_or((NO_SPACE, Vec::new()));
    if code != 0 || regex.tells_no_places() {
        return result_int(thread, code);
    }
    for (index, (start, end)) in found.iter().enumerate() {
        let place = places.wrapping_add(8 * index as u64);
        store::<4>(thread.window(), place, *start as u64)?;
        store::<4>(thread.window(), place.wrapping_add(4), *end as u64)?;
    }
    let rest = count - found.len() as u64;
    let place = places.wrapping_add(8 * found.len() as u64);
    fill(thread.window(), place, 0xff, rest.saturating_mul(8))?;
    result_int(thread, 0)
}

/// Does something on a thread of its own, with much stack. Nothing, if the host has no thread for it.
fn aside<T: Send + 'static>(
    thread: &Thread,
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, Failure> {
    let (sender, receiver) = channel();
    let spawned = std::thread::Builder::new()
        .name("regex".into())
        .stack_size(STACK)
        .spawn(move || drop(sender.send(act())));
    if spawned.is_err() {
        return Ok(None);
    }
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(done) => return Ok(Some(done)),
            Err(RecvTimeoutError::Timeout) => thread.poll()?,
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
        }
    }
}

/// About how many states an automaton for an expression has. Nothing, if they are too many or groups lie too deep.
fn size(pattern: &[u8], extended: bool) -> Option<u64> {
    // The sizes of the parts before the open groups.
    let mut open = Vec::new();
    let (mut total, mut last) = (1_u64, 1_u64);
    let mut unclosed = Vec::new();
    let mut at = 0;
    while at < pattern.len() {
        let (byte, escaped, length) = match pattern[at..] {
            [b'\\', next, ..] => (next, true, 2),
            [byte, ..] => (byte, false, 1),
            [] => break,
        };
        at += length;
        let is_operator = escaped != extended;
        match byte {
            b'(' if is_operator => {
                open.push(total);
                (total, last) = (1, 1);
                if open.len() > DEEPEST {
                    return None;
                }
            }
            b')' if is_operator && !open.is_empty() => {
                last = total + 1;
                total = open.pop().unwrap_or(1) + last;
            }
            b'{' if is_operator => {
                let (most, length) = bound(&pattern[at..]);
                at += length;
                let more = last.saturating_mul(most.max(1));
                total = total.saturating_add(more);
                last = last.saturating_add(more);
            }
            // A part that comes at least once is there twice.
            b'*' | b'+' | b'?' if byte == b'*' && !escaped || is_operator => {
                total += last + 1;
                last = 2 * last + 1;
            }
            b'[' if !escaped => {
                at += bracket(&pattern[at..], &mut unclosed);
                last = 1;
                total += 1;
            }
            _ => {
                last = 1;
                total += 1;
            }
        }
        if total.max(last) > MOST_STATES {
            return None;
        }
    }
    // Groups that nothing ends are no expression, but the library reads them first.
    let all = open
        .iter()
        .fold(total, |sum, before| sum.saturating_add(*before));
    (all <= MOST_STATES).then_some(all)
}

/// The largest number in an interval, and how long that is.
fn bound(text: &[u8]) -> (u64, usize) {
    let is_part = |byte: &&u8| byte.is_ascii_digit() || **byte == b',';
    let inner: Vec<u8> = text.iter().take_while(is_part).copied().collect();
    let numbers = inner.split(|byte| *byte == b',').map(|digits| {
        let digits = String::from_utf8_lossy(digits);
        if digits.is_empty() {
            0
        } else {
            digits.parse().unwrap_or(u64::MAX)
        }
    });
    (numbers.max().unwrap_or(0).saturating_add(1), inner.len())
}

/// How long a set of characters is, behind its first bracket. Kinds of brackets that nothing closes from here on are noted, and not looked for again.
fn bracket(text: &[u8], unclosed: &mut Vec<u8>) -> usize {
    let mut at = usize::from(text.first() == Some(&b'^'));
    let first = at;
    while let Some(byte) = text.get(at) {
        match byte {
            b']' if at > first => return at + 1,
            b'[' if matches!(text.get(at + 1), Some(b':' | b'.' | b'=')) => {
                let kind = text[at + 1];
                let rest = &text[at + 2..];
                let end = if unclosed.contains(&kind) {
                    None
                } else {
                    rest.windows(2).position(|two| two == [kind, b']'])
                };
                if end.is_none() && !unclosed.contains(&kind) {
                    unclosed.push(kind);
                }
                at += end.map_or(2, |end| end + 4);
            }
            _ => at += 1,
        }
    }
    text.len()
}
