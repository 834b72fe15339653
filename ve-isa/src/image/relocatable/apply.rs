//! The work that remains for a relocatable object once all names are known.

use std::collections::HashMap;

use object::{Object as _, ObjectSymbol as _};

use super::super::relocate::{Needs, Write};
use super::super::undefined::UndefinedNames;
use super::super::{Image, ImageError, ImageSymbol, InitFunction, Provider};
use super::{GOT, ObjectPlace, OtherObjects, Relocatable, RelocationSymbol, text};
use crate::memory::Window;

/// Sections that tell of other sections, dropped ones too.
const DESCRIPTIONS: [&str; 2] = [".eh_frame", ".gcc_except_table"];

impl Relocatable<'_> {
    /// Writes all relocations, and finds out what the image has to tell of itself.
    pub(in crate::image) fn relocate(
        &self,
        image: &mut Image,
        place: &ObjectPlace,
        window: &Window,
        names: &OtherObjects<'_>,
        provider: &mut dyn Provider,
        undefined: &mut UndefinedNames,
    ) -> Result<(), ImageError> {
        let name = image.name.clone();
        let damaged = |damage: String| ImageError::damaged(&name, damage);
        let mut known: HashMap<usize, RelocationSymbol> = HashMap::new();
        let kept = || {
            self.relocations
                .iter()
                .filter(|relocation| !place.dropped.contains(&relocation.section.0))
        };
        for relocation in kept() {
            if known.contains_key(&relocation.symbol.0) {
                continue;
            }
            let symbol = self
                .file
                .symbol_by_index(relocation.symbol)
                .map_err(|error| damaged(text(error)))?;
            let found = match self.resolve(&symbol, place, names, provider, image) {
                Ok(Some(found)) => found,
                Ok(None) => {
                    undefined.add(symbol.name().unwrap_or_default(), &image.name);
                    RelocationSymbol::default()
                }
                Err(why) => {
                    // A description of a function that another object keeps is left out.
                    let section = &self.sections[self.by_index[&relocation.section.0]];
                    if !DESCRIPTIONS.contains(&section.name.as_str()) {
                        return Err(damaged(why));
                    }
                    continue;
                }
            };
            known.insert(relocation.symbol.0, found);
        }
        for ((symbol, needs), offset) in &self.slots {
            let Some(found) = known.get(symbol) else {
                continue;
            };
            let values = match needs {
                Needs::Slot => [Some(found.address), None],
                Needs::Pair => [Some(found.module), Some(found.address)],
                _ => [Some(found.thread_offset()), None],
            };
            for (index, value) in values.into_iter().flatten().enumerate() {
                window
                    .write(place.got + offset + 8 * index as u64, &value.to_le_bytes())
                    .map_err(|_| damaged("its memory cannot be written".into()))?;
            }
        }
        for relocation in kept() {
            let section = &self.sections[self.by_index[&relocation.section.0]];
            let at = || {
                format!(
                    "{} at {:#x} of section {}",
                    relocation.kind.name(),
                    relocation.offset,
                    section.name
                )
            };
            let Some(found) = known.get(&relocation.symbol.0) else {
                continue;
            };
            let Some(start) = place.sections.get(&relocation.section.0) else {
                return Err(damaged(format!("{} lies outside", at())));
            };
            let start = if section.tls {
                // The section's own address is an offset; the template is relocated.
                image.tls.as_ref().map_or(0, |tls| tls.template) + start
            } else {
                *start
            };
            let target = start.wrapping_add(relocation.offset);
            let needs = relocation.kind.needs().unwrap_or(Needs::Address);
            let value = match needs {
                Needs::Address => found.address,
                Needs::ThreadOffset => found.thread_offset(),
                Needs::LocalOffset => found.address,
                _ => place.got + self.slots[&(relocation.symbol.0, needs)],
            };
            let write = relocation
                .kind
                .write(value, relocation.addend, target, place.got)
                .map_err(|why| damaged(format!("{}: {why}", at())))?;
            let (bytes, length) = match write {
                Write::Whole(value) => (value.to_le_bytes(), 8),
                Write::Half(value) => (u64::from(value).to_le_bytes(), 4),
            };
            let inside = relocation
                .offset
                .checked_add(length as u64)
                .is_some_and(|end| end <= section.size);
            if !inside {
                return Err(damaged(format!("{} lies outside", at())));
            }
            window
                .write(target, &bytes[..length])
                .map_err(|_| damaged(format!("{} cannot be written", at())))?;
        }
        self.describe(image, place, window);
        Ok(())
    }

    /// The value of a symbol, here or elsewhere; none if nobody defines it.
    fn resolve<'s>(
        &self,
        symbol: &impl object::ObjectSymbol<'s>,
        place: &ObjectPlace,
        names: &OtherObjects<'_>,
        provider: &mut dyn Provider,
        image: &mut Image,
    ) -> Result<Option<RelocationSymbol>, String> {
        // Index 0 is the symbol that stands for none.
        if symbol.index().0 == 0 {
            return Ok(Some(RelocationSymbol::default()));
        }
        if symbol.is_local() {
            return self
                .local(symbol, place)
                .map(Some)
                .ok_or_else(|| "a relocation is for a symbol that is not in memory".into());
        }
        let name = symbol.name().map_err(text)?;
        if name == GOT {
            return Ok(Some(RelocationSymbol {
                address: place.got,
                ..RelocationSymbol::default()
            }));
        }
        if let Some(definition) = names.scope.get(name) {
            if definition.indirect {
                return Err(format!(
                    "it uses {name}, which {} chooses as it is loaded; only shared objects can use such a function",
                    definition.file
                ));
            }
            image.uses.insert(definition.image);
            return Ok(Some(RelocationSymbol {
                address: definition.address,
                tls: definition.tls,
                module: definition.tls.map_or(0, |offset| offset + 1),
            }));
        }
        if let Some((address, home)) = names.together.gathered.limit(name) {
            image.uses.insert(home);
            return Ok(Some(RelocationSymbol {
                address,
                ..RelocationSymbol::default()
            }));
        }
        let address = provider.address(name).or_else(|| {
            if symbol.is_weak() {
                Some(0)
            } else {
                provider.missing(name)
            }
        });
        Ok(address.map(|address| RelocationSymbol {
            address,
            ..RelocationSymbol::default()
        }))
    }

    /// Symbols, constructors and destructors.
    fn describe(&self, image: &mut Image, place: &ObjectPlace, window: &Window) {
        for symbol in self.file.symbols() {
            let kind = symbol.kind();
            if !matches!(kind, object::SymbolKind::Text | object::SymbolKind::Data) {
                continue;
            }
            let (Some(found), Ok(name)) = (self.local(&symbol, place), symbol.name()) else {
                continue;
            };
            if found.tls.is_none() {
                image.symbols.push(ImageSymbol {
                    name: name.to_owned(),
                    address: found.address,
                    size: symbol.size(),
                    function: kind == object::SymbolKind::Text,
                });
            }
        }
        image.symbols.sort_by_key(|symbol| symbol.address);
        let list = |prefix: &str| {
            let mut arrays: Vec<_> = self
                .sections
                .iter()
                .filter_map(|section| {
                    let rest = section.name.strip_prefix(prefix)?;
                    // `.init_array.65535` comes before those without a number, as linkers have it.
                    let priority = match rest.strip_prefix('.') {
                        Some(number) => number.parse().ok()?,
                        None if rest.is_empty() => InitFunction::UNNUMBERED,
                        None => return None,
                    };
                    Some((
                        priority,
                        place.sections.get(&section.index.0)?,
                        // A word that the file does not have is 0, and names no function.
                        section.data.len() as u64,
                    ))
                })
                .collect();
            arrays.sort_by_key(|(priority, _, _)| *priority);
            arrays
                .into_iter()
                .flat_map(|(priority, start, size)| {
                    (0..size / 8).map(move |index| (priority, start + 8 * index))
                })
                .filter_map(|(priority, place)| {
                    let function = window.load::<8>(place).ok()?;
                    Some(InitFunction { priority, function })
                })
                .filter(|one| one.function != 0 && one.function != u64::MAX)
                .collect::<Vec<_>>()
        };
        image.constructors = list(".init_array");
        image.destructors = list(".fini_array");
        image.destructors.reverse();
    }
}
