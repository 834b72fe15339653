//! Shared objects, as linkers make them.
//!
//! The segments are placed as they are, as far from each other as the file says. The dynamic section says what is left to do; section
//! headers are read for the names of local functions only, and may be missing.

use std::collections::HashMap;

use object::LittleEndian;
use object::elf::{
    SHN_ABS, SHN_COMMON, SHN_UNDEF, STB_LOCAL, STB_WEAK, STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE,
    STT_OBJECT, STT_TLS, STV_DEFAULT,
};

use super::dynamic::{Dynamic, ElfSymbol};
use super::file::ImageHeader;
use super::local_symbols;
use super::relocate::RelocationNumber;
use super::segments::{Segment, Segments};
use super::symbols::Rank;
use super::undefined::UndefinedNames;
use super::{
    Definition, Image, ImageError, ImageId, ImagePart, ImageSymbol, InitFunction, Provider,
    Resolver, Source, SymbolScope, TCB_SIZE, Tls,
};
use crate::memory::Window;

/// How large a variable may be that a file has a copy of.
const LARGEST_COPY: u64 = 1 << 30;

/// Numbers of relocations that a loader applies.
mod dynamic_relocation {
    pub(super) const REFLONG: u32 = 1;
    pub(super) const REFQUAD: u32 = 2;
    pub(super) const RELATIVE: u32 = 17;
    pub(super) const GLOB_DAT: u32 = 18;
    pub(super) const JUMP_SLOT: u32 = 19;
    pub(super) const COPY: u32 = 20;
    pub(super) const IRELATIVE: u32 = 21;
    pub(super) const DTPMOD64: u32 = 22;
    pub(super) const DTPOFF64: u32 = 23;
    pub(super) const TPOFF64: u32 = 24;
}

/// A checked shared object that is in memory and not relocated yet.
#[derive(Debug)]
pub(super) struct SharedImage {
    segments: Segments,
    dynamic: Dynamic,
    base: u64,
}

/// The symbol of a relocation.
#[derive(Debug, Clone, Copy, Default)]
struct SharedSymbol {
    address: u64,
    size: u64,
    tls: Option<u64>,
    indirect: bool,
    /// No image defines it.
    foreign: bool,
}

impl SharedSymbol {
    fn of(definition: &Definition) -> Self {
        Self {
            address: definition.address,
            size: definition.size,
            tls: definition.tls,
            indirect: definition.indirect,
            foreign: false,
        }
    }
}

/// Bytes to copy from the variable of another image.
pub(super) struct Copied {
    from: u64,
    to: u64,
    length: u64,
}

impl SharedImage {
    /// Checks a file and places it.
    pub(super) fn place(
        header: &ImageHeader,
        source: Source<'_>,
        window: &Window,
        scope: &mut SymbolScope,
        id: ImageId,
    ) -> Result<(Image, Self), ImageError> {
        let damaged = |why: String| ImageError::damaged(source.name(), why);
        let segments = Segments::parse(header, source).map_err(damaged)?;
        let (range, base) = segments.place(source, window)?;
        let mut image = Image::new(id, source.name());
        image.base = base;
        image.mapped.push(range.clone());
        let placed = Self::read(segments, base, window, scope, &mut image);
        match placed {
            Ok(shared) => {
                image.symbols = shared.describe(source);
                Ok((image, shared))
            }
            Err(why) => {
                image.unmap(window);
                Err(damaged(why))
            }
        }
    }

    fn read(
        segments: Segments,
        base: u64,
        window: &Window,
        scope: &mut SymbolScope,
        image: &mut Image,
    ) -> Result<Self, String> {
        let dynamic = Dynamic::parse(segments.dynamic, &|address, length| {
            segments.read(window, base, address, length)
        })?;
        image.soname.clone_from(&dynamic.soname);
        image.needed.clone_from(&dynamic.needed);
        let loads = segments.loads.iter();
        let part = |load: &Segment| ImagePart {
            range: load.range(base),
            write: load.write,
            section: None,
        };
        image.parts = loads.map(part).collect();
        image.code = segments
            .loads
            .iter()
            .filter(|load| load.execute)
            .map(|load| load.range(base))
            .collect();
        if let Some(tls) = &segments.tls {
            image.tls = Some(Tls {
                template: base.wrapping_add(tls.start),
                initialised: tls.filled,
                size: tls.size,
                offset: scope.place_tls(image.id, tls.size, tls.alignment)?,
            });
        }
        Ok(Self {
            segments,
            dynamic,
            base,
        })
    }

