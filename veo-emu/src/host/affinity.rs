//! The CPUs that a VE process may use: those of the thread that starts it, or all that the system lets this program have.

use veo_abi::environment::VEO_EMU_AFFINITY;

use crate::error::{Error, Result};
use crate::sys::thread::CpuSet;

/// The CPUs that a VE process may use.
#[derive(Clone, Copy)]
pub(crate) enum Affinity {
    /// The CPUs of the thread that starts it, as for any child of a program.
    Inherit,
    /// All CPUs of the machine, whatever this program was bound to.
    Free,
}

impl Affinity {
    /// The choice of the environment.
    pub(crate) fn from_environment() -> Result<Affinity> {
        let Some(text) = VEO_EMU_AFFINITY.text() else {
            return Ok(Affinity::Inherit);
        };
        match text.trim() {
            "inherit" => Ok(Affinity::Inherit),
            "free" => Ok(Affinity::Free),
            _ => Err(Error::invalid(format!(
                "{} is {text:?}; it can be `inherit`, where a VE process may use the CPUs that its program may use, or `free`, where \
                 it may use all",
                VEO_EMU_AFFINITY.name()
            ))),
        }
    }

    /// Runs `start`, whose children may use these CPUs. Afterwards the calling thread may use its own again. If the system
    /// refuses, children inherit the thread's CPUs.
    pub(crate) fn around<R>(self, start: impl FnOnce() -> R) -> R {
        let own = match self {
            Affinity::Inherit => None,
            Affinity::Free => CpuSet::of_thread().filter(|_| CpuSet::all().apply()),
        };
        let result = start();
        if let Some(own) = own {
            own.apply();
        }
        result
    }
}
