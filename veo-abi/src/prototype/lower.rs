//! Converts found types to the form that the rules of `check` take.

use std::collections::{HashMap, VecDeque};

use super::POINTERS_IN_MEMORY;
use super::model::{Encoding, FoundType, PointerKind, RecordKind, TypeId, Types};
use super::shape::{Shape, ShapeField, Shapes, Sign};

/// The most nested arrays or pointers that are followed.
const NESTING: usize = 64;

/// A found type in the form for comparison.
pub(super) struct Lowered<'a> {
    nodes: Vec<Shape>,
    fields: Vec<ShapeField<'a>>,
    /// The found types of the fields.
    pub field_types: Vec<TypeId>,
    /// The found structures that the fields are in.
    pub holders: Vec<TypeId>,
    /// The number of fields that are reached without a pointer in a structure. They come first.
    pub near: usize,
    /// The index of the type itself in `nodes`.
    pub root: u32,
}

impl Lowered<'_> {
    /// Changes the type to the one that an old-style definition takes from its callers.
    pub fn promote(&mut self) {
        let Some(root) = self.nodes.get_mut(self.root as usize) else {
            return;
        };
        *root = match *root {
            Shape::Float { size: 4 } => Shape::Float { size: 8 },
            Shape::Byte { sign } => Shape::Promoted { size: 1, sign },
            Shape::Integer { size, sign } if size < 4 => Shape::Promoted { size, sign },
            other => other,
        };
    }

    pub fn shapes(&self) -> Shapes<'_> {
        Shapes {
            nodes: &self.nodes,
            fields: &self.fields,
        }
    }
}

/// How many more pointers are followed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum PointerReach {
    /// All. This type is not inside a structure.
    Full,
    /// Inside a structure: this many, one after the other.
    Memory(u8),
}

struct Lowering<'a> {
    types: &'a Types,
    nodes: Vec<Shape>,
    fields: Vec<ShapeField<'a>>,
    field_types: Vec<TypeId>,
    holders: Vec<TypeId>,
    known: HashMap<(TypeId, PointerReach), u32>,
    open: VecDeque<(TypeId, PointerReach, u32)>,
    /// The pointees of pointers in structures, which are lowered later.
    behind: VecDeque<(TypeId, PointerReach, u32)>,
    /// The index of the shape for any type.
    void: Option<u32>,
    /// How many pointers are followed within structures.
    pointers: u8,
}

/// Lowers a found type. In structures, `pointers` pointers are followed one after the other, at
/// most [`POINTERS_IN_MEMORY`].
pub(super) fn lower(types: &Types, id: TypeId, pointers: u8) -> Lowered<'_> {
    let mut lowering = Lowering {
        types,
        behind: VecDeque::new(),
        void: None,
        pointers: pointers.min(POINTERS_IN_MEMORY),
        nodes: Vec::new(),
        fields: Vec::new(),
        field_types: Vec::new(),
        holders: Vec::new(),
        known: HashMap::new(),
        open: VecDeque::new(),
    };
    let root = lowering.slot(id, PointerReach::Full, false);
    let mut near = None;
    loop {
        while let Some((id, reach, slot)) = lowering.open.pop_front() {
            let shape = lowering.shape(id, reach);
            lowering.nodes[slot as usize] = shape;
        }
        near = near.or(Some(lowering.fields.len()));
        let Some(next) = lowering.behind.pop_front() else {
            break;
        };
        lowering.open.push_back(next);
    }
    Lowered {
        nodes: lowering.nodes,
        fields: lowering.fields,
        field_types: lowering.field_types,
        holders: lowering.holders,
        near: near.unwrap_or(0),
        root,
    }
}

