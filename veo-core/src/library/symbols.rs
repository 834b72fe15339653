//! What a library offers.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::fmt;
use std::sync::PoisonError;

use super::loaded::VeoLibrary;
use crate::address::VeMemPtr;

/// A symbol that a library offers; from [`VeoLibrary::symbols`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Symbol {
    /// Its name, as [`VeoLibrary::get_symbol`] takes it.
    pub name: String,
    /// Whether it is a function.
    pub kind: SymbolKind,
    /// The prototype of a function as C writes it, `double half(double x)`, if the library
    /// has debug information for it.
    pub prototype: Option<String>,
    /// Its address, if it was looked up before.
    pub addr: Option<VeMemPtr<c_void>>,
}

/// What a [`Symbol`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SymbolKind {
    /// A function.
    Function,
    /// A global variable.
    Variable,
    /// Something that was looked up and found, though not in the library's own file: in a
    /// library that it needs, or in a veorun whose file is not known.
    Elsewhere,
}

/// Writes the prototype, or the name if there is none.
impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prototype.as_ref().unwrap_or(&self.name))
    }
}

impl VeoLibrary {
    /// The functions and variables that the library offers, in alphabetical order, read
    /// from its file on the host; and what was looked up besides. Empty if the file cannot
    /// be read.
    ///
    /// ```no_run
    /// # fn main() -> veo_core::Result<()> {
    /// # let proc = veo_core::VeoProc::new(0)?;
    /// for symbol in proc.load_library("libfit.so")?.symbols() {
    ///     println!("{:?} {symbol}", symbol.kind);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn symbols(&self) -> Vec<Symbol> {
        let symbol = |name: &str, kind, prototype| Symbol {
            name: name.to_owned(),
            kind,
            prototype,
            addr: None,
        };
        let mut symbols = Vec::new();
        if let Some(found) = self.loaded().prototypes() {
            symbols.extend(found.iter().map(|(name, prototype)| {
                symbol(name, SymbolKind::Function, Some(prototype.to_string()))
            }));
            let undescribed = found.undescribed().iter();
            symbols.extend(undescribed.map(|name| symbol(name, SymbolKind::Function, None)));
            let variables = found.variables().iter();
            symbols.extend(variables.map(|name| symbol(name, SymbolKind::Variable, None)));
        }
        let mut symbols: BTreeMap<_, _> = symbols
            .into_iter()
            .map(|symbol| (symbol.name.clone(), symbol))
            .collect();
        let looked_up = self.loaded().symbols.lock();
        for (name, addr) in looked_up.unwrap_or_else(PoisonError::into_inner).iter() {
            let symbol = symbols
                .entry(name.clone())
                .or_insert_with(|| symbol(name, SymbolKind::Elsewhere, None));
            symbol.addr = Some(VeMemPtr::new(*addr, None, self.proc().id(), None));
        }
        symbols.into_values().collect()
    }
}
