//! `time.h` and its relatives: clocks, dates, sleep.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

use super::arrived;
use super::call::{
    Outcome, Table, c_text, fail, int, load, read, result, result_double, result_int, set_errno,
    store, timespec, word, write,
};
use super::wide::{narrow, put, wide};
use super::zone::{self, Zone};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("time", |thread| {
        let seconds = clock(libc::CLOCK_REALTIME).map_or(u64::MAX, |(seconds, _)| seconds);
        let place = word(thread, 0);
        if place != 0 {
            store::<8>(thread.window(), place, seconds)?;
        }
        result(thread, seconds)
    }),
    ("clock", |thread| {
        let time = clock(libc::CLOCK_PROCESS_CPUTIME_ID);
        let ticks = time.map_or(u64::MAX, |(seconds, nanos)| {
            seconds * 1_000_000 + nanos / 1000
        });
        result(thread, ticks)
    }),
    ("clock_gettime", |thread| match clock(int(thread, 0)) {
        Ok((seconds, nanos)) => {
            let place = word(thread, 1);
            store::<8>(thread.window(), place, seconds)?;
            store::<8>(thread.window(), place.wrapping_add(8), nanos)?;
            result_int(thread, 0)
        }
        Err(error) => {
            set_errno(thread, error);
            result_int(thread, -1)
        }
    }),
    ("gettimeofday", |thread| {
        let (seconds, nanos) = clock(libc::CLOCK_REALTIME).unwrap_or_default();
        let place = word(thread, 0);
        if place != 0 {
            store::<8>(thread.window(), place, seconds)?;
            store::<8>(thread.window(), place.wrapping_add(8), nanos / 1000)?;
        }
        result_int(thread, 0)
    }),
    ("difftime", |thread| {
        let difference = word(thread, 0) as i64 as f64 - word(thread, 1) as i64 as f64;
        result_double(thread, difference)
    }),
    ("sleep", |thread| {
        let time = Duration::from_secs(u64::from(word(thread, 0) as u32));
        let left = sleep(thread, time)?;
        result_int(thread, left.as_secs_f64().ceil() as i32)
    }),
    ("usleep", |thread| {
        let time = Duration::from_micros(u64::from(word(thread, 0) as u32));
        match sleep(thread, time)? {
            Duration::ZERO => result_int(thread, 0),
            _ => fail(thread, libc::EINTR),
        }
    }),
    ("nanosleep", |thread| {
        let Some(time) = timespec(thread, word(thread, 0))? else {
            set_errno(thread, libc::EINVAL);
            return result_int(thread, -1);
        };
        let place = word(thread, 1);
        match sleep(thread, time)? {
            Duration::ZERO => result_int(thread, 0),
            left => {
                store_left(thread, place, left)?;
                fail(thread, libc::EINTR)
            }
        }
    }),
    ("clock_nanosleep", |thread| {
        let (number, flags) = (int(thread, 0), int(thread, 1));
        let time = timespec(thread, word(thread, 2))?;
        let (Some(time), Ok((seconds, nanos))) = (time, clock(number)) else {
            return result_int(thread, libc::EINVAL);
        };
        let now = Duration::new(seconds, nanos as u32);
        let time = if flags & libc::TIMER_ABSTIME != 0 {
            time.saturating_sub(now)
        } else {
            time
        };
        let place = if flags & libc::TIMER_ABSTIME != 0 {
            0
        } else {
            word(thread, 3)
        };
        match sleep(thread, time)? {
            Duration::ZERO => result_int(thread, 0),
            left => {
                store_left(thread, place, left)?;
                result_int(thread, libc::EINTR)
            }
        }
    }),
    ("gmtime", |thread| break_down(thread, false, None)),
    ("localtime", |thread| break_down(thread, true, None)),
    ("gmtime_r", |thread| {
        let place = word(thread, 1);
        break_down(thread, false, Some(place))
    }),
    ("localtime_r", |thread| {
        let place = word(thread, 1);
        break_down(thread, true, Some(place))
    }),
    ("mktime", |thread| {
        let date = date(thread, word(thread, 0))?;
        match local_seconds(thread, &date)? {
            Some(seconds) => join(thread, seconds, true),
            None => fail(thread, libc::EOVERFLOW),
        }
    }),
    ("timegm", |thread| {
        let date = date(thread, word(thread, 0))?;
        match seconds_of(&date) {
            Some(seconds) => join(thread, seconds, false),
            None => fail(thread, libc::EOVERFLOW),
        }
    }),
    ("strftime", |thread| {
        let format = c_text(thread.window(), word(thread, 2))?;
        let text = print(thread, &format)?;
        if let Some(text) = &text {
            write(thread.window(), word(thread, 0), text)?;
        }
        result(thread, length_of(text))
    }),
    ("wcsftime", |thread| {
        let format = wide(thread.window(), word(thread, 2))?;
        let format: Option<Vec<u8>> = format.into_iter().map(narrow).collect();
        let format = CString::new(format.unwrap_or_default()).unwrap_or_default();
        let text = print(thread, &format)?;
        if let Some(text) = &text {
            let text: Vec<u32> = text.iter().map(|byte| u32::from(*byte)).collect();
            put(thread, word(thread, 0), &text)?;
        }
        result(thread, length_of(text))
    }),
    ("strptime", |thread| {
        let (start, place) = (word(thread, 0), word(thread, 2));
        let text = c_text(thread.window(), start)?;
        let format = c_text(thread.window(), word(thread, 1))?;
        let mut tm = to_host(&date(thread, place)?);
        tm.tm_gmtoff = load::<8>(thread.window(), place.wrapping_add(OFFSET_PLACE))? as i64;
        // SAFETY: text and format are strings, and the date is borrowed for the call.
        let end = unsafe { libc::strptime(text.as_ptr(), format.as_ptr(), &mut tm) };
        store_numbers(thread, place, &from_host(&tm), tm.tm_gmtoff)?;
        let length = (end as u64).wrapping_sub(text.as_ptr() as u64);
        result(
            thread,
            if end.is_null() {
                0
            } else {
                start.wrapping_add(length)
            },
        )
    }),
    ("asctime", |thread| {
        let date = date(thread, word(thread, 0))?;
        let place = thread.private().start + DATE_TEXT;
        text_of(thread, &date, place)
    }),
    ("asctime_r", |thread| {
        let date = date(thread, word(thread, 0))?;
        let place = word(thread, 1);
        text_of(thread, &date, place)
    }),
    ("ctime", |thread| {
        let place = thread.private().start + DATE_TEXT;
        text_of_seconds(thread, place)
    }),
    ("ctime_r", |thread| {
        let place = word(thread, 1);
        text_of_seconds(thread, place)
    }),
    ("tzset", |thread| zone::publish(thread)),
    ("timespec_get", |thread| {
        let (place, base) = (word(thread, 0), int(thread, 1));
        let (seconds, nanos) = clock(libc::CLOCK_REALTIME).unwrap_or_default();
        store::<8>(thread.window(), place, seconds)?;
        store::<8>(thread.window(), place.wrapping_add(8), nanos)?;
        result_int(thread, if base == 1 { 1 } else { 0 })
    }),
    ("timespec_getres", |thread| {
        let (place, base) = (word(thread, 0), int(thread, 1));
        if place != 0 && base == 1 {
            store::<8>(thread.window(), place, 0)?;
            store::<8>(thread.window(), place.wrapping_add(8), 1)?;
        }
        result_int(thread, if base == 1 { 1 } else { 0 })
    }),
    ("clock_getres", |thread| {
        let (number, place) = (int(thread, 0), word(thread, 1));
        if let Err(error) = clock(number) {
            set_errno(thread, error);
            return result_int(thread, -1);
        }
        if place != 0 {
            store::<8>(thread.window(), place, 0)?;
            store::<8>(thread.window(), place.wrapping_add(8), 1)?;
        }
        result_int(thread, 0)
    }),
    ("times", |thread| {
        let place = word(thread, 0);
        // SAFETY: all zeros are times.
        let mut times: libc::tms = unsafe { MaybeUninit::zeroed().assume_init() };
        // SAFETY: the place has room.
        let ticks = unsafe { libc::times(&mut times) };
        let all = [
            times.tms_utime,
            times.tms_stime,
            times.tms_cutime,
            times.tms_cstime,
        ];
        for (index, time) in all.into_iter().enumerate() {
            if place != 0 {
                store::<8>(
                    thread.window(),
                    place.wrapping_add(8 * index as u64),
                    time as u64,
                )?;
            }
        }
        result(thread, ticks as u64)
    }),
];

