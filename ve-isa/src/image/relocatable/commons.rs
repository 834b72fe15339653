//! Common variables, of which files that are loaded together have one each.

use std::collections::HashMap;

use object::{Object as _, ObjectSymbol as _};

use super::super::file::LARGEST_ALIGNMENT;
use super::super::{Rank, SymbolScope};
use super::Relocatable;

/// The common variables of files that are loaded together: of each there is one, as large as the largest.
#[derive(Debug, Default)]
pub(super) struct Commons(HashMap<String, CommonVariable>);

#[derive(Debug, Default)]
struct CommonVariable {
    size: u64,
    alignment: u64,
    placed: bool,
}

impl Commons {
    /// The common symbols of some files.
    pub(super) fn of<'f>(files: impl Iterator<Item = &'f Relocatable<'f>>) -> Self {
        let mut all = Self::default();
        for file in files {
            for symbol in file.file.symbols().filter(|symbol| symbol.is_common()) {
                let Ok(name) = symbol.name() else { continue };
                let common = all.0.entry(name.to_owned()).or_default();
                common.size = common.size.max(symbol.size());
                // The value of a common symbol is its alignment.
                common.alignment = common.alignment.max(symbol.address().max(1));
            }
        }
        all
    }

    /// Size and alignment of a variable that is to be placed now; nothing if it is somewhere already.
    pub(super) fn take(
        &mut self,
        name: &str,
        scope: &SymbolScope,
    ) -> Result<Option<(u64, u64)>, String> {
        let Some(common) = self.0.get_mut(name) else {
            return Ok(None);
        };
        let (size, alignment) = (common.size, common.alignment);
        if !alignment.is_power_of_two() || alignment > LARGEST_ALIGNMENT {
            return Err(format!(
                "the common variable {name} has an alignment of {alignment}"
            ));
        }
        if std::mem::replace(&mut common.placed, true) {
            return Ok(None);
        }
        match scope.get(name) {
            Some(old) if old.rank == Rank::Common && old.size < size => Err(format!(
                "the common variable {name} has {size} bytes, and {} was loaded before with {} bytes; load both together",
                old.file, old.size
            )),
            Some(old) if old.rank <= Rank::Common => Ok(None),
            _ => Ok(Some((size, alignment))),
        }
    }
}
