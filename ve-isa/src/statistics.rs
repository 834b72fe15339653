//! Counts of what a thread has executed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use crate::encoding::{Insn, Op, rows};
use crate::interp::Observer;
use crate::state::Cpu;

/// How often an operation was executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationCount {
    /// The instruction.
    pub op: Op,
    /// Whether it works on vectors.
    pub vector: bool,
    /// How often it was executed.
    pub count: u64,
    /// The number of elements in all, if it works on vectors.
    pub elements: u64,
}

/// Counts of instructions, under the names that NEC's `PROGINF` has for them.
///
/// ```
/// use ve_isa::statistics::Statistics;
///
/// let statistics = Statistics::default();
/// assert_eq!(statistics.average_vector_length(), 0.0);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    operations: BTreeMap<Op, OperationCount>,
    instructions: u64,
    vector_instructions: u64,
    vector_elements: u64,
}

impl Statistics {
    /// The operations that were executed, in the order of their numbers.
    pub fn operations(&self) -> impl Iterator<Item = &OperationCount> {
        self.operations.values()
    }

    /// Inst. Count: all instructions.
    #[must_use]
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// V. Inst. Count: those that work on vectors.
    #[must_use]
    pub fn vector_instructions(&self) -> u64 {
        self.vector_instructions
    }

    /// V. Element Count: how many elements these worked on.
    #[must_use]
    pub fn vector_elements(&self) -> u64 {
        self.vector_elements
    }

    /// A. V. Length: elements for each vector instruction.
    #[must_use]
    pub fn average_vector_length(&self) -> f64 {
        ratio(self.vector_elements, self.vector_instructions)
    }

    /// V. Op. Ratio: the share of all operations that vector instructions do, in percent.
    #[must_use]
    pub fn vector_operation_ratio(&self) -> f64 {
        let scalar = self.instructions - self.vector_instructions;
        100.0 * ratio(self.vector_elements, self.vector_elements + scalar)
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

impl fmt::Display for Statistics {
    /// A table; the operations that were executed most often come first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>16}  Inst. Count", self.instructions)?;
        writeln!(f, "{:>16}  V. Inst. Count", self.vector_instructions)?;
        writeln!(f, "{:>16}  V. Element Count", self.vector_elements)?;
        writeln!(
            f,
            "{:>16.2}  V. Op. Ratio (%)",
            self.vector_operation_ratio()
        )?;
        writeln!(f, "{:>16.2}  A. V. Length", self.average_vector_length())?;
        let mut operations: Vec<_> = self.operations().collect();
        operations.sort_by_key(|operation| (std::cmp::Reverse(operation.count), operation.op));
        for OperationCount { op, count, .. } in operations {
            writeln!(f, "{count:>16}  {}", op.name())?;
        }
        Ok(())
    }
}

/// Counts what it sees. Clones count together, so one may be given to a thread and another kept.
#[derive(Debug, Clone)]
pub struct Counter {
    counted: Arc<Mutex<Vec<(u64, u64)>>>,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            counted: Arc::new(Mutex::new(vec![(0, 0); places()])),
        }
    }
}

/// One more than the largest number of an operation.
fn places() -> usize {
    let numbers = rows().iter().map(|row| row.op() as usize);
    numbers.max().map_or(0, |largest| largest + 1)
}

impl Observer for Counter {
    fn instruction(&mut self, _: u64, _: u64, insn: &Insn, cpu: &Cpu) {
        let mut counted = self.counted.lock().unwrap_or_else(|lock| lock.into_inner());
        let (count, elements) = &mut counted[insn.op() as usize];
        *count += 1;
        *elements += cpu.vl() as u64;
    }

    fn fork(&self) -> Option<Box<dyn Observer>> {
        Some(Box::new(self.clone()))
    }
}

impl Counter {
    /// The counts so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let counted = self.counted.lock().unwrap_or_else(|lock| lock.into_inner());
        let mut statistics = Statistics::default();
        for row in rows() {
            let op = row.op();
            let (count, elements) = counted[op as usize];
            if count == 0 || statistics.operations.contains_key(&op) {
                continue;
            }
            // The first byte of vector instructions has its highest bit set. Those that only set a length or make a mask from
            // scalars are counted too, as the machine does.
            let vector = row.value() >> 63 == 1;
            let elements = if vector { elements } else { 0 };
            let operation = OperationCount {
                op,
                vector,
                count,
                elements,
            };
            statistics.operations.insert(op, operation);
            statistics.instructions += count;
            if vector {
                statistics.vector_instructions += count;
                statistics.vector_elements += elements;
            }
        }
        statistics
    }
}
