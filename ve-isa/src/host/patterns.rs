//! `fnmatch.h`: patterns of file names, as shells have them.
//!
//! The host's function takes time without limit for some patterns. Here a pattern is read once, in time by its length, and a comparison
//! takes at most pattern times text and looks whether the program is asked to stop.

use super::call::{Table, int, result_int, text, word};
use crate::thread::Failure;

pub(super) const TABLE: Table = &[("fnmatch", |thread| {
    let pattern = text(thread.window(), word(thread, 0))?;
    let name = text(thread.window(), word(thread, 1))?;
    let Some(pattern) = Pattern::new(&pattern, int(thread, 2)) else {
        thread.note("fnmatch is given a pattern that is too long: it is no pattern");
        return result_int(thread, NO_PATTERN);
    };
    let found = pattern.is_match(&name, || thread.poll())?;
    result_int(thread, if found { 0 } else { NO_MATCH })
})];

const NO_MATCH: i32 = 1;
const NO_PATTERN: i32 = -1;

/// The longest pattern, in bytes. In memory it is some 300 times as large.
const LONGEST: usize = 1 << 16;
/// After how many steps a comparison looks whether the program is asked to stop.
const LOOK: u64 = 1 << 12;

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
enum PatternElement {
    /// Any text.
    Star,
    /// Any character.
    Any,
    Character(u8),
    /// A set in brackets: for each character, whether the set has it.
    Set(Box<[bool; 256]>),
    /// Nothing matches it: the pattern ends behind a backslash.
    Wrong,
}

/// A pattern that has been read.
pub(super) struct Pattern {
    elements: Vec<PatternElement>,
    flags: i32,
}

impl Pattern {
    /// Nothing, if it is too long.
    pub(super) fn new(pattern: &[u8], flags: i32) -> Option<Self> {
        let elements =
            (pattern.len() <= LONGEST).then(|| PatternReader::new(pattern, flags).elements());
        elements.map(|elements| Self { elements, flags })
    }

    /// Whether a name matches, unless somebody asks the program to stop.
    pub(super) fn is_match(
        &self,
        name: &[u8],
        poll: impl Fn() -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        let is_set = |flag| self.flags & flag != 0;
        // Whether the character at a place is a dot that has to be named.
        let is_hidden = |at: usize| {
            let begins = at == 0 || is_set(PATH) && name[at - 1] == b'/';
            is_set(PERIOD) && begins && name.get(at) == Some(&b'.')
        };
        let (mut at, mut place) = (0, 0);
        // Behind the last star, and where what it takes ends.
        let mut star: Option<(usize, usize)> = None;
        let mut steps = 0_u64;
        loop {
            steps += 1;
            if steps.is_multiple_of(LOOK) {
                poll()?;
            }
            let ends = place == name.len() || is_set(LEADING_DIRECTORY) && name[place] == b'/';
            if at == self.elements.len() && ends {
                return Ok(true);
            }
            if let Some(element) = self.elements.get(at) {
                if matches!(element, PatternElement::Star) {
                    at += 1;
                    star = Some((at, place));
                    continue;
                }
                if let Some(character) = name.get(place)
                    && matches(element, *character, is_hidden(place), self.flags)
                {
                    // A star takes no slash, so the part before one is settled.
                    if is_set(PATH) && *character == b'/' {
                        star = None;
                    }
                    at += 1;
                    place += 1;
                    continue;
                }
            }
            // The last star takes one more character.
            let Some((behind, end)) = star else {
                return Ok(false);
            };
            let Some(taken) = name.get(end) else {
                return Ok(false);
            };
            if is_set(PATH) && *taken == b'/' || is_hidden(end) {
                return Ok(false);
            }
            (at, place) = (behind, end + 1);
            star = Some((behind, end + 1));
        }
    }
}

fn fold(character: u8, flags: i32) -> u8 {
    if flags & FOLD_CASE != 0 {
        character.to_ascii_lowercase()
    } else {
        character
    }
}

fn matches(element: &PatternElement, character: u8, hidden: bool, flags: i32) -> bool {
    let slash = flags & PATH != 0 && character == b'/';
    match element {
        PatternElement::Character(own) => fold(*own, flags) == fold(character, flags),
        PatternElement::Any => !hidden && !slash,
        PatternElement::Set(members) => !hidden && !slash && members[usize::from(character)],
        PatternElement::Star | PatternElement::Wrong => false,
    }
}

/// The kinds of names in a set, for a character, a class, an equivalence: `[.x.]`, `[:alpha:]`, `[=x=]`.
const KINDS: [u8; 3] = *b".:=";

/// A place that there is not.
const NONE: usize = usize::MAX;

