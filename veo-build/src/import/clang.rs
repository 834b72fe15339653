//! Lets clang read the header, through bindgen.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bindgen::callbacks::{
    DiscoveredItem, DiscoveredItemId, MacroParsingBehavior, ParseCallbacks, SourceLocation,
};
use bindgen::{BindgenError, Builder, EnumVariation, Formatter};
use regex::Regex;

use super::cursors::{self, View};
use crate::context::Context;
use crate::directives::Directives;
use crate::headers;
use crate::import_options::Import;
use crate::kernels::Kernels;
use crate::{Error, ErrorKind, Result};

/// The file name that clang sees for the line that includes the header.
const LINE: &str = "veo_import.h";

/// Variables that libclang, clang and bindgen read.
const VARIABLES: [&str; 7] = [
    "LIBCLANG_PATH",
    "CLANG_PATH",
    "LLVM_CONFIG_PATH",
    "BINDGEN_EXTRA_CLANG_ARGS",
    "CPATH",
    "C_INCLUDE_PATH",
    "SYSROOT",
];

/// A header that clang reads, maybe several times.
pub(super) struct HeaderReader<'a> {
    header: &'a Path,
    line: String,
    /// Regular expressions for the files whose declarations are imported.
    patterns: Vec<String>,
    arguments: Vec<String>,
    seen: SeenHeaders,
}

/// Records what clang saw.
#[derive(Clone, Debug, Default)]
struct SeenHeaders(Arc<Mutex<SeenFiles>>);

#[derive(Debug, Default)]
struct SeenFiles {
    files: Vec<PathBuf>,
    /// How many functions each file declares.
    functions: BTreeMap<String, usize>,
}

impl ParseCallbacks for SeenHeaders {
    fn header_file(&self, filename: &str) {
        self.include_file(filename);
    }

    fn include_file(&self, filename: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.files.push(PathBuf::from(filename));
    }

    fn read_env_var(&self, _: &str) {}

    /// Ignores macros. C computes their values, see [`super::values`]; bindgen's own calculator would abort the build script at `1/0`.
    fn will_parse_macro(&self, _: &str) -> MacroParsingBehavior {
        MacroParsingBehavior::Ignore
    }

    fn new_item_found(
        &self,
        _: DiscoveredItemId,
        item: DiscoveredItem,
        location: Option<&SourceLocation>,
    ) {
        if let (DiscoveredItem::Function { .. }, Some(location)) = (item, location)
            && let Some(file) = &location.file_name
        {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *seen.functions.entry(file.clone()).or_default() += 1;
        }
    }
}

impl<'a> HeaderReader<'a> {
    pub fn new(
        context: &Context,
        kernels: &Kernels,
        import: &'a Import,
        directives: &mut Directives,
    ) -> Result<Self> {
        for name in VARIABLES {
            context.env.get(name);
        }
        if let Some(target) = context
            .env
            .quiet("TARGET")
            .and_then(|it| it.into_string().ok())
        {
            context
                .env
                .get(&format!("BINDGEN_EXTRA_CLANG_ARGS_{target}"));
        }
        load_libclang(import).inspect_err(|_| {
            // Cargo treats a missing file as changed, so the script runs again. By then libclang may be installed.
            directives.watch(&context.package.join("libclang.so"));
        })?;
        let header = &import.header;
        let path = context.package.join(header);
        let (line, pattern) = if path.is_file() {
            let path = utf8(&path)?;
            (format!("#include \"{path}\"\n"), regex::escape(path))
        } else {
            let path = utf8(header)?;
            (
                format!("#include <{path}>\n"),
                format!("(.*/)?{}", regex::escape(path)),
            )
        };
        let also = import.also_from.iter().cloned();
        Ok(HeaderReader {
            header,
            line,
            patterns: [pattern].into_iter().chain(also).collect(),
            arguments: arguments(context, kernels, import)?,
            seen: SeenHeaders::default(),
        })
    }

    /// Rust declarations of everything that the header declares.
    pub fn read(&self) -> Result<syn::File> {
        self.generate(self.chosen(""))
    }

    /// As [`read`](Self::read), with these lines of C after the header, with functions that the header defines, and with
    /// variables whose names match.
    pub fn read_with(&self, lines: &str, variables: &str) -> Result<syn::File> {
        let builder = |arguments: &[&str]| {
            self.chosen(lines)
                .clang_args(arguments)
                .generate_inline_functions(true)
                .allowlist_var(variables)
                .allowlist_function(variables)
        };
        // Clang leaves out static functions. The first try removes `static`; if the header needs it, the second try keeps it.
        self.generate(builder(&["-Dstatic="]))
            .or_else(|_| self.generate(builder(&[])))
    }

    /// The header and all files that it includes.
    pub fn files(&self) -> Vec<PathBuf> {
        let seen = self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files = seen.files.clone();
        files.sort();
        files.dedup();
        files.retain(|file| file.is_file());
        files
    }

    /// Whether the header is a file of the package, not one that clang searched for.
    pub fn is_in_package(&self) -> bool {
        self.line.contains('"')
    }

    /// The files whose declarations are imported.
    pub fn imported_files(&self) -> Vec<PathBuf> {
        let patterns = self.patterns.iter();
        let patterns: Vec<Regex> = patterns
            .filter_map(|pattern| Regex::new(&format!("^(?:{pattern})$")).ok())
            .collect();
        let mut files = self.files();
        files.retain(|file| {
            let file = file.to_string_lossy();
            patterns.iter().any(|pattern| pattern.is_match(&file))
        });
        files
    }

    /// Facts that clang knows and the bindings lack.
    pub fn view(&self) -> View {
        cursors::view(LINE, &self.line, &self.arguments)
    }

