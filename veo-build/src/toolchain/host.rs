//! The compilers of the machine that the program runs on.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Requirements, Toolchain, ToolchainSearch};
use veo_abi::sanitizer::Sanitizer;

use crate::Result;
use crate::context::Context;
use crate::sanitize;
use crate::source::Language;
use crate::target::Target;
use crate::tool::Tool;

/// The variables and names of one compiler.
struct CompilerNames {
    /// Our own variable. It comes before all others.
    own: &'static str,
    /// The usual variable, in the forms that the `cc` crate knows.
    usual: &'static str,
    native: &'static [&'static str],
    /// The end of the program name after the target's prefix, when cross compiling.
    cross: &'static str,
    /// The package to install.
    debian: &'static str,
}

fn names(language: Language) -> CompilerNames {
    match language {
        Language::C => CompilerNames {
            own: "VEO_CC",
            usual: "CC",
            native: &["cc", "gcc", "clang"],
            cross: "gcc",
            debian: "gcc",
        },
        Language::Cxx => CompilerNames {
            own: "VEO_CXX",
            usual: "CXX",
            native: &["c++", "g++", "clang++"],
            cross: "g++",
            debian: "g++",
        },
        Language::Fortran => CompilerNames {
            own: "VEO_FC",
            usual: "FC",
            native: &["gfortran", "flang-new", "flang"],
            cross: "gfortran",
            debian: "gfortran",
        },
    }
}

pub(super) fn find(context: &Context, needs: &Requirements<'_>) -> Result<ToolchainSearch> {
    if !context.linux {
        let why = format!("programs for {} cannot run kernels", context.target);
        return Ok(ToolchainSearch::missing(why, "kernels run on Linux"));
    }
    let sanitizers = sanitize::chosen(context, needs.kernels)?;
    let mut compilers = BTreeMap::new();
    for &language in &needs.languages {
        let by_clang = sanitizers.contains(&Sanitizer::Thread) && language != Language::Fortran;
        let Some(tool) = compiler(context, needs, language, by_clang)? else {
            let names = names(language);
            let why = format!(
                "no {} compiler ({} not found)",
                language.name(),
                programs(context, &names).join(", ")
            );
            let help = format!(
                "install one (Debian: {}) or name one in {} or {}",
                names.debian, names.own, names.usual
            );
            return Ok(ToolchainSearch::missing(why, help));
        };
        sanitize::check_compiler(needs.kernels, &sanitizers, &tool, language)?;
        compilers.insert(language, tool);
    }
    Ok(Toolchain {
        target: Target::Host,
        compilers,
        mk_veorun: None,
        llvm_link: None,
        ve_linker: None,
        objcopy: objcopy(context)?,
    }
    .into())
}

/// The compiler of a language, `by_clang` if no other will do and the user names none.
fn compiler(
    context: &Context,
    needs: &Requirements<'_>,
    language: Language,
    by_clang: bool,
) -> Result<Option<Tool>> {
    let env = &context.env;
    let names = names(language);
    if let Some(path) = &needs.kernels.compiler {
        let order = [Language::C, Language::Cxx, Language::Fortran];
        let first = order.iter().find(|of| needs.languages.contains(of));
        if first == Some(&language) {
            return Tool::given(env, path).map(Some);
        }
    }
    for variable in std::iter::once(names.own.to_string()).chain(variables(context, names.usual)) {
        if let Some(tool) = Tool::named(env, &variable)? {
            return Ok(Some(tool));
        }
    }
    let others = programs(context, &names);
    if by_clang {
        let name = match language {
            Language::Cxx => "clang++",
            _ => "clang",
        };
        return Ok(Tool::first(env, super::llvm::versioned(name).chain(others)));
    }
    Ok(Tool::first(env, others))
}

/// The directory of the compiler proper behind gcc's driver. An update by a package manager changes the directory, but the new
/// files may have time stamps from long before the last build.
pub(crate) fn watched(context: &Context, toolchain: &Toolchain) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for compiler in toolchain.compilers.values() {
        // LLVM's compiler is one program, and its directory is watched.
        if ["clang", "flang"]
            .iter()
            .any(|name| compiler.version.contains(name))
        {
            continue;
        }
        let mut command = compiler.command(&context.env, &context.package);
        let found = command.arg("-print-prog-name=cc1").output();
        let path = found.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string());
        let path = PathBuf::from(path.unwrap_or_default());
        let dir = path
            .parent()
            .filter(|_| path.is_absolute() && path.is_file());
        dirs.extend(dir.map(Path::to_owned));
    }
    dirs
}

