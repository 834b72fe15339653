//! The functions through which everything talks to a VE, and the libraries that provide them.
//!
//! `libveo` makes up for what NEC's library lacks or gets wrong. The modules above this one do not ask
//! which backend it is. They ask whether the table has the functions of three fast paths:
//! `veo_emu_call_async`, `veo_emu_args_set_result`, `veo_emu_collect`.

mod emulated;
mod extension;
mod libveo;
mod poll;
mod short_path;

pub(crate) use extension::{Extension, HostMapping, NodeCode, ProcessExtension};
pub(crate) use poll::poll;
pub(crate) use short_path::Shortened;

use std::fmt;

use veo_abi::environment::{self, VEO_BACKEND};
use veo_abi::ffi::VeoApi;

use self::emulated::Emulated;
use crate::error::{Error, Result};

/// The library that runs the kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// NEC's `libveo.so.1` with a Vector Engine card.
    Libveo,
    /// The emulated node (`veo-emu`).
    Emu,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Backend::Libveo => "libveo",
            Backend::Emu => "emu",
        })
    }
}

/// A library that was found.
pub(crate) struct Api {
    /// Its functions.
    pub(crate) table: VeoApi,
    /// Its functions beyond libveo's interface.
    pub(crate) extension: Box<dyn Extension>,
    pub(crate) backend: Backend,
    /// The library, as messages name it.
    pub(crate) name: String,
}

/// The function `$name` of the table, or the error that it is missing.
macro_rules! need {
    ($api:expr, $name:ident, $purpose:expr) => {
        match $api.table.$name {
            Some(function) => Ok(function),
            None => Err($crate::error::Error::MissingFunction {
                function: stringify!($name),
                library: $api.name.clone(),
                needed_for: $purpose,
            }),
        }
    };
}
pub(crate) use need;

impl Api {
    pub(crate) fn new(mut table: VeoApi, backend: Backend, name: String) -> Api {
        let extension: Box<dyn Extension> = match Emulated::of(&table) {
            Some(emulated) => Box::new(emulated),
            None => {
                // These functions of an older emulated node take other arguments.
                table.veo_emu_call_async = None;
                table.veo_emu_collect = None;
                Box::new(libveo::Bare::new(&table, &name))
            }
        };
        Api {
            table,
            extension,
            backend,
            name,
        }
    }

    /// The backend's message about the last call of this thread that failed.
    pub(crate) fn last_error(&self) -> Option<String> {
        self.extension.last_error()
    }
}

/// The table for `choice`, or for what `VEO_BACKEND` says if there is none.
pub(crate) fn select(choice: Option<Backend>) -> Result<&'static Api> {
    if !cfg!(target_os = "linux") {
        return Err(Error::Backend {
            reason: "the Vector Engine and its emulation run on Linux only".into(),
        });
    }
    let variable = match choice {
        Some(_) => None,
        None => VEO_BACKEND.get(),
    };
    let wanted = match (&choice, variable.as_deref().and_then(|v| v.to_str())) {
        (Some(choice), _) => Some(*choice),
        (None, Some("libveo")) => Some(Backend::Libveo),
        (None, Some("emu")) => Some(Backend::Emu),
        (None, Some("auto")) => None,
        (None, None) if variable.is_none() => None,
        (None, _) => {
            return Err(Error::Backend {
                reason: format!(
                    "VEO_BACKEND is {:?}; it can be auto, libveo or emu",
                    variable.unwrap_or_default()
                ),
            });
        }
    };
    let api = match wanted {
        Some(Backend::Libveo) => libveo::load(),
        Some(Backend::Emu) => emulator(),
        None => automatic(libveo::card(), libveo::load),
    }?;
    if api.backend == Backend::Libveo {
        libveo::check_privileges(api)?;
    }
    Ok(api)
}

/// How a user chooses a backend.
fn choose(backend: &str) -> String {
    if environment::privileged() {
        format!(
            "choose `{backend}` with VeoProcBuilder::backend (a program with raised privileges \
             ignores VEO_BACKEND)"
        )
    } else {
        format!("set VEO_BACKEND={backend}")
    }
}

