//! Structures of a library as Rust types with the same layout.
//!
//! A structure gets its fields if each has a counterpart at its offset. Otherwise it is an array of bytes of the same size. A
//! structure of which only the name is known is opaque; one without a name is `c_void`.
//!
//! Debug information is read a few pointers deep, and each source file has its own. So one structure may come as several types,
//! some without their fields. Types with the same name, size and fields are one structure here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use veo_abi::prototype::{Encoding, FoundField, FoundType, RecordKind, TypeId, Types};
use veo_abi::{DECLARATION_NAMES, ScalarType};

use super::names::{ALLOWED, identifier, in_comment};

const VOID: &str = "core::ffi::c_void";
/// The deepest nesting of pointers, arrays and structures.
const DEPTH: u32 = 24;

/// Further names that mean something else in the file that is written.
const TAKEN: [&str; 18] = [
    "Box", "Clone", "Copy", "Debug", "Option", "Result", "Vec", "VeData", "VeOpaque", "bool",
    "char", "core", "std", "str", "u128", "i128", "usize", "isize",
];

/// The structures that declarations mention.
pub(super) struct Records<'a> {
    types: &'a Types,
    /// The first of the types that are the same structure.
    same: BTreeMap<TypeId, TypeId>,
    /// The `typedef` of each structure without a name.
    typedefs: BTreeMap<TypeId, &'a str>,
    /// The name of each type that has one.
    names: BTreeMap<TypeId, String>,
    /// Those names.
    taken: BTreeSet<String>,
    /// The items, by their names.
    items: BTreeMap<String, String>,
    /// Size and alignment of the Rust types.
    extents: BTreeMap<TypeId, RecordExtent>,
}

#[derive(Clone, Copy, PartialEq)]
struct RecordExtent {
    size: u64,
    align: u64,
}

/// A type in memory.
struct InMemory {
    rust: String,
    extent: RecordExtent,
}

impl<'a> Records<'a> {
    pub(super) fn new(types: &'a Types) -> Self {
        let mut this = Self {
            types,
            same: BTreeMap::new(),
            typedefs: typedefs(types),
            names: BTreeMap::new(),
            taken: BTreeSet::new(),
            items: BTreeMap::new(),
            extents: BTreeMap::new(),
        };
        this.unite();
        this
    }

    /// Finds out which types are the same structure.
    fn unite(&mut self) {
        let mut known: BTreeMap<_, TypeId> = BTreeMap::new();
        // The number of different structures of known size with a name, and one of them.
        let mut complete: BTreeMap<&str, (u32, TypeId)> = BTreeMap::new();
        let mut open = Vec::new();
        for (index, ty) in self.types.0.iter().enumerate() {
            let id = TypeId(u32::try_from(index).unwrap_or(u32::MAX));
            let (FoundType::Record { size, fields, .. }, Some(name)) = (ty, self.own_name(id))
            else {
                continue;
            };
            if size.is_none() {
                open.push((id, name));
                continue;
            }
            let places: Vec<_> = fields
                .iter()
                .map(|it| (it.offset, it.name.as_str()))
                .collect();
            let first = *known.entry((name, size, places)).or_insert(id);
            if first == id {
                complete.entry(name).or_insert((0, id)).0 += 1;
            }
            self.same.insert(id, first);
        }
        for (id, name) in open {
            // A structure of which only the name is known is the only one with that name.
            if let Some((1, first)) = complete.get(name) {
                self.same.insert(id, *first);
            } else {
                let first = *known.entry((name, &None, Vec::new())).or_insert(id);
                self.same.insert(id, first);
            }
        }
    }

    /// The structure behind `typedef`s and qualifiers.
    fn resolve(&self, id: TypeId) -> TypeId {
        let id = self.types.resolve(id);
        self.same.get(&id).copied().unwrap_or(id)
    }

