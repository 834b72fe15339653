//! The message about a call that breaks the contract of its kernel.

use std::panic::Location;

use super::parameter::{Elements, SeenArgument, length};
use super::value::{ClauseFailure, Verdict};
use crate::data::Number;
use crate::error::{BrokenContract, Error};
use crate::kernel::Kernel;
use crate::known::{ArgPlace, Known};

/// The property of a parameter that a clause needs.
#[derive(Clone, Copy, Debug)]
pub enum Asked<P: ?Sized> {
    /// Its value.
    Value,
    /// How many elements it has.
    Length(Elements<P>),
    /// Its address.
    Address,
    /// Its address and its length in bytes.
    Range,
    /// Whether it is known.
    Known,
}

/// The facts about a parameter in a message: `n = 6`, `x.len() = 3`.
#[derive(Debug)]
pub struct Shown(String);

impl<P: ?Sized> SeenArgument<P> {
    /// The facts about the parameter of this name in a message.
    ///
    /// The copy is made where the message is. A reference to `self` would keep all of it in memory,
    /// and each call that keeps its contract would write it there: 20 of 28 instructions of two
    /// comparisons (`benches/stub.rs`). The other eight compare; that integers have 128 bits costs
    /// nothing once they are in registers.
    #[inline(always)]
    #[must_use]
    pub fn shown(&self, name: &str, asked: Asked<P>) -> Shown {
        let known = self.known;
        shown(&known, self.counts, name, asked)
    }
}

#[cold]
#[inline(never)]
fn shown<P: ?Sized>(known: &Known, counts: bool, name: &str, asked: Asked<P>) -> Shown {
    let count = |count: Option<usize>| {
        count.map_or_else(|| "unknown".to_owned(), |count| count.to_string())
    };
    Shown(match asked {
        Asked::Value => match known.number {
            Some(Number::Integer(value)) => format!("{name} = {value}"),
            Some(Number::Single(value)) => format!("{name} = {value:?}"),
            Some(Number::Double(value)) => format!("{name} = {value:?}"),
            None => format!("{name} is not on the host"),
        },
        Asked::Length(elements) => {
            format!("{name}.len() = {}", count(length(*known, elements.size)))
        }
        Asked::Address => format!("{name} is {}", place(known.place)),
        Asked::Range => format!(
            "{name} is {} bytes {}",
            count(known.bytes),
            match known.place {
                ArgPlace::Stack => "of stack data".to_owned(),
                other => format!("at {}", place(other)),
            }
        ),
        Asked::Known if counts && known.number.is_none() => {
            format!("the number of {name} is unknown")
        }
        Asked::Known if known.bytes.is_some() => format!("{name} is known"),
        Asked::Known => format!("the length of {name} is unknown"),
    })
}

fn place(place: ArgPlace) -> String {
    match place {
        ArgPlace::Unknown => "an unknown address".to_owned(),
        ArgPlace::Ve(0, _) => "NULL".to_owned(),
        ArgPlace::Ve(addr, _) => format!("{addr:#x}"),
        ArgPlace::Stack => "stack data".to_owned(),
    }
}

/// The error of a call that breaks clause `index` of the kernel's contract.
#[cold]
#[must_use]
pub fn broken(
    kernel: &'static Kernel,
    index: usize,
    verdict: Verdict,
    shown: &[Shown],
    called: &'static Location<'static>,
) -> Error {
    let info = kernel.info();
    let failure = match verdict {
        Verdict::Failed(ClauseFailure::Overflow) => Some("it overflows 128 bits"),
        Verdict::Failed(ClauseFailure::DivisionByZero) => Some("it divides by zero"),
        Verdict::Failed(ClauseFailure::NotANumber) => Some("it compares a NaN"),
        Verdict::Failed(ClauseFailure::Alignment) => Some("it asks for an alignment below 1"),
        Verdict::Kept | Verdict::Broken => None,
    };
    let clause = info.contract.get(index).copied();
    let broken = BrokenContract {
        kernel: format!("fn {}{}", info.name, info.signature),
        clause: clause.unwrap_or_default().to_owned(),
        failure: failure.map(str::to_owned),
        values: shown.iter().map(|shown| shown.0.clone()).collect(),
        declared_at: format!("{}:{}", info.file, info.line),
        called_at: format!("{}:{}", called.file(), called.line()),
    };
    Error::Contract {
        broken: Box::new(broken),
    }
}
