//! The program that becomes the VE process: our own executable, started again, or a veorun that
//! the user names.

use std::ffi::{CString, c_int, c_void};
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use veo_abi::environment::{self, VEORUN_BIN};
use veo_debuginfo::executable::{Mapped, no_descriptor};

use super::library_file;
use crate::error::{Error, Result};
use crate::shared::code::MachineCode;
use crate::shared::handshake;
use crate::sys::above_standard;

/// The variable that names a veorun.
const VEORUN: &str = VEORUN_BIN.name();

/// Where a veorun comes from.
const MAKE_VEORUN: &str = "`veo install` makes it: libexec/veorun";

/// A program that can become a VE process.
pub(crate) struct Program {
    /// The path that is executed.
    pub(crate) path: CString,
    /// The file, if the path is its descriptor.
    pub(crate) file: Option<OwnedFd>,
    /// Its name in messages.
    pub(crate) name: String,
    /// Advice for when it does not become a VE process.
    pub(crate) advice: String,
}

/// Kernels that a VE process loads before anything else and serves as library 0.
pub(crate) struct VeorunImage {
    pub(crate) path: String,
    pub(crate) code: MachineCode,
}

/// The parts of a VE process.
pub(crate) struct Chosen {
    /// The program to start.
    pub(crate) program: Program,
    pub(crate) image: Option<VeorunImage>,
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
        let what = if Path::new(&path).exists() {
            "is no file"
        } else {
            "does not exist"
        };
        return Err(Error::new(
            libc::ENOENT,
            format!("veorun {path} {what}; {VEORUN} or the caller named it"),
        ));
    }
    if library_file::is_image(&path) {
        let code = library_file::check(&path)?.unwrap_or(MachineCode::Native);
        let image = std::path::absolute(&path)
            .map_err(|error| Error::io(format!("making {path} an absolute path"), &error))?;
        return Ok(Chosen {
            program: default_program()?,
            image: Some(VeorunImage {
                path: image.to_string_lossy().into_owned(),
                code,
            }),
        });
    }
    Ok(Chosen {
        program: veorun(Path::new(&path))?,
        image: None,
    })
}

/// A veorun that lies at this path.
fn veorun(path: &Path) -> Result<Program> {
    check_identity()?;
    Ok(Program {
        path: c_path(path)?,
        file: None,
        name: path.display().to_string(),
        advice: "is it a veorun?".into(),
    })
}

/// Fails if the program acts as another user or group than its own. The system gives raised
/// privileges to its child processes, and those obey no environment.
fn check_identity() -> Result<()> {
    // SAFETY: none of these can fail.
    let same = unsafe { libc::getuid() == libc::geteuid() && libc::getgid() == libc::getegid() };
    if same {
        return Ok(());
    }
    Err(Error::new(
        libc::EPERM,
        "this program acts as another user or group than the one that started it (set-user-ID, \
         set-group-ID, seteuid, setegid), and a VE process that it starts obeys nobody then; \
         become one of the two first (setresuid, setresgid), or leave the VE to a program \
         without raised privileges",
    ))
}

