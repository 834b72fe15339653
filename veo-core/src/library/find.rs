//! Functions by name.

use veo_abi::Verify;

use super::function::VeoFunction;
use super::loaded::VeoLibrary;
use super::typed::{FnType, TypedFunction};
use super::types::Types;
use crate::address::VeMemPtr;
use crate::error::{Error, Result};
use crate::process::{Declaration, VeoProc};

impl VeoProc {
    /// Finds a function by name: among the static symbols first, then in the loaded
    /// libraries in the order in which they were loaded.
    ///
    /// # Errors
    ///
    /// [`Error::SymbolNotFound`] with similar names; [`Error::ProcessEnded`].
    pub fn get_function(&self, name: &str) -> Result<VeoFunction> {
        let mut near = Vec::new();
        for library in [self.static_library()].into_iter().chain(self.libs()) {
            match library.find_function(name) {
                Err(Error::SymbolNotFound { near: similar, .. }) => near.extend(similar),
                // Another thread has unloaded it since the list was made.
                Err(Error::LibraryUnloaded { .. }) => {}
                found => return found,
            }
        }
        near.truncate(3);
        Err(Error::SymbolNotFound {
            symbol: name.to_owned(),
            library: self.shared().core.to_string(),
            near,
        })
    }
}

impl VeoLibrary {
    /// Looks a function up (`veo_get_sym`). What it takes and returns is known from the
    /// library's debug information, or is said by [`VeoFunction::args_type`] and
    /// [`VeoFunction::ret_type`].
    ///
    /// # Errors
    ///
    /// As [`get_symbol`](Self::get_symbol); [`Error::NotAFunction`].
    pub fn find_function(&self, name: &str) -> Result<VeoFunction> {
        self.look_up(name, |library| Types::found(library, name))
    }

    pub(super) fn look_up(
        &self,
        name: &str,
        types: impl FnOnce(&VeoLibrary) -> Types,
    ) -> Result<VeoFunction> {
        let addr = self.proc().shared().function(self.loaded(), name)?;
        let symbol = VeMemPtr::new(addr, None, self.proc().id(), None);
        Ok(VeoFunction::new(self.clone(), name, symbol, types(self)))
    }

    /// Looks a function up and gives it a type, which is compared with the library's
    /// debug information:
    ///
    /// ```no_run
    /// # fn main() -> veo_core::Result<()> {
    /// # let proc = veo_core::VeoProc::new(0)?;
    /// # let ctx = proc.open_context()?;
    /// let lib = proc.load_library("./libvetest.so")?;
    /// let add = lib.function::<fn(i32, *mut f64) -> i64>("add")?;
    /// let mut x = proc.upload(&[1.0])?;
    /// let r: i64 = add.call(&ctx, (3, &mut x))?.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`find_function`](Self::find_function); [`Error::Prototype`];
    /// [`Error::LibraryOverwritten`].
    #[track_caller]
    pub fn function<F: FnType>(&self, name: &str) -> Result<TypedFunction<F>> {
        let caller = std::panic::Location::caller();
        let declaration = Declaration {
            name,
            symbol: name,
            signature: &F::SIGNATURE,
            words: &[],
            at: format!("{}:{}", caller.file(), caller.line()),
            verify: Verify::Default,
            checked: false,
        };
        let function = self.look_up(name, |_| Types::declared(&F::SIGNATURE))?;
        let proc = self.proc().shared();
        proc.verify(&declaration, self.loaded())?;
        Ok(TypedFunction::new(function))
    }
}
