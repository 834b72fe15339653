//! Formats of `scanf`, taken apart.

use super::source::Character;

/// How long what is stored is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScanLength {
    Char,
    Short,
    Int,
    Long,
    LongDouble,
}

/// The kind of value that is read.
#[derive(Debug, Clone)]
pub(super) enum ConversionKind {
    Percent,
    Count,
    /// To a base, 0 for that which the text says.
    Integer {
        base: u32,
        signed: bool,
    },
    Pointer,
    Float,
    Text,
    Characters,
    Set(Set),
}

/// A conversion.
#[derive(Debug, Clone)]
pub(super) struct Conversion {
    /// The number of the argument, from 1, if the format has it.
    pub(super) position: Option<usize>,
    /// Whether nothing is stored.
    pub(super) suppressed: bool,
    pub(super) width: Option<u64>,
    /// Whether a block is allocated for the text.
    pub(super) allocated: bool,
    pub(super) length: ScanLength,
    pub(super) kind: ConversionKind,
}

/// Which characters a text may have.
#[derive(Debug, Clone)]
pub(super) struct Set {
    ranges: Vec<(u8, u8)>,
    inverted: bool,
}

impl Set {
    pub(super) fn all() -> Self {
        Self {
            ranges: Vec::new(),
            inverted: true,
        }
    }

    /// All but spaces.
    pub(super) fn words() -> Self {
        Self {
            ranges: vec![(b' ', b' '), (b'\t', b'\r')],
            inverted: true,
        }
    }

    pub(super) fn contains(&self, character: Character) -> bool {
        let inside = u8::try_from(character).is_ok_and(|byte| {
            let mut ranges = self.ranges.iter();
            ranges.any(|(first, last)| (*first..=*last).contains(&byte))
        });
        inside != self.inverted
    }
}

/// The largest number of an argument.
const LARGEST_POSITION: u64 = 4096;

/// Reads a format.
pub(super) struct ScanParser<'a> {
    format: &'a [u8],
}

impl<'a> ScanParser<'a> {
    pub(super) fn new(format: &'a [u8]) -> Self {
        Self { format }
    }

    /// The next byte.
    pub(super) fn next(&mut self) -> Option<u8> {
        self.format.split_off_first().copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.format.first() == Some(&byte);
        if found {
            self.next();
        }
        found
    }

    fn number(&mut self) -> Option<u64> {
        let digits = self.format.iter().take_while(|byte| byte.is_ascii_digit());
        let digits = self.format.split_off(..digits.count())?;
        let number = digits.iter().fold(0_u64, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add((digit - b'0').into())
        });
        (!digits.is_empty()).then_some(number)
    }

    /// The conversion behind a `%`; `None` if there is none.
    pub(super) fn conversion(&mut self) -> Option<Conversion> {
        let mut number = self.number();
        let mut position = None;
        if number.is_some() && self.eat(b'$') {
            let wanted = number.filter(|number| (1..=LARGEST_POSITION).contains(number))?;
            position = Some(wanted as usize);
            number = None;
        }
        let mut suppressed = false;
        while number.is_none() {
            if self.eat(b'*') {
                suppressed = true;
            } else if !self.eat(b'\'') && !self.eat(b'I') {
                break;
            }
        }
        let width = number.or_else(|| self.number()).filter(|width| *width > 0);
        let allocated = self.eat(b'm');
        let mut length = self.length();
        let kind = match self.next()? {
            b'%' => ConversionKind::Percent,
            b'n' => ConversionKind::Count,
            b'd' => ConversionKind::Integer {
                base: 10,
                signed: true,
            },
            b'i' => ConversionKind::Integer {
                base: 0,
                signed: true,
            },
            b'u' => ConversionKind::Integer {
                base: 10,
                signed: false,
            },
            b'o' => ConversionKind::Integer {
                base: 8,
                signed: false,
            },
            b'x' | b'X' => ConversionKind::Integer {
                base: 16,
                signed: false,
            },
            b'p' => ConversionKind::Pointer,
            b'a' | b'A' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => ConversionKind::Float,
            letter @ (b's' | b'S' | b'c' | b'C') => {
                if letter.is_ascii_uppercase() {
                    length = ScanLength::Long;
                }
                if letter.eq_ignore_ascii_case(&b's') {
                    ConversionKind::Text
                } else {
                    ConversionKind::Characters
                }
            }
            b'[' => ConversionKind::Set(self.set()?),
            _ => return None,
        };
        Some(Conversion {
            position,
            suppressed,
            width,
            allocated,
            length,
            kind,
        })
    }

    fn length(&mut self) -> ScanLength {
        if self.eat(b'h') {
            if self.eat(b'h') {
                ScanLength::Char
            } else {
                ScanLength::Short
            }
        } else if self.eat(b'l') {
            if self.eat(b'l') {
                ScanLength::LongDouble
            } else {
                ScanLength::Long
            }
        } else if self.eat(b'L') || self.eat(b'q') {
            ScanLength::LongDouble
        } else if b"jztZ".iter().any(|letter| self.eat(*letter)) {
            ScanLength::Long
        } else {
            ScanLength::Int
        }
    }

    /// The set behind a `[`.
    fn set(&mut self) -> Option<Set> {
        let inverted = self.eat(b'^');
        let mut ranges = Vec::new();
        let mut first = true;
        loop {
            let byte = self.next()?;
            if byte == b']' && !first {
                return Some(Set { ranges, inverted });
            }
            first = false;
            let range = match self.format {
                [b'-', last, ..] if *last != b']' && byte <= *last => Some(*last),
                _ => None,
            };
            if range.is_some() {
                self.next();
                self.next();
            }
            ranges.push((byte, range.unwrap_or(byte)));
        }
    }
}