impl<'a> Lowering<'a> {
    /// The index of a type. Its shape is filled in later.
    fn slot(&mut self, id: TypeId, reach: PointerReach, behind: bool) -> u32 {
        let key = (self.types.resolve(id), reach);
        if let Some(slot) = self.known.get(&key) {
            return *slot;
        }
        let slot = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Shape::Unknown);
        self.known.insert(key, slot);
        let open = if behind {
            &mut self.behind
        } else {
            &mut self.open
        };
        open.push_back((key.0, reach, slot));
        slot
    }

    fn constant(&mut self, shape: Shape) -> u32 {
        let slot = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(shape);
        slot
    }

    fn shape(&mut self, id: TypeId, reach: PointerReach) -> Shape {
        let types = self.types;
        match types.get(id) {
            FoundType::Void => Shape::Void,
            FoundType::Base {
                encoding,
                size,
                name,
            } => self.base(*encoding, *size, name),
            // Rust writes `c_void` for `void` behind a pointer.
            FoundType::Enum { name, .. } if name == "c_void" => Shape::Void,
            FoundType::Enum { size, signed, .. } => Shape::Integer {
                size: *size,
                sign: match signed {
                    Some(true) => Sign::Signed,
                    Some(false) => Sign::Unsigned,
                    None => Sign::Either,
                },
            },
            FoundType::Pointer {
                kind: PointerKind::PerhapsByReference,
                pointee,
            } => Shape::Either {
                to: self.pointee(*pointee, reach),
            },
            FoundType::Pointer { pointee, .. } => Shape::Pointer {
                to: self.pointee(*pointee, reach),
            },
            FoundType::Array {
                descriptor: true, ..
            } => Shape::Foreign { size: 0 },
            FoundType::Array { .. } => self.array(id, reach),
            FoundType::Record { size: None, .. } => Shape::Incomplete,
            FoundType::Record {
                kind,
                size: Some(size),
                fields,
                ..
            } => {
                let reach = match reach {
                    PointerReach::Full => PointerReach::Memory(self.pointers),
                    within => within,
                };
                let lowered: Vec<_> = fields
                    .iter()
                    .map(|field| ShapeField {
                        name: &field.name,
                        offset: field.offset,
                        size: types.size(field.ty).unwrap_or(0),
                        shape: self.slot(field.ty, reach, false),
                        bits: field.bits,
                    })
                    .collect();
                let first = u32::try_from(self.fields.len()).unwrap_or(u32::MAX);
                let count = u32::try_from(lowered.len()).unwrap_or(0);
                self.fields.extend(lowered);
                self.field_types.extend(fields.iter().map(|field| field.ty));
                self.holders.extend(fields.iter().map(|_| id));
                let size = *size;
                match kind {
                    RecordKind::Union => Shape::Union { size, first, count },
                    _ => Shape::Record { size, first, count },
                }
            }
            FoundType::Function {
                params,
                result,
                variadic,
            } => {
                let first = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
                let count = u32::try_from(params.len()).unwrap_or(0);
                for id in params.iter().chain([result]) {
                    let slot = self.constant(Shape::Unknown);
                    let id = types.resolve(*id);
                    self.open.push_back((id, PointerReach::Memory(0), slot));
                }
                Shape::Function {
                    first,
                    count,
                    open: *variadic,
                }
            }
            FoundType::Unknown {
                size: Some(size), ..
            } => Shape::Foreign { size: *size },
            // Endless chains of typedefs also end here.
            FoundType::Unknown { .. } | FoundType::Typedef { .. } | FoundType::Qualified { .. } => {
                Shape::Unknown
            }
        }
    }

    fn base(&mut self, encoding: Encoding, size: u64, name: &str) -> Shape {
        if size > 8
            && !matches!(
                encoding,
                Encoding::Float | Encoding::Complex | Encoding::Swapped
            )
        {
            return Shape::Foreign { size };
        }
        let sign = match encoding {
            Encoding::Signed | Encoding::SignedChar => Sign::Signed,
            // A wide logical of Fortran may be declared with either sign.
            Encoding::Bool if size > 1 => Sign::Either,
            // Plain `char` is signed on the VE, but not on every host.
            // Characters of Fortran have no sign.
            Encoding::UnsignedChar if name == "char" || name.starts_with("character") => {
                Sign::Either
            }
            Encoding::Unsigned | Encoding::UnsignedChar | Encoding::Bool => Sign::Unsigned,
            Encoding::Swapped => return Shape::Swapped { size },
            Encoding::Float if size == 4 || size == 8 => return Shape::Float { size },
            // `long double`, `_Float16`
            Encoding::Float => return Shape::Foreign { size },
            Encoding::Complex if size != 8 && size != 16 => return Shape::Foreign { size },
            Encoding::Complex => {
                let element = self.constant(Shape::Float { size: size / 2 });
                return Shape::Array {
                    element,
                    len: Some(2),
                };
            }
        };
        match size {
            1 => Shape::Byte { sign },
            size => Shape::Integer { size, sign },
        }
    }

    fn pointee(&mut self, id: TypeId, reach: PointerReach) -> u32 {
        // There may be several pointers before the scalar.
        let scalar = || {
            let mut id = id;
            for _ in 0..NESTING {
                match self.types.resolved(id) {
                    FoundType::Pointer { pointee, .. } => id = *pointee,
                    ty => return matches!(ty, FoundType::Base { .. } | FoundType::Enum { .. }),
                }
            }
            false
        };
        match reach {
            PointerReach::Full => self.slot(id, reach, false),
            PointerReach::Memory(0) if scalar() => self.slot(id, reach, true),
            PointerReach::Memory(0) => {
                let void = self.void.unwrap_or_else(|| self.constant(Shape::Void));
                self.void = Some(void);
                void
            }
            PointerReach::Memory(more) => self.slot(id, PointerReach::Memory(more - 1), true),
        }
    }

    fn array(&mut self, id: TypeId, reach: PointerReach) -> Shape {
        let (mut at, mut dimensions) = (id, Vec::new());
        while let FoundType::Array {
            element,
            lengths,
            descriptor: false,
        } = self.types.resolved(at)
        {
            dimensions.extend(lengths);
            at = *element;
            if dimensions.len() > NESTING {
                return Shape::Unknown;
            }
        }
        let mut element = match self.types.resolved(at) {
            FoundType::Base {
                encoding: Encoding::Complex,
                size: size @ (8 | 16),
                ..
            } => {
                dimensions.push(Some(2));
                self.constant(Shape::Float { size: size / 2 })
            }
            _ => self.slot(at, reach, false),
        };
        for len in dimensions.drain(1..).rev() {
            element = self.constant(Shape::Array { element, len });
        }
        match dimensions.first() {
            Some(len) => Shape::Array { element, len: *len },
            None => Shape::Unknown,
        }
    }
}
