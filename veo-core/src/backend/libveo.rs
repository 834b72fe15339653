//! NEC's library, found and loaded at run time.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::OnceLock;

use libloading::Library;
use veo_abi::ffi::VeoApi;

use super::{Api, Backend};
use crate::error::{Error, Result};

/// The variable that names the library to load, and no other.
const FILE: &str = "VEO_LIBVEO";

/// Where to look without it: the system's search path, then where NEC's packages put it.
const NAMES: [&str; 2] = ["libveo.so.1", "/opt/nec/ve/veos/lib64/libveo.so.1"];

/// The oldest interface that has what the typed layer needs.
const OLDEST: i32 = 11;
/// The interface this crate was written for.
const NEWEST: i32 = 16;

/// What there is of a card.
pub(super) fn card() -> Option<String> {
    let slots = entries("/dev", "veslot");
    let classes = entries("/sys/class/ve", "ve");
    slots.into_iter().chain(classes).next()
}

fn entries(directory: &str, prefix: &str) -> Vec<String> {
    let Ok(entries) = Path::new(directory).read_dir() else {
        return Vec::new();
    };
    let mut found: Vec<String> = entries
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with(prefix))
        .map(|e| e.path().display().to_string())
        .collect();
    found.sort();
    found
}

/// The numbers of the cards that the system shows.
pub(crate) fn cards() -> Vec<i32> {
    let mut numbers: Vec<i32> = entries("/dev", "veslot")
        .iter()
        .filter_map(|name| name.strip_prefix("/dev/veslot")?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// The table of NEC's library, loaded once and kept for ever.
pub(super) fn load() -> Result<&'static Api> {
    static API: OnceLock<Result<Api>> = OnceLock::new();
    API.get_or_init(open).as_ref().map_err(Clone::clone)
}

fn open() -> Result<Api> {
    let named = std::env::var_os(FILE).filter(|file| !file.is_empty());
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

/// What the loader says, which libloading keeps as the source of its error.
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
    Ok(Api {
        table,
        backend: Backend::Libveo,
        name: format!("{name} (interface version {version})"),
    })
}
