//! Checks the types of a declaration by their spelling. The traits of `veo_core` check types that
//! only the compiler knows (aliases, structs).

use syn::{GenericArgument, PathArguments, PathSegment, Type, TypeFnPtr, TypePath};
use veo_abi::ScalarType;

use crate::declaration::{DeclaredResult, ParamType};
use crate::mistake::{Mistake, TypePosition};
use crate::report::MistakeReport;
use crate::spell::spell;

/// Checks the type of a parameter.
pub(crate) fn param(ty: &Type, report: &mut MistakeReport) -> ParamType {
    let before = report.len();
    let checked = match plain(ty) {
        Type::Path(path) => match function_in_option(path) {
            Some(function) => {
                check_function(function, report);
                ParamType::Function(ty.clone())
            }
            None if is_scalar(path) => ParamType::Scalar(ty.clone()),
            None => {
                by_path(path, TypePosition::Parameter, report);
                ParamType::Other(ty.clone())
            }
        },
        Type::Ptr(pointer) => {
            pointee(&pointer.elem, TypePosition::Pointee, report);
            ParamType::Pointer(pointer.clone())
        }
        Type::Reference(reference) => {
            match plain(&reference.elem) {
                Type::Slice(slice) => data(&slice.elem, TypePosition::Referent, report),
                other => data(other, TypePosition::Referent, report),
            }
            ParamType::Reference(reference.clone())
        }
        Type::FnPtr(function) => {
            check_function(function, report);
            ParamType::Function(ty.clone())
        }
        Type::Array(array) => {
            report.at(
                ty,
                &Mistake::ArrayByValue(spell(ty), spell(&*array.elem), spell(&array.len)),
            );
            ParamType::Wrong
        }
        Type::Macro(_) => ParamType::Other(ty.clone()),
        other => {
            unsupported(other, TypePosition::Parameter, report);
            ParamType::Wrong
        }
    };
    if report.len() > before {
        ParamType::Wrong
    } else {
        checked
    }
}

/// Checks the type of a result.
pub(crate) fn result(ty: &Type, report: &mut MistakeReport) -> DeclaredResult {
    let before = report.len();
    let checked = match plain(ty) {
        Type::Tuple(tuple) if tuple.elems.is_empty() => DeclaredResult::Unit,
        Type::Path(path) if is_scalar(path) => DeclaredResult::Scalar(ty.clone()),
        Type::Path(path) => {
            by_path(path, TypePosition::Result, report);
            DeclaredResult::Other(ty.clone())
        }
        Type::Ptr(pointer) => {
            pointee(&pointer.elem, TypePosition::Pointee, report);
            DeclaredResult::Pointer(pointer.clone())
        }
        Type::Macro(_) => DeclaredResult::Other(ty.clone()),
        Type::Reference(reference) => {
            let pointee = match plain(&reference.elem) {
                Type::Slice(slice) => &slice.elem,
                _ => &reference.elem,
            };
            let mutable = reference.mutability.is_some();
            let mistake = match text_behind(pointee, TypePosition::Result) {
                Some(mistake) => mistake,
                None => Mistake::ReferenceResult(spell(ty), mutable, in_memory(pointee)),
            };
            report.at(ty, &mistake);
            DeclaredResult::Wrong
        }
        Type::Never(_) => {
            report.at(ty, &Mistake::NeverResult);
            DeclaredResult::Wrong
        }
        Type::FnPtr(_) => {
            report.at(ty, &Mistake::FunctionResult);
            DeclaredResult::Wrong
        }
        other => {
            unsupported(other, TypePosition::Result, report);
            DeclaredResult::Wrong
        }
    };
    if report.len() > before {
        DeclaredResult::Wrong
    } else {
        checked
    }
}

/// Checks the type of a field of a structure.
pub(crate) fn field(ty: &Type, report: &mut MistakeReport) {
    data(ty, TypePosition::Field, report);
}

