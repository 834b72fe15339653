//! A region to code of the host.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir;
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_codegen::settings::{self, Configurable, Flags};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use ve_isa::interp::{HostCode, InstructionSource, Reach, Translator};

use crate::float::{emit_float, is_float_operation};
use crate::function::{Function, signature};
use crate::memory::emit_memory;
use crate::region::{Flow, Region, flow};

/// Why there is no compiler.
#[derive(Debug)]
pub struct NoCompiler(String);

impl fmt::Display for NoCompiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "machine code cannot be translated on this host: {}",
            self.0
        )
    }
}

impl std::error::Error for NoCompiler {}

/// Cranelift, for the processor that this program runs on.
pub struct Cranelift {
    /// It moves code, which loops profit from.
    moving: Arc<dyn TargetIsa>,
    /// It leaves each operation in its place, as the exceptions of floats want it.
    plain: Arc<dyn TargetIsa>,
    /// Where functions were made before: their memory is used again.
    workshops: Mutex<Vec<Workshop>>,
}

/// The workspace in which a function is made.
struct Workshop {
    context: Context,
    frontend: FunctionBuilderContext,
    control: ControlPlane,
}

impl Workshop {
    fn new() -> Self {
        Self {
            context: Context::new(),
            frontend: FunctionBuilderContext::new(),
            control: ControlPlane::default(),
        }
    }
}

impl fmt::Debug for Cranelift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cranelift")
            .field(&self.moving.name())
            .finish()
    }
}

/// Where operations of floats are: their blocks, and the numbers of their instructions.
///
/// The host notes exceptions in its status. So no operation may be left out, or moved to where it runs more often or earlier.
fn float_places(function: &ir::Function) -> Vec<(ir::Block, u32)> {
    let mut places = Vec::new();
    for block in function.layout.blocks() {
        for inst in function.layout.block_insts(block) {
            if is_float_operation(function.dfg.insts[inst].opcode()) {
                places.push((block, function.srcloc(inst).bits()));
            }
        }
    }
    places.sort_unstable();
    places
}

impl Cranelift {
    /// The compiler for this host.
    ///
    /// # Errors
    /// Cranelift does not know the processor.
    pub fn new() -> Result<Self, NoCompiler> {
        Ok(Self {
            moving: isa("speed")?,
            plain: isa("none")?,
            workshops: Mutex::default(),
        })
    }

