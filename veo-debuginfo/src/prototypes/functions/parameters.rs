//! The parameters of a function, from all entries that describe it.

use std::collections::HashMap;

use gimli::constants as dw;
use veo_abi::prototype::{FoundType, FunctionLanguage, Parameter, PointerKind, TypeId};

use super::{FunctionSearch, ORIGINS, origin};
use crate::budget::{Budget, ReadResult, tolerate};
use crate::prototypes::entries::{children, flag, name};
use crate::prototypes::location::{FirstArgument, Passing, first, passing};
use crate::prototypes::producer::Producer;
use crate::prototypes::raw::{RawEntry, RawValue};
use crate::prototypes::types::VOID;
use crate::prototypes::units::{Position, Units};

/// The most parameters that are read: four times as many as a call can pass.
const PARAMETERS: usize = 1024;

/// A parameter of one entry.
pub(super) struct ListedParam<'d> {
    position: Position,
    origin: Option<Position>,
    name: Option<String>,
    ty: Option<(usize, RawValue<'d>)>,
    hidden: bool,
    pub(super) location: Option<(usize, RawValue<'d>)>,
}

/// The parameters that one entry lists.
#[derive(Default)]
pub(super) struct Listed<'d> {
    pub(super) params: Vec<ListedParam<'d>>,
    pub(super) variadic: bool,
    /// Whether there is a variable with the name of the function. In Fortran it is the result.
    pub(super) result: bool,
}

impl<'d> FunctionSearch<'_, 'd, '_> {
    /// The parameters of a function. Optimisation may drop some from an entry, so the entry with
    /// the longest list counts. Locations come from the entry that has the code.
    pub(super) fn listed(
        &mut self,
        chain: &[Position],
        function: Option<&str>,
    ) -> ReadResult<Listed<'d>> {
        let mut best = Listed::default();
        let mut locations: HashMap<Position, (usize, RawValue<'d>)> = HashMap::new();
        for (level, position) in chain.iter().enumerate() {
            let listed = self.parameters(*position, function)?;
            let variadic = best.variadic || listed.variadic;
            let result = best.result || listed.result;
            if level == 0 {
                for param in &listed.params {
                    if let (Some(origin), Some(location)) = (param.origin, &param.location) {
                        locations.insert(origin, *location);
                    }
                }
            }
            if listed.params.len() > best.params.len() || level == 0 {
                best = listed;
            }
            best.variadic = variadic;
            best.result = result;
        }
        for param in &mut best.params {
            if param.location.is_none() {
                param.location = locations.get(&param.position).copied();
            }
        }
        Ok(best)
    }