/// Reads a pattern. Where something ends is known for all places before, so that nothing is looked for twice.
struct PatternReader<'p> {
    pattern: &'p [u8],
    flags: i32,
    /// For each kind and place, where what closes that kind comes next.
    closing: [Vec<usize>; 3],
    /// For each place inside a set, the place behind the set.
    ends: Vec<usize>,
}

impl<'p> PatternReader<'p> {
    fn new(pattern: &'p [u8], flags: i32) -> Self {
        let length = pattern.len();
        let mut reader = Self {
            pattern,
            flags,
            closing: std::array::from_fn(|_| vec![NONE; length + 2]),
            ends: vec![NONE; length + 2],
        };
        for at in (0..length).rev() {
            for (kind, closing) in KINDS.iter().zip(&mut reader.closing) {
                let is_here = pattern[at..].starts_with(&[*kind, b']']);
                closing[at] = if is_here { at } else { closing[at + 1] };
            }
            reader.ends[at] = match pattern[at] {
                b']' => at + 1,
                b'\\' if reader.escapes() => reader.ends[at + 2],
                _ => {
                    let named = reader.named(at, length);
                    reader.ends[named.map_or(at + 1, |(_, _, next)| next)]
                }
            };
        }
        reader
    }

    fn escapes(&self) -> bool {
        self.flags & NO_ESCAPE == 0
    }

    fn elements(&self) -> Vec<PatternElement> {
        let mut elements = Vec::new();
        let mut at = 0;
        while let Some(byte) = self.pattern.get(at) {
            at += 1;
            elements.push(match byte {
                b'*' => PatternElement::Star,
                b'?' => PatternElement::Any,
                b'\\' if self.escapes() => {
                    at += 1;
                    let next = self.pattern.get(at - 1);
                    next.map_or(PatternElement::Wrong, |next| {
                        PatternElement::Character(*next)
                    })
                }
                b'[' => match self.end_of_set(at) {
                    NONE => PatternElement::Character(b'['),
                    end => {
                        let members = self.members(at, end - 1);
                        at = end;
                        PatternElement::Set(members)
                    }
                },
                other => PatternElement::Character(*other),
            });
        }
        elements
    }

    /// The place behind the set whose first bracket is before this place, if it ends.
    fn end_of_set(&self, mut at: usize) -> usize {
        if matches!(self.pattern.get(at), Some(b'!' | b'^')) {
            at += 1;
        }
        // The first character does not end it.
        if self.pattern.get(at) == Some(&b']') {
            at += 1;
        }
        self.ends[at]
    }

    /// The name that begins with `[:`, `[.` or `[=` at a place in a set: its kind, its text, and the place behind. It ends before `to`.
    fn named(&self, at: usize, to: usize) -> Option<(u8, &'p [u8], usize)> {
        let [b'[', kind, ..] = self.pattern[at..to] else {
            return None;
        };
        let index = KINDS.iter().position(|known| *known == kind)?;
        let end = self.closing[index][at + 2];
        (end < to - 1).then(|| (kind, &self.pattern[at + 2..end], end + 2))
    }

    /// A character in a set, and the place behind.
    fn character(&self, at: usize, to: usize) -> Option<(u8, usize)> {
        if let Some((_, name, next)) = self.named(at, to) {
            return match name {
                [one] => Some((*one, next)),
                _ => None,
            };
        }
        match self.pattern[at..to] {
            [b'\\', next, ..] if self.escapes() => Some((next, at + 2)),
            [first, ..] => Some((first, at + 1)),
            [] => None,
        }
    }

    /// The characters of a set, which is between these places.
    fn members(&self, mut at: usize, to: usize) -> Box<[bool; 256]> {
        let wanted = !matches!(self.pattern[at..to], [b'!' | b'^', ..]);
        if !wanted {
            at += 1;
        }
        let (mut exact, mut folded) = ([false; 256], [false; 256]);
        while at < to {
            let named = self.named(at, to);
            if let Some((b':', name, next)) = named {
                for character in 0..=u8::MAX {
                    exact[usize::from(character)] |= is_of_class(name, character);
                }
                at = next;
                continue;
            }
            let Some((low, next)) = self.character(at, to) else {
                return Box::new([false; 256]);
            };
            at = next;
            let mut high = low;
            if at + 1 < to && self.pattern[at] == b'-' {
                let Some((end, next)) = self.character(at + 1, to) else {
                    return Box::new([false; 256]);
                };
                (high, at) = (end, next);
            }
            // As the C library of Linux has it, only letters that stand for themselves are the same in both cases.
            if named.is_some() && high == low {
                exact[usize::from(low)] = true;
                continue;
            }
            for character in fold(low, self.flags)..=fold(high, self.flags) {
                folded[usize::from(character)] = true;
            }
        }
        Box::new(std::array::from_fn(|index| {
            let same = usize::from(fold(index as u8, self.flags));
            (exact[index] || folded[same]) == wanted
        }))
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
