//! The prototypes of exported functions, from the entries that describe them.

mod candidates;
mod parameters;

use std::collections::HashMap;
use std::sync::Arc;

use gimli::constants as dw;
use object::elf::Machine;
use veo_abi::prototype::{FunctionLanguage, Prototype, Types};

use super::entries::{file_index, flag, name, other_convention};
use super::lines::FileTables;
use super::producer::Producer;
use super::raw::{RawEntry, RawValue};
use super::scalars::unknown;
use super::types::{TypeBuilder, VOID};
use super::units::{Position, Units};
use crate::budget::{Budget, ReadResult, Stop};
use crate::image::ExportedFunction;

/// The most steps from a definition to its declaration or its inlined original.
const ORIGINS: usize = 8;

/// A search for the prototypes of all exported functions.
pub(super) struct FunctionSearch<'u, 'd, 'b> {
    units: &'u Units<'d>,
    machine: Machine,
    budget: &'b mut Budget,
    types: TypeBuilder,
    files: FileTables,
    found: Vec<Option<Prototype>>,
    /// Which units have no types.
    bare: Vec<bool>,
    /// Which units mark functions that have a prototype.
    marked: Vec<bool>,
    /// How many functions have only lines.
    lines_only: usize,
}

/// The facts from all entries of one function.
struct FunctionFacts<'d> {
    name: Option<String>,
    linkage: Option<String>,
    result: Option<(usize, RawValue<'d>)>,
    file: Option<(usize, u64)>,
    line: Option<u64>,
    prototyped: bool,
    convention: Option<String>,
    /// Whether the location of its frame is given.
    frame: bool,
    entry: Option<u64>,
    chain: Vec<Position>,
}

impl<'u, 'd, 'b> FunctionSearch<'u, 'd, 'b> {
    pub fn new(units: &'u Units<'d>, machine: Machine, budget: &'b mut Budget) -> Self {
        FunctionSearch {
            units,
            machine,
            budget,
            types: TypeBuilder::new(),
            files: FileTables::default(),
            found: Vec::new(),
            bare: vec![false; units.list.len()],
            marked: vec![false; units.list.len()],
            lines_only: 0,
        }
    }

    /// The prototypes in the order of the exports, and their types.
    pub fn finish(self) -> (Vec<Option<Prototype>>, Arc<Types>) {
        (self.found, Arc::new(self.types.finish()))
    }

    /// Finds the prototypes of these functions.
    pub fn find(
        &mut self,
        exports: &[ExportedFunction],
        notes: &mut Vec<String>,
    ) -> ReadResult<()> {
        self.found = Vec::new();
        self.found.resize_with(exports.len(), || None);
        let candidates = self.candidates(exports, notes)?;
        let mut known: HashMap<Position, Option<Prototype>> = HashMap::new();
        for (index, export) in exports.iter().enumerate() {
            let Some(position) = self.choose(&candidates, export)? else {
                continue;
            };
            if let Some(prototype) = known.get(&position) {
                let params = prototype.as_ref().map_or(0, |it| it.params.len());
                self.budget.spend(4 * (1 + params))?;
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
                "the debug information of {} function(s) has only the lines, as with -g1 or \
                 -gline-tables-only; compile with -g",
                self.lines_only
            ));
        }
        Ok(())
    }

    /// The facts of the entry at a position. Entries that it refers to add what it lacks.
    fn facts(&mut self, position: Position) -> ReadResult<FunctionFacts<'d>> {
        let mut facts = FunctionFacts {
            name: None,
            linkage: None,
            result: None,
            file: None,
            line: None,
            prototyped: false,
            convention: None,
            frame: false,
            entry: None,
            chain: Vec::new(),
        };
        let mut next = Some(position);
        let mut entry = RawEntry::null();
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
            facts.convention = facts.convention.or(other_convention(&entry));
            facts.prototyped |= flag(&entry, dw::DW_AT_prototyped);
            facts.frame |= entry.has_attr(dw::DW_AT_frame_base);
            next = origin(&entry).and_then(|value| self.units.target(unit, &value));
        }
        Ok(facts)
    }

    /// The prototype of the entry at a position. `None` if the entry has only lines.
    fn prototype(&mut self, position: Position) -> ReadResult<Option<Prototype>> {
        let facts = self.facts(position)?;
        // With link-time optimisation, the declaration and the code are in different units.
        let units = || facts.chain.iter().rev().map(|(unit, _)| *unit);
        let language = units()
            .filter_map(|unit| Some(self.units.list.get(unit)?.language))
            .find(|language| *language != FunctionLanguage::Other)
            .unwrap_or(FunctionLanguage::Other);
        let old_style = language == FunctionLanguage::C
            && !facts.prototyped
            && units().any(|unit| self.marks(unit));
        let listed = self.listed(&facts.chain, facts.name.as_deref())?;
        if listed.params.is_empty() && !listed.variadic && self.is_bare(&facts) {
            return Ok(None);
        }
        let partial = self.is_partial(&facts);
        let first = listed.params.first().and_then(|param| param.location);
        let mut params = Vec::new();
        for param in listed.params {
            params.push(self.parameter(param, language, facts.entry)?);
        }
        let convention = match (facts.convention, params.first()) {
            (None, Some(param)) if self.is_microsofts(param.ty, first, facts.entry)? => {
                Some("ms_abi".to_owned())
            }
            (known, _) => known,
        };
        let result = match &facts.result {
            Some((unit, value)) => {
                let ty = self.types.read(
                    self.units,
                    *unit,
                    Some(value),
                    &mut self.files,
                    self.budget,
                )?;
                if partial && !listed.result {
                    self.types.push(unknown("nothing, or a value", None))
                } else {
                    ty
                }
            }
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
            prototyped: !old_style,
            partial,
            convention,
            language,
            file,
            line: facts.line.and_then(|line| u32::try_from(line).ok()),
            types: Arc::default(),
        }))
    }

    /// Whether a C function of this unit without a mark has no prototype. Not every compiler
    /// writes marks.
    fn marks(&self, unit: usize) -> bool {
        let producer = self.units.list.get(unit).map(|unit| unit.producer);
        producer.is_some_and(Producer::marks_prototypes) || self.marked.get(unit) == Some(&true)
    }

    /// Whether the compiler of a function writes incomplete debug information.
    fn is_partial(&self, facts: &FunctionFacts<'d>) -> bool {
        let mut units = facts.chain.iter().map(|(unit, _)| *unit);
        units.any(|unit| {
            let producer = self.units.list.get(unit).map(|unit| unit.producer);
            producer == Some(Producer::Flang { partial: true })
        })
    }

    /// Whether a function without parameters may have some that its units leave out.
    fn is_bare(&self, facts: &FunctionFacts<'d>) -> bool {
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
}

fn linkage_name<'d>(entry: &RawEntry<'d>) -> Option<RawValue<'d>> {
    entry
        .attr_value(dw::DW_AT_linkage_name)
        .or_else(|| entry.attr_value(dw::DW_AT_MIPS_linkage_name))
}

fn origin<'d>(entry: &RawEntry<'d>) -> Option<RawValue<'d>> {
    entry
        .attr_value(dw::DW_AT_abstract_origin)
        .or_else(|| entry.attr_value(dw::DW_AT_specification))
}
