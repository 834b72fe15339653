//! Lines of sources, for addresses in the loaded images.

use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;

use ve_isa::image::ImageId;
use ve_isa::machine::Machine;
use veo_debuginfo::{Original, SourceLines};

/// The lines of all images.
#[derive(Default)]
pub struct ImageLines(Mutex<Vec<LoadedLines>>);

/// The lines of one image.
struct LoadedLines {
    /// Its parts in memory, and the address in the file of each.
    parts: Vec<(Range<u64>, u64)>,
    lines: SourceLines,
}

impl ImageLines {
    /// Takes note of an image and its file.
    pub fn add(&self, machine: &Machine, image: ImageId, path: &Path) {
        let lines = Original::open(path).ok();
        let Some(lines) = lines.and_then(|file| SourceLines::open(&file)) else {
            return;
        };
        let sections = machine.sections(image).into_iter();
        let mut parts: Vec<_> = sections
            .filter_map(|(section, range)| Some((range, lines.section_address(section)?)))
            .collect();
        if let Some(base) = machine.base(image)
            && lines.extent() > 0
        {
            parts.push((base..base.saturating_add(lines.extent()), 0));
        }
        let mut all = self.0.lock().unwrap_or_else(|lock| lock.into_inner());
        all.push(LoadedLines { parts, lines });
    }

    /// The line of an instruction, as `k.c:12`.
    pub fn line(&self, address: u64) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(|lock| lock.into_inner());
        let (lines, in_file) = all.iter().find_map(|LoadedLines { parts, lines }| {
            let (range, start) = parts.iter().find(|(range, _)| range.contains(&address))?;
            Some((lines, start + (address - range.start)))
        })?;
        let place = lines.find(in_file);
        (place.line > 0).then(|| format!("{}:{}", place.file, place.line))
    }
}