/// Whether this type can be named anywhere.
pub(crate) fn nameable(ty: &Type) -> bool {
    match plain(ty) {
        Type::Path(path) => {
            let list = path.path.segments.last().map(|last| &last.arguments);
            let sized = |argument: &GenericArgument| match argument {
                GenericArgument::Type(Type::Slice(_)) => false,
                GenericArgument::Type(ty) => nameable(ty),
                _ => true,
            };
            let arguments = match list {
                Some(PathArguments::AngleBracketed(list)) => list.args.iter().all(sized),
                _ => true,
            };
            arguments && !path.path.is_ident("str") && !path.path.is_ident("Self")
        }
        Type::Tuple(tuple) => tuple.elems.iter().all(nameable),
        Type::Array(array) => nameable(&array.elem),
        Type::Slice(slice) => nameable(&slice.elem),
        Type::Ptr(pointer) => nameable(&pointer.elem),
        Type::Reference(reference) => nameable(&reference.elem),
        _ => false,
    }
}

/// The type without parentheses and invisible groups around it.
pub(crate) fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => plain(&inner.elem),
        Type::Group(inner) => plain(&inner.elem),
        other => other,
    }
}

fn is_scalar(path: &TypePath) -> bool {
    path.qself.is_none()
        && path
            .path
            .get_ident()
            .is_some_and(|ident| ScalarType::from_rust_name(&ident.to_string()).is_some())
}

/// Checks the pointee of a pointer. Untyped and opaque pointees are fine here.
fn pointee(ty: &Type, place: TypePosition, report: &mut MistakeReport) {
    match plain(ty) {
        Type::Tuple(tuple) if tuple.elems.is_empty() => {
            report.at(ty, &Mistake::PointerToUnit);
        }
        Type::Slice(slice) => {
            report.at(
                ty,
                &Mistake::PointerToSlice(spell(ty), in_memory(&slice.elem)),
            );
        }
        // The elements of a `T**` are `VeAddr<T>` on the host.
        Type::Ptr(inner) => pointee(&inner.elem, place, report),
        other => data(other, place, report),
    }
}

/// Checks the type of a value in memory: a pointee, an element, a field.
fn data(ty: &Type, place: TypePosition, report: &mut MistakeReport) {
    match plain(ty) {
        Type::Path(path) if function_in_option(path).is_some() => {
            report.at(ty, &Mistake::FunctionInMemory);
        }
        Type::Path(path) => by_path(path, place, report),
        Type::Array(array) => data(&array.elem, TypePosition::Element, report),
        Type::Ptr(pointer) => {
            report.at(
                ty,
                &Mistake::PointerInMemory(spell(ty), in_memory(&pointer.elem)),
            );
        }
        Type::Reference(reference) => {
            let target = match plain(&reference.elem) {
                Type::Slice(slice) => &slice.elem,
                _ => &reference.elem,
            };
            let mistake = match text_behind(target, place) {
                Some(mistake) => mistake,
                None => Mistake::PointerInMemory(spell(ty), in_memory(target)),
            };
            report.at(ty, &mistake);
        }
        Type::FnPtr(_) => report.at(ty, &Mistake::FunctionInMemory),
        Type::Macro(_) => {}
        other => unsupported(other, place, report),
    }
}

/// The mistake of a reference to text.
fn text_behind(target: &Type, place: TypePosition) -> Option<Mistake> {
    match plain(target) {
        Type::Path(path) if path.path.is_ident("str") => Some(Mistake::Text("&str".into(), place)),
        _ => None,
    }
}

