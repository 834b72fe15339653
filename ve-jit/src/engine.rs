//! Which engine executes machine code. The one place that knows this, for every program that lets people choose.

use ve_isa::interp::{Reach, Translator};
use ve_isa::machine::Machine;

/// Why there is no translator in this build.
const NOT_BUILT: &str = "this program has no translator: build it with `--features jit`";

/// The engine that executes machine code.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum EngineChoice {
    /// The interpreter.
    #[default]
    Interpreter,
    /// The interpreter, and code of the host for frequent machine code.
    Jit,
    /// Both, one checked against the other.
    Both,
}

impl EngineChoice {
    /// The engines by the names that people write.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("interp", Self::Interpreter),
        ("jit", Self::Jit),
        ("both", Self::Both),
    ];

    /// Asks whether this program has the engine.
    ///
    /// # Errors
    /// It was built without the feature `cranelift`. The error is a sentence.
    pub fn check(self) -> Result<(), String> {
        if self == Self::Interpreter || cfg!(feature = "cranelift") {
            return Ok(());
        }
        Err(NOT_BUILT.into())
    }

    /// Lets a machine use the engine.
    ///
    /// # Errors
    /// This program does not have it, or it knows no code for this processor. The error is a sentence.
    pub fn prepare(self, machine: &Machine) -> Result<(), String> {
        let reach = match self {
            Self::Interpreter => return Ok(()),
            Self::Jit => Reach::Region,
            Self::Both => Reach::Row,
        };
        machine.translate_with(translator()?, reach);
        Ok(())
    }
}

#[cfg(feature = "cranelift")]
fn translator() -> Result<Box<dyn Translator>, String> {
    let translator = crate::Cranelift::new().map_err(|error| error.to_string())?;
    Ok(Box::new(translator))
}

#[cfg(not(feature = "cranelift"))]
fn translator() -> Result<Box<dyn Translator>, String> {
    Err(NOT_BUILT.into())
}
