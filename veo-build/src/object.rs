//! Compiles one source for one target.

use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::args::{self, ArgList};
use crate::command;
use crate::context::{self, Context};
use crate::kernels::Kernels;
use crate::options::Options;
use crate::scan;
use crate::source::{KernelSource, Language};
use crate::stamp::{self, StampedFile};
use crate::target::Target;
use crate::tool::{self, Tool};
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

/// Variables that name directories for headers.
const INCLUDE_VARIABLES: [&str; 7] = [
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "NCC_INCLUDE_PATH",
    "NCC_C_INCLUDE_PATH",
    "NCC_CPLUS_INCLUDE_PATH",
    "NFORT_INCLUDE_PATH",
];

/// The compilation of one source for one target.
#[derive(Clone, Debug)]
pub(crate) struct CompileUnit<'a> {
    pub(crate) context: &'a Context,
    pub(crate) kernels: &'a Kernels,
    pub(crate) toolchain: Arc<Toolchain>,
    pub(crate) source: KernelSource,
    /// The options of the library, the target and the file together.
    pub(crate) options: Options,
    /// The modules that a Fortran source uses.
    pub(crate) uses: Vec<String>,
}

/// The options after the compiler was asked which flags it accepts.
struct Settled {
    options: Options,
    /// The dependency file, in which the compiler lists included files, if it can.
    depfile: Option<PathBuf>,
    /// Whether calls of undeclared functions are errors.
    undeclared_is_error: bool,
}

/// The result of compiling a source.
#[derive(Debug)]
pub(crate) struct CompiledSource {
    /// All input files of the object.
    pub(crate) inputs: Vec<StampedFile>,
    /// Directories in which a new file could become an input.
    pub(crate) dirs: Vec<PathBuf>,
    /// The output of the compiler's last run.
    pub(crate) log: String,
    pub(crate) listing: Option<PathBuf>,
    /// The command line, if the compiler ran now.
    pub(crate) ran: Option<String>,
}

/// The values of the variables that compilers read by themselves, for a recipe.
pub(crate) fn variables(context: &Context) -> String {
    let set = VARIABLES
        .iter()
        .filter_map(|name| Some((name, context.env.get(name)?)));
    set.map(|(name, value)| format!("\n{name}={}", value.to_string_lossy()))
        .collect()
}

