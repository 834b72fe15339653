//! The types of sent values: as both ends compare them, and as MPI knows them.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::HashMap;

use mpi::datatype::Equivalence;
use mpi::ffi;
use mpi::traits::AsRaw;
use veo_core::VeData;
use veo_core::abi::{ScalarType, Type};

use super::raw::DataType;
use crate::error::{Error, Result};

/// A number that MPI can compute with. Structures are none: no operation is defined on them.
///
/// ```
/// let sum = veo_mpi::Operation::<f64>::commutative(|a, b| a + b);
/// # drop(sum);
/// ```
///
/// ```compile_fail,E0277
/// #[derive(Clone, Copy, veo_core::VeData)]
/// #[repr(C)]
/// struct Point {
///     x: f64,
/// }
/// let sum = veo_mpi::Operation::<Point>::sum(); // `Point` cannot be reduced
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be reduced",
    note = "MPI reduces numbers: i8 to i64, u8 to u64, isize, usize, f32 and f64"
)]
pub trait Number: VeData + Equivalence + sealed::Sealed {}

/// A number that bits and truth values are computed with: any integer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no bits to compute with",
    note = "`and` and `or` take integers: i8 to i64, u8 to u64, isize and usize"
)]
pub trait Integer: Number {}

mod sealed {
    /// Nobody else's types: MPI has to know what to do with them.
    pub trait Sealed {}
}

macro_rules! numbers {
    ($trait:path: $($ty:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl $trait for $ty {}
    )*};
}

numbers!(sealed::Sealed: i8, i16, i32, i64, u8, u16, u32, u64, isize, usize, f32, f64);
numbers!(Number: i8, i16, i32, i64, u8, u16, u32, u64, isize, usize, f32, f64);
numbers!(Integer: i8, i16, i32, i64, u8, u16, u32, u64, isize, usize);

/// Bytes of a type's name that are sent.
pub(super) const NAME: usize = 40;

/// A type as both ends of a message compare it: a number, or the layout of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TypeTag {
    /// A hash of its whole layout.
    pub(super) hash: u64,
    /// Size of a value in bytes.
    pub(super) size: u64,
    /// Its name, with zeros behind it.
    pub(super) name: [u8; NAME],
}

impl TypeTag {
    pub(super) fn of<T: VeData>() -> TypeTag {
        thread_local! {
            /// Those of types that were asked for before. A program sends few types, and each message asks.
            static KNOWN: RefCell<Vec<(TypeId, TypeTag)>> = const { RefCell::new(Vec::new()) };
        }
        let id = TypeId::of::<T>();
        let found = KNOWN.try_with(|known| {
            let mut known = known.borrow_mut();
            if let Some((_, tag)) = known.iter().find(|(ty, _)| *ty == id) {
                return *tag;
            }
            let tag = TypeTag::new::<T>();
            known.push((id, tag));
            tag
        });
        // At the end of the thread nothing is kept.
        found.unwrap_or_else(|_| TypeTag::new::<T>())
    }

    fn new<T: VeData>() -> TypeTag {
        let mut hash = Hash(0xcbf2_9ce4_8422_2325);
        hash.ty(&<T as VeData>::TYPE);
        let text = <T as VeData>::TYPE.to_string();
        let mut name = [0; NAME];
        let mut len = text.len().min(NAME);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        name[..len].copy_from_slice(&text.as_bytes()[..len]);
        TypeTag {
            hash: hash.0,
            size: size_of::<T>() as u64,
            name,
        }
    }

    /// As messages name it.
    pub(super) fn name(&self) -> String {
        let end = self.name.iter().position(|byte| *byte == 0);
        String::from_utf8_lossy(&self.name[..end.unwrap_or(NAME)]).into_owned()
    }
}

/// FNV-1a.
struct Hash(u64);

impl Hash {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: usize) {
        self.bytes(&(number as u64).to_le_bytes());
    }

    /// Adds what two programs have to agree on. Where a type was declared is nothing of that.
    fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Scalar(scalar) => {
                self.bytes(b"n");
                self.bytes(scalar.to_string().as_bytes());
            }
            Type::Array { element, len } => {
                self.bytes(b"a");
                self.number(*len);
                self.ty(element);
            }
            Type::Struct(layout) => {
                self.bytes(b"s");
                self.bytes(layout.name.as_bytes());
                self.number(layout.size);
                for field in layout.fields {
                    self.bytes(field.name.as_bytes());
                    self.number(field.offset);
                    self.ty(&field.ty);
                }
            }
            // Addresses, whatever they point to.
            _ => self.bytes(b"p"),
        }
    }
}

