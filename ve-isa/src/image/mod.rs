//! Relocatable and shared objects for the Vector Engine: checked, placed in memory, relocated.
//!
//! A file is taken apart and checked, placed in the window, its symbols entered into a [`SymbolScope`], and, once all files
//! that belong together are there, relocated. Nothing of a file is trusted.
//!
//! It uses `memory` and knows nothing of instructions.

mod dynamic;
mod error;
mod file;
mod init_order;
mod local_symbols;
mod needed;
mod relocatable;
mod relocate;
mod segments;
mod shared;
mod source;
mod symbols;
mod undefined;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use crate::memory::{Protection, Window};

pub use error::ImageError;
pub use file::EM_VE;
pub use init_order::{InitFunction, InitList, constructors, destructors};
pub use needed::is_of_the_system;
pub use source::Source;
pub use symbols::{Definition, ImageId, ImageSymbol, Rank, SymbolScope};

use file::FileKind;
use relocatable::{ObjectPlace, Relocatable, Together};
use shared::SharedImage;
use undefined::UndefinedNames;

/// Bytes between the thread pointer and the first byte of thread-local memory: the thread's control block.
pub const TCB_SIZE: u64 = 48;

/// Thread-local variables of an image.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The address of their first values, in the window.
    pub template: u64,
    /// How many bytes have first values; the rest is 0.
    pub initialised: u64,
    /// How many bytes they are.
    pub size: u64,
    /// Their offset behind the thread's control block.
    pub offset: u64,
}

/// A word that a function of the image's own decides on, before anything else runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolver {
    /// The function; it has no arguments, and returns an address.
    pub function: u64,
    /// The address of the word to write, of 8 bytes.
    pub place: u64,
    /// The number to add.
    pub addend: u64,
}

/// An image in memory.
#[derive(Debug)]
pub struct Image {
    /// Which it is.
    pub id: ImageId,
    /// Its file's name.
    pub name: String,
    /// The name that other images need it by, if it has one of its own.
    pub soname: Option<String>,
    /// The libraries that its file says it needs.
    pub needed: Vec<String>,
    /// Those of them that are images.
    pub requires: Vec<ImageId>,
    /// The images that it cannot do without, itself perhaps among them.
    pub uses: BTreeSet<ImageId>,
    /// How far its addresses are from those in its file: in a relocatable object, from those in its first section of code.
    pub base: u64,
    /// The ranges that were mapped for it.
    mapped: Vec<Range<u64>>,
    /// The parts of them that something of the file lies in, code as well.
    pub parts: Vec<ImagePart>,
    /// The range of its code.
    pub code: Vec<Range<u64>>,
    /// Its symbols that have addresses, in the order of their addresses.
    pub symbols: Vec<ImageSymbol>,
    /// Words to fill in before its constructors are called.
    pub resolvers: Vec<Resolver>,
    /// Functions to call before anything else, in order.
    pub constructors: Vec<InitFunction>,
    /// Functions to call at the end, in order.
    pub destructors: Vec<InitFunction>,
    /// The first of the images that have one list of such functions with it.
    pub group: ImageId,
    /// Its thread-local variables.
    pub tls: Option<Tls>,
}

/// A part of an image that lies in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePart {
    /// Its addresses.
    pub range: Range<u64>,
    /// Whether it may be written.
    pub write: bool,
    /// The number of the section that it is, in a relocatable object.
    pub section: Option<usize>,
}

/// Memory is mapped in pages of this size.
const PAGE: u64 = 64 << 10;

