//! The header as clang understands it, by way of bindgen.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bindgen::callbacks::ParseCallbacks;
use bindgen::{Builder, EnumVariation, Formatter};

use super::Import;
use crate::context::Context;
use crate::headers;
use crate::kernels::Kernels;
use crate::{Error, ErrorKind, Result};

/// What clang found in a header.
pub(super) struct Parsed {
    /// Rust declarations of everything in it.
    pub bindings: syn::File,
    /// The header and all that it includes.
    pub files: Vec<PathBuf>,
}

/// Remembers which files were read.
#[derive(Clone, Debug, Default)]
struct Files(Arc<Mutex<Vec<PathBuf>>>);

impl ParseCallbacks for Files {
    fn header_file(&self, filename: &str) {
        self.include_file(filename);
    }

    fn include_file(&self, filename: &str) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.push(PathBuf::from(filename));
    }

    fn read_env_var(&self, _: &str) {}
}

/// Reads the header of an import.
pub(super) fn parse(context: &Context, kernels: &Kernels, import: &Import) -> Result<Parsed> {
    for name in [
        "LIBCLANG_PATH",
        "CLANG_PATH",
        "LLVM_CONFIG_PATH",
        "BINDGEN_EXTRA_CLANG_ARGS",
    ] {
        context.env.get(name);
    }
    load_libclang(import)?;
    let header = &import.header;
    let own = context.package.join(header);
    let (line, pattern) = if own.is_file() {
        let path = utf8(&own)?;
        (format!("#include \"{path}\"\n"), escape(path))
    } else {
        let path = utf8(header)?;
        (
            format!("#include <{path}>\n"),
            format!("(.*/)?{}", escape(path)),
        )
    };
    let files = Files::default();
    let mut builder = Builder::default()
        .header_contents("veo_import.h", &line)
        .parse_callbacks(Box::new(files.clone()))
        .clang_args(arguments(context, kernels, import)?)
        .clang_arg("-fparse-all-comments")
        .allowlist_file(pattern)
        .use_core()
        .default_enum_style(EnumVariation::Consts)
        .translate_enum_integer_types(true)
        .prepend_enum_name(false)
        .derive_debug(false)
        .merge_extern_blocks(true)
        .formatter(Formatter::None);
    for pattern in &import.also_from {
        builder = builder.allowlist_file(pattern);
    }
    let bindings = match catch_unwind(AssertUnwindSafe(|| builder.generate())) {
        Ok(Ok(bindings)) => bindings,
        Ok(Err(error)) => return Err(refused(header, own.is_file(), &error.to_string())),
        Err(_) => {
            return Err(Error::new(
                ErrorKind::ToolCrashed,
                format!(
                    "{}: libclang or bindgen failed while reading it; what they said is above",
                    header.display()
                ),
            ));
        }
    };
    let bindings = syn::parse_file(&bindings.to_string()).map_err(|error| {
        let header = header.display();
        Error::new(
            ErrorKind::WrongOutput,
            format!("{header}: the bindings cannot be read: {error}"),
        )
    })?;
    let files = files.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Parsed {
        bindings,
        files: files
            .iter()
            .filter(|file| file.is_file())
            .cloned()
            .collect(),
    })
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

fn refused(header: &Path, own: bool, said: &str) -> Error {
    let mut text = format!(
        "{}: clang cannot read it:\n{}",
        header.display(),
        said.trim_end()
    );
    if !own && said.contains("file not found") {
        text.push_str(
            "\n\nhelp: the header is neither in the package nor where clang searches; add its directory with .include(..)",
        );
    }
    Error::new(ErrorKind::ToolFailed, text)
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        Error::invalid(format!(
            "{}: libclang takes no path that is not UTF-8",
            path.display()
        ))
    })
}

/// A regular expression for exactly this text.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_alphanumeric() && !"/_ ".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
