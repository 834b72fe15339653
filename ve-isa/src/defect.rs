//! A mistake that a check of memory finds in a program, as data and as a sentence.
//!
//! It knows addresses; whoever shows a sentence to a user says what they stand for.

use std::fmt;

/// A mistake of a program that a check of memory has found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Defect {
    /// The program's action.
    pub kind: DefectKind,
    /// The function of the host that did it, if machine code has called one.
    pub function: Option<String>,
    /// The number of the element, of an operation on vectors.
    pub element: Option<usize>,
    /// The object there, or nearby.
    pub near: Near,
}

/// An action of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DefectKind {
    /// It touched memory that it must not touch.
    Access {
        /// The first wrong byte.
        address: u64,
        /// How many bytes were to be accessed, from before that byte perhaps.
        size: u64,
        /// Whether they were to be written.
        write: bool,
    },
    /// It gave back what is no block, or is one no more.
    Free {
        /// The address that it gave back.
        address: u64,
        /// Whether it had given the block back before.
        again: bool,
    },
    /// It uses bits that nobody has written.
    Undefined(UndefinedUse),
}

/// The decision that undefined bits make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UndefinedUse {
    /// Whether a branch is taken.
    Branch,
    /// The target of a jump or a call.
    Target,
    /// The address of an access.
    Address,
    /// How many elements a vector has, or which.
    Vector,
    /// The result of a function that was called from outside.
    Result,
    /// A word that a function of the host was given.
    Argument,
    /// Memory that a function of the host was given; the first byte is here.
    Memory {
        /// Its address.
        address: u64,
    },
}

/// The object at an address, or nearby.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Near {
    /// Nothing known.
    Nothing,
    /// A block of memory.
    Block(NearBlock),
    /// A variable.
    Variable {
        /// Its name.
        name: String,
        /// Where it begins.
        address: u64,
        /// Its length in bytes.
        size: u64,
    },
    /// The stack of the thread, below the stack pointer.
    BelowStack {
        /// The stack pointer.
        sp: u64,
    },
    /// The stack of the thread, above its first frame.
    AboveStack {
        /// Where that ends.
        base: u64,
    },
}

/// A block of memory and its story.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NearBlock {
    /// Where it begins.
    pub address: u64,
    /// Its length in bytes.
    pub size: u64,
    /// The instruction that has allocated it; 0: the host has.
    pub allocated: u64,
    /// The instruction that has freed it.
    pub freed: Option<u64>,
}

/// A number of bytes, in words.
fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    }
}

/// The position of an address relative to a range.
fn side(address: u64, start: u64, size: u64) -> String {
    let end = start.saturating_add(size);
    match address {
        _ if address < start => format!("{} before", bytes(start - address)),
        _ if address == end => "just past".into(),
        _ if address > end => format!("{} past", bytes(address - end)),
        _ => format!("{} into", bytes(address - start)),
    }
}

impl NearBlock {
    /// The block as words: `the 40 bytes at 0x7000 allocated at k.c:3`.
    pub fn describe(&self, place: &dyn Fn(u64) -> String) -> String {
        let mut text = format!("the {} at {:#x}", bytes(self.size), self.address);
        if self.allocated != 0 {
            text += &format!(" allocated at {}", place(self.allocated));
        }
        match self.freed {
            Some(0) => text += ", which were freed",
            Some(freed) => text += &format!(", which were freed at {}", place(freed)),
            None => {}
        }
        text
    }
}

impl Defect {
    /// All of it in words, without an end. `place` says what the address of an instruction stands for.
    #[must_use]
    pub fn describe(&self, place: &dyn Fn(u64) -> String) -> String {
        let mut text = String::new();
        if let Some(function) = &self.function {
            text += &format!("{function}: ");
        }
        let address = match self.kind {
            DefectKind::Access {
                address,
                size,
                write,
            } => {
                let what = if write { "write to" } else { "read of" };
                text += &format!("{what} {address:#x} ({})", bytes(size));
                Some(address)
            }
            DefectKind::Free { address, again } => {
                text += &match again {
                    true => format!("{address:#x} was freed before"),
                    false => format!("{address:#x} is freed, where no block begins"),
                };
                Some(address)
            }
            DefectKind::Undefined(used) => {
                text += match used {
                    UndefinedUse::Branch => "a branch depends on bits that nobody has written",
                    UndefinedUse::Target => "the target of a jump has bits that nobody has written",
                    UndefinedUse::Address => {
                        "the address of an access has bits that nobody has written"
                    }
                    UndefinedUse::Vector => {
                        "which elements take part depends on bits that nobody has written"
                    }
                    UndefinedUse::Result => "the result has bits that nobody has written",
                    UndefinedUse::Argument => "an argument has bits that nobody has written",
                    UndefinedUse::Memory { .. } => "it was given memory that nobody has written",
                };
                match used {
                    UndefinedUse::Memory { address } => {
                        text += &format!(", at {address:#x}");
                        Some(address)
                    }
                    _ => None,
                }
            }
        };
        if let Some(element) = self.element {
            text += &format!(", element {element} of the vector");
        }
        match (&self.near, self.kind) {
            (Near::Block(block), DefectKind::Free { address, .. }) if block.address == address => {
                text += &format!(": {}", block.describe(place));
            }
            (near, _) => text += &address.map_or_else(String::new, |at| near.describe(at, place)),
        }
        text
    }
}

impl Near {
    fn describe(&self, address: u64, place: &dyn Fn(u64) -> String) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Block(block) => {
                let side = side(address, block.address, block.size);
                format!(", {side} {}", block.describe(place))
            }
            Self::Variable {
                name,
                address: start,
                size,
            } => format!(
                ", {} the {} of the variable {name}",
                side(address, *start, *size),
                bytes(*size)
            ),
            Self::BelowStack { sp } => format!(
                ", {} below the stack pointer",
                bytes(sp.saturating_sub(address))
            ),
            Self::AboveStack { base } => format!(
                ", {} above the first frame of the stack",
                bytes(address.saturating_sub(*base))
            ),
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(&|address| format!("{address:#x}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_say_where_and_whose() {
        let near = |freed| {
            Near::Block(NearBlock {
                address: 0x1000,
                size: 40,
                allocated: 0x50,
                freed,
            })
        };
        let place = |address: u64| format!("k.c:{address}");
        let defect = |kind, near| Defect {
            kind,
            function: None,
            element: None,
            near,
        };
        let write = |address, near| {
            let kind = DefectKind::Access {
                address,
                size: 4,
                write: true,
            };
            defect(kind, near).describe(&place)
        };
        assert_eq!(
            write(0x1028, near(None)),
            "write to 0x1028 (4 bytes), just past the 40 bytes at 0x1000 allocated at k.c:80"
        );
        assert_eq!(
            write(0x1008, near(Some(0x60))),
            "write to 0x1008 (4 bytes), 8 bytes into the 40 bytes at 0x1000 allocated at k.c:80, which were freed at k.c:96"
        );
        assert_eq!(
            write(0xfff, near(None)),
            "write to 0xfff (4 bytes), 1 byte before the 40 bytes at 0x1000 allocated at k.c:80"
        );
        assert_eq!(
            write(0x900, Near::BelowStack { sp: 0x910 }),
            "write to 0x900 (4 bytes), 16 bytes below the stack pointer"
        );
        let again = DefectKind::Free {
            address: 0x1000,
            again: true,
        };
        assert_eq!(
            defect(again, Near::Nothing).to_string(),
            "0x1000 was freed before"
        );
    }
}
