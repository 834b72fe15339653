//! Sources: files, patterns of files, and inline text.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::context::{self, Context};
use crate::{Error, ErrorKind, Result};

/// The language of a kernel source, by its file name. If a library has several languages, the last one in the order C,
/// Fortran, C++ decides which compiler links it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// `.c`
    C,
    /// `.f .for .ftn .f77 .f90 .f95 .f03 .f08 .f18`, also in capitals
    Fortran,
    /// `.cc .cpp .cxx .c++ .C`
    Cxx,
}

impl Language {
    /// The language of a file name, or `None` if it is not the name of a source.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        match extension {
            "C" => return Some(Self::Cxx),
            "c" => return Some(Self::C),
            _ => {}
        }
        match extension.to_ascii_lowercase().as_str() {
            "cc" | "cpp" | "cxx" | "c++" => Some(Self::Cxx),
            "f" | "for" | "ftn" | "f77" | "f90" | "f95" | "f03" | "f08" | "f18" => {
                Some(Self::Fortran)
            }
            _ => None,
        }
    }

    /// The name of the language.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::C => "C",
            Self::Fortran => "Fortran",
            Self::Cxx => "C++",
        }
    }
}

/// A source as the build script named it.
#[derive(Clone, Debug)]
pub(crate) enum SourceOrigin {
    File(PathBuf),
    Glob(String),
    Inline { name: String, text: String },
}

/// One source to compile.
#[derive(Clone, Debug)]
pub(crate) struct KernelSource {
    /// The name in the build script, for messages and for [`crate::Kernels::for_file`].
    pub(crate) label: PathBuf,
    /// The file itself, absolute.
    pub(crate) path: PathBuf,
    pub(crate) language: Language,
    /// A unique name, without suffix, for files made from this source.
    pub(crate) key: String,
}

impl KernelSource {
    /// Whether `path` in the build script means this source. Different spellings of a path count as equal.
    pub(crate) fn is(&self, context: &Context, path: &Path) -> bool {
        self.label == path || self.path == context.package.join(path)
    }
}

/// The sources, and the directories in which Cargo watches for new ones.
#[derive(Debug, Default)]
pub(crate) struct SourceList {
    pub(crate) list: Vec<KernelSource>,
    pub(crate) watched: Vec<PathBuf>,
}

/// Finds the files of `origins`, in order, without repeats.
pub(crate) fn collect(
    context: &Context,
    library: &str,
    origins: &[SourceOrigin],
    all_cxx: bool,
) -> Result<SourceList> {
    let mut sources = SourceList::default();
    let mut seen = BTreeSet::new();
    let add = |label: PathBuf,
               path: PathBuf,
               list: &mut Vec<KernelSource>,
               seen: &mut BTreeSet<PathBuf>|
     -> Result<()> {
        let mut language = Language::of(&label).ok_or_else(|| no_source(library, &label))?;
        if all_cxx && language == Language::C {
            language = Language::Cxx;
        }
        if !path.is_file() {
            let found = if path.exists() {
                "is not a file"
            } else if label.to_string_lossy().contains('*') {
                "does not exist; .glob(..) takes patterns"
            } else {
                "does not exist"
            };
            return Err(Error::new(
                ErrorKind::Io,
                format!(
                    "{library}: the source {} {found} ({})",
                    label.display(),
                    path.display()
                ),
            ));
        }
        if seen.insert(path.clone()) {
            let key = key(&path);
            list.push(KernelSource {
                label,
                path,
                language,
                key,
            });
        }
        Ok(())
    };
    for origin in origins {
        match origin {
            SourceOrigin::File(file) => add(
                file.clone(),
                context.package.join(file),
                &mut sources.list,
                &mut seen,
            )?,
            SourceOrigin::Glob(pattern) => {
                let (base, found) = expand(context, library, pattern)?;
                sources.watched.push(base);
                for path in found {
                    let label = path
                        .strip_prefix(&context.package)
                        .unwrap_or(&path)
                        .to_owned();
                    add(label, path, &mut sources.list, &mut seen)?;
                }
            }
            SourceOrigin::Inline { name, text } => {
                if Path::new(name).components().count() != 1 {
                    return Err(Error::invalid(format!(
                        "{library}: the inline source `{name}` must be named like a file, for example scale.c"
                    )));
                }
                let path = context.work_dir("inline", library).join(name);
                if seen.contains(&path) {
                    return Err(Error::invalid(format!(
                        "{library}: two inline sources are named `{name}`"
                    )));
                }
                context::write_if_changed(&path, text.as_bytes())?;
                add(PathBuf::from(name), path, &mut sources.list, &mut seen)?;
            }
        }
    }
    Ok(sources)
}

/// The error for a file that no compiler accepts.
fn no_source(library: &str, label: &Path) -> Error {
    let extension = label.extension().unwrap_or_default().to_string_lossy();
    let instead = match &*extension.to_ascii_lowercase() {
        "h" | "hh" | "hpp" | "hxx" | "inc" | "mod" => {
            "leave headers to the sources that include them; .include(..) names their directory"
        }
        _ => {
            "C is .c, C++ .cc .cpp .cxx .C, Fortran .f .f90 .f95 .f03 .f08; objects and archives go to .object(..)"
        }
    };
    Error::invalid(format!(
        "{library}: {} is not a source by its name; {instead}",
        label.display()
    ))
}

/// The files that match a pattern, sorted, and the directory that contains all possible matches.
fn expand(context: &Context, library: &str, pattern: &str) -> Result<(PathBuf, Vec<PathBuf>)> {
    let package = glob::Pattern::escape(&context.package.to_string_lossy());
    let full = if Path::new(pattern).is_absolute() {
        pattern.to_string()
    } else {
        format!("{package}/{pattern}")
    };
    let invalid = |e: glob::PatternError| {
        Error::invalid(format!(
            "{library}: the pattern `{pattern}` is not valid: {e}"
        ))
    };
    // The pattern is checked alone first, so that positions in an error count from its own beginning.
    glob::Pattern::new(pattern).map_err(invalid)?;
    let paths = glob::glob(&full).map_err(invalid)?;
    let mut found = Vec::new();
    for path in paths {
        let path = path.map_err(|e| {
            Error::io(
                format_args!("{library}: the pattern `{pattern}`"),
                e.error(),
            )
        })?;
        if path.is_file() {
            found.push(path);
        }
    }
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']))
        .collect();
    let mut base = context.package.join(fixed);
    if base.is_file() {
        base.pop();
    }
    distinct(context, &base, &mut found);
    if found.is_empty() {
        return Err(Error::invalid(format!(
            "{library}: the pattern `{pattern}` matches no file in {}",
            context.package.display()
        )));
    }
    Ok((base, found))
}

/// Removes matches that nobody wants: files of Cargo and of this build below the start of the pattern, and further links to the
/// same file. Sorts the rest.
fn distinct(context: &Context, base: &Path, found: &mut Vec<PathBuf>) {
    let kept = |path: &Path| {
        let mut dirs = path.ancestors().skip(1);
        dirs.by_ref()
            .take_while(|dir| *dir != base && dir.starts_with(base))
            .any(|dir| dir == context.out || dir.join("CACHEDIR.TAG").is_file())
    };
    found.retain(|path| !kept(path));
    found.sort_by_key(|path| path.components().count());
    let mut seen = BTreeSet::new();
    found.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    found.sort();
}

/// A readable file name for files of `path`. A hash of the whole path makes it unique.
fn key(path: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    format!("{stem}-{:08x}", hasher.finish() as u32)
}
