//! Sections that programs go through from `__start_x` to `__stop_x`, where `x` is a name of C that the sections have.
//!
//! A linker puts those of all objects side by side, so objects that are loaded together have them in one place: in the memory of the
//! first object that has one.

use std::collections::{HashMap, HashSet};

use object::{Object as _, ObjectSymbol as _};

use super::super::ImageId;
use super::{GrowingRange, Relocatable};

/// The sections that some object asks for, by name.
#[derive(Debug, Default)]
pub(super) struct Gathered(HashMap<String, Sections>);

/// The sections of one name.
#[derive(Debug)]
struct Sections {
    /// The first object that has one.
    home: ImageId,
    layout: GrowingRange,
    write: bool,
    /// The place of each, by its image and its index.
    offsets: HashMap<(ImageId, usize), u64>,
    /// Their beginning, once it is known.
    start: Option<u64>,
}

impl Gathered {
    /// The sections of some objects, without those that are left out.
    pub(super) fn of(files: &[(ImageId, &Relocatable<'_>, &HashSet<usize>)]) -> Option<Self> {
        let wanted: HashSet<&str> = files
            .iter()
            .flat_map(|(_, file, _)| file.file.symbols())
            .filter(|symbol| symbol.is_undefined())
            .filter_map(|symbol| section_of(symbol.name().ok()?))
            .map(|(name, _)| name)
            .collect();
        let mut all: HashMap<String, Sections> = HashMap::new();
        if wanted.is_empty() {
            return Some(Self(all));
        }
        for (id, file, dropped) in files {
            for section in &file.sections {
                let index = section.index.0;
                if section.tls || dropped.contains(&index) || !wanted.contains(&*section.name) {
                    continue;
                }
                let sections = all.entry(section.name.clone()).or_insert_with(|| Sections {
                    home: *id,
                    layout: GrowingRange::default(),
                    write: false,
                    offsets: HashMap::new(),
                    start: None,
                });
                let offset = sections.layout.add(section.size, section.alignment)?;
                sections.write |= section.write;
                sections.offsets.insert((*id, index), offset);
            }
        }
        Some(Self(all))
    }

    /// The names whose sections are in this image's memory: whether they are written to, their size and their alignment.
    pub(super) fn homes(&self, image: ImageId) -> Vec<(&str, bool, u64, u64)> {
        let mut homes: Vec<_> = self
            .0
            .iter()
            .filter(|(_, sections)| sections.home == image)
            .map(|(name, sections)| {
                let layout = &sections.layout;
                (&**name, sections.write, layout.size, layout.alignment)
            })
            .collect();
        homes.sort_unstable();
        homes
    }

    /// Notes where the sections of a name begin.
    pub(super) fn begin(&mut self, name: &str, start: u64) {
        if let Some(sections) = self.0.get_mut(name) {
            sections.start = Some(start);
        }
    }

    /// Whether a section is among them.
    pub(super) fn has(&self, image: ImageId, name: &str, index: usize) -> bool {
        let sections = self.0.get(name);
        sections.is_some_and(|sections| sections.offsets.contains_key(&(image, index)))
    }

    /// The address of a section, and the image whose memory it is in.
    pub(super) fn place(&self, image: ImageId, name: &str, index: usize) -> Option<(u64, ImageId)> {
        let sections = self.0.get(name)?;
        let offset = sections.offsets.get(&(image, index))?;
        Some((sections.start? + offset, sections.home))
    }

    /// The value of `__start_x` or `__stop_x`, and the image whose memory it is in.
    pub(super) fn limit(&self, symbol: &str) -> Option<(u64, ImageId)> {
        let (name, is_end) = section_of(symbol)?;
        let sections = self.0.get(name)?;
        let start = sections.start?;
        let limit = if is_end {
            start + sections.layout.size
        } else {
            start
        };
        Some((limit, sections.home))
    }
}

/// The sections that a symbol is about, and whether it is their end.
fn section_of(symbol: &str) -> Option<(&str, bool)> {
    let start = symbol.strip_prefix("__start_").map(|name| (name, false));
    start.or_else(|| symbol.strip_prefix("__stop_").map(|name| (name, true)))
}
