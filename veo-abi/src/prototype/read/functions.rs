//! Functions: which entry of the debug information belongs to which exported
//! symbol, and what prototype it gives.

use std::collections::HashMap;
use std::sync::Arc;

use gimli::AttributeValue;
use gimli::constants as dw;

use object::elf::Machine;

use super::budget::{Budget, Step, Stop, tolerate};
use super::elf::Export;
use super::lines::FileTables;
use super::location::{Passing, passing};
use super::producer::Producer;
use super::types::{TypeBuilder, VOID, children, flag, name};
use super::units::{Entry, Position, Unit, Units, Value, read_entry};
use crate::prototype::model::{
    FoundType, Language, Parameter, PointerKind, Prototype, TypeId, Types,
};

/// Entries at one address that are considered.
const CANDIDATES: usize = 16;
/// Ranges of a function that are looked at; the first is where it starts, but for odd linkers.
const RANGES: usize = 16;
/// Steps from a definition to its declaration or its inlined original.
const ORIGINS: usize = 8;
/// Parameters beyond which a function cannot be called, four times over.
const PARAMETERS: usize = 1024;

pub(super) struct Functions<'u, 'd, 'b> {
    units: &'u Units<'d>,
    machine: Machine,
    budget: &'b mut Budget,
    types: TypeBuilder,
    files: FileTables,
    found: Vec<Option<Prototype>>,
    /// Which units say nothing of types.
    bare: Vec<bool>,
    /// Functions of which only the lines are known.
    lines_only: usize,
}

/// A parameter as one entry has it.
struct Param<'d> {
    position: Position,
    origin: Option<Position>,
    name: Option<String>,
    ty: Option<(usize, Value<'d>)>,
    hidden: bool,
    location: Option<(usize, Value<'d>)>,
}

/// The parameters that one entry lists.
#[derive(Default)]
struct Listed<'d> {
    params: Vec<Param<'d>>,
    variadic: bool,
}

/// What the entries of one function say together.
struct Facts<'d> {
    name: Option<String>,
    linkage: Option<String>,
    result: Option<(usize, Value<'d>)>,
    file: Option<(usize, u64)>,
    line: Option<u64>,
    prototyped: bool,
    /// Whether there is a rule for finding its frame, and so its variables.
    frame: bool,
    entry: Option<u64>,
    chain: Vec<Position>,
}

impl<'u, 'd, 'b> Functions<'u, 'd, 'b> {
    pub fn new(units: &'u Units<'d>, machine: Machine, budget: &'b mut Budget) -> Self {
        Functions {
            units,
            machine,
            budget,
            types: TypeBuilder::new(),
            files: FileTables::default(),
            found: Vec::new(),
            bare: vec![false; units.list.len()],
            lines_only: 0,
        }
    }

    /// The prototypes in the order of the exports, and their types.
    pub fn finish(self) -> (Vec<Option<Prototype>>, Arc<Types>) {
        (self.found, Arc::new(self.types.finish()))
    }

    pub fn find(&mut self, exports: &[Export], notes: &mut Vec<String>) -> Step<()> {
        self.found = Vec::new();
        self.found.resize_with(exports.len(), || None);
        let candidates = self.candidates(exports, notes)?;
        let mut known: HashMap<Position, Option<Prototype>> = HashMap::new();
        for (index, export) in exports.iter().enumerate() {
            let Some(position) = self.choose(&candidates, export)? else {
                continue;
            };
            if let Some(prototype) = known.get(&position) {
                self.found[index].clone_from(prototype);
                continue;
            }
            match self.prototype(position) {
                Ok(prototype) => {
                    self.lines_only += usize::from(prototype.is_none());
                    known.insert(position, prototype.clone());
                    self.found[index] = prototype;
                }
                Err(Stop::Exhausted) => return Err(Stop::Exhausted),
                Err(Stop::Damaged(error)) => {
                    notes.push(format!(
                        "the prototype of `{}` is damaged: {error}",
                        export.name
                    ));
                }
            }
        }
        if self.lines_only > 0 {
            notes.push(format!(
                "of {} function(s) the debug information has only the lines, as with -g1 or \
                 -gline-tables-only; compile with -g",
                self.lines_only
            ));
        }
        Ok(())
    }