    /// Enters what the object defines for others.
    pub(super) fn define(&self, image: &Image, scope: &mut SymbolScope) -> Result<(), ImageError> {
        let file: std::sync::Arc<str> = image.name.as_str().into();
        for (index, symbol) in self.dynamic.symbols.iter().enumerate().skip(1) {
            let exported = symbol.st_bind() != STB_LOCAL
                && symbol.st_shndx.get(LittleEndian) != SHN_UNDEF
                && is_visible(symbol)
                && !self.dynamic.is_hidden(index);
            if !exported {
                continue;
            }
            let name = self
                .dynamic
                .name(symbol)
                .map_err(|why| ImageError::damaged(&image.name, why))?;
            let found = self
                .own(symbol, image)
                .map_err(|why| ImageError::damaged(&image.name, format!("{name}: {why}")))?;
            scope.define(
                &name,
                Definition {
                    address: found.address,
                    size: found.size,
                    rank: Rank::Shared,
                    tls: found.tls,
                    indirect: found.indirect,
                    file: file.clone(),
                    image: image.id,
                },
            )?;
        }
        Ok(())
    }

    /// The value of a symbol that this object defines.
    fn own(&self, symbol: &ElfSymbol, image: &Image) -> Result<SharedSymbol, String> {
        let value = symbol.st_value.get(LittleEndian);
        let kind = symbol.st_type();
        let mut found = SharedSymbol {
            address: value,
            size: symbol.st_size.get(LittleEndian),
            tls: None,
            indirect: kind == STT_GNU_IFUNC,
            foreign: false,
        };
        if kind == STT_TLS {
            let tls = image
                .tls
                .as_ref()
                .ok_or("it is a thread-local variable, and the file has no thread-local memory")?;
            found.tls = Some(tls.offset);
        } else if symbol.st_shndx.get(LittleEndian) != SHN_ABS {
            found.address = self.base.wrapping_add(value);
        }
        if symbol.st_shndx.get(LittleEndian) == SHN_COMMON {
            return Err(
                "it is a common variable, which no linker leaves in a shared object".into(),
            );
        }
        Ok(found)
    }

