//! Sanitizers for kernels of the emulated node: which ones are chosen, which compilers have them, and what those are told.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use veo_abi::environment::VEO_SANITIZE;
use veo_abi::sanitizer::Sanitizer;
use veo_debuginfo::ARCHER;

use crate::command;
use crate::context::Context;
use crate::kernels::Kernels;
use crate::source::Language;
use crate::tool::Tool;
use crate::{Error, ErrorKind, Result};

/// The sanitizers that the environment names, or else the build script.
pub(crate) fn chosen(context: &Context, kernels: &Kernels) -> Result<BTreeSet<Sanitizer>> {
    let variable = VEO_SANITIZE.name();
    let Some(value) = context.env.text(variable)? else {
        return check(
            &format!("{}: .sanitize(..)", kernels.name),
            kernels.sanitizers.clone(),
        );
    };
    if value.trim() == "off" {
        return Ok(BTreeSet::new());
    }
    let known = || Sanitizer::ALL.map(Sanitizer::word).join(", ");
    let mut sanitizers = BTreeSet::new();
    for word in value.split(',').map(str::trim) {
        let Some(sanitizer) = Sanitizer::of_word(word) else {
            let hint = match word {
                "leak" | "leaks" => " (address finds leaks)".to_string(),
                _ => String::new(),
            };
            return Err(Error::invalid(format!(
                "{variable} is `{value}`, but kernels cannot be built with `{word}`{hint}; set it to {}, to several of \
                 these with commas between them, or to off",
                known()
            )));
        };
        sanitizers.insert(sanitizer);
    }
    check(&format!("{variable} is `{value}`"), sanitizers)
}

/// Refuses sanitizers that exclude each other.
fn check(asked: &str, sanitizers: BTreeSet<Sanitizer>) -> Result<BTreeSet<Sanitizer>> {
    if sanitizers.contains(&Sanitizer::Address) && sanitizers.contains(&Sanitizer::Thread) {
        return Err(Error::invalid(format!(
            "{asked}, but AddressSanitizer and ThreadSanitizer exclude each other; choose one of the two"
        )));
    }
    Ok(sanitizers)
}

/// Refuses a compiler that does not have what is chosen, or reports correct code.
pub(crate) fn check_compiler(
    kernels: &Kernels,
    sanitizers: &BTreeSet<Sanitizer>,
    compiler: &Tool,
    language: Language,
) -> Result<()> {
    let refuse = |why: String| Err(Error::invalid(format!("{}: {why}", kernels.name)));
    let Some(first) = sanitizers.first() else {
        return Ok(());
    };
    if compiler.version.contains("flang") {
        return refuse(format!(
            "{} has no {first}; name gfortran in VEO_FC, or build without it",
            compiler.name()
        ));
    }
    if sanitizers.contains(&Sanitizer::Thread) && !is_clang(compiler) {
        let why = match (language, kernels.openmp) {
            (Language::Fortran, _) => {
                "it does not see how the runtime libraries of Fortran and OpenMP synchronise"
            }
            (_, true) => {
                "it does not see how gcc's OpenMP synchronises, so it reports correct code"
            }
            _ => "only clang builds kernels with it",
        };
        return refuse(format!(
            "ThreadSanitizer and {} do not go together: {why}; use C or C++ and clang (name it in VEO_CC and VEO_CXX if \
             it is not found; OpenMP needs its libomp, Debian: libomp-19-dev), or VEO_SANITIZE=address,undefined",
            compiler.name()
        ));
    }
    Ok(())
}

fn is_clang(compiler: &Tool) -> bool {
    compiler.version.contains("clang")
}

/// The flags for a compiler.
pub(crate) fn compile_flags(sanitizers: &BTreeSet<Sanitizer>) -> Vec<OsString> {
    let mut flags: Vec<String> = sanitizers.iter().map(|it| flag(*it)).collect();
    if !flags.is_empty() {
        flags.push("-fno-omit-frame-pointer".into());
    }
    if sanitizers.contains(&Sanitizer::Undefined) {
        // The first report ends the kernel, as those of the others do.
        flags.push("-fno-sanitize-recover=undefined".into());
    }
    flags.into_iter().map(OsString::from).collect()
}

fn flag(sanitizer: Sanitizer) -> String {
    format!("-fsanitize={}", sanitizer.word())
}

/// The flags for the linking compiler.
pub(crate) fn link_flags(
    context: &Context,
    kernels: &Kernels,
    sanitizers: &BTreeSet<Sanitizer>,
    compiler: &Tool,
) -> Result<Vec<OsString>> {
    let mut flags: Vec<OsString> = sanitizers.iter().map(|it| flag(*it).into()).collect();
    if flags.is_empty() || !is_clang(compiler) {
        return Ok(flags);
    }
    // clang links its runtime libraries to programs alone, unless they are shared ones, which no loader finds by itself.
    flags.push("-shared-libsan".into());
    let mut dirs = BTreeSet::new();
    for sanitizer in sanitizers {
        let runtime = runtime(context, *sanitizer, compiler)?;
        dirs.extend(runtime.parent().map(Path::to_owned));
    }
    if sanitizers.contains(&Sanitizer::Thread) && kernels.openmp {
        let archer = file_of(context, compiler, ARCHER)?.ok_or_else(|| {
            Error::new(
                ErrorKind::ToolNotFound,
                format!(
                    "{}: {} has no {ARCHER}, without which ThreadSanitizer reports correct code that uses OpenMP; \
                     install its OpenMP library (Debian: libomp-19-dev)",
                    kernels.name,
                    compiler.name()
                ),
            )
        })?;
        dirs.extend(archer.parent().map(Path::to_owned));
    }
    for dir in dirs {
        let mut flag = OsString::from("-Wl,-rpath,");
        flag.push(dir);
        flags.push(flag);
    }
    Ok(flags)
}

/// The shared runtime library of clang's sanitizer.
fn runtime(context: &Context, sanitizer: Sanitizer, compiler: &Tool) -> Result<PathBuf> {
    let [_, short] = sanitizer.runtimes();
    let cpu = context.target.split('-').next().unwrap_or_default();
    for name in [
        format!("libclang_rt.{short}-{cpu}.so"),
        format!("libclang_rt.{short}.so"),
    ] {
        if let Some(file) = file_of(context, compiler, &name)? {
            return Ok(file);
        }
    }
    Err(Error::new(
        ErrorKind::ToolNotFound,
        format!(
            "{} has no shared runtime library of {sanitizer} for {cpu}; install its runtime libraries \
             (Debian: libclang-rt-19-dev for clang-19)",
            compiler.name()
        ),
    ))
}

/// The path of a compiler's library with this name, if it has it.
fn file_of(context: &Context, compiler: &Tool, name: &str) -> Result<Option<PathBuf>> {
    let mut ask = compiler.command(&context.env, &context.package);
    ask.arg(format!("-print-file-name={name}"));
    let path = command::run(&mut ask, &format!("finding {name}"))?;
    let path = PathBuf::from(path.trim());
    // A compiler prints just the name if it does not find the file.
    if !path.is_absolute() || !path.is_file() {
        return Ok(None);
    }
    Ok(Some(path.canonicalize().unwrap_or(path)))
}
