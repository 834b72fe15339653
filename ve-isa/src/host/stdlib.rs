//! `stdlib.h`: random numbers, quotients, the environment; `errno`.

use super::call::{
    Outcome, Table, c_text, int, load, result, result_int, set_errno, store, text, text_up_to,
    word, write,
};
use super::heap;
use crate::memory::Window;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("rand", |thread| {
        let number = thread.process().random().next();
        result(thread, number.into())
    }),
    ("random", |thread| {
        let number = thread.process().random().next();
        result(thread, number.into())
    }),
    ("srand", seed),
    ("srandom", seed),
    ("rand_r", random_from),
    ("abs", |thread| {
        let value = int(thread, 0).wrapping_abs();
        result_int(thread, value)
    }),
    ("labs", absolute),
    ("llabs", absolute),
    ("imaxabs", absolute),
    ("div", |thread| {
        let (place, left, right) = (word(thread, 0), int(thread, 1), int(thread, 2));
        let (quotient, rest) = quotient(left.into(), right.into())?;
        store::<4>(thread.window(), place, quotient as u64)?;
        store::<4>(thread.window(), place.wrapping_add(4), rest as u64)
    }),
    ("ldiv", divide),
    ("lldiv", divide),
    ("imaxdiv", divide),
    ("getenv", get_environment),
    ("secure_getenv", get_environment),
    ("setenv", set_environment),
    ("putenv", put_environment),
    ("unsetenv", remove_environment),
    ("clearenv", |thread| {
        let place = environ(thread);
        store::<8>(thread.window(), place, 0)?;
        result_int(thread, 0)
    }),
    ("__errno_location", |thread| {
        let place = thread.private().start;
        result(thread, place)
    }),
    ("___errno_location", |thread| {
        let place = thread.private().start;
        result(thread, place)
    }),
    ("getpid", |thread| {
        result_int(thread, std::process::id() as i32)
    }),
    ("sysconf", |thread| {
        let value = match int(thread, 0) {
            libc::_SC_PAGESIZE => PAGE,
            libc::_SC_NPROCESSORS_ONLN | libc::_SC_NPROCESSORS_CONF => 1,
            // These are the host's: the unit of `times`, files, memory.
            name @ (libc::_SC_CLK_TCK
            | libc::_SC_ARG_MAX
            | libc::_SC_OPEN_MAX
            | libc::_SC_PHYS_PAGES
            | libc::_SC_AVPHYS_PAGES
            | libc::_SC_NGROUPS_MAX
            | libc::_SC_HOST_NAME_MAX
            | libc::_SC_LOGIN_NAME_MAX
            | libc::_SC_TTY_NAME_MAX
            | libc::_SC_IOV_MAX
            | libc::_SC_LINE_MAX
            | libc::_SC_SYMLOOP_MAX
            | libc::_SC_GETPW_R_SIZE_MAX
            | libc::_SC_GETGR_R_SIZE_MAX) => of_the_system(name),
            libc::_SC_VERSION
            | libc::_SC_THREADS
            | libc::_SC_MONOTONIC_CLOCK
            | libc::_SC_MAPPED_FILES
            | libc::_SC_SEMAPHORES => 200_809,
            libc::_SC_THREAD_STACK_MIN => 16 << 10,
            libc::_SC_THREAD_THREADS_MAX => 1024,
            libc::_SC_THREAD_KEYS_MAX => 1024,
            libc::_SC_CHILD_MAX => 0,
            // There is no such limit, or it is not known.
            0..=LAST_NAME => -1_i64,
            _ => {
                set_errno(thread, libc::EINVAL);
                -1_i64
            }
        };
        result(thread, value as u64)
    }),
    ("getdtablesize", |thread| {
        result_int(thread, of_the_system(libc::_SC_OPEN_MAX) as i32)
    }),
    ("get_phys_pages", |thread| {
        result(thread, of_the_system(libc::_SC_PHYS_PAGES) as u64)
    }),
    ("get_avphys_pages", |thread| {
        result(thread, of_the_system(libc::_SC_AVPHYS_PAGES) as u64)
    }),
    ("getsubopt", sub_option),
    ("a64l", |thread| {
        let text = text_up_to(thread.window(), word(thread, 0), 6)?;
        let digits = text
            .iter()
            .map(|byte| DIGITS.iter().position(|digit| digit == byte));
        let digits = digits.take_while(Option::is_some).flatten().enumerate();
        let value = digits.fold(0_u64, |sum, (index, digit)| {
            sum | (digit as u64) << (6 * index)
        });
        result(thread, u64::from(value as u32))
    }),
    ("l64a", |thread| {
        let mut rest = word(thread, 0) as u32;
        let mut digits = Vec::new();
        while rest != 0 {
            digits.push(DIGITS[rest as usize % 64]);
            rest /= 64;
        }
        digits.push(0);
        let place = thread.lasting("l64a", || vec![0; 8]).unwrap_or(0);
        if place != 0 {
            write(thread.window(), place, &digits)?;
        }
        result(thread, place)
    }),
    ("getpagesize", |thread| result_int(thread, PAGE as i32)),
];