/// Where the thread's own memory has the results of `gmtime` and `asctime`.
const DATE: u64 = 16;
const DATE_TEXT: u64 = 128;

/// A date as C programs have it: nine numbers, the offset from UTC in seconds behind them.
type Date = [i32; 9];
const NO_DATE: Date = [0; 9];
const OFFSET_PLACE: u64 = 40;
const ZONE_PLACE: u64 = 48;

/// Seconds and nanoseconds, or the number of an error.
pub(super) fn clock(number: i32) -> Result<(u64, u64), i32> {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the place has room for a time.
    if unsafe { libc::clock_gettime(number, time.as_mut_ptr()) } != 0 {
        return Err(libc::EINVAL);
    }
    // SAFETY: the call succeeded, so it has filled the time.
    let time = unsafe { time.assume_init() };
    Ok((time.tv_sec as u64, time.tv_nsec as u64))
}

/// Sleeps, but not for longer than somebody lets it.
///
/// A signal of another thread is the end of it, too; the result is how much was left.
pub(super) fn sleep(thread: &Thread, time: Duration) -> Result<Duration, Failure> {
    thread.flush_output();
    let begin = Instant::now();
    loop {
        thread.poll()?;
        let Some(left) = time
            .checked_sub(begin.elapsed())
            .filter(|left| !left.is_zero())
        else {
            return Ok(Duration::ZERO);
        };
        if arrived::has_come(thread)? {
            return Ok(left);
        }
        std::thread::sleep(left.min(Duration::from_millis(10)));
    }
}

