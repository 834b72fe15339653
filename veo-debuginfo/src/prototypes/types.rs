//! Reads types. It follows entries without recursion. Each entry becomes one type for each
//! [`TypeDepth`] at which it is reached.

use std::collections::{HashMap, HashSet};

use gimli::constants as dw;
use veo_abi::prototype::POINTERS_IN_MEMORY;
use veo_abi::prototype::{
    Encoding, FoundField, FoundType, FunctionLanguage, PointerKind, Qualifier, RecordKind, TypeId,
    Types,
};

use super::entries::{
    children, definition, extent, file_index, flag, member_offset, name, other_convention,
};
use super::lines::FileTables;
use super::raw::{RawEntry, RawValue};
use super::scalars::{base, enumeration, unknown};
use super::units::{Position, Units};
use crate::budget::{Budget, ReadResult, tolerate};

/// The most typedefs and qualifiers around a type.
const CHAIN: usize = 16;

/// The most parts of an object that are searched for how it is copied.
const PARTS: usize = 64;

/// How far to follow a type.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum TypeDepth {
    /// To its end. The type is not inside a structure.
    Full,
    /// Inside a structure: through this many pointers, one after the other.
    Memory(u8),
    /// Only its name.
    Name,
}

impl TypeDepth {
    /// In a field of a structure.
    fn inside(self) -> TypeDepth {
        match self {
            TypeDepth::Full => TypeDepth::Memory(POINTERS_IN_MEMORY),
            within => within,
        }
    }

    /// Behind a pointer.
    fn behind(self) -> TypeDepth {
        match self {
            TypeDepth::Full => TypeDepth::Full,
            TypeDepth::Memory(0) | TypeDepth::Name => TypeDepth::Name,
            TypeDepth::Memory(more) => TypeDepth::Memory(more - 1),
        }
    }
}

pub(super) struct TypeBuilder {
    types: Vec<FoundType>,
    known: HashMap<(Position, TypeDepth), TypeId>,
    open: Vec<(Position, TypeDepth, TypeId)>,
    /// Structures with member functions, which may define how they are copied.
    methods: HashSet<TypeId>,
    /// Whether the current entry is such a structure.
    has_methods: bool,
}

/// `void` is always the first type.
pub(super) const VOID: TypeId = TypeId(0);

impl TypeBuilder {
    pub fn new() -> TypeBuilder {
        TypeBuilder {
            types: vec![FoundType::Void],
            known: HashMap::new(),
            open: Vec::new(),
            methods: HashSet::new(),
            has_methods: false,
        }
    }

    pub fn finish(self) -> Types {
        Types(self.types)
    }

    pub fn get(&self, id: TypeId) -> &FoundType {
        &self.types[id.0 as usize]
    }

    /// Whether a type is an array, perhaps behind typedefs.
    pub fn is_array(&self, id: TypeId) -> bool {
        matches!(self.resolved(id), FoundType::Array { .. })
    }

    /// Whether a type is a structure, class or union, perhaps behind typedefs.
    pub fn is_record(&self, id: TypeId) -> bool {
        matches!(self.resolved(id), FoundType::Record { .. })
    }

    /// Whether a type is a pointer to an array descriptor.
    pub fn is_described(&self, id: TypeId) -> bool {
        let FoundType::Pointer { pointee, .. } = self.resolved(id) else {
            return false;
        };
        matches!(
            self.resolved(*pointee),
            FoundType::Array {
                descriptor: true,
                ..
            }
        )
    }

    /// Whether objects of a type can certainly be copied byte by byte: neither the type nor its
    /// parts have member functions.
    pub fn is_plain(&self, id: TypeId) -> bool {
        let mut open = vec![id];
        for _ in 0..PARTS {
            let Some(id) = open.pop() else { return true };
            let id = self.resolve(id);
            match self.get(id) {
                FoundType::Record { .. } if self.methods.contains(&id) => return false,
                FoundType::Record { size: None, .. } => return false,
                FoundType::Record { fields, .. } => {
                    open.extend(fields.iter().map(|field| field.ty));
                }
                FoundType::Array { element, .. } => open.push(*element),
                _ => {}
            }
        }
        false
    }

