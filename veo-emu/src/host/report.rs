//! The report of a death: which kernel, which source line, in one sentence, and the
//! calls that led there.

use std::collections::HashMap;
use std::fmt::Write;

use veo_abi::hmem;
use veo_debuginfo::{SourceLines, SourceLocation};

use super::death::{Death, Ended, ReasonKind, WorkKind};
use super::symbols::{KnownLibrary, ProcessSymbols};
use crate::shared::control::RecordedCause;
use crate::shared::parcel::Task;

/// The work of the VE side, in words. Functions of libraries run on many occasions.
pub(crate) fn doing(kind: WorkKind, context: u32, symbols: &ProcessSymbols) -> String {
    match kind {
        WorkKind::Kernel(address) => {
            let name = symbols.name_of(address);
            format!(
                "kernel {}",
                name.unwrap_or_else(|| format!("at {address:#x}"))
            )
        }
        WorkKind::Task(Task::Load) => {
            format!(
                "loading library {} (its constructors run then)",
                symbols.subject()
            )
        }
        WorkKind::Task(Task::Unload) => {
            format!(
                "unloading library {} (its destructors run then)",
                symbols.subject()
            )
        }
        WorkKind::Task(Task::Symbol) => format!("looking up symbol {}", symbols.subject()),
        WorkKind::Task(Task::Statistics) => "asking what kernels have executed".into(),
        WorkKind::Task(Task::Read) => "reading VE memory".into(),
        WorkKind::Task(Task::Write) => "writing VE memory".into(),
        WorkKind::Task(Task::Free | Task::Close) => "freeing VE memory".into(),
        WorkKind::Task(Task::Open) => "allocating VE memory".into(),
        WorkKind::Close { last: false } => {
            format!("closing context {context} (destructors of its thread run then)")
        }
        WorkKind::Close { last: true } => "closing the process (destructors of its libraries and \
                                      functions for atexit run then)"
            .into(),
    }
}

/// The report of a death.
#[derive(Clone, Debug, Default)]
pub(crate) struct EndReport {
    /// Symbol of the called kernel, if known.
    pub(crate) kernel: String,
    /// The work under way, if it was no kernel and is known.
    pub(crate) operation: String,
    /// The function in which it happened, as its source names it, if known.
    pub(crate) function: String,
    /// Source file and line, if known.
    pub(crate) file: String,
    pub(crate) line: u32,
    /// All of it in a sentence.
    pub(crate) text: String,
    /// The calls that led to the fault, innermost first, one line each.
    pub(crate) trace: String,
}

/// A frame that lies in a library of the process.
struct CallerFrame {
    address: u64,
    library: String,
    offset: u64,
    place: SourceLocation,
}

impl EndReport {
    pub(crate) fn new(death: &Death, symbols: &ProcessSymbols) -> EndReport {
        let frames = frames(death, &symbols.libraries());
        let name = |address: u64| {
            symbols
                .name_of(address)
                .unwrap_or_else(|| format!("at {address:#x}"))
        };
        let kernel = death.kernel().map(name).unwrap_or_default();
        let operation = match death.work.as_slice() {
            [work] if kernel.is_empty() => doing(work.kind, work.context, symbols),
            _ => String::new(),
        };
        let mut text = death.what();
        let comma = if death.ends_with_an_aside() { "," } else { "" };
        if matches!(death.ended(), Ended::Host(ReasonKind::TimeLimit(_))) {
            // The sentence names the operation that took too long.
        } else if !kernel.is_empty() && death.ended() == Ended::Overwritten {
            let _ = write!(text, " at the end of kernel {kernel}");
        } else if !kernel.is_empty() {
            let _ = write!(text, "{comma} in kernel {kernel}");
        } else if !operation.is_empty() {
            let _ = write!(text, "{comma} while {operation}");
        }
        let mut report = EndReport {
            kernel,
            operation,
            ..EndReport::default()
        };
        if let Some(frame) = frames.first() {
            let SourceLocation {
                symbol, function, ..
            } = &frame.place;
            report.function.clone_from(function);
            if !function.is_empty() && (*symbol != report.kernel || symbol != function) {
                let _ = write!(text, ", in {function}");
            }
            if frame.place.line > 0 {
                report.file.clone_from(&frame.place.file);
                report.line = frame.place.line;
                let _ = write!(text, ", {}:{}", report.file, report.line);
            } else {
                let _ = write!(text, ", {}+{:#x}", frame.library, frame.offset);
            }
        }
        for (number, frame) in frames.iter().enumerate() {
            let CallerFrame { address, place, .. } = frame;
            let function = if place.function.is_empty() {
                frame.library.as_str()
            } else {
                place.function.as_str()
            };
            let _ = write!(report.trace, "[{number:2}] {address:#018x} {function}");
            if place.line > 0 {
                let _ = write!(report.trace, " {}:{}", place.file, place.line);
            }
            report.trace.push('\n');
        }
        if let Some(place) = death.judged().and_then(|finding| finding.place.as_ref())
            && report.line == 0
        {
            report.function.clone_from(&place.function);
            report.file.clone_from(&place.file);
            report.line = place.line;
            if !place.function.is_empty() && place.function != report.kernel {
                let _ = write!(text, ", in {}", place.function);
            }
            let _ = write!(text, ", {}:{}", place.file, place.line);
        }
        let address = death.fault.as_ref().and_then(|fault| fault.address);
        if address.is_some_and(hmem::is_tagged_address) {
            text.push_str(
                "; the address has the tag of its process (hmem), which kernels get if their \
                 library asks for tags, or if it is another process: veo_get_hmem_addr gives the \
                 address without",
            );
        }
        report.text = text;
        report
    }
}

/// The frames of the fault that lie in libraries, innermost first.
fn frames(death: &Death, libraries: &[KnownLibrary]) -> Vec<CallerFrame> {
    let Some(fault) = &death.fault else {
        return Vec::new();
    };
    if !matches!(
        fault.cause,
        RecordedCause::Signal | RecordedCause::StackOverflow | RecordedCause::Outside
    ) {
        return Vec::new();
    }
    let mut sources: HashMap<u64, Option<(SourceLines, u64)>> = HashMap::new();
    let mut frames = Vec::new();
    for (number, &address) in fault.frames.iter().enumerate() {
        // A return address belongs to the call before it.
        let inside = if number == 0 {
            address
        } else {
            address.saturating_sub(1)
        };
        let library = libraries
            .iter()
            .filter(|library| library.base <= inside)
            .max_by_key(|library| library.base);
        let Some(library) = library else {
            continue;
        };
        let source = sources.entry(library.base).or_insert_with(|| {
            let source = SourceLines::open(library.file.as_ref()?)?;
            let extent = source.extent();
            Some((source, extent))
        });
        let offset = inside - library.base;
        let Some((source, _)) = source.as_ref().filter(|(_, extent)| offset < *extent) else {
            continue;
        };
        frames.push(CallerFrame {
            address,
            library: library.path.clone(),
            offset,
            place: source.find(offset),
        });
    }
    frames
}
