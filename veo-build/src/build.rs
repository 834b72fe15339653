//! Runs one build: chooses the targets, builds their objects and libraries, and reports the result.

use std::panic::Location;
use std::path::PathBuf;

use crate::context::Context;
use crate::context::Env;
use crate::directives::Directives;
use crate::kernels::{Kernels, ProductKind};
use crate::note::Built;
use crate::output;
use crate::plan::Plan;
use crate::source;
use crate::target::TargetChoice;
use crate::{Error, Result};

impl Kernels {
    /// Builds the library for every chosen target.
    ///
    /// If the build fails, it shows the compiler's output and ends the build script with status 1.
    #[track_caller]
    pub fn compile(&self) -> Built {
        let (result, lines) = build(self, Location::caller());
        match result {
            Ok(built) => {
                self.print(&lines);
                built
            }
            Err(error) => {
                // This prints nothing else: Cargo shows standard output first, which would push the message down.
                eprintln!("error: {error}");
                std::process::exit(1)
            }
        }
    }

    /// Builds the library for every chosen target.
    ///
    /// # Errors
    /// The builder or `VEO_TARGETS` asks for something impossible, a compiler is missing, fails or crashes, or a file cannot
    /// be read or written. A missing compiler is no error for a target that nobody asked for by name.
    #[track_caller]
    pub fn try_compile(&self) -> Result<Built> {
        let (result, lines) = build(self, Location::caller());
        self.print(&lines);
        result
    }

    fn print(&self, lines: &[String]) {
        if self.cargo_metadata {
            for line in lines {
                println!("{line}");
            }
        }
    }
}

/// Builds `kernels`. Returns the result and the lines for Cargo.
fn build(kernels: &Kernels, caller: &Location<'_>) -> (Result<Built>, Vec<String>) {
    let mut directives = Directives::default();
    let context = match Context::new(Env::new(kernels.env.clone())) {
        Ok(context) => context,
        Err(error) => return (Err(error), Vec::new()),
    };
    let result = build_in(&context, kernels, caller, &mut directives);
    (result, directives.lines(&context, kernels))
}

fn build_in(
    context: &Context,
    kernels: &Kernels,
    caller: &Location<'_>,
    directives: &mut Directives,
) -> Result<Built> {
    check(kernels)?;
    if let Some(why) = skipped(context) {
        #[cfg(feature = "import")]
        crate::import::write_empty(context, kernels)?;
        let note = format!("{}: not built, {why}", kernels.name);
        directives.note(note.clone(), false);
        return Ok(Built {
            name: kernels.name.clone(),
            note,
            ..Built::default()
        });
    }
    let choice = choice(context, kernels)?;
    output::prepare(context, kernels, caller)?;
    let (imports, mut import_notes) = imports(context, kernels, directives)?;
    if kernels.only_imports() {
        return Ok(Built {
            name: kernels.name.clone(),
            imports,
            note: import_notes.join("\n"),
            ..Built::default()
        });
    }
    let sources = source::collect(context, &kernels.name, &kernels.origins, kernels.cpp)?;
    directives.watch_sources(&sources);
    let plan = Plan::new(context, kernels, &sources, &choice)?;
    let note = plan.run(directives)?;
    let mut built = note.finish(context, kernels, directives)?;
    import_notes.push(built.note);
    built.note = import_notes.join("\n");
    built.imports = imports;
    Ok(built)
}

/// Imports headers. Returns the files of declarations and their lines for the build note.
#[cfg(feature = "import")]
fn imports(
    context: &Context,
    kernels: &Kernels,
    directives: &mut Directives,
) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let imported = crate::import::write(context, kernels, directives)?;
    Ok(imported
        .into_iter()
        .map(|imported| (imported.file, imported.note))
        .unzip())
}

/// Without the feature a build script cannot ask for an import.
#[cfg(not(feature = "import"))]
#[allow(clippy::unnecessary_wraps)]
fn imports(_: &Context, _: &Kernels, _: &mut Directives) -> Result<(Vec<PathBuf>, Vec<String>)> {
    Ok((Vec::new(), Vec::new()))
}

/// Checks the builder for mistakes that no compiler would explain.
fn check(kernels: &Kernels) -> Result<()> {
    let name = &kernels.name;
    if name.is_empty() || name.contains(['/', '\0']) || name.starts_with('.') || name.contains('\n')
    {
        return Err(Error::invalid(format!(
            "`{name}` cannot name a library; give a file name without a directory that does not begin with a dot"
        )));
    }
    if kernels.kind == ProductKind::Library && !name.contains(".so") {
        let stem = name.split('.').next().unwrap_or(name);
        let stem = stem.strip_prefix("lib").unwrap_or(stem);
        return Err(Error::invalid(format!(
            "`{name}` is not the file name of a shared library; name it \"lib{stem}.so\" here and in #[ve_kernel(lib = ..)]"
        )));
    }
    let all = kernels.by_target.iter().map(|(_, options)| options);
    for lib in all
        .chain([&kernels.all])
        .flat_map(|options| &options.link_libs)
    {
        // `-l:libx.so.1` is the linker's own way to name a file.
        let file = lib.starts_with("lib") && (lib.contains(".so") || lib.ends_with(".a"));
        if file || lib.contains('/') || lib.starts_with("-l") {
            return Err(Error::invalid(format!(
                "{name}: .link_lib(\"{lib}\") takes the name alone, as in .link_lib(\"m\") for libm.so; .link_search(..) names its \
                 directory, and .object(..) links a file"
            )));
        }
    }
    if kernels.origins.is_empty() && kernels.all.objects.is_empty() && !kernels.only_imports() {
        return Err(Error::invalid(format!(
            "{name}: no sources; add some, as in .file(\"kernels/k.c\")"
        )));
    }
    Ok(())
}

/// The reason to skip the whole build, if there is one.
fn skipped(context: &Context) -> Option<&'static str> {
    if context.env.flag("VEO_SKIP_BUILD") {
        Some("VEO_SKIP_BUILD is set")
    } else if context.env.flag("RA_RUSTC_WRAPPER") {
        Some("rust-analyzer runs the build script")
    } else if context.env.flag("DOCS_RS") {
        Some("documentation is being built")
    } else {
        None
    }
}

fn choice(context: &Context, kernels: &Kernels) -> Result<TargetChoice> {
    if let Some(text) = context.env.text("VEO_TARGETS")? {
        return TargetChoice::parse(&text).map_err(|problem| {
            Error::invalid(format!(
                "VEO_TARGETS is `{text}`: {problem}; `all`, `none` and `-NAME` are understood too"
            ))
        });
    }
    Ok(match &kernels.targets {
        Some(targets) => TargetChoice::Exactly(targets.clone()),
        None => TargetChoice::Detect {
            also: Vec::new(),
            without: Vec::new(),
        },
    })
}
