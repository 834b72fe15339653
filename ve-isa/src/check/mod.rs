//! The check of memory: what machine code may touch, who has allocated it, what happens when it touches something else.
//!
//! A `Checker` belongs to a machine; each of its threads has a `ThreadCheck`, which sees every instruction before it is executed.
//! Functions of the host ask `host` before they touch memory. It uses what `memory` keeps of each byte, and knows nothing of images,
//! only the names that it is told.

mod access;
mod blocks;
pub(crate) mod host;
mod scalars;
mod thread;
mod undefined;
mod vectors;

use std::collections::{BTreeMap, HashSet};
use std::mem::discriminant;
use std::ops::Range;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::defect::{Defect, DefectKind, Near, UndefinedUse};
use crate::memory::Window;
use crate::trap::{Trap, TrapKind};

use blocks::Blocks;
pub(crate) use thread::ThreadCheck;

/// The kinds of mistakes that are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckOptions {
    /// Whether values that nobody wrote are looked for, too.
    pub undefined: bool,
    /// Whether the program goes on after a mistake.
    pub goes_on: bool,
}

impl FromStr for CheckOptions {
    type Err = String;

    /// Reads `memory` or `memory-init`, and `,continue` behind it. The error says what can be there.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no check; it can be `memory` or `memory-init`, with `,continue` behind it to go on after a mistake"
            )
        };
        let (what, goes_on) = match text.split_once(',') {
            None => (text, false),
            Some((what, "continue")) => (what, true),
            Some(_) => return Err(wrong()),
        };
        let undefined = match what {
            "memory" => false,
            "memory-init" => true,
            _ => return Err(wrong()),
        };
        Ok(Self { undefined, goes_on })
    }
}

/// Is told of each mistake of a program that goes on, once for each place.
pub type Reporter = Arc<dyn Fn(&Trap) + Send + Sync>;

/// The check of a machine's memory.
pub(crate) struct Checker {
    options: CheckOptions,
    report: Option<Reporter>,
    blocks: Mutex<Blocks>,
    /// Variables by their addresses: sizes and names.
    variables: RwLock<BTreeMap<u64, (u64, String)>>,
    /// The beginnings of the stacks of the host's threads.
    stacks: Mutex<HashSet<u64>>,
    /// The mistakes that were reported: the instruction, and the defect.
    reported: Mutex<HashSet<(u64, std::mem::Discriminant<DefectKind>)>>,
}

impl std::fmt::Debug for Checker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let options = &self.options;
        f.debug_struct("Checker")
            .field("options", options)
            .finish_non_exhaustive()
    }
}

