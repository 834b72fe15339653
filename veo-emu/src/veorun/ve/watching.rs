//! What VE machine code executes, told and counted where variables ask for it.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use ve_isa::machine::{Machine, MachineThread};
use ve_isa::statistics::Counter;
use ve_isa::trap;
use ve_isa::watch::{Trace, Watcher};

use crate::shared::machine_options::MachineOptions;
use crate::veorun::current;

/// What the variables ask for. The host has checked them.
pub(super) fn options() -> &'static MachineOptions {
    static OPTIONS: OnceLock<MachineOptions> = OnceLock::new();
    OPTIONS.get_or_init(|| {
        let usual = MachineOptions::USUAL;
        MachineOptions::from_environment().unwrap_or(usual)
    })
}

/// How often a kernel was called, and what it has executed.
#[derive(Default)]
struct Counted {
    calls: u64,
    counter: Counter,
}

/// Kernels by their addresses.
static KERNELS: Mutex<BTreeMap<u64, Counted>> = Mutex::new(BTreeMap::new());

fn lock() -> MutexGuard<'static, BTreeMap<u64, Counted>> {
    KERNELS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls a kernel, and tells and counts what it does.
#[cold]
pub(super) fn call(
    thread: &mut MachineThread<'_>,
    kernel: u64,
    words: &[u64],
) -> Result<u64, trap::Trap> {
    let machine = thread.machine();
    let options = options();
    if options.trace == Some(Trace::Calls) {
        let context = current::running().map_or(0, |running| running.context);
        let name = name_of(machine, kernel);
        // Nobody may read it.
        let _ = writeln!(std::io::stderr(), "context {context} calls {name}");
    }
    let counter = options.counts.then(|| {
        let mut kernels = lock();
        let counted = kernels.entry(kernel).or_default();
        counted.calls += 1;
        counted.counter.clone()
    });
    let watcher = Watcher::watch(machine, options.trace, counter);
    thread.thread().observe(watcher);
    let result = thread.call(kernel, words);
    thread.thread().observe(None);
    result
}

fn name_of(machine: &Machine, address: u64) -> String {
    match machine.function_at(address) {
        Some(symbol) if symbol.address == address => symbol.name,
        _ => format!("{address:#x}"),
    }
}

/// What the kernel with this number has executed, as `Task::Statistics` has it. `None`: there are not so many.
pub(super) fn of_kernel(number: u64) -> Option<String> {
    let kernels = lock();
    let (address, counted) = kernels.iter().nth(usize::try_from(number).ok()?)?;
    let mut text = format!("{address} {}\n", counted.calls);
    for counted in counted.counter.statistics().operations() {
        let vector = u8::from(counted.vector);
        let name = counted.op.name();
        text += &format!("{name} {vector} {} {}\n", counted.count, counted.elements);
    }
    Some(text)
}

/// Writes a table for each kernel to the standard error, at the end of the process.
pub(super) fn tell(machine: &Machine) {
    let mut text = String::new();
    for (address, counted) in &*lock() {
        let name = name_of(machine, *address);
        let statistics = counted.counter.statistics();
        text += &format!(
            "kernel {name}, called {} times\n{statistics}",
            counted.calls
        );
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}