/// Paths that are known to be wrong types. Any other path may be right.
fn by_path(path: &TypePath, place: TypePosition, report: &mut MistakeReport) {
    if path.qself.is_some() {
        return;
    }
    let Some(last) = path.path.segments.last() else {
        return;
    };
    let name = last.ident.to_string();
    let alone = path.path.segments.len() == 1;
    let generic = matches!(last.arguments, PathArguments::AngleBracketed(_));
    let argument = || type_argument(last).map(in_memory);
    let mistake = match name.as_str() {
        "bool" if alone => Mistake::Bool(place),
        "char" if alone => Mistake::Char(place),
        "str" if alone => Mistake::Text("str".into(), place),
        "i128" | "u128" | "f128" if alone => Mistake::NoSuchScalar(name, place),
        // In memory, this may be the `f16` of the crate half.
        "f16" if alone && matches!(place, TypePosition::Parameter | TypePosition::Result) => {
            Mistake::NoSuchScalar(name, place)
        }
        "Self" if alone => Mistake::SelfType,
        "String" | "CString" | "CStr" | "OsString" | "PathBuf" if !generic => {
            Mistake::Text(name, place)
        }
        "Vec" | "VecDeque" if generic => {
            Mistake::Collection(spell(path), argument().unwrap_or_default(), place)
        }
        "Box" | "Rc" | "Arc" if generic && elements(last).is_some() => {
            let element = elements(last).map(in_memory).unwrap_or_default();
            Mistake::Collection(spell(path), element, place)
        }
        "Box" | "Rc" | "Arc" | "Cell" | "RefCell" | "Mutex" | "NonNull" | "HashMap"
        | "BTreeMap" | "HashSet"
            if generic =>
        {
            Mistake::HostType(spell(path))
        }
        _ if name.starts_with("NonZero") => {
            let scalar = argument().unwrap_or_else(|| name["NonZero".len()..].to_lowercase());
            if ScalarType::from_rust_name(&scalar).is_none() {
                return;
            }
            Mistake::NonZero(spell(path), scalar, place)
        }
        "Option" if generic => {
            let inner = type_argument(last);
            let inner = inner.map_or_else(String::new, |ty| match plain(ty) {
                Type::Ptr(_) | Type::Reference(_) => spell(ty),
                ty if is_pointer(ty) => spell(ty),
                ty => in_memory(ty),
            });
            Mistake::Option(spell(path), inner, place)
        }
        "c_void" if place != TypePosition::Pointee => Mistake::Void(place),
        "OnStack"
            if matches!(
                place,
                TypePosition::Result | TypePosition::Field | TypePosition::Element
            ) =>
        {
            let data = type_argument(last).map(|ty| borrowed(ty).unwrap_or(ty));
            let data = data.map_or_else(|| "f64".into(), in_memory);
            Mistake::Handle(spell(path), data, place)
        }
        "OnStack" => match type_argument(last) {
            Some(ty) => match borrowed(ty) {
                Some(data) => Mistake::StackOf(spell(path), in_memory(data)),
                None => return data(ty, TypePosition::Referent, report),
            },
            None => return,
        },
        "VeoProc" | "VeoContext" | "VeoLibrary" | "VeoFunction" | "VeoRequest" => {
            Mistake::Runtime(name, argument().unwrap_or_else(|| "f64".into()), place)
        }
        "VeMemPtr" | "VEMemPtr"
            if generic
                && matches!(
                    place,
                    TypePosition::Field | TypePosition::Element | TypePosition::Pointee
                ) =>
        {
            Mistake::Handle(spell(path), argument().unwrap_or_default(), place)
        }
        "VeMemPtr" | "VEMemPtr" => match type_argument(last) {
            Some(ty) => return pointee(ty, TypePosition::Pointee, report),
            None => return,
        },
        "Result" if generic && place == TypePosition::Result => {
            let ok = type_argument(last).map(|ty| match plain(ty) {
                Type::Tuple(_) => "()".into(),
                ty => in_memory(ty),
            });
            Mistake::ResultResult(spell(path), ok.unwrap_or_else(|| "()".into()))
        }
        "VeBuffer" | "VeSlice" | "VeSliceMut" => Mistake::Handle(
            spell(path),
            argument().unwrap_or_else(|| "f64".into()),
            place,
        ),
        _ => return,
    };
    report.at(path, &mistake);
}

