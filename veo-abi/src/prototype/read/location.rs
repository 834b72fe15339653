//! Whether a Fortran argument is a value or an address. Debug information
//! gives the type of the value either way; where it lies at the entry of the
//! function tells which of the two was passed.

use gimli::{AttributeValue, Expression, LocationListsOffset, Operation, RawLocListEntry};

use object::elf::Machine;

use super::budget::{Budget, Step};
use super::elf::EM_VE;
use super::units::{Slice, Unit, Units, Value};

/// Entries of a location list that are looked at.
const ENTRIES: usize = 16;
/// Operations of an expression that are looked at.
const OPERATIONS: usize = 8;

/// How an argument is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// The location is that of the value itself.
    Value,
    /// The location is reached through an address.
    Reference,
    /// The location does not tell.
    Unclear,
}

/// How the argument with this location attribute is passed to the function at `entry`.
pub(super) fn passing<'d>(
    units: &Units<'d>,
    unit: &Unit<'d>,
    location: &Value<'d>,
    entry: Option<u64>,
    machine: Machine,
    budget: &mut Budget,
) -> Step<Passing> {
    let encoding = unit.header.encoding();
    match location {
        AttributeValue::Exprloc(expression) => judge(*expression, unit, machine, budget),
        AttributeValue::Block(block) => judge(Expression(*block), unit, machine, budget),
        AttributeValue::LocationListsRef(offset) => {
            list(units, unit, *offset, entry, machine, budget)
        }
        AttributeValue::SecOffset(offset) => list(
            units,
            unit,
            LocationListsOffset(*offset),
            entry,
            machine,
            budget,
        ),
        AttributeValue::DebugLocListsIndex(index) => {
            let base = unit.loclists_base;
            let offset = units.locations.get_offset(encoding, base, *index)?;
            list(units, unit, offset, entry, machine, budget)
        }
        _ => Ok(Passing::Unclear),
    }
}

fn list<'d>(
    units: &Units<'d>,
    unit: &Unit<'d>,
    offset: LocationListsOffset<usize>,
    entry: Option<u64>,
    machine: Machine,
    budget: &mut Budget,
) -> Step<Passing> {
    let encoding = unit.header.encoding();
    let mut entries = units.locations.locations(
        offset,
        encoding,
        unit.low_pc,
        &units.addresses,
        unit.addr_base,
    )?;
    for _ in 0..ENTRIES {
        budget.spend(4)?;
        let Some(raw) = entries.next_raw()? else {
            break;
        };
        if let RawLocListEntry::DefaultLocation { data } = raw {
            return judge(data, unit, machine, budget);
        }
        // Later places in the function may hold copies of what was passed.
        if let Some(located) = entries.convert_raw(raw)?
            && entry.is_none_or(|entry| located.range.begin == entry)
        {
            let passing = judge(located.data, unit, machine, budget)?;
            if passing != Passing::Unclear {
                return Ok(passing);
            }
        }
    }
    Ok(Passing::Unclear)
}

fn judge<'d>(
    expression: Expression<Slice<'d>>,
    unit: &Unit<'d>,
    machine: Machine,
    budget: &mut Budget,
) -> Step<Passing> {
    let mut operations = expression.operations(unit.header.encoding());
    let mut kinds = Vec::new();
    while let Some(operation) = operations.next()? {
        budget.spend(1)?;
        if kinds.len() == OPERATIONS {
            return Ok(Passing::Unclear);
        }
        kinds.push(match operation {
            Operation::Register { .. } => Kind::Register,
            Operation::RegisterOffset { register, .. } if is_frame(machine, register.0) => {
                Kind::Frame
            }
            Operation::RegisterOffset { .. } => Kind::Indirect,
            Operation::FrameOffset { .. } | Operation::CallFrameCFA => Kind::Frame,
            Operation::Deref { .. } => Kind::Deref,
            Operation::EntryValue { .. } => Kind::Indirect,
            Operation::StackValue => Kind::StackValue,
            Operation::Piece { .. } => Kind::Piece,
            _ => Kind::Other,
        });
    }
    Ok(match kinds.as_slice() {
        [Kind::Register | Kind::Frame] | [Kind::Indirect, Kind::StackValue] => Passing::Value,
        [Kind::Register, Kind::Piece, ..] => Passing::Value,
        [Kind::Indirect] | [Kind::Frame | Kind::Indirect, Kind::Deref] => Passing::Reference,
        _ => Passing::Unclear,
    })
}

/// What an operation does, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The value is in a register.
    Register,
    /// The value is in the stack frame.
    Frame,
    /// The value is where a register points.
    Indirect,
    Deref,
    StackValue,
    Piece,
    Other,
}

/// Whether a register points into the stack frame, by the DWARF numbers of the machine.
fn is_frame(machine: Machine, register: u16) -> bool {
    match machine {
        object::elf::EM_X86_64 => matches!(register, 6 | 7),
        object::elf::EM_AARCH64 => matches!(register, 29 | 31),
        object::elf::EM_RISCV => matches!(register, 2 | 8),
        EM_VE => matches!(register, 9 | 11),
        _ => false,
    }
}
