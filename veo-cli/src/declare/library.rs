//! Declarations of a library's functions, from its debug information.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use veo_abi::limits::MAX_WORDS;
use veo_abi::prototype::{FoundType, Prototype, Prototypes, TypeId};

use super::names::{ALLOWED, identifier, in_comment};
use super::records::Records;

/// Why something cannot be declared.
pub(super) type Why = String;

/// How many functions without debug information are named at most.
const NAMED: usize = 100;

/// A module of declarations for `library`.
pub(super) fn declarations(library: &str, prototypes: &Prototypes) -> String {
    let mut records = Records::new(&prototypes.types);
    let mut functions = String::new();
    let mut left_out = Vec::new();
    for (symbol, prototype) in prototypes.iter() {
        match function(symbol, prototype, &mut records) {
            Ok(text) => functions.push_str(&text),
            Err(why) => left_out.push(format!("{symbol} ({why}): {prototype}")),
        }
    }
    let undescribed = &prototypes.undescribed;
    let without = undescribed.iter().take(NAMED);
    left_out.extend(without.map(|name| format!("{name} (it has no debug information)")));
    if let Some(more) = undescribed
        .len()
        .checked_sub(NAMED)
        .filter(|more| *more > 0)
    {
        left_out.push(format!("and {more} more without debug information"));
    }
    let records = records.finish();

    let mut text = format!(
        "// Kernels of {}, from its debug information.\n\n",
        in_comment(library)
    );
    let used = ["VeAddr", "VeData", "VeOpaque"].into_iter().filter(|name| {
        let named = format!("{name}<");
        let derived = [format!(", {name})]"), format!("({name})]")];
        functions.contains(&named)
            || records.contains(&named)
            || derived.iter().any(|derived| records.contains(derived))
    });
    let used: Vec<&str> = used.chain(["ve_kernel"]).collect();
    let used = match used.as_slice() {
        [one] => (*one).to_owned(),
        several => format!("{{{}}}", several.join(", ")),
    };
    let _ = writeln!(text, "use veo_core::{used};\n");
    text.push_str(&records);
    let _ = write!(
        text,
        "#[ve_kernel(lib = {library:?})]\n{ALLOWED}unsafe extern \"C\" {{\n{}}}\n",
        functions.strip_prefix('\n').unwrap_or(&functions)
    );
    if !left_out.is_empty() {
        text.push_str("\n// Left out:\n");
        for line in left_out {
            let _ = writeln!(text, "// {}", in_comment(&line));
        }
    }
    text
}

fn function(symbol: &str, prototype: &Prototype, records: &mut Records<'_>) -> Result<String, Why> {
    if prototype.variadic {
        return Err("it takes a variable number of arguments".to_owned());
    }
    if prototype.partial {
        return Err("its compiler left parameters out of the debug information".to_owned());
    }
    if let Some(convention) = &prototype.convention {
        return Err(format!(
            "its calling convention is `{convention}`, not that of C"
        ));
    }
    if prototype.params.len() > MAX_WORDS {
        let count = prototype.params.len();
        return Err(format!("it takes {count} arguments, more than {MAX_WORDS}"));
    }
    let mut names = BTreeSet::new();
    let mut params = Vec::new();
    for (index, param) in prototype.params.iter().enumerate() {
        let ty = value(prototype, param.ty, "takes", records)?;
        let name = unique(param.name.as_deref().unwrap_or_default(), index, &mut names);
        params.push(format!("{name}: {ty}"));
    }
    let result = match prototype.types.resolved(prototype.result) {
        FoundType::Void => String::new(),
        FoundType::Pointer { pointee, .. }
            if matches!(
                prototype.types.resolved(*pointee),
                FoundType::Function { .. }
            ) =>
        {
            " -> *mut core::ffi::c_void".to_owned()
        }
        _ => format!(
            " -> {}",
            value(prototype, prototype.result, "returns", records)?
        ),
    };
    let name = identifier(symbol).ok_or("its name is none in Rust")?;
    let mut text = format!(
        "\n    /// `{}`",
        in_comment(&prototype.to_string()).replace('`', "'")
    );
    if let Some(place) = prototype.location() {
        let _ = write!(text, " ({})", in_comment(&place));
    }
    text.push('\n');
    if name != symbol {
        let _ = writeln!(text, "    #[ve_kernel(name = {symbol:?})]");
    }
    let line = format!("    pub safe fn {name}({}){result};\n", params.join(", "));
    if line.len() <= 100 {
        text.push_str(&line);
    } else {
        let params: String = params
            .iter()
            .map(|param| format!("        {param},\n"))
            .collect();
        let _ = writeln!(text, "    pub safe fn {name}(\n{params}    ){result};");
    }
    Ok(text)
}

/// The type of a parameter or a result. Without a prototype C passes wider arguments, but returns the
/// type of the definition.
fn value(
    prototype: &Prototype,
    ty: TypeId,
    verb: &str,
    records: &mut Records<'_>,
) -> Result<String, Why> {
    let types = &prototype.types;
    let promoted = if prototype.prototyped || verb == "returns" {
        None
    } else {
        types.promoted(ty)
    };
    if let Some(scalar) = promoted.or_else(|| types.scalar(ty)) {
        return Ok(scalar.rust_name().to_owned());
    }
    let FoundType::Pointer { pointee, .. } = types.resolved(ty) else {
        return Err(format!("it {verb} a `{}` by value", types.c_type(ty)));
    };
    match types.resolved(*pointee) {
        FoundType::Array {
            descriptor: true, ..
        } => Err("it takes an array with its descriptor, as only Fortran passes it".to_owned()),
        FoundType::Record { name, .. } if name.starts_with("__class_") => {
            Err("it takes a `class(..)` of Fortran".to_owned())
        }
        FoundType::Function { .. } => {
            // Its parameters may have types that no declaration has.
            let known = types.rust_type(ty).filter(|ty| ty.starts_with("extern"));
            let known = known.map(|ty| ty.replace("c_void", "core::ffi::c_void"));
            Ok(known.unwrap_or_else(|| "*const core::ffi::c_void".to_owned()))
        }
        _ => {
            let plain = types.rust_type(ty);
            let is_const = plain.is_some_and(|plain| plain.starts_with("*const"));
            let mutability = if is_const { "const" } else { "mut" };
            Ok(format!("*{mutability} {}", records.pointee(*pointee)))
        }
    }
}

/// A name for a parameter that no other parameter has.
fn unique(name: &str, index: usize, names: &mut BTreeSet<String>) -> String {
    // The expansion has names with two leading underscores.
    let mut name = match identifier(name.trim_start_matches('_')) {
        Some(name) => name,
        None => format!("arg{}", index + 1),
    };
    while !names.insert(name.clone()) {
        name.push('_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_names_of_their_own() {
        let mut names = BTreeSet::new();
        let found = ["x", "x", "__x", "", "self"].map(|name| unique(name, 0, &mut names));
        assert_eq!(found, ["x", "x_", "x__", "arg1", "self_"]);
    }
}
