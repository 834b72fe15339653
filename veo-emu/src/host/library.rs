//! Loading and unloading libraries of a VE process, and looking symbols up.

use std::path::Path;

use veo_abi::environment::VE_LD_LIBRARY_PATH;
use veo_abi::limits::MAX_NAME;
use veo_debuginfo::Original;
use veo_debuginfo::executable::no_descriptor;

use super::library_file;
use super::queue::Queue;
use crate::error::{Error, Result};
use crate::log::debug;
use crate::shared::code::MachineCode;
use crate::shared::parcel::{PARCEL, PARCEL_AT, Task};
use crate::shared::ring::Completion;
use crate::sys::memfd;

/// Turns `name` into a name that means the same file in the VE process: a path is made absolute,
/// a bare name is searched for in the directories of VE libraries.
fn resolve(name: &str) -> Result<String> {
    if name.contains('/') {
        return std::path::absolute(name)
            .map(|path| path.to_string_lossy().into_owned())
            .map_err(|error| Error::io(format!("making {name} an absolute path"), &error));
    }
    let directories = VE_LD_LIBRARY_PATH.text().unwrap_or_default();
    let candidates: Vec<String> = directories
        .split(':')
        // An empty entry would be the current directory.
        .filter(|directory| directory.starts_with('/'))
        .map(|directory| format!("{directory}/{name}"))
        .filter(|path| std::path::Path::new(path).exists())
        .collect();
    // This searches as the loader does, but skips libraries that cannot run here. If there is no
    // other, the refusal of the first one is the error.
    let found = library_file::first_fit(&candidates).or(candidates.first());
    Ok(found.map_or(name, String::as_str).to_owned())
}

/// Loads a library, behind everything queued on `main`. With `exact` it is an error if another
/// library has brought one along that had the path before its file was replaced.
pub(crate) fn load(main: &Queue, name: &str, exact: bool) -> Result<u64> {
    check_given("library", name)?;
    let path = resolve(name)?;
    let mut exclusive = main.exclusive_use()?;
    library_file::check(&path)?;
    main.child.sanitizers.check_library(&path)?;
    // Its file says how its functions take their arguments.
    let before = match Original::open(Path::new(&path)) {
        Err(error) if no_descriptor(&error) => {
            return Err(Error::io(format!("opening library {path}"), &error));
        }
        opened => opened.ok(),
    };
    put(main, path.as_bytes())?;
    main.child.symbols.set_subject(&path);
    let (ended, len) = exclusive.parcel(Task::Load, &[path.len() as u64])?;
    let answer = get(main, len);
    if ended != Completion::Done {
        let text = String::from_utf8_lossy(&answer);
        return Err(Error::new(
            libc::ENOENT,
            format!("library {name} cannot be loaded: {text}"),
        ));
    }
    let malformed = || Error::new(libc::EPROTO, "the VE process gave a malformed answer");
    let (handle, rest) = answer.split_first_chunk().ok_or_else(malformed)?;
    let (base, rest) = rest.split_first_chunk().ok_or_else(malformed)?;
    let (code, rest) = rest.split_first().ok_or_else(malformed)?;
    let (is_in_place, path) = rest.split_first().ok_or_else(malformed)?;
    let code = MachineCode::from_byte(*code).ok_or_else(malformed)?;
    let is_in_place = *is_in_place != 0;
    let handle = u64::from_le_bytes(*handle);
    if handle == 0 {
        return Err(malformed());
    }
    let symbols = &main.child.symbols;
    // If the file is replaced at this moment, its caller notices.
    let is_older = !is_in_place && before.as_ref().is_some_and(Original::is_in_place);
    if exact && is_older && symbols.path_of(handle).is_none() {
        exclusive.parcel(Task::Unload, &[handle])?;
        return Err(Error::new(
            libc::ESTALE,
            format!(
                "{name} was replaced after another library that needs it was loaded, with the \
                 old one, which is what would be called; start a new VE process for the new one"
            ),
        ));
    }
    exclusive.set_result(handle);
    debug!("library {} is loaded", String::from_utf8_lossy(path));
    let path = String::from_utf8_lossy(path).into_owned();
    let before = before.filter(|file| file.path() == Path::new(&path));
    // The file was opened before it was loaded, unless the loader has searched for it.
    let file = before.or_else(|| Original::open(Path::new(&path)).ok());
    let file = file.filter(|file| is_in_place && file.is_in_place());
    symbols.loaded(handle, u64::from_le_bytes(*base), code, path, file);
    Ok(handle)
}

