//! The functions behind declared kernels.

use veo_abi::near_names;

use super::function::VeoFunction;
use super::loaded::VeoLibrary;
use super::types::Types;
use crate::address::VeMemPtr;
use crate::error::{Error, Result};
use crate::kernel::{self, KernelInfo};
use crate::process::VeoProc;

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
        let types = Types::declared(&self.signature);
        Ok(VeoFunction::new(library, self.symbol, symbol, types))
    }

    /// The path of the stub: `my_crate::kernels::add`.
    #[must_use]
    pub fn path(&self) -> String {
        let name = self.name.strip_prefix("r#").unwrap_or(self.name);
        format!("{}::{name}", self.module)
    }
}

impl VeoProc {
    /// The function behind the stub of this name, with the types that were declared: to be
    /// given to a kernel that calls it, or for its address. The name is that of the stub in
    /// Rust, with as much of its path before it as makes it the only one.
    ///
    /// ```no_run
    /// # fn main() -> veo_core::Result<()> {
    /// use veo_core::{VeoProc, ve_kernel};
    ///
    /// #[ve_kernel(lib = "libfit.so")]
    /// fn model(x: f64) -> f64;
    ///
    /// #[ve_kernel(lib = "libfit.so")]
    /// fn integrate(f: extern "C" fn(f64) -> f64, from: f64, to: f64) -> f64;
    ///
    /// let proc = VeoProc::new(0)?;
    /// let model = proc.kernel_function("model")?;
    /// println!("{model} is at {:#x}", model.addr());
    /// let area = integrate(&proc, &model, 0.0, 1.0)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKernel`] if no kernel that the program declares has this name, or
    /// several have; otherwise as [`KernelInfo::function`].
    pub fn kernel_function(&self, name: &str) -> Result<VeoFunction> {
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
            [info] => info.function(self),
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
