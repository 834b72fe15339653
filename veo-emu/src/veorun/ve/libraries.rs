//! The libraries of VE machine code that are loaded: how often, their needs, when they go.
//!
//! Like the system's loader, this counts how often a library is loaded, and keeps a library that others need until they
//! go.

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ve_isa::image::{ImageError, ImageId, Source};
use ve_isa::machine::{Machine, MachineThread, UnloadError, Unresolved};
use veo_abi::environment::VE_LD_LIBRARY_PATH;
use veo_debuginfo::{Original, SourceLines};

use super::{ending, machine};
use crate::shared::code::MachineCode;
use crate::veorun::engine::{LoadedFile, ProcessEnding};

/// The libraries, in the order in which they were loaded.
static LIBRARIES: Mutex<Vec<VeLibrary>> = Mutex::new(Vec::new());

struct VeLibrary {
    image: ImageId,
    /// The address of the image.
    handle: u64,
    base: u64,
    path: PathBuf,
    file: FileId,
    /// How often the host has loaded and not unloaded it. With 0 it is there for others.
    loads: u32,
}

/// Which file it is, whatever has its path now: device and number.
type FileId = (u64, u64);

/// A file to load.
struct Candidate {
    path: PathBuf,
    file: File,
    id: FileId,
}

impl Candidate {
    fn open(path: &Path) -> Result<Candidate, String> {
        let cannot = |error| format!("{} cannot be opened: {error}", path.display());
        let file = File::open(path).map_err(cannot)?;
        let data = file.metadata().map_err(cannot)?;
        Ok(Candidate {
            path: path.to_owned(),
            file,
            id: (data.dev(), data.ino()),
        })
    }
}

fn lock() -> MutexGuard<'static, Vec<VeLibrary>> {
    LIBRARIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Loads a library, with those that it needs and that are not there, and calls their constructors.
pub(super) fn load(path: &[u8]) -> Result<LoadedFile, String> {
    let path = Path::new(OsStr::from_bytes(path));
    let asked = Candidate::open(path)?;
    if let Some(loaded) = load_again(&asked) {
        return Ok(loaded);
    }
    let id = asked.id;
    let machine = machine::get()?;
    let new = load_with_needed(machine, asked)?;
    call(|thread| thread.start().map_err(|trap| ending::of(thread, &trap)));
    let mut libraries = lock();
    libraries.extend(new);
    let library = libraries.iter_mut().rfind(|library| library.file == id);
    let library = library.ok_or("it was unloaded while it was loaded")?;
    library.loads = 1;
    Ok(library.told(true))
}

/// Counts a library that is there: a file is loaded once, and a path means what it did at first.
fn load_again(asked: &Candidate) -> Option<LoadedFile> {
    let mut libraries = lock();
    let library = libraries
        .iter_mut()
        .find(|library| library.file == asked.id || library.path == asked.path)?;
    library.loads += 1;
    Some(library.told(library.file == asked.id))
}

impl VeLibrary {
    fn told(&self, is_in_place: bool) -> LoadedFile {
        LoadedFile {
            handle: self.handle,
            base: self.base,
            code: MachineCode::Ve,
            path: self.path.as_os_str().as_bytes().to_vec(),
            is_in_place,
        }
    }
}

/// Loads a file, and the libraries that it needs, as far as they are found where libraries are.
fn load_with_needed(machine: &Machine, asked: Candidate) -> Result<Vec<VeLibrary>, String> {
    let mut candidates = vec![asked];
    loop {
        let names: Vec<_> = candidates
            .iter()
            .map(|candidate| candidate.path.to_string_lossy())
            .collect();
        let sources: Vec<_> = names
            .iter()
            .zip(&candidates)
            .map(|(name, candidate)| Source::file(name, &candidate.file))
            .collect();
        let images = match machine.load_sources(&sources, Unresolved::Error) {
            Ok(images) => images,
            Err(ImageError::Libraries { names }) => {
                drop(sources);
                let mut found = Vec::new();
                for (name, user) in &names {
                    let candidate = needed(name, user)?;
                    if found
                        .iter()
                        .all(|other: &Candidate| other.id != candidate.id)
                    {
                        found.push(candidate);
                    }
                }
                candidates.extend(found);
                continue;
            }
            Err(error @ ImageError::Undefined { .. }) => return Err(undefined(&error)),
            Err(error) => return Err(error.to_string()),
        };
        drop(sources);
        drop(names);
        let placed: Option<Vec<_>> = images
            .iter()
            .map(|image| machine.place(*image).zip(machine.base(*image)))
            .collect();
        let Some(placed) = placed else {
            let _ = machine.unload(&images);
            return Err("there is nothing in it that could be loaded".into());
        };
        let all = candidates.into_iter().zip(images).zip(placed);
        return Ok(all
            .map(|((candidate, image), (handle, base))| VeLibrary {
                image,
                handle,
                base,
                path: candidate.path,
                file: candidate.id,
                loads: 0,
            })
            .collect());
    }
}

