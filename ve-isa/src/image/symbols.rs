//! Names and their definitions.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::{ImageError, TCB_SIZE};

/// How much thread-local memory all images together may have: each thread has all of it.
const LARGEST_TLS: u64 = 64 << 20;

/// The largest alignment of thread-local variables: control blocks are at multiples of it.
pub(super) const LARGEST_TLS_ALIGNMENT: u64 = 4096;

/// A name that an image gives to a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSymbol {
    /// The name.
    pub name: String,
    /// Its address.
    pub address: u64,
    /// How many bytes it is; 0 if the image does not say.
    pub size: u64,
    /// Whether it is a function.
    pub function: bool,
}

/// An image of a machine. No other image has the same, not even after it is unloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageId(pub(crate) u64);

/// Which of several definitions of a name counts: the smallest; of equal ones, that which was loaded first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// It is in a relocatable object. Two of them are an error.
    Strong,
    /// A common variable, of which all relocatable objects share one.
    Common,
    /// It is in a relocatable object, and gives way to any other.
    Weak,
    /// It is in a shared object, weak or not.
    Shared,
}

/// The definition of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its address; of a thread-local variable, where it begins in its image's thread-local memory.
    pub address: u64,
    /// How many bytes it is.
    pub size: u64,
    /// Which of several it is.
    pub rank: Rank,
    /// The offset of the image's thread-local memory behind the thread's control block, for a thread-local variable.
    pub tls: Option<u64>,
    /// Whether the address is that of a function which returns the address that is meant.
    pub indirect: bool,
    /// The file that defines it.
    pub file: Arc<str>,
    /// The image that it is in.
    pub image: ImageId,
}

/// The names that images define for each other.
#[derive(Debug, Default)]
pub struct SymbolScope {
    /// The definitions of each name, the one that counts first.
    names: HashMap<Arc<str>, Vec<Definition>>,
    /// The names that each image defines.
    owned: HashMap<ImageId, Vec<Arc<str>>>,
    /// The groups of sections of which one copy is in memory, by their names.
    groups: HashMap<String, ImageId>,
    /// Thread-local memory behind the control block that is in use, in order.
    tls: Vec<(Range<u64>, ImageId)>,
    images: u64,
}

