//! How a process is started, and what it offers of the floors above it: its contexts, its libraries and their functions.

use std::path::Path;

use crate::context::{ContextOptions, VeoContext};
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::library::{VeoFunction, VeoLibrary, function_of_any, function_of_kernel};
use crate::process::{VeoProc, VeoProcBuilder};

impl VeoProc {
    /// Starts a process on VE node `node` (`veo_proc_create`); -1 takes
    /// `VE_NODE_NUMBER` from the environment, else the first. Under a job scheduler
    /// (`_VENODELIST`) `node` is a place in its list.
    ///
    /// # Errors
    ///
    /// See [`VeoProcBuilder::build`].
    pub fn new(node: i32) -> Result<VeoProc> {
        VeoProc::builder().node(node).build()
    }

    /// Starts a process with other settings.
    pub fn builder() -> VeoProcBuilder {
        VeoProcBuilder::default()
    }

    /// Starts a process in place of one that has ended, by a fault or otherwise: on the same node
    /// and backend, with the settings of its builder. Its declared kernels are resolved and
    /// the hooks run, as [`VeoProcBuilder::build`] does it.
    ///
    /// Everything that belonged to the old process goes on to give errors with the cause of its end: its handles, contexts,
    /// requests, buffers, libraries. All parts of the program that use the process need the new one. Calling this twice starts
    /// two. Libraries that were loaded by [`load_library`](Self::load_library) must be loaded again.
    ///
    /// ```
    /// # fn main() -> veo_core::Result<()> {
    /// # let old = veo_core::VeoProc::new(0)?;
    /// let x = old.upload(&[1.0, 2.0])?;
    /// old.kill()?; // or a kernel crashed
    /// let proc = old.restart()?;
    /// assert!(x.to_vec().is_err()); // what was there is lost
    /// assert_eq!(proc.upload(&[1.0, 2.0])?.to_vec()?, [1.0, 2.0]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotEnded`] if the process lives; [`Error::Forked`]; otherwise as
    /// [`VeoProcBuilder::build`].
    pub fn restart(&self) -> Result<VeoProc> {
        VeoProcBuilder::build_again(self.shared())
    }

    /// Opens a context (`veo_context_open`): a queue with a thread of its own.
    ///
    /// All contexts of a process share the cores of the VE, and so do the threads of OpenMP
    /// in their kernels: where several contexts are at work, kernels that use OpenMP want
    /// one thread each ([`omp_threads`](crate::VeoProcBuilder::omp_threads)).
    ///
    /// Some versions of NEC's library open a further context only with
    /// `VE_OMP_NUM_THREADS=1` in the environment before the process is created. Where there
    /// is none, the first call gives the main one, whose queue the synchronous calls of the
    /// process share.
    ///
    /// # Errors
    ///
    /// [`Error::ContextOpen`](crate::Error::ContextOpen); [`Error::ProcessEnded`](crate::Error::ProcessEnded).
    pub fn open_context(&self) -> Result<VeoContext> {
        self.open_context_with(&ContextOptions::default())
    }

    /// Opens a context with other settings (`veo_context_open_with_attr`).
    ///
    /// # Errors
    ///
    /// As [`open_context`](Self::open_context).
    pub fn open_context_with(&self, options: &ContextOptions) -> Result<VeoContext> {
        VeoContext::open(self, options)
    }

    /// The contexts that were opened and are not closed.
    #[must_use]
    pub fn contexts(&self) -> Vec<VeoContext> {
        VeoContext::all(self)
    }

    /// Loads a library (`veo_load_library`). A path with a slash is taken as it is; a
    /// file name is looked for in `VEO_LIBRARY_PATH`, beside the executable, in its
    /// `../lib`, and where the builds of crates with kernels put theirs (first of all
    /// while the program lies where Cargo built it). Loading a library again gives the
    /// same one until it is unloaded, also if another file has its path by then; declarations
    /// are compared with the library that was loaded.
    ///
    /// # Errors
    ///
    /// [`Error::LibraryNotFound`](crate::Error::LibraryNotFound);
    /// [`Error::LibraryLoad`](crate::Error::LibraryLoad);
    /// [`Error::ProcessEnded`](crate::Error::ProcessEnded).
    pub fn load_library(&self, path: impl AsRef<Path>) -> Result<VeoLibrary> {
        VeoLibrary::load(self, path.as_ref())
    }

    /// The symbols that are linked into the program that runs on the VE: those of a
    /// veorun given to [`VeoProcBuilder::veorun`](crate::VeoProcBuilder::veorun).
    #[must_use]
    pub fn static_library(&self) -> VeoLibrary {
        VeoLibrary::of_veorun(self)
    }

    /// The libraries that are loaded, in the order in which they were.
    #[must_use]
    pub fn libs(&self) -> Vec<VeoLibrary> {
        VeoLibrary::all(self)
    }

    /// Finds a function by name: among the static symbols first, then in the loaded
    /// libraries in the order in which they were loaded.
    ///
    /// # Errors
    ///
    /// [`Error::SymbolNotFound`](crate::Error::SymbolNotFound) with similar names; [`Error::ProcessEnded`](crate::Error::ProcessEnded).
    pub fn get_function(&self, name: &str) -> Result<VeoFunction> {
        function_of_any(self, name)
    }

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
    /// [`Error::NoSuchKernel`](crate::Error::NoSuchKernel) if no kernel that the program declares has this name, or
    /// several have; otherwise as [`KernelInfo::function`](crate::KernelInfo::function).
    pub fn kernel_function(&self, name: &str) -> Result<VeoFunction> {
        function_of_kernel(self, name)
    }
}
