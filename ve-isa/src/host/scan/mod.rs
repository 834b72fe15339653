//! The functions like `scanf`: a format, text, places to store what it says.
//!
//! They follow the C library of Linux where the standard leaves room: `1e` is the number 1, and numbers that are too large are cut off as
//! its functions cut them off.

mod conversion;
mod source;

use super::call::{Outcome, Table, load, place, result_int, set_errno, store, text, word, write};
use super::ctype::is_space;
use super::heap;
use super::number::{parse_float, parse_quad};
use super::stdio::{standard_input, stream};
use crate::thread::{Failure, Thread};

use conversion::{Conversion, ConversionKind, ScanLength, ScanParser, Set};
use source::Character;

pub(super) use source::ScanSource;

pub(super) const TABLE: Table = &[
    ("scanf", from_input),
    ("__isoc99_scanf", from_input),
    ("__isoc23_scanf", from_input),
    ("vscanf", list_from_input),
    ("__isoc99_vscanf", list_from_input),
    ("__isoc23_vscanf", list_from_input),
    ("fscanf", from_stream),
    ("__isoc99_fscanf", from_stream),
    ("__isoc23_fscanf", from_stream),
    ("vfscanf", list_from_stream),
    ("__isoc99_vfscanf", list_from_stream),
    ("__isoc23_vfscanf", list_from_stream),
    ("sscanf", from_text),
    ("__isoc99_sscanf", from_text),
    ("__isoc23_sscanf", from_text),
    ("vsscanf", list_from_text),
    ("__isoc99_vsscanf", list_from_text),
    ("__isoc23_vsscanf", list_from_text),
];

fn from_input(thread: &mut Thread) -> Outcome {
    let arguments = place(thread, 1);
    scan_input(thread, arguments)
}

fn list_from_input(thread: &mut Thread) -> Outcome {
    let arguments = word(thread, 1);
    scan_input(thread, arguments)
}

fn scan_input(thread: &mut Thread, arguments: u64) -> Outcome {
    let Some(stream) = standard_input(thread) else {
        set_errno(thread, libc::EBADF);
        return result_int(thread, -1);
    };
    thread.flush_output();
    scan(
        thread,
        ScanSource::stream(&stream),
        word(thread, 0),
        arguments,
    )
}

fn from_stream(thread: &mut Thread) -> Outcome {
    let arguments = place(thread, 2);
    scan_stream(thread, arguments)
}

fn list_from_stream(thread: &mut Thread) -> Outcome {
    let arguments = word(thread, 2);
    scan_stream(thread, arguments)
}

fn scan_stream(thread: &mut Thread, arguments: u64) -> Outcome {
    let stream = stream(thread, 0)?;
    thread.flush_output();
    scan(
        thread,
        ScanSource::stream(&stream),
        word(thread, 1),
        arguments,
    )
}

fn from_text(thread: &mut Thread) -> Outcome {
    let arguments = place(thread, 2);
    scan_text(thread, arguments)
}

fn list_from_text(thread: &mut Thread) -> Outcome {
    let arguments = word(thread, 2);
    scan_text(thread, arguments)
}

fn scan_text(thread: &mut Thread, arguments: u64) -> Outcome {
    let bytes = text(thread.window(), word(thread, 0))?;
    scan(
        thread,
        ScanSource::bytes(&bytes),
        word(thread, 1),
        arguments,
    )
}

fn scan(thread: &mut Thread, source: ScanSource<'_>, format: u64, arguments: u64) -> Outcome {
    let format = text(thread.window(), format)?;
    let stored = scan_bytes(thread, source, &format, arguments)?;
    result_int(thread, stored)
}

/// Scans by a format; the result is what the C function returns.
pub(super) fn scan_bytes(
    thread: &Thread,
    source: ScanSource<'_>,
    format: &[u8],
    arguments: u64,
) -> Result<i32, Failure> {
    let mut scan = Scan {
        thread,
        source,
        next: arguments,
        first: arguments,
        stored: 0,
    };
    let end = scan.run(format);
    scan.source.give_back();
    match end {
        Ok(()) | Err(ScanStop::Mismatch) => Ok(scan.stored),
        Err(ScanStop::Input) if scan.stored == 0 => Ok(-1),
        Err(ScanStop::Input) => Ok(scan.stored),
        Err(ScanStop::Failure(failure)) => Err(failure),
    }
}

