//! The source language of a unit.

use gimli::AttributeValue;
use gimli::constants as dw;
use veo_abi::prototype::FunctionLanguage;

use super::raw::RawEntry;

/// DWARF 6 has the language and its version in separate attributes.
const LANGUAGE_NAME: gimli::DwAt = gimli::DwAt(0x90);

/// The attribute with a unit's language.
enum SaidLanguage {
    /// A number of DWARF up to 5.
    Number(gimli::DwLang),
    /// A number of DWARF 6.
    Name(u64),
}

fn said(root: &RawEntry<'_>) -> Option<SaidLanguage> {
    if let Some(AttributeValue::Language(number)) = root.attr_value(dw::DW_AT_language) {
        return Some(SaidLanguage::Number(number));
    }
    let name = root.attr_value(LANGUAGE_NAME)?;
    name.udata_value().map(SaidLanguage::Name)
}

/// The language of a unit. `None` if the unit has no number for it or an unknown one.
pub(super) fn of_unit(root: &RawEntry<'_>) -> Option<FunctionLanguage> {
    // Higher numbers are future languages and those of vendors.
    const KNOWN_NUMBERS: u16 = 0x42;
    const KNOWN_NAMES: u64 = 0x1d;
    match said(root)? {
        SaidLanguage::Number(number) => (number.0 <= KNOWN_NUMBERS).then(|| of_number(number)),
        SaidLanguage::Name(name) => (name <= KNOWN_NAMES).then(|| of_name(name)),
    }
}

/// Whether a unit is marked as assembly.
pub(super) fn is_assembly(root: &RawEntry<'_>) -> bool {
    // gimli does not know the first number. Older assemblers write the other.
    const ASSEMBLY: gimli::DwLang = gimli::DwLang(0x31);
    const ASSEMBLY_NAME: u64 = 0x1d;
    matches!(
        said(root),
        Some(
            SaidLanguage::Number(dw::DW_LANG_Mips_Assembler | ASSEMBLY)
                | SaidLanguage::Name(ASSEMBLY_NAME)
        )
    )
}

/// The language of a number of DWARF 6.
fn of_name(name: u64) -> FunctionLanguage {
    match name {
        // C, Objective-C
        0x03 | 0x11 => FunctionLanguage::C,
        // C++, Objective-C++
        0x04 | 0x12 => FunctionLanguage::Cpp,
        0x09 => FunctionLanguage::Fortran,
        _ => FunctionLanguage::Other,
    }
}

/// The language of a number of DWARF up to 5.
fn of_number(language: gimli::DwLang) -> FunctionLanguage {
    // The standards of 2023.
    const C_PLUS_PLUS_23: gimli::DwLang = gimli::DwLang(0x3a);
    const C_23: gimli::DwLang = gimli::DwLang(0x3e);
    const FORTRAN_23: gimli::DwLang = gimli::DwLang(0x3f);
    match language {
        C_PLUS_PLUS_23 => FunctionLanguage::Cpp,
        C_23 => FunctionLanguage::C,
        FORTRAN_23 => FunctionLanguage::Fortran,
        dw::DW_LANG_C
        | dw::DW_LANG_C89
        | dw::DW_LANG_C99
        | dw::DW_LANG_C11
        | dw::DW_LANG_C17
        | dw::DW_LANG_ObjC => FunctionLanguage::C,
        dw::DW_LANG_C_plus_plus
        | dw::DW_LANG_ObjC_plus_plus
        | dw::DW_LANG_C_plus_plus_03
        | dw::DW_LANG_C_plus_plus_11
        | dw::DW_LANG_C_plus_plus_14
        | dw::DW_LANG_C_plus_plus_17
        | dw::DW_LANG_C_plus_plus_20 => FunctionLanguage::Cpp,
        dw::DW_LANG_Fortran77
        | dw::DW_LANG_Fortran90
        | dw::DW_LANG_Fortran95
        | dw::DW_LANG_Fortran03
        | dw::DW_LANG_Fortran08
        | dw::DW_LANG_Fortran18 => FunctionLanguage::Fortran,
        _ => FunctionLanguage::Other,
    }
}

/// The language of a compiler, for units whose number is unknown.
pub(super) fn of_producer(producer: &str) -> FunctionLanguage {
    if producer.contains("Fortran") || producer.contains("flang") {
        FunctionLanguage::Fortran
    } else if producer.starts_with("GNU C++") {
        FunctionLanguage::Cpp
    } else if producer.starts_with("GNU C") {
        FunctionLanguage::C
    } else {
        FunctionLanguage::Other
    }
}
