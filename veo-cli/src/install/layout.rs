//! Writes the files of the installation under the prefix.
//!
//! ```text
//! lib64/libveo.so -> libveo.so.1 -> libveo.so.1.0.0  (libveohmem.so likewise)
//! lib64/pkgconfig/libveo.pc
//! include/ve_offload.h and its companions
//! libexec/veorun  aveorun, aveorun_ve1, aveorun_ve3 -> veorun
//! bin/mk_veorun_static
//! ```
//!
//! `libveo.so.1` finds veorun by its own place: `../libexec/veorun`.
//! A file is replaced in one step, so a program that runs keeps the old one.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use veo_abi::headers::HEADERS;

use super::error::Error;

/// The content of an installed file.
enum InstalledContent<'a> {
    /// Bytes, not executable.
    Data(&'a [u8]),
    /// Bytes, executable.
    Program(&'a [u8]),
    /// A symbolic link to its neighbour of this name.
    Link(&'a str),
}

/// The directories under the prefix.
const DIRECTORIES: [&str; 5] = ["lib64", "lib64/pkgconfig", "include", "libexec", "bin"];

/// Whether everything can be written under `prefix`. It makes nothing there.
pub(super) fn check(prefix: &Path) -> Result<(), Error> {
    for directory in DIRECTORIES {
        let directory = std::path::absolute(prefix.join(directory))
            .map_err(|e| Error::file("find", prefix.display(), e))?;
        // Missing directories are made in the nearest one that exists.
        let there = directory
            .ancestors()
            .find(|it| it.symlink_metadata().is_ok());
        let there = there.unwrap_or(Path::new("/"));
        let writable = match fs::metadata(there) {
            Ok(found) if found.is_dir() => tempfile::tempfile_in(there).map(drop),
            Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
            Err(why) => Err(why),
        };
        writable.map_err(|e| Error::file("install into", there.display(), e))?;
    }
    Ok(())
}

/// Writes everything under `prefix`.
pub(super) fn install(prefix: &Path, library: &Path, veorun: &Path) -> Result<(), Error> {
    let read = |path: &Path| fs::read(path).map_err(|e| Error::file("read", path.display(), e));
    let library = read(library)?;
    let veorun = read(veorun)?;
    let pkg_config = pkg_config();
    let mut files = vec![
        (
            "lib64",
            "libveo.so.1.0.0",
            InstalledContent::Program(&library),
        ),
        (
            "lib64",
            "libveo.so.1",
            InstalledContent::Link("libveo.so.1.0.0"),
        ),
        ("lib64", "libveo.so", InstalledContent::Link("libveo.so.1")),
        (
            "lib64",
            "libveohmem.so.1.0.0",
            InstalledContent::Program(veo_emu::LIBVEOHMEM),
        ),
        (
            "lib64",
            "libveohmem.so.1",
            InstalledContent::Link("libveohmem.so.1.0.0"),
        ),
        (
            "lib64",
            "libveohmem.so",
            InstalledContent::Link("libveohmem.so.1"),
        ),
        (
            "lib64/pkgconfig",
            "libveo.pc",
            InstalledContent::Data(pkg_config.as_bytes()),
        ),
        ("libexec", "veorun", InstalledContent::Program(&veorun)),
        ("libexec", "aveorun", InstalledContent::Link("veorun")),
        ("libexec", "aveorun_ve1", InstalledContent::Link("veorun")),
        ("libexec", "aveorun_ve3", InstalledContent::Link("veorun")),
        (
            "bin",
            "mk_veorun_static",
            InstalledContent::Program(MK_VEORUN_STATIC.as_bytes()),
        ),
    ];
    for (name, text) in &HEADERS {
        files.push(("include", name, InstalledContent::Data(text.as_bytes())));
    }
    for (directory, name, content) in &files {
        debug_assert!(DIRECTORIES.contains(directory));
        place(&prefix.join(directory), name, content)?;
    }
    Ok(())
}

/// Writes one file into `directory`. It replaces an old file.
fn place(directory: &Path, name: &str, content: &InstalledContent) -> Result<(), Error> {
    fs::create_dir_all(directory).map_err(|e| Error::file("create", directory.display(), e))?;
    let path = directory.join(name);
    let fresh = directory.join(format!(".{name}.{}", std::process::id()));
    let made = match content {
        InstalledContent::Data(bytes) => write(&fresh, bytes, 0o644),
        InstalledContent::Program(bytes) => write(&fresh, bytes, 0o755),
        InstalledContent::Link(target) => symlink(target, &fresh),
    };
    made.and_then(|()| fs::rename(&fresh, &path)).map_err(|e| {
        // This removes the rest of a failed attempt.
        let _ = fs::remove_file(&fresh);
        Error::file("write", path.display(), e)
    })
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    fs::write(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// A description for pkg-config. It stays valid if the installation moves.
fn pkg_config() -> String {
    format!(
        "prefix=${{pcfiledir}}/../..\n\
         libdir=${{prefix}}/lib64\n\
         includedir=${{prefix}}/include\n\
         veorun=${{prefix}}/libexec/veorun\n\
         \n\
         Name: libveo\n\
         Description: Vector Engine offloading, on emulated Vector Engines\n\
         Version: {}\n\
         Cflags: -I${{includedir}}\n\
         Libs: -L${{libdir}} -lveo\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// Makes a veorun image with kernels in it. The kernels are position-independent code of the
/// host, bound to each other.
const MK_VEORUN_STATIC: &str = include_str!("mk_veorun_static.sh");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_checked_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let fresh = directory.path().join("not/there/yet");
        check(&fresh).unwrap();
        assert!(!directory.path().join("not").exists());
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let taken = directory.path().join("taken");
        fs::create_dir(&taken).unwrap();
        fs::write(taken.join("include"), "").unwrap();
        let nowhere = directory.path().join("nowhere");
        symlink("/no/such/place", &nowhere).unwrap();
        for (prefix, place) in [
            (&file, &file),
            (&file.join("below"), &file),
            (&taken, &taken.join("include")),
            (&nowhere, &nowhere),
        ] {
            let said = check(prefix).unwrap_err().to_string();
            let expected = format!("cannot install into {}: ", place.display());
            assert!(said.starts_with(&expected), "{said}");
        }
        assert_eq!(fs::read_dir(&taken).unwrap().count(), 1);
    }
}