/// Unloads a library and forgets its symbols.
pub(crate) fn unload(main: &Queue, handle: u64) -> Result<()> {
    main.child.check()?;
    let exclusive = main.exclusive_use()?;
    // The library is looked up behind the queue, so that two unloads of one load cannot both
    // pass.
    let symbols = &main.child.symbols;
    symbols.set_subject(&symbols.path_of(handle).ok_or_else(|| unknown(handle))?);
    let (ended, len) = exclusive.parcel(Task::Unload, &[handle])?;
    if ended != Completion::Done {
        let text = String::from_utf8_lossy(&get(main, len)).into_owned();
        return Err(Error::invalid(format!(
            "the library cannot be unloaded: {text}"
        )));
    }
    symbols.unloaded(handle);
    Ok(())
}

/// The address of a symbol.
pub(crate) fn symbol(main: &Queue, handle: u64, name: &str) -> Result<u64> {
    check_name("symbol", name)?;
    let symbols = &main.child.symbols;
    if let Some(address) = symbols.address(handle, name) {
        return Ok(address);
    }
    main.child.check()?;
    if handle != 0 && symbols.path_of(handle).is_none() {
        return Err(unknown(handle));
    }
    let image = symbols.image();
    let mut exclusive = main.exclusive_use()?;
    // A symbol of the image wins over one of the same name in a library.
    let mut found = None;
    for library in [image, Some(handle)]
        .into_iter()
        .flatten()
        .filter(|library| *library != 0)
    {
        put(main, name.as_bytes())?;
        main.child.symbols.set_subject(name);
        let words = [library, name.len() as u64];
        let (_, address) = exclusive.parcel(Task::Symbol, &words)?;
        if address != 0 {
            let is_code = get(main, 1) != [0];
            found = Some((library, address, is_code));
            break;
        }
    }
    exclusive.set_result(found.map_or(0, |(_, address, _)| address));
    let Some((library, address, is_code)) = found else {
        let place = match symbols.path_of(handle) {
            Some(path) => format!("library {path} has"),
            None if image.is_some() => "the veorun image has".into(),
            None => "this veorun has no statically linked kernels, so".into(),
        };
        return Err(Error::new(
            libc::ENOENT,
            format!("{place} no symbol {name}"),
        ));
    };
    // The library may have been unloaded between the search and this.
    if !symbols.found(handle, name, library, address, is_code) {
        return Err(unknown(handle));
    }
    main.child.connection.control().shown.note(address, name);
    Ok(address)
}

fn unknown(handle: u64) -> Error {
    Error::invalid(format!("{handle:#x} is no loaded library of this process"))
}

fn check_given(what: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid(format!("the name of the {what} is empty")));
    }
    Ok(())
}

/// A name that libveo accepts.
pub(crate) fn check_name(what: &str, name: &str) -> Result<()> {
    check_given(what, name)?;
    if name.len() > MAX_NAME {
        return Err(Error::new(
            libc::ENAMETOOLONG,
            format!(
                "the name of the {what} has {} bytes; at most {MAX_NAME} are allowed",
                name.len()
            ),
        ));
    }
    Ok(())
}

/// Fills the parcel. The caller has the context for itself.
fn put(queue: &Queue, bytes: &[u8]) -> Result<()> {
    if bytes.len() > PARCEL {
        return Err(Error::new(libc::ENAMETOOLONG, "the name is too long"));
    }
    let place = queue.mapping.base().wrapping_add(PARCEL_AT);
    // SAFETY: the parcel has PARCEL bytes.
    unsafe { memfd::copy(place, bytes.as_ptr(), bytes.len()) };
    Ok(())
}

/// Takes `len` bytes out of the parcel. The caller has the context for itself.
pub(super) fn get(queue: &Queue, len: u64) -> Vec<u8> {
    let len = usize::try_from(len).unwrap_or(PARCEL).min(PARCEL);
    let place = queue.mapping.base().wrapping_add(PARCEL_AT);
    let mut bytes = vec![0; len];
    // SAFETY: the parcel has PARCEL bytes, the vector `len`.
    unsafe { memfd::copy(bytes.as_mut_ptr(), place, len) };
    bytes
}