    fn parameters(&mut self, position: Position, function: Option<&str>) -> ReadResult<Listed<'d>> {
        let mut listed = Listed::default();
        let units = self.units;
        let mut packs = Vec::new();
        children(units, position, self.budget, |entry, budget| {
            match entry.tag {
                dw::DW_TAG_formal_parameter if listed.params.len() < PARAMETERS => {
                    let param = read_parameter(units, position.0, entry, budget)?;
                    listed.params.push(param);
                }
                dw::DW_TAG_unspecified_parameters => listed.variadic = true,
                dw::DW_TAG_variable if function.is_some() && !listed.result => {
                    let name = name(units, position.0, entry, budget)?;
                    listed.result = name.as_deref() == function;
                }
                dw::DW_TAG_GNU_formal_parameter_pack => {
                    packs.push(((position.0, entry.offset), listed.params.len()));
                }
                _ => {}
            }
            Ok(())
        })?;
        // The parameters of a C++ parameter pack are children of the pack's entry.
        for (pack, at) in packs.into_iter().rev() {
            let mut members = Vec::new();
            children(units, pack, self.budget, |entry, budget| {
                if entry.tag == dw::DW_TAG_formal_parameter && members.len() < PARAMETERS {
                    members.push(read_parameter(units, pack.0, entry, budget)?);
                }
                Ok(())
            })?;
            listed.params.splice(at..at, members);
        }
        Ok(listed)
    }

    pub(super) fn parameter(
        &mut self,
        param: ListedParam<'d>,
        language: FunctionLanguage,
        entry: Option<u64>,
    ) -> ReadResult<Parameter> {
        let ty = match &param.ty {
            Some((unit, value)) => {
                self.types
                    .read(self.units, *unit, Some(value), &mut self.files, self.budget)?
            }
            None => VOID,
        };
        let mut hidden = param.hidden;
        let ty = if language == FunctionLanguage::Fortran {
            // The parameters of a Fortran `entry` are also marked as the compiler's own.
            hidden = hidden && param.name.as_deref().is_none_or(is_compilers);
            self.fortran(ty, &param, hidden, entry)?
        } else if language == FunctionLanguage::Cpp && self.types.is_record(ty) {
            self.perhaps_invisible(ty, &param, entry)?
        } else {
            ty
        };
        // gfortran adds underscores to the name of a C array descriptor.
        let name = match param.name {
            Some(name) if self.types.is_described(ty) => {
                Some(name.trim_start_matches('_').to_owned())
            }
            name => name,
        };
        Ok(Parameter { name, ty, hidden })
    }

    /// The type by which C++ passes an object. An object that cannot be copied byte by byte is
    /// passed by reference, although its type does not say so.
    fn perhaps_invisible(
        &mut self,
        ty: TypeId,
        param: &ListedParam<'d>,
        entry: Option<u64>,
    ) -> ReadResult<TypeId> {
        let kind = match self.passing(param, entry)? {
            Passing::Value => return Ok(ty),
            Passing::Reference => PointerKind::Reference,
            Passing::Unclear if self.types.is_plain(ty) => return Ok(ty),
            Passing::Unclear => PointerKind::PerhapsByReference,
        };
        Ok(self.types.push(FoundType::Pointer { kind, pointee: ty }))
    }

    fn passing(&mut self, param: &ListedParam<'d>, entry: Option<u64>) -> ReadResult<Passing> {
        let Some((unit, value)) = &param.location else {
            return Ok(Passing::Unclear);
        };
        let Some(unit) = self.units.list.get(*unit) else {
            return Ok(Passing::Unclear);
        };
        let how = passing(self.units, unit, value, entry, self.machine, self.budget);
        Ok(tolerate(how)?.unwrap_or(Passing::Unclear))
    }

    /// Whether gcc places the first parameter where only Microsoft's convention has it.
    pub(super) fn is_microsofts(
        &mut self,
        ty: TypeId,
        location: Option<(usize, RawValue<'d>)>,
        entry: Option<u64>,
    ) -> ReadResult<bool> {
        /// rcx. In C's convention it holds the fourth parameter.
        const RCX: FirstArgument = FirstArgument::Register(2);
        if self.machine != object::elf::EM_X86_64 || !self.types.is_word(ty) {
            return Ok(false);
        }
        let Some((unit, value)) = location else {
            return Ok(false);
        };
        let Some(unit) = self.units.list.get(unit) else {
            return Ok(false);
        };
        if !matches!(unit.producer, Producer::Gcc { .. }) {
            return Ok(false);
        }
        let place = first(self.units, unit, &value, entry, self.budget);
        Ok(matches!(
            tolerate(place)?.flatten(),
            Some(RCX | FirstArgument::Caller)
        ))
    }

    /// The type by which Fortran passes a parameter. Most are passed by reference, although the
    /// debug information does not say so. Only a location can prove a value.
    fn fortran(
        &mut self,
        ty: TypeId,
        param: &ListedParam<'d>,
        hidden: bool,
        entry: Option<u64>,
    ) -> ReadResult<TypeId> {
        let reference = |kind| FoundType::Pointer { kind, pointee: ty };
        let by_reference = reference(PointerKind::ByReference);
        // `type(c_ptr)` has no type here and is always an address. Arrays are never values.
        if ty == VOID || self.types.is_array(ty) {
            return Ok(self.types.push(by_reference));
        }
        let how = self.passing(param, entry)?;
        let address = matches!(self.types.get(ty), FoundType::Pointer { .. });
        Ok(match how {
            Passing::Value => ty,
            Passing::Reference => self.types.push(by_reference),
            // The compiler's own arguments, such as the lengths of strings, are values.
            Passing::Unclear if address || hidden => ty,
            Passing::Unclear => self.types.push(reference(PointerKind::PerhapsByReference)),
        })
    }
}

/// Whether a name is invalid in Fortran, so the compiler made it.
fn is_compilers(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

/// Reads a parameter. Its inlined original adds what it lacks.
fn read_parameter<'d>(
    units: &Units<'d>,
    unit: usize,
    entry: &RawEntry<'d>,
    budget: &mut Budget,
) -> ReadResult<ListedParam<'d>> {
    let target = origin(entry).and_then(|value| units.target(unit, &value));
    let mut param = ListedParam {
        position: (unit, entry.offset),
        origin: target,
        name: name(units, unit, entry, budget)?,
        ty: entry.attr_value(dw::DW_AT_type).map(|value| (unit, value)),
        hidden: flag(entry, dw::DW_AT_artificial),
        location: entry
            .attr_value(dw::DW_AT_location)
            .map(|value| (unit, value)),
    };
    let mut next = target;
    let mut original = RawEntry::null();
    for _ in 0..ORIGINS {
        let Some(position) = next else { break };
        units.entry(position, &mut original, budget)?;
        if param.name.is_none() {
            param.name = name(units, position.0, &original, budget)?;
        }
        if param.ty.is_none() {
            param.ty = original
                .attr_value(dw::DW_AT_type)
                .map(|value| (position.0, value));
        }
        param.hidden |= flag(&original, dw::DW_AT_artificial);
        next = origin(&original).and_then(|value| units.target(position.0, &value));
    }
    Ok(param)
}
