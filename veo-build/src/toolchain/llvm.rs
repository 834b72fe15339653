//! LLVM's compilers for the VE. Sources become one object through LLVM IR, and a library by the linker in `elf`: LLVM has none for the VE.
//!
//! flang cannot compile for the VE. Its IR for the host becomes IR for the VE by naming another machine, because sizes and
//! layouts of types are the same. Only complex numbers and structures by value in arguments and results differ.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::{Requirements, Toolchain, ToolchainSearch};
use crate::command;
use crate::context::{self, Context};
use crate::source::Language;
use crate::target::Target;
use crate::tool::{Tool, version_number};
use crate::{Error, ErrorKind, Result};

/// The flag that lets clang compile for the VE.
pub(crate) const LLVM_TARGET: &str = "--target=ve-unknown-linux-gnu";

/// The oldest version whose VE target compiles correctly.
const OLDEST: u32 = 19;
/// The highest version number to try in program names.
const NEWEST: u32 = 40;

/// The names of an LLVM tool in distributions: with a number, newest first, then without one.
pub(super) fn versioned(name: &str) -> impl Iterator<Item = String> {
    let numbered = (OLDEST..=NEWEST)
        .rev()
        .map(move |number| format!("{name}-{number}"));
    numbered
        .collect::<Vec<_>>()
        .into_iter()
        .chain([name.to_string()])
}

pub(super) fn find(context: &Context, needs: &Requirements<'_>) -> Result<ToolchainSearch> {
    let Some(clang) = clang(context)? else {
        let why = format!("no clang {OLDEST} or newer with LLVM's VE target");
        return Ok(ToolchainSearch::missing(
            why,
            format!("install one (Debian: clang-{OLDEST} llvm-{OLDEST}) or name it in VEO_CLANG"),
        ));
    };
    let llvm_link = beside(context, &clang, "VEO_LLVM_LINK", "llvm-link")?;
    if needs.objects > 1 && llvm_link.is_none() {
        let number = major(&clang.version).unwrap_or(OLDEST);
        let why = format!("no llvm-link of version {number} to join several sources");
        return Ok(ToolchainSearch::missing(
            why,
            format!("install it (Debian: llvm-{number}) or name it in VEO_LLVM_LINK"),
        ));
    }
    let objcopy = beside(context, &clang, "VEO_LLVM_OBJCOPY", "llvm-objcopy")?;
    let mut compilers = BTreeMap::new();
    for &language in &needs.languages {
        if language != Language::Fortran {
            compilers.insert(language, clang.clone());
            continue;
        }
        let flang = match beside(context, &clang, "VEO_FLANG", "flang-new")? {
            Some(flang) => Some(flang),
            None => beside(context, &clang, "VEO_FLANG", "flang")?,
        };
        let Some(flang) = flang else {
            let number = major(&clang.version).unwrap_or(OLDEST);
            let why = format!("no flang of version {number} for its Fortran sources");
            let help = format!("install it (Debian: flang-{number}) or name it in VEO_FLANG");
            return Ok(ToolchainSearch::missing(why, help));
        };
        compilers.insert(language, flang);
        // clang links and does the last step.
        compilers.insert(Language::C, clang.clone());
    }
    Ok(Toolchain {
        target: Target::Ve1Llvm,
        compilers,
        mk_veorun: None,
        llvm_link,
        ve_linker: Tool::named(&context.env, "VEO_VE_LINKER")?,
        objcopy,
    }
    .into())
}

fn clang(context: &Context) -> Result<Option<Tool>> {
    if let Some(tool) = Tool::named(&context.env, "VEO_CLANG")? {
        let problem = match major(&tool.version) {
            Some(number) if number < OLDEST => Some(format!("it is version {number}")),
            _ if !knows_ve(context, &tool) => Some("it has no VE target".to_string()),
            _ => None,
        };
        return match problem {
            None => Ok(Some(tool)),
            Some(problem) => Err(Error::new(
                ErrorKind::ToolNotFound,
                format!(
                    "VEO_CLANG names {}, but {problem}; clang {OLDEST} or newer with LLVM's VE target is needed",
                    tool.name()
                ),
            )),
        };
    }
    let mut found = versioned("clang").filter_map(|name| Tool::first(&context.env, [name]));
    Ok(found.find(|tool| {
        major(&tool.version).is_some_and(|number| number >= OLDEST) && knows_ve(context, tool)
    }))
}

fn knows_ve(context: &Context, clang: &Tool) -> bool {
    let mut command = clang.command(&context.env, &context.package);
    let targets = command::run(command.arg("--print-targets"), "listing clang's targets");
    targets.is_ok_and(|text| {
        text.lines()
            .any(|line| line.split_whitespace().next() == Some("ve"))
    })
}

fn major(version: &str) -> Option<u32> {
    version_number(version)?.split('.').next()?.parse().ok()
}

/// A tool of the same LLVM, because versions cannot read each other's IR. It is in clang's directory or has the same number.
fn beside(context: &Context, clang: &Tool, variable: &str, name: &str) -> Result<Option<Tool>> {
    if let Some(tool) = Tool::named(&context.env, variable)? {
        return Ok(Some(tool));
    }
    let dir = clang.files().first().and_then(|file| file.parent());
    let number = major(&clang.version).unwrap_or(OLDEST);
    let own = dir.map(|dir| dir.join(name).into_os_string());
    let numbered = OsString::from(format!("{name}-{number}"));
    Ok(Tool::first(&context.env, own.into_iter().chain([numbered])))
}

/// Turns IR for the host into IR for the VE.
pub(crate) fn retarget(context: &Context, clang: &Tool, ir: &str) -> Result<String> {
    let source = context.out.join("work/probes/empty.c");
    context::write_if_changed(&source, b"")?;
    let mut command = clang.command(&context.env, &context.package);
    command
        .args([LLVM_TARGET, "-S", "-emit-llvm", "-o", "-"])
        .arg(source);
    let model = command::run(&mut command, "asking clang for the VE's data layout")?;
    let header = |start| model.lines().find(|line| line.starts_with(start));
    let lines = ir.lines().map(|line| {
        let told = ["target datalayout", "target triple"]
            .into_iter()
            .find(|start| line.starts_with(start));
        match told.and_then(header) {
            Some(model) => model.to_string(),
            None if line.starts_with("attributes #") => without_machine(line),
            None => line.to_string(),
        }
    });
    Ok(lines.flat_map(|line| [line, "\n".to_string()]).collect())
}

/// A line of function attributes, without those of one machine.
fn without_machine(line: &str) -> String {
    const MACHINE: [&str; 4] = [
        "\"target-cpu\"=",
        "\"target-features\"=",
        "\"tune-cpu\"=",
        "\"probe-stack\"=",
    ];
    let mut rest = line.to_string();
    for name in MACHINE {
        if let Some(start) = rest.find(name) {
            let value = &rest[start + name.len()..];
            let length = value
                .strip_prefix('"')
                .and_then(|value| value.find('"'))
                .map_or(0, |end| end + 2);
            let end = start + name.len() + length;
            rest.replace_range(start..end, "");
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::without_machine;

    #[test]
    fn attributes_of_one_machine() {
        let line = r#"attributes #0 = { nounwind "target-cpu"="x86-64" "probe-stack"="inline-asm" "x"="y" }"#;
        assert_eq!(
            without_machine(line),
            r#"attributes #0 = { nounwind   "x"="y" }"#
        );
    }
}
