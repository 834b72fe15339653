//! Executed VE machine code: printed, counted and kept, as variables ask.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use ve_isa::machine::{Machine, MachineThread};
use ve_isa::recent::{Recent, RecentOfThread};
use ve_isa::statistics::Counter;
use ve_isa::trap;
use ve_isa::watch::{TraceKind, Watcher};

use super::debugging;
use crate::shared::machine_options::MachineOptions;
use crate::veorun::current;

/// The choices of the variables. The host has checked them.
pub(super) fn options() -> &'static MachineOptions {
    static OPTIONS: OnceLock<MachineOptions> = OnceLock::new();
    OPTIONS.get_or_init(|| {
        let usual = MachineOptions::USUAL;
        MachineOptions::from_environment().unwrap_or(usual)
    })
}

thread_local! {
    /// The calling thread's last instructions.
    static RECENT: RefCell<Option<RecentOfThread>> = const { RefCell::new(None) };
}

/// The counts of a kernel.
struct KernelCounts {
    name: String,
    /// The path of its library; empty: it is no library's.
    library: String,
    calls: u64,
    counter: Counter,
}

#[derive(Default)]
struct WatchedKernels {
    /// Kernels in the order of their first calls. None is removed, so a number always means the same kernel.
    all: Vec<KernelCounts>,
    /// Kernels of loaded libraries, by their addresses. Later another library may lie there.
    at: BTreeMap<u64, usize>,
    /// The names under which the host has looked addresses up.
    names: BTreeMap<u64, String>,
}

static KERNELS: Mutex<WatchedKernels> = Mutex::new(WatchedKernels {
    all: Vec::new(),
    at: BTreeMap::new(),
    names: BTreeMap::new(),
});

fn lock() -> MutexGuard<'static, WatchedKernels> {
    KERNELS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes the name under which the host knows an address.
pub(super) fn looked_up(address: u64, name: &[u8]) {
    if options().counts {
        let name = String::from_utf8_lossy(name).into_owned();
        lock().names.insert(address, name);
    }
}

/// Notes that code is there no more.
pub(super) fn unloaded(machine: &Machine) {
    if options().counts {
        let WatchedKernels { at, names, .. } = &mut *lock();
        at.retain(|address, _| machine.is_code(*address));
        names.retain(|address, _| machine.is_code(*address));
    }
}

/// Says which file the library with code at an address came from.
pub(super) type PathAt = fn(u64) -> Option<PathBuf>;

/// Counts a call of a kernel. The result counts what it executes.
fn count(machine: &Machine, address: u64, path_at: PathAt) -> Counter {
    let mut kernels = lock();
    let number = match kernels.at.get(&address) {
        Some(number) => *number,
        None => {
            let known = kernels.names.get(&address).cloned();
            drop(kernels);
            let name = known.unwrap_or_else(|| name_of(machine, address));
            let library = machine
                .is_instruction(address)
                .then(|| path_at(address))
                .flatten();
            let library = library.map_or_else(String::new, |path| path.display().to_string());
            kernels = lock();
            kernels.enter(address, plain(&name, '_'), plain(&library, ' '))
        }
    };
    let kernel = &mut kernels.all[number];
    kernel.calls += 1;
    kernel.counter.clone()
}

impl WatchedKernels {
    /// The number of a kernel that was not called at this address yet, but perhaps at another one that its library had before.
    fn enter(&mut self, address: u64, name: String, library: String) -> usize {
        let mut all = self.all.iter();
        let found = all.position(|kernel| kernel.name == name && kernel.library == library);
        let number = found.unwrap_or_else(|| {
            self.all.push(KernelCounts {
                name,
                library,
                calls: 0,
                counter: Counter::default(),
            });
            self.all.len() - 1
        });
        self.at.insert(address, number);
        number
    }
}

/// A name from a file as a part of a line, where `space` is what a space may be.
fn plain(name: &str, space: char) -> String {
    let is_space = |c: char| c == ' ' || c.is_control();
    name.replace(is_space, space.encode_utf8(&mut [0; 4]))
}

/// Calls a kernel, and tells and counts what it does.
#[cold]
pub(super) fn call(
    thread: &mut MachineThread<'_>,
    kernel: u64,
    words: &[u64],
    path_at: PathAt,
) -> Result<u64, trap::Trap> {
    let machine = thread.machine();
    let options = options();
    if options.trace == Some(TraceKind::Calls) {
        let context = current::running().map_or(0, |running| running.context);
        let name = name_of(machine, kernel);
        // Perhaps nobody reads it.
        let _ = writeln!(std::io::stderr(), "context {context} calls {name}");
    }
    let counter = options.counts.then(|| count(machine, kernel, path_at));
    let watcher = Watcher::watch(machine, options.trace, counter, recent());
    thread.thread().observe(debugging::observer(watcher));
    let result = thread.call(kernel, words);
    thread.thread().observe(debugging::observer(None));
    result
}

/// The list of the calling thread's last instructions, if they are kept.
fn recent() -> Option<RecentOfThread> {
    let kept = kept()?;
    let own = RECENT.try_with(|place| {
        let mut place = place.borrow_mut();
        let own = place.get_or_insert_with(|| kept.thread(&current::thread_name()));
        own.clone()
    });
    own.ok()
}

/// The last instructions of all threads, if they are kept.
fn kept() -> Option<&'static Recent> {
    static KEPT: OnceLock<Option<Recent>> = OnceLock::new();
    let kept = KEPT.get_or_init(|| match options().trace {
        Some(TraceKind::Last(most)) => Some(Recent::new(most)),
        _ => None,
    });
    kept.as_ref()
}

/// Writes to the standard error what threads have executed last, since one has trapped.
pub(super) fn tell_last(machine: &Machine) {
    if let Some(kept) = kept() {
        let _ = std::io::stderr().write_all(kept.report(machine).as_bytes());
    }
}

fn name_of(machine: &Machine, address: u64) -> String {
    match machine.function_at(address) {
        Some(symbol) if symbol.address == address => symbol.name,
        _ => format!("{address:#x}"),
    }
}

/// The counts of the kernel with this number, in the form of `Task::Statistics`. `None` if there are not so many.
pub(super) fn of_kernel(number: u64) -> Option<String> {
    let kernels = lock();
    let kernel = kernels.all.get(usize::try_from(number).ok()?)?;
    let mut text = format!("{} {} {}\n", kernel.calls, kernel.name, kernel.library);
    for counted in kernel.counter.statistics().operations() {
        let vector = u8::from(counted.vector);
        let name = counted.op.name();
        text += &format!("{name} {vector} {} {}\n", counted.count, counted.elements);
    }
    Some(text)
}

/// Writes a table for each kernel to the standard error, once, at the end of the process.
pub(super) fn tell() {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if !options().tells || TOLD.swap(true, Ordering::Relaxed) {
        return;
    }
    let mut text = String::new();
    for kernel in &lock().all {
        let KernelCounts { name, calls, .. } = kernel;
        let statistics = kernel.counter.statistics();
        let library = match &*kernel.library {
            "" => String::new(),
            path => format!(" of {path}"),
        };
        text += &format!("kernel {name}{library}, called {calls} times\n{statistics}");
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}
