//! The types of an untyped function: those that its caller names, else those of the library's
//! debug information, else a guess, of which a warning tells.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use veo_abi::prototype::{
    Comparison, Declared, DeclaredSignature, FoundType, FunctionLanguage, Mismatch, MismatchKind,
    PointerKind, Prototype, TypeId, compare_declared,
};
use veo_abi::{CType, ScalarType, Signature, Type};

use super::loaded::VeoLibrary;
use super::value::Value;
use crate::error::{PrototypeMismatch, Result};

/// The result of a function whose result nobody knows.
const GUESS: CType = CType::Scalar(ScalarType::I64);

/// How a parameter or a result travels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passed {
    /// It is passed as one word of this type.
    As(CType),
    /// It is not known.
    Unknown,
    /// No call can pass it.
    Never,
}

impl Passed {
    fn known(self) -> Option<CType> {
        match self {
            Passed::As(ty) => Some(ty),
            Passed::Unknown | Passed::Never => None,
        }
    }
}

/// The types of one function.
#[derive(Clone)]
pub(super) struct CallTypes {
    params: Arc<[Passed]>,
    /// Whether arguments may follow the parameters.
    open: bool,
    result: Passed,
    /// Whether a prototype was found: types that are open then are so in its source.
    described: bool,
}

impl CallTypes {
    /// The types of a function of which nothing is known.
    pub(super) fn unknown() -> CallTypes {
        CallTypes {
            params: Arc::default(),
            open: true,
            result: Passed::Unknown,
            described: false,
        }
    }

    /// The types in the debug information of `library`.
    pub(super) fn found(library: &VeoLibrary, symbol: &str) -> CallTypes {
        let prototypes = library.loaded().prototypes();
        match prototypes.as_ref().and_then(|found| found.get(symbol)) {
            Some(found) => CallTypes::of(found),
            None => CallTypes::unknown(),
        }
    }

    fn of(found: &Prototype) -> CallTypes {
        let refused = refused(found);
        let passed = |place: Option<usize>, ty: Option<CType>| match ty {
            _ if refused.contains(&place) => Passed::Never,
            Some(ty) => Passed::As(ty),
            None => Passed::Unknown,
        };
        let result = passed(None, word(found, found.result));
        if found.partial {
            return CallTypes {
                result,
                ..CallTypes::unknown()
            };
        }
        let loose = !found.prototyped && found.language == FunctionLanguage::C;
        let param = |ty: TypeId| match word(found, ty) {
            // Without a prototype, C passes a `double`.
            Some(CType::Scalar(ScalarType::F32)) if loose => Some(CType::Scalar(ScalarType::F64)),
            ty => ty,
        };
        let params = found.params.iter().enumerate();
        CallTypes {
            params: params
                .map(|(index, found)| passed(Some(index), param(found.ty)))
                .collect(),
            open: found.variadic || (loose && found.params.is_empty()),
            result,
            described: true,
        }
    }

    /// The types of a declaration.
    pub(super) fn declared(signature: &Signature) -> CallTypes {
        let ctype = |ty: &Type| match ty {
            Type::Void => CType::Void,
            Type::Scalar(scalar) => CType::Scalar(*scalar),
            _ => CType::Pointer,
        };
        let params: Vec<_> = signature.params.iter().map(ctype).collect();
        CallTypes::unknown()
            .with_params(&params)
            .with_result(ctype(&signature.result))
    }

    pub(super) fn with_params(mut self, params: &[CType]) -> CallTypes {
        self.params = params.iter().copied().map(Passed::As).collect();
        self.open = false;
        self
    }

    pub(super) fn with_result(mut self, result: CType) -> CallTypes {
        self.result = Passed::As(result);
        self
    }

    /// The type of the parameter at `index`, if it is known.
    pub(super) fn param(&self, index: usize) -> Option<CType> {
        self.params.get(index)?.known()
    }

    /// How many parameters there are, if the function does not take that many arguments.
    pub(super) fn other_count(&self, arguments: usize) -> Option<ParameterCount> {
        let least = self.params.len();
        let fits = arguments == least || (self.open && arguments > least);
        (!fits).then_some(ParameterCount {
            params: least,
            open: self.open,
        })
    }

    pub(super) fn result(&self) -> CType {
        self.result.known().unwrap_or(GUESS)
    }

    /// Fails if a call cannot be right, as the debug information of `library` has it. Where
    /// contradictions are allowed, so is such a call.
    #[inline]
    pub(super) fn check(&self, library: &VeoLibrary, symbol: &str) -> Result<()> {
        if self.result != Passed::Never && !self.params.contains(&Passed::Never) {
            return Ok(());
        }
        self.refuse(library, symbol)
    }