    /// The lines after the header, counted from 0, in which clang finds errors.
    pub fn wrong_lines(&self, lines: &str) -> Vec<usize> {
        let source = format!("{}{lines}", self.line);
        let wrong = cursors::wrong_lines(LINE, &source, &self.arguments);
        // The first line includes the header.
        let after = wrong.into_iter().filter_map(|line| line.checked_sub(2));
        after.collect()
    }

    /// The number of functions in each file that the header includes.
    pub fn functions_of_all_files(&self) -> Vec<(String, usize)> {
        let seen = SeenHeaders::default();
        let builder = self.builder("").parse_callbacks(Box::new(seen.clone()));
        if self.generate(builder).is_err() {
            return Vec::new();
        }
        let seen = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts: Vec<_> = seen.functions.clone().into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    fn chosen(&self, lines: &str) -> Builder {
        let mut builder = self
            .builder(lines)
            .parse_callbacks(Box::new(self.seen.clone()));
        for pattern in &self.patterns {
            builder = builder.allowlist_file(pattern);
        }
        builder
    }

    fn builder(&self, lines: &str) -> Builder {
        Builder::default()
            .header_contents(LINE, &format!("{}{lines}", self.line))
            .clang_args(&self.arguments)
            .clang_args(["-ferror-limit=0", "-Wno-builtin-macro-redefined"])
            .use_core()
            .default_enum_style(EnumVariation::Consts)
            .translate_enum_integer_types(true)
            .prepend_enum_name(false)
            .derive_debug(false)
            .merge_extern_blocks(true)
            .formatter(Formatter::None)
    }

    fn generate(&self, builder: Builder) -> Result<syn::File> {
        let header = self.header.display();
        let bindings = match catch_unwind(AssertUnwindSafe(|| builder.generate())) {
            Ok(Ok(bindings)) => bindings,
            Ok(Err(error)) => return Err(self.refused(&error)),
            Err(_) => {
                return Err(Error::new(
                    ErrorKind::ToolCrashed,
                    format!(
                        "{header}: libclang or bindgen crashed while reading it; their output is above"
                    ),
                ));
            }
        };
        syn::parse_file(&bindings.to_string()).map_err(|error| {
            Error::new(
                ErrorKind::WrongOutput,
                format!("{header}: bindgen wrote declarations that cannot be read: {error}"),
            )
        })
    }

    fn refused(&self, error: &BindgenError) -> Error {
        let header = self.header.display();
        let said = match error {
            BindgenError::ClangDiagnostic(said) => said.clone(),
            other => other.to_string(),
        };
        let missing = said.contains("file not found");
        let text = if missing && said.contains(&format!("{LINE}:1:")) {
            let searched: String = self
                .arguments
                .iter()
                .filter_map(|argument| argument.strip_prefix("-I"))
                .map(|dir| format!("\n  {dir}"))
                .collect();
            format!(
                "{header}: there is no such header in the package, in clang's own directories or in one of these:{searched}\n\n\
                 help: give the path from the package, or add the directory of the header with .include(..)"
            )
        } else {
            let mut text = format!("{header}: clang cannot read it:\n{}", said.trim_end());
            if missing {
                text.push_str(
                    "\n\nhelp: add the directory of the missing header with .include(..)",
                );
            } else if is_cpp(&said) {
                text.push_str(
                    "\n\nhelp: this is C++, which is read with import.clang_arg(\"-xc++\"); kernels are its functions in extern \"C\"",
                );
            } else if said.contains("unknown type name") {
                text.push_str(
                    "\n\nhelp: if the header relies on another one, include that first with \
                     import.clang_arg(\"-include\").clang_arg(\"stdio.h\"); if it relies on a macro, set it with .define(..)",
                );
            }
            text
        };
        Error::new(ErrorKind::ToolFailed, text)
    }
}

/// Whether clang, which has read C, stumbled over words of C++.
fn is_cpp(said: &str) -> bool {
    let words = ["namespace", "class", "template", "using", "constexpr"];
    let unknown = |word: &&str| said.contains(&format!("unknown type name '{word}'"));
    words.iter().any(unknown)
}

fn load_libclang(import: &Import) -> Result<()> {
    if clang_sys::is_loaded() {
        return Ok(());
    }
    clang_sys::load().map_err(|why| {
        Error::new(
            ErrorKind::ToolNotFound,
            format!(
                "{}: libclang is needed to import a header and was not found: {why}\n\n\
                 help: install it (Debian: libclang-dev), or set LIBCLANG_PATH to the directory of libclang.so",
                import.header.display()
            ),
        )
    })
}

/// The include directories and definitions of the library, for clang.
fn arguments(context: &Context, kernels: &Kernels, import: &Import) -> Result<Vec<String>> {
    let mut arguments = vec!["-x".to_owned(), "c".to_owned()];
    for dir in kernels.all.includes.iter().chain([&PathBuf::from(".")]) {
        arguments.push(format!("-I{}", utf8(&context.package.join(dir))?));
    }
    // Headers that kernels may include beside their own (`veo_ve.h`, `veo_hmem.h`).
    arguments.push(format!(
        "-I{}",
        utf8(&context.out.join(headers::INTERFACE_DIR))?
    ));
    for (name, value) in &kernels.all.defines {
        arguments.push(match value {
            Some(value) => format!("-D{name}={value}"),
            None => format!("-D{name}"),
        });
    }
    arguments.extend(import.clang_args.iter().cloned());
    Ok(arguments)
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        Error::invalid(format!(
            "{}: libclang takes only paths in UTF-8; rename it",
            path.display()
        ))
    })
}
