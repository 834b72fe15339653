//! What kernels have executed, counted.

use std::collections::BTreeMap;

use super::handle::VeoProc;
use crate::error::Result;

/// What a kernel of VE machine code has executed in all calls so far, under the names that NEC's `PROGINF` has for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KernelStatistics {
    /// The kernel, as its symbol.
    pub kernel: String,
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
    /// What kernels of VE machine code have executed so far, in the order of their names (`veo_emu_get_statistics`). It waits for
    /// what was queued on the process itself.
    ///
    /// The emulated node counts where `VEO_EMU_PROFILE=1` asks for it, which slows such kernels down; then it prints the same when the
    /// process is closed. Otherwise, for kernels of the host's code and on a card, the result is empty.
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
        let mut kernels: BTreeMap<&str, KernelStatistics> = BTreeMap::new();
        for line in text.lines() {
            let Some((kernel, calls, operation)) = parse(line) else {
                continue;
            };
            let entry = kernels.entry(kernel).or_default();
            kernel.clone_into(&mut entry.kernel);
            entry.calls = calls;
            let (name, vector, count, elements) = operation;
            entry.add(name, vector, count, elements);
        }
        Ok(kernels.into_values().collect())
    }
}

type Line<'a> = (&'a str, u64, (&'a str, bool, u64, u64));

/// A line of `veo_emu_get_statistics`.
fn parse(line: &str) -> Option<Line<'_>> {
    let mut words = line.split(' ');
    let (kernel, calls) = (words.next()?, words.next()?.parse().ok()?);
    let (name, vector) = (words.next()?, words.next()? == "1");
    let (count, elements) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((kernel, calls, (name, vector, count, elements)))
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
        assert_eq!(
            parse("sum 3 vfadd.d 1 7 1792"),
            Some(("sum", 3, ("vfadd.d", true, 7, 1792)))
        );
        for line in ["", "sum", "sum 3 lea 0 7", "sum x lea 0 7 0"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