    #[cold]
    fn refuse(&self, library: &VeoLibrary, symbol: &str) -> Result<()> {
        let prototypes = library.loaded().prototypes();
        let found = prototypes.as_ref().and_then(|found| found.get(symbol));
        let (Some(path), Some(found)) = (library.path(), found) else {
            return Ok(());
        };
        let params = self.params.iter().enumerate();
        let never = params
            .filter(|(_, passed)| **passed == Passed::Never)
            .map(|(index, _)| Some(index))
            .chain((self.result == Passed::Never).then_some(None));
        let differences = never.map(|place| never_passed(found, place)).collect();
        let mismatch = PrototypeMismatch::new(symbol, path, found, differences);
        library.proc().shared().settings.contradicted(mismatch)
    }

    /// The types that a call with these arguments guesses, in words; `None` if everything is
    /// known.
    fn guesses(&self, arguments: &[Value<'_>]) -> Option<&'static str> {
        let mut types = (0..arguments.len()).map(|index| self.params.get(index));
        let passed_blindly = types.any(|ty| match ty {
            Some(passed) => passed.known().is_none(),
            None => !self.described,
        });
        match (self.result.known().is_none(), passed_blindly) {
            (true, true) => Some(
                "its result is taken for a `long`, and its arguments are passed as they are, \
                 which is wrong if it has `float` or `double` where an integer is given",
            ),
            (true, false) => Some("its result is taken for a `long`"),
            (false, true) => Some(
                "its arguments are passed as they are, which is wrong if it has `float` or \
                 `double` where an integer is given",
            ),
            (false, false) => None,
        }
    }

    /// Warns, once for each function, of a call that guesses.
    #[inline]
    pub(super) fn warn_of_guesses(
        &self,
        library: &VeoLibrary,
        name: &str,
        arguments: &[Value<'_>],
    ) {
        if let Some(guesses) = self.guesses(arguments) {
            self.warn(library, name, guesses);
        }
    }

    #[cold]
    fn warn(&self, library: &VeoLibrary, name: &str, guesses: &str) {
        static WARNED: Mutex<BTreeSet<(String, String)>> = Mutex::new(BTreeSet::new());
        let file = match library.path() {
            Some(path) => path.display().to_string(),
            None => library.name().to_owned(),
        };
        let function = (file, name.to_owned());
        let mut warned = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
        if !warned.insert(function.clone()) {
            return;
        }
        // A subscriber of `tracing` may call a function.
        drop(warned);
        let file = function.0;
        let (why, remedy) = if self.described {
            let why = "has a type of which its debug information does not tell how it is passed";
            let remedy = "Let it take and give such data through a pointer; if one word carries \
                          it, say which";
            (why, remedy)
        } else {
            let why = "has no debug information";
            (why, "Compile its library with -g, or say what it is")
        };
        crate::warning::warn(format_args!(
            "{name} of {file} {why}: {guesses}. {remedy} with args_type and ret_type."
        ));
    }
}

/// How a value of this type travels, if it is one word.
fn word(found: &Prototype, ty: TypeId) -> Option<CType> {
    match found.types.resolved(ty) {
        FoundType::Void => Some(CType::Void),
        FoundType::Pointer {
            kind: PointerKind::PerhapsByReference,
            ..
        } => None,
        FoundType::Pointer { .. } => Some(CType::Pointer),
        _ => found.types.scalar(ty).map(CType::Scalar),
    }
}

/// The number of a function's parameters, as messages say it.
pub(super) struct ParameterCount {
    pub(super) params: usize,
    open: bool,
}

impl fmt::Display for ParameterCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = if self.open { "at least " } else { "" };
        match self.params {
            0 => f.write_str("no arguments"),
            1 => write!(f, "{least}1 argument"),
            count => write!(f, "{least}{count} arguments"),
        }
    }
}

/// Writes the function as C declares it.
pub(super) fn write(f: &mut fmt::Formatter<'_>, types: &CallTypes, name: &str) -> fmt::Result {
    write!(f, "{} {name}(", types.result())?;
    for (index, ty) in types.params.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        match ty.known() {
            Some(ty) => write!(f, "{comma}{ty}")?,
            None => write!(f, "{comma}?")?,
        }
    }
    match (types.open, types.params.is_empty()) {
        (false, _) => f.write_str(")"),
        (true, true) => f.write_str("..)"),
        (true, false) => f.write_str(", ..)"),
    }
}

/// Compares the parameters that a caller says with the library's debug information.
pub(super) fn check_params(
    library: &VeoLibrary,
    symbol: &str,
    said: &[CType],
    texts: &[&str],
    at: &Location<'_>,
) -> Result<()> {
    let declared = DeclaredSignature {
        name: symbol.to_owned(),
        params: said.iter().copied().map(declared).collect(),
        result: Declared::Void,
    };
    let text = format!("{symbol}({})", texts.join(", "));
    check(library, symbol, &declared, &text, at, |param| {
        param.is_some()
    })
}