    /// Writes all relocations but copies, which the result has: they are for when all images are relocated.
    pub(super) fn relocate(
        &self,
        image: &mut Image,
        window: &Window,
        scope: &SymbolScope,
        provider: &mut dyn Provider,
        undefined: &mut UndefinedNames,
    ) -> Result<Vec<Copied>, ImageError> {
        let name = image.name.clone();
        let damaged = |why: String| ImageError::damaged(&name, why);
        let mut known: HashMap<u32, Option<SharedSymbol>> = HashMap::new();
        let mut copies = Vec::new();
        for rela in &self.dynamic.relocations {
            let kind = RelocationNumber(rela.r_type(LittleEndian, false).0);
            if kind.is_none() {
                continue;
            }
            let offset = rela.r_offset.get(LittleEndian);
            let addend = rela.r_addend.get(LittleEndian) as u64;
            let index = rela.r_sym(LittleEndian, false);
            let at = |why: &str| damaged(format!("{} at {offset:#x} {why}", kind.name()));
            let Some(segment) = self
                .segments
                .loads
                .iter()
                .find(|load| load.contains(offset, 8))
            else {
                return Err(at("lies outside of its segments"));
            };
            if !segment.write && !self.dynamic.text_relocations {
                return Err(at("lies in what is only read"));
            }
            let place = self.base.wrapping_add(offset);
            use dynamic_relocation as number;
            if kind.0 == number::COPY {
                let (from, size) = self
                    .copied(index, image, scope, undefined)
                    .map_err(damaged)?;
                let length = size.min(from.size);
                if length > LARGEST_COPY {
                    return Err(at(&format!(
                        "copies {length} bytes; at most {LARGEST_COPY} are possible"
                    )));
                }
                if !segment.contains(offset, length) {
                    return Err(at("lies outside of its segments"));
                }
                copies.push(Copied {
                    from: from.address,
                    to: place,
                    length,
                });
                continue;
            }
            let found = match known.get(&index) {
                Some(found) => *found,
                None => {
                    let found = self
                        .resolve(index, image, scope, provider, undefined)
                        .map_err(damaged)?;
                    known.insert(index, found);
                    found
                }
            };
            // Names that nothing defines are reported once, all together.
            let Some(found) = found else { continue };
            let sum = found.address.wrapping_add(addend);
            let own_tls = image.tls.as_ref().map(|tls| tls.offset);
            let tls = || {
                let offset = if index == 0 { own_tls } else { found.tls };
                offset.ok_or_else(|| at("is not for a thread-local variable"))
            };
            let mut resolver = None;
            let value = match kind.0 {
                number::REFLONG | number::REFQUAD => sum,
                number::GLOB_DAT | number::JUMP_SLOT => found.address,
                number::RELATIVE => self.base.wrapping_add(addend),
                number::IRELATIVE => {
                    resolver = Some((self.base.wrapping_add(addend), 0));
                    0
                }
                // A variable that is nowhere has no memory, and no distance from the thread pointer that leads to some.
                number::DTPMOD64 if found.foreign => 0,
                number::TPOFF64 if found.foreign => found.address,
                // The beginning of the memory plus one, so that 0 stands for none.
                number::DTPMOD64 => tls()? + 1,
                number::DTPOFF64 => sum,
                number::TPOFF64 => TCB_SIZE.wrapping_add(tls()?).wrapping_add(sum),
                _ if kind.is_known() => return Err(at("has no place in a shared object")),
                _ => return Err(at("is not known")),
            };
            if found.indirect && kind.0 != number::RELATIVE && kind.0 != number::IRELATIVE {
                let rest = match kind.0 {
                    number::REFLONG | number::REFQUAD => addend,
                    _ => 0,
                };
                resolver = Some((found.address, rest));
            }
            if let Some((function, addend)) = resolver {
                image.resolvers.push(Resolver {
                    function,
                    place,
                    addend,
                });
                continue;
            }
            window
                .store::<8>(place, value)
                .map_err(|_| at("cannot be written"))?;
        }
        image.constructors = self
            .functions(self.dynamic.init, self.dynamic.init_array, window)
            .map_err(damaged)?;
        // The order is reversed: the first at the beginning is the last at the end.
        image.destructors = self
            .functions(self.dynamic.fini, self.dynamic.fini_array, window)
            .map_err(damaged)?;
        image.destructors.reverse();
        Ok(copies)
    }

    /// Ends writing to segments that are only read.
    pub(super) fn protect(&self, window: &Window) -> Result<(), ImageError> {
        Ok(self.segments.protect(window, self.base)?)
    }

    /// The value of a relocation's symbol; none if nobody defines it.
    fn resolve(
        &self,
        index: u32,
        image: &mut Image,
        scope: &SymbolScope,
        provider: &mut dyn Provider,
        undefined: &mut UndefinedNames,
    ) -> Result<Option<SharedSymbol>, String> {
        // Number 0 is the symbol that stands for none.
        if index == 0 {
            return Ok(Some(SharedSymbol::default()));
        }
        let symbol = self.symbol(index)?;
        let defined = symbol.st_shndx.get(LittleEndian) != SHN_UNDEF;
        if symbol.st_bind() == STB_LOCAL || (defined && !is_visible(symbol)) {
            return if defined {
                self.own(symbol, image).map(Some)
            } else {
                Err(format!(
                    "a relocation is for local symbol {index}, which is nowhere"
                ))
            };
        }
        let name = self.dynamic.name(symbol)?;
        let own = scope
            .get_in(image.id, &name)
            .filter(|_| self.dynamic.symbolic);
        if let Some(definition) = own.or_else(|| scope.get(&name)) {
            image.uses.insert(definition.image);
            return Ok(Some(SharedSymbol::of(definition)));
        }
        if defined {
            // An old version of a name, which leads nowhere without it.
            return self.own(symbol, image).map(Some);
        }
        let address = provider.address(&name).or_else(|| {
            if symbol.st_bind() == STB_WEAK {
                Some(0)
            } else {
                provider.missing(&name)
            }
        });
        if address.is_none() {
            undefined.add(&name, &image.name);
        }
        Ok(address.map(|address| SharedSymbol {
            address,
            foreign: true,
            ..SharedSymbol::default()
        }))
    }

