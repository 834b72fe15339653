//! The libraries of a VE process and their symbols, as the host remembers them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use veo_debuginfo::Original;

use super::convention::{Convention, Lazy};
use crate::shared::code::MachineCode;
use crate::sync::lock;

/// A library that is loaded in the VE process.
#[derive(Clone, Debug)]
pub(crate) struct KnownLibrary {
    pub(crate) handle: u64,
    /// The difference between addresses in memory and in the file.
    pub(crate) base: u64,
    /// The kind of its machine code.
    code: MachineCode,
    /// The file it came from.
    pub(crate) path: String,
    /// That file itself, even if another file has its path now.
    pub(crate) file: Option<Arc<Original>>,
    /// The debug information about its functions, read when first needed.
    prototypes: Arc<Lazy>,
    /// How often it was loaded and not unloaded.
    pub(crate) loads: u32,
}

impl KnownLibrary {
    /// A library that was loaded for the first time.
    fn new(
        handle: u64,
        base: u64,
        code: MachineCode,
        path: String,
        file: Option<Original>,
        earlier: &[KnownLibrary],
    ) -> KnownLibrary {
        let earlier = earlier.iter().filter_map(|known| known.file.clone());
        let file = file.map(Arc::new);
        KnownLibrary {
            handle,
            base,
            code,
            path,
            prototypes: Arc::new(Lazy::new(file.clone(), earlier.collect())),
            file,
            loads: 1,
        }
    }
}

/// The libraries of a process.
#[derive(Default)]
pub(crate) struct ProcessSymbols {
    known: Mutex<KnownLibraries>,
    /// The library or symbol that the VE side was last asked for.
    subject: Mutex<String>,
}

#[derive(Default)]
struct KnownLibraries {
    /// The handle of library 0, if the process has one.
    image: Option<u64>,
    libraries: Vec<KnownLibrary>,
    by_name: HashMap<(u64, String), u64>,
    by_address: HashMap<u64, LookedUpSymbol>,
}

/// A symbol that was looked up: a function or a variable.
struct LookedUpSymbol {
    name: String,
    library: u64,
    is_code: bool,
    convention: OnceLock<Option<Arc<Convention>>>,
}

impl ProcessSymbols {
    /// Notes the image that the process loaded at its start.
    pub(crate) fn set_image(&self, handle: u64, base: u64, code: MachineCode, path: &str) {
        let file = Original::open(Path::new(path)).ok();
        let mut known = lock(&self.known);
        known.image = Some(handle);
        let library = KnownLibrary::new(handle, base, code, path.to_owned(), file, &[]);
        known.libraries.push(library);
    }

    /// Notes a library that was loaded once more, or for the first time from `file`.
    pub(crate) fn loaded(
        &self,
        handle: u64,
        base: u64,
        code: MachineCode,
        path: String,
        file: Option<Original>,
    ) {
        let mut known = lock(&self.known);
        let mut libraries = known.libraries.iter_mut();
        if let Some(library) = libraries.find(|library| library.handle == handle) {
            library.loads += 1;
            return;
        }
        let library = KnownLibrary::new(handle, base, code, path, file, &known.libraries);
        known.libraries.push(library);
    }

    /// Notes that a library was unloaded once, and forgets its symbols.
    pub(super) fn unloaded(&self, handle: u64) {
        let mut known = lock(&self.known);
        let KnownLibraries {
            libraries,
            by_name,
            by_address,
            ..
        } = &mut *known;
        by_name.retain(|(library, _), address| {
            if *library == handle {
                by_address.remove(address);
            }
            *library != handle
        });
        libraries.retain_mut(|library| {
            if library.handle == handle {
                library.loads -= 1;
            }
            library.loads > 0
        });
    }

    /// Notes the address of a symbol that was looked up under `handle` and found in
    /// `library`. `false`: that has been unloaded meanwhile.
    pub(crate) fn found(
        &self,
        handle: u64,
        name: &str,
        library: u64,
        address: u64,
        is_code: bool,
    ) -> bool {
        let mut known = lock(&self.known);
        if !known.libraries.iter().any(|known| known.handle == library) {
            return false;
        }
        known.by_name.insert((handle, name.to_owned()), address);
        known.by_address.insert(
            address,
            LookedUpSymbol {
                name: name.to_owned(),
                library,
                is_code,
                convention: OnceLock::new(),
            },
        );
        true
    }

    /// The address of a symbol that was looked up before.
    pub(super) fn address(&self, handle: u64, name: &str) -> Option<u64> {
        let known = lock(&self.known);
        known.by_name.get(&(handle, name.to_owned())).copied()
    }

    /// The handle of library 0, if the process has one.
    pub(super) fn image(&self) -> Option<u64> {
        lock(&self.known).image
    }

    /// The path of a loaded library.
    pub(super) fn path_of(&self, handle: u64) -> Option<String> {
        let known = lock(&self.known);
        let mut libraries = known.libraries.iter();
        let library = libraries.find(|library| library.handle == handle)?;
        Some(library.path.clone())
    }

    /// Whether there is code at an address that was looked up, and no data.
    pub(crate) fn is_code(&self, address: u64) -> Option<bool> {
        let known = lock(&self.known);
        known.by_address.get(&address).map(|symbol| symbol.is_code)
    }

    /// The library that is being loaded or unloaded, or the symbol that is looked up.
    pub(crate) fn subject(&self) -> String {
        lock(&self.subject).clone()
    }

    pub(super) fn set_subject(&self, name: &str) {
        name.clone_into(&mut lock(&self.subject));
    }

    /// The name that was looked up to get this address.
    pub(crate) fn name_of(&self, address: u64) -> Option<String> {
        let known = lock(&self.known);
        known
            .by_address
            .get(&address)
            .map(|symbol| symbol.name.clone())
    }

    /// The library of the function at this address. If it was not looked up, kernels have given its address.
    pub(crate) fn described(&self, address: u64) -> Option<Arc<Lazy>> {
        let known = lock(&self.known);
        let mut libraries = known.libraries.iter();
        if let Some(symbol) = known.by_address.get(&address) {
            let library = libraries.find(|known| known.handle == symbol.library)?;
            return Some(library.prototypes.clone());
        }
        let below = libraries.filter(|library| library.base <= address);
        let nearest = below.max_by_key(|library| library.base)?;
        let (in_file, library) = (address - nearest.base, nearest.prototypes.clone());
        drop(known);
        (in_file < library.extent()).then_some(library)
    }

    /// How the function at this address takes its arguments, if that matters and its library
    /// tells.
    pub(crate) fn convention(&self, address: u64) -> Option<Arc<Convention>> {
        let (name, prototypes) = {
            let known = lock(&self.known);
            let symbol = known.by_address.get(&address)?;
            if let Some(convention) = symbol.convention.get() {
                return convention.clone();
            }
            let library = known
                .libraries
                .iter()
                .find(|library| library.handle == symbol.library)?;
            if !library.code.has_classes() {
                return None;
            }
            (symbol.name.clone(), library.prototypes.clone())
        };
        // Reading debug information takes time, so it happens without the lock.
        let convention = prototypes
            .get()
            .and_then(|prototypes| Convention::of(prototypes.get(&name)?))
            .map(Arc::new);
        if let Some(symbol) = lock(&self.known).by_address.get(&address) {
            let _ = symbol.convention.set(convention.clone());
        }
        convention
    }

    /// The loaded libraries, in order.
    pub(crate) fn libraries(&self) -> Vec<KnownLibrary> {
        lock(&self.known).libraries.clone()
    }
}
