//! Compiles one source for one target.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::args;
use crate::command;
use crate::context::{self, Context};
use crate::depfile;
use crate::kernels::Kernels;
use crate::options::Options;
use crate::probe;
use crate::scan;
use crate::source::{Language, Source};
use crate::stamp::{self, Input};
use crate::target::Target;
use crate::toolchain::Toolchain;
use crate::{Error, ErrorKind, Result};

/// Variables that compilers read by themselves.
const VARIABLES: [&str; 14] = [
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
    "SOURCE_DATE_EPOCH",
    "NCC_COMPILER_PATH",
    "NCC_INCLUDE_PATH",
    "NCC_C_INCLUDE_PATH",
    "NCC_CPLUS_INCLUDE_PATH",
    "NFORT_COMPILER_PATH",
    "NFORT_INCLUDE_PATH",
    "VE_LIBRARY_PATH",
];

/// One source to be compiled for one target.
#[derive(Clone, Debug)]
pub(crate) struct Unit<'a> {
    pub(crate) context: &'a Context,
    pub(crate) kernels: &'a Kernels,
    pub(crate) toolchain: Arc<Toolchain>,
    pub(crate) source: Source,
    /// Those of the library, the target and the file together.
    pub(crate) options: Options,
    /// The modules that a Fortran source uses.
    pub(crate) uses: Vec<String>,
}

/// What became of a source.
#[derive(Debug)]
pub(crate) struct Object {
    /// Everything it was made from.
    pub(crate) inputs: Vec<Input>,
    /// What the compiler said, now or when it last ran.
    pub(crate) log: String,
    pub(crate) listing: Option<PathBuf>,
    /// The command line, if it ran now.
    pub(crate) ran: Option<String>,
}

/// The values of the variables that tools read by themselves, for a recipe.
pub(crate) fn variables(context: &Context) -> String {
    let set = VARIABLES
        .iter()
        .filter_map(|name| Some((name, context.env.get(name)?)));
    set.map(|(name, value)| format!("\n{name}={}", value.to_string_lossy()))
        .collect()
}

impl Unit<'_> {
    fn target(&self) -> Target {
        self.toolchain.target
    }

    fn dir(&self) -> PathBuf {
        self.context
            .work_dir(self.target().name(), &self.kernels.name)
    }

    /// Where the compiler runs. NEC's compilers leave listings and modules in the directory they run in.
    fn run_dir(&self) -> PathBuf {
        match (self.target().is_nec(), self.source.language) {
            (true, Language::Fortran) => self.dir(),
            (true, _) if self.kernels.report => self.dir().join(format!("{}.d", self.source.key)),
            _ => self.context.package.clone(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        let suffix = if self.target() == Target::Ve1Llvm {
            "bc"
        } else {
            "o"
        };
        self.dir().join(format!("{}.{suffix}", self.source.key))
    }

    /// Compiles the source if it or something it depends on changed.
    pub(crate) fn compile(&self) -> Result<Object> {
        let (context, language, target) = (self.context, self.source.language, self.target());
        let compiler = self.toolchain.compiler(language)?;
        let (object, run_dir) = (self.path(), self.run_dir());
        context::make_dir(&self.dir())?;
        context::make_dir(&run_dir)?;

        let mut options = self.options.clone();
        let base = match target {
            Target::Ve1Llvm => vec![args::LLVM_TARGET.into()],
            _ => Vec::new(),
        };
        for flag in std::mem::take(&mut options.flags_if_supported) {
            if probe::accepts(context, compiler, language, &base, &[&flag])? {
                options.flags.push(flag);
            }
        }
        let wanted = match (language, target.is_nec()) {
            (Language::Fortran, _) => None,
            (_, false) => Some(object.with_extension("dep")),
            (_, true) => {
                let probed = context.out.join("work/probes/probe.dep");
                let probed = probed.to_string_lossy();
                probe::accepts(context, compiler, language, &base, &["-MD", "-MF", &probed])?
                    .then(|| object.with_extension("dep"))
            }
        };
        let mut command = compiler.command(&context.env, &run_dir);
        command
            .args(
                args::compile(
                    context,
                    self.kernels,
                    target,
                    &options,
                    language,
                    &self.dir(),
                )?
                .0,
            )
            .args(
                args::source(
                    self.kernels,
                    target,
                    &self.source,
                    &object,
                    wanted.as_deref(),
                )
                .0,
            );

        let log_file = object.with_extension("log");
        let stem = self.source.path.file_stem().unwrap_or_default();
        let listing = || {
            let file = listing_path(&run_dir, stem);
            (target.is_nec() && self.kernels.report && file.is_file()).then_some(file)
        };
        let recipe = format!(
            "{}\n{}{}",
            command::shown(&command),
            compiler.identity(),
            variables(context)
        );
        if let Some(inputs) = stamp::up_to_date(&object, &recipe) {
            return Ok(Object {
                inputs,
                log: fs::read_to_string(&log_file).unwrap_or_default(),
                listing: listing(),
                ran: None,
            });
        }
        stamp::remove(&object);
        let doing = format!(
            "{} for {target}: compiling {}",
            self.kernels.name,
            self.source.label.display()
        );
        let log = command::run(&mut command, &doing)?;
        if !object.is_file() {
            return Err(Error::new(
                ErrorKind::WrongOutput,
                format!(
                    "{doing}: the compiler reported success but made no {}\n\n{log}\n\nto repeat: {}",
                    object.display(),
                    command::shown(&command)
                ),
            ));
        }
        let inputs = self.inputs(&options, wanted.as_deref(), &run_dir)?;
        context::write_if_changed(&log_file, log.as_bytes())?;
        stamp::write(&object, &recipe, &inputs)?;
        Ok(Object {
            inputs,
            log,
            listing: listing(),
            ran: Some(command::shown(&command)),
        })
    }

    /// Everything that the object was made from.
    fn inputs(
        &self,
        options: &Options,
        depfile: Option<&Path>,
        run_dir: &Path,
    ) -> Result<Vec<Input>> {
        let mut inputs = vec![Input::file(&self.source.path)];
        let mut add = |input: Input| {
            if !inputs.iter().any(|known| known.path == input.path) {
                inputs.push(input);
            }
        };
        let dirs: Vec<PathBuf> = options
            .includes
            .iter()
            .map(|dir| self.context.package.join(dir))
            .collect();
        match depfile.and_then(|file| fs::read_to_string(file).ok()) {
            Some(text) => {
                for path in depfile::parse(&text) {
                    add(Input::file(run_dir.join(path)));
                }
            }
            None => {
                for path in scan::includes(&self.source.path, self.source.language, &dirs) {
                    add(Input::file(path));
                }
            }
        }
        for module in &self.uses {
            // gfortran and nfort: name.mod, name.smod, ancestor@name.smod
            let names = [
                format!("{module}.mod"),
                format!("{module}.smod"),
                format!("{}.smod", module.replace(':', "@")),
            ];
            let places = std::iter::once(self.dir()).chain(dirs.iter().cloned());
            for place in places {
                for file in names
                    .iter()
                    .map(|name| place.join(name))
                    .filter(|file| file.is_file())
                {
                    add(Input::content(file));
                }
            }
        }
        Ok(inputs)
    }
}

fn listing_path(run_dir: &Path, stem: &std::ffi::OsStr) -> PathBuf {
    let mut name = stem.to_owned();
    name.push(".L");
    run_dir.join(name)
}
