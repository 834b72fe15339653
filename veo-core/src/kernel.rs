//! Declared kernels: the data that `#[ve_kernel]` leaves for the runtime.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use veo_abi::{Signature, Verify};

/// A kernel's declaration.
#[derive(Clone, Copy, Debug)]
pub struct KernelInfo {
    /// The name of the function in Rust.
    pub name: &'static str,
    /// The name of the symbol in the library.
    pub symbol: &'static str,
    /// The place of the symbol.
    pub library: Library,
    /// When it is looked up.
    pub resolution: Resolution,
    /// The crate that declares it.
    pub crate_name: &'static str,
    /// The module that declares it.
    pub module: &'static str,
    /// The source file of the declaration.
    pub file: &'static str,
    /// The line of the declaration.
    pub line: u32,
    /// `OUT_DIR` of the crate that declares it, where its build put the library.
    pub build_dir: Option<&'static str>,
    /// Its parameters and result.
    pub signature: Signature,
    /// The names of its parameters, `_` where there is none.
    pub parameters: &'static [&'static str],
    /// The declaration's own words for the types of its parameters and for that of its
    /// result, the result last, empty if there is none: `usize` is `u64` in `signature`.
    pub words: &'static [&'static str],
    /// The value of `verify` in the declaration.
    pub verify: Verify,
    /// The clauses of its contract, as they were written.
    pub contract: &'static [&'static str],
}

/// The library of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Library {
    /// A shared library: a file name that is searched for, or a path with a slash.
    Shared(&'static str),
    /// The program that runs on the VE itself (a static veorun).
    Static,
}

/// When a kernel's symbol is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// When a process is created, if the library was made by the program's own
    /// build; a missing symbol fails the creation.
    Eager,
    /// On first use.
    Lazy,
    /// On first use, and the program does without: `optional` in the declaration.
    Optional,
}

impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Library::Shared(name) => f.write_str(name),
            Library::Static => f.write_str("the static veorun"),
        }
    }
}

/// Writes the kernel as it was declared: `fn add(i32, *mut f64) -> i64`.
impl fmt::Display for KernelInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fn {}{}", self.symbol, self.signature)
    }
}

/// The crate that declares a kernel: the package, or the first name of the module's path where
/// Cargo does not compile it.
#[must_use]
pub const fn crate_name(package: Option<&'static str>, module: &'static str) -> &'static str {
    if let Some(package) = package {
        return package;
    }
    let mut end = 0;
    while end < module.len() && module.as_bytes()[end] != b':' {
        end += 1;
    }
    module.split_at(end).0
}

/// A declared kernel and its place in every process's table of addresses.
#[derive(Debug)]
pub struct Kernel {
    info: KernelInfo,
    /// One more than the index in the tables, 0: none yet.
    index: AtomicU32,
}

static NEXT_INDEX: AtomicU32 = AtomicU32::new(1);

impl Kernel {
    /// For the expansion of `#[ve_kernel]`.
    #[must_use]
    pub const fn new(info: KernelInfo) -> Kernel {
        Kernel {
            info,
            index: AtomicU32::new(0),
        }
    }

    /// The facts of the declaration.
    #[must_use]
    pub const fn info(&self) -> &KernelInfo {
        &self.info
    }

    /// The index in the tables of resolved addresses, the same in every process.
    #[inline]
    pub(crate) fn index(&self) -> usize {
        match self.index.load(Ordering::Relaxed) {
            0 => self.number(),
            index => index as usize - 1,
        }
    }

    #[cold]
    fn number(&self) -> usize {
        let new = NEXT_INDEX.fetch_add(1, Ordering::Relaxed);
        // Two threads may come here at once: the first number counts, the other
        // index stays unused.
        match self
            .index
            .compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed)
        {
            Ok(_) => new as usize - 1,
            Err(first) => first as usize - 1,
        }
    }
}

/// A kernel that registered itself at program start.
#[derive(Debug)]
pub struct Registration(pub &'static Kernel);

inventory::collect!(Registration);

/// Every kernel that the program declares and that the linker kept, in no
/// particular order.
pub fn kernels() -> impl Iterator<Item = &'static KernelInfo> {
    registered().map(Kernel::info)
}

pub(crate) fn registered() -> impl Iterator<Item = &'static Kernel> {
    inventory::iter::<Registration>.into_iter().map(|r| r.0)
}
