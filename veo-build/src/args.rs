//! Builds the command lines. Only this module knows what each option means to each compiler.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::context::Context;
use crate::headers;
use crate::kernels::{Kernels, ProductKind};
use crate::options::Options;
use crate::sanitize;
use crate::source::{KernelSource, Language};
use crate::target::Target;
use crate::toolchain::{self, LLVM_TARGET, Toolchain};

/// Refuses calls of functions that no header declares, because C assumes that they return `int`. The user's own flags come
/// later.
pub(crate) const UNDECLARED_IS_ERROR: &str = "-Werror=implicit-function-declaration";

/// Flags that may compile sources but may not link a library. A library is not a program, and it must not change the
/// floating-point mode of the process that loads it.
const NOT_FOR_LIBRARIES: [&str; 11] = [
    "-static",
    "-static-pie",
    "-pie",
    "-no-pie",
    "-nopie",
    "-Ofast",
    "-ffast-math",
    "-funsafe-math-optimizations",
    "-c",
    "-S",
    "-E",
];

/// A list of arguments that is being built.
#[derive(Debug, Default)]
pub(crate) struct ArgList(pub(crate) Vec<OsString>);

impl ArgList {
    fn add<S: Into<OsString>>(&mut self, args: impl IntoIterator<Item = S>) {
        self.0.extend(args.into_iter().map(Into::into));
    }

    fn joined(&mut self, option: &str, path: &Path) {
        let mut arg = OsString::from(option);
        arg.push(path);
        self.0.push(arg);
    }
}

/// The arguments that come before the source and the output.
pub(crate) fn compile(
    context: &Context,
    kernels: &Kernels,
    toolchain: &Toolchain,
    options: &Options,
    language: Language,
    modules: &Path,
    undeclared_is_error: bool,
) -> Result<ArgList> {
    let target = toolchain.target;
    let version = &toolchain.compiler(language)?.version;
    let flang = version.contains("flang");
    let mut args = ArgList::default();
    let level = match options.opt_level.as_deref().unwrap_or(&context.opt_level) {
        // NEC's compilers and flang know no levels for size, gcc only one of the two.
        "s" | "z" if flang || target.is_nec() => "2",
        "z" if !version.contains("clang") => "s",
        level => level,
    };
    match target {
        Target::Host => {
            args.add([format!("-O{level}").as_str(), "-g", "-fPIC"]);
            if !flang {
                args.add(["-pthread"]);
            }
        }
        Target::Ve1 | Target::Ve3 => {
            args.add([
                march(target),
                &format!("-O{level}"),
                "-g",
                "-fpic",
                "-pthread",
            ]);
        }
        // Clang optimises later, when it makes code for the VE.
        Target::Ve1Llvm if language == Language::Fortran => args.add(["-O0", "-g", "-fPIC"]),
        Target::Ve1Llvm => {
            let level = format!("-O{level}");
            args.add([LLVM_TARGET, &level, "-g", "-fpic"]);
            if language == Language::Cxx {
                args.add(["-fno-exceptions", "-fno-rtti", "-nostdinc++"]);
            }
        }
    }
    if undeclared_is_error {
        args.add([UNDECLARED_IS_ERROR]);
    }
    if kernels.openmp && target != Target::Ve1Llvm {
        args.add(["-fopenmp"]);
    }
    if target == Target::Host {
        args.add(sanitize::compile_flags(&sanitize::chosen(
            context, kernels,
        )?));
    }
    if target.is_nec() {
        if kernels.ftrace {
            args.add(["-ftrace"]);
        }
        if kernels.traceback {
            args.add(["-traceback=verbose"]);
        }
        if kernels.report {
            args.add(["-report-all", "-fdiag-vector=2"]);
        }
    }
    let usual = !target.is_nec() && language != Language::Fortran;
    if kernels.warnings.unwrap_or(usual) && !flang {
        args.add(["-Wall"]);
    }
    if kernels.extra_warnings && !flang {
        args.add(["-Wextra"]);
    }
    if kernels.warnings_into_errors {
        args.add(["-Werror"]);
    }
    for standard in options
        .standards
        .iter()
        .filter(|standard| standard_language(standard) == language)
    {
        args.add([format!("-std={standard}")]);
    }
    for dir in &options.includes {
        args.joined("-I", &context.package.join(dir));
    }
    for (name, value) in &options.defines {
        args.add([match value {
            Some(value) => format!("-D{name}={value}"),
            None => format!("-D{name}"),
        }]);
    }
    if language == Language::Fortran && !target.is_nec() {
        if flang {
            args.add([OsStr::new("-module-dir"), modules.as_os_str()]);
        } else {
            args.joined("-J", modules);
        }
    }
    args.add(flags(context, target, language, options)?);
    let kernel_code = match target {
        Target::Host => "-fPIC",
        Target::Ve1Llvm if language == Language::Fortran => "-fPIC",
        Target::Ve1 | Target::Ve3 | Target::Ve1Llvm => "-fpic",
    };
    let otherwise = [
        "-fno-pic", "-fno-PIC", "-fpie", "-fPIE", "-fno-pie", "-fno-PIE",
    ];
    let is_otherwise = |arg: &OsString| otherwise.iter().any(|it| arg == it);
    if args.0.iter().any(is_otherwise) {
        // The flag is meant for programs. A library needs position-independent code.
        args.add([kernel_code]);
    }
    if !target.is_nec() && !flang {
        // Declarations are compared with full debug information, whatever the user's flags say.
        if args.0.iter().any(|arg| arg == "-gsplit-dwarf") {
            args.add(["-gno-split-dwarf"]);
        }
        args.add(["-g"]);
        if version.contains("clang") && language == Language::Cxx {
            // Without it clang leaves out types that another file defines in full.
            args.add(["-fstandalone-debug"]);
        }
    }
    if !target.is_nec() && language != Language::Fortran {
        // These directories come last, so that headers of the same name elsewhere win.
        args.add(["-isystem"]);
        args.add([context.out.join(headers::INTERFACE_DIR)]);
        if target == Target::Ve1Llvm {
            args.add(["-idirafter"]);
            args.add([context.out.join(headers::LIBC_DIR)]);
        }
    }
    Ok(args)
}