    /// Whether a value of a type is passed in one register.
    pub fn is_word(&self, id: TypeId) -> bool {
        match self.resolved(id) {
            FoundType::Base { size, .. } | FoundType::Enum { size, .. } => *size <= 8,
            ty => matches!(ty, FoundType::Pointer { .. }),
        }
    }

    fn resolved(&self, id: TypeId) -> &FoundType {
        self.get(self.resolve(id))
    }

    fn resolve(&self, mut id: TypeId) -> TypeId {
        for _ in 0..CHAIN {
            match self.get(id) {
                FoundType::Typedef { inner, .. } | FoundType::Qualified { inner, .. } => {
                    id = *inner
                }
                _ => break,
            }
        }
        id
    }

    pub fn push(&mut self, ty: FoundType) -> TypeId {
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        self.types.push(ty);
        id
    }

    /// Reads the type that an attribute refers to, and all types it depends on.
    pub fn read(
        &mut self,
        units: &Units<'_>,
        unit: usize,
        value: Option<&RawValue<'_>>,
        files: &mut FileTables,
        budget: &mut Budget,
    ) -> ReadResult<TypeId> {
        let id = self.reference(units, unit, value, TypeDepth::Full);
        while let Some((position, depth, id)) = self.open.pop() {
            self.has_methods = false;
            let ty = tolerate(self.entry(units, position, depth, files, budget))?;
            if self.has_methods {
                self.methods.insert(id);
            }
            self.types[id.0 as usize] = ty.unwrap_or_else(|| unknown("a damaged type", None));
        }
        Ok(id)
    }

    fn reference(
        &mut self,
        units: &Units<'_>,
        unit: usize,
        value: Option<&RawValue<'_>>,
        depth: TypeDepth,
    ) -> TypeId {
        let Some(value) = value else { return VOID };
        let Some(position) = units.target(unit, value) else {
            return self.push(unknown("a type of another file", None));
        };
        let key = (position, depth);
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = self.push(FoundType::Void);
        self.known.insert(key, id);
        self.open.push((position, depth, id));
        id
    }

