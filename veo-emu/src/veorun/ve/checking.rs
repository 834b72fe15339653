//! The check of memory of VE machine code, where `VEO_EMU_CHECK` asks for it: how it learns of the blocks that the host allocates, and
//! how findings are told. The host tells a finding that ends the process; this module writes the others to the standard error.

use std::fmt;
use std::io::Write;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use ve_isa::check::Reporter;
use ve_isa::defect::{Defect, DefectKind, UndefinedUse};
use ve_isa::machine::{Machine, MachineThread};
use ve_isa::memory::MemoryError;

use super::watching;
use crate::shared::guard::GuardedSpan;
use crate::veorun::guard::{self, BlockListener};
use crate::veorun::memory;

/// Bytes of address space that the machine allocates itself, at most. As much again is reserved for the facts about them.
pub(super) const MOST: u64 = 64 << 30;

/// Says which line of a source an instruction is of.
pub(super) type LineAt = fn(u64) -> Option<String>;

/// The machine, once it follows blocks.
static MACHINE: OnceLock<&'static Machine> = OnceLock::new();

static LINE_AT: OnceLock<LineAt> = OnceLock::new();

/// Notes who knows lines.
pub(super) fn set_lines(line_at: LineAt) {
    let _ = LINE_AT.set(line_at);
}

fn line(address: u64) -> Option<String> {
    LINE_AT.get().and_then(|line_at| line_at(address))
}

/// Tells the check of the host's blocks.
struct HostBlocks;

fn accessible(range: Range<u64>, accessible: bool) {
    if let Some(machine) = MACHINE.get() {
        machine.set_accessible(range, accessible);
    }
}

impl BlockListener for HostBlocks {
    fn opened(&self, span: &GuardedSpan) {
        accessible(span.open.start..span.block.start, false);
        accessible(span.block.clone(), true);
        accessible(span.block.end..span.open.end, false);
    }

    fn closing(&self, span: &GuardedSpan) {
        // Other data will lie where those on the stack of a call were.
        let is_block = memory::heap().contains(&span.block.start);
        accessible(span.open.clone(), !is_block);
    }
}

/// Has the machine check memory, if that is wanted. Nothing is loaded yet.
pub(super) fn prepare(machine: &Machine) -> Result<(), MemoryError> {
    let Some(options) = watching::options().check else {
        return Ok(());
    };
    let report: Reporter = Arc::new(|trap| {
        if let Some(machine) = MACHINE.get() {
            tell(format_args!("{}", machine.report_with(trap, &line)));
        }
    });
    machine.check(options, Some(report))
}

/// Tells the check of blocks from now on, and of those that are there.
pub(super) fn follow_blocks(machine: &'static Machine) {
    if watching::options().check.is_some() && MACHINE.set(machine).is_ok() {
        guard::watch(&HostBlocks);
    }
}

/// Writes a line to the standard error, which nobody may read.
fn tell(what: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "check of memory: {what}");
}

/// Tells of blocks that nobody points to any more, at the end of the process.
pub(super) fn tell_leaks(thread: &MachineThread<'_>) {
    if watching::options().check.is_none() {
        return;
    }
    for leak in thread.leaks(&guard::live_blocks()) {
        let place = thread.machine().place_with(leak.allocated, &line);
        let (bytes, blocks) = (leak.bytes, leak.blocks);
        tell(format_args!(
            "leak: {bytes} bytes in {blocks} blocks allocated at {place}, to which nothing points any more"
        ));
    }
}

/// The place of a defect, and the further facts about it.
pub(super) fn told(machine: &Machine, defect: &Defect) -> (Option<u64>, String) {
    let address = match defect.kind {
        DefectKind::Access { address, .. }
        | DefectKind::Free { address, .. }
        | DefectKind::Undefined(UndefinedUse::Memory { address }) => Some(address),
        DefectKind::Undefined(_) => None,
    };
    let what = defect.describe(&|address| machine.place_with(address, &line));
    (address, format!("check of memory: {what}"))
}
