//! Compiles one source for one target.

use std::ffi::OsStr;
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
use crate::tool::Tool;
use crate::toolchain::{self, Toolchain};
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
        let suffix = match (self.target(), self.source.language) {
            (Target::Ve1Llvm, Language::Fortran) => "ll",
            (Target::Ve1Llvm, _) => "bc",
            _ => "o",
        };
        self.dir().join(format!("{}.{suffix}", self.source.key))
    }

    /// What the compiler writes. flang's is not yet for the VE.
    fn raw(&self, object: &Path) -> PathBuf {
        match (self.target(), self.source.language) {
            (Target::Ve1Llvm, Language::Fortran) => object.with_extension("host.ll"),
            _ => object.to_owned(),
        }
    }

    /// The options with those that only some compilers accept settled, and the file that the compiler will list what it
    /// included in, if it can.
    fn settle(&self, compiler: &Tool, object: &Path) -> Result<(Options, Option<PathBuf>)> {
        let (context, language) = (self.context, self.source.language);
        let fortran = language == Language::Fortran;
        let base = match self.target() {
            Target::Ve1Llvm if !fortran => vec![args::LLVM_TARGET.into()],
            _ => Vec::new(),
        };
        let accepts = |args: &[&OsStr]| probe::accepts(context, compiler, language, &base, args);
        let mut options = self.options.clone();
        for flag in std::mem::take(&mut options.flags_if_supported) {
            if accepts(&[&flag])? {
                options.flags.push(flag);
            }
        }
        let depfile = object.with_extension("dep");
        let depfile = match self.target().is_nec() {
            _ if fortran => None,
            false => Some(depfile),
            true => {
                let probed = context.out.join("work/probes/probe.dep");
                accepts(&["-MD".as_ref(), "-MF".as_ref(), probed.as_os_str()])?.then_some(depfile)
            }
        };
        Ok((options, depfile))
    }

    /// Compiles the source if it or something it depends on changed.
    pub(crate) fn compile(&self) -> Result<Object> {
        let (context, target) = (self.context, self.target());
        let compiler = self.toolchain.compiler(self.source.language)?;
        let (object, run_dir) = (self.path(), self.run_dir());
        let raw = self.raw(&object);
        context::make_dir(&self.dir())?;
        context::make_dir(&run_dir)?;
        let (options, depfile) = self.settle(compiler, &object)?;
        let language = self.source.language;
        let before = args::compile(
            context,
            self.kernels,
            &self.toolchain,
            &options,
            language,
            &self.dir(),
        )?;
        let after = args::source(self.kernels, target, &self.source, &raw, depfile.as_deref());
        let mut command = compiler.command(&context.env, &run_dir);
        command.args(before.0).args(after.0);

        let log_file = object.with_extension("log");
        let listing = || {
            let mut name = self.source.path.file_stem().unwrap_or_default().to_owned();
            name.push(".L");
            let file = run_dir.join(name);
            (target.is_nec() && self.kernels.report && file.is_file()).then_some(file)
        };
        let line = command::shown(&command);
        let recipe = format!("{line}\n{}{}", compiler.identity(), variables(context));
        if let Some(inputs) = stamp::up_to_date(&object, &recipe) {
            return Ok(Object {
                inputs,
                log: fs::read_to_string(&log_file).unwrap_or_default(),
                listing: listing(),
                ran: None,
            });
        }
        stamp::remove(&object);
        // Not to be taken for what the compiler makes now.
        let _ = fs::remove_file(&raw);
        let doing = format!(
            "{} for {target}: compiling {}",
            self.kernels.name,
            self.source.label.display()
        );
        let log = command::run(&mut command, &doing)?;
        if !raw.is_file() {
            let what = format!(
                "the compiler reported success but made no {}",
                raw.display()
            );
            return Err(Error::new(
                ErrorKind::WrongOutput,
                format!("{doing}: {what}\n\n{log}\n\nto repeat: {line}"),
            ));
        }
        if raw != object {
            let ir = String::from_utf8_lossy(&context::read(&raw)?).into_owned();
            let ir = toolchain::retarget(context, self.toolchain.compiler(Language::C)?, &ir)?;
            context::write_if_changed(&object, ir.as_bytes())?;
        }
        let inputs = self.inputs(&options, depfile.as_deref(), &run_dir);
        context::write_if_changed(&log_file, log.as_bytes())?;
        stamp::write(&object, &recipe, &inputs)?;
        Ok(Object {
            inputs,
            log,
            listing: listing(),
            ran: Some(line),
        })
    }

    /// Everything that the object was made from.
    fn inputs(&self, options: &Options, depfile: Option<&Path>, run_dir: &Path) -> Vec<Input> {
        let context = self.context;
        let mut inputs = vec![Input::of(context, self.source.path.clone())];
        let mut add = |input: Input| {
            if !inputs.iter().any(|known| known.path == input.path) {
                inputs.push(input);
            }
        };
        let dirs: Vec<PathBuf> = options
            .includes
            .iter()
            .map(|dir| context.package.join(dir))
            .collect();
        match depfile.and_then(|file| fs::read_to_string(file).ok()) {
            Some(text) => {
                for path in depfile::parse(&text) {
                    add(Input::of(context, run_dir.join(path)));
                }
            }
            None => {
                for path in scan::includes(&self.source.path, self.source.language, &dirs) {
                    add(Input::of(context, path));
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
        inputs
    }
}
