//! `fnmatch.h`: patterns of file names, as shells have them.
//!
//! The host's function takes time without limit for some patterns; this takes at most pattern times text.

use super::call::{Table, int, result_int, text, word};

pub(super) const TABLE: Table = &[("fnmatch", |thread| {
    let pattern = text(thread.window(), word(thread, 0))?;
    let name = text(thread.window(), word(thread, 1))?;
    let found = is_match(&pattern, &name, int(thread, 2));
    result_int(thread, if found { 0 } else { NO_MATCH })
})];

const NO_MATCH: i32 = 1;

/// A slash is matched by a slash alone.
pub(super) const PATH: i32 = 1;
/// A backslash is a character as any other.
pub(super) const NO_ESCAPE: i32 = 2;
/// A dot at the beginning is matched by a dot alone.
pub(super) const PERIOD: i32 = 4;
/// A slash may end the match, whatever follows.
const LEADING_DIRECTORY: i32 = 8;
/// Letters are the same in both cases.
const FOLD_CASE: i32 = 16;

/// One element of a pattern.
enum Element<'p> {
    /// Any text.
    Star,
    /// Any character.
    Any,
    Character(u8),
    /// What is between brackets.
    Set(&'p [u8]),
    /// Nothing matches it: the pattern ends behind a backslash.
    Wrong,
}

/// Whether a name matches a pattern.
pub(super) fn is_match(pattern: &[u8], name: &[u8], flags: i32) -> bool {
    let is_set = |flag| flags & flag != 0;
    // Whether the character at a place is a dot that has to be named.
    let is_hidden = |at: usize| {
        let begins = at == 0 || is_set(PATH) && name[at - 1] == b'/';
        is_set(PERIOD) && begins && name.get(at) == Some(&b'.')
    };
    let (mut at, mut place) = (0, 0);
    // Behind the last star, and where what it takes ends.
    let mut star: Option<(usize, usize)> = None;
    loop {
        let ends = place == name.len() || is_set(LEADING_DIRECTORY) && name[place] == b'/';
        if at == pattern.len() && ends {
            return true;
        }
        if let Some((element, length)) = element(&pattern[at..], flags) {
            if matches!(element, Element::Star) {
                at += length;
                star = Some((at, place));
                continue;
            }
            if let Some(character) = name.get(place)
                && matches(&element, *character, is_hidden(place), flags)
            {
                // A star takes no slash, so what is before one is settled.
                if is_set(PATH) && *character == b'/' {
                    star = None;
                }
                at += length;
                place += 1;
                continue;
            }
        }
        // The last star takes one more character.
        let Some((behind, end)) = star else {
            return false;
        };
        let Some(taken) = name.get(end) else {
            return false;
        };
        if is_set(PATH) && *taken == b'/' || is_hidden(end) {
            return false;
        }
        (at, place) = (behind, end + 1);
        star = Some((behind, end + 1));
    }
}

/// The first element of a pattern and its length.
fn element(pattern: &[u8], flags: i32) -> Option<(Element<'_>, usize)> {
    Some(match *pattern.first()? {
        b'*' => (Element::Star, 1),
        b'?' => (Element::Any, 1),
        b'\\' if flags & NO_ESCAPE == 0 => match pattern.get(1) {
            Some(next) => (Element::Character(*next), 2),
            None => (Element::Wrong, 1),
        },
        b'[' => match set(pattern, flags) {
            Some(length) => (Element::Set(&pattern[1..length - 1]), length),
            None => (Element::Character(b'['), 1),
        },
        other => (Element::Character(other), 1),
    })
}

fn fold(character: u8, flags: i32) -> u8 {
    if flags & FOLD_CASE != 0 {
        character.to_ascii_lowercase()
    } else {
        character
    }
}

fn matches(element: &Element<'_>, character: u8, hidden: bool, flags: i32) -> bool {
    let slash = flags & PATH != 0 && character == b'/';
    match element {
        Element::Character(own) => fold(*own, flags) == fold(character, flags),
        Element::Any => !hidden && !slash,
        Element::Set(inner) => !hidden && !slash && is_in_set(inner, character, flags),
        Element::Star | Element::Wrong => false,
    }
}

/// How long the set is that a pattern begins with, brackets included, if it ends.
fn set(pattern: &[u8], flags: i32) -> Option<usize> {
    let mut at = 1;
    if matches!(pattern.get(at), Some(b'!' | b'^')) {
        at += 1;
    }
    let first = at;
    loop {
        match pattern.get(at)? {
            b']' if at > first => return Some(at + 1),
            b'\\' if flags & NO_ESCAPE == 0 => at += 2,
            b'[' => at += named(&pattern[at..]).map_or(1, |(_, length)| length),
            _ => at += 1,
        }
    }
}

/// What begins with `[:`, `[.` or `[=` inside a set: its kind with its name, and its length.
fn named(text: &[u8]) -> Option<((u8, &[u8]), usize)> {
    let kind = *text.get(1).filter(|kind| b":.=".contains(kind))?;
    let end = text[2..].windows(2).position(|two| two == [kind, b']'])?;
    Some(((kind, &text[2..2 + end]), end + 4))
}

fn is_in_set(inner: &[u8], character: u8, flags: i32) -> bool {
    let (inner, wanted) = match inner.split_first() {
        Some((b'!' | b'^', rest)) => (rest, false),
        _ => (inner, true),
    };
    let folded = fold(character, flags);
    let mut found = false;
    let mut at = 0;
    while at < inner.len() {
        if let Some(((b':', name), length)) = named(&inner[at..]) {
            found |= is_of_class(name, character);
            at += length;
            continue;
        }
        let Some((low, length)) = end_of_range(&inner[at..], flags) else {
            return false;
        };
        let is_named = named(&inner[at..]).is_some();
        at += length;
        let mut high = low;
        if inner.get(at) == Some(&b'-') && at + 1 < inner.len() {
            let Some((end, length)) = end_of_range(&inner[at + 1..], flags) else {
                return false;
            };
            high = end;
            at += 1 + length;
        }
        // As the C library of Linux has it, only letters that stand for themselves are the same in both cases.
        if is_named && high == low {
            found |= low == character;
            continue;
        }
        found |= (fold(low, flags)..=fold(high, flags)).contains(&folded);
    }
    found == wanted
}

/// A character in a set, and how much of the set it takes.
fn end_of_range(text: &[u8], flags: i32) -> Option<(u8, usize)> {
    if let Some(((_, name), length)) = named(text) {
        return match name {
            [one] => Some((*one, length)),
            _ => None,
        };
    }
    match text {
        [b'\\', next, ..] if flags & NO_ESCAPE == 0 => Some((*next, 2)),
        [first, ..] => Some((*first, 1)),
        [] => None,
    }
}

fn is_of_class(name: &[u8], character: u8) -> bool {
    match name {
        b"alpha" => character.is_ascii_alphabetic(),
        b"digit" => character.is_ascii_digit(),
        b"alnum" => character.is_ascii_alphanumeric(),
        b"upper" => character.is_ascii_uppercase(),
        b"lower" => character.is_ascii_lowercase(),
        b"space" => matches!(character, b' ' | 9..=13),
        b"blank" => matches!(character, b' ' | b'\t'),
        b"punct" => character.is_ascii_punctuation(),
        b"print" => matches!(character, b' '..=b'~'),
        b"graph" => character.is_ascii_graphic(),
        b"cntrl" => character.is_ascii_control(),
        b"xdigit" => character.is_ascii_hexdigit(),
        _ => false,
    }
}