impl SymbolScope {
    /// The definition of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Definition> {
        self.names.get(name)?.first()
    }

    /// The definition of a name in one image.
    #[must_use]
    pub fn get_in(&self, image: ImageId, name: &str) -> Option<&Definition> {
        self.names
            .get(name)?
            .iter()
            .find(|definition| definition.image == image)
    }

    /// The definition of a name in all images but one.
    pub(super) fn get_outside(&self, image: ImageId, name: &str) -> Option<&Definition> {
        self.names
            .get(name)?
            .iter()
            .find(|definition| definition.image != image)
    }

    /// How many bytes of thread-local memory a thread needs behind its control block.
    #[must_use]
    pub fn tls_size(&self) -> u64 {
        self.tls.last().map_or(0, |(range, _)| range.end)
    }

    /// A number for a new image.
    pub(super) fn new_image(&mut self) -> ImageId {
        self.images += 1;
        ImageId(self.images)
    }

    /// Whether an image's group of this name is the one that is kept: the first.
    pub(super) fn keep_group(&mut self, name: &str, image: ImageId) -> bool {
        match self.groups.get(name) {
            Some(owner) => *owner == image,
            None => {
                self.groups.insert(name.to_owned(), image);
                true
            }
        }
    }

    /// Finds place for an image's thread-local memory; the result is where it begins behind the control block.
    pub(super) fn place_tls(
        &mut self,
        image: ImageId,
        size: u64,
        alignment: u64,
    ) -> Result<u64, String> {
        if !alignment.is_power_of_two() || alignment > LARGEST_TLS_ALIGNMENT {
            return Err(format!(
                "its thread-local memory has an alignment of {alignment}; powers of two up to {LARGEST_TLS_ALIGNMENT} are possible"
            ));
        }
        if size > LARGEST_TLS {
            return Err(format!(
                "it has {size} bytes of thread-local memory; at most {LARGEST_TLS} are possible"
            ));
        }
        let mut free = 0;
        let mut index = 0;
        loop {
            // The control block is aligned, too: it lies between an aligned address and this memory.
            let start = (TCB_SIZE + free).next_multiple_of(alignment) - TCB_SIZE;
            let limit = self
                .tls
                .get(index)
                .map_or(LARGEST_TLS, |(range, _)| range.start);
            if start + size <= limit {
                self.tls.insert(index, (start..start + size, image));
                return Ok(start);
            }
            let Some((range, _)) = self.tls.get(index) else {
                return Err(format!(
                    "its {size} bytes of thread-local memory do not fit beside those of other images; at most {LARGEST_TLS} are possible for all"
                ));
            };
            free = range.end;
            index += 1;
        }
    }

    /// Enters a name. Among several definitions, the one with the smallest [`Rank`] counts.
    pub(super) fn define(&mut self, name: &str, new: Definition) -> Result<(), ImageError> {
        let (name, all) = match self.names.get_key_value(name) {
            Some((name, _)) => {
                let name = name.clone();
                (name.clone(), self.names.entry(name).or_default())
            }
            None => {
                let name: Arc<str> = name.into();
                (name.clone(), self.names.entry(name).or_default())
            }
        };
        if new.rank == Rank::Strong
            && let Some(old) = all.first()
            && old.rank == Rank::Strong
        {
            return Err(ImageError::Duplicate {
                name: name.to_string(),
                first: old.file.to_string(),
                second: new.file.to_string(),
            });
        }
        self.owned.entry(new.image).or_default().push(name);
        let place = all.partition_point(|old| old.rank <= new.rank);
        all.insert(place, new);
        Ok(())
    }

    /// The names that an image defines by functions which return the addresses that are meant, with those functions.
    pub(crate) fn indirect(&self, image: ImageId) -> Vec<(Arc<str>, u64)> {
        let names = self.owned.get(&image).into_iter().flatten();
        let indirect = names.filter_map(|name| {
            let definition = self.get_in(image, name)?;
            definition
                .indirect
                .then(|| (name.clone(), definition.address))
        });
        indirect.collect()
    }

    /// Says which address is meant by a name that such a function stands for.
    pub(crate) fn resolve(&mut self, image: ImageId, name: &str, address: u64) {
        for definition in self.names.get_mut(name).into_iter().flatten() {
            if definition.image == image {
                definition.address = address;
                definition.indirect = false;
            }
        }
    }

    /// Forgets all that an image has: names, groups, thread-local memory.
    pub(crate) fn forget(&mut self, image: ImageId) {
        for name in self.owned.remove(&image).unwrap_or_default() {
            if let Some(all) = self.names.get_mut(&name) {
                all.retain(|definition| definition.image != image);
                if all.is_empty() {
                    self.names.remove(&name);
                }
            }
        }
        self.groups.retain(|_, owner| *owner != image);
        self.tls.retain(|(_, owner)| *owner != image);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(address: u64, rank: Rank, image: u64) -> Definition {
        Definition {
            address,
            size: 8,
            rank,
            tls: None,
            indirect: false,
            file: format!("{image}.o").into(),
            image: ImageId(image),
        }
    }

    #[test]
    fn the_best_definition_counts_and_the_next_when_it_is_gone() {
        let mut scope = SymbolScope::default();
        let address = |scope: &SymbolScope| scope.get("f").map(|definition| definition.address);
        scope.define("f", definition(1, Rank::Shared, 1)).unwrap();
        scope.define("f", definition(2, Rank::Shared, 2)).unwrap();
        assert_eq!(address(&scope), Some(1));
        scope.define("f", definition(3, Rank::Weak, 3)).unwrap();
        assert_eq!(address(&scope), Some(3));
        scope.define("f", definition(4, Rank::Strong, 4)).unwrap();
        assert_eq!(address(&scope), Some(4));
        let error = scope
            .define("f", definition(5, Rank::Strong, 5))
            .unwrap_err();
        assert_eq!(error.to_string(), "f is defined in 4.o, and again in 5.o");
        scope.forget(ImageId(4));
        assert_eq!(address(&scope), Some(3));
        scope.forget(ImageId(1));
        scope.forget(ImageId(3));
        assert_eq!(address(&scope), Some(2));
        scope.forget(ImageId(2));
        assert_eq!(address(&scope), None);
    }

    #[test]
    fn thread_local_memory_is_aligned_with_the_control_block_and_used_again() {
        let mut scope = SymbolScope::default();
        let place = |scope: &mut SymbolScope, image, size, alignment| {
            scope.place_tls(ImageId(image), size, alignment).unwrap()
        };
        assert_eq!(place(&mut scope, 1, 10, 8), 0);
        // 48 + 16 is a multiple of 64.
        assert_eq!(place(&mut scope, 2, 100, 64), 16);
        assert_eq!(place(&mut scope, 3, 8, 4), 116);
        scope.forget(ImageId(2));
        assert_eq!(place(&mut scope, 4, 8, 8), 16);
        assert_eq!(place(&mut scope, 5, 64, 32), 48);
        assert_eq!(scope.tls_size(), 124);
        assert!(scope.place_tls(ImageId(6), u64::MAX, 8).is_err());
        assert!(scope.place_tls(ImageId(6), 8, 8192).is_err());
        assert!(scope.place_tls(ImageId(6), 8, 3).is_err());
    }
}
