//! Links objects for the VE: with the linker in `elf`, or with the one that `VEO_VE_LINKER` names.
//!
//! LLVM's code calls some functions that no library of the card is known to have. Those that a library asks for are compiled from
//! the sources in `runtime` and linked with it, hidden from others.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use veo_debuginfo::elf::Headers;
use veo_debuginfo::{Linkage, dynamic_symbols};

use crate::args;
use crate::command;
use crate::context::{self, Context};
use crate::elf;
use crate::headers;
use crate::kernels::Kernels;
use crate::missing::MissingSymbol;
use crate::options::Options;
use crate::tool::Tool;
use crate::toolchain::{self, Toolchain};
use crate::{Error, ErrorKind, Result};

/// A source of `runtime`: its name, its text, the names that it is linked for.
struct Helper {
    file: &'static str,
    text: &'static str,
    names: &'static [&'static str],
}

const HELPERS: [Helper; 3] = [
    // Its destructor must run after all others, so it comes first.
    Helper {
        file: "finalize.c",
        text: include_str!("../runtime/finalize.c"),
        names: &["__dso_handle"],
    },
    Helper {
        file: "stack.s",
        text: include_str!("../runtime/stack.s"),
        names: &["__ve_grow_stack", "__ve_grow_stack_align"],
    },
    Helper {
        file: "int128.c",
        text: include_str!("../runtime/int128.c"),
        names: &[
            "__ashlti3",
            "__ashrti3",
            "__divmodti4",
            "__divti3",
            "__fixdfti",
            "__fixsfti",
            "__fixunsdfti",
            "__fixunssfti",
            "__floattidf",
            "__floattisf",
            "__floatuntidf",
            "__floatuntisf",
            "__lshrti3",
            "__modti3",
            "__multi3",
            "__udivmodti4",
            "__udivti3",
            "__umodti3",
        ],
    },
];

/// Names that the card's libraries have and no header of the C library declares.
const PRESENT: [&str; 6] = [
    "__cxa_atexit",
    "__cxa_thread_atexit_impl",
    "__errno_location",
    "__tls_get_addr",
    "sincos",
    "sincosf",
];

/// Extra objects of a library: LLVM IR, and objects.
pub(crate) fn extra(context: &Context, options: &Options) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let files = args::extra_objects(context, options).into_iter();
    files.partition(|file| {
        let extension = file.extension().unwrap_or_default();
        extension == "bc" || extension == "ll"
    })
}

/// The link of one library.
pub(crate) struct VeLink<'a> {
    context: &'a Context,
    kernels: &'a Kernels,
    options: &'a Options,
    toolchain: &'a Toolchain,
    clang: &'a Tool,
    dir: &'a Path,
}

/// The results of a link beside the library.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) log: String,
    pub(crate) ran: Vec<String>,
    pub(crate) missing: Vec<MissingSymbol>,
}

impl<'a> VeLink<'a> {
    pub(crate) fn new(
        context: &'a Context,
        kernels: &'a Kernels,
        options: &'a Options,
        toolchain: &'a Toolchain,
        clang: &'a Tool,
        dir: &'a Path,
    ) -> Self {
        VeLink {
            context,
            kernels,
            options,
            toolchain,
            clang,
            dir,
        }
    }

    /// The inputs of a link beside file contents.
    pub(crate) fn recipe(&self) -> String {
        let linker = match &self.toolchain.ve_linker {
            Some(tool) => tool.identity(),
            None => format!("our linker, version {}", elf::VERSION),
        };
        let (_, objects) = extra(self.context, self.options);
        let libraries: Vec<PathBuf> = self.libraries().collect();
        let helpers: String = HELPERS.iter().map(|helper| helper.text).collect();
        let args = &self.options.link_args;
        format!("\n{linker}\n{objects:?}\n{libraries:?}\n{args:?}\n{helpers}")
    }

    /// Links the object of all sources, if there are any, and what else the build names.
    pub(crate) fn run(&self, object: Option<PathBuf>, output: &Path) -> Result<Done> {
        let (_, extra) = extra(self.context, self.options);
        if let Some(archive) = extra
            .iter()
            .find(|file| file.extension().is_some_and(|it| it == "a"))
            && self.toolchain.ve_linker.is_none()
        {
            return Err(Error::invalid(format!(
                "{} for ve1-llvm: {} is an archive, which veo-build's own linker does not take; give its objects, or name another linker in VEO_VE_LINKER",
                self.kernels.name,
                archive.display()
            )));
        }
        let mut done = Done::default();
        let mut files: Vec<PathBuf> = object.into_iter().chain(extra).collect();
        let objects = self.read(&files)?;
        let asked = elf::asked(&objects);
        let (mut first, mut last) = (Vec::new(), Vec::new());
        for helper in &HELPERS {
            if !helper.names.iter().any(|name| asked.contains(*name)) {
                continue;
            }
            let place = match helper.file {
                "finalize.c" => &mut first,
                _ => &mut last,
            };
            place.push(self.helper(helper, &mut done)?);
        }
        files = [first, files, last].concat();
        match &self.toolchain.ve_linker {
            Some(linker) => self.by_tool(linker, &files, output, &mut done)?,
            None => self.by_us(&files, output, &mut done)?,
        }
        Ok(done)
    }

