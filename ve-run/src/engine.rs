//! Which engine executes machine code.

use ve_isa::machine::Machine;

/// The engine that executes machine code.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum EngineChoice {
    /// The interpreter.
    #[default]
    Interpreter,
    /// The interpreter, and code of the host for frequent machine code.
    Jit,
    /// Both, one against the other.
    Both,
}

/// Lets a machine use an engine. The error is one sentence.
#[cfg(feature = "jit")]
pub fn choose(machine: &Machine, engine: EngineChoice) -> Result<(), String> {
    use ve_isa::interp::Reach;
    let reach = match engine {
        EngineChoice::Interpreter => return Ok(()),
        EngineChoice::Jit => Reach::Region,
        EngineChoice::Both => Reach::Row,
    };
    let translator = ve_jit::Cranelift::new().map_err(|error| error.to_string())?;
    machine.translate_with(Box::new(translator), reach);
    Ok(())
}

/// Lets a machine use an engine. The error is one sentence.
#[cfg(not(feature = "jit"))]
pub fn choose(_: &Machine, engine: EngineChoice) -> Result<(), String> {
    if engine == EngineChoice::Interpreter {
        return Ok(());
    }
    Err("this ve-run has no translator: build it with `--features jit`".into())
}