/// The forms of a variable that the `cc` crate reads, in its order.
pub(crate) fn variables(context: &Context, name: &str) -> [String; 4] {
    let kind = if context.host == context.target {
        "HOST"
    } else {
        "TARGET"
    };
    [
        format!("{name}_{}", context.target),
        format!("{name}_{}", context.target.replace(['-', '.'], "_")),
        format!("{kind}_{name}"),
        name.to_string(),
    ]
}

fn programs(context: &Context, names: &CompilerNames) -> Vec<String> {
    match prefix(context) {
        None => names.native.iter().map(ToString::to_string).collect(),
        Some(prefix) => vec![format!("{prefix}{}", names.cross)],
    }
}

/// The prefix of GNU's cross tools for the target, or `None` when not cross compiling.
fn prefix(context: &Context) -> Option<String> {
    if context.host == context.target {
        return None;
    }
    let parts: Vec<&str> = context.target.split('-').collect();
    match parts.as_slice() {
        [cpu, _, os @ ..] if !os.is_empty() => {
            let cpu = match *cpu {
                cpu if cpu.starts_with("riscv64") => "riscv64",
                cpu if cpu.starts_with("arm") => "arm",
                cpu => cpu,
            };
            let host_cpu = context.host.split('-').next();
            // This is the same processor with another C library, as in x86_64-unknown-linux-musl.
            if os.last() == Some(&"musl") && host_cpu == Some(cpu) {
                return Some("musl-".to_string());
            }
            Some(format!("{cpu}-{}-", os.join("-")))
        }
        _ => Some(format!("{}-", context.target)),
    }
}

fn objcopy(context: &Context) -> Result<Option<Tool>> {
    for variable in ["VEO_OBJCOPY", "OBJCOPY"] {
        if let Some(tool) = Tool::named(&context.env, variable)? {
            return Ok(Some(tool));
        }
    }
    let own = OsString::from(format!(
        "{}objcopy",
        prefix(context).filter(|p| p != "musl-").unwrap_or_default()
    ));
    let names = std::iter::once(own).chain(super::llvm::versioned("llvm-objcopy").map(Into::into));
    Ok(Tool::first(&context.env, names))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{prefix, variables};
    use crate::context::Context;
    use crate::context::Env;

    fn context(target: &str) -> Context {
        let host = "x86_64-unknown-linux-gnu";
        let set = [
            ("OUT_DIR", "/o"),
            ("CARGO_MANIFEST_DIR", "/p"),
            ("TARGET", target),
            ("HOST", host),
        ];
        let env = set.map(|(name, value)| (name.into(), value.into()));
        Context::new(Env::new(BTreeMap::from(env))).unwrap()
    }

    #[test]
    fn cross_tools_are_named_as_gnu_names_them() {
        for (target, expected) in [
            ("x86_64-unknown-linux-gnu", None),
            ("aarch64-unknown-linux-gnu", Some("aarch64-linux-gnu-")),
            ("riscv64gc-unknown-linux-gnu", Some("riscv64-linux-gnu-")),
            (
                "armv7-unknown-linux-gnueabihf",
                Some("arm-linux-gnueabihf-"),
            ),
            ("x86_64-unknown-linux-musl", Some("musl-")),
        ] {
            assert_eq!(prefix(&context(target)).as_deref(), expected, "{target}");
        }
    }

    #[test]
    fn variables_follow_cc() {
        let names = [
            "CC_aarch64-unknown-linux-gnu",
            "CC_aarch64_unknown_linux_gnu",
            "TARGET_CC",
            "CC",
        ];
        assert_eq!(
            variables(&context("aarch64-unknown-linux-gnu"), "CC"),
            names
        );
        assert_eq!(
            variables(&context("x86_64-unknown-linux-gnu"), "FC")[2],
            "HOST_FC"
        );
    }
}
