//! The functions like `printf`: a format, arguments in memory, text.
//!
//! Arguments of a variadic function lie in memory in slots of 8 bytes, as does what a `va_list` points to.

mod decimal;
mod float;
mod integer;
mod output;
mod specification;

use super::call::{ByteReader, Outcome, load, load_bits, place, store, text, text_up_to, word};
use crate::check::host;
use crate::memory::Window;
use crate::thread::{Failure, Thread};

use output::OutputField;
pub(super) use output::{FormattedOutput, Sink};
use specification::{Amount, FormatFlags, FormatLength, FormatPiece, Specification};

/// Where the arguments for a format are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Variadic {
    /// They are those from this number on.
    Arguments(u64),
    /// The argument with this number is a `va_list`.
    List(usize),
}

impl Variadic {
    pub(super) fn address(self, thread: &Thread) -> u64 {
        match self {
            Self::Arguments(first) => place(thread, first),
            Self::List(number) => word(thread, number),
        }
    }
}

/// Why a call prints nothing, or not all: an error number.
#[derive(Debug)]
pub(super) enum FormatStop {
    Error(i32),
    Failure(Failure),
}

impl From<Failure> for FormatStop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// The largest number of an argument, as `%n$` has it.
const LARGEST_POSITION: usize = 4096;

/// Arguments in memory.
struct FormatArguments<'w> {
    window: &'w Window,
    next: u64,
    /// Where each argument is, if the format numbers them.
    places: Vec<u64>,
}

impl FormatArguments<'_> {
    fn place(&mut self, position: Option<usize>, quad: bool) -> u64 {
        match position {
            Some(position) => self.places.get(position - 1).copied().unwrap_or(self.next),
            None => {
                if quad {
                    self.next = self.next.wrapping_add(15) & !15;
                }
                let place = self.next;
                self.next = place.wrapping_add(if quad { 16 } else { 8 });
                place
            }
        }
    }

    fn word(&mut self, position: Option<usize>) -> Result<u64, Failure> {
        self.word_of(position, 8)
    }

    /// The word of an argument of which so many bytes are used.
    fn word_of(&mut self, position: Option<usize>, bytes: u64) -> Result<u64, Failure> {
        let place = self.place(position, false);
        host::access(self.window, place, 8, false)?;
        host::used(self.window, place, bytes)?;
        load_bits::<8>(self.window, place)
    }

    /// The low half comes first in memory.
    fn quad(&mut self, position: Option<usize>) -> Result<u128, Failure> {
        let place = self.place(position, true);
        let low = load::<8>(self.window, place)?;
        let high = load::<8>(self.window, place.wrapping_add(8))?;
        Ok(u128::from(high) << 64 | u128::from(low))
    }

    /// Finds out where numbered arguments are: each takes a slot, or two that are aligned.
    fn number(&mut self, pieces: &[FormatPiece]) -> Result<(), FormatStop> {
        let mut quads: Vec<bool> = Vec::new();
        let mut note = |position: Option<usize>, quad: bool| {
            let Some(position) = position else {
                return Ok(());
            };
            if position == 0 || position > LARGEST_POSITION {
                return Err(FormatStop::Error(libc::EINVAL));
            }
            if quads.len() < position {
                quads.resize(position, false);
            }
            quads[position - 1] |= quad;
            Ok(())
        };
        for piece in pieces {
            if let FormatPiece::Conversion(specification) = piece {
                for amount in [specification.width, specification.precision] {
                    if let Some(Amount::Argument(position)) = amount {
                        note(position, false)?;
                    }
                }
                note(specification.position, specification.is_quad())?;
            }
        }
        let mut place = self.next;
        for quad in quads {
            if quad {
                place = place.wrapping_add(15) & !15;
            }
            self.places.push(place);
            place = place.wrapping_add(if quad { 16 } else { 8 });
        }
        Ok(())
    }
}