/// The arguments after those of [`compile`]: source, output, dependency file.
pub(crate) fn source(
    kernels: &Kernels,
    target: Target,
    source: &KernelSource,
    object: &Path,
    depfile: Option<&Path>,
) -> ArgList {
    let mut args = dependencies(depfile);
    if target == Target::Ve1Llvm {
        args.add(["-emit-llvm", "-S"]);
        if kernels.cpp && source.language == Language::Cxx {
            args.add(["-x", "c++"]);
        }
    } else {
        args.add(["-c"]);
    }
    args.add([&source.path]);
    args.add(["-o"]);
    args.add([object]);
    args
}

/// The arguments after those of [`compile`] that write the preprocessed source and the dependency file.
pub(crate) fn preprocess(
    kernels: &Kernels,
    source: &KernelSource,
    depfile: Option<&Path>,
) -> ArgList {
    let mut args = dependencies(depfile);
    if kernels.cpp && source.language == Language::Cxx {
        args.add(["-x", "c++"]);
    }
    args.add(["-E"]);
    args.add([&source.path]);
    args
}

/// The arguments that write the dependency file, if there is one.
fn dependencies(depfile: Option<&Path>) -> ArgList {
    let mut args = ArgList::default();
    if let Some(file) = depfile {
        args.add(["-MD", "-MF"]);
        args.add([file]);
    }
    args
}

/// The header directories that arguments name.
pub(crate) fn include_dirs(args: &[OsString]) -> Vec<PathBuf> {
    const OPTIONS: [&str; 5] = [
        "-isystem",
        "-iquote",
        "-idirafter",
        "--include-directory=",
        "-I",
    ];
    let mut dirs = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let joined = OPTIONS
            .iter()
            .find_map(|option| arg.to_str()?.strip_prefix(option));
        match joined {
            Some("") => dirs.extend(args.next().map(PathBuf::from)),
            Some(dir) => dirs.push(dir.into()),
            None => {}
        }
    }
    dirs
}

