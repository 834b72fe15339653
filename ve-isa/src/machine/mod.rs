//! A machine: a window, the images in it, threads that run their code.

mod thread;

use std::collections::{HashSet, VecDeque};
use std::ffi::CString;
use std::ops::Range;
use std::sync::{Arc, RwLock};

use crate::check::{CheckOptions, Checker, Reporter};
use crate::host;
use crate::image::{
    self, Image, ImageError, ImageFile, ImageId, ImageSymbol, Provider, Resolver, Source,
    SymbolScope,
};
use crate::interp::{Common, Reach, Translator};
use crate::memory::{MemoryError, Window};
use crate::thread::{Gates, HostFunction, Thread};
use crate::trap::{Trap, TrapKind};

pub use thread::{MachineThread, UnloadError};

/// Bytes of stack of a thread, if nobody says otherwise.
pub const DEFAULT_STACK: u64 = 64 << 20;

/// How names that nothing defines are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unresolved {
    /// Loading fails, and the error has all of them.
    #[default]
    Error,
    /// Each is a trap when it is called.
    Lazy,
}

/// A Vector Engine: memory, images, what they define.
///
/// ```
/// use ve_isa::machine::Machine;
///
/// let machine = Machine::new()?;
/// assert!(machine.symbol("scale").is_none());
/// # Ok::<(), ve_isa::memory::MemoryError>(())
/// ```
#[derive(Debug)]
pub struct Machine {
    common: Arc<Common>,
    gates: Arc<Gates>,
    loaded: RwLock<Loaded>,
}

#[derive(Debug, Default)]
struct Loaded {
    scope: SymbolScope,
    /// In the order in which their constructors are called.
    images: Vec<Image>,
    /// Those that have been started.
    started: HashSet<ImageId>,
}

/// The names of all functions that the host provides, in order.
#[must_use]
pub fn host_functions() -> Vec<&'static str> {
    host::names()
}

impl Machine {
    /// A machine with a window of its own.
    ///
    /// # Errors
    /// The system has no addresses for it.
    pub fn new() -> Result<Self, MemoryError> {
        Self::in_window(Window::reserve()?)
    }

    /// A machine in this window.
    ///
    /// # Errors
    /// The window is full.
    pub fn in_window(window: Window) -> Result<Self, MemoryError> {
        let gates = Gates::new(&window, host::system_call, host::take_signals)?;
        Ok(Self {
            common: Arc::new(Common::new(window)),
            gates: Arc::new(gates),
            loaded: RwLock::default(),
        })
    }

    /// Has memory checked from now on: what the images may touch that are loaded afterwards, with threads made afterwards. `report` is told
    /// of mistakes where the program goes on. The first call counts.
    ///
    /// # Errors
    /// The system refuses addresses.
    pub fn check(
        &self,
        options: CheckOptions,
        report: Option<Reporter>,
    ) -> Result<(), MemoryError> {
        self.common.window.keep_shadow(options.undefined)?;
        let heap = &self.gates.process().heap;
        heap.set_checker(Arc::new(Checker::new(options, report)));
        Ok(())
    }

    fn checker(&self) -> Option<&Arc<Checker>> {
        self.gates.process().heap.checker()
    }

    /// Lets machine code touch a range of the window, or nothing of it, where memory is checked. The memory of both is mapped.
    pub fn set_accessible(&self, range: Range<u64>, accessible: bool) {
        if let Some(shadow) = self.common.window.shadow() {
            if accessible {
                shadow.open(range);
            } else {
                shadow.close(range);
            }
        }
    }

    /// Says whether anybody has written the bytes of a range, where that is looked for.
    pub fn set_defined(&self, range: Range<u64>, defined: bool) {
        if let Some(shadow) = self.common.window.shadow() {
            shadow.mark(range, !defined);
        }
    }

    /// Gives machine code a further function of the host's, for images that are loaded from now on. A definition of an image wins over it,
    /// and so does a function of this crate by that name.
    ///
    /// # Errors
    /// There is no room for more.
    pub fn provide(&self, name: &str, function: HostFunction) -> Result<(), MemoryError> {
        let address = self.gates.function(name, function);
        address.map(drop).ok_or(MemoryError::Full { length: 8 })
    }

