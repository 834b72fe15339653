//! Why machine code does not go on.
//!
//! A trap says what happened and where; registers are as they were before the instruction.

use std::fmt;

use crate::defect::Defect;
use crate::encoding::{Op, disassemble};
use crate::memory::AccessError;
use crate::state::psw::Flags;

/// The kind of a trap.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TrapKind {
    /// The word is no instruction.
    IllegalInstruction {
        /// The word.
        word: u64,
    },
    /// The meaning of this instruction is not known, or not for these operands.
    Unimplemented {
        /// The instruction.
        op: Op,
        /// The part of its meaning that is not known.
        what: &'static str,
    },
    /// Memory cannot be accessed.
    MemoryAccess {
        /// The first byte that was to be accessed.
        address: u64,
        /// Whether it was to be written.
        write: bool,
        /// Why it cannot.
        cause: AccessError,
    },
    /// The address of a vector or atomic access is not a multiple of the element's size.
    Misaligned {
        /// The address.
        address: u64,
        /// The number that the address must be a multiple of.
        alignment: u64,
    },
    /// A jump to where no code is.
    OutsideCode {
        /// Where to.
        target: u64,
    },
    /// The stack has no room.
    StackOverflow {
        /// The stack pointer.
        sp: u64,
    },
    /// An operation raised exceptions that trap.
    Arithmetic {
        /// The exceptions.
        flags: Flags,
    },
    /// `monc.hdb`.
    Breakpoint,
    /// A function was called, or a thread-local variable asked for, that nobody provides.
    MissingSymbol {
        /// Its name.
        name: String,
    },
    /// A function of the host was called in a way that it cannot do.
    HostFunction {
        /// Its name.
        name: String,
        /// The mistake.
        why: String,
    },
    /// A communication register that does not exist.
    CommunicationRegister {
        /// Its number.
        number: u64,
    },
    /// More elements than a vector register has.
    VectorLength {
        /// How many.
        length: u64,
    },
    /// The check of memory has found a mistake.
    Defect(Box<Defect>),
    /// Interpreted and translated code do not do the same.
    Engines {
        /// The differences; the interpreter's values come first.
        differences: String,
    },
    /// The time is up.
    TimeLimit,
    /// Somebody asked for the end.
    Stopped,
    /// The program called `exit`.
    Exit {
        /// With this code.
        code: i32,
    },
    /// The program called `abort`.
    Abort,
    /// The program raised a signal that ends it.
    Raised {
        /// Its number, which is the host's.
        signal: i32,
    },
}

impl TrapKind {
    /// The signal that the Vector Engine's system sends for it, or nothing where the program ends otherwise.
    ///
    /// The numbers are the host's.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
        Some(match self {
            Self::IllegalInstruction { .. } | Self::Unimplemented { .. } => SIGILL,
            Self::VectorLength { .. } | Self::CommunicationRegister { .. } => SIGILL,
            Self::Breakpoint => SIGTRAP,
            Self::Abort | Self::Engines { .. } => SIGABRT,
            Self::Raised { signal } => *signal,
            Self::Misaligned { .. } => SIGBUS,
            Self::Arithmetic { .. } => SIGFPE,
            Self::MemoryAccess { .. }
            | Self::OutsideCode { .. }
            | Self::StackOverflow { .. }
            | Self::HostFunction { .. }
            | Self::Defect(_) => SIGSEGV,
            Self::MissingSymbol { .. } | Self::TimeLimit | Self::Stopped | Self::Exit { .. } => {
                return None;
            }
        })
    }
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IllegalInstruction { word } => write!(f, "{word:#018x} is no instruction"),
            Self::Unimplemented { op, what } => write!(f, "{}: {what}", op.name()),
            Self::MemoryAccess {
                address,
                write,
                cause,
            } => {
                let what = if *write { "write to" } else { "read of" };
                let why = match cause {
                    AccessError::Outside => "which is not memory of the Vector Engine",
                    AccessError::Unmapped => "where nothing is mapped",
                    AccessError::Protected => "which is protected",
                };
                write!(f, "{what} {address:#x}, {why}")
            }
            Self::Misaligned { address, alignment } => {
                write!(
                    f,
                    "access to {address:#x}, which is not a multiple of {alignment}"
                )
            }
            Self::OutsideCode { target } => write!(f, "jump to {target:#x}, where no code is"),
            Self::StackOverflow { sp } => write!(f, "the stack is full, sp is {sp:#x}"),
            Self::Arithmetic { flags } => {
                let names: Vec<_> = flags.iter_names().map(|(name, _)| name).collect();
                write!(
                    f,
                    "arithmetic exception: {}",
                    names.join(", ").to_lowercase().replace('_', " ")
                )
            }
            Self::Breakpoint => f.write_str("breakpoint"),
            Self::MissingSymbol { name } => {
                write!(
                    f,
                    "{name} was asked for, which no image defines and the host does not have"
                )
            }
            Self::HostFunction { name, why } => write!(f, "{name}: {why}"),
            Self::CommunicationRegister { number } => {
                write!(f, "there is no communication register {number}")
            }
            Self::VectorLength { length } => {
                write!(f, "a vector of {length} elements, of at most 256")
            }
            Self::Defect(defect) => defect.fmt(f),
            Self::Engines { differences } => {
                write!(f, "interpreted and translated code differ: {differences}")
            }
            Self::TimeLimit => f.write_str("the time limit has passed"),
            Self::Stopped => f.write_str("stopped"),
            Self::Exit { code } => write!(f, "exit with code {code}"),
            Self::Abort => f.write_str("abort"),
            Self::Raised { signal } => write!(f, "the program raised signal {signal}"),
        }
    }
}

/// A trap, and its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub struct Trap {
    /// The kind of the trap.
    pub kind: TrapKind,
    /// The address of the instruction.
    pub ic: u64,
    /// The instruction, if there is code at its address.
    pub word: Option<u64>,
}

impl Trap {
    /// The instruction as text.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.word.and_then(disassemble)
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:#x}", self.kind, self.ic)?;
        if let Some(text) = self.text() {
            write!(f, ": {text}")?;
        }
        Ok(())
    }
}
