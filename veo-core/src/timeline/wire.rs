//! The wire format of protocol buffers, as much of it as a trace needs. It knows no message.

/// A field that holds a number in base 128.
const VARINT: u64 = 0;
/// A field that holds eight bytes.
const FIXED64: u64 = 1;
/// A field that holds bytes or a message.
const BYTES: u64 = 2;

/// Writes fields behind each other.
pub(super) trait Fields {
    /// A number in base 128, seven bits to a byte, the lowest first.
    fn varint(&mut self, value: u64);

    /// A field with a number.
    fn number(&mut self, field: u64, value: u64);

    /// A field with eight bytes, which is shorter than a large number.
    fn fixed(&mut self, field: u64, value: u64);

    /// A field with text.
    fn text(&mut self, field: u64, value: &str);

    /// A field with a message.
    fn message(&mut self, field: u64, fill: impl FnOnce(&mut Vec<u8>));
}

impl Fields for Vec<u8> {
    #[inline]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    #[inline]
    fn number(&mut self, field: u64, value: u64) {
        self.varint(field << 3 | VARINT);
        self.varint(value);
    }

    #[inline]
    fn fixed(&mut self, field: u64, value: u64) {
        self.varint(field << 3 | FIXED64);
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn text(&mut self, field: u64, value: &str) {
        self.varint(field << 3 | BYTES);
        self.varint(value.len() as u64);
        self.extend_from_slice(value.as_bytes());
    }

    #[inline]
    fn message(&mut self, field: u64, fill: impl FnOnce(&mut Vec<u8>)) {
        self.varint(field << 3 | BYTES);
        // Most messages are shorter than 128 bytes, so that their length is one byte.
        let place = self.len();
        self.push(0);
        fill(self);
        let len = (self.len() - place - 1) as u64;
        if len < 0x80 {
            self[place] = len as u8;
            return;
        }
        let mut bytes = Vec::with_capacity(10);
        bytes.varint(len);
        self.splice(place..=place, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_messages_are_as_the_format_says() {
        // The examples of the documentation of protocol buffers.
        let mut bytes = Vec::new();
        bytes.number(1, 150);
        assert_eq!(bytes, [0x08, 0x96, 0x01]);
        let mut bytes = Vec::new();
        bytes.text(2, "testing");
        assert_eq!(bytes, b"\x12\x07testing");
        let mut bytes = Vec::new();
        bytes.message(3, |inner| inner.number(1, 150));
        assert_eq!(bytes, [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let mut bytes = Vec::new();
        bytes.varint(u64::MAX);
        assert_eq!(bytes.len(), 10);
    }

    #[test]
    fn the_length_of_a_long_message_takes_more_bytes() {
        for len in [125, 126, 127, 128, 20_000] {
            let text = "x".repeat(len);
            let mut bytes = Vec::new();
            bytes.message(1, |inner| inner.text(2, &text));
            let mut inner = Vec::new();
            inner.text(2, &text);
            let mut expected = vec![0x0a];
            expected.varint(inner.len() as u64);
            expected.extend(inner);
            assert_eq!(bytes, expected);
        }
    }
}
