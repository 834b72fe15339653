//! Functions by name: of a library, of any library of a process, behind a declared kernel.

use veo_abi::{Verify, near_names};

use super::function::VeoFunction;
use super::loaded::VeoLibrary;
use super::typed::{FnType, TypedFunction};
use super::types::CallTypes;
use crate::address::VeMemPtr;
use crate::error::{Error, Result};
use crate::kernel::{self, KernelInfo};
use crate::process::{DeclaredKernel, VeoProc};

/// See [`VeoProc::get_function`].
pub(crate) fn function_of_any(proc: &VeoProc, name: &str) -> Result<VeoFunction> {
    let mut near = Vec::new();
    for library in [VeoLibrary::of_veorun(proc)]
        .into_iter()
        .chain(VeoLibrary::all(proc))
    {
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
        library: proc.shared().core.to_string(),
        near,
    })
}

impl VeoLibrary {
    /// Looks a function up (`veo_get_sym`). The library's debug information says what it takes and
    /// returns, or [`VeoFunction::args_type`] and [`VeoFunction::ret_type`] do.
    ///
    /// # Errors
    ///
    /// As [`get_symbol`](Self::get_symbol); [`Error::NotAFunction`].
    pub fn find_function(&self, name: &str) -> Result<VeoFunction> {
        self.look_up(name, |library| CallTypes::found(library, name))
    }

    pub(super) fn look_up(
        &self,
        name: &str,
        types: impl FnOnce(&VeoLibrary) -> CallTypes,
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
        let declaration = DeclaredKernel {
            name,
            symbol: name,
            signature: &F::SIGNATURE,
            words: &[],
            at: format!("{}:{}", caller.file(), caller.line()),
            verify: Verify::Default,
            checked: false,
        };
        let function = self.look_up(name, |_| CallTypes::declared(&F::SIGNATURE))?;
        let proc = self.proc().shared();
        proc.settings.verify(&declaration, self.loaded())?;
        Ok(TypedFunction::new(function))
    }
}

impl KernelInfo {
    /// The function behind the stub in process `proc`: its library is loaded and its
    /// symbol looked up if need be.
    ///
    /// # Errors
    ///
    /// [`Error::LibraryNotFound`]; [`Error::LibraryLoad`]; [`Error::SymbolNotFound`];
    /// [`Error::Prototype`]; [`Error::ProcessEnded`].
    pub fn function(&self, proc: &VeoProc) -> Result<VeoFunction> {
        let (addr, loaded) = proc.shared().look_up(self)?;
        let library = VeoLibrary::new(proc, loaded);
        let symbol = VeMemPtr::new(addr, None, proc.id(), None);
        let types = CallTypes::declared(&self.signature);
        Ok(VeoFunction::new(library, self.symbol, symbol, types))
    }

    /// The path of the stub: `my_crate::kernels::add`.
    #[must_use]
    pub fn path(&self) -> String {
        let name = self.name.strip_prefix("r#").unwrap_or(self.name);
        format!("{}::{name}", self.module)
    }
}

/// See [`VeoProc::kernel_function`].
pub(crate) fn function_of_kernel(proc: &VeoProc, name: &str) -> Result<VeoFunction> {
    let is_meant = |info: &KernelInfo| {
        let path = info.path();
        let before = path.strip_suffix(name);
        before.is_some_and(|before| before.is_empty() || before.ends_with("::"))
    };
    let mut found: Vec<_> = kernel::kernels().filter(|info| is_meant(info)).collect();
    // The same declaration can be registered more than once, by generic code.
    found.sort_by_key(|info| (info.file, info.line, info.name));
    found.dedup_by_key(|info| (info.file, info.line, info.name));
    match found[..] {
        [info] => info.function(proc),
        [] => Err(Error::NoSuchKernel {
            name: name.to_owned(),
            candidates: near(name),
            several: false,
        }),
        _ => {
            let mut candidates: Vec<_> = found.iter().map(|info| info.path()).collect();
            candidates.sort();
            Err(Error::NoSuchKernel {
                name: name.to_owned(),
                candidates,
                several: true,
            })
        }
    }
}

/// The paths of kernels whose names resemble that of `path`.
fn near(path: &str) -> Vec<String> {
    let name = path.rsplit("::").next().unwrap_or(path);
    let near = near_names(name, kernel::kernels().map(|info| info.name));
    let mut paths = Vec::new();
    // The name itself is near, too: the modules before it may be wrong.
    for near in std::iter::once(name).chain(near) {
        let same = kernel::kernels().filter(|info| info.name == near);
        paths.extend(same.map(KernelInfo::path));
    }
    paths.dedup();
    paths.truncate(3);
    paths
}