    /// Has code of the host made, from now on, of machine code that threads execute often. The second one is not asked.
    pub fn translate_with(&self, translator: Box<dyn Translator>, reach: Reach) {
        self.common.translate_with(translator, reach);
    }

    /// The addresses that machine code may use.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.common.window
    }

    /// Loads files that may need each other and all that was loaded before. The result has the image of each file, in their order.
    ///
    /// Nothing is called: see [`MachineThread::start`].
    ///
    /// # Errors
    /// As [`image::load`]. Then nothing has changed.
    pub fn load(
        &self,
        inputs: &[ImageFile<'_>],
        unresolved: Unresolved,
    ) -> Result<Vec<ImageId>, ImageError> {
        let sources: Vec<_> = inputs.iter().copied().map(Source::from).collect();
        self.load_sources(&sources, unresolved)
    }

    /// As [`load`](Self::load), of files that may be open instead of in memory: large ones are mapped and not read.
    ///
    /// # Errors
    /// As [`image::load`]. Then nothing has changed.
    pub fn load_sources(
        &self,
        sources: &[Source<'_>],
        unresolved: Unresolved,
    ) -> Result<Vec<ImageId>, ImageError> {
        let mut loaded = self.loaded.write().unwrap_or_else(|lock| lock.into_inner());
        let Loaded { scope, images, .. } = &mut *loaded;
        let mut provider = HostNames {
            gates: &self.gates,
            unresolved,
        };
        let window = &self.common.window;
        let new = image::load(sources, window, scope, images, &mut provider)?;
        for range in new.iter().flat_map(|image| &image.code) {
            self.common.executable.add(range.clone());
        }
        if let (Some(checker), Some(shadow)) = (self.checker(), window.shadow()) {
            for image in &new {
                image.gaps().into_iter().for_each(|gap| shadow.close(gap));
                let variables = image.symbols.iter();
                let variables = variables.filter(|symbol| !symbol.function && symbol.size != 0);
                checker.add_variables(
                    variables.map(|symbol| (symbol.address, symbol.size, symbol.name.clone())),
                );
            }
        }
        let mut ids: Vec<_> = new.iter().map(|image| image.id).collect();
        // Images are numbered in the order of their files.
        ids.sort_unstable();
        images.extend(new);
        self.gates.templates().follow(images);
        Ok(ids)
    }

    /// Unloads images: their definitions are no longer found, and their memory is given back. Destructors are not called: see
    /// [`MachineThread::unload`].
    ///
    /// No thread should be in their code, nor come back to it. One that is there traps at its next jump backwards, call or return at
    /// the latest.
    ///
    /// # Errors
    /// Another image uses one of them, or one is not loaded. Then nothing has changed.
    pub fn unload(&self, ids: &[ImageId]) -> Result<(), ImageError> {
        let mut loaded = self.loaded.write().unwrap_or_else(|lock| lock.into_inner());
        loaded.check_unload(ids)?;
        let ids: HashSet<_> = ids.iter().collect();
        let (gone, kept) = std::mem::take(&mut loaded.images)
            .into_iter()
            .partition(|image| ids.contains(&image.id));
        loaded.images = kept;
        let gone: Vec<Image> = gone;
        // First, so that no thread looks for thread-local memory of an image that is gone.
        self.gates.templates().follow(&loaded.images);
        for image in &gone {
            loaded.scope.forget(image.id);
            loaded.started.remove(&image.id);
            self.gates.process().exits.forget_in(&image.code);
            for range in &image.code {
                self.common.executable.remove(range);
            }
        }
        // Nothing is decoded there any more, so the old decoded code goes for good.
        self.common.forget_translations();
        self.gates.forget_code();
        for image in gone {
            if let Some(checker) = self.checker() {
                let ranges = image.mapped().iter();
                ranges.for_each(|range| checker.forget_variables(range));
            }
            image.unmap(&self.common.window);
        }
        Ok(())
    }

    /// The functions to call at the end, in order; none if the program has ended by `_exit` or `quick_exit`.
    #[must_use]
    pub fn destructors(&self) -> Vec<u64> {
        if self.gates.process().exits.is_at_once() {
            return Vec::new();
        }
        let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
        let lists = image::destructors(loaded.images.iter().rev());
        lists.into_iter().flat_map(|list| list.functions).collect()
    }

    /// The address of a name's definition. An image may choose a function by a function of its own (`ifunc`); that address is known once
    /// the image is started.
    #[must_use]
    pub fn symbol(&self, name: &str) -> Option<u64> {
        let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
        loaded
            .scope
            .get(name)
            .filter(|definition| definition.tls.is_none() && !definition.indirect)
            .map(|definition| definition.address)
    }

    /// As [`symbol`](Self::symbol), in one image.
    #[must_use]
    pub fn symbol_in(&self, image: ImageId, name: &str) -> Option<u64> {
        let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
        loaded
            .scope
            .get_in(image, name)
            .filter(|definition| definition.tls.is_none() && !definition.indirect)
            .map(|definition| definition.address)
    }

    /// As [`symbol_in`](Self::symbol_in), or else in the images that this one needs, those that it names itself first, or else of the host, as
    /// `dlsym` finds it.
    #[must_use]
    pub fn symbol_from(&self, image: ImageId, name: &str) -> Option<u64> {
        let mut next = VecDeque::from([image]);
        let mut seen = HashSet::from([image]);
        while let Some(image) = next.pop_front() {
            if let Some(address) = self.symbol_in(image, name) {
                return Some(address);
            }
            let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
            let found = loaded.images.iter().find(|found| found.id == image);
            let needed = found.into_iter().flat_map(|image| &image.requires);
            next.extend(needed.filter(|needed| seen.insert(**needed)));
        }
        self.host_address(name)
    }

    /// How far the addresses of an image are from those in its file.
    #[must_use]
    pub fn base(&self, image: ImageId) -> Option<u64> {
        let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
        let found = loaded.images.iter().find(|found| found.id == image);
        found.map(|image| image.base)
    }

    /// The sections of a relocatable object that are in memory: their numbers in the file, and where they are. None for other images.
    #[must_use]
    pub fn sections(&self, image: ImageId) -> Vec<(usize, Range<u64>)> {
        let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
        let images = loaded.images.iter().filter(|found| found.id == image);
        let parts = images.flat_map(|image| &image.parts);
        parts
            .filter_map(|part| Some((part.section?, part.range.clone())))
            .collect()
    }

    /// Where an image begins. No other begins there at the same time.
    #[must_use]
    pub fn place(&self, image: ImageId) -> Option<u64> {
        let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
        let found = loaded.images.iter().find(|found| found.id == image);
        found?.start()
    }

    /// The function that an address is in, or that comes last before it, as far as its image tells.
    #[must_use]
    pub fn function_at(&self, address: u64) -> Option<ImageSymbol> {
        let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
        let mut images = loaded.images.iter();
        images.find_map(|image| image.symbol_at(address)).cloned()
    }

    /// Whether there is an instruction at an address.
    #[must_use]
    pub fn is_instruction(&self, address: u64) -> bool {
        self.common.executable.contains(address, 8)
    }

    /// Whether there is code at an address: an instruction, or a function of the host.
    #[must_use]
    pub fn is_code(&self, address: u64) -> bool {
        self.is_instruction(address) || self.host_function(address).is_some()
    }

    /// Gives back what machine code has allocated with `malloc`. The result says whether a block begins there.
    pub fn free(&self, address: u64) -> bool {
        let heap = &self.gates.process().heap;
        heap.free(&self.common.window, address).is_ok()
    }

    /// An address as `name+0x10`, as far as images tell.
    #[must_use]
    pub fn describe(&self, address: u64) -> Option<String> {
        let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
        let symbol = loaded
            .images
            .iter()
            .find_map(|image| image.symbol_at(address))?;
        Some(format!("{}+{:#x}", symbol.name, address - symbol.address))
    }

    /// The functions and variables of all images, in the order of their addresses.
    #[must_use]
    pub fn symbols(&self) -> Vec<ImageSymbol> {
        let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
        let mut all: Vec<ImageSymbol> = loaded
            .images
            .iter()
            .flat_map(|image| image.symbols.clone())
            .collect();
        all.sort_by_key(|symbol| symbol.address);
        all
    }

    /// The name of the function of the host that has this address.
    #[must_use]
    pub fn host_function(&self, address: u64) -> Option<String> {
        self.gates.name(address)
    }

    /// A trap as one sentence, with the function that it is in.
    #[must_use]
    pub fn report(&self, trap: &Trap) -> String {
        self.report_with(trap, &|_| None)
    }

    /// As [`report`](Self::report), with lines of sources: `line` says which an instruction is of, as far as that is known.
    #[must_use]
    pub fn report_with(&self, trap: &Trap, line: &dyn Fn(u64) -> Option<String>) -> String {
        let mut text = match &trap.kind {
            TrapKind::Defect(defect) => {
                let what = defect.describe(&|address| self.place_with(address, line));
                match trap.text() {
                    Some(text) => format!("{what}; {text} at {:#x}", trap.ic),
                    None => format!("{what}; at {:#x}", trap.ic),
                }
            }
            _ => trap.to_string(),
        };
        if let Some(place) = self.describe(trap.ic) {
            text += &format!(" in {place}");
        }
        if let Some(line) = line(trap.ic) {
            text += &format!(", {line}");
        }
        text
    }

    /// A place in machine code: the line of its source, or else its function, or else its address.
    #[must_use]
    pub fn place_with(&self, address: u64, line: &dyn Fn(u64) -> Option<String>) -> String {
        let known = line(address).or_else(|| self.describe(address));
        known.unwrap_or_else(|| format!("{address:#x}"))
    }

    /// The address of a function that the host provides, whether or not an image defines one of this name.
    #[must_use]
    pub fn host_address(&self, name: &str) -> Option<u64> {
        self.gates.function(name, host::find(name)?)
    }

    /// Gives machine code an environment, of entries as `NAME=value`; it has an empty one at first. The result is the address of
    /// the list, as `main` gets it.
    ///
    /// # Errors
    /// The window is full.
    pub fn set_environment(&self, entries: &[CString]) -> Result<u64, MemoryError> {
        self.gates
            .process()
            .set_environment(&self.common.window, entries)
    }

    /// A new thread, with a stack of this many bytes.
    ///
    /// # Errors
    /// The window is full, or the system has no memory.
    pub fn thread(&self, stack: u64) -> Result<MachineThread<'_>, MemoryError> {
        let thread = Thread::new(self.common.clone(), self.gates.clone(), stack)?;
        if let Some(checker) = self.checker() {
            checker.add_stack(thread.stack());
        }
        Ok(MachineThread {
            thread,
            machine: self,
        })
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.gates.end_threads();
    }
}