/// Stores how much was left of a sleep, if there is a place.
fn store_left(thread: &Thread, place: u64, left: Duration) -> Outcome {
    if place == 0 {
        return Ok(());
    }
    store::<8>(thread.window(), place, left.as_secs())?;
    let nanos = u64::from(left.subsec_nanos());
    store::<8>(thread.window(), place.wrapping_add(8), nanos)
}

fn to_host(date: &Date) -> libc::tm {
    // SAFETY: all zeros are a date: numbers, and a pointer to no name.
    let mut tm: libc::tm = unsafe { MaybeUninit::zeroed().assume_init() };
    [
        tm.tm_sec,
        tm.tm_min,
        tm.tm_hour,
        tm.tm_mday,
        tm.tm_mon,
        tm.tm_year,
        tm.tm_wday,
        tm.tm_yday,
        tm.tm_isdst,
    ] = *date;
    tm
}

fn from_host(tm: &libc::tm) -> Date {
    [
        tm.tm_sec,
        tm.tm_min,
        tm.tm_hour,
        tm.tm_mday,
        tm.tm_mon,
        tm.tm_year,
        tm.tm_wday,
        tm.tm_yday,
        tm.tm_isdst,
    ]
}

fn date(thread: &Thread, address: u64) -> Result<Date, Failure> {
    let mut bytes = [0; 36];
    read(thread.window(), address, &mut bytes)?;
    let mut date = NO_DATE;
    for (field, bytes) in date.iter_mut().zip(bytes.chunks_exact(4)) {
        *field = i32::from_le_bytes(bytes.try_into().unwrap_or_default());
    }
    Ok(date)
}