    /// All definitions of functions at the address or with the name of an export.
    fn candidates<'e>(
        &mut self,
        exports: &'e [Export],
        notes: &mut Vec<String>,
    ) -> Step<Candidates<'e>> {
        let mut candidates = Candidates::default();
        for export in exports {
            candidates.name.insert(&export.name, Named::default());
            if let Some(address) = export.address {
                candidates.address.insert(address, Vec::new());
            }
        }
        let units = self.units;
        for (number, unit) in units.list.iter().enumerate() {
            if unit.producer == Producer::Assembler {
                continue;
            }
            if let Err(error) = self.scan(number, unit, &mut candidates) {
                match error {
                    Stop::Exhausted => return Err(Stop::Exhausted),
                    Stop::Damaged(error) => notes.push(format!(
                        "a unit of the debug information is damaged: {error}"
                    )),
                }
            }
        }
        Ok(candidates)
    }

    fn scan(
        &mut self,
        number: usize,
        unit: &Unit<'d>,
        candidates: &mut Candidates<'_>,
    ) -> Step<()> {
        let mut entries = unit.entries(None)?;
        let mut entry = Entry::null();
        let (mut types, mut params) = (false, false);
        while !entries.is_empty() {
            if !read_entry(&mut entries, &mut entry, self.budget)? {
                continue;
            }
            types = types || entry.has_attr(dw::DW_AT_type) || flag(&entry, dw::DW_AT_prototyped);
            params = params || entry.tag == dw::DW_TAG_formal_parameter;
            self.bare[number] = !types || (unit.producer == Producer::Flang && !params);
            if entry.tag != dw::DW_TAG_subprogram && entry.tag != dw::DW_TAG_entry_point {
                continue;
            }
            if flag(&entry, dw::DW_AT_declaration) {
                continue;
            }
            let starts = self.starts(unit, &entry)?;
            let position = (number, entry.offset);
            for start in &starts {
                if let Some(places) = candidates.address.get_mut(start) {
                    add(places, position);
                }
            }
            let value = linkage_name(&entry).or_else(|| entry.attr_value(dw::DW_AT_name));
            if let Some(value) = value
                && flag(&entry, dw::DW_AT_external)
                && let Some(text) = self.units.string(unit, &value, self.budget)?
                && let Some(places) = candidates.name.get_mut(text.as_str())
            {
                let places = if starts.is_empty() {
                    &mut places.without_code
                } else {
                    &mut places.with_code
                };
                add(places, position);
            }
        }
        Ok(())
    }

    /// Where the code of a function starts; several addresses if it is in parts.
    fn starts(&mut self, unit: &Unit<'d>, entry: &Entry<'d>) -> Step<Vec<u64>> {
        let mut starts = Vec::new();
        for name in [dw::DW_AT_low_pc, dw::DW_AT_entry_pc] {
            let value = entry.attr_value(name);
            starts.extend(value.and_then(|value| self.units.address(unit, &value)));
        }
        let encoding = unit.header.encoding();
        let offset = match entry.attr_value(dw::DW_AT_ranges) {
            Some(AttributeValue::RangeListsRef(offset)) => gimli::RangeListsOffset(offset.0),
            Some(AttributeValue::SecOffset(offset)) => gimli::RangeListsOffset(offset),
            Some(AttributeValue::DebugRngListsIndex(index)) => {
                let base = unit.rnglists_base;
                match self.units.ranges.get_offset(encoding, base, index) {
                    Ok(offset) => offset,
                    Err(_) => return Ok(starts),
                }
            }
            _ => return Ok(starts),
        };
        let ranges = self.units.ranges.ranges(
            offset,
            encoding,
            unit.low_pc,
            &self.units.addresses,
            unit.addr_base,
        );
        let Ok(mut ranges) = ranges else {
            return Ok(starts);
        };
        for _ in 0..RANGES {
            self.budget.spend(2)?;
            let Ok(Some(raw)) = ranges.next_raw() else {
                break;
            };
            if let Ok(Some(range)) = ranges.convert_raw(raw) {
                starts.push(range.begin);
            }
        }
        Ok(starts)
    }

    /// The entry that belongs to a symbol: at its address, and by its name where
    /// functions share the address.
    fn choose(&mut self, candidates: &Candidates<'_>, export: &Export) -> Step<Option<Position>> {
        let at = export
            .address
            .and_then(|address| candidates.address.get(&address));
        let at = at.map_or(&[] as &[Position], Vec::as_slice);
        for place in at {
            let facts = tolerate(self.facts(*place))?;
            let name = facts.and_then(|facts| facts.linkage.or(facts.name));
            if name.as_deref() == Some(export.name.as_str()) {
                return Ok(Some(*place));
            }
        }
        let Some(named) = candidates.name.get(export.name.as_str()) else {
            return Ok(at.first().copied());
        };
        // Compilers give functions with equal code one body; the entries of the others
        // keep their prototypes and lose their addresses.
        let merged = named.without_code.first();
        let place = merged.or(at.first()).or(named.with_code.first());
        Ok(place.copied())
    }

    fn facts(&mut self, position: Position) -> Step<Facts<'d>> {
        let mut facts = Facts {
            name: None,
            linkage: None,
            result: None,
            file: None,
            line: None,
            prototyped: false,
            frame: false,
            entry: None,
            chain: Vec::new(),
        };
        let mut next = Some(position);
        let mut entry = Entry::null();
        while let Some(position) = next
            && facts.chain.len() < ORIGINS
        {
            self.units.entry(position, &mut entry, self.budget)?;
            let unit = position.0;
            let Some(home) = self.units.list.get(unit) else {
                break;
            };
            facts.chain.push(position);
            if facts.name.is_none() {
                facts.name = name(self.units, unit, &entry, self.budget)?;
            }
            if facts.linkage.is_none()
                && let Some(value) = linkage_name(&entry)
            {
                facts.linkage = self.units.string(home, &value, self.budget)?;
            }
            if facts.result.is_none() {
                facts.result = entry.attr_value(dw::DW_AT_type).map(|value| (unit, value));
            }
            if facts.line.is_none()
                && let Some(line) = entry.attr_value(dw::DW_AT_decl_line)
            {
                facts.line = line.udata_value();
                facts.file = file_index(&entry).map(|index| (unit, index));
            }
            if facts.file.is_none() {
                facts.file = file_index(&entry).map(|index| (unit, index));
            }
            if facts.entry.is_none() {
                facts.entry = entry
                    .attr_value(dw::DW_AT_low_pc)
                    .and_then(|value| self.units.address(home, &value));
            }
            facts.prototyped |= flag(&entry, dw::DW_AT_prototyped);
            facts.frame |= entry.has_attr(dw::DW_AT_frame_base);
            next = origin(&entry).and_then(|value| self.units.target(unit, &value));
        }
        Ok(facts)
    }

    /// The prototype that the entry at a position gives; `None` if it has only lines.
    fn prototype(&mut self, position: Position) -> Step<Option<Prototype>> {
        let facts = self.facts(position)?;
        // With optimisation at link time, what was declared is in another unit than the code.
        let declared = facts.chain.last().unwrap_or(&position).0;
        let unit = self.units.list.get(declared);
        let language = unit.map_or(Language::Other, |unit| unit.language);
        let listed = self.listed(&facts.chain)?;
        if listed.params.is_empty() && !listed.variadic && self.is_bare(&facts) {
            return Ok(None);
        }
        let mut params = Vec::new();
        for param in listed.params {
            params.push(self.parameter(param, language, facts.entry)?);
        }
        let result = match &facts.result {
            Some((unit, value)) => self
                .types
                .read(self.units, *unit, Some(value), self.budget)?,
            None => VOID,
        };
        let file = match facts.file {
            Some((unit, index)) => match self.units.list.get(unit) {
                Some(unit) => self.files.path(self.units, unit, index, self.budget)?,
                None => None,
            },
            None => None,
        };
        Ok(Some(Prototype {
            symbol: String::new(),
            name: facts.name.or(facts.linkage).unwrap_or_default(),
            params,
            result,
            variadic: listed.variadic,
            prototyped: facts.prototyped || language != Language::C,
            language,
            file,
            line: facts.line.and_then(|line| u32::try_from(line).ok()),
            types: Arc::default(),
        }))
    }

    /// Whether the units of a function without parameters leave out what parameters it has.
    fn is_bare(&self, facts: &Facts<'d>) -> bool {
        facts.chain.iter().all(|(unit, _)| {
            let producer = self.units.list.get(*unit).map(|unit| unit.producer);
            let full = match producer {
                Some(Producer::Gcc { full }) => full,
                Some(Producer::Clang) => facts.frame,
                _ => false,
            };
            self.bare.get(*unit) == Some(&true) && !full
        })
    }

    /// The parameters of a function: of the entries that describe it, the one
    /// with the longest list, since optimisation may drop some from the others.
    /// Locations come from the entry that has the code.
    fn listed(&mut self, chain: &[Position]) -> Step<Listed<'d>> {
        let mut best = Listed::default();
        let mut locations: HashMap<Position, (usize, Value<'d>)> = HashMap::new();
        for (level, position) in chain.iter().enumerate() {
            let listed = self.parameters(*position)?;
            let variadic = best.variadic || listed.variadic;
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
        }
        for param in &mut best.params {
            if param.location.is_none() {
                param.location = locations.get(&param.position).copied();
            }
        }
        Ok(best)
    }

    fn parameters(&mut self, position: Position) -> Step<Listed<'d>> {
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
                dw::DW_TAG_GNU_formal_parameter_pack => {
                    packs.push(((position.0, entry.offset), listed.params.len()));
                }
                _ => {}
            }
            Ok(())
        })?;
        // The parameters that a C++ pack stands for are children of the pack.
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

    fn parameter(
        &mut self,
        param: Param<'d>,
        language: Language,
        entry: Option<u64>,
    ) -> Step<Parameter> {
        let ty = match &param.ty {
            Some((unit, value)) => self
                .types
                .read(self.units, *unit, Some(value), self.budget)?,
            None => VOID,
        };
        let mut hidden = param.hidden;
        let ty = if language == Language::Fortran {
            // The parameters of an `entry` are marked as the compiler's own, too.
            hidden = hidden && param.name.as_deref().is_none_or(is_compilers);
            self.fortran(ty, &param, hidden, entry)?
        } else {
            ty
        };
        Ok(Parameter {
            name: param.name,
            ty,
            hidden,
        })
    }

    /// Fortran passes by reference, and the type in the debug information does
    /// not say so: only a location can prove a value.
    fn fortran(
        &mut self,
        ty: TypeId,
        param: &Param<'d>,
        hidden: bool,
        entry: Option<u64>,
    ) -> Step<TypeId> {
        let reference = |kind| FoundType::Pointer { kind, pointee: ty };
        let by_reference = reference(PointerKind::ByReference);
        // `type(c_ptr)` has no type here and is an address either way; arrays have no values.
        if ty == VOID || self.types.is_array(ty) {
            return Ok(self.types.push(by_reference));
        }
        let how = match &param.location {
            Some((unit, value)) => match self.units.list.get(*unit) {
                Some(unit) => {
                    let how = passing(self.units, unit, value, entry, self.machine, self.budget);
                    tolerate(how)?.unwrap_or(Passing::Unclear)
                }
                None => Passing::Unclear,
            },
            None => Passing::Unclear,
        };
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

/// Entries by the address of their code and by their name.
#[derive(Default)]
struct Candidates<'e> {
    address: HashMap<u64, Vec<Position>>,
    name: HashMap<&'e str, Named>,
}

