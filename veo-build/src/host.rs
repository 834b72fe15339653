//! The compilers of the machine the program runs on.

use std::env;
use std::process::Command;

use crate::source::Language;

/// A compiler invocation for `language`, chosen as the `cc` crate does: `CC_<target>`, `HOST_CC` or
/// `TARGET_CC`, `CC`, then the usual name, with the prefix of the target when cross compiling.
pub(crate) fn compiler(language: Language) -> Command {
    let (variable, native, cross) = match language {
        Language::C => ("CC", "cc", "gcc"),
        Language::Cxx => ("CXX", "c++", "g++"),
        Language::Fortran => ("FC", "gfortran", "gfortran"),
    };
    let target = env::var("TARGET").unwrap_or_default();
    let host = env::var("HOST").unwrap_or_else(|_| target.clone());
    let kind = if host == target { "HOST" } else { "TARGET" };
    let names = [
        format!("{variable}_{target}"),
        format!("{variable}_{}", target.replace('-', "_")),
        format!("{kind}_{variable}"),
        variable.to_string(),
    ];
    for name in &names {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let chosen = names
        .iter()
        .filter_map(|name| env::var(name).ok())
        .find(|value| !value.trim().is_empty());
    let words = match chosen {
        Some(value) => shlex::split(&value)
            .filter(|w| !w.is_empty())
            .unwrap_or(vec![value]),
        None if host == target => vec![native.to_string()],
        None => vec![format!("{}-{cross}", target.replace("-unknown-", "-"))],
    };
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}