    /// The variable of another image that this one has a copy of, and the copy's size.
    fn copied(
        &self,
        index: u32,
        image: &mut Image,
        scope: &SymbolScope,
        undefined: &mut UndefinedNames,
    ) -> Result<(SharedSymbol, u64), String> {
        let symbol = self.symbol(index)?;
        let name = self.dynamic.name(symbol)?;
        match scope.get_outside(image.id, &name) {
            Some(definition) if definition.tls.is_some() => {
                Err(format!("{name} is thread-local and cannot be copied"))
            }
            Some(definition) => {
                image.uses.insert(definition.image);
                Ok((
                    SharedSymbol::of(definition),
                    symbol.st_size.get(LittleEndian),
                ))
            }
            None => {
                undefined.add(&name, &image.name);
                Ok((SharedSymbol::default(), 0))
            }
        }
    }

    fn symbol(&self, index: u32) -> Result<&ElfSymbol, String> {
        self.dynamic.symbols.get(index as usize).ok_or_else(|| {
            format!(
                "a relocation is for symbol {index}, and there are {}",
                self.dynamic.symbols.len()
            )
        })
    }

    /// A function and those that an array names, in order.
    fn functions(
        &self,
        first: Option<u64>,
        (array, length): (u64, u64),
        window: &Window,
    ) -> Result<Vec<InitFunction>, String> {
        let mut functions = Vec::new();
        functions.extend(first.map(|function| self.base.wrapping_add(function)));
        if length > 0 {
            let bytes = self
                .segments
                .read(window, self.base, array, length)
                .ok_or_else(|| {
                    format!("its array of functions, {length} bytes at {array:#x}, does not lie in a segment of the file")
                })?;
            functions.extend(
                bytes
                    .chunks_exact(8)
                    .map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()))
                    .filter(|function| *function != 0 && *function != u64::MAX),
            );
        }
        let functions = functions.into_iter().map(|function| InitFunction {
            priority: InitFunction::UNNUMBERED,
            function,
        });
        Ok(functions.collect())
    }

    /// The names of its parts.
    fn describe(&self, source: Source<'_>) -> Vec<ImageSymbol> {
        let local = local_symbols::read(source).unwrap_or_default();
        let dynamic = self.dynamic.symbols.iter().filter_map(|symbol| {
            let name = self.dynamic.name(symbol).ok()?;
            Some((*symbol, name))
        });
        let mut symbols: Vec<_> = local
            .into_iter()
            .chain(dynamic)
            .filter_map(|(symbol, name)| {
                let kind = symbol.st_type();
                let section = symbol.st_shndx.get(LittleEndian);
                let named = matches!(kind, STT_FUNC | STT_OBJECT | STT_GNU_IFUNC | STT_NOTYPE)
                    && section != SHN_UNDEF
                    && section != SHN_ABS
                    && !name.is_empty();
                let value = symbol.st_value.get(LittleEndian);
                let inside = self
                    .segments
                    .loads
                    .iter()
                    .any(|load| load.contains(value, 0));
                (named && inside).then(|| ImageSymbol {
                    name,
                    address: self.base.wrapping_add(value),
                    size: symbol.st_size.get(LittleEndian),
                    function: matches!(kind, STT_FUNC | STT_GNU_IFUNC),
                })
            })
            .collect();
        symbols.sort_by(|one, other| (one.address, &one.name).cmp(&(other.address, &other.name)));
        symbols.dedup_by(|later, first| later.address == first.address && later.name == first.name);
        symbols
    }
}

/// Copies variables of other images.
pub(super) fn copy(copies: Vec<Copied>, name: &str, window: &Window) -> Result<(), ImageError> {
    for Copied { from, to, length } in copies {
        let mut bytes = vec![0; 4096];
        let mut done = 0;
        while done < length {
            let part = (length - done).min(4096) as usize;
            window
                .read(from.wrapping_add(done), &mut bytes[..part])
                .and_then(|()| window.write(to + done, &bytes[..part]))
                .map_err(|_| {
                    ImageError::damaged(name, "a variable of another image cannot be copied")
                })?;
            done += part as u64;
        }
    }
    Ok(())
}

/// Whether a symbol that is defined may be another image's, or be used by one.
fn is_visible(symbol: &ElfSymbol) -> bool {
    symbol.st_visibility() == STV_DEFAULT
}