/// The digits of `a64l`.
const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The names of `sysconf` are not above this.
const LAST_NAME: i32 = 260;

/// Takes the next one of options that commas divide, and looks for it in a list of names.
fn sub_option(thread: &mut Thread) -> Outcome {
    let [place, names, value_place] = [0, 1, 2].map(|number| word(thread, number));
    let window = thread.window();
    let start = load::<8>(window, place)?;
    let rest = text(window, start)?;
    if rest.is_empty() {
        return result_int(thread, -1);
    }
    let comma = rest.iter().position(|byte| *byte == b',');
    let option = &rest[..comma.unwrap_or(rest.len())];
    let at = |offset: usize| start.wrapping_add(offset as u64);
    let next = match comma {
        Some(end) => {
            write(window, at(end), &[0])?;
            at(end + 1)
        }
        None => at(rest.len()),
    };
    store::<8>(window, place, next)?;
    let equals = option.iter().position(|byte| *byte == b'=');
    let name = &option[..equals.unwrap_or(option.len())];
    for index in 0.. {
        thread.poll()?;
        let known = load::<8>(thread.window(), names.wrapping_add(8 * index))?;
        if known == 0 {
            break;
        }
        if text(thread.window(), known)? == name {
            let value = equals.map_or(0, |equals| at(equals + 1));
            store::<8>(thread.window(), value_place, value)?;
            return result_int(thread, index as i32);
        }
    }
    store::<8>(thread.window(), value_place, start)?;
    result_int(thread, -1)
}

/// Bytes of a page, as programs see it.
const PAGE: i64 = 65536;

/// The answer of the host's system. Numbers of pages are those of the Vector Engine's.
fn of_the_system(name: i32) -> i64 {
    // SAFETY: there are no conditions.
    let [value, page] = [name, libc::_SC_PAGESIZE].map(|name| unsafe { libc::sysconf(name) });
    match name {
        libc::_SC_PHYS_PAGES | libc::_SC_AVPHYS_PAGES if value > 0 => {
            value.saturating_mul(page) / PAGE
        }
        _ => value,
    }
}

fn seed(thread: &mut Thread) -> Outcome {
    thread.process().random().seed(word(thread, 0) as u32);
    Ok(())
}

/// A step of a linear congruential generator, of which three make a number, as the C library of Linux has it.
fn random_from(thread: &mut Thread) -> Outcome {
    let place = word(thread, 0);
    let mut state = load::<4>(thread.window(), place)? as u32;
    let mut step = || {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12345);
        state >> 16
    };
    let mut number = step() & 0x7ff;
    number = number << 10 ^ step() & 0x3ff;
    number = number << 10 ^ step() & 0x3ff;
    store::<4>(thread.window(), place, state.into())?;
    result(thread, number.into())
}

fn absolute(thread: &mut Thread) -> Outcome {
    let value = (word(thread, 0) as i64).wrapping_abs();
    result(thread, value as u64)
}

fn quotient(left: i64, right: i64) -> Result<(i64, i64), Failure> {
    if right == 0 {
        return Err(Failure::Why(format!("was asked to divide {left} by 0")));
    }
    Ok((left.wrapping_div(right), left.wrapping_rem(right)))
}

fn divide(thread: &mut Thread) -> Outcome {
    let (place, left, right) = (word(thread, 0), word(thread, 1), word(thread, 2));
    let (quotient, rest) = quotient(left as i64, right as i64)?;
    store::<8>(thread.window(), place, quotient as u64)?;
    store::<8>(thread.window(), place.wrapping_add(8), rest as u64)
}

