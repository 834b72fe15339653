//! The variables about the machine that runs VE machine code. The host checks them before it starts a process, which reads them
//! again.

use veo_abi::environment::{
    VEO_EMU_CHECK, VEO_EMU_ENGINE, VEO_EMU_FLOAT, VEO_EMU_PROFILE, VEO_EMU_TRACE, Variable,
};

use ve_isa::check::CheckOptions;
use ve_isa::semantics::float::FloatMode;
use ve_isa::watch::{NoTrace, TraceKind};
use ve_jit::EngineChoice;

/// Values of `VEO_EMU_PROFILE`: nothing is counted; counts are printed at the end; counts are kept for those who ask.
const OFF: &str = "0";
const PRINT: &str = "1";
const QUIET: &str = "quiet";

/// The value of `VEO_EMU_PROFILE` with which a process counts its instructions, or does not. A process that counts prints the
/// counts if the user wants that.
pub(crate) fn profile(counts: bool) -> &'static str {
    match (counts, VEO_EMU_PROFILE.text()) {
        (false, _) => OFF,
        (true, Some(text)) if text.trim() == PRINT => PRINT,
        (true, _) => QUIET,
    }
}

/// The variables' choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MachineOptions {
    pub(crate) engine: EngineChoice,
    pub(crate) floats: FloatMode,
    pub(crate) trace: Option<TraceKind>,
    /// Whether it counts what it executes.
    pub(crate) counts: bool,
    /// Whether it prints that at the end.
    pub(crate) tells: bool,
    /// How its memory is checked, if it is.
    pub(crate) check: Option<CheckOptions>,
}

impl MachineOptions {
    /// The choices where no variable says anything.
    pub(crate) const USUAL: MachineOptions = MachineOptions {
        engine: EngineChoice::Interpreter,
        floats: FloatMode::Host,
        trace: None,
        counts: false,
        tells: false,
        check: None,
    };

    /// Reads the variables. The error is a sentence.
    pub(crate) fn from_environment() -> Result<MachineOptions, String> {
        let (counts, tells) = choice(
            VEO_EMU_PROFILE,
            (false, false),
            &[
                (OFF, (false, false)),
                (PRINT, (true, true)),
                (QUIET, (true, false)),
            ],
        )?;
        Ok(MachineOptions {
            engine: engine()?,
            floats: choice(
                VEO_EMU_FLOAT,
                FloatMode::Host,
                &[("host", FloatMode::Host), ("exact", FloatMode::Exact)],
            )?,
            trace: trace()?,
            counts,
            tells,
            check: wanted_check(VEO_EMU_CHECK.text().as_deref())?,
        })
    }

    /// Whether instructions are looked at.
    pub(crate) fn watches(&self) -> bool {
        self.trace.is_some() || self.counts
    }
}

fn trace() -> Result<Option<TraceKind>, String> {
    let Some(text) = VEO_EMU_TRACE.text() else {
        return Ok(None);
    };
    match text.trim() {
        "off" => Ok(None),
        wanted => wanted.parse().map(Some).map_err(|error: NoTrace| {
            format!(
                "{} is {text:?}; it can be `off`, {error}",
                VEO_EMU_TRACE.name()
            )
        }),
    }
}

fn engine() -> Result<EngineChoice, String> {
    let usual = EngineChoice::default();
    let engine = choice(VEO_EMU_ENGINE, usual, &EngineChoice::NAMES)?;
    engine.check().map_err(|why| {
        let text = VEO_EMU_ENGINE.text().unwrap_or_default();
        format!("{} is {text:?}, but {why}", VEO_EMU_ENGINE.name())
    })?;
    Ok(engine)
}

/// Reads `VEO_EMU_CHECK`, or an option of a process in its place. The error is a sentence.
pub(crate) fn wanted_check(text: Option<&str>) -> Result<Option<CheckOptions>, String> {
    match text.map(str::trim) {
        None | Some("off") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|why: String| {
            let name = VEO_EMU_CHECK.name();
            format!("{name}: {why}, or `off`")
        }),
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
