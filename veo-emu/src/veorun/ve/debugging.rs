//! The debugger of this process's machine, where a variable asks for one.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::OnceLock;

use ve_gdb::{DebuggedThread, Debugger, DebuggerHost, ProgramEnd};
use ve_isa::interp::Observer;
use ve_isa::machine::Machine;
use veo_abi::environment::VEO_EMU_GDB;

use crate::sys::process;
use crate::veorun::current;

/// The part of the path that the process number replaces.
const NUMBER: &[u8] = b"%p";

static DEBUGGER: OnceLock<Result<Option<Debugger>, String>> = OnceLock::new();

thread_local! {
    /// The calling thread, as clients see it.
    static THREAD: RefCell<Option<DebuggedThread>> = const { RefCell::new(None) };
}

/// Waits for clients, if that is wanted and not done yet. `kill` ends the process for one. The error is a sentence.
pub(super) fn listen(machine: &'static Machine, kill: fn()) -> Result<(), String> {
    let made = DEBUGGER.get_or_init(|| {
        let Some(path) = VEO_EMU_GDB.get() else {
            return Ok(None);
        };
        let path = PathBuf::from(numbered(&path));
        let debugger = Debugger::listen(&path, machine, DebuggerHost { tell, kill });
        let debugger = debugger.map_err(|why| format!("{}: {why}", VEO_EMU_GDB.name()))?;
        let (number, path) = (process::own_id(), path.display());
        tell(&format!(
            "VE process {number} waits for a debugger, gdb's command is: target remote {path}"
        ));
        Ok(Some(debugger))
    });
    made.as_ref().map(drop).map_err(String::clone)
}

/// A path with the number of this process.
fn numbered(path: &OsString) -> OsString {
    let mut text = Vec::new();
    let mut rest = path.as_bytes();
    while let Some(place) = rest.windows(NUMBER.len()).position(|part| part == NUMBER) {
        text.extend(&rest[..place]);
        text.extend(process::own_id().to_string().bytes());
        rest = &rest[place + NUMBER.len()..];
    }
    text.extend(rest);
    OsString::from_vec(text)
}

/// Perhaps nobody reads it.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "veo-emu: {text}");
}

fn debugger() -> Option<&'static Debugger> {
    DEBUGGER.get()?.as_ref().ok()?.as_ref()
}

/// The observer of the calling thread's machine code, which passes on to `inner`.
pub(super) fn observer(inner: Option<Box<dyn Observer>>) -> Option<Box<dyn Observer>> {
    let Some(debugger) = debugger() else {
        return inner;
    };
    let own = THREAD.try_with(|place| {
        let mut place = place.borrow_mut();
        let own = place.get_or_insert_with(|| debugger.thread(&current::thread_name()));
        own.clone()
    });
    match own {
        Ok(own) => Some(own.observer(inner)),
        // The thread is about to end.
        Err(_) => inner,
    }
}

/// The process is about to end.
pub(super) fn ended(end: ProgramEnd) {
    if let Some(debugger) = debugger() {
        debugger.end(end);
    }
}
