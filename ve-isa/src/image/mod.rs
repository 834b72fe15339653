//! Relocatable and shared objects for the Vector Engine: checked, placed in memory, relocated.
//!
//! A file is taken apart and checked ([`file`]), placed in the window, its symbols entered into a [`Scope`], and, once all files
//! that belong together are there, relocated. Nothing of a file is trusted.
//!
//! It uses `memory` and knows nothing of instructions.

mod error;
mod file;
mod relocatable;
mod relocate;
mod symbols;

use std::ops::Range;

use crate::memory::{Protection, Window};

pub use error::ImageError;
pub use symbols::{Definition, Scope, Symbol};

use relocatable::Relocatable;

/// Bytes between the thread pointer and the first byte of thread-local memory: the thread's control block.
pub const TCB_SIZE: u64 = 48;

/// Thread-local variables of an image.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Where their first values are, in the window.
    pub template: u64,
    /// How many bytes have first values; the rest is 0.
    pub initialised: u64,
    /// How many bytes they are.
    pub size: u64,
    /// Where they begin behind the thread's control block.
    pub offset: u64,
}

/// An image in memory.
#[derive(Debug)]
pub struct Image {
    /// Its file's name.
    pub name: String,
    /// The ranges that were mapped for it.
    mapped: Vec<Range<u64>>,
    /// Where its code is.
    pub code: Vec<Range<u64>>,
    /// Its symbols that have addresses, in the order of their addresses.
    pub symbols: Vec<Symbol>,
    /// Functions to call before anything else, in order.
    pub constructors: Vec<u64>,
    /// Functions to call at the end, in order.
    pub destructors: Vec<u64>,
    /// Its thread-local variables.
    pub tls: Option<Tls>,
}

impl Image {
    /// The function or variable that covers an address, or comes last before it.
    #[must_use]
    pub fn symbol_at(&self, address: u64) -> Option<&Symbol> {
        if !self.mapped.iter().any(|range| range.contains(&address)) {
            return None;
        }
        let after = self
            .symbols
            .partition_point(|symbol| symbol.address <= address);
        self.symbols[..after].last()
    }

    /// Gives back its memory.
    pub fn unmap(self, window: &Window) {
        for range in self.mapped {
            // An image's ranges are mapped for as long as it lives. What the system refuses stays mapped.
            let _ = window.unmap(range.start);
        }
    }
}

/// Where names lead that no image defines.
pub trait Provider {
    /// The address of a function or variable of the host.
    fn address(&mut self, name: &str) -> Option<u64>;

    /// An address that stands for a name that nobody knows, if that is no error.
    fn missing(&mut self, name: &str) -> Option<u64>;
}

/// A file to load.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Loads files that may need each other, and whatever `scope` has.
///
/// What they define joins the scope, in their order; a name that is there already keeps its meaning. If one of them
/// cannot be loaded, none is.
///
/// # Errors
/// A file is damaged or for another machine, memory is missing, or names are not defined: then the error has all of them.
pub fn load(
    inputs: &[Input<'_>],
    window: &Window,
    scope: &mut Scope,
    provider: &mut dyn Provider,
) -> Result<Vec<Image>, ImageError> {
    let files = inputs
        .iter()
        .map(|input| {
            Relocatable::parse(input.bytes).map_err(|damage| ImageError::Damaged {
                name: input.name.to_owned(),
                damage,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let before = scope.clone();
    let mut images = Vec::new();
    let loaded = load_all(inputs, &files, window, scope, provider, &mut images);
    if let Err(error) = loaded {
        for image in images {
            image.unmap(window);
        }
        *scope = before;
        return Err(error);
    }
    Ok(images)
}

fn load_all(
    inputs: &[Input<'_>],
    files: &[Relocatable<'_>],
    window: &Window,
    scope: &mut Scope,
    provider: &mut dyn Provider,
    images: &mut Vec<Image>,
) -> Result<(), ImageError> {
    let mut places = Vec::new();
    for (input, file) in inputs.iter().zip(files) {
        let (image, place) = file.place(input.name, window, scope)?;
        images.push(image);
        places.push(place);
    }
    for (image, (file, place)) in images.iter().zip(files.iter().zip(&places)) {
        file.define(&image.name, place, scope)?;
    }
    let mut undefined = Vec::new();
    for (image, (file, place)) in images.iter_mut().zip(files.iter().zip(&places)) {
        file.relocate(image, place, window, scope, provider, &mut undefined)?;
        for range in &place.read_only {
            window.protect(range.clone(), Protection::Read)?;
        }
    }
    if undefined.is_empty() {
        Ok(())
    } else {
        Err(ImageError::Undefined { names: undefined })
    }
}