/// The plain type that lies in memory where the user writes `ty`. The advice is then right even if
/// two things are wrong: `u8` for a `bool`, `f64` for a `Vec<f64>`.
fn in_memory(ty: &Type) -> String {
    let void = || "c_void".to_owned();
    let path = match plain(ty) {
        Type::Slice(slice) => return in_memory(&slice.elem),
        Type::Ptr(pointer) => return format!("VeAddr<{}>", in_memory(&pointer.elem)),
        Type::Reference(reference) => return format!("VeAddr<{}>", in_memory(&reference.elem)),
        Type::Array(array) => {
            return format!("[{}; {}]", in_memory(&array.elem), spell(&array.len));
        }
        Type::Path(path) if path.qself.is_none() => path,
        Type::Path(_) | Type::Macro(_) => return spell(ty),
        _ => return void(),
    };
    let Some(last) = path.path.segments.last() else {
        return spell(ty);
    };
    let name = last.ident.to_string();
    let argument = type_argument(last);
    match (name.as_str(), argument) {
        ("bool", _) => "u8".into(),
        ("char" | "str" | "String" | "CString" | "CStr" | "OsString" | "PathBuf", _) => {
            "c_char".into()
        }
        ("i128" | "u128", _) => "[u64; 2]".into(),
        (
            "Vec" | "VecDeque" | "Box" | "Rc" | "Arc" | "Option" | "OnStack" | "VeBuffer"
            | "VeSlice" | "VeSliceMut" | "VeMemPtr" | "VEMemPtr" | "NonZero",
            Some(inner),
        ) => in_memory(inner),
        ("Result" | "Cell" | "RefCell" | "Mutex" | "NonNull", Some(_)) | ("f128" | "Self", _) => {
            void()
        }
        ("VeoProc" | "VeoContext" | "VeoLibrary" | "VeoFunction" | "VeoRequest", _) => void(),
        (name, None) => {
            let scalar = name.strip_prefix("NonZero").map(str::to_lowercase);
            let scalar = scalar.filter(|name| ScalarType::from_rust_name(name).is_some());
            scalar.unwrap_or_else(|| spell(ty))
        }
        _ => spell(ty),
    }
}

/// Whether this is the address of memory on the VE.
fn is_pointer(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let last = path.path.segments.last();
    last.is_some_and(|last| last.ident == "VeMemPtr" || last.ident == "VEMemPtr")
}

/// The `T` of `Box<T>`.
fn type_argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(list) = &segment.arguments else {
        return None;
    };
    list.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The `T` of `Box<[T]>`.
fn elements(segment: &PathSegment) -> Option<&Type> {
    match type_argument(segment)? {
        Type::Slice(slice) => Some(&slice.elem),
        _ => None,
    }
}

/// The data of `&T`, `&[T]`, `[T]`.
fn borrowed(ty: &Type) -> Option<&Type> {
    match plain(ty) {
        Type::Reference(reference) => {
            Some(borrowed(&reference.elem).unwrap_or_else(|| plain(&reference.elem)))
        }
        Type::Slice(slice) => Some(&slice.elem),
        _ => None,
    }
}

/// Kinds of types that no C function has.
fn unsupported(ty: &Type, place: TypePosition, report: &mut MistakeReport) {
    let mistake = match ty {
        Type::Slice(slice) => Mistake::Slice(spell(ty), in_memory(&slice.elem), place),
        Type::Tuple(_) => Mistake::Tuple(spell(ty), place),
        Type::Array(_) if place == TypePosition::Result => Mistake::ArrayResult(in_memory(ty)),
        Type::ImplTrait(_) => Mistake::ImplTrait(spell(ty)),
        Type::TraitObject(_) => Mistake::TraitObject(spell(ty)),
        Type::Infer(_) => Mistake::Infer(place),
        _ => Mistake::NotInC(spell(ty)),
    };
    report.at(ty, &mistake);
}

/// The function pointer in `Option<extern "C" fn(..)>`. This is the Rust type of a function address
/// that may be null.
fn function_in_option(path: &TypePath) -> Option<&TypeFnPtr> {
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(list) = &last.arguments else {
        return None;
    };
    match (last.ident == "Option", list.args.first()?) {
        (true, GenericArgument::Type(ty)) if list.args.len() == 1 => match plain(ty) {
            Type::FnPtr(function) => Some(function),
            _ => None,
        },
        _ => None,
    }
}

fn check_function(function: &TypeFnPtr, report: &mut MistakeReport) {
    let is_c = |abi: &syn::Abi| abi.name.as_ref().is_none_or(|name| name.value() == "C");
    if !function.abi.as_ref().is_some_and(is_c) {
        let mut of_c = function.clone();
        of_c.abi = Some(syn::parse_quote!(extern "C"));
        report.at(function, &Mistake::RustFunction(spell(&of_c)));
    }
}