/// The inputs and the output of one link.
#[derive(Clone, Debug)]
pub(crate) struct LinkInputs<'a> {
    pub(crate) objects: Vec<PathBuf>,
    pub(crate) options: &'a Options,
    pub(crate) output: &'a Path,
    /// The flags of the sources. Instrumentation, OpenMP and others need their runtime libraries.
    pub(crate) flags: Vec<OsString>,
    /// Whether symbols that nothing defines are an error.
    pub(crate) complete: bool,
    /// Fortran's runtime libraries, if the compiler of another language links.
    pub(crate) fortran_runtime: Vec<OsString>,
    /// The flags for the sanitizers of the sources.
    pub(crate) sanitizers: Vec<OsString>,
}

/// The arguments that link a shared library or the host's static veorun.
pub(crate) fn link(
    context: &Context,
    kernels: &Kernels,
    target: Target,
    link: LinkInputs<'_>,
) -> Result<ArgList> {
    let mut args = ArgList::default();
    if target.is_nec() {
        args.add([march(target), "-shared", "-fpic", "-pthread"]);
        if kernels.ftrace {
            args.add(["-ftrace"]);
        }
    } else {
        args.add(["-shared", "-fPIC", "-pthread", "-Wl,-Bsymbolic"]);
        args.add([format!("-Wl,-soname,{}", kernels.name)]);
    }
    args.add(link.sanitizers);
    if kernels.openmp {
        args.add(["-fopenmp"]);
    }
    if link.complete {
        // The linker prints names as symbol tables have them.
        args.add(["-Wl,--no-undefined", "-Wl,--no-demangle"]);
    }
    args.add(of_a_library(link.flags));
    args.add(["-o"]);
    args.add([link.output]);
    args.add(&link.objects);
    let extra = extra_objects(context, link.options);
    let (archives, objects): (Vec<PathBuf>, Vec<PathBuf>) =
        extra.into_iter().partition(|file| is_archive(file));
    args.add(objects);
    if kernels.kind == ProductKind::StaticVeorun && !archives.is_empty() {
        // Nothing refers to the kernels of an archive, so the linker must be told to take all of them.
        args.add(["-Wl,--whole-archive"]);
        args.add(archives);
        args.add(["-Wl,--no-whole-archive"]);
    } else {
        args.add(archives);
    }
    args.add(libraries(context, link.options));
    args.add(link.fortran_runtime);
    if target.is_nec() && kernels.ftrace {
        // Programs with threads need the thread-safe variant.
        args.add([if kernels.openmp {
            "-lveftrace_t"
        } else {
            "-lveftrace_p"
        }]);
    }
    if target == Target::Host {
        args.add(["-lm"]);
    }
    let variables = toolchain_flags(context, target, "LDFLAGS")?;
    args.add(variables);
    Ok(args)
}

/// The arguments of `mk_veorun_static`.
pub(crate) fn static_veorun(
    context: &Context,
    kernels: &Kernels,
    target: Target,
    link: LinkInputs<'_>,
) -> Result<ArgList> {
    let mut args = ArgList::default();
    args.add(["-o"]);
    args.add([link.output]);
    args.add(&link.objects);
    args.add(extra_objects(context, link.options));
    args.add(libraries(context, link.options));
    args.add(link.fortran_runtime);
    if target == Target::Ve3 {
        args.add([march(target)]);
    }
    if kernels.openmp {
        args.add(["-fopenmp"]);
    }
    if kernels.ftrace {
        args.add(["-ftrace"]);
    }
    args.add(link.flags);
    args.add(toolchain_flags(context, target, "LDFLAGS")?);
    Ok(args)
}

/// Extra objects and archives with their full paths.
pub(crate) fn extra_objects(context: &Context, options: &Options) -> Vec<PathBuf> {
    options
        .objects
        .iter()
        .map(|file| context.package.join(file))
        .collect()
}

/// The user's flags for compilers of a language.
pub(crate) fn flags(
    context: &Context,
    target: Target,
    language: Language,
    options: &Options,
) -> Result<Vec<OsString>> {
    let mut flags = rooted(context, &options.flags);
    flags.extend(flags_from_env(context, target, language)?);
    Ok(flags)
}

