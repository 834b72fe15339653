//! Remembers where the preprocessor looked for files to include, and what it made of the source then. As long as no file came or went
//! there, it would make the same of the same files, and need not run.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use crate::Result;
use crate::context::{self, Context};

/// What most compilers search before the directory that has the system's headers.
const LOCAL: &str = "/usr/local/include";

/// What the preprocessor made of a source when it last ran, if it would do the same again as far as the places tell. Called before it
/// runs: what appears while it runs is then new the next time.
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

/// Remembers the outcome, the directories that the build names for headers, with all that is below them, and those where files were found.
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

/// A word for the names of what is in a directory, of what is below it too if asked for, without what builds write.
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
            // Links are not followed: they may lead in a circle.
            let is_dir = below && entry.file_type().is_ok_and(|kind| kind.is_dir());
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if is_dir && !hidden && !context.out.starts_with(&path) {
                dirs.push(path);
            }
        }
    }
    format!("{:016x}", hasher.finish())
}
