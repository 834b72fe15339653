//! Remembers what a file was made from, to tell whether it has to be made again.
//!
//! A stamp is a text file beside the product: first how it was made (command, tools, variables), then every file it was
//! made from with time stamp and content hash. A product is up to date if the first part would be the same and
//! none of the files changed.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::Result;
use crate::context::{self, Context};

const SEPARATOR: &str = "made from:\n";

/// A file that went into a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    /// Whether a new time stamp with the same content counts as a change. It does for what people edit, as in make;
    /// not for what a compiler or the build script writes again each time (Fortran modules, headers in `OUT_DIR`).
    pub(crate) by_time: bool,
}

impl Input {
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

    /// A file as it is best looked at in this build.
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

/// What `product` was made from, if it is there and would be made the same way from the same files again.
pub(crate) fn up_to_date(product: &Path, recipe: &str) -> Option<Vec<Input>> {
    let text = fs::read_to_string(stamp_file(product)).ok()?;
    let lines = text.strip_prefix(&head(recipe))?;
    let mut inputs = Vec::new();
    for line in lines.split_inclusive('\n') {
        let input = Input::parse(line.trim_end_matches('\n'))?;
        if input.line() != line {
            return None;
        }
        inputs.push(input);
    }
    product.is_file().then_some(inputs)
}

/// Records how `product` was made.
pub(crate) fn write(product: &Path, recipe: &str, inputs: &[Input]) -> Result<()> {
    let lines: String = inputs.iter().map(Input::line).collect();
    context::write_if_changed(&stamp_file(product), (head(recipe) + &lines).as_bytes())
}

/// Forgets how `product` was made, before it is made again.
pub(crate) fn remove(product: &Path) {
    // If it is not there, nothing is remembered; if it cannot be removed, writing it later fails and says so.
    let _ = fs::remove_file(stamp_file(product));
}