fn store_numbers(thread: &Thread, address: u64, date: &Date, offset: i64) -> Outcome {
    let bytes: Vec<u8> = date.iter().flat_map(|field| field.to_le_bytes()).collect();
    write(thread.window(), address, &bytes)?;
    let place = address.wrapping_add(OFFSET_PLACE);
    store::<8>(thread.window(), place, offset as u64)
}

/// A date as `gmtime` gives it.
fn broken_down(seconds: i64) -> Option<Date> {
    let mut tm = to_host(&NO_DATE);
    // SAFETY: both places are there for the call, and it fills the date.
    let done = unsafe { libc::gmtime_r(&seconds, &mut tm) };
    (!done.is_null()).then(|| from_host(&tm))
}

/// A date in the program's time zone, or in UTC, with the rule that is in force then.
fn date_at(thread: &Thread, seconds: i64, is_local: bool) -> Result<Option<(Date, Zone)>, Failure> {
    let zone = if is_local {
        zone::at(thread, seconds)?
    } else {
        let name = "GMT".to_owned();
        Zone {
            offset: 0,
            is_summer: false,
            name,
        }
    };
    let shown = seconds.checked_add(zone.offset);
    Ok(shown.and_then(broken_down).map(|mut date| {
        date[8] = zone.is_summer.into();
        (date, zone)
    }))
}

fn break_down(thread: &mut Thread, is_local: bool, place: Option<u64>) -> Outcome {
    let seconds = load::<8>(thread.window(), word(thread, 0))? as i64;
    let place = place.unwrap_or(thread.private().start + DATE);
    if store_date(thread, place, seconds, is_local)? {
        result(thread, place)
    } else {
        set_errno(thread, libc::EOVERFLOW);
        result(thread, 0)
    }
}

/// Stores the date of a time. The result says whether there is one.
fn store_date(thread: &Thread, place: u64, seconds: i64, is_local: bool) -> Result<bool, Failure> {
    let Some((date, zone)) = date_at(thread, seconds, is_local)? else {
        return Ok(false);
    };
    if is_local {
        zone::publish(thread)?;
    }
    store_numbers(thread, place, &date, zone.offset)?;
    let name = zone::place_of_name(thread, &zone.name);
    store::<8>(thread.window(), place.wrapping_add(ZONE_PLACE), name)?;
    Ok(true)
}

/// The time of a date in UTC, whose numbers may be outside of their ranges.
fn seconds_of(date: &Date) -> Option<i64> {
    let mut tm = to_host(date);
    tm.tm_isdst = 0;
    // SAFETY: the variable of this thread, and a date that is borrowed for the call.
    unsafe {
        *libc::__errno_location() = 0;
        let seconds = libc::timegm(&mut tm);
        (seconds != -1 || *libc::__errno_location() == 0).then_some(seconds)
    }
}

/// Gives a time, and its date with all numbers in their ranges.
fn join(thread: &mut Thread, seconds: i64, is_local: bool) -> Outcome {
    let place = word(thread, 0);
    if store_date(thread, place, seconds, is_local)? {
        result(thread, seconds as u64)
    } else {
        fail(thread, libc::EOVERFLOW)
    }
}

/// The time of a date in the program's zone, if a number can tell it.
fn local_seconds(thread: &Thread, date: &Date) -> Result<Option<i64>, Failure> {
    let Some(shown) = seconds_of(date) else {
        return Ok(None);
    };
    // The last number: 0 for no, more for yes, less for not known.
    let is_summer = (date[8] >= 0).then_some(date[8] > 0);
    zone::time_of(thread, shown, is_summer).map(Some)
}

