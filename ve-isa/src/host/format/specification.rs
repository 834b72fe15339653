//! Formats, taken apart.

use std::ops::Range;

bitflags::bitflags! {
    /// The flags, which stand between `%` and the width.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) struct FormatFlags: u8 {
        /// `-`
        const LEFT = 1;
        /// `+`
        const PLUS = 2;
        /// A blank.
        const BLANK = 4;
        /// `#`
        const ALTERNATE = 8;
        /// `0`
        const ZERO = 16;
    }
}

impl FormatFlags {
    /// The sign of a number.
    pub(super) fn sign(self, negative: bool) -> &'static str {
        if negative {
            "-"
        } else if self.contains(FormatFlags::PLUS) {
            "+"
        } else if self.contains(FormatFlags::BLANK) {
            " "
        } else {
            ""
        }
    }
}

/// A width or precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    Number(i64),
    /// An argument has it: the next one, or that with a number.
    Argument(Option<usize>),
}

/// How long the argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormatLength {
    Char,
    Short,
    Int,
    Long,
    LongDouble,
}

impl FormatLength {
    /// How many bytes of an argument's word are used.
    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::Char => 1,
            Self::Short => 2,
            Self::Int => 4,
            Self::Long | Self::LongDouble => 8,
        }
    }

    pub(super) fn signed(self, word: u64) -> i64 {
        match self {
            Self::Char => (word as i8).into(),
            Self::Short => (word as i16).into(),
            Self::Int => (word as i32).into(),
            Self::Long | Self::LongDouble => word as i64,
        }
    }

    pub(super) fn unsigned(self, word: u64) -> u64 {
        match self {
            Self::Char => (word as u8).into(),
            Self::Short => (word as u16).into(),
            Self::Int => (word as u32).into(),
            Self::Long | Self::LongDouble => word,
        }
    }
}

/// How one argument is converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Specification {
    /// The number of the argument, if the format has it.
    pub(super) position: Option<usize>,
    pub(super) flags: FormatFlags,
    pub(super) width: Option<Amount>,
    pub(super) precision: Option<Amount>,
    pub(super) length: FormatLength,
    pub(super) conversion: u8,
}

impl Specification {
    /// Whether the argument is a `long double`.
    pub(super) fn is_quad(&self) -> bool {
        self.length == FormatLength::LongDouble && b"aAeEfFgG".contains(&self.conversion)
    }
}

/// A part of a format.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FormatPiece {
    /// To be printed as it is.
    Text(Range<usize>),
    Conversion(Specification),
}

/// All conversions.
const CONVERSIONS: &[u8] = b"%diouxXbBpaAeEfFgGcCsSmn";

/// Reads a format from its bytes.
struct FormatParser<'a> {
    format: &'a [u8],
    at: usize,
}

impl FormatParser<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// A number, held at a limit that no C library prints.
    fn number(&mut self) -> Option<i64> {
        let start = self.at;
        let mut number = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = (10 * number + i64::from(digit - b'0')).min(1 << 40);
            self.at += 1;
        }
        (self.at > start).then_some(number)
    }

    /// `12$`, or nothing.
    fn position(&mut self) -> Option<usize> {
        let start = self.at;
        if let Some(number) = self.number()
            && self.eat(b'$')
        {
            return Some(number as usize);
        }
        self.at = start;
        None
    }

    fn amount(&mut self) -> Option<Amount> {
        if self.eat(b'*') {
            return Some(Amount::Argument(self.position()));
        }
        self.number().map(Amount::Number)
    }

    fn length(&mut self) -> FormatLength {
        match self.peek() {
            Some(b'h') => {
                self.at += 1;
                if self.eat(b'h') {
                    FormatLength::Char
                } else {
                    FormatLength::Short
                }
            }
            Some(b'l') => {
                self.at += 1;
                // `ll` before a float counts as `L`.
                if self.eat(b'l') {
                    FormatLength::LongDouble
                } else {
                    FormatLength::Long
                }
            }
            Some(b'L' | b'q') => {
                self.at += 1;
                FormatLength::LongDouble
            }
            Some(b'j' | b'z' | b't' | b'Z') => {
                self.at += 1;
                FormatLength::Long
            }
            _ => FormatLength::Int,
        }
    }

    /// The specification behind a `%`; `None` if the format ends before it does.
    fn specification(&mut self) -> Option<Specification> {
        let position = self.position();
        let mut flags = FormatFlags::empty();
        loop {
            flags |= match self.peek()? {
                b'-' => FormatFlags::LEFT,
                b'+' => FormatFlags::PLUS,
                b' ' => FormatFlags::BLANK,
                b'#' => FormatFlags::ALTERNATE,
                b'0' => FormatFlags::ZERO,
                // Digits have no groups in the locale "C", and no other forms.
                b'\'' | b'I' => FormatFlags::empty(),
                _ => break,
            };
            self.at += 1;
        }
        let width = self.amount();
        let precision = if self.eat(b'.') {
            Some(self.amount().unwrap_or(Amount::Number(0)))
        } else {
            None
        };
        let length = self.length();
        let conversion = self.peek()?;
        self.at += 1;
        Some(Specification {
            position,
            flags,
            width,
            precision,
            length,
            conversion,
        })
    }
}

/// Takes a format apart; nothing if it ends in the middle of a conversion.
pub(super) fn parse(format: &[u8]) -> Option<Vec<FormatPiece>> {
    let mut parser = FormatParser { format, at: 0 };
    let mut pieces = Vec::new();
    let mut start = 0;
    while let Some(byte) = parser.peek() {
        if byte != b'%' {
            parser.at += 1;
            continue;
        }
        let before = parser.at;
        parser.at += 1;
        let specification = parser.specification()?;
        // An unknown conversion is printed as it stands.
        if !CONVERSIONS.contains(&specification.conversion) {
            continue;
        }
        if start < before {
            pieces.push(FormatPiece::Text(start..before));
        }
        pieces.push(FormatPiece::Conversion(specification));
        start = parser.at;
    }
    if start < format.len() {
        pieces.push(FormatPiece::Text(start..format.len()));
    }
    Some(pieces)
}