/// Compiler flags that also fit the linking of a library. A driver ignores flags that concern sources alone.
fn of_a_library(mut flags: Vec<OsString>) -> Vec<OsString> {
    flags.retain(|flag| !NOT_FOR_LIBRARIES.iter().any(|it| flag == it));
    if flags
        .iter()
        .any(|flag| flag.to_string_lossy().starts_with("-x"))
    {
        // With `-x` the driver would take the objects for sources of that language.
        flags.extend(["-x", "none"].map(OsString::from));
    }
    flags
}

fn is_archive(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "a")
}

fn libraries(context: &Context, options: &Options) -> Vec<OsString> {
    let mut args = ArgList::default();
    for dir in &options.link_search {
        args.joined("-L", &context.package.join(dir));
    }
    args.add(options.link_libs.iter().map(|name| format!("-l{name}")));
    args.add(rooted(context, &options.link_args));
    args.0
}

fn march(target: Target) -> &'static str {
    if target == Target::Ve3 {
        "-march=ve3"
    } else {
        "-march=ve1"
    }
}

/// The language of a standard.
fn standard_language(standard: &str) -> Language {
    if standard.starts_with("c++") || standard.starts_with("gnu++") {
        Language::Cxx
    } else if standard.starts_with('f') || standard == "legacy" || standard == "gnu" {
        Language::Fortran
    } else {
        Language::C
    }
}

/// Makes directories in flags absolute. They start from the package, but the compiler may run elsewhere.
pub(crate) fn rooted(context: &Context, flags: &[OsString]) -> Vec<OsString> {
    const SEPARATE: [&str; 8] = [
        "-I",
        "-L",
        "-isystem",
        "-iquote",
        "-idirafter",
        "-include",
        "-imacros",
        "-B",
    ];
    let absolute = |path: &OsStr| {
        let full = context.package.join(path);
        if full.exists() {
            full.into_os_string()
        } else {
            path.to_owned()
        }
    };
    let mut previous: &OsStr = OsStr::new("");
    let mut rooted = Vec::new();
    for flag in flags {
        let joined = ["-I", "-L"]
            .into_iter()
            .find_map(|option| Some((option, flag.to_str()?.strip_prefix(option)?)));
        rooted.push(match joined {
            _ if SEPARATE.iter().any(|option| previous == *option) => absolute(flag),
            Some((option, path)) if !path.is_empty() => {
                let mut arg = OsString::from(option);
                arg.push(absolute(OsStr::new(path)));
                arg
            }
            _ => flag.clone(),
        });
        previous = flag;
    }
    rooted
}

/// The flags of the environment for a language.
pub(crate) fn flags_from_env(
    context: &Context,
    target: Target,
    language: Language,
) -> Result<Vec<OsString>> {
    let name = match language {
        Language::C => "CFLAGS",
        Language::Cxx => "CXXFLAGS",
        Language::Fortran => "FFLAGS",
    };
    toolchain_flags(context, target, name)
}

/// Flags from the environment: for the host as the `cc` crate reads them, then `VEO_CFLAGS` for every target and
/// `VEO_CFLAGS_ve1` for one.
fn toolchain_flags(context: &Context, target: Target, name: &str) -> Result<Vec<OsString>> {
    let mut variables = Vec::new();
    if target == Target::Host && name != "LDFLAGS" {
        for variable in toolchain::cc_variables(context, name) {
            if context.env.get(&variable).is_some() {
                variables.push(variable);
                break;
            }
        }
    }
    variables.push(format!("VEO_{name}"));
    variables.push(format!("VEO_{name}_{}", target.suffix()));
    let mut flags = Vec::new();
    for variable in variables {
        let Some(value) = context.env.text(&variable)? else {
            continue;
        };
        let words = shlex::split(&value).ok_or_else(|| {
            crate::Error::invalid(format!(
                "{variable} is `{value}`, which opens a quotation and does not close it"
            ))
        })?;
        flags.extend(words.into_iter().map(OsString::from));
    }
    Ok(flags)
}
