//! Arguments of a call: reads what a user writes as the type of the parameter.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use veo_abi::ScalarType;
use veo_abi::prototype::{
    Encoding, FoundType, Parameter, PointerKind, Prototype, Prototypes, TypeId, Types,
};

use super::memory::free_memory;
use super::number::TypedNumber;
use crate::files;

/// The most nested arrays.
const NESTING: usize = 32;

/// An argument that is ready to be sent.
pub(crate) enum Argument {
    Number(TypedNumber),
    Null,
    Array(Array),
    /// A function of the same library.
    Function(String),
}

/// Memory that a pointer leads to.
pub(crate) struct Array {
    /// The name of the parameter in messages, or its number.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// The type of its elements; none if they are structures or of no type.
    pub(crate) scalar: Option<ScalarType>,
    /// It was given as text.
    pub(crate) is_text: bool,
    /// The kernel may write to it.
    pub(crate) comes_back: bool,
}

/// The elements behind a pointer.
#[derive(Clone, Copy)]
struct PointeeElement {
    /// The type of their numbers. An element may be an array of them.
    scalar: Option<ScalarType>,
    /// Bytes of an element.
    size: u64,
    /// Whether they are C's `_Bool`, which has the values 0 and 1 only.
    is_bool: bool,
}

impl PointeeElement {
    /// The type of its numbers, as C writes it.
    fn spelled(self, ty: ScalarType) -> &'static str {
        if self.is_bool { "_Bool" } else { ty.c_name() }
    }
}

/// Reads all arguments of a call. The error is a sentence.
pub(crate) fn read(
    texts: &[impl AsRef<OsStr>],
    prototype: &Prototype,
    library: &Prototypes,
) -> Result<Vec<Argument>, String> {
    let (given, taken) = (texts.len(), prototype.params.len());
    let open = prototype.variadic || (!prototype.prototyped && taken == 0);
    if given < taken || (given > taken && !open) {
        let plural = if taken == 1 { "" } else { "s" };
        let least = if open { "at least " } else { "" };
        return Err(format!(
            "`{}` takes {least}{taken} argument{plural}, {given} given: {prototype}",
            prototype.symbol
        ));
    }
    let texts = texts.iter().map(AsRef::as_ref).enumerate();
    texts
        .map(|(index, text)| one(index, text, prototype, library))
        .collect()
}

fn one(
    index: usize,
    text: &OsStr,
    prototype: &Prototype,
    library: &Prototypes,
) -> Result<Argument, String> {
    let shown = text.to_string_lossy();
    let Some(parameter) = prototype.params.get(index) else {
        return further(index, text);
    };
    let about = about(index, parameter);
    let spelled = prototype.types.c_type(parameter.ty);
    let argument = match scalar(prototype, parameter.ty) {
        Some(_) if shown.starts_with('@') => Err(format!(
            "`{shown}` is an array, and `{spelled}` takes one number"
        )),
        Some(ty) => number(
            &shown,
            ty,
            &spelled,
            is_bool(&prototype.types, parameter.ty),
        )
        .map(Argument::Number),
        None => match prototype.types.resolved(parameter.ty) {
            FoundType::Pointer { kind, pointee } => {
                pointer(index, text, parameter, *kind, *pointee, prototype, library)
            }
            _ => Err(format!("no call can pass a `{spelled}` by value")),
        },
    };
    argument.map_err(|why| format!("{about}: {why}"))
}

/// `argument 2 (`x`)`
fn about(index: usize, parameter: &Parameter) -> String {
    match &parameter.name {
        Some(name) => format!("argument {} (`{name}`)", index + 1),
        None => format!("argument {}", index + 1),
    }
}

/// The number that a parameter takes. Without a prototype C passes a `double` for a `float`.
fn scalar(prototype: &Prototype, ty: TypeId) -> Option<ScalarType> {
    let promoted = if prototype.prototyped {
        None
    } else {
        prototype.types.promoted(ty)
    };
    promoted.or_else(|| prototype.types.scalar(ty))
}

