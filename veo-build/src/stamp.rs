//! Records how a file was made, to decide whether it must be made again.
//!
//! A stamp is a text file beside the product. It holds the recipe (command, tools, variables), then every input file with its
//! time stamp and content hash. A product is up to date if the recipe is the same and no input file changed.
//!
//! A second file records where the preprocessor looked for included files, and a hash of its output. If no file appeared or
//! vanished in these places, the preprocessor would give the same output for the same files, so it does not run.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::UNIX_EPOCH;

use crate::Result;
use crate::context::{self, Context};

const SEPARATOR: &str = "made from:\n";

/// A file that went into a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StampedFile {
    pub(crate) path: PathBuf,
    /// Whether a new time stamp with the same content counts as a change. It counts for files that people edit, as in make.
    /// It does not count for files that a compiler or the build script writes each time (Fortran modules, headers in `OUT_DIR`).
    pub(crate) by_time: bool,
}

impl StampedFile {
    pub(crate) fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            by_time: true,
        }
    }

    pub(crate) fn content(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            by_time: false,
        }
    }

    /// A file of this build. Only its content counts if the build script makes it.
    pub(crate) fn of(context: &Context, path: PathBuf) -> Self {
        Self {
            by_time: !context.makes(&path),
            path,
        }
    }

    fn line(&self) -> String {
        let content = fs::read(&self.path).map_or_else(
            |_| "missing".to_string(),
            |bytes| {
                let mut hasher = DefaultHasher::new();
                hasher.write(&bytes);
                format!("{:016x}", hasher.finish())
            },
        );
        let time = if self.by_time {
            modified(&self.path).to_string()
        } else {
            "-".into()
        };
        format!("{time} {content} {}\n", self.path.display())
    }

    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(3, ' ');
        let (time, _, path) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            path: path.into(),
            by_time: time != "-",
        })
    }
}

fn modified(path: &Path) -> u128 {
    let time = path
        .metadata()
        .and_then(|metadata| metadata.modified())
        .ok();
    time.and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |time| time.as_nanos())
}

fn stamp_file(product: &Path) -> PathBuf {
    let mut name = product.file_name().unwrap_or_default().to_owned();
    name.push(".stamp");
    product.with_file_name(name)
}

fn head(recipe: &str) -> String {
    format!(
        "veo-build {}\n{recipe}\n{SEPARATOR}",
        env!("CARGO_PKG_VERSION")
    )
}

/// The inputs of `product`, if the product exists and neither its recipe nor its inputs changed.
pub(crate) fn up_to_date(product: &Path, recipe: &str) -> Option<Vec<StampedFile>> {
    let text = fs::read_to_string(stamp_file(product)).ok()?;
    let lines = text.strip_prefix(&head(recipe))?;
    let mut inputs = Vec::new();
    for line in lines.split_inclusive('\n') {
        let input = StampedFile::parse(line.trim_end_matches('\n'))?;
        if input.line() != line {
            return None;
        }
        inputs.push(input);
    }
    product.is_file().then_some(inputs)
}

/// Records how `product` was made.
pub(crate) fn write(product: &Path, recipe: &str, inputs: &[StampedFile]) -> Result<()> {
    let lines: String = inputs.iter().map(StampedFile::line).collect();
    context::write_if_changed(&stamp_file(product), (head(recipe) + &lines).as_bytes())
}

/// Forgets how `product` was made, before it is made again.
pub(crate) fn remove(product: &Path) {
    // A missing stamp is fine. If the stamp cannot be removed, writing it later fails with an error.
    let _ = fs::remove_file(stamp_file(product));
}

/// Most compilers search this directory before the one with the system's headers.
const LOCAL: &str = "/usr/local/include";

/// The outcome of the preprocessor's last run, if no file appeared or vanished where it searched. This is called before the
/// preprocessor runs, so that a file that appears meanwhile counts as new the next time.
pub(crate) fn remembered(context: &Context, file: &Path, searched: &[PathBuf]) -> Option<String> {
    for dir in searched {
        names(context, dir, true);
    }
    let text = fs::read_to_string(file).ok()?;
    let mut lines = text.lines();
    let outcome = lines.next()?;
    for line in lines {
        let (depth, rest) = line.split_once(' ')?;
        let (names, dir) = rest.split_once(' ')?;
        if names != self::names(context, Path::new(dir), depth == "all") {
            return None;
        }
    }
    Some(outcome.to_string())
}

/// Records the outcome, the header directories that the build names (with everything below them), and the directories where
/// included files were found.
pub(crate) fn remember(
    context: &Context,
    file: &Path,
    outcome: &str,
    searched: &[PathBuf],
    found: &[PathBuf],
) -> Result<()> {
    let mut text = format!("{outcome}\n");
    let named = searched.iter().map(|dir| ("all", dir.as_path()));
    let parents = found.iter().filter_map(|file| file.parent());
    let parents = parents.chain([Path::new(LOCAL)]).map(|dir| ("one", dir));
    for (depth, dir) in named.chain(parents) {
        let known = format!(" {}\n", dir.display());
        if !text.contains(&known) {
            text += &format!("{depth} {}{known}", names(context, dir, depth == "all"));
        }
    }
    context::write_if_changed(file, text.as_bytes())
}

/// A hash of the names in a directory, and below it if `below` is set. It skips files that builds write.
fn names(context: &Context, dir: &Path, below: bool) -> String {
    let key = (dir.to_owned(), below);
    let mut listed = context
        .listed
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let listing = listed.entry(key);
    listing.or_insert_with(|| list(context, dir, below)).clone()
}

fn list(context: &Context, dir: &Path, below: bool) -> String {
    let mut hasher = DefaultHasher::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
        let mut entries: Vec<_> = entries.map(|entry| (entry.path(), entry)).collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (path, entry) in entries {
            hasher.write(path.as_os_str().as_encoded_bytes());
            // This does not follow links, because they may form a cycle.
            let is_dir = below && entry.file_type().is_ok_and(|kind| kind.is_dir());
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if is_dir && !hidden && !context.out.starts_with(&path) {
                dirs.push(path);
            }
        }
    }
    format!("{:016x}", hasher.finish())
}
