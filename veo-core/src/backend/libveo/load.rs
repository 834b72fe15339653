//! NEC's library, found and loaded at run time.

use std::ffi::OsStr;
use std::sync::OnceLock;

use libloading::Library;
use veo_abi::environment::{self, VEO_LIBVEO, Variable};
use veo_abi::ffi::VeoApi;

use crate::backend::emulated::Emulated;
use crate::backend::{Api, Backend};
use crate::error::{Error, Result};

/// The variable that names the library to load, and no other.
const FILE: &str = VEO_LIBVEO.name();

/// Where to look without it: the system's search path, then where NEC's packages put it.
const NAMES: [&str; 2] = ["libveo.so.1", "/opt/nec/ve/veos/lib64/libveo.so.1"];

/// The oldest interface that has what the typed layer needs.
const OLDEST: i32 = 11;
/// The interface this crate was written for.
const NEWEST: i32 = 16;

/// The table of NEC's library, loaded once and kept for ever.
pub(in crate::backend) fn load() -> Result<&'static Api> {
    static API: OnceLock<Result<Api>> = OnceLock::new();
    API.get_or_init(open).as_ref().map_err(Clone::clone)
}

fn open() -> Result<Api> {
    let named = VEO_LIBVEO.get();
    let names = match &named {
        Some(file) => vec![file.as_os_str()],
        None => NAMES.map(OsStr::new).to_vec(),
    };
    let mut reasons = Vec::new();
    for name in names {
        // SAFETY: loading runs the initialisers of NEC's library, which have no
        // preconditions.
        match unsafe { Library::new(name) } {
            Ok(library) => return fill(library, &name.to_string_lossy()),
            Err(error) => reasons.push(reason(&error)),
        }
    }
    Err(Error::Backend {
        reason: match named {
            Some(_) => format!(
                "{FILE} names a library that cannot be loaded: {}",
                reasons.join("; ")
            ),
            None => format!("libveo.so.1 cannot be loaded: {}", reasons.join("; ")),
        },
    })
}

/// Fails if a program with raised privileges would use NEC's library with variables that its
/// caller has set, which the library obeys.
pub(in crate::backend) fn check_privileges(api: &Api) -> Result<()> {
    // The emulator, loaded as libveo, obeys none then.
    if !environment::privileged() || Emulated::of(&api.table).is_some() {
        return Ok(());
    }
    match environment::names().find(|name| is_obeyed(&name.to_string_lossy())) {
        None => Ok(()),
        Some(name) => Err(Error::Backend {
            reason: format!(
                "this program has raised privileges (set-user-ID, set-group-ID or file \
                 capabilities), and {} would obey its caller's variable {}; start the program \
                 without that variable",
                api.name,
                name.display()
            ),
        }),
    }
}

/// Whether libveo or its VE side may let this variable choose what runs, or what files are
/// used: all that are theirs, but numbers.
fn is_obeyed(name: &str) -> bool {
    const OURS: [Variable; 6] = [
        environment::VEO_BACKEND,
        environment::VEO_LIBVEO,
        environment::VEO_LIBRARY_PATH,
        environment::VEO_VERIFY,
        environment::VEO_EMU_NODES,
        environment::VEO_EMU_MEMORY,
    ];
    const NUMBERS: [Variable; 3] = [
        environment::VE_NODE_NUMBER,
        environment::VE_CORE_NUMBER,
        environment::VE_OMP_NUM_THREADS,
    ];
    let harmless = OURS
        .iter()
        .chain(&NUMBERS)
        .any(|variable| variable.name() == name);
    (name.starts_with("VE_") || name.starts_with("VEO")) && !harmless
}

/// The loader's message, which libloading keeps as the source of its error.
fn reason(error: &dyn std::error::Error) -> String {
    error.source().unwrap_or(error).to_string()
}

fn fill(library: Library, name: &str) -> Result<Api> {
    // Threads of the library run until the program ends: it is never unloaded.
    let library = Box::leak(Box::new(library));
    let find = |symbol: &'static str| {
        // SAFETY: the symbol is only looked at as an address, never used as a value of
        // the type given here.
        let found = unsafe { library.get::<*const std::ffi::c_void>(symbol) };
        let address = found.ok().and_then(|found| {
            // SAFETY: the library is never unloaded.
            unsafe { found.try_as_raw_ptr() }
        });
        address.map_or(std::ptr::null(), <*mut _>::cast_const)
    };
    // SAFETY: `find` gives null or the address of the function of that name in a
    // library of the libveo interface, which stays loaded.
    let table = unsafe { VeoApi::load(find) };
    let Some(version) = table.veo_api_version else {
        return Err(Error::Backend {
            reason: format!("{name} is not a libveo: it has no veo_api_version"),
        });
    };
    // SAFETY: the function has no preconditions.
    let version = unsafe { version() };
    if version < OLDEST {
        return Err(Error::Backend {
            reason: format!(
                "{name} has interface version {version}, at least {OLDEST} is needed; update aveo"
            ),
        });
    }
    if version > NEWEST {
        tracing::warn!(
            "{name} has interface version {version}, newer than {NEWEST}, the last one known here"
        );
    }
    let name = format!("{name} (interface version {version})");
    Ok(Api::new(table, Backend::Libveo, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_libveo_are_known_by_their_beginning() {
        for name in [
            "VEORUN_BIN",
            "VEO_DEBUG",
            "VE_LD_PRELOAD",
            "VE_LD_LIBRARY_PATH",
            "VE_NEW",
        ] {
            assert!(is_obeyed(name), "{name}");
        }
        for name in [
            "VE_NODE_NUMBER",
            "VE_OMP_NUM_THREADS",
            "VEO_BACKEND",
            "VERBOSE",
            "PATH",
        ] {
            assert!(!is_obeyed(name), "{name}");
        }
    }
}
