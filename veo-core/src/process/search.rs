//! Where kernel libraries are looked for.
//!
//! A name with a slash is a path. Another one is looked for in each directory of
//! `VEO_LIBRARY_PATH`, then where the declaring crate's build put its libraries, then
//! where the builds of other crates with declared kernels did, then beside the
//! executable and in its `../lib`; in each of them first in a sub-directory per kind
//! of code that the backend runs. Never in the current directory.

use std::path::{Path, PathBuf};

use crate::backend::{Api, Backend};
use crate::error::{Error, Result};

/// A library file, and whether the program's own build made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) built_here: bool,
}

/// The kinds of code that an emulated node can run, best first.
const EMULATED: &[&str] = &["host", "ve1-llvm", "ve1", "ve3"];

/// The kinds of code that can run on `node`, best first.
pub(crate) fn targets(api: &Api, node: i32) -> &'static [&'static str] {
    match api.backend {
        Backend::Emu => EMULATED,
        // A libveo with the emulator's extensions is the emulated node, loaded.
        Backend::Libveo if api.table.veo_emu_num_nodes.is_some() => EMULATED,
        Backend::Libveo => {
            // SAFETY: no preconditions; an unknown node is answered with an error.
            let arch = api.table.veo_get_ve_arch.map(|arch| unsafe { arch(node) });
            match arch {
                Some(3) => &["ve3"],
                _ => &["ve1", "ve1-llvm"],
            }
        }
    }
}

/// Finds library `name` for code declared with `build_dir`.
pub(crate) fn find(name: &str, build_dir: Option<&str>, targets: &[&str]) -> Result<Found> {
    if name.is_empty() {
        return Err(Error::LibraryNotFound {
            name: "\"\"".into(),
            searched: Vec::new(),
            hint: ": give the library a name".into(),
        });
    }
    if name.contains('/') {
        let path = Path::new(name);
        return match path.canonicalize() {
            Ok(path) => Ok(Found {
                path,
                built_here: false,
            }),
            Err(error) => Err(Error::LibraryNotFound {
                name: name.to_owned(),
                searched: vec![path.to_owned()],
                hint: format!(" ({error})"),
            }),
        };
    }
    let variable = std::env::var_os("VEO_LIBRARY_PATH");
    let executable = std::env::current_exe().ok();
    find_in(
        name,
        &directories(
            variable.as_deref(),
            build_dir,
            &other_builds(),
            executable.as_deref(),
        ),
        targets,
    )
}

/// Where the builds of the crates that declare kernels put their output.
fn other_builds() -> Vec<&'static str> {
    let declared = crate::kernel::kernels().filter_map(|kernel| kernel.build_dir);
    let mut builds: Vec<_> = declared.collect();
    builds.sort_unstable();
    builds.dedup();
    builds
}

/// The directories, each with whether the declaring crate's own build filled it.
fn directories(
    variable: Option<&std::ffi::OsStr>,
    build_dir: Option<&str>,
    other_builds: &[&str],
    executable: Option<&Path>,
) -> Vec<(PathBuf, bool)> {
    let mut directories = Vec::new();
    if let Some(variable) = variable {
        let listed = std::env::split_paths(variable).filter(|dir| !dir.as_os_str().is_empty());
        directories.extend(listed.map(|dir| (dir, false)));
    }
    if let Some(build_dir) = build_dir {
        directories.push((Path::new(build_dir).join("veo"), true));
    }
    for other in other_builds {
        if Some(*other) != build_dir {
            directories.push((Path::new(other).join("veo"), false));
        }
    }
    if let Some(beside) = executable.and_then(Path::parent) {
        directories.push((beside.to_owned(), false));
        if let Some(above) = beside.parent() {
            directories.push((above.join("lib"), false));
        }
    }
    directories
}

fn find_in(name: &str, directories: &[(PathBuf, bool)], targets: &[&str]) -> Result<Found> {
    let mut searched = Vec::new();
    for (directory, built_here) in directories {
        let candidates = targets
            .iter()
            .map(|target| directory.join(target).join(name))
            .chain([directory.join(name)]);
        for candidate in candidates {
            if candidate.is_file() {
                return Ok(Found {
                    path: candidate.canonicalize().unwrap_or(candidate),
                    built_here: *built_here,
                });
            }
        }
        searched.push(directory.clone());
    }
    Err(Error::LibraryNotFound {
        name: name.to_owned(),
        searched,
        hint: format!(
            " and their sub-directories {}; build it with veo-build (a program that names nothing \
             else of the crate that builds it needs `use that_crate as _;`), set \
             VEO_LIBRARY_PATH to its directory, or give a path with a slash",
            targets.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"").unwrap();
    }

    #[test]
    fn earlier_directories_and_better_targets_win() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let (first, second) = (root.join("a"), root.join("b"));
        touch(&first.join("libx.so"));
        touch(&first.join("ve1/libx.so"));
        touch(&second.join("host/libx.so"));
        let directories = [(first.clone(), false), (second.clone(), true)];
        let found = |targets: &[&str]| find_in("libx.so", &directories, targets).unwrap();
        assert_eq!(found(&["host", "ve1"]).path, first.join("ve1/libx.so"));
        assert_eq!(found(&["host"]).path, first.join("libx.so"));
        std::fs::remove_file(first.join("libx.so")).unwrap();
        assert_eq!(found(&["host"]).path, second.join("host/libx.so"));
        assert!(found(&["host"]).built_here);
    }

    #[test]
    fn the_order_of_directories_is_the_documented_one() {
        let found = directories(
            Some("/one::/two".as_ref()),
            Some("/out"),
            &["/other", "/out"],
            Some(Path::new("/opt/app/bin/app")),
        );
        let paths: Vec<_> = found
            .iter()
            .map(|(path, _)| path.to_str().unwrap())
            .collect();
        assert_eq!(
            paths,
            [
                "/one",
                "/two",
                "/out/veo",
                "/other/veo",
                "/opt/app/bin",
                "/opt/app/lib"
            ]
        );
    }

    #[test]
    fn what_was_searched_is_said() {
        let error = find_in("libx.so", &[("/nowhere".into(), false)], &["host"]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("libx.so not found"), "{text}");
        assert!(text.contains("/nowhere"), "{text}");
        assert!(text.contains("VEO_LIBRARY_PATH"), "{text}");
        let error = find("./no/libx.so", None, &[]).unwrap_err().to_string();
        assert!(error.contains("./no/libx.so"), "{error}");
    }
}
