//! Compares declarations with the prototypes in a library's debug information.
//!
//! Libraries that the declaring crate's build made were compared while the
//! declaration was compiled.

use std::path::Path;

use veo_abi::Signature;
use veo_abi::prototype::{Prototypes, compare};

use super::loaded::LoadedLibrary;
use super::prototypes::prototypes;
use super::settings::Prototypes as Policy;
use super::shared::ProcShared;
use crate::error::{Error, PrototypeMismatch, Result};
use crate::kernel::{KernelInfo, Verify};

/// What a declaration says, and where it stands.
pub(crate) struct Declaration<'a> {
    pub(crate) symbol: &'a str,
    pub(crate) signature: &'a Signature,
    pub(crate) at: String,
    /// What it says about being compared.
    pub(crate) verify: Verify,
    /// Whether it was compared with this library while it was compiled.
    pub(crate) checked: bool,
}

impl<'a> Declaration<'a> {
    /// Of a kernel whose library was found, perhaps where its own build put it.
    pub(crate) fn of(info: &'a KernelInfo, checked: bool) -> Declaration<'a> {
        Declaration {
            symbol: info.symbol,
            signature: &info.signature,
            at: format!("{}:{}", info.file, info.line),
            verify: info.verify,
            checked,
        }
    }
}

impl ProcShared {
    /// Checks a declaration against the library it was resolved in.
    pub(crate) fn verify(
        &self,
        declaration: &Declaration<'_>,
        library: &LoadedLibrary,
    ) -> Result<()> {
        let policy = match declaration.verify {
            Verify::Default => self.settings.prototypes,
            Verify::Deny => Policy::Deny,
            Verify::Warn => Policy::Warn,
            Verify::Off => Policy::Off,
        };
        let Some(path) = library.path.as_deref() else {
            return Ok(());
        };
        if policy == Policy::Off || declaration.checked {
            return Ok(());
        }
        let Some(prototypes) = prototypes(path) else {
            return Ok(());
        };
        let Some(mismatch) = mismatch(declaration, &prototypes, path) else {
            return Ok(());
        };
        let mismatch = Box::new(mismatch);
        if policy == Policy::Warn {
            tracing::warn!("{mismatch}");
            return Ok(());
        }
        Err(Error::Prototype { mismatch })
    }
}

fn mismatch(
    declaration: &Declaration<'_>,
    prototypes: &Prototypes,
    path: &Path,
) -> Option<PrototypeMismatch> {
    let symbol = declaration.symbol;
    let Some(found) = prototypes.get(symbol) else {
        if !prototypes.is_empty() {
            tracing::debug!(
                "{} has no debug information for {symbol}: its declaration is not checked",
                path.display()
            );
        }
        return None;
    };
    let comparison = compare(declaration.signature, found);
    for note in &comparison.notes {
        tracing::debug!("{symbol} ({}): {note}", declaration.at);
    }
    if comparison.is_match() {
        return None;
    }
    Some(PrototypeMismatch {
        symbol: symbol.to_owned(),
        library: path.display().to_string(),
        declared: format!("fn {symbol}{}", declaration.signature),
        declared_at: declaration.at.clone(),
        found: found.to_string(),
        found_at: found
            .location()
            .unwrap_or_else(|| format!("{}, without line numbers", path.display())),
        differences: comparison
            .mismatches
            .iter()
            .map(ToString::to_string)
            .collect(),
    })
}