fn automatic(
    card: Option<String>,
    libveo: impl FnOnce() -> Result<&'static Api>,
) -> Result<&'static Api> {
    match (card, libveo()) {
        (Some(_), Ok(api)) => Ok(api),
        (None, Err(_)) => emulator(),
        (Some(card), Err(error)) => Err(Error::Backend {
            reason: format!(
                "this machine has a card ({card}), but {error}; install NEC's libveo (package \
                 aveo), or {} for the emulated node",
                choose("emu")
            ),
        }),
        (None, Ok(api)) => Err(Error::Backend {
            reason: format!(
                "{} is installed, but there is no card (/dev/veslot*); {} for the emulated \
                 node, or {} to use the library all the same",
                api.name,
                choose("emu"),
                choose("libveo")
            ),
        }),
    }
}

#[cfg(all(feature = "emu", target_os = "linux"))]
#[allow(clippy::unnecessary_wraps)]
fn emulator() -> Result<&'static Api> {
    static API: std::sync::OnceLock<Api> = std::sync::OnceLock::new();
    Ok(API.get_or_init(|| Api::new(*veo_emu::api(), Backend::Emu, "the emulated node".into())))
}

#[cfg(not(all(feature = "emu", target_os = "linux")))]
fn emulator() -> Result<&'static Api> {
    Err(Error::Backend {
        reason: "this program was built without the emulated node (feature `emu` of veo-core)"
            .into(),
    })
}

/// A path as C functions take it; `None` if it has a NUL.
#[cfg(unix)]
pub(crate) fn c_path(path: &std::path::Path) -> Option<std::ffi::CString> {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::CString::new(path.as_os_str().as_bytes()).ok()
}

#[cfg(not(unix))]
pub(crate) fn c_path(path: &std::path::Path) -> Option<std::ffi::CString> {
    std::ffi::CString::new(path.to_str()?).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;

    fn missing() -> Result<&'static Api> {
        Err(Error::Backend {
            reason: "libveo.so.1 is not there".into(),
        })
    }

    fn present() -> Result<&'static Api> {
        static API: OnceLock<Api> = OnceLock::new();
        let empty = || Api::new(VeoApi::EMPTY, Backend::Libveo, String::new());
        Ok(API.get_or_init(empty))
    }

    #[test]
    fn a_machine_with_half_of_what_it_needs_is_an_error_that_says_so() {
        let error = automatic(Some("/dev/veslot0".into()), missing)
            .err()
            .unwrap();
        let text = error.to_string();
        assert!(text.contains("/dev/veslot0"), "{text}");
        assert!(text.contains("libveo.so.1 is not there"), "{text}");
        assert!(text.contains("VEO_BACKEND=emu"), "{text}");
        let error = automatic(None, present).err().unwrap();
        let text = error.to_string();
        assert!(text.contains("no card"), "{text}");
        assert!(text.contains("VEO_BACKEND=libveo"), "{text}");
    }

    #[test]
    fn card_and_library_together_are_used() {
        let api = automatic(Some("/dev/veslot0".into()), present).unwrap();
        assert_eq!(api.backend, Backend::Libveo);
    }

    #[test]
    fn a_part_of_the_extension_is_none() {
        unsafe extern "C" fn call(
            _: *mut veo_abi::ffi::veo_thr_ctxt,
            _: u64,
            _: *const u64,
            _: *const u64,
            _: usize,
            _: veo_abi::ffi::veo_emu_class,
        ) -> u64 {
            0
        }
        let older = VeoApi {
            veo_emu_call_async: Some(call),
            ..VeoApi::EMPTY
        };
        let api = Api::new(older, Backend::Libveo, String::new());
        assert!(api.table.veo_emu_call_async.is_none());
    }

    #[test]
    fn a_missing_function_is_named() {
        let api = present().unwrap();
        let error = need!(api, veo_alloc_hmem, "hmem").err().unwrap();
        assert!(error.to_string().contains("veo_alloc_hmem"), "{error}");
    }
}