/// Whether a type is C's `_Bool`.
fn is_bool(types: &Types, ty: TypeId) -> bool {
    matches!(
        types.resolved(ty),
        FoundType::Base {
            encoding: Encoding::Bool,
            size: 1,
            ..
        }
    )
}

/// A number of this type. The error is a sentence.
fn number(text: &str, ty: ScalarType, spelled: &str, is_bool: bool) -> Result<TypedNumber, String> {
    let value = TypedNumber::parse(text, ty, spelled);
    match value {
        Ok(TypedNumber::Integer(0 | 1)) => {}
        // Any other byte in a `_Bool` is undefined behaviour in C.
        _ if is_bool => {
            return Err(format!(
                "`{text}` does not fit `{spelled}`, which is 0 or 1"
            ));
        }
        _ => {}
    }
    value.map_err(|why| format!("`{text}` {why}"))
}

/// An argument after those of the prototype.
fn further(index: usize, text: &OsStr) -> Result<Argument, String> {
    let shown = text.to_string_lossy();
    if let Some(text) = quoted(text) {
        return Ok(Argument::Array(string(
            format!("argument {}", index + 1),
            text,
            false,
        )));
    }
    TypedNumber::guess(&shown).map(Argument::Number).ok_or_else(|| {
        format!(
            "argument {}: `{shown}` is neither a number nor a text in quotes of its own ('\"text\"'), and nothing says what the function takes here",
            index + 1
        )
    })
}

/// The text between quotes.
fn quoted(text: &OsStr) -> Option<&[u8]> {
    text.as_bytes().strip_prefix(b"\"")?.strip_suffix(b"\"")
}

fn string(name: String, text: &[u8], comes_back: bool) -> Array {
    let mut bytes = text.to_vec();
    bytes.push(0);
    Array {
        name,
        bytes,
        scalar: Some(ScalarType::I8),
        is_text: true,
        comes_back,
    }
}

fn pointer(
    index: usize,
    text: &OsStr,
    parameter: &Parameter,
    kind: PointerKind,
    pointee: TypeId,
    prototype: &Prototype,
    library: &Prototypes,
) -> Result<Argument, String> {
    let types = &prototype.types;
    let shown = text.to_string_lossy();
    if text == "null" {
        return Ok(Argument::Null);
    }
    if let FoundType::Function { .. } = types.resolved(pointee) {
        return if library.exports(&shown) {
            Ok(Argument::Function(shown.into_owned()))
        } else {
            Err(format!(
                "it takes a function, and the library has none that is named `{shown}`"
            ))
        };
    }
    let element = element(types, pointee);
    let name = parameter.name.clone();
    let name = name.unwrap_or_else(|| format!("argument {}", index + 1));
    // A kernel does not write where its prototype says `const`.
    let plain = types.rust_type(parameter.ty);
    let comes_back = !plain.is_some_and(|plain| plain.starts_with("*const"));
    let array = |bytes| {
        Argument::Array(Array {
            name: name.clone(),
            bytes,
            scalar: element.scalar,
            is_text: false,
            comes_back,
        })
    };
    if let Some(given) = text.as_bytes().strip_prefix(b"@") {
        return memory(OsStr::from_bytes(given), element).map(array);
    }
    let is_char = element.size == 1;
    if let Some(text) = quoted(text) {
        if !is_char {
            let ty = types.c_type(parameter.ty);
            return Err(format!(
                "{shown} is a text, and `{ty}` takes something else"
            ));
        }
        return Ok(Argument::Array(string(name, text, comes_back)));
    }
    // Fortran and C++ pass scalars by reference.
    if !matches!(kind, PointerKind::Pointer)
        && let Some(ty) = element.scalar
    {
        let number = number(&shown, ty, element.spelled(ty), element.is_bool)?;
        return Ok(array(number.bytes(ty)));
    }
    let ty = types.c_type(parameter.ty);
    let what = if TypedNumber::guess(&shown).is_some() {
        "a number"
    } else {
        "no array"
    };
    Err(format!(
        "`{shown}` is {what}, and `{ty}` takes one: @1,2,3, @file.bin, @zeros:N{} or null",
        if is_char { ", '\"text\"'" } else { "" }
    ))
}

