//! The wire format of protocol buffers, as far as a trace needs it. It knows no message.

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WireValue<'a> {
    /// A number in base 128, or one of four or eight bytes.
    Number(u64),
    /// Bytes, text or a message.
    Bytes(&'a [u8]),
}

impl<'a> WireValue<'a> {
    pub(super) fn number(self) -> Option<u64> {
        match self {
            WireValue::Number(number) => Some(number),
            WireValue::Bytes(_) => None,
        }
    }

    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            WireValue::Bytes(bytes) => Some(bytes),
            WireValue::Number(_) => None,
        }
    }

    pub(super) fn text(self) -> Option<String> {
        Some(String::from_utf8_lossy(self.bytes()?).into_owned())
    }
}

/// The fields of a message. The iteration ends at the first nonsense.
#[derive(Clone, Copy)]
pub(super) struct WireMessage<'a>(pub(super) &'a [u8]);

impl<'a> WireMessage<'a> {
    /// The last value of a field: the format says that it wins.
    pub(super) fn get(self, field: u64) -> Option<WireValue<'a>> {
        self.filter(|(number, _)| *number == field)
            .last()
            .map(|(_, value)| value)
    }

    pub(super) fn number(self, field: u64) -> Option<u64> {
        self.get(field)?.number()
    }

    pub(super) fn message(self, field: u64) -> Option<WireMessage<'a>> {
        Some(WireMessage(self.get(field)?.bytes()?))
    }

    /// The messages of a field that may come several times.
    pub(super) fn messages(self, field: u64) -> impl Iterator<Item = WireMessage<'a>> {
        self.filter(move |(number, _)| *number == field)
            .filter_map(|(_, value)| Some(WireMessage(value.bytes()?)))
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn field(&mut self) -> Option<(u64, WireValue<'a>)> {
        let key = varint(&mut self.0)?;
        let value = match key & 7 {
            0 => WireValue::Number(varint(&mut self.0)?),
            1 => WireValue::Number(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let len = usize::try_from(varint(&mut self.0)?).ok()?;
                WireValue::Bytes(self.take(len)?)
            }
            5 => WireValue::Number(u32::from_le_bytes(self.take(4)?.try_into().ok()?).into()),
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

impl<'a> Iterator for WireMessage<'a> {
    type Item = (u64, WireValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        field
    }
}

/// Takes a number in base 128 from the beginning.
pub(super) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_format_are_read() {
        let fields: Vec<_> = WireMessage(&[0x08, 0x96, 0x01]).collect();
        assert_eq!(fields, [(1, WireValue::Number(150))]);
        assert_eq!(
            WireMessage(b"\x12\x07testing")
                .get(2)
                .unwrap()
                .text()
                .unwrap(),
            "testing"
        );
        let inner = WireMessage(&[0x1a, 0x03, 0x08, 0x96, 0x01])
            .message(3)
            .unwrap();
        assert_eq!(inner.number(1), Some(150));
        assert_eq!(WireMessage(&[0x08, 1, 0x08, 2]).number(1), Some(2));
    }

    #[test]
    fn bytes_without_sense_end_a_message() {
        for bytes in [
            &[0x08][..],
            &[0x12, 9, 1],
            &[0x0b],
            &[0xff; 20],
            &[0x09, 1, 2],
        ] {
            assert_eq!(WireMessage(bytes).count(), 0, "{bytes:x?}");
        }
    }
}
