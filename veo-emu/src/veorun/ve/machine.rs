//! The machine of this process and its threads.

use std::cell::RefCell;
use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::panic::catch_unwind;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use ve_gdb::ProgramEnd;
use ve_isa::machine::{DEFAULT_STACK, Machine, MachineThread};
use ve_isa::memory::{MemoryError, Window};
use ve_isa::state::psw::Flags;
use veo_abi::{environment, hmem};

use super::{checking, debugging, ending, interface, watching};
use crate::shared::fpe::parse;
use crate::sys::process;
use crate::veorun::engine::ProcessEnding;
use crate::veorun::{current, fpe, memory, signals};

static MACHINE: OnceLock<Result<Machine, String>> = OnceLock::new();

/// The process that the machine is in. A forked child has a copy that it does not use.
static PROCESS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// The machine's thread that runs what the calling thread is asked to. In a box: all threads of a program that uses this library have the
    /// place for it.
    static THREAD: RefCell<Option<Box<MachineThread<'static>>>> = const { RefCell::new(None) };
}

/// The machine, which the first call makes.
pub(super) fn get() -> Result<&'static Machine, String> {
    let machine = MACHINE.get_or_init(make).as_ref().map_err(String::clone)?;
    checking::follow_blocks(machine);
    debugging::listen(machine, || {
        ending::happen(ProcessEnding::Signal(libc::SIGKILL))
    })?;
    Ok(machine)
}

/// The machine, if it has been made.
pub(super) fn made() -> Option<&'static Machine> {
    MACHINE.get()?.as_ref().ok()
}

fn make() -> Result<Machine, String> {
    let most = match watching::options().check {
        None => u64::MAX,
        Some(_) => checking::MOST,
    };
    let (all, own) = memory::take_machine(most)?;
    let tags = !hmem::untag(u64::MAX);
    // SAFETY: the range begins with VE memory, which is mapped for good and which no reference points into; behind it are
    // addresses that were taken just now for this, of which the window never opens the last page. The handler of faults, which is
    // installed before anything is loaded, calls `recover`.
    let window = unsafe { Window::adopt(all, own, tags) };
    let machine = Machine::in_window(window).map_err(|error| error.to_string())?;
    watching::options().engine.prepare(&machine)?;
    checking::prepare(&machine).map_err(|error| error.to_string())?;
    interface::provide(&machine).map_err(|error| error.to_string())?;
    let entries: Vec<CString> = environment::inherited()
        .filter_map(|(mut entry, value)| {
            entry.push("=");
            entry.push(value);
            CString::new(entry.into_vec()).ok()
        })
        .collect();
    machine
        .set_environment(&entries)
        .map_err(|error| error.to_string())?;
    PROCESS.store(process::own_id(), Ordering::Relaxed);
    // SAFETY: the function takes no arguments and does not unwind.
    unsafe { libc::atexit(at_exit) };
    Ok(machine)
}

/// Does something with the machine's thread that belongs to the calling one. The first call makes it, with a stack of the same size.
#[inline]
pub(super) fn on_own_thread<R>(
    work: impl FnOnce(&mut MachineThread<'static>) -> R,
) -> Result<R, String> {
    let done = THREAD.try_with(|place| {
        let mut place = place
            .try_borrow_mut()
            .map_err(|_| "VE machine code runs on this thread already")?;
        let thread = match &mut *place {
            Some(thread) => thread,
            none => none.insert(Box::new(new_thread()?)),
        };
        Ok(fpe::disarmed(|| work(thread)))
    });
    done.unwrap_or_else(|_| Err("the thread is about to end".into()))
}

/// Ends the machine's thread that belongs to the calling one, if it has one: destructors of its own values are called.
pub(super) fn finish_own_thread() {
    let thread = THREAD.try_with(|place| place.try_borrow_mut().ok()?.take());
    let Ok(Some(mut thread)) = thread else { return };
    if let Err(trap) = fpe::disarmed(|| thread.finish()) {
        ending::happen(ending::of(&mut thread, &trap));
    }
}

#[cold]
fn new_thread() -> Result<MachineThread<'static>, String> {
    let stack = match current::stack() {
        (_, 0) => DEFAULT_STACK,
        (_, size) => size,
    };
    thread_with(get()?, stack).map_err(|error| {
        format!("no thread of VE machine code with a stack of {stack} bytes: {error}")
    })
}

/// A thread with the options that variables ask for.
fn thread_with(
    machine: &'static Machine,
    stack: u64,
) -> Result<MachineThread<'static>, MemoryError> {
    let mut thread = machine.thread(stack)?;
    let inner = thread.thread();
    inner.trap_on(exceptions(fpe::wanted()));
    inner.set_floats(watching::options().floats);
    inner.observe(debugging::observer(None));
    Ok(thread)
}

/// The machine's names for the bits of `VE_FPE_ENABLE`.
fn exceptions(wanted: u32) -> Flags {
    let names = [
        ("INV", Flags::INVALID),
        ("DIV", Flags::DIVISION),
        ("FOF", Flags::OVERFLOW),
        ("FUF", Flags::UNDERFLOW),
        ("INE", Flags::INEXACT),
    ];
    let wanted = names
        .into_iter()
        .filter(|(name, _)| wanted & parse(name).bits != 0);
    wanted.map(|(_, flag)| flag).collect()
}

/// Part of `exit`: calls what VE machine code has registered for it, then the destructors of its libraries.
extern "C" fn at_exit() {
    if process::own_id() != PROCESS.load(Ordering::Relaxed) {
        return;
    }
    // The process ends after any failure here.
    let _ = catch_unwind(|| {
        let Some(machine) = made() else { return };
        let Ok(mut thread) = thread_with(machine, DEFAULT_STACK) else {
            return;
        };
        watching::tell();
        signals::claim();
        let exit = machine.host_address("exit");
        let registered = exit.into_iter().map(|exit| (exit, true));
        let destructors = machine.destructors();
        let all = registered.chain(destructors.into_iter().map(|address| (address, false)));
        for (function, is_exit) in all {
            let Err(trap) = fpe::disarmed(|| thread.call(function, &[0])) else {
                continue;
            };
            match ending::of(&mut thread, &trap) {
                ProcessEnding::Exit(_) if is_exit => {}
                ending => ending::happen(ending),
            }
        }
        checking::tell_leaks(&thread);
        debugging::ended(ProgramEnd::Exit(0));
    });
}
