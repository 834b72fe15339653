//! The report of a death: which kernel, which source line, in one sentence.

use super::death::Death;
use super::library::Symbols;

/// No library is longer than this.
const LONGEST_IMAGE: u64 = 64 << 20;

/// What is told of a death.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// Symbol of the called kernel, if known.
    pub(crate) kernel: String,
    /// Source file and line, if known.
    pub(crate) file: String,
    pub(crate) line: u32,
    /// All of it in a sentence.
    pub(crate) text: String,
}

impl Report {
    pub(crate) fn new(death: &Death, symbols: &Symbols) -> Report {
        let name = |address: u64| {
            symbols
                .name_of(address)
                .unwrap_or_else(|| format!("at {address:#x}"))
        };
        let kernel = death.kernel().map(name).unwrap_or_default();
        let mut text = death.what();
        if !kernel.is_empty() {
            text += &format!(" in kernel {kernel}");
        }
        if let Some((library, offset)) = place(death, symbols) {
            text += &format!(" ({library}+{offset:#x})");
        }
        Report {
            kernel,
            text,
            ..Report::default()
        }
    }
}

/// The library the fault lies in, or the nearest caller that lies in one.
fn place(death: &Death, symbols: &Symbols) -> Option<(String, u64)> {
    let libraries = symbols.libraries();
    death.fault.as_ref()?.frames.iter().find_map(|frame| {
        let library = libraries
            .iter()
            .filter(|library| library.base <= *frame && *frame - library.base < LONGEST_IMAGE)
            .max_by_key(|library| library.base)?;
        Some((library.path.clone(), frame - library.base))
    })
}