fn default_program() -> Result<Program> {
    let main = Main::find();
    if handshake::has_start_up() && main.is_ours && main.is_dynamic {
        return own_program(&main);
    }
    if main.is_ours && !main.is_dynamic {
        return Err(Error::new(
            libc::ENOENT,
            format!(
                "this program is a static executable, which cannot be started again as a VE \
                 process, since it can load no kernels; set {VEORUN} to the path of an installed \
                 veorun ({MAKE_VEORUN})"
            ),
        ));
    }
    let beside = |library: &Path| Some(library.parent()?.join("../libexec/veorun"));
    let own = own_object();
    let installed = own.as_deref().and_then(beside);
    // A link to the library may stand anywhere.
    let behind = own.and_then(|path| beside(&path.canonicalize().ok()?));
    for path in [&installed, &behind].into_iter().flatten() {
        if path.is_file() {
            return veorun(path);
        }
    }
    Err(Error::new(
        libc::ENOENT,
        format!(
            "the emulator lies in a plugin, which cannot be started again as a VE process, and \
             there is no installed veorun ({}); set {VEORUN} to the path of one ({MAKE_VEORUN})",
            installed
                .as_deref()
                .unwrap_or(Path::new("../libexec/veorun"))
                .display()
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
    Mapped::at(here as usize).ok()?.map(|mapped| mapped.path)
}

fn c_path(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::invalid(format!("the path {} contains a NUL", path.display())))
}

/// The running program, to be started again: the very file, whatever its name means now.
fn own_program(main: &Main) -> Result<Program> {
    if environment::privileged() {
        return Err(Error::new(
            libc::EPERM,
            format!(
                "this program has raised privileges (set-user-ID, set-group-ID or file \
                 capabilities), so it cannot be started again as its own VE process, and ignores \
                 {VEORUN}; name an installed veorun in the program, or leave the VE to a program \
                 without such privileges"
            ),
        ));
    }
    check_identity()?;
    let advice = format!("{VEORUN} can name an installed veorun instead");
    let program = |path, file, name: &Path| {
        Ok(Program {
            path,
            file,
            name: format!("{} (this program)", name.display()),
            advice: advice.clone(),
        })
    };
    let lost = |why: &str| {
        Err(Error::new(
            libc::ENOENT,
            format!(
                "the program's own file, which becomes the VE process, cannot be found: {why}; \
                 set {VEORUN} to the path of an installed veorun"
            ),
        ))
    };
    let failed = |error| Error::io("looking for the program's own file", &error);
    match Mapped::program() {
        Ok(Some(mapped)) => {
            let Some(file) = mapped.open().map_err(failed)? else {
                return lost(&format!(
                    "{} was replaced or removed",
                    mapped.path.display()
                ));
            };
            let file = above_standard(file).map_err(failed)?;
            let path = c_path(Path::new(&format!("/proc/self/fd/{}", file.as_raw_fd())))?;
            return program(path, Some(file), &mapped.path);
        }
        Ok(None) => return lost("its code is mapped from no file"),
        Err(error) if no_descriptor(&error) => return Err(failed(error)),
        // There is no /proc.
        Err(_) => {}
    }
    // SAFETY: the kernel passes a NUL-terminated path that stays for ever.
    let name = unsafe {
        let name = libc::getauxval(libc::AT_EXECFN) as *const std::ffi::c_char;
        (!name.is_null()).then(|| std::ffi::CStr::from_ptr(name).to_bytes())
    };
    match name.map(|name| Path::new(std::ffi::OsStr::from_bytes(name))) {
        Some(path) if path.is_absolute() && main.begins(path) => program(c_path(path)?, None, path),
        _ => lost("there is no /proc, and its name means no file or another one"),
    }
}

/// The main program in memory.
#[derive(Default)]
struct Main {
    /// Whether this code lies in it.
    is_ours: bool,
    /// Whether a loader has loaded it.
    is_dynamic: bool,
    /// The beginning of its file, where that is mapped and never written to.
    beginning: &'static [u8],
}

impl Main {
    fn find() -> Main {
        let mut main = Main::default();
        // SAFETY: the callback gets `main`, which outlives the call.
        unsafe { libc::dl_iterate_phdr(Some(look_at_first), (&raw mut main).cast()) };
        main
    }

    /// Whether the file begins as the program does.
    fn begins(&self, path: &Path) -> bool {
        !self.beginning.is_empty()
            && fs::read(path).is_ok_and(|bytes| bytes.starts_with(self.beginning))
    }
}

unsafe extern "C" fn look_at_first(
    info: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    found: *mut c_void,
) -> c_int {
    // SAFETY: the loader passes a valid description, whose program headers are mapped;
    // `Main::find` passes a `Main`.
    let (base, headers, main) = unsafe {
        (
            (*info).dlpi_addr,
            std::slice::from_raw_parts((*info).dlpi_phdr, (*info).dlpi_phnum.into()),
            &mut *found.cast::<Main>(),
        )
    };
    let here = look_at_first as *const () as u64;
    main.is_dynamic = headers
        .iter()
        .any(|header| header.p_type == libc::PT_INTERP);
    for header in headers
        .iter()
        .filter(|header| header.p_type == libc::PT_LOAD)
    {
        let start = base.wrapping_add(header.p_vaddr);
        main.is_ours |= here.wrapping_sub(start) < header.p_memsz;
        let access = header.p_flags & (libc::PF_R | libc::PF_W);
        if header.p_offset == 0 && access == libc::PF_R {
            // SAFETY: the segment is mapped for as long as the program runs, readable and not
            // writable; this many bytes of it come from the file.
            main.beginning =
                unsafe { std::slice::from_raw_parts(start as *const u8, header.p_filesz as usize) };
        }
    }
    // The main program comes first; stop here.
    1
}