/// Blocks that nobody points to any more, of one place in the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// The instruction that has allocated them.
    pub allocated: u64,
    /// How many there are.
    pub blocks: u64,
    /// How many bytes they have together.
    pub bytes: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Checker {
    /// A new check, without any mistakes. `report` hears of the mistakes of a program that goes on.
    pub(crate) fn new(options: CheckOptions, report: Option<Reporter>) -> Self {
        Self {
            options,
            report,
            blocks: Mutex::default(),
            variables: RwLock::default(),
            stacks: Mutex::default(),
            reported: Mutex::default(),
        }
    }

    /// Whether values that nobody wrote are looked for.
    pub(crate) fn wants_undefined(&self) -> bool {
        self.options.undefined
    }

    /// The consequence of a mistake of the instruction at `ic`: a trap, or nothing if the program goes on.
    #[cold]
    pub(crate) fn found(&self, ic: u64, defect: Defect) -> Result<(), TrapKind> {
        let place = (ic, discriminant(&defect.kind));
        let kind = TrapKind::Defect(Box::new(defect));
        if !self.options.goes_on {
            return Err(kind);
        }
        if lock(&self.reported).insert(place)
            && let Some(report) = &self.report
        {
            report(&Trap {
                kind,
                ic,
                word: None,
            });
        }
        Ok(())
    }

    /// A block of so many bytes, cut out of a larger one, so that closed bytes lie before and behind it. `cut` allocates at an alignment; its
    /// second result is passed on.
    pub(crate) fn allocate(
        &self,
        window: &Window,
        size: u64,
        alignment: u64,
        cut: impl FnOnce(u64, u64) -> Option<(u64, bool)>,
    ) -> Option<(u64, bool)> {
        let shadow = window.shadow()?;
        let alignment = alignment.max(blocks::ZONE);
        let length = size.checked_add(alignment)?.checked_add(blocks::ZONE)?;
        let (cut, fresh) = cut(length, alignment)?;
        let address = cut + alignment;
        shadow.close(cut..cut + length);
        shadow.open(address..address + size);
        if self.options.undefined {
            shadow.mark(address..address + size, true);
        }
        lock(&self.blocks).allocated(address, size, cut, host::caller());
        Some((address, fresh))
    }

    /// Says that the block at an address belongs to the host, so that it is no leak.
    pub(crate) fn keep(&self, address: u64) {
        lock(&self.blocks).keep(address);
    }

    /// How many bytes the block has that begins at an address. `Err`: none does; whether one did before.
    pub(crate) fn size(&self, address: u64) -> Result<u64, bool> {
        lock(&self.blocks).size(address)
    }

    /// Takes a block out of use. Its bytes are kept for a while; the result has what was cut for blocks whose time is over. `Err`: no block
    /// begins there; whether one did before.
    pub(crate) fn free(&self, window: &Window, address: u64) -> Result<Vec<u64>, bool> {
        let mut blocks = lock(&self.blocks);
        let size = blocks.freed(address, host::caller())?;
        if let Some(shadow) = window.shadow() {
            shadow.close(address..address + size);
        }
        Ok(blocks.take_old())
    }

    /// The mistake of freeing what is no block.
    pub(crate) fn bad_free(&self, address: u64, again: bool) -> Result<(), TrapKind> {
        let defect = Defect {
            kind: DefectKind::Free { address, again },
            function: host::function(),
            element: None,
            near: self.near(address),
        };
        self.found(host::caller(), defect)
    }

    /// The mistake of a function that gives a result which nobody has written.
    pub(crate) fn undefined_result(&self, function: u64) -> Result<(), TrapKind> {
        let defect = Defect {
            kind: DefectKind::Undefined(UndefinedUse::Result),
            function: None,
            element: None,
            near: Near::Nothing,
        };
        self.found(function, defect)
    }

    /// Tells of variables: their addresses, sizes and names.
    pub(crate) fn add_variables(&self, new: impl Iterator<Item = (u64, u64, String)>) {
        let mut variables = self
            .variables
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        variables.extend(new.map(|(address, size, name)| (address, (size, name))));
    }

    /// Forgets the variables in a range.
    pub(crate) fn forget_variables(&self, range: &Range<u64>) {
        let mut variables = self
            .variables
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        variables.retain(|address, _| !range.contains(address));
    }

    /// Notes the stack of a thread of the host.
    pub(crate) fn add_stack(&self, stack: Range<u64>) {
        lock(&self.stacks).insert(stack.start);
    }

    /// Forgets a stack.
    pub(crate) fn forget_stack(&self, start: u64) {
        lock(&self.stacks).remove(&start);
    }

    /// Whether the stack of a thread of the host begins there.
    pub(crate) fn is_stack(&self, start: u64) -> bool {
        lock(&self.stacks).contains(&start)
    }

    /// The block or variable at an address or nearby.
    pub(crate) fn near(&self, address: u64) -> Near {
        if let Some(block) = lock(&self.blocks).near(address) {
            return Near::Block(block);
        }
        let variables = self
            .variables
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        match variables.range(..=address).next_back() {
            Some((start, (size, name))) if address - start < size.saturating_add(blocks::NEAR) => {
                Near::Variable {
                    name: name.clone(),
                    address: *start,
                    size: *size,
                }
            }
            _ => Near::Nothing,
        }
    }

    /// The blocks that cannot be reached from words in these ranges, directly or through other blocks. Each range is mapped.
    pub(crate) fn leaks(&self, window: &Window, roots: &[Range<u64>]) -> Vec<Leak> {
        lock(&self.blocks).leaks(window, roots)
    }
}

/// Closes memory of which blocks are cut, where memory is checked.
pub(crate) fn close(window: &Window, range: Range<u64>) {
    if let Some(shadow) = window.shadow() {
        shadow.close(range);
    }
}

/// Says that a range has values, where that is looked for.
pub(crate) fn define(window: &Window, range: Range<u64>) {
    if let Some(shadow) = window.shadow().filter(|shadow| shadow.has_undefined()) {
        let start = window.plain(range.start);
        shadow.mark(start..start.saturating_add(range.end - range.start), false);
    }
}