    fn workshops(&self) -> MutexGuard<'_, Vec<Workshop>> {
        self.workshops
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn isa(level: &str) -> Result<Arc<dyn TargetIsa>, NoCompiler> {
    let no_compiler = |error: &dyn fmt::Display| NoCompiler(error.to_string());
    let mut flags = settings::builder();
    for (name, value) in [
        ("opt_level", level),
        // A fault ends the function by its frame.
        ("preserve_frame_pointers", "true"),
        ("unwind_info", "false"),
        ("enable_probestack", "false"),
        (
            "enable_verifier",
            if cfg!(debug_assertions) {
                "true"
            } else {
                "false"
            },
        ),
    ] {
        flags
            .set(name, value)
            .map_err(|error| no_compiler(&error))?;
    }
    cranelift_native::builder()
        .map_err(|error| no_compiler(&error))?
        .finish(Flags::new(flags))
        .map_err(|error| no_compiler(&error))
}

// SAFETY: `Function` emits nothing but accesses of the state's fields, of memory that was compared with the window, and what ends the function;
// registers are stored before each of them, or before an earlier access that leads a fault of this one back to itself. Loops look at the stop word, and so do jumps to other code.
unsafe impl Translator for Cranelift {
    fn translate(
        &self,
        entry: u64,
        reach: Reach,
        source: &mut dyn InstructionSource,
    ) -> Option<HostCode> {
        let region = Region::find(entry, reach, source)?;
        let mut workshop = self.workshops().pop().unwrap_or_else(Workshop::new);
        let code = self.make(&mut workshop, source, &region, reach);
        workshop.context.clear();
        // One in which something has gone wrong by a panic does not come back.
        self.workshops().push(workshop);
        code
    }
}

impl Cranelift {
    fn make(
        &self,
        workshop: &mut Workshop,
        source: &mut dyn InstructionSource,
        region: &Region,
        reach: Reach,
    ) -> Option<HostCode> {
        let Workshop {
            context,
            frontend,
            control,
        } = workshop;
        context.func.signature = signature();
        let builder = FunctionBuilder::new(&mut context.func, frontend);
        let call_conv = CallConv::triple_default(self.moving.triple());
        let Places { numbers, resumes } = emit(builder, source, region, call_conv, reach)?;
        let floats = float_places(&context.func);
        let original = (!floats.is_empty()).then(|| context.func.clone());
        context.compile(&*self.moving, control).ok()?;
        if let Some(original) = original
            && float_places(&context.func) != floats
        {
            context.clear();
            context.func = original;
            context.compile(&*self.plain, control).ok()?;
        }
        let code = context.compiled_code()?;
        let buffer = &code.buffer;
        // It calls by addresses alone.
        if !buffer.relocs().is_empty() {
            return None;
        }
        let places = buffer.get_srclocs_sorted();
        let mut accesses = Vec::new();
        for trap in buffer.traps() {
            let code = usize::from(trap.code.as_raw().get());
            let ic = match resumes.get(code - 1) {
                Some(ic) => ic,
                None => {
                    let behind = places.partition_point(|place| place.end <= trap.offset);
                    let place = places.get(behind)?;
                    numbers.get(place.loc.bits() as usize)?
                }
            };
            accesses.push((trap.offset, ic | ve_isa::interp::exit::INTERPRET));
        }
        accesses.sort_unstable();
        Some(HostCode {
            bytes: code.code_buffer().to_vec(),
            accesses,
            instructions: numbers.len(),
        })
    }
}

/// Addresses of instructions: by the numbers that they have in the function, and where faults lead by the codes of the accesses.
struct Places {
    numbers: Vec<u64>,
    resumes: Vec<u64>,
}

/// Emits all of a region, of a row what comes before the first instruction that is the interpreter's. Nothing if there are none.
fn emit(
    builder: FunctionBuilder<'_>,
    source: &mut dyn InstructionSource,
    region: &Region,
    call_conv: CallConv,
    reach: Reach,
) -> Option<Places> {
    let chains = reach == Reach::Region;
    let mut function = Function::begin(builder, source, region, call_conv, chains);
    let mut numbers = Vec::new();
    for (start, block) in &region.blocks {
        function.enter_block(*start);
        let last = block.end() - 8;
        let mut has_ended = false;
        for (index, (ic, insn)) in block.instructions.iter().enumerate() {
            let ahead = &block.instructions[index + 1..];
            function.enter_instruction(*ic, numbers.len() as u32, ahead);
            numbers.push(*ic);
            if *ic == last && block.is_left {
                function.leave_to_interpreter();
                has_ended = true;
            } else if reach == Reach::Row && flow(*ic, insn) == Flow::Leave {
                // As what is not translated, below.
                numbers.pop();
                function.end_row();
                has_ended = true;
            } else if *ic == last && function.end_by(insn) {
                has_ended = true;
            } else if function.emit_control(insn)
                || function.emit_integer(insn)
                || emit_memory(&mut function, insn)
                || emit_float(&mut function, insn)
            {
                continue;
            } else if reach == Reach::Row {
                numbers.pop();
                function.end_row();
                has_ended = true;
            } else {
                function.interpret(insn);
            }
            if has_ended {
                break;
            }
        }
        if !has_ended {
            function.end_block();
        }
    }
    let resumes = function.finish();
    (!numbers.is_empty()).then_some(Places { numbers, resumes })
}