impl Image {
    fn new(id: ImageId, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            soname: None,
            needed: Vec::new(),
            requires: Vec::new(),
            uses: BTreeSet::new(),
            base: 0,
            mapped: Vec::new(),
            parts: Vec::new(),
            code: Vec::new(),
            symbols: Vec::new(),
            resolvers: Vec::new(),
            constructors: Vec::new(),
            destructors: Vec::new(),
            group: id,
            tls: None,
        }
    }

    /// The first address of its memory, if it has any.
    #[must_use]
    pub fn start(&self) -> Option<u64> {
        self.mapped.first().map(|range| range.start)
    }

    /// The function or variable that covers an address, or comes last before it.
    #[must_use]
    pub fn symbol_at(&self, address: u64) -> Option<&ImageSymbol> {
        if !self.mapped.iter().any(|range| range.contains(&address)) {
            return None;
        }
        let after = self
            .symbols
            .partition_point(|symbol| symbol.address <= address);
        self.symbols[..after].last()
    }

    /// Pages that are mapped for it but hold nothing of it: between and behind its parts, and behind variables whose length is no
    /// number of whole words.
    #[must_use]
    pub fn gaps(&self) -> Vec<Range<u64>> {
        let mut parts: Vec<&ImagePart> = self.parts.iter().collect();
        parts.sort_unstable_by_key(|part| part.range.start);
        let mut gaps = Vec::new();
        for mapped in &self.mapped {
            let inside = |part: &&&ImagePart| mapped.contains(&part.range.start);
            let mut at = mapped.start;
            for part in parts.iter().filter(inside) {
                if at < part.range.start {
                    gaps.push(at..part.range.start);
                }
                at = at.max(part.range.end);
            }
            let end = mapped.end.next_multiple_of(PAGE);
            if at < end {
                gaps.push(at..end);
            }
        }
        for (variable, next) in self.symbols.iter().zip(self.symbols.iter().skip(1)) {
            let end = variable.address.saturating_add(variable.size);
            // Compilers give names to all variables that can be written; not to constants.
            let part = parts
                .iter()
                .find(|part| part.write && part.range.contains(&variable.address));
            let Some(part) = part.filter(|_| !variable.function && variable.size != 0) else {
                continue;
            };
            let gap = end..end
                .next_multiple_of(8)
                .min(next.address)
                .min(part.range.end);
            if gap.start < gap.end {
                gaps.push(gap);
            }
        }
        gaps
    }

    /// The ranges that were mapped for it.
    #[must_use]
    pub fn mapped(&self) -> &[Range<u64>] {
        &self.mapped
    }

    /// Gives back its memory.
    pub fn unmap(self, window: &Window) {
        for range in self.mapped {
            // An image's ranges are mapped for as long as it lives. A range that the system refuses to unmap stays mapped.
            let _ = window.unmap(range.start);
        }
    }
}

/// The definitions of names that no image defines.
pub trait Provider {
    /// The address of a function or variable of the host.
    fn address(&mut self, name: &str) -> Option<u64>;

    /// An address that stands for a name that nobody knows, if that is no error.
    fn missing(&mut self, name: &str) -> Option<u64>;

    /// Whether a library that a file needs may be missing.
    fn missing_library(&mut self, name: &str) -> bool;
}

/// A file to load.
#[derive(Debug, Clone, Copy)]
pub struct ImageFile<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl<'a> From<ImageFile<'a>> for Source<'a> {
    fn from(input: ImageFile<'a>) -> Self {
        Self::bytes(input.name, input.bytes)
    }
}

/// A file that is in memory, with the work that is left to do.
enum Placed<'a> {
    Relocatable(&'a Relocatable<'a>, ObjectPlace),
    Shared(SharedImage),
}

/// A file that may be placed.
enum Checked<'a> {
    Relocatable(Box<Relocatable<'a>>),
    /// Its header is read, and the rest as it is placed.
    Shared,
}

/// Loads files that may need each other, and whatever `scope` has, which `before` defines.
///
/// Their definitions join the scope, in their order. If one of them cannot be loaded, none is. The images come in the order in
/// which their constructors must be called: shared objects each after those that it needs, then relocatable objects, which are
/// one program.
///
/// # Errors
/// A file is damaged or for another machine, memory is missing, or libraries are missing or names not defined: then the error has all of
/// them.
pub fn load(
    sources: &[Source<'_>],
    window: &Window,
    scope: &mut SymbolScope,
    before: &[Image],
    provider: &mut dyn Provider,
) -> Result<Vec<Image>, ImageError> {
    // The header says how much of a file is to be read.
    let mut contents = Vec::new();
    for source in sources {
        let damaged = |why: String| ImageError::damaged(source.name(), why);
        let length = source.length().map_err(damaged)?;
        let bytes = match source.as_bytes() {
            Some(bytes) => Cow::Borrowed(bytes),
            None => {
                let head = source
                    .read(0, length.min(file::HEADER_SIZE))
                    .map_err(damaged)?;
                match file::header(&head).map_err(damaged)? {
                    (_, FileKind::Relocatable) => source.read(0, length).map_err(damaged)?.into(),
                    (_, FileKind::Shared) => head.into(),
                }
            }
        };
        contents.push(bytes);
    }
    let mut files = Vec::new();
    for (source, bytes) in sources.iter().zip(&contents) {
        let damaged = |why: String| ImageError::damaged(source.name(), why);
        files.push(match file::header(bytes).map_err(damaged)? {
            (_, FileKind::Relocatable) => {
                Checked::Relocatable(Box::new(Relocatable::parse(bytes).map_err(damaged)?))
            }
            (_, FileKind::Shared) => Checked::Shared,
        });
    }
    let mut images = Vec::new();
    let mut loading = Loading {
        window,
        scope,
        before,
        images: &mut images,
    };
    let ids: Vec<_> = files.iter().map(|_| loading.scope.new_image()).collect();
    if let Err(error) = loading.all(sources, &contents, &files, &ids, provider) {
        for id in ids {
            scope.forget(id);
        }
        for image in images {
            image.unmap(window);
        }
        return Err(error);
    }
    let together: Vec<_> = ids
        .iter()
        .zip(&files)
        .filter(|(_, file)| matches!(file, Checked::Relocatable(_)))
        .map(|(id, _)| *id)
        .collect();
    let (mut program, mut images): (Vec<_>, Vec<_>) = needed::sort(images)
        .into_iter()
        .partition(|image| together.contains(&image.id));
    for image in &mut program {
        image.group = together[0];
    }
    images.append(&mut program);
    Ok(images)
}

/// The data of a load.
struct Loading<'a> {
    window: &'a Window,
    scope: &'a mut SymbolScope,
    before: &'a [Image],
    images: &'a mut Vec<Image>,
}

