//! The search for kernel libraries.
//!
//! A name with a slash is a path. Any other name is looked for in each directory of
//! `VEO_LIBRARY_PATH`, then where the program is installed, beside the executable and in
//! its `../lib`, then where the declaring crate's build put its libraries, then where the
//! builds of other crates with declared kernels did; in each of them first in a
//! sub-directory per kind of code that the backend runs. The current directory is not searched.
//! A file that the backend cannot run does not hide a library in a later place.
//! A program that runs where Cargo built it takes the builds first: a library beside it
//! there may be the copy of an earlier build.

use std::fs::{self, File};
use std::io::Read;
#[cfg(target_os = "linux")]
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use veo_abi::build_dir;
use veo_abi::environment::{self, VEO_LIBRARY_PATH};
use veo_debuginfo::elf;

use crate::backend::NodeCode;
use crate::error::{Error, Result};

/// A library file, and whether the program's own build made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundLibrary {
    pub(crate) path: PathBuf,
    pub(crate) built_here: bool,
}

/// Finds the libraries of kernels that are looked up one after another, each once.
pub(crate) struct Search {
    code: NodeCode,
    found: Vec<(NamedLibrary, FoundLibrary)>,
}

/// A library's name, and the directory of the build that names it.
type NamedLibrary = (&'static str, Option<&'static str>);

impl Search {
    pub(crate) fn new(code: NodeCode) -> Search {
        Search {
            code,
            found: Vec::new(),
        }
    }

    /// As [`find`].
    pub(crate) fn find(&mut self, named: NamedLibrary) -> Result<FoundLibrary> {
        if let Some((_, found)) = self.found.iter().find(|(of, _)| *of == named) {
            return Ok(found.clone());
        }
        let found = find(named.0, named.1, &self.code)?;
        self.found.push((named, found.clone()));
        Ok(found)
    }
}

/// Finds library `name` for code declared with `build_dir`.
pub(crate) fn find(
    name: &str,
    build_dir: Option<&'static str>,
    code: &NodeCode,
) -> Result<FoundLibrary> {
    if name.is_empty() {
        return Err(Error::LibraryNotFound {
            name: "\"\"".into(),
            searched: Vec::new(),
            hint: ": give the library a name".into(),
        });
    }
    if name.contains('/') {
        return at(Path::new(name));
    }
    let variable = VEO_LIBRARY_PATH.get();
    let executable = executable();
    let builds = builds(build_dir);
    let directories = directories(
        variable.as_deref(),
        build_dir,
        &builds,
        executable.as_deref(),
    );
    find_in(name, &directories, code).ok_or_else(|| Error::LibraryNotFound {
        name: name.to_owned(),
        searched: directories.into_iter().map(|(path, _)| path).collect(),
        hint: hint(name, &builds, executable.as_deref(), code),
    })
}

/// The library at a path.
pub(super) fn at(path: &Path) -> Result<FoundLibrary> {
    match path.canonicalize() {
        Ok(path) => Ok(FoundLibrary {
            path,
            built_here: false,
        }),
        Err(error) => Err(Error::LibraryNotFound {
            name: path.display().to_string(),
            searched: vec![path.to_owned()],
            hint: format!(" ({error})"),
        }),
    }
}

/// The program's file, for libraries beside it.
fn executable() -> Option<PathBuf> {
    #[cfg(target_os = "linux")]
    if let Ok(Some(program)) = veo_debuginfo::executable::Mapped::program() {
        // A user who may link to the file can give it another place, with files of that user
        // beside it.
        let one_place = || std::fs::metadata(&program.path).is_ok_and(|file| file.nlink() == 1);
        let trusted = !environment::privileged() || one_place();
        return trusted.then_some(program.path);
    }
    std::env::current_exe()
        .ok()
        .filter(|_| !environment::privileged())
}