    fn entry(
        &mut self,
        units: &Units<'_>,
        position: Position,
        depth: TypeDepth,
        files: &mut FileTables,
        budget: &mut Budget,
    ) -> ReadResult<FoundType> {
        let mut entry = RawEntry::null();
        let position = definition(units, position, &mut entry, budget)?;
        let unit = position.0;
        let name = name(units, unit, &entry, budget)?;
        let size = entry
            .attr_value(dw::DW_AT_byte_size)
            .and_then(|value| value.udata_value());
        let inner = entry.attr_value(dw::DW_AT_type);
        let qualifier = match entry.tag {
            dw::DW_TAG_const_type | dw::DW_TAG_immutable_type => Some(Qualifier::Const),
            dw::DW_TAG_volatile_type => Some(Qualifier::Volatile),
            dw::DW_TAG_restrict_type => Some(Qualifier::Restrict),
            dw::DW_TAG_atomic_type => Some(Qualifier::Atomic),
            _ => None,
        };
        if let Some(qualifier) = qualifier {
            let inner = self.reference(units, unit, inner.as_ref(), depth);
            return Ok(FoundType::Qualified { qualifier, inner });
        }
        Ok(match entry.tag {
            dw::DW_TAG_base_type => base(&entry, name, size),
            dw::DW_TAG_pointer_type => {
                self.pointer(units, unit, inner.as_ref(), PointerKind::Pointer, depth)
            }
            dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type => {
                self.pointer(units, unit, inner.as_ref(), PointerKind::Reference, depth)
            }
            dw::DW_TAG_typedef | dw::DW_TAG_template_alias | dw::DW_TAG_dynamic_type => {
                let inner = self.reference(units, unit, inner.as_ref(), depth);
                FoundType::Typedef {
                    name: name.unwrap_or_default(),
                    inner,
                }
            }
            dw::DW_TAG_structure_type
            | dw::DW_TAG_class_type
            | dw::DW_TAG_interface_type
            | dw::DW_TAG_union_type => {
                let kind = match entry.tag {
                    dw::DW_TAG_union_type => RecordKind::Union,
                    dw::DW_TAG_structure_type => RecordKind::Struct,
                    _ => RecordKind::Class,
                };
                let declared = flag(&entry, dw::DW_AT_declaration);
                let mut fields = Vec::new();
                if depth != TypeDepth::Name && !declared {
                    match self.fields(units, position, depth.inside(), budget)? {
                        Some(found) => fields = found,
                        None => return Ok(unknown(&name.unwrap_or_default(), None)),
                    }
                }
                // gfortran describes C's array descriptor as this structure.
                let starts = ["base_addr", "elem_len"];
                let of_fortran = units.list.get(unit).map(|unit| unit.language)
                    == Some(FunctionLanguage::Fortran);
                if of_fortran
                    && name.is_none()
                    && fields.len() > starts.len()
                    && fields
                        .iter()
                        .map(|field| field.name.as_str())
                        .take(2)
                        .eq(starts)
                {
                    return Ok(FoundType::Array {
                        element: VOID,
                        lengths: vec![None],
                        descriptor: true,
                    });
                }
                let defined = !declared && depth != TypeDepth::Name;
                FoundType::Record {
                    kind,
                    name: name.unwrap_or_default(),
                    size: size.filter(|_| defined),
                    location: match defined {
                        true => location(units, unit, &entry, files, budget)?,
                        false => None,
                    },
                    fields,
                }
            }
            dw::DW_TAG_enumeration_type => {
                enumeration(units, position, &entry, name, size, budget)?
            }
            dw::DW_TAG_array_type => self.array(units, position, &entry, depth, budget)?,
            dw::DW_TAG_string_type => {
                let character = FoundType::Base {
                    encoding: Encoding::SignedChar,
                    size: 1,
                    name: "character".to_owned(),
                };
                // If the length is variable, the size is that of the length variable.
                let variable = entry.has_attr(dw::DW_AT_string_length);
                let length = size.filter(|_| !variable);
                if length == Some(1) {
                    return Ok(character);
                }
                let element = self.push(character);
                FoundType::Array {
                    element,
                    lengths: vec![length],
                    descriptor: false,
                }
            }
            dw::DW_TAG_subroutine_type => self.function(units, position, &entry, depth, budget)?,
            dw::DW_TAG_ptr_to_member_type => unknown("a pointer to a member", size),
            _ => unknown(
                &name.unwrap_or_else(|| "a type without a name".to_owned()),
                size,
            ),
        })
    }

    fn pointer(
        &mut self,
        units: &Units<'_>,
        unit: usize,
        inner: Option<&RawValue<'_>>,
        kind: PointerKind,
        depth: TypeDepth,
    ) -> FoundType {
        let pointee = self.reference(units, unit, inner, depth.behind());
        FoundType::Pointer { kind, pointee }
    }

    /// The fields of a structure. `None` if it has variants, as Rust's enumerations have.
    fn fields(
        &mut self,
        units: &Units<'_>,
        position: Position,
        depth: TypeDepth,
        budget: &mut Budget,
    ) -> ReadResult<Option<Vec<FoundField>>> {
        let mut fields = Vec::new();
        let mut variants = false;
        let unit = position.0;
        children(units, position, budget, |entry, budget| {
            variants |= entry.tag == dw::DW_TAG_variant_part;
            self.has_methods |= entry.tag == dw::DW_TAG_subprogram;
            let member = entry.tag == dw::DW_TAG_member || entry.tag == dw::DW_TAG_inheritance;
            // Static members are not part of the object.
            if !member || flag(entry, dw::DW_AT_external) || flag(entry, dw::DW_AT_declaration) {
                return Ok(());
            }
            let bits = entry.has_attr(dw::DW_AT_bit_size);
            let offset = match entry.attr_value(dw::DW_AT_data_member_location) {
                Some(value) => member_offset(units, unit, &value)?,
                None => entry
                    .attr_value(dw::DW_AT_data_bit_offset)
                    .and_then(|value| value.udata_value())
                    .map(|bit| bit / 8),
            };
            // A virtual base class has no fixed offset.
            let somewhere = offset.is_none() && entry.has_attr(dw::DW_AT_data_member_location);
            let inner = entry.attr_value(dw::DW_AT_type);
            fields.push(FoundField {
                name: name(units, unit, entry, budget)?.unwrap_or_default(),
                offset: offset.unwrap_or(0),
                ty: self.reference(units, unit, inner.as_ref(), depth),
                bits: bits || somewhere,
            });
            Ok(())
        })?;
        Ok((!variants).then_some(fields))
    }