/// Why no more is scanned.
#[derive(Debug)]
enum ScanStop {
    /// The text is not what the format says.
    Mismatch,
    /// There is no more text.
    Input,
    Failure(Failure),
}

impl From<Failure> for ScanStop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

struct Scan<'a> {
    thread: &'a Thread,
    source: ScanSource<'a>,
    /// Where the next argument is, and the first one.
    next: u64,
    first: u64,
    stored: i32,
}

impl Scan<'_> {
    fn run(&mut self, format: &[u8]) -> Result<(), ScanStop> {
        let mut parser = ScanParser::new(format);
        while let Some(byte) = parser.next() {
            self.thread.poll()?;
            if is_space(byte) {
                self.skip_spaces();
            } else if byte == b'%' {
                let Some(conversion) = parser.conversion() else {
                    set_errno(self.thread, libc::EINVAL);
                    return Err(ScanStop::Mismatch);
                };
                self.convert(&conversion)?;
            } else {
                self.expect(byte)?;
            }
        }
        Ok(())
    }

    fn skip_spaces(&mut self) {
        while self
            .source
            .peek()
            .is_some_and(|c| c < 128 && is_space(c as u8))
        {
            self.source.take();
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), ScanStop> {
        match self.source.peek() {
            None => Err(ScanStop::Input),
            Some(found) if found == Character::from(byte) => {
                self.source.take();
                Ok(())
            }
            Some(_) => Err(ScanStop::Mismatch),
        }
    }

    /// The address where a conversion stores.
    fn argument(&mut self, conversion: &Conversion) -> Result<u64, ScanStop> {
        let at = match conversion.position {
            Some(position) => self.first.wrapping_add(8 * (position as u64 - 1)),
            None => {
                let at = self.next;
                self.next = at.wrapping_add(8);
                at
            }
        };
        Ok(load::<8>(self.thread.window(), at)?)
    }

    fn convert(&mut self, conversion: &Conversion) -> Result<(), ScanStop> {
        if !matches!(
            conversion.kind,
            ConversionKind::Characters | ConversionKind::Set(_) | ConversionKind::Count
        ) {
            self.skip_spaces();
        }
        match &conversion.kind {
            ConversionKind::Percent => self.expect(b'%'),
            ConversionKind::Count => {
                let at = self.argument(conversion)?;
                Ok(self.store_integer(at, conversion.length, self.source.taken())?)
            }
            ConversionKind::Integer { base, signed } => self.integer(conversion, *base, *signed),
            ConversionKind::Pointer => self.pointer(conversion),
            ConversionKind::Float => self.float(conversion),
            ConversionKind::Text => self.text(conversion, 0, &Set::words(), true),
            ConversionKind::Set(set) => self.text(conversion, 0, set, true),
            ConversionKind::Characters => self.text(conversion, 1, &Set::all(), false),
        }
    }

    /// The next character, if the width leaves room for it.
    fn peek(&mut self, left: u64) -> Option<u8> {
        let character = self.source.peek().filter(|_| left > 0)?;
        u8::try_from(character).ok()
    }

    /// Takes characters while they are wanted, as far as the width leaves room.
    fn take_while(&mut self, left: &mut u64, text: &mut Vec<u8>, wanted: impl Fn(u8) -> bool) {
        while let Some(byte) = self.peek(*left)
            && wanted(byte)
        {
            self.source.take();
            *left -= 1;
            text.push(byte);
        }
    }

    /// Takes one of these characters.
    fn take_one(&mut self, left: &mut u64, text: &mut Vec<u8>, wanted: &[u8]) -> bool {
        let found = self
            .peek(*left)
            .filter(|byte| wanted.contains(&byte.to_ascii_lowercase()));
        if let Some(byte) = found {
            self.source.take();
            *left -= 1;
            text.push(byte);
        }
        found.is_some()
    }

    fn must_have_more(&mut self) -> Result<(), ScanStop> {
        if self.source.peek().is_none() {
            return Err(ScanStop::Input);
        }
        Ok(())
    }

    /// The digits of an integer, as a number.
    fn digits(&mut self, left: &mut u64, mut base: u32) -> Result<Digits, ScanStop> {
        let mut sign = Vec::new();
        self.take_one(left, &mut sign, b"+-");
        let mut digits = Vec::new();
        if matches!(base, 0 | 2 | 16) && self.take_one(left, &mut digits, b"0") {
            // A prefix without digits behind it is the number 0.
            if base != 2 && self.take_one(left, &mut Vec::new(), b"x") {
                base = 16;
            } else if base == 0 {
                base = 8;
            }
        }
        if base == 0 {
            base = 10;
        }
        self.take_while(left, &mut digits, |byte| char::from(byte).is_digit(base));
        if digits.is_empty() {
            return Err(ScanStop::Mismatch);
        }
        let mut number = Some(0_u64);
        for digit in digits
            .iter()
            .filter_map(|byte| char::from(*byte).to_digit(base))
        {
            number = number
                .and_then(|number| number.checked_mul(base.into()))
                .and_then(|number| number.checked_add(digit.into()));
        }
        Ok(Digits {
            magnitude: number,
            negative: sign == b"-",
        })
    }

    fn integer(
        &mut self,
        conversion: &Conversion,
        base: u32,
        signed: bool,
    ) -> Result<(), ScanStop> {
        self.must_have_more()?;
        let mut left = conversion.width.unwrap_or(u64::MAX);
        let digits = self.digits(&mut left, base)?;
        let value = digits.value(signed);
        if value.1 {
            set_errno(self.thread, libc::ERANGE);
        }
        self.store_number(conversion, value.0)
    }

    fn pointer(&mut self, conversion: &Conversion) -> Result<(), ScanStop> {
        self.must_have_more()?;
        let mut left = conversion.width.unwrap_or(u64::MAX);
        let value = if self.peek(left) == Some(b'(') {
            for letter in b"(nil)" {
                if !self.take_one(&mut left, &mut Vec::new(), &[*letter]) {
                    return Err(ScanStop::Mismatch);
                }
            }
            0
        } else {
            self.digits(&mut left, 16)?.value(false).0
        };
        let whole = Conversion {
            length: ScanLength::Long,
            ..conversion.clone()
        };
        self.store_number(&whole, value)
    }

    fn store_number(&mut self, conversion: &Conversion, value: u64) -> Result<(), ScanStop> {
        if conversion.suppressed {
            return Ok(());
        }
        let at = self.argument(conversion)?;
        self.store_integer(at, conversion.length, value)?;
        self.stored += 1;
        Ok(())
    }

    fn store_integer(&self, at: u64, length: ScanLength, value: u64) -> Outcome {
        let window = self.thread.window();
        match length {
            ScanLength::Char => store::<1>(window, at, value),
            ScanLength::Short => store::<2>(window, at, value),
            ScanLength::Int => store::<4>(window, at, value),
            ScanLength::Long | ScanLength::LongDouble => store::<8>(window, at, value),
        }
    }

    /// Takes these letters, or fails.
    fn letters(
        &mut self,
        left: &mut u64,
        text: &mut Vec<u8>,
        letters: &[u8],
    ) -> Result<(), ScanStop> {
        for letter in letters {
            if !self.take_one(left, text, &[*letter]) {
                return Err(ScanStop::Mismatch);
            }
        }
        Ok(())
    }

    fn float_text(&mut self, mut left: u64) -> Result<Vec<u8>, ScanStop> {
        let left = &mut left;
        let mut text = Vec::new();
        self.take_one(left, &mut text, b"+-");
        if self.take_one(left, &mut text, b"n") {
            self.letters(left, &mut text, b"an")?;
            return Ok(text);
        }
        if self.take_one(left, &mut text, b"i") {
            self.letters(left, &mut text, b"nf")?;
            if self.take_one(left, &mut text, b"i") {
                self.letters(left, &mut text, b"nity")?;
            }
            return Ok(text);
        }
        let mut hexadecimal = false;
        let signs = text.len();
        if self.take_one(left, &mut text, b"0") && self.take_one(left, &mut text, b"x") {
            hexadecimal = true;
        }
        let digit = |byte: u8| {
            if hexadecimal {
                byte.is_ascii_hexdigit()
            } else {
                byte.is_ascii_digit()
            }
        };
        self.take_while(left, &mut text, digit);
        if self.take_one(left, &mut text, b".") {
            self.take_while(left, &mut text, digit);
        }
        let any = text[signs..].iter().any(|byte| digit(*byte));
        // A prefix is no number, but with a dot behind it the C library of Linux takes its 0.
        if hexadecimal && text.len() == signs + 2 || !any {
            return Err(ScanStop::Mismatch);
        }
        let exponent: &[u8] = if hexadecimal { b"p" } else { b"e" };
        if self.take_one(left, &mut text, exponent) {
            self.take_one(left, &mut text, b"+-");
            self.take_while(left, &mut text, |byte| byte.is_ascii_digit());
        }
        Ok(text)
    }

    fn float(&mut self, conversion: &Conversion) -> Result<(), ScanStop> {
        self.must_have_more()?;
        let text = self.float_text(conversion.width.unwrap_or(u64::MAX))?;
        if conversion.suppressed {
            return Ok(());
        }
        let text = std::ffi::CString::new(text).unwrap_or_default();
        let at = self.argument(conversion)?;
        let window = self.thread.window();
        let error = match conversion.length {
            ScanLength::LongDouble => {
                let (value, _, error) = parse_quad(&text);
                write(window, at, &value.to_le_bytes())?;
                error
            }
            ScanLength::Long => {
                let (value, _, error) = parse_float(&text, libc::strtod);
                store::<8>(window, at, value.to_bits())?;
                error
            }
            _ => {
                let (value, _, error) = parse_float(&text, libc::strtof);
                store::<4>(window, at, value.to_bits().into())?;
                error
            }
        };
        if error != 0 {
            set_errno(self.thread, error);
        }
        self.stored += 1;
        Ok(())
    }

    /// Characters of a set; `width` is how many there are if the format does not say, 0 for as many as there are.
    fn text(
        &mut self,
        conversion: &Conversion,
        width: u64,
        set: &Set,
        ended: bool,
    ) -> Result<(), ScanStop> {
        self.must_have_more()?;
        let usual = if width == 0 { u64::MAX } else { width };
        let mut left = conversion.width.unwrap_or(usual);
        let wide = conversion.length == ScanLength::Long;
        let mut bytes = Vec::new();
        let mut any = false;
        while left > 0
            && let Some(character) = self.source.peek()
            && set.contains(character)
        {
            if !conversion.suppressed {
                self.put(&mut bytes, character, wide)?;
            }
            self.source.take();
            any = true;
            left -= 1;
        }
        if !any {
            return Err(ScanStop::Mismatch);
        }
        if conversion.suppressed {
            return Ok(());
        }
        if ended {
            bytes.extend_from_slice(if wide { &[0; 4] } else { &[0] });
        }
        let at = self.argument(conversion)?;
        let window = self.thread.window();
        if conversion.allocated {
            load::<8>(window, at)?;
            let block = heap::allocate(self.thread, bytes.len() as u64);
            if block == 0 {
                return Err(ScanStop::Input);
            }
            write(window, block, &bytes)?;
            store::<8>(window, at, block)?;
        } else {
            write(window, at, &bytes)?;
        }
        self.stored += 1;
        Ok(())
    }

    /// Adds a character to the stored text. In the locale "C" only those of ASCII have both forms.
    fn put(&self, bytes: &mut Vec<u8>, character: Character, wide: bool) -> Result<(), ScanStop> {
        if wide != self.source.is_wide() && character >= 128 {
            set_errno(self.thread, libc::EILSEQ);
            return Err(ScanStop::Mismatch);
        }
        if wide {
            bytes.extend_from_slice(&character.to_le_bytes());
        } else {
            bytes.push(character as u8);
        }
        Ok(())
    }
}

/// An integer as it was read; nothing if it is larger than all.
struct Digits {
    magnitude: Option<u64>,
    negative: bool,
}

impl Digits {
    /// The number as `strtol` or `strtoul` give it, and whether it was out of range.
    fn value(&self, signed: bool) -> (u64, bool) {
        let limit = i64::MAX as u64 + u64::from(self.negative);
        match self.magnitude {
            Some(magnitude) if !signed || magnitude <= limit => {
                let value = if self.negative {
                    magnitude.wrapping_neg()
                } else {
                    magnitude
                };
                (value, false)
            }
            _ if !signed => (u64::MAX, true),
            _ if self.negative => (i64::MIN as u64, true),
            _ => (i64::MAX as u64, true),
        }
    }
}
