//! A copy of a test program, with its kernels, where every user can run it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use ve_kernels::basics::bump;
use ve_kernels::faults::own_pid;
use veo_core::VeoProc;

/// A directory of its own, removed in the end.
pub struct Place {
    directory: TempDir,
}

impl Place {
    /// The directory with a copy of `program` as `probe`, and the kernels of `ve-kernels`.
    ///
    /// # Panics
    ///
    /// No process starts, or a file cannot be copied.
    #[must_use]
    pub fn with(program: impl AsRef<Path>) -> Place {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let place = Place { directory };
        let kernels = place.path("host");
        fs::create_dir(&kernels).expect("a new directory");
        for directory in [place.directory.path(), &kernels] {
            allow(directory, 0o755);
        }
        fs::copy(program, place.program()).expect("a copy of the program");
        let proc = VeoProc::new(0).expect("a process");
        bump(&proc, 0).expect("a call");
        own_pid(&proc).expect("a call");
        for library in proc.libs() {
            let path = library.path().expect("a file");
            let name = path.file_name().expect("a name");
            let copy = kernels.join(name);
            fs::copy(path, &copy).expect("a copy of the kernels");
            allow(&copy, 0o755);
        }
        place
    }

    /// The copy of the program.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.path("probe")
    }

    /// Something in the directory.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Another copy of the program.
    ///
    /// # Panics
    ///
    /// It cannot be made.
    #[must_use]
    pub fn copy(&self, name: &str) -> PathBuf {
        let copy = self.path(name);
        fs::copy(self.program(), &copy).expect("a copy of the program");
        copy
    }

    /// A script that anybody can run.
    ///
    /// # Panics
    ///
    /// It cannot be written.
    pub fn script(&self, name: &str, text: &str) -> PathBuf {
        let script = self.path(name);
        fs::write(&script, format!("#!/bin/bash\n{text}\n")).expect("a new file");
        allow(&script, 0o755);
        script
    }
}

/// Sets the permissions of a file.
///
/// # Panics
///
/// It cannot be done.
pub fn allow(path: &Path, mode: u32) {
    let permissions = fs::Permissions::from_mode(mode);
    fs::set_permissions(path, permissions).expect("permissions can be set");
}

/// Whether this is root, who alone can run programs as somebody else; says so if not.
#[must_use]
pub fn is_root() -> bool {
    // SAFETY: it cannot fail.
    let root = unsafe { libc::geteuid() } == 0;
    if !root {
        eprintln!("skipped: only root can run programs as other users");
    }
    root
}