    fn by_us(&self, files: &[PathBuf], output: &Path, done: &mut Done) -> Result<()> {
        let objects = self.read(files)?;
        let mut elsewhere = BTreeSet::new();
        let mut needed = Vec::new();
        for file in self.libraries() {
            let bytes = context::read(&file)?;
            let defined = dynamic_symbols(&bytes).into_iter();
            let defined = defined.filter(|it| it.is_defined);
            elsewhere.extend(defined.map(|it| it.name.to_owned()));
            let name = Linkage::read(&bytes).and_then(|it| it.name);
            let file_name = || {
                file.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            };
            needed.push(name.unwrap_or_else(file_name));
        }
        let options = elf::LinkOptions {
            soname: self.kernels.name.clone(),
            needed,
        };
        let library = elf::link(&objects, &options).map_err(|mistakes| {
            let text = mistakes.join("\n  ");
            let doing = format!("{} for ve1-llvm: it cannot be linked", self.kernels.name);
            Error::new(ErrorKind::ToolFailed, format!("{doing}:\n  {text}"))
        })?;
        let is_present =
            |name: &str| PRESENT.contains(&name) || elsewhere.contains(name) || headers::has(name);
        let missing = library.undefined.into_iter();
        let missing = missing.filter(|it| !is_present(&it.name));
        let missing: Vec<MissingSymbol> = missing
            .map(|it| MissingSymbol::at(it.name, it.place))
            .collect();
        // These options mean the same as to the host's linker, as far as a library for the VE can.
        let is_told = |word: &str| self.options.link_args.iter().any(|arg| arg == word);
        if is_told("-Wl,-z,defs") && !missing.is_empty() {
            let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
            return Err(Error::new(
                ErrorKind::ToolFailed,
                format!(
                    "{} for ve1-llvm: nothing that is linked defines {}; link what does, or leave out -Wl,-z,defs",
                    self.kernels.name,
                    missing.join(", ")
                ),
            ));
        }
        if !is_told("-Wl,-z,undefs") {
            done.missing = missing;
        }
        let fail = |e| Error::io(format_args!("cannot write {}", output.display()), &e);
        fs::write(output, library.bytes).map_err(fail)
    }

    /// A compiler knows how to link for the card; a linker gets the options that the card's loader insists on.
    fn by_tool(
        &self,
        linker: &Tool,
        files: &[PathBuf],
        output: &Path,
        done: &mut Done,
    ) -> Result<()> {
        let program = linker.files().first().and_then(|file| file.file_name());
        let program = program.unwrap_or_default().to_string_lossy().into_owned();
        let is_compiler = ["ncc", "nc++", "nfort", "clang"]
            .iter()
            .any(|name| program.starts_with(name));
        let name = &self.kernels.name;
        let mut command = linker.command(&self.context.env, &self.context.package);
        command.arg("-shared");
        if is_compiler {
            command.arg(format!("-Wl,-soname,{name}"));
        } else {
            command.args(["-m", "elf64ve", "-z", "max-page-size=0x4000000"]);
            command.args(["-Bsymbolic", "-soname", name]);
        }
        command.arg("-o").arg(output).args(files);
        command.args(self.libraries());
        self.call(
            &mut command,
            &format!("linking with {}", linker.name()),
            done,
        )
    }

    /// Compiles a source of `runtime`.
    fn helper(&self, helper: &Helper, done: &mut Done) -> Result<PathBuf> {
        let dir = self.dir.join("runtime");
        context::make_dir(&dir)?;
        let source = dir.join(helper.file);
        context::write_if_changed(&source, helper.text.as_bytes())?;
        let object = source.with_extension("o");
        let mut command = self.clang.command(&self.context.env, &dir);
        command
            .args([toolchain::LLVM_TARGET, "-fpic", "-c"])
            .args(helper.file.ends_with(".c").then_some("-O2"))
            .args(helper.file.ends_with(".c").then_some("-ffreestanding"))
            .arg(helper.file)
            .arg("-o")
            .arg(&object);
        self.call(&mut command, &format!("compiling {}", helper.file), done)?;
        Ok(object)
    }

    fn call(&self, command: &mut Command, doing: &str, done: &mut Done) -> Result<()> {
        let doing = format!("{} for ve1-llvm: {doing}", self.kernels.name);
        done.log += &command::run(command, &doing)?;
        done.ran.push(command::shown(command));
        Ok(())
    }

    /// The libraries that this one needs, as far as they are there for the VE.
    fn libraries(&self) -> impl Iterator<Item = PathBuf> {
        self.options.link_libs.iter().filter_map(|name| {
            let name = format!("lib{name}.so");
            let dirs = self.options.link_search.iter();
            let mut files = dirs.map(|dir| self.context.package.join(dir).join(&name));
            let file = files.find(|file| file.is_file())?;
            let (mut open, _) = veo_debuginfo::elf::open(&file).ok()?;
            let headers = Headers::read(&mut open)?;
            (headers.machine == veo_debuginfo::elf::VE).then_some(file)
        })
    }

    /// The objects, each with the name that messages call it by.
    fn read(&self, files: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>> {
        let read = |file: &PathBuf| {
            let shown = file.strip_prefix(&self.context.package).unwrap_or(file);
            let is_whole = file.parent() == Some(self.dir);
            let name = if is_whole {
                self.kernels.name.clone()
            } else {
                shown.display().to_string()
            };
            Ok((name, context::read(file)?))
        };
        files.iter().map(read).collect()
    }
}
