//! How many elements a parameter's declaration names: `double x[16]`, `double x[static n]`.
//!
//! Debug information and bindings have pointers in their place, so that clang is asked.

use std::ffi::c_uint;
use std::{ptr, slice};

use clang_sys::{
    CXCursor, CXType_ConstantArray, CXType_IncompleteArray, CXType_VariableArray,
    clang_Cursor_getTranslationUnit, clang_disposeTokens, clang_getArrayElementType,
    clang_getArraySize, clang_getCanonicalType, clang_getCursorExtent, clang_getCursorType,
    clang_getTokenSpelling, clang_tokenize,
};

use super::string::taken;

/// The extent of a parameter that is declared as an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// `x[16]`: as many elements, or the null pointer.
    Constant(u64),
    /// `x[static 16]`, `x[static n]`: at least as many, in C's words.
    Static(String),
}

impl Bound {
    /// The bound that the declaration of a parameter has, if it has one.
    ///
    /// # Safety
    ///
    /// The cursor is one of a unit that lives.
    pub(super) unsafe fn of(parameter: CXCursor) -> Option<Bound> {
        // SAFETY: libclang is loaded, or there would be no cursor; these functions take any type of a living unit.
        let (kind, element, count) = unsafe {
            let ty = clang_getCanonicalType(clang_getCursorType(parameter));
            let element = clang_getCanonicalType(clang_getArrayElementType(ty)).kind;
            (ty.kind, element, clang_getArraySize(ty))
        };
        let is_plain = element != CXType_VariableArray && element != CXType_IncompleteArray;
        if !is_plain || ![CXType_ConstantArray, CXType_VariableArray].contains(&kind) {
            return None;
        }
        // SAFETY: as the caller promises.
        let words = unsafe { words(parameter) };
        let of_static = words.iter().position(|word| word == "static").map(|at| {
            let inside = words[at + 1..].iter();
            inside
                .take_while(|word| *word != "]")
                .cloned()
                .collect::<Vec<_>>()
        });
        match of_static.as_deref() {
            Some(_) if kind == CXType_ConstantArray => Some(Bound::Static(count.to_string())),
            Some([one]) => Some(Bound::Static(one.clone())),
            // An expression of C, which may mean something else here.
            Some(_) => None,
            None => u64::try_from(count).ok().map(Bound::Constant),
        }
    }
}

/// The words and marks of a declaration.
///
/// # Safety
///
/// The cursor is one of a unit that lives.
unsafe fn words(cursor: CXCursor) -> Vec<String> {
    let (mut tokens, mut count): (_, c_uint) = (ptr::null_mut(), 0);
    // SAFETY: the unit of the cursor lives. `clang_tokenize` gives an array of `count` tokens, or none, which is read before it is
    // disposed of once; each string is taken once.
    unsafe {
        let unit = clang_Cursor_getTranslationUnit(cursor);
        clang_tokenize(
            unit,
            clang_getCursorExtent(cursor),
            &raw mut tokens,
            &raw mut count,
        );
        if tokens.is_null() {
            return Vec::new();
        }
        let all = slice::from_raw_parts(tokens, count as usize).iter();
        let words = all.map(|token| taken(clang_getTokenSpelling(unit, *token)));
        let words = words.collect();
        clang_disposeTokens(unit, tokens, count);
        words
    }
}
