//! Reads the entries of numbers and enumerations.

use gimli::AttributeValue;
use gimli::constants as dw;
use veo_abi::prototype::{Encoding, FoundType, FunctionLanguage};

use super::entries::children;
use super::raw::RawEntry;
use super::units::{Position, Units};
use crate::budget::{Budget, ReadResult};

/// The most steps from an enumeration to its integer type.
const CHAIN: usize = 16;

pub(super) fn unknown(what: &str, size: Option<u64>) -> FoundType {
    FoundType::Unknown {
        what: what.to_owned(),
        size,
    }
}

pub(super) fn base(entry: &RawEntry<'_>, name: Option<String>, size: Option<u64>) -> FoundType {
    let name = name.unwrap_or_else(|| "a number without a name".to_owned());
    let encoding = match entry.attr_value(dw::DW_AT_encoding) {
        Some(AttributeValue::Encoding(encoding)) => encoding,
        _ => return unknown(&name, size),
    };
    let bits = entry
        .attr_value(dw::DW_AT_bit_size)
        .and_then(|value| value.udata_value());
    let Some(size) = size.or(bits.map(|bits| bits.div_ceil(8))) else {
        return unknown(&name, None);
    };
    let swapped = matches!(
        entry.attr_value(dw::DW_AT_endianity),
        Some(AttributeValue::Endianity(dw::DW_END_big))
    );
    if swapped && size > 1 {
        return FoundType::Base {
            encoding: Encoding::Swapped,
            size,
            name: format!("big-endian number of {size} bytes"),
        };
    }
    let encoding = match encoding {
        dw::DW_ATE_signed => Encoding::Signed,
        dw::DW_ATE_unsigned | dw::DW_ATE_UTF | dw::DW_ATE_UCS | dw::DW_ATE_ASCII => {
            Encoding::Unsigned
        }
        dw::DW_ATE_boolean => Encoding::Bool,
        dw::DW_ATE_signed_char => Encoding::SignedChar,
        dw::DW_ATE_unsigned_char => Encoding::UnsignedChar,
        dw::DW_ATE_float => Encoding::Float,
        dw::DW_ATE_complex_float => Encoding::Complex,
        _ => return unknown(&name, Some(size)),
    };
    // clang names both only `complex`.
    let name = match (encoding, name.as_str(), size) {
        (Encoding::Complex, "complex", 8) => "complex float".to_owned(),
        (Encoding::Complex, "complex", 16) => "complex double".to_owned(),
        _ => name,
    };
    FoundType::Base {
        encoding,
        size,
        name,
    }
}

/// The evidence of an enumeration's constants about its sign.
enum Values {
    /// Some are below zero.
    SomeNegative,
    /// Some are too large for a signed integer.
    SomeLarge,
    /// Both a signed and an unsigned integer can hold all.
    OfEither,
}

fn values(
    units: &Units<'_>,
    position: Position,
    size: Option<u64>,
    budget: &mut Budget,
) -> ReadResult<Values> {
    let largest = match size {
        Some(size @ 1..=7) => (1u64 << (8 * size - 1)) - 1,
        _ => i64::MAX.cast_unsigned(),
    };
    let mut values = Values::OfEither;
    children(units, position, budget, |entry, _| {
        if entry.tag == dw::DW_TAG_enumerator {
            match entry.attr_value(dw::DW_AT_const_value) {
                Some(AttributeValue::Sdata(value)) if value < 0 => values = Values::SomeNegative,
                Some(value) if value.udata_value().is_some_and(|value| value > largest) => {
                    values = Values::SomeLarge;
                }
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(values)
}

pub(super) fn enumeration(
    units: &Units<'_>,
    position: Position,
    entry: &RawEntry<'_>,
    name: Option<String>,
    size: Option<u64>,
    budget: &mut Budget,
) -> ReadResult<FoundType> {
    let mut underlying = None;
    let (mut unit, mut at) = (position.0, entry.attr_value(dw::DW_AT_type));
    let mut inner = RawEntry::null();
    for _ in 0..CHAIN {
        let Some(target) = at.and_then(|value| units.target(unit, &value)) else {
            break;
        };
        units.entry(target, &mut inner, budget)?;
        if inner.tag == dw::DW_TAG_base_type {
            underlying = Some(base(
                &inner,
                None,
                inner
                    .attr_value(dw::DW_AT_byte_size)
                    .and_then(|v| v.udata_value()),
            ));
            break;
        }
        (unit, at) = (target.0, inner.attr_value(dw::DW_AT_type));
    }
    let mut signed = match underlying {
        Some(FoundType::Base {
            encoding: Encoding::Signed | Encoding::SignedChar,
            ..
        }) => Some(true),
        Some(FoundType::Base { .. }) => Some(false),
        _ => None,
    };
    let size = size.or(match underlying {
        Some(FoundType::Base { size, .. }) => Some(size),
        _ => None,
    });
    let values = values(units, position, size, budget)?;
    let language = units.list.get(position.0).map(|unit| unit.language);
    let chosen = entry.has_attr(dw::DW_AT_enum_class) || size.is_some_and(|size| size < 4);
    if signed == Some(false) && (language != Some(FunctionLanguage::Cpp) || !chosen) {
        // Compilers choose `unsigned int` if all constants are positive, although they are `int`.
        signed = None;
    }
    // Strict DWARF 2 does not give the integer type of an enumeration.
    signed = signed.or(match values {
        Values::SomeNegative => Some(true),
        Values::SomeLarge => Some(false),
        Values::OfEither => None,
    });
    Ok(match size {
        Some(size) => FoundType::Enum {
            name: name.unwrap_or_default(),
            size,
            signed,
        },
        None => unknown(&format!("enum {}", name.unwrap_or_default()), None),
    })
}