/// The output directories of the builds of crates that declare kernels, `own` first.
fn builds(own: Option<&'static str>) -> Vec<&'static str> {
    let declared = crate::kernel::kernels().filter_map(|kernel| kernel.build_dir);
    let mut others: Vec<_> = declared.filter(|dir| Some(*dir) != own).collect();
    others.sort_unstable();
    others.dedup();
    own.into_iter().chain(others).collect()
}

/// The directories, each with whether the build `own` filled it.
fn directories(
    variable: Option<&std::ffi::OsStr>,
    own: Option<&str>,
    builds: &[&str],
    executable: Option<&Path>,
) -> Vec<(PathBuf, bool)> {
    let mut directories = Vec::new();
    if let Some(variable) = variable {
        let listed = std::env::split_paths(variable).filter(|dir| !dir.as_os_str().is_empty());
        directories.extend(listed.map(|dir| (dir, false)));
    }
    let mut installed = Vec::new();
    if let Some(beside) = executable.and_then(Path::parent) {
        installed.push((beside.to_owned(), false));
        if let Some(above) = beside.parent() {
            installed.push((above.join("lib"), false));
        }
    }
    let built = builds
        .iter()
        .map(|build| (build_dir::of(Path::new(build)), Some(*build) == own));
    if executable.is_some_and(|program| builds.iter().any(|build| is_of_build(program, build))) {
        directories.extend(built);
        directories.extend(installed);
    } else {
        directories.extend(installed);
        directories.extend(built);
    }
    directories
}

/// Whether a program lies where Cargo put it together with this `OUT_DIR`, which is
/// `<target>/<profile>/build/<package>/out`.
fn is_of_build(program: &Path, out_dir: &str) -> bool {
    let out_dir = Path::new(out_dir);
    // The system tells the program's path without links.
    let out_dir = out_dir.canonicalize().unwrap_or_else(|_| out_dir.into());
    let build = out_dir.ancestors().find(|dir| dir.ends_with("build"));
    build
        .and_then(Path::parent)
        .is_some_and(|profile| program.starts_with(profile))
}

/// Whether the build with this `OUT_DIR` made a library of this name for a target of the node.
pub(crate) fn is_built(name: &str, out_dir: &str, code: &NodeCode) -> bool {
    let mut targets = code.targets.iter();
    targets.any(|target| build_dir::library(Path::new(out_dir), target, name).is_file())
}

/// The first library of this name that the backend can run. If there is none, the first
/// file of this name at all: the attempt to load it says what is wrong with it.
fn find_in(name: &str, directories: &[(PathBuf, bool)], code: &NodeCode) -> Option<FoundLibrary> {
    let mut unfit = None;
    for (directory, built_here) in directories {
        let candidates = code
            .targets
            .iter()
            .map(|target| directory.join(target).join(name))
            .chain([directory.join(name)]);
        for candidate in candidates {
            if !candidate.exists() {
                continue;
            }
            let fits = |machine: &u16| elf::is_library_for(*machine, &candidate);
            let fits = code.machines.iter().any(fits);
            let found = FoundLibrary {
                path: candidate.canonicalize().unwrap_or(candidate),
                built_here: *built_here,
            };
            if fits {
                return Some(found);
            }
            unfit.get_or_insert(found);
        }
    }
    unfit
}

/// Advice for a library that is nowhere.
fn hint(name: &str, builds: &[&str], executable: Option<&Path>, code: &NodeCode) -> String {
    let targets = code.targets;
    let mut hint = format!(" and their sub-directories {}; ", targets.join(", "));
    let system = if code.machines.contains(&elf::HOST) {
        system_library(name)
    } else {
        None
    };
    let gone = builds.iter().any(|build| !Path::new(build).is_dir());
    let beside = executable.and_then(Path::parent);
    if let Some(path) = system {
        hint.push_str(&format!(
            "libraries of the system are not searched for by name; the one of this name is meant by \
             its path, {path:?}"
        ));
    } else if let (true, Some(beside)) = (gone, beside) {
        hint.push_str(&format!(
            "the directory that the program was built in is gone, as after `cargo install`: \
             install it with its libraries, by the same command with VEO_INSTALL_DIR={} before \
             it, or set VEO_LIBRARY_PATH to their directory",
            shell_word(&beside.display().to_string())
        ));
    } else {
        hint.push_str(
            "build it with veo-build (a program that names nothing \
             else of the crate that builds it needs `use that_crate as _;`), set \
             VEO_LIBRARY_PATH to its directory, or give a path with a slash",
        );
    }
    hint
}

/// The text as one word for a shell.
fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@%".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// The library of this name, or of this name and a version (`libm.so.6` for `libm.so`), in the directories of the system's linker.
fn system_library(name: &str) -> Option<PathBuf> {
    let exact = |directory: &PathBuf| Some(directory.join(name)).filter(|file| is_library(file));
    let versioned = |directory: &PathBuf| {
        let mut files = entries(directory);
        let start = format!("{name}.");
        files.retain(|file| {
            let name = file.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with(&start) && is_library(file)
        });
        files.into_iter().min()
    };
    let directories = system_directories();
    directories
        .iter()
        .find_map(exact)
        .or_else(|| directories.iter().find_map(versioned))
}

/// The directories that the linker's configuration lists, then those that it always searches.
fn system_directories() -> Vec<PathBuf> {
    let mut files = entries(Path::new("/etc/ld.so.conf.d"));
    files.sort();
    files.insert(0, "/etc/ld.so.conf".into());
    let texts = files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok());
    let mut directories: Vec<PathBuf> = texts
        .flat_map(|text| {
            text.lines()
                .map(|line| line.trim().into())
                .collect::<Vec<_>>()
        })
        .filter(|line: &PathBuf| line.is_absolute())
        .collect();
    directories.extend(["/lib64", "/usr/lib64", "/lib", "/usr/lib"].map(PathBuf::from));
    directories
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Whether this is code: `libm.so` may be a text that names other files.
fn is_library(file: &Path) -> bool {
    let mut magic = [0; 4];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && magic == *b"\x7fELF"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emulated() -> NodeCode {
        NodeCode {
            targets: &["host", "ve1"],
            machines: vec![elf::HOST],
        }
    }

    fn card() -> NodeCode {
        NodeCode {
            targets: &["ve1"],
            machines: vec![elf::VE],
        }
    }

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
        let found = |code: &NodeCode| find_in("libx.so", &directories, code).unwrap();
        assert_eq!(found(&emulated()).path, first.join("ve1/libx.so"));
        let host = NodeCode {
            targets: &["host"],
            ..emulated()
        };
        assert_eq!(found(&host).path, first.join("libx.so"));
        std::fs::remove_file(first.join("libx.so")).unwrap();
        assert_eq!(found(&host).path, second.join("host/libx.so"));
        assert!(found(&host).built_here);
    }

    /// The headers of a shared library, which nothing runs.
    fn library(path: &Path, class: u8, machine: u16, end: u64) {
        let mut bytes = [0u8; 64 + 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[4] = class;
        bytes[16] = 3; // a shared library
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32] = 64; // where the table of segments begins, ...
        bytes[54] = 56; // ... how long an entry is, ...
        bytes[56] = 1; // ... how many there are
        bytes[64] = 1; // to be loaded
        bytes[64 + 32..64 + 40].copy_from_slice(&end.to_le_bytes());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_file_that_cannot_run_does_not_end_the_search() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let (first, last) = (root.join("a/libx.so"), root.join("z/libx.so"));
        let directories: Vec<_> = ["a", "b", "z"].map(|name| (root.join(name), false)).into();
        let found = |code| find_in("libx.so", &directories, code).map(|f| f.path);
        let (emulated, card) = (emulated(), card());
        library(&last, 2, elf::HOST, 120);
        library(&root.join("b/ve1/libx.so"), 2, elf::VE, 120);
        let damaged: [&dyn Fn(&Path); 7] = [
            &|path| library(path, 2, elf::VE, 120),
            &|path| library(path, 2, 40, 120), // another machine
            &|path| library(path, 1, elf::HOST, 120), // 32 bits
            &|path| library(path, 2, elf::HOST, 121), // cut short
            &|path| touch(path),
            &|path| std::fs::write(path, "INPUT(libx.so.1)").unwrap(),
            &|path| std::fs::create_dir_all(path).unwrap(),
        ];
        for (number, damage) in damaged.iter().enumerate() {
            std::fs::create_dir_all(first.parent().unwrap()).unwrap();
            damage(&first);
            assert_eq!(found(&emulated).as_ref(), Some(&last), "{number}");
            let _ = std::fs::remove_file(&first);
            let _ = std::fs::remove_dir(&first);
        }
        // The other way round: a host's library for a card.
        library(&first, 2, elf::HOST, 120);
        assert_eq!(found(&card), Some(root.join("b/ve1/libx.so")));
        // There is no other file: the attempt to load this one says why it cannot be loaded.
        std::fs::remove_dir_all(root.join("b")).unwrap();
        assert_eq!(found(&card), Some(first.clone()));
        // A node that runs both takes what comes first.
        library(&root.join("b/ve1/libx.so"), 2, elf::VE, 120);
        let both = NodeCode {
            machines: vec![elf::HOST, elf::VE],
            ..emulated.clone()
        };
        assert_eq!(found(&both), Some(first.clone()));
        std::fs::remove_file(first).unwrap();
        assert_eq!(found(&both), Some(root.join("b/ve1/libx.so")));
    }

    fn order(executable: &str) -> Vec<String> {
        let builds = ["/t/debug/build/app-1/out", "/t/debug/build/dep-2/out"];
        let found = directories(
            Some("/one::/two".as_ref()),
            Some(builds[0]),
            &builds,
            Some(Path::new(executable)),
        );
        let own: Vec<_> = found.iter().filter(|(_, own)| *own).collect();
        assert_eq!(
            own,
            [&(PathBuf::from("/t/debug/build/app-1/out/veo"), true)]
        );
        found
            .iter()
            .map(|(path, _)| path.display().to_string())
            .collect()
    }

    #[test]
    fn an_installed_program_takes_the_libraries_that_came_with_it() {
        assert_eq!(
            order("/opt/app/bin/app"),
            [
                "/one",
                "/two",
                "/opt/app/bin",
                "/opt/app/lib",
                "/t/debug/build/app-1/out/veo",
                "/t/debug/build/dep-2/out/veo",
            ]
        );
    }

    #[test]
    fn a_program_where_it_was_built_takes_what_was_built_with_it() {
        for program in ["/t/debug/app", "/t/debug/deps/app-3", "/t/debug/examples/e"] {
            let beside = Path::new(program).parent().unwrap();
            assert_eq!(
                order(program),
                [
                    "/one",
                    "/two",
                    "/t/debug/build/app-1/out/veo",
                    "/t/debug/build/dep-2/out/veo",
                    beside.to_str().unwrap(),
                    beside.with_file_name("lib").to_str().unwrap(),
                ]
            );
        }
    }

    #[test]
    fn the_error_names_the_places_that_were_searched() {
        let error = find("libx.so", None, &emulated()).unwrap_err().to_string();
        assert!(error.contains("libx.so not found"), "{error}");
        let beside = std::env::current_exe().unwrap();
        let beside = beside.parent().unwrap().to_str().unwrap();
        assert!(error.contains(beside), "{error}");
        assert!(error.contains("VEO_LIBRARY_PATH"), "{error}");
        assert!(!error.contains("VEO_INSTALL_DIR"), "{error}");
        let error = find("./no/libx.so", None, &emulated())
            .unwrap_err()
            .to_string();
        assert!(error.contains("./no/libx.so"), "{error}");
    }

    #[test]
    fn the_variable_that_installs_libraries_is_named_where_the_build_is_gone() {
        let gone = ["/nowhere/build/app-1/out"];
        let hint = |program: &str| hint("libx.so", &gone, Some(program.as_ref()), &card());
        for (program, shown) in [
            ("/opt/app/bin/app", "VEO_INSTALL_DIR=/opt/app/bin "),
            // It is to be copied into a shell.
            ("/opt/my app/bin/app", "VEO_INSTALL_DIR='/opt/my app/bin' "),
            ("/opt/it's/app", "VEO_INSTALL_DIR='/opt/it'\\''s' "),
        ] {
            let hint = hint(program);
            assert!(hint.contains(shown), "{hint}");
        }
    }

    #[test]
    fn a_library_of_the_system_is_to_be_named_by_its_path() {
        let error = |code: &NodeCode| find("libc.so.6", None, code).unwrap_err().to_string();
        let said = error(&emulated());
        let path = said.split('"').nth(1).unwrap_or_default();
        assert!(path.ends_with("/libc.so.6"), "{said}");
        assert!(find(path, None, &emulated()).is_ok(), "{said}");
        // They are no code for a card.
        assert!(!error(&card()).contains("of the system"));
    }
}
