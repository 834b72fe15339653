//! Which program becomes the VE process: our own executable, started again, or a
//! veorun that the user names.

use std::ffi::{CString, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use veo_abi::environment::VEORUN_BIN;

use super::elf;
use crate::error::{Error, Result};
use crate::veorun::takeover;

/// The variable that names a veorun.
pub(crate) const VEORUN: &str = VEORUN_BIN.name();

/// What a VE process is made of.
pub(crate) struct Chosen {
    /// The program to start.
    pub(crate) program: CString,
    /// Kernels that it loads before anything else and serves as library 0.
    pub(crate) image: Option<String>,
}

/// Chooses the program to start; `named` is a veorun or an image of one.
pub(crate) fn choose(named: Option<&str>) -> Result<Chosen> {
    let named = named.map(str::to_owned).or_else(|| VEORUN_BIN.text());
    let Some(path) = named else {
        return Ok(Chosen {
            program: default_program()?,
            image: None,
        });
    };
    if !Path::new(&path).is_file() {
        return Err(Error::new(
            libc::ENOENT,
            format!("veorun {path} does not exist; {VEORUN} or the caller named it"),
        ));
    }
    if elf::is_image(&path) {
        elf::check(&path)?;
        let image = std::path::absolute(&path)
            .map_err(|error| Error::io(format!("making {path} an absolute path"), &error))?;
        return Ok(Chosen {
            program: default_program()?,
            image: Some(image.to_string_lossy().into_owned()),
        });
    }
    Ok(Chosen {
        program: c_path(Path::new(&path))?,
        image: None,
    })
}

fn default_program() -> Result<CString> {
    if takeover::is_linked() && is_own_program() {
        return c_path(&own_executable()?);
    }
    let beside = |library: &Path| Some(library.parent()?.join("../libexec/veorun"));
    let own = own_object();
    let installed = own.as_deref().and_then(beside);
    // A link to the library may stand anywhere.
    let behind = own.and_then(|path| beside(&path.canonicalize().ok()?));
    for path in [&installed, &behind].into_iter().flatten() {
        if path.is_file() {
            return c_path(path);
        }
    }
    Err(Error::new(
        libc::ENOENT,
        format!(
            "the emulator lies in a plugin or a static executable, which cannot be started \
             again as VE process, and there is no installed veorun ({}); \
             set {VEORUN} to the path of one",
            installed.as_deref().unwrap_or(Path::new("../libexec/veorun")).display()
        ),
    ))
}

/// The absolute path of the file that this code was loaded from.
fn own_object() -> Option<PathBuf> {
    let here = own_object as *const ();
    // SAFETY: dladdr fills the plain description it is given; the name it finds
    // belongs to a loaded object, this one, and stays.
    let name = unsafe {
        let mut info: libc::Dl_info = std::mem::zeroed();
        (libc::dladdr(here.cast(), &mut info) != 0 && !info.dli_fname.is_null())
            .then(|| std::ffi::CStr::from_ptr(info.dli_fname).to_bytes())?
    };
    let path = Path::new(std::ffi::OsStr::from_bytes(name));
    if path.is_absolute() {
        return Some(path.to_owned());
    }
    // The loader was given a relative path, and the program may have changed its
    // directory since; the kernel knows the file.
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let ours = maps.lines().find(|line| {
        let bounds = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
        bounds.is_some_and(|(start, end)| {
            let address = |text| usize::from_str_radix(text, 16).unwrap_or(0);
            (address(start)..address(end)).contains(&(here as usize))
        })
    })?;
    Some(PathBuf::from(&ours[ours.find('/')?..]))
}

fn c_path(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::invalid(format!("the path {} contains a NUL", path.display())))
}

fn own_executable() -> Result<PathBuf> {
    let link = Path::new("/proc/self/exe");
    if link.exists() {
        return Ok(link.to_owned());
    }
    // SAFETY: the kernel passes a NUL-terminated path that stays for ever.
    let path = unsafe {
        let name = libc::getauxval(libc::AT_EXECFN) as *const std::ffi::c_char;
        (!name.is_null()).then(|| std::ffi::CStr::from_ptr(name).to_bytes())
    };
    path.map(|path| PathBuf::from(std::ffi::OsStr::from_bytes(path)))
        .filter(|path| path.is_absolute() && path.is_file())
        .ok_or_else(|| {
            Error::new(
                libc::ENOENT,
                format!(
                    "the program's own file cannot be found without /proc; \
                     set {VEORUN} to the path of an installed veorun"
                ),
            )
        })
}

/// Whether this code lies in the main program, and the program is dynamic.
fn is_own_program() -> bool {
    let mut found = false;
    // SAFETY: the callback gets `found`, which outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(look_at_first), (&raw mut found).cast()) };
    found
}

unsafe extern "C" fn look_at_first(
    info: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    found: *mut c_void,
) -> c_int {
    // SAFETY: the loader passes a valid description, whose program headers are mapped.
    let (base, headers) = unsafe {
        (
            (*info).dlpi_addr,
            std::slice::from_raw_parts((*info).dlpi_phdr, (*info).dlpi_phnum.into()),
        )
    };
    let here = look_at_first as *const () as u64;
    let contains = headers.iter().any(|header| {
        let start = base.wrapping_add(header.p_vaddr);
        header.p_type == libc::PT_LOAD && here.wrapping_sub(start) < header.p_memsz
    });
    let dynamic = headers.iter().any(|header| header.p_type == libc::PT_INTERP);
    // SAFETY: `is_own_program` passes a bool.
    unsafe { *found.cast::<bool>() = contains && dynamic };
    // The main program comes first; stop here.
    1
}
