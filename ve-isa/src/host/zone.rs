//! The time zone of a program: that of its own variable `TZ`, which the host's C library does not see.

use std::sync::Arc;

use tz::TzError;
use tz::timezone::{LocalTimeType, TimeZone, TransitionRule};

use super::call::{store, text};
use super::stdlib;
use crate::thread::{Failure, Thread};

/// The rule that is in force at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Zone {
    /// Seconds east of UTC.
    pub(super) offset: i64,
    pub(super) is_summer: bool,
    pub(super) name: String,
}

impl Zone {
    fn of(kind: &LocalTimeType) -> Self {
        let name = match kind.time_zone_designation() {
            "" => "UTC",
            name => name,
        };
        Self {
            offset: kind.ut_offset().into(),
            is_summer: kind.is_dst(),
            name: name.to_owned(),
        }
    }
}

/// The days on which summer time begins and ends if a text names it and does not say.
const USUAL_RULE: &str = ",M3.2.0,M11.1.0";

/// The zone of a rule. Its times may be before midnight and more than 24 hours after it, as in `M3.4.4/50`.
///
/// The library knows such times at the end of a file of version 3 only, so this makes a file that has nothing but the rule.
fn of_rule(rule: &str) -> Result<TimeZone, TzError> {
    /// The header, which counts one type and one character of its name, and the type, which is UTC without a name.
    const PART: &[u8; 51] = b"TZif3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
        \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x01\
        \0\0\0\0\0\0\0";
    // The file says everything twice, first with short times; it has none.
    let parts: [&[u8]; 5] = [PART, PART, b"\n", rule.as_bytes(), b"\n"];
    TimeZone::from_tz_data(&parts.concat())
}

/// The time zone that the variable stands for. A text that cannot be understood is UTC, as for the C library of Linux.
fn read(variable: Option<&[u8]>) -> TimeZone {
    let text = variable.map(String::from_utf8_lossy);
    let read = match text.as_deref() {
        None => TimeZone::local(),
        Some("") => return TimeZone::utc(),
        // Behind a colon, too, may be a rule instead of the name of a file.
        Some(text) => {
            let rule = text.strip_prefix(':').unwrap_or(text);
            TimeZone::from_posix_tz(text)
                .or_else(|_| of_rule(rule))
                .or_else(|_| of_rule(&format!("{rule}{USUAL_RULE}")))
                .map_err(Into::into)
        }
    };
    read.unwrap_or_else(|_: tz::Error| TimeZone::utc())
}

/// The time zone that is in force now.
fn current(thread: &Thread) -> Result<Arc<TimeZone>, Failure> {
    let value = match stdlib::variable(thread, b"TZ")? {
        Some(address) => Some(text(thread.window(), address)?),
        None => None,
    };
    Ok(thread.process().zone(value, read))
}

fn at_in(zone: &TimeZone, seconds: i64) -> Zone {
    let kind = zone.find_local_time_type(seconds);
    // A file without a rule says nothing of what comes after its last transition: that stays.
    let last = || {
        let zone = TimeZone::as_ref(zone);
        let last = zone.transitions().last();
        let index = last.map_or(0, |last| last.local_time_type_index());
        zone.local_time_types().get(index)
    };
    kind.ok()
        .or_else(last)
        .map_or_else(|| Zone::of(&LocalTimeType::utc()), Zone::of)
}

/// The rule that is in force at a time, in seconds.
pub(super) fn at(thread: &Thread, seconds: i64) -> Result<Zone, Failure> {
    Ok(at_in(&*current(thread)?, seconds))
}

/// How far from a date the C library of Linux looks for summer or standard time, where that of the date is not the wanted one, and in
/// which steps: in seconds.
const FARTHEST: i64 = 536_454_000;
const STRIDE: i64 = 601_200;
const DAY: i64 = 86_400;

/// The time that clocks in the zone show so: `shown` is what it would be in UTC. The answer to whether it is summer time decides where clocks
/// show it twice, or never with what is wanted.
pub(super) fn time_of(
    thread: &Thread,
    shown: i64,
    is_summer: Option<bool>,
) -> Result<i64, Failure> {
    let zone = current(thread)?;
    let at = |seconds| at_in(&zone, seconds);
    let near = [at(shown.saturating_sub(DAY)), at(shown.saturating_add(DAY))];
    let times = near
        .each_ref()
        .map(|zone| shown.saturating_sub(zone.offset));
    let is_shown = |time: &i64| time.saturating_add(at(*time).offset) == shown;
    let is_wanted = |time: &i64| is_summer.is_none_or(|wanted| at(*time).is_summer == wanted);
    let right = |time: &&i64| is_shown(time) && is_wanted(time);
    if let Some(time) = times.iter().find(right) {
        return Ok(*time);
    }
    let usual = times.into_iter().find(is_shown).unwrap_or(times[0]);
    let Some(wanted) = is_summer.filter(|wanted| at(usual).is_summer != *wanted) else {
        return Ok(usual);
    };
    for distance in (0..=FARTHEST).step_by(STRIDE as usize) {
        let places = [
            shown.saturating_sub(distance),
            shown.saturating_add(distance),
        ];
        let mut there = places.into_iter().map(at);
        if let Some(zone) = there.find(|zone| zone.is_summer == wanted) {
            return Ok(shown.saturating_sub(zone.offset));
        }
    }
    // Where there is no such time at all it is an hour away.
    let hour = if wanted { -3600 } else { 3600 };
    Ok(usual.saturating_add(hour))
}

/// Where the name of a zone is, to stay; 0 if there is no memory.
pub(super) fn place_of_name(thread: &Thread, name: &str) -> u64 {
    let bytes = || [name.as_bytes(), &[0]].concat();
    thread.lasting(format!("zone {name}"), bytes).unwrap_or(0)
}

/// Lets the program see the zone in `tzname`, `timezone` and `daylight`.
pub(super) fn publish(thread: &Thread) -> Result<(), Failure> {
    let zone = current(thread)?;
    let (standard, summer) = match TimeZone::as_ref(&zone).extra_rule() {
        Some(TransitionRule::Alternate(rule)) => (Zone::of(rule.std()), Zone::of(rule.dst())),
        Some(TransitionRule::Fixed(kind)) => (Zone::of(kind), Zone::of(kind)),
        None => (at_in(&zone, i64::MAX), at_in(&zone, i64::MAX)),
    };
    let names = [&standard, &summer].map(|zone| place_of_name(thread, &zone.name));
    let window = thread.window();
    let process = thread.process();
    if let Some(place) = process.variable("tzname") {
        for (index, name) in names.into_iter().enumerate() {
            store::<8>(window, place + 8 * index as u64, name)?;
        }
    }
    if let Some(place) = process.variable("timezone") {
        store::<8>(window, place, standard.offset.wrapping_neg() as u64)?;
    }
    if let Some(place) = process.variable("daylight") {
        let differs = standard.offset != summer.offset;
        store::<4>(window, place, differs.into())?;
    }
    Ok(())
}