/// Where the variable `environ` is. The program may change it, and what it points to.
fn environ(thread: &Thread) -> u64 {
    thread.process().variable("environ").unwrap_or(0)
}

/// The entry of a variable: where its address is, and where its value begins.
fn entry(window: &Window, list: u64, name: &[u8]) -> Result<Option<(u64, u64)>, Failure> {
    let mut place = list;
    while place != 0 {
        let entry = load::<8>(window, place)?;
        if entry == 0 {
            break;
        }
        let text = text(window, entry)?;
        if text.get(name.len()) == Some(&b'=') && text.starts_with(name) {
            let value = entry.wrapping_add(name.len() as u64 + 1);
            return Ok(Some((place, value)));
        }
        place = place.wrapping_add(8);
    }
    Ok(None)
}

/// Where the value of a variable is.
pub(super) fn variable(thread: &Thread, name: &[u8]) -> Result<Option<u64>, Failure> {
    let list = load::<8>(thread.window(), environ(thread))?;
    let found = entry(thread.window(), list, name)?;
    Ok(found.map(|(_, value)| value))
}

fn get_environment(thread: &mut Thread) -> Outcome {
    let name = text(thread.window(), word(thread, 0))?;
    let value = variable(thread, &name)?;
    result(thread, value.unwrap_or(0))
}

/// Enters a text that is in memory to stay.
fn enter(thread: &mut Thread, name: &[u8], entry_at: u64) -> Outcome {
    let window = thread.window();
    let place = environ(thread);
    let list = load::<8>(window, place)?;
    if let Some((at, _)) = entry(window, list, name)? {
        store::<8>(window, at, entry_at)?;
        return result_int(thread, 0);
    }
    let mut entries = Vec::new();
    let mut at = list;
    while at != 0 {
        let entry = load::<8>(window, at)?;
        if entry == 0 {
            break;
        }
        entries.push(entry);
        at = at.wrapping_add(8);
    }
    entries.extend([entry_at, 0]);
    // The old list stays: the program may have kept its address.
    let new = heap::allocate(thread, 8 * entries.len() as u64);
    if new == 0 {
        return result_int(thread, -1);
    }
    let bytes: Vec<u8> = entries
        .iter()
        .flat_map(|entry| entry.to_le_bytes())
        .collect();
    write(thread.window(), new, &bytes)?;
    store::<8>(thread.window(), place, new)?;
    result_int(thread, 0)
}

fn set_environment(thread: &mut Thread) -> Outcome {
    let window = thread.window();
    let name = text(window, word(thread, 0))?;
    let value = text(window, word(thread, 1))?;
    if name.is_empty() || name.contains(&b'=') {
        set_errno(thread, libc::EINVAL);
        return result_int(thread, -1);
    }
    let list = load::<8>(window, environ(thread))?;
    if int(thread, 2) == 0 && entry(window, list, &name)?.is_some() {
        return result_int(thread, 0);
    }
    let mut bytes = name.clone();
    bytes.push(b'=');
    bytes.extend(value);
    bytes.push(0);
    let block = heap::allocate(thread, bytes.len() as u64);
    if block == 0 {
        return result_int(thread, -1);
    }
    write(thread.window(), block, &bytes)?;
    enter(thread, &name, block)
}

fn put_environment(thread: &mut Thread) -> Outcome {
    let address = word(thread, 0);
    let text = c_text(thread.window(), address)?;
    let Some(length) = text.to_bytes().iter().position(|byte| *byte == b'=') else {
        return remove_environment(thread);
    };
    enter(thread, &text.to_bytes()[..length], address)
}

fn remove_environment(thread: &mut Thread) -> Outcome {
    let window = thread.window();
    let name = text(window, word(thread, 0))?;
    let list = load::<8>(window, environ(thread))?;
    while let Some((mut place, _)) = entry(window, list, &name)? {
        loop {
            let next = load::<8>(window, place.wrapping_add(8))?;
            store::<8>(window, place, next)?;
            if next == 0 {
                break;
            }
            place = place.wrapping_add(8);
        }
    }
    result_int(thread, 0)
}