/// Entries of one name.
#[derive(Default)]
struct Named {
    with_code: Vec<Position>,
    without_code: Vec<Position>,
}

fn add(places: &mut Vec<Position>, position: Position) {
    if places.len() < CANDIDATES && !places.contains(&position) {
        places.push(position);
    }
}

/// Whether a name is none that can be written in Fortran.
fn is_compilers(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

fn linkage_name<'d>(entry: &Entry<'d>) -> Option<Value<'d>> {
    entry
        .attr_value(dw::DW_AT_linkage_name)
        .or_else(|| entry.attr_value(dw::DW_AT_MIPS_linkage_name))
}

fn origin<'d>(entry: &Entry<'d>) -> Option<Value<'d>> {
    entry
        .attr_value(dw::DW_AT_abstract_origin)
        .or_else(|| entry.attr_value(dw::DW_AT_specification))
}

fn file_index(entry: &Entry<'_>) -> Option<u64> {
    match entry.attr_value(dw::DW_AT_decl_file)? {
        AttributeValue::FileIndex(index) => Some(index),
        value => value.udata_value(),
    }
}

/// Reads a parameter, with what its inlined original says where it says nothing.
fn read_parameter<'d>(
    units: &Units<'d>,
    unit: usize,
    entry: &Entry<'d>,
    budget: &mut Budget,
) -> Step<Param<'d>> {
    let target = origin(entry).and_then(|value| units.target(unit, &value));
    let mut param = Param {
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
    let mut original = Entry::null();
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