/// Finds a library that another needs: beside that, then in the directories for libraries of the VE.
fn needed(name: &str, user: &str) -> Result<Candidate, String> {
    let listed = VE_LD_LIBRARY_PATH.get().unwrap_or_default();
    let beside = Path::new(user).parent().map(Path::to_owned);
    let directories: Vec<PathBuf> = beside
        .into_iter()
        .chain(std::env::split_paths(&listed))
        .filter(|directory| directory.is_absolute())
        .collect();
    let files = directories.iter().map(|directory| directory.join(name));
    let mut native = None;
    for file in files {
        match MachineCode::of_file(&file) {
            Some(MachineCode::Ve) => return Candidate::open(&file),
            Some(MachineCode::Native) => native = native.or(Some(file)),
            None => {}
        }
    }
    Err(match native {
        Some(file) => format!(
            "{user} needs {name}, and {} is machine code of the host, which VE machine code cannot call; build it for the VE, too",
            file.display()
        ),
        None => {
            let directories: Vec<_> = directories
                .iter()
                .map(|directory| directory.display().to_string())
                .collect();
            format!(
                "{user} needs {name}, which is not in {}; load it first, or set {} to its directory",
                directories.join(", "),
                VE_LD_LIBRARY_PATH.name()
            )
        }
    })
}

/// Why names are not defined, which may be so on the VE only.
fn undefined(error: &ImageError) -> String {
    let mut text = error.to_string();
    let ImageError::Undefined { names } = error else {
        return text;
    };
    let is_native = |name: &&str| {
        CString::new(*name).is_ok_and(|name| {
            // SAFETY: the name is a string; looking it up calls nothing but resolvers of loaded libraries.
            !unsafe { libc::dlsym(libc::RTLD_DEFAULT, CStr::as_ptr(&name)) }.is_null()
        })
    };
    let native: Vec<_> = names
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(is_native)
        .collect();
    if !native.is_empty() {
        text += &format!(
            "; machine code of the host has {}, but VE machine code cannot call it",
            native.join(", ")
        );
    }
    text
}

/// Unloads a library that `load` returned, and libraries that nobody needs any more.
pub(super) fn unload(handle: u64) -> Result<(), String> {
    let mut libraries = lock();
    let library = libraries
        .iter_mut()
        .find(|library| library.handle == handle && library.loads > 0)
        .ok_or("no such library is loaded")?;
    library.loads -= 1;
    drop(libraries);
    while sweep()? {}
    Ok(())
}

/// Unloads one library that is not wanted and that no other uses. The result says whether there was one.
fn sweep() -> Result<bool, String> {
    let unwanted: Vec<ImageId> = lock()
        .iter()
        .rev()
        .filter(|library| library.loads == 0)
        .map(|library| library.image)
        .collect();
    for image in unwanted {
        // Destructors may print for long, and are code like any other: no lock is held.
        let end = machine::on_own_thread(|thread| match thread.unload(&[image]) {
            Ok(()) => Ok(true),
            Err(UnloadError::Image(ImageError::InUse { .. })) => Ok(false),
            Err(UnloadError::Trap(trap)) => Err(Ok(ending::of(thread, &trap))),
            Err(error) => Err(Err(error.to_string())),
        })?;
        match end {
            Ok(true) => {
                lock().retain(|library| library.image != image);
                return Ok(true);
            }
            Ok(false) => {}
            Err(Ok(ending)) => ending::happen(ending),
            Err(Err(why)) => return Err(why),
        }
    }
    Ok(false)
}

/// The file that the library with code at this address came from.
pub(super) fn path_at(address: u64) -> Option<PathBuf> {
    let libraries = lock();
    let before = libraries.iter().filter(|library| library.handle <= address);
    let library = before.max_by_key(|library| library.handle)?;
    Some(library.path.clone())
}

/// The line of the source of an instruction, as `k.c:12`, if the file of its library tells.
pub(super) fn line(address: u64) -> Option<String> {
    let (path, base) = {
        let libraries = lock();
        let before = libraries.iter().filter(|library| library.handle <= address);
        let library = before.max_by_key(|library| library.handle)?;
        (library.path.clone(), library.base)
    };
    let lines = SourceLines::open(&Original::open(&path).ok()?)?;
    let in_file = address.wrapping_sub(base);
    let place = (in_file < lines.extent()).then(|| lines.find(in_file))?;
    (place.line > 0).then(|| format!("{}:{}", place.file, place.line))
}

/// The address of a symbol of a library, or of those that it needs.
pub(super) fn symbol(handle: u64, name: &[u8]) -> Option<u64> {
    let image = lock()
        .iter()
        .find(|library| library.handle == handle)
        .map(|library| library.image)?;
    machine::made()?.symbol_from(image, std::str::from_utf8(name).ok()?)
}

/// Calls code that belongs to a library. Where it does not return, the process ends.
fn call(work: impl FnOnce(&mut MachineThread<'static>) -> Result<(), ProcessEnding>) {
    match machine::on_own_thread(work) {
        Ok(Ok(())) => {}
        Ok(Err(ending)) => ending::happen(ending),
        Err(why) => ending::happen(ProcessEnding::Trap(ending::no_thread(why))),
    }
}
