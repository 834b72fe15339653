//! Paths that are short enough for libveo.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use veo_abi::ffi;

/// The longest path and symbol that libveo takes.
pub(super) const LONGEST: usize = ffi::VEO_SYMNAME_LEN_MAX as usize;

/// A path that is short enough for libveo: if need be a link in the temporary
/// directory, which is removed when this is dropped.
pub(super) struct Shortened {
    path: PathBuf,
    directory: Option<PathBuf>,
}

impl Shortened {
    pub(super) fn new(path: &Path) -> std::io::Result<Shortened> {
        if path.as_os_str().len() <= LONGEST {
            return Ok(Shortened {
                path: path.to_owned(),
                directory: None,
            });
        }
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("veo-{}-{number}", std::process::id()));
        std::fs::create_dir(&directory)?;
        let shortened = Shortened {
            path: directory.join("lib.so"),
            directory: Some(directory),
        };
        link(path, &shortened.path)?;
        Ok(shortened)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(unix)]
fn link(path: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(path, at)
}

#[cfg(not(unix))]
fn link(path: &Path, at: &Path) -> std::io::Result<()> {
    std::fs::hard_link(path, at)
}

impl Drop for Shortened {
    fn drop(&mut self) {
        if let Some(directory) = &self.directory {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_is_reached_by_a_short_one() {
        let root = tempfile::tempdir().unwrap();
        let mut deep = root.path().to_owned();
        for _ in 0..6 {
            deep.push("d".repeat(60));
        }
        std::fs::create_dir_all(&deep).unwrap();
        let file = deep.join("libx.so");
        std::fs::write(&file, b"content").unwrap();
        let short = Shortened::new(&file).unwrap();
        assert!(short.path().as_os_str().len() <= LONGEST);
        assert_eq!(std::fs::read(short.path()).unwrap(), b"content");
        let link = short.path().to_owned();
        drop(short);
        assert!(!link.parent().unwrap().exists());
        assert!(file.exists());
    }
}