    fn array(
        &mut self,
        units: &Units<'_>,
        position: Position,
        entry: &RawEntry<'_>,
        depth: TypeDepth,
        budget: &mut Budget,
    ) -> ReadResult<FoundType> {
        let unit = position.0;
        let descriptor = [
            dw::DW_AT_data_location,
            dw::DW_AT_allocated,
            dw::DW_AT_associated,
            dw::DW_AT_rank,
        ]
        .into_iter()
        .any(|name| entry.has_attr(name));
        let inner = entry.attr_value(dw::DW_AT_type);
        let element = self.reference(units, unit, inner.as_ref(), depth);
        let default = match units.list.get(unit).map(|unit| unit.language) {
            Some(FunctionLanguage::Fortran) => 1,
            _ => 0,
        };
        let mut lengths = Vec::new();
        children(units, position, budget, |entry, _| {
            if entry.tag == dw::DW_TAG_subrange_type || entry.tag == dw::DW_TAG_generic_subrange {
                lengths.push(extent(entry, default));
            }
            Ok(())
        })?;
        if lengths.is_empty() {
            lengths.push(None);
        }
        if default == 1 {
            // Fortran's first index varies fastest. The lengths are stored in C's order.
            lengths.reverse();
        }
        Ok(FoundType::Array {
            element,
            lengths,
            descriptor,
        })
    }

    fn function(
        &mut self,
        units: &Units<'_>,
        position: Position,
        entry: &RawEntry<'_>,
        depth: TypeDepth,
        budget: &mut Budget,
    ) -> ReadResult<FoundType> {
        let unit = position.0;
        if other_convention(entry).is_some() {
            return Ok(unknown("a function of another calling convention", None));
        }
        let inner = entry.attr_value(dw::DW_AT_type);
        // The targets of a function's own pointers are not compared.
        let depth = if depth == TypeDepth::Full {
            TypeDepth::Memory(0)
        } else {
            TypeDepth::Name
        };
        let result = self.reference(units, unit, inner.as_ref(), depth);
        let mut params = Vec::new();
        let mut variadic = false;
        children(units, position, budget, |entry, _| {
            match entry.tag {
                dw::DW_TAG_formal_parameter => {
                    let inner = entry.attr_value(dw::DW_AT_type);
                    params.push(self.reference(units, unit, inner.as_ref(), depth));
                }
                dw::DW_TAG_unspecified_parameters => variadic = true,
                _ => {}
            }
            Ok(())
        })?;
        Ok(FoundType::Function {
            params,
            result,
            variadic,
        })
    }
}

/// File and line of an entry's definition.
fn location(
    units: &Units<'_>,
    unit: usize,
    entry: &RawEntry<'_>,
    files: &mut FileTables,
    budget: &mut Budget,
) -> ReadResult<Option<String>> {
    let line = entry.attr_value(dw::DW_AT_decl_line);
    let line = line.and_then(|value| value.udata_value());
    let (Some(line), Some(file), Some(unit)) = (line, file_index(entry), units.list.get(unit))
    else {
        return Ok(None);
    };
    let file = files.path(units, unit, file, budget)?;
    Ok(file.map(|file| format!("{file}:{line}")))
}