/// Prints. The result is what the C function returns: how many bytes the text has, or the number of an error.
pub(super) fn print(
    thread: &Thread,
    format: u64,
    arguments: u64,
    sink: Sink<'_>,
) -> Result<Result<i32, i32>, Failure> {
    let format = text(thread.window(), format)?;
    print_bytes(thread, &format, arguments, sink)
}

/// As [`print`], by a format of the host's.
pub(super) fn print_bytes(
    thread: &Thread,
    format: &[u8],
    arguments: u64,
    sink: Sink<'_>,
) -> Result<Result<i32, i32>, Failure> {
    let mut output = FormattedOutput::new(sink);
    match print_all(thread, format, arguments, &mut output) {
        Ok(()) => {}
        Err(FormatStop::Error(error)) => {
            output.finish()?;
            return Ok(Err(error));
        }
        Err(FormatStop::Failure(failure)) => return Err(failure),
    }
    let count = output.finish()?;
    Ok(match i32::try_from(count) {
        _ if output.is_full() => Err(libc::ENOMEM),
        _ if output.failed() => Err(libc::EIO),
        Ok(count) => Ok(count),
        Err(_) => Err(libc::EOVERFLOW),
    })
}

fn print_all(
    thread: &Thread,
    format: &[u8],
    arguments: u64,
    output: &mut FormattedOutput<'_>,
) -> Result<(), FormatStop> {
    let window = thread.window();
    let pieces = specification::parse(format).ok_or(FormatStop::Error(libc::EINVAL))?;
    let mut arguments = FormatArguments {
        window,
        next: arguments,
        places: Vec::new(),
    };
    arguments.number(&pieces)?;
    for piece in &pieces {
        match piece {
            FormatPiece::Text(range) => output.bytes(&format[range.clone()])?,
            FormatPiece::Conversion(specification) => {
                convert(thread, specification, &mut arguments, output)?;
            }
        }
        if output.count() > i32::MAX as u64 {
            return Err(FormatStop::Error(libc::EOVERFLOW));
        }
        thread.poll()?;
    }
    Ok(())
}