/// Compares the result that a caller says with the library's debug information.
pub(super) fn check_result(
    library: &VeoLibrary,
    symbol: &str,
    said: CType,
    text: &str,
    at: &Location<'_>,
) -> Result<()> {
    let declared = DeclaredSignature {
        name: symbol.to_owned(),
        params: Vec::new(),
        result: declared(said),
    };
    let text = format!("{text} {symbol}(..)");
    check(library, symbol, &declared, &text, at, |param| {
        param.is_none()
    })
}

fn declared(ty: CType) -> Declared {
    match ty {
        CType::Void => Declared::Void,
        CType::Scalar(scalar) => Declared::Scalar(scalar),
        CType::Pointer => Declared::Pointer {
            mutable: true,
            pointee: Box::new(Declared::Void),
        },
    }
}

/// The parameters, and `None` for the result, of which no type that a caller can say would
/// be right.
fn refused(found: &Prototype) -> BTreeSet<Option<usize>> {
    let params = found.params.iter().enumerate();
    let mut refused: BTreeSet<_> = params
        .map(|(index, param)| (Some(index), param.ty))
        .chain([(None, found.result)])
        .filter(|(_, ty)| matches!(word(found, *ty), None | Some(CType::Pointer)))
        .map(|(place, _)| place)
        .collect();
    let scalars = ScalarType::ALL.into_iter().map(CType::Scalar);
    for ty in scalars.chain([CType::Pointer]) {
        if refused.is_empty() {
            break;
        }
        let everywhere = DeclaredSignature {
            name: found.symbol.clone(),
            params: vec![declared(ty); found.params.len()],
            result: declared(ty),
        };
        let (Comparison { mismatches, .. }, _) = compare_declared(&everywhere, found);
        let wrong: BTreeSet<_> = mismatches.iter().map(|one| one.param).collect();
        refused.retain(|place| wrong.contains(place));
    }
    if found.convention.is_some() {
        refused.insert(None);
    }
    refused
}

/// Why a parameter or the result cannot be passed, and what to do.
fn never_passed(found: &Prototype, place: Option<usize>) -> String {
    if let (None, Some(convention)) = (place, &found.convention) {
        return format!(
            "it has the calling convention `{convention}`, and calls use that of C; remove it \
             from the definition"
        );
    }
    let (text, ty) = place_of(found, place);
    let ctype = found.types.c_type(ty);
    match (word(found, ty), place) {
        (Some(_), _) => format!(
            "{text} is `{ctype}`, which only the kernel's own language can make; let the kernel \
             take a plain array"
        ),
        (None, Some(_)) => format!(
            "{text} is `{ctype}`, and a call passes numbers and pointers only; add a C function \
             to the library that takes `{ctype} *` and calls it with what is there"
        ),
        (None, None) => format!(
            "{text} is `{ctype}`, and a call gives numbers and pointers only; add a C function to \
             the library that takes `{ctype} *`, calls it and writes its result there"
        ),
    }
}

/// A parameter, or the result, in words, and its type.
fn place_of(found: &Prototype, place: Option<usize>) -> (String, TypeId) {
    let Some(index) = place else {
        return ("the result".to_owned(), found.result);
    };
    let param = &found.params[index];
    let text = match &param.name {
        Some(name) => format!("parameter {} (`{name}`)", index + 1),
        None => format!("parameter {}", index + 1),
    };
    (text, param.ty)
}

/// The mistake, with the types as C writes them.
fn sentence(one: &Mismatch, found: &Prototype) -> String {
    if matches!(one.kind, MismatchKind::Arity | MismatchKind::Convention) {
        return one.reason.clone();
    }
    let (place, ty) = place_of(found, one.param);
    let instead = match word(found, ty) {
        Some(ty) => format!("; say `{ty}`, or nothing"),
        None => String::new(),
    };
    format!("{place} is `{}`: {}{instead}", one.found, one.reason)
}

fn check(
    library: &VeoLibrary,
    symbol: &str,
    declared: &DeclaredSignature,
    said: &str,
    at: &Location<'_>,
    concerned: impl Fn(Option<usize>) -> bool,
) -> Result<()> {
    let proc = library.proc().shared();
    let Some(path) = library.path().filter(|_| proc.settings.compares()) else {
        return Ok(());
    };
    let prototypes = library.loaded().prototypes();
    let Some(found) = prototypes.as_ref().and_then(|found| found.get(symbol)) else {
        return Ok(());
    };
    let (Comparison { mismatches, .. }, _) = compare_declared(declared, found);
    let mismatches = mismatches.into_iter().filter(|one| concerned(one.param));
    let differences: Vec<_> = mismatches.map(|one| sentence(&one, found)).collect();
    if differences.is_empty() {
        return Ok(());
    }
    proc.settings.contradicted(PrototypeMismatch {
        declared: said.to_owned(),
        declared_at: format!("{}:{}", at.file(), at.line()),
        ..PrototypeMismatch::new(symbol, path, found, differences)
    })
}