impl Loaded {
    /// Whether all of these can be unloaded.
    fn check_unload(&self, ids: &[ImageId]) -> Result<(), ImageError> {
        let ids: HashSet<_> = ids.iter().copied().collect();
        let known = |id: &ImageId| self.images.iter().any(|image| image.id == *id);
        if !ids.iter().all(known) {
            return Err(ImageError::Unknown);
        }
        for user in self.images.iter().filter(|image| !ids.contains(&image.id)) {
            if let Some(used) = user.uses.iter().find(|used| ids.contains(used)) {
                let name = self.images.iter().find(|image| image.id == *used);
                return Err(ImageError::InUse {
                    name: name.map_or_else(String::new, |image| image.name.clone()),
                    user: user.name.clone(),
                });
            }
        }
        Ok(())
    }
}

/// The functions that an image wants to have called before it is used.
struct ImageStart {
    id: ImageId,
    resolvers: Vec<Resolver>,
    /// Names of functions that are to be chosen, each with the function that chooses.
    indirect: Vec<(Arc<str>, u64)>,
}

/// Names that the host has.
struct HostNames<'a> {
    gates: &'a Gates,
    unresolved: Unresolved,
}

impl Provider for HostNames<'_> {
    fn address(&mut self, name: &str) -> Option<u64> {
        if let Some(function) = host::find(name) {
            return self.gates.function(name, function);
        }
        let variable = self.gates.process().variable(name);
        variable.or_else(|| self.gates.known(name))
    }

    fn missing(&mut self, name: &str) -> Option<u64> {
        match self.unresolved {
            Unresolved::Error => None,
            Unresolved::Lazy => self.gates.missing(name),
        }
    }

    fn missing_library(&mut self, _name: &str) -> bool {
        self.unresolved == Unresolved::Lazy
    }
}
