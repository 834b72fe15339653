//! What kernels have executed, counted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::handle::VeoProc;
use crate::error::Result;

/// What a kernel of VE machine code has executed in all calls so far, under the names that NEC's `PROGINF` has for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KernelStatistics {
    /// The kernel, as its symbol.
    pub kernel: String,
    /// The file of the library that it is in, empty if it is in none.
    pub library: PathBuf,
    /// How often it was called.
    pub calls: u64,
    /// Inst. Count: all instructions.
    pub instructions: u64,
    /// V. Inst. Count: those that work on vectors.
    pub vector_instructions: u64,
    /// V. Element Count: how many elements these worked on.
    pub vector_elements: u64,
    /// How often each operation was executed, by its name in assembly language.
    pub operations: BTreeMap<String, u64>,
}

impl KernelStatistics {
    /// A. V. Length: elements for each vector instruction, 0 without any.
    #[must_use]
    pub fn average_vector_length(&self) -> f64 {
        match self.vector_instructions {
            0 => 0.0,
            count => self.vector_elements as f64 / count as f64,
        }
    }

    /// V. Op. Ratio: the share of all operations that vector instructions do, in percent.
    #[must_use]
    pub fn vector_operation_ratio(&self) -> f64 {
        let scalar = self.instructions - self.vector_instructions;
        match self.vector_elements + scalar {
            0 => 0.0,
            all => 100.0 * self.vector_elements as f64 / all as f64,
        }
    }

    /// Enters a line that the backend tells.
    fn add(&mut self, operation: &str, vector: bool, count: u64, elements: u64) {
        self.instructions += count;
        if vector {
            self.vector_instructions += count;
            self.vector_elements += elements;
        }
        *self.operations.entry(operation.to_owned()).or_default() += count;
    }
}

impl VeoProc {
    /// What kernels of VE machine code have executed so far, in the order of their names (`veo_emu_get_statistics`). What a library has
    /// executed stays when it is unloaded, and goes on when it is loaded again. It waits for what was queued on the process itself.
    ///
    /// The emulated node counts where [`VeoProcBuilder::profile`](crate::VeoProcBuilder::profile) or `VEO_EMU_PROFILE` asks for it.
    /// Otherwise, for kernels of the host's code and on a card, the result is empty.
    ///
    /// # Errors
    ///
    /// [`Error::ProcessEnded`](crate::Error::ProcessEnded); [`Error::WouldDeadlock`](crate::Error::WouldDeadlock).
    pub fn statistics(&self) -> Result<Vec<KernelStatistics>> {
        let shared = self.shared();
        let text = {
            let _exclusive = shared.exclusive(&"asking what kernels have executed")?;
            shared.core.extension.statistics().unwrap_or_default()
        };
        let mut kernels: BTreeMap<(&str, &Path), KernelStatistics> = BTreeMap::new();
        for line in text.lines() {
            let Some(Line {
                kernel,
                library,
                calls,
                operation: (name, vector, count, elements),
            }) = parse(line)
            else {
                continue;
            };
            let entry = kernels
                .entry((kernel, library))
                .or_insert_with(|| KernelStatistics {
                    kernel: kernel.to_owned(),
                    library: library.to_owned(),
                    ..KernelStatistics::default()
                });
            entry.calls = calls;
            entry.add(name, vector, count, elements);
        }
        Ok(kernels.into_values().collect())
    }
}

/// A line of `veo_emu_get_statistics`.
#[derive(Debug, PartialEq)]
struct Line<'a> {
    kernel: &'a str,
    library: &'a Path,
    calls: u64,
    /// Name, whether it is one on vectors, how often, on how many elements.
    operation: (&'a str, bool, u64, u64),
}

fn parse(line: &str) -> Option<Line<'_>> {
    let mut words = line.splitn(7, ' ');
    let (kernel, calls) = (words.next()?, words.next()?.parse().ok()?);
    let (name, vector) = (words.next()?, words.next()? == "1");
    let (count, elements) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Line {
        kernel,
        library: Path::new(words.next()?),
        calls,
        operation: (name, vector, count, elements),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_proginf() {
        let mut kernel = KernelStatistics::default();
        assert_eq!(kernel.vector_operation_ratio(), 0.0);
        kernel.add("vfadd.d", true, 10, 2560);
        kernel.add("lea", false, 40, 0);
        kernel.add("lea", false, 600, 0);
        assert_eq!(kernel.average_vector_length(), 256.0);
        assert_eq!(kernel.vector_operation_ratio(), 80.0);
        assert_eq!(kernel.operations["lea"], 640);
    }

    #[test]
    fn damaged_lines_are_left_out() {
        let line = parse("sum 3 vfadd.d 1 7 1792 /a b/libc.so").unwrap();
        assert_eq!((line.kernel, line.calls), ("sum", 3));
        assert_eq!(line.library, Path::new("/a b/libc.so"));
        assert_eq!(line.operation, ("vfadd.d", true, 7, 1792));
        let line = parse("strlen 1 lea 0 7 0 ").unwrap();
        assert_eq!(line.library, Path::new(""));
        for line in [
            "",
            "sum",
            "sum 3 lea 0 7",
            "sum 3 lea 0 7 0",
            "sum x lea 0 7 0 ",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
