//! Asks clang what the bindings lack: arrays whose extent is another parameter (`double a[n][n]`, which the bindings take for
//! pointers to pointers), functions without a prototype (`double f()`), comments that are frames.

use std::collections::{HashMap, HashSet};
use std::ffi::{CString, c_char, c_int, c_uint};
use std::ptr;

use clang_sys::support::Clang;
use clang_sys::{
    CXChildVisit_Continue, CXChildVisit_Recurse, CXChildVisitResult, CXClientData, CXCursor,
    CXCursor_EnumDecl, CXCursor_FunctionDecl, CXCursor_StructDecl, CXCursor_UnionDecl,
    CXDiagnostic_Error, CXTranslationUnit, CXTranslationUnit_SkipFunctionBodies, CXType,
    CXType_ConstantArray, CXType_FunctionNoProto, CXType_IncompleteArray, CXType_Pointer,
    CXType_VariableArray, CXUnsavedFile, clang_Cursor_getArgument, clang_Cursor_getNumArguments,
    clang_Cursor_getRawCommentText, clang_createIndex, clang_disposeDiagnostic, clang_disposeIndex,
    clang_disposeTranslationUnit, clang_getArrayElementType, clang_getCanonicalType,
    clang_getCursorKind, clang_getCursorSpelling, clang_getCursorType, clang_getDiagnostic,
    clang_getDiagnosticLocation, clang_getDiagnosticSeverity, clang_getExpansionLocation,
    clang_getFileName, clang_getNumDiagnostics, clang_getPointeeType,
    clang_getTranslationUnitCursor, clang_isConstQualifiedType, clang_parseTranslationUnit,
    clang_visitChildren,
};

use super::bounds::Bound;
use super::comment::words;
use super::string::taken;

/// A parameter that is an array without a constant extent.
#[derive(Clone, Copy, Debug)]
pub(super) struct VariableArray {
    /// The number of pointers and arrays around an element.
    pub levels: usize,
    /// Whether elements are `const`.
    pub constant: bool,
}

/// Facts about a header that clang knows and the bindings lack.
#[derive(Default)]
pub(super) struct View {
    /// Arrays without a constant extent, by the name of the function and their place.
    pub variables: HashMap<(String, usize), VariableArray>,
    /// Extents of arrays, by the name of the function and their place.
    pub bounds: HashMap<(String, usize), Bound>,
    /// Functions that are declared without a prototype.
    pub unprototyped: HashSet<String>,
    /// The words of comments that clang takes for documentation and that are frames: `/*** .. ***/`, `//// ..`.
    pub frames: HashSet<String>,
}

/// Visits a source with these arguments for clang. If clang cannot read it, the result is empty.
pub(super) fn view(name: &str, source: &str, arguments: &[String]) -> View {
    let mut found = View::default();
    parsed(name, source, arguments, |unit| {
        // SAFETY: the unit lives. The visitor gets the pointer to `found`, of which there is no other use until the visit is over, and no
        // cursor is kept.
        unsafe {
            let root = clang_getTranslationUnitCursor(unit);
            clang_visitChildren(root, look, ptr::from_mut(&mut found).cast());
        }
    });
    found
}

/// The lines of a source, counted from 1, in which clang finds errors. An error in the expansion of a macro counts for the line
/// that uses the macro.
pub(super) fn wrong_lines(name: &str, source: &str, arguments: &[String]) -> Vec<usize> {
    let mut lines = Vec::new();
    parsed(name, source, arguments, |unit| {
        // SAFETY: the unit lives, and indices are below the number that clang tells. Each diagnostic is disposed of once, after its last
        // use, and the places to be written to are variables.
        unsafe {
            for index in 0..clang_getNumDiagnostics(unit) {
                let diagnostic = clang_getDiagnostic(unit, index);
                let (mut file, mut line) = (ptr::null_mut(), 0);
                clang_getExpansionLocation(
                    clang_getDiagnosticLocation(diagnostic),
                    &raw mut file,
                    &raw mut line,
                    ptr::null_mut(),
                    ptr::null_mut(),
                );
                let is_error = clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error;
                clang_disposeDiagnostic(diagnostic);
                if is_error && !file.is_null() && taken(clang_getFileName(file)) == name {
                    lines.push(line as usize);
                }
            }
        }
    });
    lines
}

