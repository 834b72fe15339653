//! Compares declarations with the prototypes in a library's debug information.
//!
//! Libraries that the declaring crate's build made were compared while the
//! declaration was compiled. The compiler gives no way to note what could not be decided, so it
//! is noted here through `tracing`.

use std::path::Path;

use veo_abi::prototype::{Comparison, Prototype, Prototypes, compare_written};
use veo_abi::{Signature, Verify};

use super::loaded::LoadedLibrary;
use super::settings::ProcSettings;
use crate::error::{Error, PrototypeMismatch, Result};
use crate::kernel::KernelInfo;

/// A declaration, and its place.
pub(crate) struct DeclaredKernel<'a> {
    /// Its name in Rust.
    pub(crate) name: &'a str,
    pub(crate) symbol: &'a str,
    pub(crate) signature: &'a Signature,
    /// Its own words for its types, the result last, as far as they are known.
    pub(crate) words: &'a [&'a str],
    pub(crate) at: String,
    /// Whether it wants to be compared.
    pub(crate) verify: Verify,
    /// Whether it was compared with this library while it was compiled.
    pub(crate) checked: bool,
}

impl<'a> DeclaredKernel<'a> {
    /// The declaration of a kernel whose library was found, perhaps where its own build put it.
    pub(crate) fn of(info: &'a KernelInfo, checked: bool) -> DeclaredKernel<'a> {
        DeclaredKernel {
            name: info.name,
            symbol: info.symbol,
            signature: &info.signature,
            words: info.words,
            at: format!("{}:{}", info.file, info.line),
            verify: info.verify,
            checked,
        }
    }
}

impl ProcSettings {
    /// Checks a declaration against the library it was resolved in.
    pub(crate) fn verify(
        &self,
        declaration: &DeclaredKernel<'_>,
        library: &LoadedLibrary,
    ) -> Result<()> {
        let verify = declaration.verify.or(self.options.verify);
        let Some(path) = library.path.as_deref() else {
            return Ok(());
        };
        let known = declaration.checked && !tracing::enabled!(tracing::Level::DEBUG);
        if verify == Verify::Off || known {
            return Ok(());
        }
        let Some(prototypes) = library.prototypes() else {
            return library.check_is_whole();
        };
        if declaration.checked {
            noted(declaration, &prototypes, path);
            return Ok(());
        }
        let Some(mismatch) = mismatch(declaration, &prototypes, path) else {
            return Ok(());
        };
        settle(verify, mismatch)
    }

    /// Whether types that a caller says are compared with debug information.
    pub(crate) fn compares(&self) -> bool {
        self.options.verify != Verify::Off
    }

    /// The consequence of wrong types that a caller names.
    pub(crate) fn contradicted(&self, mismatch: PrototypeMismatch) -> Result<()> {
        settle(self.options.verify, mismatch)
    }
}

fn settle(verify: Verify, mismatch: PrototypeMismatch) -> Result<()> {
    let mismatch = Box::new(mismatch);
    match verify {
        Verify::Default | Verify::Deny => Err(Error::Prototype { mismatch }),
        Verify::Warn => {
            tracing::warn!("{mismatch}");
            Ok(())
        }
        Verify::Off => Ok(()),
    }
}

fn mismatch(
    declaration: &DeclaredKernel<'_>,
    prototypes: &Prototypes,
    path: &Path,
) -> Option<PrototypeMismatch> {
    let (found, comparison) = noted(declaration, prototypes, path)?;
    if comparison.is_match() {
        return None;
    }
    let symbol = declaration.symbol;
    let declared = match declaration.words {
        [params @ .., ""] => format!("fn {}({})", declaration.name, params.join(", ")),
        [params @ .., result] => {
            let params = params.join(", ");
            format!("fn {}({params}) -> {result}", declaration.name)
        }
        [] => format!("fn {}{}", declaration.name, declaration.signature),
    };
    let differences = comparison.mismatches.iter().map(ToString::to_string);
    Some(PrototypeMismatch {
        declared,
        declared_at: declaration.at.clone(),
        ..PrototypeMismatch::new(symbol, path, found, differences.collect())
    })
}

/// Compares a declaration, and tells what could not be decided.
fn noted<'p>(
    declaration: &DeclaredKernel<'_>,
    prototypes: &'p Prototypes,
    path: &Path,
) -> Option<(&'p Prototype, Comparison)> {
    let symbol = declaration.symbol;
    let Some(found) = prototypes.get(symbol) else {
        let (library, at) = (path.display(), &declaration.at);
        if !prototypes.exports(symbol) {
            tracing::info!(
                "{library} itself has no function {symbol}: its declaration ({at}) is not checked; if a \
                 library that it needs has the function, write that one's name for `lib`"
            );
        } else if !prototypes.is_empty() {
            // A library without any has a note of its own.
            tracing::info!(
                "{library} has no debug information for {symbol}: its declaration ({at}) is not checked"
            );
        }
        return None;
    };
    let comparison = compare_written(
        declaration.name,
        declaration.signature,
        declaration.words,
        found,
    );
    for note in &comparison.notes {
        let kernel = match found.location() {
            Some(place) => format!("{found} at {place}"),
            None => found.to_string(),
        };
        tracing::debug!("{symbol} ({}), kernel {kernel}: {note}", declaration.at);
    }
    Some((found, comparison))
}
