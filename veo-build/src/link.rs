//! Links the objects of one target into one file, and checks that the file fits the target.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use veo_debuginfo::elf::{self, Headers};

use crate::args;
use crate::command;
use crate::context::{self, Context};
use crate::kernels::{Kernels, ProductKind};
use crate::missing::{self, MissingSymbol};
use crate::object::variables;
use crate::options::Options;
use crate::sanitize;
use crate::source::{KernelSource, Language};
use crate::stamp::{self, StampedFile};
use crate::target::Target;
use crate::tool::{self, Tool};
use crate::toolchain::{self, Toolchain};
use crate::ve_library;
use crate::{Error, ErrorKind, Result};

/// The link of one target's objects.
#[derive(Clone, Debug)]
pub(crate) struct Linking<'a> {
    pub(crate) context: &'a Context,
    pub(crate) kernels: &'a Kernels,
    pub(crate) toolchain: Arc<Toolchain>,
    /// The options of the library and the target together.
    pub(crate) options: Options,
    pub(crate) sources: Vec<KernelSource>,
    pub(crate) languages: BTreeSet<Language>,
}

/// A linked file.
#[derive(Debug)]
pub(crate) struct Linked {
    /// With full debug information, in the directory for intermediate files.
    pub(crate) path: PathBuf,
    pub(crate) inputs: Vec<StampedFile>,
    pub(crate) log: String,
    /// Undefined symbols.
    pub(crate) missing: Vec<MissingSymbol>,
    /// The command lines of this run. Empty if the file was up to date.
    pub(crate) ran: Vec<String>,
}