impl CompileUnit<'_> {
    fn target(&self) -> Target {
        self.toolchain.target
    }

    fn dir(&self) -> PathBuf {
        self.context
            .work_dir(self.target().name(), &self.kernels.name)
    }

    /// The directory in which the compiler runs. NEC's compilers write listings and modules there.
    fn run_dir(&self) -> PathBuf {
        match (self.target().is_nec(), self.source.language) {
            (true, Language::Fortran) => self.dir(),
            (true, _) if self.kernels.report => self.dir().join(format!("{}.d", self.source.key)),
            _ => self.context.package.clone(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        let suffix = match (self.target(), self.source.language) {
            (Target::Ve1Llvm, _) => "ll",
            _ => "o",
        };
        self.dir().join(format!("{}.{suffix}", self.source.key))
    }

    /// The file that the compiler writes. The output of LLVM's compilers is not yet fit for the VE.
    fn raw(&self, object: &Path) -> PathBuf {
        match (self.target(), self.source.language) {
            (Target::Ve1Llvm, Language::Fortran) => object.with_extension("host.ll"),
            (Target::Ve1Llvm, _) => object.with_extension("raw.ll"),
            _ => object.to_owned(),
        }
    }

    /// Asks the compiler which flags it accepts.
    fn settle(&self, compiler: &Tool, object: &Path) -> Result<Settled> {
        let (context, language) = (self.context, self.source.language);
        let fortran = language == Language::Fortran;
        let base = match self.target() {
            Target::Ve1Llvm if !fortran => vec![toolchain::LLVM_TARGET.into()],
            _ => Vec::new(),
        };
        let accepts = |args: &[&OsStr]| tool::accepts(context, compiler, language, &base, args);
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
        let undeclared_is_error = language == Language::C
            && (!self.target().is_nec() || accepts(&[args::UNDECLARED_IS_ERROR.as_ref()])?);
        Ok(Settled {
            options,
            depfile,
            undeclared_is_error,
        })
    }

    /// Compiles the source if any input changed.
    pub(crate) fn compile(&self) -> Result<CompiledSource> {
        let (context, target) = (self.context, self.target());
        let compiler = self.toolchain.compiler(self.source.language)?;
        let (object, run_dir) = (self.path(), self.run_dir());
        let raw = self.raw(&object);
        context::make_dir(&self.dir())?;
        context::make_dir(&run_dir)?;
        let settled = self.settle(compiler, &object)?;
        let depfile = settled.depfile.as_deref();
        let language = self.source.language;
        let before = args::compile(
            context,
            self.kernels,
            &self.toolchain,
            &settled.options,
            language,
            &self.dir(),
            settled.undeclared_is_error,
        )?;
        let searched = self.searched(&before, &run_dir);
        let after = args::source(self.kernels, target, &self.source, &raw, depfile);
        let mut command = compiler.command(&context.env, &run_dir);
        command.args(&before.0).args(after.0);

        let log_file = object.with_extension("log");
        let listing = || {
            let mut name = self.source.path.file_stem().unwrap_or_default().to_owned();
            name.push(".L");
            let file = run_dir.join(name);
            (target.is_nec() && self.kernels.report && file.is_file()).then_some(file)
        };
        let line = command::shown(&command);
        let found = self.found(depfile, &searched);
        let mut recipe = format!("{line}\n{}{}\n", compiler.identity(), variables(context));
        for input in &found {
            recipe += &format!("found {}\n", input.path.display());
        }
        let places_file = object.with_extension("places");
        let remember = |outcome: &str, inputs: &[StampedFile]| {
            let files: Vec<PathBuf> = inputs.iter().map(|input| input.path.clone()).collect();
            stamp::remember(context, &places_file, outcome, &searched, &files)
        };
        let preprocessed = || self.preprocessed(compiler, &before, &run_dir, depfile);
        let remembered = stamp::remembered(context, &places_file, &searched);
        let mut outcome = remembered.clone().unwrap_or_else(preprocessed);
        if let Some(inputs) = stamp::up_to_date(&object, &(recipe.clone() + &outcome)) {
            if remembered.is_none() {
                remember(&outcome, &inputs)?;
            }
            return Ok(CompiledSource {
                dirs: watched(context, &searched, &inputs),
                inputs,
                log: fs::read_to_string(&log_file).unwrap_or_default(),
                listing: listing(),
                ran: None,
            });
        }
        if remembered.is_some() {
            // Another input changed, and the preprocessor's output may have changed with it.
            outcome = preprocessed();
        }
        recipe += &outcome;
        stamp::remove(&object);
        // An old file must not pass for the compiler's output.
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
            let mut ir = String::from_utf8_lossy(&context::read(&raw)?).into_owned();
            if language == Language::Fortran {
                ir = toolchain::retarget(context, self.toolchain.compiler(Language::C)?, &ir)?;
            }
            let ir = toolchain::copied_by_value(&ir);
            context::write_if_changed(&object, ir.as_bytes())?;
        }
        let inputs = self.inputs(found, depfile, &run_dir);
        context::write_if_changed(&log_file, log.as_bytes())?;
        stamp::write(&object, &recipe, &inputs)?;
        remember(&outcome, &inputs)?;
        Ok(CompiledSource {
            dirs: watched(context, &searched, &inputs),
            inputs,
            log,
            listing: listing(),
            ran: Some(line),
        })
    }

    /// The directories of included files: first the directory of the source, then those that the build names.
    fn searched(&self, args: &ArgList, run_dir: &Path) -> Vec<PathBuf> {
        let mut dirs = vec![self.source.path.parent().unwrap_or(run_dir).to_owned()];
        dirs.extend(args::include_dirs(&args.0));
        for value in INCLUDE_VARIABLES
            .iter()
            .filter_map(|name| self.context.env.get(name))
        {
            dirs.extend(std::env::split_paths(&value).filter(|dir| !dir.as_os_str().is_empty()));
        }
        dirs.iter().map(|dir| run_dir.join(dir)).collect()
    }

    /// A hash of the preprocessed source. It changes, for example, if a new header hides another, or if a header appears that the
    /// source did not find before. It is empty if the compiler cannot preprocess the source.
    fn preprocessed(
        &self,
        compiler: &Tool,
        args: &ArgList,
        run_dir: &Path,
        depfile: Option<&Path>,
    ) -> String {
        let mut command = compiler.command(&self.context.env, run_dir);
        if self.context.env.get("SOURCE_DATE_EPOCH").is_none() {
            // A new value of `__TIME__` is no reason to compile again.
            command.env("SOURCE_DATE_EPOCH", "0");
        }
        let rest = args::preprocess(self.kernels, &self.source, depfile);
        let output = command.args(&args.0).args(rest.0).output();
        match output {
            Ok(output) if output.status.success() => {
                let mut hasher = DefaultHasher::new();
                hasher.write(&output.stdout);
                format!("preprocessed {:016x}", hasher.finish())
            }
            _ => String::new(),
        }
    }

    /// The Fortran modules that the source uses, and its included files if the compiler does not list them.
    fn found(&self, depfile: Option<&Path>, searched: &[PathBuf]) -> Vec<StampedFile> {
        let mut found = Vec::new();
        if depfile.is_none() {
            // The directory of the source, the first one, is not searched for all kinds of includes.
            let dirs = searched.get(1..).unwrap_or_default();
            let files = scan::includes(&self.source.path, self.source.language, dirs);
            found.extend(
                files
                    .into_iter()
                    .map(|file| StampedFile::of(self.context, file)),
            );
        }
        for module in &self.uses {
            // gfortran and nfort: name.mod, name.smod, ancestor@name.smod
            let names = [
                format!("{module}.mod"),
                format!("{module}.smod"),
                format!("{}.smod", module.replace(':', "@")),
            ];
            let places = std::iter::once(self.dir()).chain(searched.iter().cloned());
            for place in places {
                let files = names.iter().map(|name| place.join(name));
                found.extend(
                    files
                        .filter(|file| file.is_file())
                        .map(StampedFile::content),
                );
            }
        }
        found
    }

    /// All files that the object was made from.
    fn inputs(
        &self,
        found: Vec<StampedFile>,
        depfile: Option<&Path>,
        run_dir: &Path,
    ) -> Vec<StampedFile> {
        let mut inputs = vec![StampedFile::of(self.context, self.source.path.clone())];
        let listed = depfile.and_then(|file| fs::read_to_string(file).ok());
        let listed = scan::prerequisites(&listed.unwrap_or_default());
        let listed = listed
            .into_iter()
            .map(|path| StampedFile::of(self.context, run_dir.join(path)));
        for input in listed.chain(found) {
            if !inputs.iter().any(|known| known.path == input.path) {
                inputs.push(input);
            }
        }
        inputs
    }
}

/// The directories in which a new file could be included: the searched ones, and those of files found there, because a compiler
/// also looks beside the including file. This leaves out directories that the compiler searches by itself.
fn watched(context: &Context, searched: &[PathBuf], inputs: &[StampedFile]) -> Vec<PathBuf> {
    let near = inputs.iter().filter_map(|input| input.path.parent());
    let near = near.filter(|dir| searched.iter().any(|searched| dir.starts_with(searched)));
    let dirs = searched.iter().map(PathBuf::as_path).chain(near);
    // If a directory does not exist yet, Cargo watches its nearest parent in the package.
    dirs.filter_map(|dir| {
        dir.ancestors()
            .find(|dir| dir.is_dir())
            .map(|there| (dir, there))
    })
    .filter(|(dir, there)| dir == there || there.starts_with(&context.package))
    .map(|(_, there)| there.to_owned())
    .collect()
}
