//! A compile-time message, put together in a constant: the macro's message, then the declared
//! structure, which only the compiler knows.

use crate::{StructLayout, Type};

/// The most bytes of the whole message. A longer one is cut.
const ROOM: usize = 4096;
/// The most bytes of the macro's message. The rest is for the structure.
const MESSAGE: usize = 3072;
/// The most fields that a message names.
const FIELDS: usize = 12;
/// The most pointers and arrays around a structure.
const DEPTH: u32 = 8;

/// A message that is put together in a constant.
#[derive(Clone, Copy, Debug)]
pub struct ConstMessage {
    bytes: [u8; ROOM],
    len: usize,
}

impl ConstMessage {
    /// Joins the macro's message and, if the declared type leads to a structure, the description
    /// of that structure.
    #[must_use]
    pub const fn new(message: &str, declared: &Type) -> ConstMessage {
        let so_far = ConstMessage {
            bytes: [0; ROOM],
            len: 0,
        };
        let so_far = so_far.up_to(MESSAGE, message);
        match structure(declared) {
            Some(layout) => so_far.text("\n").layout(layout),
            None => so_far,
        }
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.len);
        match core::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => "the declaration differs from the kernel",
        }
    }

    /// "`Point` at src/lib.rs:5 has 24 bytes: `x: f64` at 0, `y: f64` at 8"
    const fn layout(self, layout: &StructLayout) -> ConstMessage {
        let mut so_far = self.text("`").text(layout.name).text("` ");
        if !layout.location.is_empty() {
            so_far = so_far.text("at ").text(layout.location).text(" ");
        }
        so_far = so_far.text("has ");
        so_far = so_far.number(layout.size).text(" bytes");
        let mut index = 0;
        while index < layout.fields.len() && index < FIELDS {
            let field = &layout.fields[index];
            so_far = so_far.text(if index == 0 { ": `" } else { ", `" });
            so_far = so_far.text(field.name).text(": ").ty(&field.ty, DEPTH);
            so_far = so_far.text("` at ").number(field.offset);
            index += 1;
        }
        if index < layout.fields.len() {
            so_far = so_far.text(", ..");
        }
        so_far
    }

    /// Adds a type as written in a field of a structure.
    const fn ty(self, ty: &Type, depth: u32) -> ConstMessage {
        if depth == 0 {
            return self.text("..");
        }
        match ty {
            Type::Void => self.text("c_void"),
            Type::Scalar(scalar) => self.text(scalar.rust_name()),
            Type::Struct(layout) => self.text(layout.name),
            Type::Opaque(name) => self.text(name),
            Type::Function { .. } => self.text("extern \"C\" fn(..)"),
            Type::Pointer { pointee, .. } => self.text("VeAddr<").ty(pointee, depth - 1).text(">"),
            Type::Array { element, len } => self
                .text("[")
                .ty(element, depth - 1)
                .text("; ")
                .number(*len)
                .text("]"),
        }
    }

    const fn number(self, number: usize) -> ConstMessage {
        let mut so_far = self;
        if number >= 10 {
            so_far = so_far.number(number / 10);
        }
        so_far.byte(b'0' + (number % 10) as u8)
    }

    const fn text(self, text: &str) -> ConstMessage {
        self.up_to(ROOM, text)
    }

    /// Adds as much of the text as fits into `room` bytes of the whole message.
    const fn up_to(self, room: usize, text: &str) -> ConstMessage {
        let mut end = text.len();
        // A cut never splits a character.
        while end > 0 && (self.len + end > room || !text.is_char_boundary(end)) {
            end -= 1;
        }
        let mut so_far = self;
        let mut index = 0;
        while index < end {
            so_far = so_far.byte(text.as_bytes()[index]);
            index += 1;
        }
        so_far
    }

    const fn byte(mut self, byte: u8) -> ConstMessage {
        if self.len < ROOM {
            self.bytes[self.len] = byte;
            self.len += 1;
        }
        self
    }
}

/// The structure behind a declared pointer.
const fn structure(mut declared: &Type) -> Option<&'static StructLayout> {
    let mut depth = 0;
    while depth < DEPTH {
        declared = match declared {
            Type::Pointer { pointee, .. } => pointee,
            Type::Array { element, .. } => element,
            Type::Struct(layout) => return Some(layout),
            _ => return None,
        };
        depth += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::ConstMessage;
    use crate::{Field, ScalarType, StructLayout, Type};

    const F64: Type = Type::Scalar(ScalarType::F64);
    static OF_PAIR: Type = Type::Struct(&PAIR);
    static PAIR: StructLayout = StructLayout {
        name: "Pair",
        size: 120,
        align: 8,
        location: "src/pair.rs:3",
        fields: &[
            Field {
                name: "x",
                offset: 0,
                ty: Type::Array {
                    element: &F64,
                    len: 14,
                },
            },
            Field {
                name: "next",
                offset: 112,
                ty: Type::Pointer {
                    mutable: true,
                    pointee: &OF_PAIR,
                },
            },
        ],
    };
    const OF_POINTER: ConstMessage = ConstMessage::new(
        "they differ",
        &Type::Pointer {
            mutable: false,
            pointee: &OF_PAIR,
        },
    );

    #[test]
    fn both_sides_are_in_a_constant() {
        assert_eq!(
            OF_POINTER.as_str(),
            "they differ\n`Pair` at src/pair.rs:3 has 120 bytes: `x: [f64; 14]` at 0, `next: VeAddr<Pair>` at 112"
        );
        assert_eq!(
            ConstMessage::new("they differ", &F64).as_str(),
            "they differ"
        );
    }

    #[test]
    fn a_long_message_keeps_its_beginning() {
        let long = format!("they differ{}", "é".repeat(5000));
        let told = ConstMessage::new(&long, &OF_PAIR);
        let (message, structure) = told.as_str().split_once('\n').unwrap();
        assert!(message.len() >= 3070 && long.starts_with(message));
        assert!(structure.starts_with("`Pair` at src/pair.rs:3 has 120 bytes"));
    }
}
