//! The instruction counts of kernels of VE machine code, made by the backend.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The instruction counts of a kernel of VE machine code in all calls so far, under the names of NEC's `PROGINF`.
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
    /// FLOP Count: additions, subtractions, multiplications, divisions and square roots of floats; a fused multiplication is two, and
    /// comparisons are none. Elements that a mask leaves out count.
    pub floating_point_operations: u64,
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
        let scalar = self.instructions.saturating_sub(self.vector_instructions);
        match self.vector_elements.saturating_add(scalar) {
            0 => 0.0,
            all => 100.0 * self.vector_elements as f64 / all as f64,
        }
    }

    /// MOPS: millions of operations for each second of this time, those of vector instructions for each element.
    #[must_use]
    pub fn mops(&self, time: Duration) -> f64 {
        let scalar = self.instructions.saturating_sub(self.vector_instructions);
        millions(self.vector_elements.saturating_add(scalar), time)
    }

    /// MFLOPS: millions of operations of floats for each second of this time.
    #[must_use]
    pub fn mflops(&self, time: Duration) -> f64 {
        millions(self.floating_point_operations, time)
    }

    /// Enters a line that the backend tells. It comes from the VE process, so no number is too large.
    fn add(&mut self, operation: &str, vector: bool, count: u64, elements: u64) {
        self.instructions = self.instructions.saturating_add(count);
        if vector {
            self.vector_instructions = self.vector_instructions.saturating_add(count);
            self.vector_elements = self.vector_elements.saturating_add(elements);
        }
        let times = if vector { elements } else { count };
        let floats = times.saturating_mul(floating_point_operations(operation));
        self.floating_point_operations = self.floating_point_operations.saturating_add(floats);
        let all = self.operations.entry(operation.to_owned()).or_default();
        *all = all.saturating_add(count);
    }
}

fn millions(count: u64, time: Duration) -> f64 {
    match time.as_secs_f64() {
        0.0 => 0.0,
        seconds => count as f64 / seconds / 1e6,
    }
}

/// How many operations of floats an operation does, of vectors on each element.
fn floating_point_operations(name: &str) -> u64 {
    let (name, part) = name.split_once('.').unwrap_or((name, ""));
    // Two floats in each element, unless only one half is worked on.
    let packed = name.starts_with("pv") && !matches!(part, "lo" | "up");
    let each = match name.trim_start_matches(['p', 'v']) {
        "fadd" | "fsub" | "fmul" | "fdiv" | "fsqrt" | "fsum" | "fia" | "fis" | "fim" => 1,
        "fmad" | "fmsb" | "fnmad" | "fnmsb" | "fiam" | "fism" | "fima" | "fims" => 2,
        _ => 0,
    };
    if packed { 2 * each } else { each }
}

/// Reads a text of `veo_emu_get_statistics`, in the order of the kernels' names. Wrong lines are left out.
pub(crate) fn read(text: &str) -> Vec<KernelStatistics> {
    let mut kernels: BTreeMap<(&str, &Path), KernelStatistics> = BTreeMap::new();
    for line in text.lines() {
        let Some(StatisticsLine {
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
    kernels.into_values().collect()
}

/// A line of `veo_emu_get_statistics`.
#[derive(Debug, PartialEq)]
struct StatisticsLine<'a> {
    kernel: &'a str,
    library: &'a Path,
    calls: u64,
    /// Name, whether it is one on vectors, how often, on how many elements.
    operation: (&'a str, bool, u64, u64),
}

fn parse(line: &str) -> Option<StatisticsLine<'_>> {
    let mut words = line.splitn(7, ' ');
    let (kernel, calls) = (words.next()?, words.next()?.parse().ok()?);
    let (name, vector) = (words.next()?, words.next()? == "1");
    let (count, elements) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(StatisticsLine {
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
        // 2,560 additions and 3,200 operations in 2 ms.
        let time = Duration::from_millis(2);
        assert_eq!((kernel.mflops(time), kernel.mops(time)), (1.28, 1.6));
        assert_eq!(kernel.mops(Duration::ZERO), 0.0);
    }

    #[test]
    fn floats_are_counted_by_what_is_done_to_them() {
        for (name, count) in [
            ("fadd.d", 1),
            ("fmul.q", 1),
            ("vfdiv.s", 1),
            ("vfmad.d", 2),
            ("pvfmad", 4),
            ("pvfmad.up", 2),
            ("pvfadd", 2),
            ("vfsum.s", 1),
            ("vfcmp.d", 0),
            ("vfmax.d", 0),
            ("vfmk.d", 0),
            ("fencem", 0),
            ("pfch", 0),
            ("vadds.l", 0),
        ] {
            assert_eq!(floating_point_operations(name), count, "{name}");
        }
    }

    #[test]
    fn a_text_is_read_by_kernel_and_library() {
        let text = "sum 2 vfadd.d 1 3 768 /a b/libx.so\nsum 2 lea 0 5 0 /a b/libx.so\n\
                    sum 1 lea 0 4 0 /y.so\nnonsense\nadd 7 lea 0 1 0 \n";
        let all = read(text);
        let told: Vec<_> = all
            .iter()
            .map(|kernel| (&*kernel.kernel, kernel.library.to_str().unwrap()))
            .collect();
        assert_eq!(
            told,
            [("add", ""), ("sum", "/a b/libx.so"), ("sum", "/y.so")]
        );
        let counts = |kernel: &KernelStatistics| (kernel.calls, kernel.instructions);
        assert_eq!(counts(&all[1]), (2, 8));
        assert_eq!(counts(&all[2]), (1, 4));
        assert_eq!(all[1].floating_point_operations, 768);
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
