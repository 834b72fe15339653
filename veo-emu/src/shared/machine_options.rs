//! How the machine works that runs VE machine code, as variables ask. The host checks them before it starts a process, which reads
//! them again.

use veo_abi::environment::{VEO_EMU_FLOAT, VEO_EMU_PROFILE, VEO_EMU_TRACE, Variable};

use ve_isa::semantics::float::FloatMode;
use ve_isa::watch::Trace;

/// What variables say of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MachineOptions {
    pub(crate) floats: FloatMode,
    pub(crate) trace: Option<Trace>,
    /// Whether it counts what it executes.
    pub(crate) counts: bool,
}

impl MachineOptions {
    /// What holds where no variable says something.
    pub(crate) const USUAL: MachineOptions = MachineOptions {
        floats: FloatMode::Host,
        trace: None,
        counts: false,
    };

    /// Reads the variables. The error is a sentence.
    pub(crate) fn from_environment() -> Result<MachineOptions, String> {
        Ok(MachineOptions {
            floats: choice(
                VEO_EMU_FLOAT,
                FloatMode::Host,
                &[("host", FloatMode::Host), ("exact", FloatMode::Exact)],
            )?,
            trace: choice(
                VEO_EMU_TRACE,
                None,
                &[
                    ("off", None),
                    ("calls", Some(Trace::Calls)),
                    ("instructions", Some(Trace::Instructions)),
                ],
            )?,
            counts: choice(VEO_EMU_PROFILE, false, &[("0", false), ("1", true)])?,
        })
    }

    /// Whether instructions are looked at.
    pub(crate) fn watches(&self) -> bool {
        self.trace.is_some() || self.counts
    }
}

fn choice<T: Copy>(variable: Variable, usual: T, choices: &[(&str, T)]) -> Result<T, String> {
    let Some(text) = variable.text() else {
        return Ok(usual);
    };
    let found = choices.iter().find(|(name, _)| *name == text.trim());
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<_> = choices
            .iter()
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        format!(
            "{} is {text:?}; it can be {}",
            variable.name(),
            names.join(", ")
        )
    })
}
