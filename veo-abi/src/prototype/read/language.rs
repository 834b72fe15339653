//! In which language a unit was written.

use gimli::AttributeValue;
use gimli::constants as dw;

use super::units::Entry;
use crate::prototype::Language;

/// Whether a unit says of itself that it is assembly.
pub(super) fn is_assembly(root: &Entry<'_>) -> bool {
    // The number of DWARF 6; the other is what assemblers have long written.
    const ASSEMBLY: gimli::DwLang = gimli::DwLang(0x31);
    matches!(
        root.attr_value(dw::DW_AT_language),
        Some(AttributeValue::Language(
            dw::DW_LANG_Mips_Assembler | ASSEMBLY
        ))
    )
}

/// The language of a number that DWARF has for it.
pub(super) fn of_number(language: gimli::DwLang) -> Language {
    // The standards of 2023.
    const C_PLUS_PLUS_23: gimli::DwLang = gimli::DwLang(0x3a);
    const C_23: gimli::DwLang = gimli::DwLang(0x3e);
    const FORTRAN_23: gimli::DwLang = gimli::DwLang(0x3f);
    match language {
        C_PLUS_PLUS_23 => Language::Cpp,
        C_23 => Language::C,
        FORTRAN_23 => Language::Fortran,
        dw::DW_LANG_C | dw::DW_LANG_C89 | dw::DW_LANG_C99 | dw::DW_LANG_C11 | dw::DW_LANG_C17 => {
            Language::C
        }
        dw::DW_LANG_C_plus_plus
        | dw::DW_LANG_C_plus_plus_03
        | dw::DW_LANG_C_plus_plus_11
        | dw::DW_LANG_C_plus_plus_14
        | dw::DW_LANG_C_plus_plus_17
        | dw::DW_LANG_C_plus_plus_20 => Language::Cpp,
        dw::DW_LANG_Fortran77
        | dw::DW_LANG_Fortran90
        | dw::DW_LANG_Fortran95
        | dw::DW_LANG_Fortran03
        | dw::DW_LANG_Fortran08
        | dw::DW_LANG_Fortran18 => Language::Fortran,
        _ => Language::Other,
    }
}

/// The language of a compiler, for units whose number is not known here.
pub(super) fn of_producer(producer: &str) -> Language {
    if producer.contains("Fortran") || producer.contains("flang") {
        Language::Fortran
    } else if producer.starts_with("GNU C++") {
        Language::Cpp
    } else if producer.starts_with("GNU C") {
        Language::C
    } else {
        Language::Other
    }
}