    /// The name of a structure, or of its `typedef`.
    fn own_name(&self, id: TypeId) -> Option<&'a str> {
        match self.types.get(id) {
            FoundType::Record { name, .. } if !name.is_empty() => Some(name),
            _ => self.typedefs.get(&id).copied(),
        }
    }

    /// All items.
    pub(super) fn finish(self) -> String {
        self.items.into_values().map(|item| item + "\n").collect()
    }

    /// The type behind a pointer.
    pub(super) fn pointee(&mut self, id: TypeId) -> String {
        self.behind(id, DEPTH)
    }

    fn behind(&mut self, id: TypeId, depth: u32) -> String {
        let Some(depth) = depth.checked_sub(1) else {
            return VOID.to_owned();
        };
        match self.types.get(self.resolve(id)) {
            FoundType::Record { size: None, .. } => self.opaque(id),
            FoundType::Array {
                element,
                lengths,
                descriptor: false,
            } if lengths.contains(&None) => self.behind(*element, depth),
            _ => self
                .memory(id, depth)
                .map_or_else(|| VOID.to_owned(), |it| it.rust),
        }
    }

    /// A type of which only the name is known.
    fn opaque(&mut self, id: TypeId) -> String {
        let id = self.resolve(id);
        if let Some(name) = self.names.get(&id) {
            return name.clone();
        }
        let Some(name) = self.name(id) else {
            return VOID.to_owned();
        };
        let item = format!(
            "/// `{}`\n#[derive(VeOpaque)]\n#[repr(C)]\n{ALLOWED}pub struct {name} {{\n    _private: [u8; 0],\n}}\n",
            in_comment(&self.types.c_type(id))
        );
        self.items.insert(name.clone(), item);
        name
    }

    /// A value in memory: a field, an element, a pointee. None if Rust has no counterpart.
    fn memory(&mut self, id: TypeId, depth: u32) -> Option<InMemory> {
        let depth = depth.checked_sub(1)?;
        let types = self.types;
        if let Some(scalar) = types.scalar(id) {
            return Some(number(scalar));
        }
        match types.get(self.resolve(id)) {
            FoundType::Pointer { pointee, .. } => {
                let to = match types.resolved(*pointee) {
                    FoundType::Function { .. } => VOID.to_owned(),
                    _ => self.behind(*pointee, depth),
                };
                Some(InMemory {
                    rust: format!("VeAddr<{to}>"),
                    extent: RecordExtent { size: 8, align: 8 },
                })
            }
            FoundType::Base {
                encoding: Encoding::Complex,
                size: 8,
                ..
            } => Some(array(number(ScalarType::F32), 2)),
            FoundType::Base {
                encoding: Encoding::Complex,
                size: 16,
                ..
            } => Some(array(number(ScalarType::F64), 2)),
            FoundType::Array {
                element,
                lengths,
                descriptor: false,
            } => {
                let mut all = self.memory(*element, depth)?;
                for length in lengths.iter().rev() {
                    all = array(all, (*length).filter(|length| *length > 0)?);
                }
                (all.extent.size > 0).then_some(all)
            }
            FoundType::Record {
                size: Some(size), ..
            } if *size > 0 => self.record(id, *size, depth),
            _ => None,
        }
    }

    /// A structure or union of a known size.
    fn record(&mut self, id: TypeId, size: u64, depth: u32) -> Option<InMemory> {
        let id = self.resolve(id);
        if let Some(name) = self.names.get(&id) {
            let extent = self.extents.get(&id).copied();
            return extent.map(|extent| InMemory {
                rust: name.clone(),
                extent,
            });
        }
        let FoundType::Record { kind, fields, .. } = self.types.get(id) else {
            return None;
        };
        let name = self.name(id)?;
        // A pointer in the structure may lead back to it.
        self.extents.insert(id, RecordExtent { size, align: 1 });
        let fields = match kind {
            RecordKind::Union => None,
            RecordKind::Struct | RecordKind::Class => self.fields(fields, size, depth),
        };
        let (lines, align) = fields.unwrap_or_else(|| {
            let note = "    /// Its members overlap or have no counterpart in Rust.\n";
            (format!("{note}    pub bytes: [u8; {size}],\n"), 1)
        });
        let extent = RecordExtent { size, align };
        self.extents.insert(id, extent);
        let item = format!(
            "/// `{}`\n#[derive(Clone, Copy, Debug, VeData)]\n#[repr(C)]\n{ALLOWED}pub struct {name} {{\n{lines}}}\n\
             const _: [(); {size}] = [(); core::mem::size_of::<{name}>()];\n",
            in_comment(&self.types.c_type(id))
        );
        self.items.insert(name.clone(), item);
        Some(InMemory { rust: name, extent })
    }

    /// The lines of all fields and the alignment, if each field has a counterpart at its offset.
    fn fields(&mut self, fields: &[FoundField], size: u64, depth: u32) -> Option<(String, u64)> {
        let (mut lines, mut end, mut most) = (String::new(), 0_u64, 1_u64);
        let mut names = BTreeSet::new();
        for field in fields {
            if field.bits {
                return None;
            }
            if self.types.size(field.ty).is_none_or(|size| size == 0) {
                // An array at the end without a length takes no space.
                let is_open = matches!(self.types.resolved(field.ty), FoundType::Array { .. });
                if is_open && field.offset <= size {
                    continue;
                }
                return None;
            }
            let InMemory { rust, extent } = self.memory(field.ty, depth)?;
            if Some(extent.size) != self.types.size(field.ty) {
                return None;
            }
            let natural = end.checked_next_multiple_of(extent.align)?;
            if field.offset < natural || !field.offset.is_multiple_of(extent.align) {
                return None;
            }
            if field.offset > natural {
                let _ = writeln!(
                    lines,
                    "    pub _padding_at_{end}: [u8; {}],",
                    field.offset - end
                );
            }
            let name = identifier(&field.name).unwrap_or_else(|| format!("at_{}", field.offset));
            if !names.insert(name.clone()) {
                return None;
            }
            let _ = writeln!(lines, "    pub {name}: {rust},");
            end = field.offset.checked_add(extent.size)?;
            most = most.max(extent.align);
        }
        let natural = end.checked_next_multiple_of(most)?;
        if names.is_empty() || natural > size || !size.is_multiple_of(most) {
            return None;
        }
        if natural < size {
            let _ = writeln!(lines, "    pub _padding_at_{end}: [u8; {}],", size - end);
        }
        Some((lines, most))
    }

    /// A name for a structure: its own, or that of the nearest `typedef`. None if it has neither.
    fn name(&mut self, id: TypeId) -> Option<String> {
        let own = self.own_name(id)?;
        let mut name = identifier(own)?;
        let is_scalar = ScalarType::from_rust_name(&name).is_some();
        let taken = || DECLARATION_NAMES.iter().chain(&TAKEN).any(|it| *it == name);
        if is_scalar || taken() {
            name.push('_');
        }
        let mut number = 1;
        let stem = name.clone();
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{stem}_{number}");
        }
        self.names.insert(id, name.clone());
        Some(name)
    }
}

/// The first `typedef` of each type.
fn typedefs(types: &Types) -> BTreeMap<TypeId, &str> {
    let mut typedefs = BTreeMap::new();
    for ty in &types.0 {
        if let FoundType::Typedef { name, inner } = ty {
            typedefs
                .entry(types.resolve(*inner))
                .or_insert(name.as_str());
        }
    }
    typedefs
}

fn number(scalar: ScalarType) -> InMemory {
    let size = scalar.size() as u64;
    InMemory {
        rust: scalar.rust_name().to_owned(),
        extent: RecordExtent { size, align: size },
    }
}

fn array(element: InMemory, count: u64) -> InMemory {
    InMemory {
        rust: format!("[{}; {count}]", element.rust),
        extent: RecordExtent {
            size: element.extent.size.saturating_mul(count),
            align: element.extent.align,
        },
    }
}
