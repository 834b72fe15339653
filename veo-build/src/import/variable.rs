//! Arrays whose extent is another parameter, `double a[n][n]`, which the bindings take for pointers to pointers.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_uint};
use std::ptr;

use clang_sys::support::Clang;
use clang_sys::{
    CXChildVisit_Continue, CXChildVisitResult, CXClientData, CXCursor, CXCursor_FunctionDecl,
    CXTranslationUnit_SkipFunctionBodies, CXType, CXType_ConstantArray, CXType_IncompleteArray,
    CXType_Pointer, CXType_VariableArray, CXUnsavedFile, clang_Cursor_getArgument,
    clang_Cursor_getNumArguments, clang_createIndex, clang_disposeIndex, clang_disposeString,
    clang_disposeTranslationUnit, clang_getArrayElementType, clang_getCString,
    clang_getCanonicalType, clang_getCursorKind, clang_getCursorSpelling, clang_getCursorType,
    clang_getPointeeType, clang_getTranslationUnitCursor, clang_isConstQualifiedType,
    clang_parseTranslationUnit, clang_visitChildren,
};

/// Such a parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variable {
    /// How many pointers and arrays are around an element.
    pub levels: usize,
    /// Whether elements are `const`.
    pub constant: bool,
}

/// Parameters by the name of the function and their place.
pub(super) type Variables = HashMap<(String, usize), Variable>;

/// Finds them in a source, which the arguments let clang read. What clang cannot read has none.
pub(super) fn find(name: &str, source: &str, arguments: &[String]) -> Variables {
    let mut found = Variables::new();
    let mut arguments = arguments.to_vec();
    let paths = Clang::find(None, &[]).and_then(|clang| clang.c_search_paths);
    for path in paths.unwrap_or_default() {
        if let Some(path) = path.to_str() {
            arguments.extend(["-isystem".to_owned(), path.to_owned()]);
        }
    }
    let arguments: Option<Vec<CString>> = arguments
        .into_iter()
        .map(|argument| CString::new(argument).ok())
        .collect();
    if let (Some(arguments), Ok(name), Ok(source)) =
        (arguments, CString::new(name), CString::new(source))
    {
        visit(&name, &source, &arguments, &mut found);
    }
    found
}

fn visit(name: &CStr, source: &CStr, arguments: &[CString], found: &mut Variables) {
    let arguments: Vec<*const c_char> = arguments.iter().map(|it| it.as_ptr()).collect();
    let Ok(count) = c_int::try_from(arguments.len()) else {
        return;
    };
    let mut file = CXUnsavedFile {
        Filename: name.as_ptr(),
        Contents: source.as_ptr(),
        Length: source.count_bytes() as _,
    };
    // SAFETY: libclang is loaded, which `Reader::new` sees to. Everything that is passed outlives the calls: the names and the
    // text are zero-terminated and borrowed, the array of arguments has `count` elements, there is one unsaved file. The visitor
    // gets the pointer to `found`, of which there is no other use until the visit is over. Index and unit are disposed of once,
    // the unit first, and no cursor is kept.
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
            let root = clang_getTranslationUnitCursor(unit);
            clang_visitChildren(root, function, ptr::from_mut(found).cast());
            clang_disposeTranslationUnit(unit);
        }
        clang_disposeIndex(index);
    }
}

/// Looks at the parameters of a function.
extern "C" fn function(cursor: CXCursor, _: CXCursor, found: CXClientData) -> CXChildVisitResult {
    // SAFETY: called by `clang_visitChildren` in `visit` with the cursor of a living unit and the pointer to the `Variables` that
    // nobody else uses meanwhile. The text of a string is read before the string is disposed of.
    unsafe {
        if clang_getCursorKind(cursor) != CXCursor_FunctionDecl {
            return CXChildVisit_Continue;
        }
        let found = &mut *found.cast::<Variables>();
        let count = c_uint::try_from(clang_Cursor_getNumArguments(cursor)).unwrap_or(0);
        for index in 0..count {
            let ty = clang_getCursorType(clang_Cursor_getArgument(cursor, index));
            if let Some(variable) = variable(ty) {
                let spelling = clang_getCursorSpelling(cursor);
                let text = clang_getCString(spelling);
                if !text.is_null() {
                    let name = CStr::from_ptr(text).to_string_lossy().into_owned();
                    found.insert((name, index as usize), variable);
                }
                clang_disposeString(spelling);
            }
        }
    }
    CXChildVisit_Continue
}

/// Whether a type is a pointer to (or an array of) an array without a constant extent.
fn variable(ty: CXType) -> Option<Variable> {
    // SAFETY: libclang is loaded, and the type belongs to the unit that is being visited; these functions take any type.
    unsafe {
        let outer = clang_getCanonicalType(ty);
        // `const` may be said of an array or of its elements, which is the same.
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
        varies.then_some(Variable { levels, constant })
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