impl Loading<'_> {
    fn all(
        &mut self,
        sources: &[Source<'_>],
        contents: &[Cow<'_, [u8]>],
        files: &[Checked<'_>],
        ids: &[ImageId],
        provider: &mut dyn Provider,
    ) -> Result<(), ImageError> {
        let window = self.window;
        let mut placed = Vec::new();
        let mut dropped = Vec::new();
        for (file, id) in files.iter().zip(ids) {
            if let Checked::Relocatable(file) = file {
                dropped.push((*id, &**file, file.dropped(self.scope, *id)));
            }
        }
        let relocatable: Vec<_> = dropped
            .iter()
            .map(|(id, file, dropped)| (*id, *file, dropped))
            .collect();
        let mut together = Together::of(&relocatable).map_err(|why| {
            let names: Vec<_> = sources.iter().map(Source::name).collect();
            ImageError::damaged(&names.join(", "), why)
        })?;
        let mut dropped = dropped.into_iter();
        for (((source, bytes), file), id) in sources.iter().zip(contents).zip(files).zip(ids) {
            let (image, place) = match file {
                Checked::Relocatable(file) => {
                    let dropped = dropped.next().map(|(_, _, dropped)| dropped);
                    let (image, place) = file.place(
                        source.name(),
                        window,
                        self.scope,
                        *id,
                        dropped.unwrap_or_default(),
                        &mut together,
                    )?;
                    (image, Placed::Relocatable(file, place))
                }
                Checked::Shared => {
                    let (header, _) = file::header(bytes)
                        .map_err(|why| ImageError::damaged(source.name(), why))?;
                    let (image, place) =
                        SharedImage::place(header, *source, window, self.scope, *id)?;
                    (image, Placed::Shared(place))
                }
            };
            self.images.push(image);
            placed.push(place);
        }
        for (image, place) in self.images.iter().zip(&placed) {
            match place {
                Placed::Relocatable(file, place) => file.define(image, place, self.scope)?,
                Placed::Shared(shared) => shared.define(image, self.scope)?,
            }
        }
        needed::find(self.images, self.before, provider)?;
        let mut undefined = UndefinedNames::default();
        let mut copies = Vec::new();
        for (image, place) in self.images.iter_mut().zip(&placed) {
            let scope = &*self.scope;
            match place {
                Placed::Relocatable(file, place) => {
                    let names = relocatable::OtherObjects {
                        scope,
                        together: &together,
                    };
                    file.relocate(image, place, window, &names, provider, &mut undefined)?;
                    copies.push(Vec::new());
                }
                Placed::Shared(shared) => {
                    copies.push(shared.relocate(image, window, scope, provider, &mut undefined)?);
                }
            }
        }
        undefined.check()?;
        for (image, copies) in self.images.iter().zip(copies) {
            shared::copy(copies, &image.name, window)?;
        }
        for place in &placed {
            match place {
                Placed::Relocatable(_, place) => {
                    for range in &place.read_only {
                        window.protect(range.clone(), Protection::Read)?;
                    }
                }
                Placed::Shared(shared) => shared.protect(window)?,
            }
        }
        Ok(())
    }
}
