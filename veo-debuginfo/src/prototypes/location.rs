//! Finds out whether an argument of Fortran or an object of C++ is passed as a value or as an
//! address. Debug information gives the same type for both, but the location of the value at
//! the entry of the function differs.

use gimli::{AttributeValue, Expression, LocationListsOffset, Operation, RawLocListEntry};

use object::elf::Machine;

use super::raw::{RawValue, Slice};
use super::units::{Unit, Units};
use crate::budget::{Budget, ReadResult};
use crate::sections::EM_VE;

/// The most entries of a location list that are read.
const ENTRIES: usize = 16;
/// The most operations of an expression that are read.
const OPERATIONS: usize = 8;

/// How an argument is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// The location is that of the value itself.
    Value,
    /// The location is reached through an address.
    Reference,
    /// The location does not say.
    Unclear,
}

/// How the argument with this location attribute is passed to the function at `entry`.
pub(super) fn passing<'d>(
    units: &Units<'d>,
    unit: &Unit<'d>,
    location: &RawValue<'d>,
    entry: Option<u64>,
    machine: Machine,
    budget: &mut Budget,
) -> ReadResult<Passing> {
    let told = at_entry(
        units,
        unit,
        location,
        entry,
        budget,
        |expression, budget| {
            let passing = judge(expression, unit, machine, budget)?;
            Ok((passing != Passing::Unclear).then_some(passing))
        },
    )?;
    Ok(told.unwrap_or(Passing::Unclear))
}

/// The location of the first argument at the entry of a function. On x86 it depends on the
/// calling convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstArgument {
    /// In the register of this number.
    Register(u16),
    /// In the caller's frame.
    Caller,
}

/// The location of the first argument of a function.
pub(super) fn first<'d>(
    units: &Units<'d>,
    unit: &Unit<'d>,
    location: &RawValue<'d>,
    entry: Option<u64>,
    budget: &mut Budget,
) -> ReadResult<Option<FirstArgument>> {
    at_entry(units, unit, location, entry, budget, |expression, _| {
        let mut operations = expression.operations(unit.header.encoding());
        let first = match operations.next()? {
            Some(Operation::Register { register }) => FirstArgument::Register(register.0),
            Some(Operation::FrameOffset { offset }) if offset >= 0 => FirstArgument::Caller,
            _ => return Ok(None),
        };
        Ok(operations.next()?.is_none().then_some(first))
    })
}

/// The verdict of `judge` on the location that an attribute gives for the entry of a function.
fn at_entry<'d, T>(
    units: &Units<'d>,
    unit: &Unit<'d>,
    location: &RawValue<'d>,
    entry: Option<u64>,
    budget: &mut Budget,
    mut judge: impl FnMut(Expression<Slice<'d>>, &mut Budget) -> ReadResult<Option<T>>,
) -> ReadResult<Option<T>> {
    let encoding = unit.header.encoding();
    let offset = match location {
        AttributeValue::Exprloc(expression) => return judge(*expression, budget),
        AttributeValue::Block(block) => return judge(Expression(*block), budget),
        AttributeValue::LocationListsRef(offset) => *offset,
        AttributeValue::SecOffset(offset) => LocationListsOffset(*offset),
        AttributeValue::DebugLocListsIndex(index) => {
            let base = unit.loclists_base;
            units.locations.get_offset(encoding, base, *index)?
        }
        _ => return Ok(None),
    };
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
            return judge(data, budget);
        }
        // Locations later in the function may be those of copies.
        if let Some(located) = entries.convert_raw(raw)?
            && entry.is_none_or(|entry| located.range.begin == entry)
            && let Some(told) = judge(located.data, budget)?
        {
            return Ok(Some(told));
        }
    }
    Ok(None)
}

fn judge<'d>(
    expression: Expression<Slice<'d>>,
    unit: &Unit<'d>,
    machine: Machine,
    budget: &mut Budget,
) -> ReadResult<Passing> {
    let mut operations = expression.operations(unit.header.encoding());
    let mut kinds = Vec::new();
    while let Some(operation) = operations.next()? {
        budget.spend(1)?;
        if kinds.len() == OPERATIONS {
            return Ok(Passing::Unclear);
        }
        kinds.push(match operation {
            Operation::Register { .. } => OperationKind::Register,
            Operation::RegisterOffset { register, .. } if is_frame(machine, register.0) => {
                OperationKind::Frame
            }
            Operation::RegisterOffset { .. } => OperationKind::Indirect,
            Operation::FrameOffset { .. } | Operation::CallFrameCFA => OperationKind::Frame,
            Operation::Deref { .. } => OperationKind::Deref,
            Operation::EntryValue { .. } => OperationKind::Indirect,
            Operation::StackValue => OperationKind::StackValue,
            Operation::Piece { .. } => OperationKind::Piece,
            _ => OperationKind::Other,
        });
    }
    Ok(match kinds.as_slice() {
        [OperationKind::Register | OperationKind::Frame]
        | [OperationKind::Indirect, OperationKind::StackValue] => Passing::Value,
        [OperationKind::Register, OperationKind::Piece, ..] => Passing::Value,
        [OperationKind::Indirect]
        | [
            OperationKind::Frame | OperationKind::Indirect,
            OperationKind::Deref,
        ] => Passing::Reference,
        _ => Passing::Unclear,
    })
}

/// The kinds of operations that matter here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OperationKind {
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

/// Whether a register points into the stack frame. Registers have the machine's DWARF numbers.
fn is_frame(machine: Machine, register: u16) -> bool {
    match machine {
        object::elf::EM_X86_64 => matches!(register, 6 | 7),
        object::elf::EM_AARCH64 => matches!(register, 29 | 31),
        object::elf::EM_RISCV => matches!(register, 2 | 8),
        EM_VE => matches!(register, 9 | 11),
        _ => false,
    }
}