/// Prints one argument.
fn convert(
    thread: &Thread,
    specification: &Specification,
    arguments: &mut FormatArguments<'_>,
    output: &mut FormattedOutput<'_>,
) -> Result<(), FormatStop> {
    let window = thread.window();
    let mut flags = specification.flags;
    let mut width = match specification.width {
        None => 0,
        Some(Amount::Number(number)) => number,
        Some(Amount::Argument(position)) => i64::from(arguments.word_of(position, 4)? as i32),
    };
    if width < 0 {
        flags |= FormatFlags::LEFT;
        width = -width;
    }
    // A negative precision counts as none.
    let precision = match specification.precision {
        None => None,
        Some(Amount::Number(number)) => Some(number),
        Some(Amount::Argument(position)) => Some(i64::from(arguments.word_of(position, 4)? as i32)),
    };
    let precision = precision.and_then(|precision| u64::try_from(precision).ok());
    let width = width as u64;
    if width > i32::MAX as u64 || precision.is_some_and(|precision| precision > i32::MAX as u64) {
        return Err(FormatStop::Error(libc::EOVERFLOW));
    }
    let position = specification.position;
    let field = match specification.conversion {
        b'%' => return Ok(output.bytes(b"%")?),
        b'd' | b'i' => {
            let value = {
                let word = arguments.word_of(position, specification.length.bytes())?;
                specification.length.signed(word)
            };
            integer::signed(value, flags, precision)
        }
        conversion @ (b'u' | b'o' | b'x' | b'X' | b'b' | b'B') => {
            let value = {
                let word = arguments.word_of(position, specification.length.bytes())?;
                specification.length.unsigned(word)
            };
            integer::unsigned(value, conversion, flags, precision)
        }
        b'p' => match arguments.word(position)? {
            0 => OutputField::text(b"(nil)".to_vec()),
            value => {
                let mut field =
                    integer::unsigned(value, b'x', flags | FormatFlags::ALTERNATE, precision);
                // The C library of Linux gives addresses a sign, if asked to.
                let sign = integer::signed(0, flags, None).prefix;
                field.prefix.splice(0..0, sign);
                field
            }
        },
        b'a' | b'A' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
            let number = if specification.is_quad() {
                decimal::quad_parts(arguments.quad(position)?)
            } else {
                decimal::double_parts(arguments.word(position)?)
            };
            float::format(&number, specification.conversion, flags, precision)
        }
        b'c' if specification.length == FormatLength::Long => {
            let character = arguments.word_of(position, 4)? as u32;
            OutputField::text(encode(character, output.is_wide())?)
        }
        b'C' => {
            let character = arguments.word_of(position, 4)? as u32;
            OutputField::text(encode(character, output.is_wide())?)
        }
        b'c' => {
            let text = vec![arguments.word_of(position, 1)? as u8];
            OutputField::text(bytes_of(text, output.is_wide())?)
        }
        conversion @ (b's' | b'S') => {
            let address = arguments.word(position)?;
            let limit = precision.unwrap_or(u64::MAX);
            let wide = conversion == b'S' || specification.length == FormatLength::Long;
            OutputField::text(match address {
                // This is not cut off, because a part of it would say nothing.
                0 if limit < 6 => Vec::new(),
                0 => b"(null)".to_vec(),
                _ if wide => wide_text(window, address, limit, output.is_wide())?,
                _ => bytes_of(text_up_to(window, address, limit)?, output.is_wide())?,
            })
        }
        b'm' => {
            let number = load::<4>(window, thread.private().start)? as i32;
            let mut text = super::string::error_text(number);
            text.truncate(precision.map_or(usize::MAX, |limit| limit as usize));
            OutputField::text(text)
        }
        b'n' => {
            let place = arguments.word(position)?;
            let count = output.count();
            match specification.length {
                FormatLength::Char => store::<1>(window, place, count)?,
                FormatLength::Short => store::<2>(window, place, count)?,
                FormatLength::Int => store::<4>(window, place, count)?,
                FormatLength::Long | FormatLength::LongDouble => store::<8>(window, place, count)?,
            }
            return Ok(());
        }
        // Such a conversion does not exist. `parse` has made all others texts.
        _ => return Ok(()),
    };
    Ok(output.field(&field, flags, width)?)
}

/// A wide character as bytes. In the locale "C" only characters of ASCII can be printed as bytes; text that becomes wide is UTF-8 here.
fn encode(character: u32, to_wide: bool) -> Result<Vec<u8>, FormatStop> {
    match char::from_u32(character) {
        Some(character) if to_wide || character.is_ascii() => {
            Ok(character.to_string().into_bytes())
        }
        _ => Err(FormatStop::Error(libc::EILSEQ)),
    }
}

/// Bytes that a program prints: those that become wide text have to be characters.
fn bytes_of(text: Vec<u8>, to_wide: bool) -> Result<Vec<u8>, FormatStop> {
    if to_wide && !text.is_ascii() {
        return Err(FormatStop::Error(libc::EILSEQ));
    }
    Ok(text)
}

fn wide_text(
    window: &Window,
    address: u64,
    limit: u64,
    to_wide: bool,
) -> Result<Vec<u8>, FormatStop> {
    let mut reader = ByteReader::new(window, address);
    let mut text = Vec::new();
    let mut left = limit;
    while left > 0 {
        let mut bytes = [0; 4];
        for byte in &mut bytes {
            *byte = reader.byte()?;
        }
        match u32::from_le_bytes(bytes) {
            0 => break,
            character => text.extend(encode(character, to_wide)?),
        }
        left -= 1;
    }
    Ok(text)
}

/// Leaves what a function like `printf` returns.
pub(super) fn result(thread: &mut Thread, printed: Result<i32, i32>) -> Outcome {
    let value = printed.unwrap_or_else(|error| {
        super::call::set_errno(thread, error);
        -1
    });
    super::call::result_int(thread, value)
}