/// Reads an array: the text after the `@`.
fn memory(given: &OsStr, element: PointeeElement) -> Result<Vec<u8>, String> {
    if given.is_empty() {
        return Err("`@` needs numbers, a file or zeros:N behind it".into());
    }
    let shown = given.to_string_lossy();
    if let Some(count) = shown.strip_prefix("zeros:") {
        return zeros(count, element);
    }
    let parts: Vec<&str> = shown.split(',').map(str::trim).collect();
    if parts.len() > 1 || TypedNumber::guess(&shown).is_some() {
        return list(&parts, element);
    }
    file(Path::new(given), element)
}

fn zeros(count: &str, element: PointeeElement) -> Result<Vec<u8>, String> {
    let Ok(TypedNumber::Integer(count)) = TypedNumber::parse(count, ScalarType::U64, "N") else {
        return Err(format!(
            "`@zeros:{count}` needs the number of elements after the colon"
        ));
    };
    let bytes = (count as u64).checked_mul(element.size);
    let too_much = || format!("this machine has too little memory for `@zeros:{count}`");
    let bytes = usize::try_from(bytes.ok_or_else(too_much)?).map_err(|_| too_much())?;
    // The emulated node takes as much memory again. A system that promises more memory than it has ends programs.
    if free_memory().is_some_and(|free| bytes as u64 > free / 2) {
        return Err(too_much());
    }
    let mut zeros = Vec::new();
    zeros.try_reserve_exact(bytes).map_err(|_| too_much())?;
    zeros.resize(bytes, 0);
    Ok(zeros)
}

fn list(parts: &[&str], element: PointeeElement) -> Result<Vec<u8>, String> {
    let Some(ty) = element.scalar else {
        return Err(
            "the pointer says nothing of what its elements are; pass their bytes in a file (@file.bin) or @zeros:N".into(),
        );
    };
    let mut bytes = Vec::with_capacity(parts.len() * ty.size());
    for part in parts {
        let number = number(part, ty, element.spelled(ty), element.is_bool)?;
        bytes.extend(number.bytes(ty));
    }
    whole(bytes, element, "the list")
}

fn file(path: &Path, element: PointeeElement) -> Result<Vec<u8>, String> {
    let bytes = files::read_regular(path).map_err(|why| {
        format!(
            "`@{0}` is no list of numbers, and the file {0} cannot be read: {why}",
            path.display()
        )
    })?;
    whole(bytes, element, &path.display().to_string())
}

/// Memory has whole elements only.
fn whole(bytes: Vec<u8>, element: PointeeElement, what: &str) -> Result<Vec<u8>, String> {
    let (len, size) = (bytes.len() as u64, element.size.max(1));
    if !len.is_multiple_of(size) {
        return Err(format!(
            "{what} has {len} bytes, which is no multiple of the {size} of an element"
        ));
    }
    Ok(bytes)
}

/// The type that a pointer of this type points to.
fn element(types: &Types, pointee: TypeId) -> PointeeElement {
    let size = types.size(pointee).unwrap_or(0);
    let mut at = pointee;
    for _ in 0..NESTING {
        match types.resolved(at) {
            FoundType::Array {
                element,
                descriptor: false,
                ..
            } => at = *element,
            _ => break,
        }
    }
    let is_bool = is_bool(types, at);
    let scalar = match types.resolved(at) {
        FoundType::Base {
            encoding: Encoding::Complex,
            size: 8,
            ..
        } => Some(ScalarType::F32),
        FoundType::Base {
            encoding: Encoding::Complex,
            size: 16,
            ..
        } => Some(ScalarType::F64),
        _ => types.scalar(at),
    };
    let least = scalar.map_or(1, |scalar| scalar.size() as u64);
    // An array without a constant extent counts by its elements.
    let size = if size == 0 {
        types.size(at).unwrap_or(least)
    } else {
        size
    };
    PointeeElement {
        scalar,
        size: size.max(1),
        is_bool,
    }
}