impl Linking<'_> {
    fn target(&self) -> Target {
        self.toolchain.target
    }

    /// Links the objects if any input changed.
    pub(crate) fn link(&self, objects: &[PathBuf]) -> Result<Linked> {
        let dir = self
            .context
            .work_dir(self.target().name(), &self.kernels.name);
        context::make_dir(&dir)?;
        let output = dir.join(&self.kernels.name);
        for file in args::extra_objects(self.context, &self.options) {
            if !file.is_file() {
                return Err(Error::new(
                    ErrorKind::Io,
                    format!(
                        "{}: the object {} does not exist",
                        self.kernels.name,
                        file.display()
                    ),
                ));
            }
        }
        let object = dir.join("whole.o");
        let steps = match self.target() {
            Target::Ve1Llvm => self.llvm_steps(objects, &dir, &object)?,
            _ => vec![self.step(objects, &output, true)?],
        };
        let tools: Vec<String> = steps.iter().map(|(tool, _)| tool.identity()).collect();
        let lines: Vec<String> = steps
            .iter()
            .map(|(_, command)| command::shown(command))
            .collect();
        let mut recipe = format!(
            "{}\n{}{}",
            lines.join("\n"),
            tools.join("\n"),
            variables(self.context)
        );
        let last = match self.target() {
            Target::Ve1Llvm => Some(ve_library::VeLink::new(
                self.context,
                self.kernels,
                &self.options,
                &self.toolchain,
                self.clang()?,
                &dir,
            )),
            _ => None,
        };
        if let Some(last) = &last {
            recipe += &last.recipe();
        }
        let log_file = dir.join("link.log");
        let missing_file = dir.join("missing.txt");
        if let Some(inputs) = stamp::up_to_date(&output, &recipe) {
            let log = fs::read_to_string(log_file).unwrap_or_default();
            let missing = fs::read_to_string(missing_file).unwrap_or_default();
            return Ok(Linked {
                path: output,
                inputs,
                log,
                missing: missing.lines().map(MissingSymbol::parse).collect(),
                ran: Vec::new(),
            });
        }
        stamp::remove(&output);
        let _ = fs::remove_file(&object);
        // The linker must make a new file. A program may still map the old one through its other name.
        let _ = fs::remove_file(&output);
        let (mut log, mut ran, mut missing) = (String::new(), Vec::new(), Vec::new());
        for (tool, mut command) in steps {
            let doing = format!(
                "{} for {}: linking with {}",
                self.kernels.name,
                self.target(),
                tool.name()
            );
            let result = match command::run(&mut command, &doing) {
                Err(refused) if self.target() != Target::Ve1Llvm => {
                    // The process that loads the library may define what is undefined here.
                    (_, command) = self.step(objects, &output, false)?;
                    let _ = fs::remove_file(&output);
                    let said = command::run(&mut command, &doing)?;
                    missing = missing::of(&output, &refused.to_string(), &self.sources);
                    Ok(said)
                }
                result => result,
            };
            log += &result?;
            ran.push(command::shown(&command));
        }
        if let Some(last) = last {
            let made = object.is_file().then_some(object);
            let done = last.run(made, &output)?;
            log += &done.log;
            ran.extend(done.ran);
            missing = done.missing;
        }
        self.check(&output)?;
        let inputs = self.inputs(objects);
        context::write_if_changed(&log_file, log.as_bytes())?;
        let lines: String = missing.iter().map(|it| format!("{it}\n")).collect();
        context::write_if_changed(&missing_file, lines.as_bytes())?;
        stamp::write(&output, &recipe, &inputs)?;
        Ok(Linked {
            path: output,
            inputs,
            log,
            missing,
            ran,
        })
    }

    /// The flags of the sources for the compiler that links. It gets all flags for itself. It also gets the flags for other
    /// languages and for single files, if it accepts them.
    fn flags(&self, compiler: &Tool, language: Language) -> Result<Vec<OsString>> {
        let (context, target) = (self.context, self.target());
        let mut flags = args::flags(context, target, language, &self.options)?;
        let mut others = self.options.flags_if_supported.clone();
        for (_, of_file) in &self.kernels.by_file {
            others.extend(args::rooted(context, &of_file.flags));
            others.extend(of_file.flags_if_supported.iter().cloned());
        }
        for &other in self.languages.iter().filter(|other| **other != language) {
            others.extend(args::flags_from_env(context, target, other)?);
        }
        for flag in others {
            if !flags.contains(&flag) && tool::accepts(context, compiler, language, &[], &[&flag])?
            {
                flags.push(flag);
            }
        }
        Ok(flags)
    }

    /// The compiler driver of the highest language, or NEC's `mk_veorun_static`.
    fn step(&self, objects: &[PathBuf], output: &Path, complete: bool) -> Result<(Tool, Command)> {
        let highest = self.languages.last().copied().unwrap_or(Language::C);
        let link = args::LinkInputs {
            objects: objects.to_vec(),
            options: &self.options,
            output,
            flags: self.flags(self.toolchain.compiler(highest)?, highest)?,
            complete,
            fortran_runtime: self.fortran_runtime(highest)?,
            sanitizers: self.sanitizers(highest)?,
        };
        let (tool, args) = match &self.toolchain.mk_veorun {
            Some(tool) if self.kernels.kind == ProductKind::StaticVeorun => (
                tool,
                args::static_veorun(self.context, self.kernels, self.target(), link)?,
            ),
            _ => {
                let tool = self.toolchain.compiler(highest)?;
                (
                    tool,
                    args::link(self.context, self.kernels, self.target(), link)?,
                )
            }
        };
        let mut command = tool.command(&self.context.env, &self.context.package);
        command.args(args.0);
        Ok((tool.clone(), command))
    }

    /// The flags for the sanitizers of the sources, for the compiler that links.
    fn sanitizers(&self, language: Language) -> Result<Vec<OsString>> {
        if self.target() != Target::Host {
            return Ok(Vec::new());
        }
        let chosen = sanitize::chosen(self.context, self.kernels)?;
        let compiler = self.toolchain.compiler(language)?;
        sanitize::link_flags(self.context, self.kernels, &chosen, compiler)
    }

    /// The libraries that a compiler of another language must link for Fortran objects.
    fn fortran_runtime(&self, highest: Language) -> Result<Vec<OsString>> {
        if highest == Language::Fortran || !self.languages.contains(&Language::Fortran) {
            return Ok(Vec::new());
        }
        let with_dir = |dir: &Path, name: &str| {
            let mut search = OsString::from("-L");
            search.push(dir);
            vec![search, name.into()]
        };
        if self.target().is_nec() {
            let dirs = toolchain::nec_fortran_runtime(self.context);
            return Ok(dirs.first().map_or_else(Vec::new, |dir| {
                let mut args = with_dir(dir, "-lnfort");
                let mut rpath = OsString::from("-Wl,-rpath,");
                rpath.push(dir);
                args.push(rpath);
                args
            }));
        }
        let fortran = self.toolchain.compiler(Language::Fortran)?;
        if !fortran.version.contains("GNU Fortran") {
            return Ok(Vec::new());
        }
        let mut command = fortran.command(&self.context.env, &self.context.package);
        let path = command::run(
            command.arg("-print-file-name=libgfortran.so"),
            "finding Fortran's runtime",
        )?;
        let path = Path::new(path.trim());
        Ok(match path.parent().filter(|_| path.is_absolute()) {
            Some(dir) => with_dir(dir, "-lgfortran"),
            None => vec!["-lgfortran".into()],
        })
    }

    /// Joins the IR of all sources and compiles it to one object, `object`.
    fn llvm_steps(
        &self,
        parts: &[PathBuf],
        dir: &Path,
        object: &Path,
    ) -> Result<Vec<(Tool, Command)>> {
        let (context, kernels) = (self.context, self.kernels);
        let mut parts = parts.to_vec();
        let (ir, _) = ve_library::extra(context, &self.options);
        parts.extend(ir);
        let clang = self.clang()?;
        let mut steps = Vec::new();
        if parts.len() > 1 {
            let linker = self.toolchain.llvm_link.as_ref().ok_or_else(|| {
                Error::new(
                    ErrorKind::ToolNotFound,
                    format!("{} for {}: no llvm-link", kernels.name, self.target()),
                )
            })?;
            let whole = dir.join("whole.bc");
            let mut join = linker.command(&context.env, &context.package);
            join.args(&parts).arg("-o").arg(&whole);
            steps.push((linker.clone(), join));
            parts = vec![whole];
        }
        if parts.is_empty() {
            return Ok(steps);
        }
        let level = self
            .options
            .opt_level
            .as_deref()
            .unwrap_or(&context.opt_level);
        let mut compile = clang.command(&context.env, &context.package);
        compile
            .arg(toolchain::LLVM_TARGET)
            .arg(format!("-O{level}"))
            .args(["-fpic", "-c"])
            .args(&parts)
            .arg("-o")
            .arg(object);
        steps.push((clang.clone(), compile));
        Ok(steps)
    }

    /// The compiler that makes code for the VE of IR.
    fn clang(&self) -> Result<&Tool> {
        match self.languages.last() {
            Some(Language::Cxx) => self.toolchain.compiler(Language::Cxx),
            _ => self.toolchain.compiler(Language::C),
        }
    }

    fn inputs(&self, objects: &[PathBuf]) -> Vec<StampedFile> {
        let mut inputs: Vec<StampedFile> = objects.iter().map(StampedFile::file).collect();
        inputs.extend(
            args::extra_objects(self.context, &self.options)
                .into_iter()
                .map(|file| StampedFile::of(self.context, file)),
        );
        for dir in &self.options.link_search {
            for name in &self.options.link_libs {
                let files = [format!("lib{name}.so"), format!("lib{name}.a")];
                let files = files
                    .iter()
                    .map(|file| self.context.package.join(dir).join(file));
                inputs.extend(files.filter(|file| file.is_file()).map(StampedFile::file));
            }
        }
        inputs
    }

    /// Checks the machine of the file. A wrong tool behind a name would otherwise show only when a program runs.
    fn check(&self, output: &Path) -> Result<()> {
        let wrong = |what: String| {
            Err(Error::new(
                ErrorKind::WrongOutput,
                format!(
                    "{} for {}: {} made {what}",
                    self.kernels.name,
                    self.target(),
                    self.toolchain.described()
                ),
            ))
        };
        let Ok((mut file, _)) = elf::open(output) else {
            return wrong(format!("no {}", output.display()));
        };
        let headers = Headers::read(&mut file);
        let Some((machine, arch)) = self.target().elf() else {
            let cpu = self.context.target.split('-').next().unwrap_or_default();
            return match (elf::machine_of(cpu), headers) {
                (Some(machine), Some(found)) if found.machine != machine => wrong(format!(
                    "machine code for ELF machine {} and not for {cpu} ({machine})",
                    found.machine
                )),
                _ => Ok(()),
            };
        };
        let Some(found) = headers else {
            return wrong("a file that is not 64-bit ELF".into());
        };
        if found.machine != machine {
            return wrong(format!(
                "machine code for ELF machine {} and not for the VE ({machine})",
                found.machine
            ));
        }
        if found.flags & 0xf != arch {
            return wrong(format!(
                "code for another VE (ELF flags {:#x})",
                found.flags
            ));
        }
        Ok(())
    }
}