thread_local! {
    /// Committed types of structures and arrays, by their scalar type and size.
    static COMMITTED: RefCell<HashMap<(Option<ScalarType>, usize), DataType>> = RefCell::default();
}

/// The type for messages that any MPI program understands: a number is MPI's own, an array is so many of them, all else is
/// bytes.
pub(super) fn data_type<T: VeData>() -> Result<DataType> {
    let size = size_of::<T>();
    let scalar = innermost(&<T as VeData>::TYPE);
    let (element, element_size) = match scalar {
        Some(scalar) => (raw_scalar(scalar), scalar.size()),
        None => (DataType::bytes().raw(), 1),
    };
    if size == element_size {
        // SAFETY: MPI's own type of a number of this size.
        return Ok(unsafe { DataType::new(element, size) });
    }
    COMMITTED.with_borrow_mut(|committed| {
        if let Some(known) = committed.get(&(scalar, size)) {
            return Ok(*known);
        }
        let count =
            i32::try_from(size / element_size.max(1)).map_err(|_| veo_core::Error::TooLarge {
                count: 1,
                element: size,
            })?;
        let mut raw = element;
        // SAFETY: the place is valid, the element is a type of MPI.
        let failed = unsafe {
            ffi::MPI_Type_contiguous(count, element, &raw mut raw) != 0
                || ffi::MPI_Type_commit(&raw mut raw) != 0
        };
        if failed {
            return Err(Error::Mpi {
                what: format!("describing {} to MPI", <T as VeData>::TYPE),
                reason: "it takes no type of that size".into(),
            });
        }
        // SAFETY: it was committed just now, is never freed, and has `size` bytes without gaps.
        let made = unsafe { DataType::new(raw, size) };
        committed.insert((scalar, size), made);
        Ok(made)
    })
}

/// The type of a number for MPI to compute with.
pub(super) fn number_type<T: Number>() -> DataType {
    // SAFETY: MPI's own type of this number, which `Equivalence` promises.
    unsafe { DataType::new(T::equivalent_datatype().as_raw(), size_of::<T>()) }
}

/// The number that a type consists of, however often.
fn innermost(ty: &Type) -> Option<ScalarType> {
    match ty {
        Type::Scalar(scalar) => Some(*scalar),
        Type::Array { element, .. } => innermost(element),
        _ => None,
    }
}

fn raw_scalar(scalar: ScalarType) -> ffi::MPI_Datatype {
    match scalar {
        ScalarType::I8 => i8::equivalent_datatype().as_raw(),
        ScalarType::I16 => i16::equivalent_datatype().as_raw(),
        ScalarType::I32 => i32::equivalent_datatype().as_raw(),
        ScalarType::I64 => i64::equivalent_datatype().as_raw(),
        ScalarType::U8 => u8::equivalent_datatype().as_raw(),
        ScalarType::U16 => u16::equivalent_datatype().as_raw(),
        ScalarType::U32 => u32::equivalent_datatype().as_raw(),
        ScalarType::U64 => u64::equivalent_datatype().as_raw(),
        ScalarType::F32 => f32::equivalent_datatype().as_raw(),
        ScalarType::F64 => f64::equivalent_datatype().as_raw(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_different_layout_have_different_tags() {
        let tags = [
            TypeTag::of::<i32>(),
            TypeTag::of::<u32>(),
            TypeTag::of::<f32>(),
            TypeTag::of::<i64>(),
            TypeTag::of::<[f32; 2]>(),
            TypeTag::of::<[f32; 3]>(),
            TypeTag::of::<[[f32; 3]; 2]>(),
            TypeTag::of::<[[f32; 2]; 3]>(),
        ];
        for (at, tag) in tags.iter().enumerate() {
            assert!(tags[..at].iter().all(|other| other.hash != tag.hash));
        }
        assert_eq!(TypeTag::of::<i64>(), TypeTag::of::<isize>());
        assert_eq!(tags[2].name(), "f32");
        assert_eq!(tags[6].name(), "[[f32; 3]; 2]");
    }
}