/// Lets clang read a source. If that works, calls `look` with the translation unit.
fn parsed(name: &str, source: &str, arguments: &[String], look: impl FnOnce(CXTranslationUnit)) {
    let mut arguments = arguments.to_vec();
    let paths = Clang::find(None, &[]).and_then(|clang| clang.c_search_paths);
    for path in paths.unwrap_or_default() {
        if let Some(path) = path.to_str() {
            arguments.extend(["-isystem".to_owned(), path.to_owned()]);
        }
    }
    arguments.push("-ferror-limit=0".to_owned());
    let arguments: Option<Vec<CString>> = arguments
        .into_iter()
        .map(|argument| CString::new(argument).ok())
        .collect();
    let (Some(arguments), Ok(name), Ok(source)) =
        (arguments, CString::new(name), CString::new(source))
    else {
        return;
    };
    let arguments: Vec<*const c_char> = arguments.iter().map(|it| it.as_ptr()).collect();
    let Ok(count) = c_int::try_from(arguments.len()) else {
        return;
    };
    let mut file = CXUnsavedFile {
        Filename: name.as_ptr(),
        Contents: source.as_ptr(),
        Length: source.count_bytes() as _,
    };
    // SAFETY: libclang is loaded, which `HeaderReader::new` sees to. Everything that is passed outlives the calls: the names and the
    // text are zero-terminated and borrowed, the array of arguments has `count` elements, there is one unsaved file. Index and unit
    // are disposed of once, the unit first; the two callers above keep nothing of it.
    unsafe {
        let index = clang_createIndex(0, 0);
        let unit = clang_parseTranslationUnit(
            index,
            name.as_ptr(),
            arguments.as_ptr(),
            count,
            &raw mut file,
            1,
            CXTranslationUnit_SkipFunctionBodies,
        );
        if !unit.is_null() {
            look(unit);
            clang_disposeTranslationUnit(unit);
        }
        clang_disposeIndex(index);
    }
}

/// Visits a declaration.
extern "C" fn look(cursor: CXCursor, _: CXCursor, found: CXClientData) -> CXChildVisitResult {
    // SAFETY: called by `clang_visitChildren` in `visit` with the cursor of a living unit and the pointer to the `View` that
    // nobody else uses meanwhile. Each string is taken once.
    unsafe {
        let found = &mut *found.cast::<View>();
        let comment = taken(clang_Cursor_getRawCommentText(cursor));
        // This is the rule of Doxygen, and of Rust.
        if comment.starts_with("/***") || comment.starts_with("////") {
            found.frames.insert(words(&comment));
        }
        let kind = clang_getCursorKind(cursor);
        if kind != CXCursor_FunctionDecl {
            let holds = [CXCursor_StructDecl, CXCursor_UnionDecl, CXCursor_EnumDecl];
            return if holds.contains(&kind) {
                CXChildVisit_Recurse
            } else {
                CXChildVisit_Continue
            };
        }
        let name = taken(clang_getCursorSpelling(cursor));
        let ty = clang_getCanonicalType(clang_getCursorType(cursor));
        if ty.kind == CXType_FunctionNoProto {
            found.unprototyped.insert(name.clone());
        }
        let count = c_uint::try_from(clang_Cursor_getNumArguments(cursor)).unwrap_or(0);
        for index in 0..count {
            let parameter = clang_Cursor_getArgument(cursor, index);
            let place = (name.clone(), index as usize);
            if let Some(bound) = Bound::of(parameter) {
                found.bounds.insert(place.clone(), bound);
            }
            if let Some(variable) = variable(clang_getCursorType(parameter)) {
                found.variables.insert(place, variable);
            }
        }
    }
    CXChildVisit_Continue
}

/// Whether a type is a pointer to (or an array of) an array without a constant extent.
fn variable(ty: CXType) -> Option<VariableArray> {
    // SAFETY: libclang is loaded, and the type belongs to the unit that is being visited; these functions take any type.
    unsafe {
        let outer = clang_getCanonicalType(ty);
        // `const` on an array means the same as `const` on its elements.
        let (mut ty, mut constant) = if outer.kind == CXType_Pointer {
            (clang_getPointeeType(outer), false)
        } else if is_array(outer) {
            let constant = clang_isConstQualifiedType(outer) != 0;
            (clang_getArrayElementType(outer), constant)
        } else {
            return None;
        };
        constant |= clang_isConstQualifiedType(ty) != 0;
        let (mut levels, mut varies) = (1, false);
        while is_array(ty) {
            varies |= ty.kind == CXType_VariableArray;
            levels += 1;
            ty = clang_getArrayElementType(ty);
            constant |= clang_isConstQualifiedType(ty) != 0;
        }
        varies.then_some(VariableArray { levels, constant })
    }
}

fn is_array(ty: CXType) -> bool {
    [
        CXType_ConstantArray,
        CXType_IncompleteArray,
        CXType_VariableArray,
    ]
    .contains(&ty.kind)
}
