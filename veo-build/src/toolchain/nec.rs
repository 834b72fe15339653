//! NEC's compilers for the card.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Requirements, Toolchain, ToolchainSearch};
use crate::Result;
use crate::context::Context;
use crate::kernels::ProductKind;
use crate::source::Language;
use crate::target::Target;
use crate::tool::Tool;

const HELP: &str = "install NEC's SDK (nec-nc++, nec-nfort) or name the compilers in VEO_NCC, VEO_NCXX and VEO_NFORT";

fn root(context: &Context) -> PathBuf {
    context
        .env
        .get("VEO_NEC_ROOT")
        .map_or_else(|| "/opt/nec".into(), Into::into)
}

fn names(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::C => ("VEO_NCC", "ncc"),
        Language::Cxx => ("VEO_NCXX", "nc++"),
        Language::Fortran => ("VEO_NFORT", "nfort"),
    }
}

pub(super) fn find(
    context: &Context,
    needs: &Requirements<'_>,
    target: Target,
    named: bool,
) -> Result<ToolchainSearch> {
    let root = root(context);
    let bin = root.join("ve/bin");
    let mut compilers = BTreeMap::new();
    for &language in &needs.languages {
        let (variable, program) = names(language);
        let Some(tool) = tool(context, variable, program, &[&bin])? else {
            let why = format!("no {program} in PATH or {}", bin.display());
            return Ok(ToolchainSearch::missing(why, HELP).missed_if(is_expected(context)?));
        };
        compilers.insert(language, tool);
    }
    let libraries = |target| {
        root.join(if target == Target::Ve3 {
            "ve3/lib"
        } else {
            "ve/lib"
        })
    };
    let there = match target {
        Target::Ve3 => libraries(target).is_dir(),
        // Even installations only for VE3 have the compilers below `ve`.
        _ => libraries(target).is_dir() || !libraries(Target::Ve3).is_dir(),
    };
    if !named && !there {
        let why = format!(
            "NEC's libraries for it are not in {}",
            libraries(target).display()
        );
        return Ok(ToolchainSearch::missing(
            why,
            format!("VEO_TARGETS=auto,{target} builds for it all the same"),
        ));
    }
    let mut mk_veorun = None;
    if needs.kernels.kind == ProductKind::StaticVeorun {
        let dirs = ["ve/bin", "ve/libexec", "ve/veos/libexec"].map(|dir| root.join(dir));
        let dirs: Vec<&Path> = dirs.iter().map(PathBuf::as_path).collect();
        mk_veorun = tool(context, "VEO_MK_VEORUN_STATIC", "mk_veorun_static", &dirs)?;
        if mk_veorun.is_none() {
            let why = "no mk_veorun_static, which comes with NEC's libveo (veoffload-aveo-devel)";
            let help = "install it or name it in VEO_MK_VEORUN_STATIC";
            return Ok(ToolchainSearch::missing(why, help).missed_if(true));
        }
    }
    let mut objcopy = tool(context, "VEO_NOBJCOPY", "nobjcopy", &[&bin])?;
    if objcopy.is_none() {
        objcopy = Tool::first(&context.env, super::llvm::versioned("llvm-objcopy"));
    }
    Ok(Toolchain {
        target,
        compilers,
        mk_veorun,
        llvm_link: None,
        ve_linker: None,
        objcopy,
    }
    .into())
}

/// Whether this machine has a card, NEC's system software or one of NEC's compilers.
fn is_expected(context: &Context) -> Result<bool> {
    let root = root(context);
    if root.join("ve/veos").is_dir() || Path::new("/dev/veslot0").exists() {
        return Ok(true);
    }
    for language in [Language::C, Language::Cxx, Language::Fortran] {
        let (variable, program) = names(language);
        if tool(context, variable, program, &[&root.join("ve/bin")])?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The deepest existing directory of NEC's compilers. They are or would be installed below it. It has few files until then.
pub(super) fn watched(context: &Context) -> Option<PathBuf> {
    let root = root(context);
    [root.join("ve/bin"), root.join("ve"), root]
        .into_iter()
        .find(|dir| dir.is_dir())
}

/// The tool that the variable names, or one in `dirs`, or one in `PATH`.
fn tool(context: &Context, variable: &str, program: &str, dirs: &[&Path]) -> Result<Option<Tool>> {
    if let Some(tool) = Tool::named(&context.env, variable)? {
        return Ok(Some(tool));
    }
    let places = dirs
        .iter()
        .map(|dir| dir.join(program))
        .chain([PathBuf::from(program)]);
    Ok(Tool::first(&context.env, places))
}

/// The directories of the Fortran runtime, newest first. `nc++` needs them to link a library with Fortran in it.
pub(crate) fn runtime_dirs(context: &Context) -> Vec<PathBuf> {
    let versions = std::fs::read_dir(root(context).join("ve/nfort"));
    let mut dirs: Vec<PathBuf> = versions
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("lib"))
        .collect();
    dirs.retain(|dir| dir.is_dir());
    let number = |dir: &Path| -> Vec<u32> {
        let version = dir
            .parent()
            .and_then(Path::file_name)
            .unwrap_or_default()
            .to_string_lossy();
        version
            .split('.')
            .map(|part| part.parse().unwrap_or(0))
            .collect()
    };
    dirs.sort_by_key(|dir| std::cmp::Reverse(number(dir)));
    dirs
}