/// A format of `strftime` with the time in place of `%s`, which the host's C library would compute in a zone of its own.
fn with_seconds(format: &CString, seconds: i64) -> CString {
    let bytes = format.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(start) = rest.iter().position(|byte| *byte == b'%') {
        let letter = rest[start + 1..].iter().position(is_letter);
        let end = letter.map_or(rest.len(), |letter| start + 2 + letter);
        let (before, conversion) = rest[..end].split_at(start);
        out.extend(before);
        match conversion.last() {
            Some(b's') => out.extend(seconds.to_string().into_bytes()),
            _ => out.extend(conversion),
        }
        rest = &rest[end..];
    }
    out.extend(rest);
    // No 0 has come in.
    CString::new(out).unwrap_or_default()
}

/// Whether this byte ends a conversion of `strftime`.
fn is_letter(byte: &u8) -> bool {
    !b"_-0^#+123456789EO".contains(byte)
}

/// The letters of the conversions in a format of `strftime`.
fn conversions(format: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = format.iter().copied();
    std::iter::from_fn(move || {
        rest.find(|byte| *byte == b'%')?;
        rest.find(is_letter)
    })
}

/// Prints a date into as many bytes as the caller has room for, with a 0 behind them; nothing if they are too few.
fn print(thread: &Thread, format: &CString) -> Result<Option<Vec<u8>>, Failure> {
    let (room, place) = (word(thread, 1), word(thread, 3));
    let date = date(thread, place)?;
    let mut tm = to_host(&date);
    // A program need not set these if no zone is printed.
    let prints = |letter| conversions(format.as_bytes()).any(|it| it == letter);
    let mut zone = CString::default();
    if prints(b'z') {
        tm.tm_gmtoff = load::<8>(thread.window(), place.wrapping_add(OFFSET_PLACE))? as i64;
    }
    if prints(b'Z') {
        let name = load::<8>(thread.window(), place.wrapping_add(ZONE_PLACE))?;
        if name != 0 {
            zone = c_text(thread.window(), name)?;
        }
    }
    tm.tm_zone = zone.as_ptr();
    let format = if prints(b's') {
        &with_seconds(format, local_seconds(thread, &date)?.unwrap_or(-1))
    } else {
        format
    };
    // Programs print dates into small buffers; longer ones count as full, as any that is too small.
    let mut buffer = vec![0_u8; room.min(64 << 10) as usize];
    // SAFETY: the buffer has the length that is passed; format, date and the name of the zone are there for the call.
    let length = unsafe {
        libc::strftime(
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            format.as_ptr(),
            &tm,
        )
    };
    let printed = length > 0 || !buffer.is_empty() && format.is_empty();
    Ok(printed.then(|| {
        buffer.truncate(length + 1);
        buffer
    }))
}

fn length_of(text: Option<Vec<u8>>) -> u64 {
    text.map_or(0, |text| text.len() as u64 - 1)
}

fn text_of_seconds(thread: &mut Thread, place: u64) -> Outcome {
    let seconds = load::<8>(thread.window(), word(thread, 0))? as i64;
    let date = date_at(thread, seconds, true)?.map_or(NO_DATE, |(date, _)| date);
    text_of(thread, &date, place)
}

fn text_of(thread: &mut Thread, date: &Date, place: u64) -> Outcome {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let [second, minute, hour, day_of_month, month, year, day, ..] = *date;
    let name = |names: &[&'static str], number: i32| {
        let index = usize::try_from(number).ok();
        index
            .and_then(|index| names.get(index).copied())
            .unwrap_or("???")
    };
    let (day, month) = (name(&DAYS, day), name(&MONTHS, month));
    let year = i64::from(year) + 1900;
    let mut text =
        format!("{day} {month}{day_of_month:3} {hour:02}:{minute:02}:{second:02} {year}\n");
    text.truncate(100);
    text.push('\0');
    write(thread.window(), place, text.as_bytes())?;
    result(thread, place)
}
