//! A machine: a window, the images in it, threads that run their code.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use crate::host;
use crate::image::{self, Image, ImageError, Input, Provider, Scope};
use crate::interp::Common;
use crate::memory::{MemoryError, Window};
use crate::thread::{Gates, Template, Thread};
use crate::trap::Trap;

/// Bytes of stack of a thread, if nobody says otherwise.
pub const DEFAULT_STACK: u64 = 64 << 20;

/// What becomes of names that nothing defines.
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
    /// Grows when code comes or goes.
    generation: AtomicU64,
}

#[derive(Debug, Default)]
struct Loaded {
    scope: Scope,
    images: Vec<Image>,
}

/// A thread with what it needs to follow the machine.
#[derive(Debug)]
pub struct MachineThread<'m> {
    machine: &'m Machine,
    thread: Thread,
    generation: u64,
    /// How many images have given their thread-local variables.
    initialised: usize,
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
        let gates = Gates::new(&window)?;
        Ok(Self {
            common: Arc::new(Common::new(window)),
            gates: Arc::new(gates),
            loaded: RwLock::default(),
            generation: AtomicU64::new(1),
        })
    }

    /// The addresses that machine code may use.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.common.window
    }

    /// Loads files that may need each other and all that was loaded before. Constructors are not called: see
    /// [`constructors`](Self::constructors).
    ///
    /// # Errors
    /// As [`image::load`]. Then nothing has changed.
    pub fn load(&self, inputs: &[Input<'_>], unresolved: Unresolved) -> Result<(), ImageError> {
        let mut loaded = self.loaded.write().unwrap_or_else(|lock| lock.into_inner());
        let mut provider = Names {
            gates: &self.gates,
            unresolved,
        };
        let images = image::load(
            inputs,
            &self.common.window,
            &mut loaded.scope,
            &mut provider,
        )?;
        for range in images.iter().flat_map(|image| &image.code) {
            self.common.executable.add(range.clone());
        }
        loaded.images.extend(images);
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// The functions to call before any other, in order, of the images loaded after the first `skip`.
    #[must_use]
    pub fn constructors(&self, skip: usize) -> Vec<u64> {
        self.of_images(skip, |image| &image.constructors)
    }

    /// The functions to call at the end, in order.
    #[must_use]
    pub fn destructors(&self) -> Vec<u64> {
        let mut all = self.of_images(0, |image| &image.destructors);
        all.reverse();
        all
    }

    fn of_images(&self, skip: usize, what: impl Fn(&Image) -> &Vec<u64>) -> Vec<u64> {
        let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
        loaded
            .images
            .iter()
            .skip(skip)
            .flat_map(|image| what(image).clone())
            .collect()
    }

    /// The address of what a name stands for.
    #[must_use]
    pub fn symbol(&self, name: &str) -> Option<u64> {
        let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
        loaded
            .scope
            .get(name)
            .filter(|definition| definition.tls.is_none())
            .map(|definition| definition.address)
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

    /// A trap as one sentence, with the function that it is in.
    #[must_use]
    pub fn report(&self, trap: &Trap) -> String {
        match self.describe(trap.ic) {
            Some(place) => format!("{trap} in {place}"),
            None => trap.to_string(),
        }
    }

    /// A new thread, with a stack of this many bytes.
    ///
    /// # Errors
    /// The window is full, or the system has no memory.
    pub fn thread(&self, stack: u64) -> Result<MachineThread<'_>, MemoryError> {
        let tls = {
            let loaded = self.loaded.read().unwrap_or_else(|lock| lock.into_inner());
            loaded.scope.tls_size()
        };
        Ok(MachineThread {
            thread: Thread::new(self.common.clone(), self.gates.clone(), stack, tls)?,
            machine: self,
            generation: 0,
            initialised: 0,
        })
    }
}

impl MachineThread<'_> {
    /// Calls a function with argument words, and returns its result word.
    ///
    /// # Errors
    /// The trap that ended it. The thread can be called again.
    pub fn call(&mut self, function: u64, words: &[u64]) -> Result<u64, Trap> {
        self.follow()?;
        self.thread.call(function, words)
    }

    /// The thread itself: registers, memory, single steps.
    pub fn thread(&mut self) -> &mut Thread {
        &mut self.thread
    }

    /// Takes note of images that have come or gone.
    fn follow(&mut self) -> Result<(), Trap> {
        let generation = self.machine.generation.load(Ordering::Acquire);
        if generation == self.generation {
            return Ok(());
        }
        self.thread.forget_code();
        let loaded = self
            .machine
            .loaded
            .read()
            .unwrap_or_else(|lock| lock.into_inner());
        for image in &loaded.images[self.initialised..] {
            if let Some(tls) = &image.tls {
                let template = Template {
                    address: tls.template,
                    size: tls.size,
                    offset: tls.offset,
                };
                self.thread.initialise(&template).map_err(|kind| Trap {
                    kind,
                    ic: 0,
                    word: None,
                })?;
            }
            self.initialised += 1;
        }
        self.generation = generation;
        Ok(())
    }
}

/// Names that the host has.
struct Names<'a> {
    gates: &'a Gates,
    unresolved: Unresolved,
}

impl Provider for Names<'_> {
    fn address(&mut self, name: &str) -> Option<u64> {
        self.gates.function(name, host::find(name)?)
    }

    fn missing(&mut self, name: &str) -> Option<u64> {
        match self.unresolved {
            Unresolved::Error => None,
            Unresolved::Lazy => self.gates.missing(name),
        }
    }
}
