//! Runs a program, or calls one function.
//!
//! It knows machine code through `ve_isa` only. Each end of the program becomes an exit status and one sentence.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use ve_gdb::{Debugger, DebuggerHost, ProgramEnd};
use ve_isa::check::{CheckOptions, Leak, Reporter};
use ve_isa::image::Source;
use ve_isa::machine::{self, Machine, MachineThread};
use ve_isa::memory::Protection;
use ve_isa::recent::Recent;
use ve_isa::statistics::Counter;
use ve_isa::trap::{Trap, TrapKind};
use ve_isa::watch::{TraceKind, Watcher};

use crate::arguments::RunOptions;
use crate::places::ImageLines;
use crate::system;

/// The time is up.
pub const STATUS_TIME_LIMIT: u8 = 124;
/// The file cannot be loaded.
const STATUS_CANNOT_LOAD: u8 = 125;
/// A function was called that is not there.
const STATUS_MISSING: u8 = 127;
/// A trap ended it: this, and the number of its signal.
const STATUS_SIGNAL: u8 = 128;
/// The number of the signal that ends what is killed.
const STATUS_KILLED: u8 = 9;

/// A program that the system lets wait, for input perhaps, does not see that its time is up. It gets this much more.
const GRACE: Duration = Duration::from_secs(1);

/// Why the program ended, other than by its own will.
pub struct RunFailure {
    pub status: u8,
    /// One sentence.
    pub why: String,
}

impl RunFailure {
    fn loading(why: impl ToString) -> Self {
        Self {
            status: STATUS_CANNOT_LOAD,
            why: why.to_string(),
        }
    }
}

/// Runs what the command line asks for. The result is the exit status.
pub fn run(run: &RunOptions) -> Result<u8, RunFailure> {
    let machine = Arc::new(Machine::new().map_err(RunFailure::loading)?);
    run.engine.prepare(&machine).map_err(RunFailure::loading)?;
    let places = Arc::new(ImageLines::default());
    if let Some(options) = run.check {
        check(&machine, &places, options)?;
    }
    load(&machine, run, &places)?;
    let mut thread = machine
        .thread(machine::DEFAULT_STACK)
        .map_err(RunFailure::loading)?;
    // Dropping the sender ends the watcher.
    let (_end, ended) = mpsc::channel::<()>();
    if let Some(limit) = run.time_limit {
        let handle = thread.thread().stop_handle();
        let watch = move || {
            if is_over(&ended, limit) {
                return;
            }
            handle.time_is_up();
            if !is_over(&ended, GRACE) {
                eprintln!(
                    "ve-run: the time limit has passed while the program waited for the system"
                );
                system::end_at_once(STATUS_TIME_LIMIT);
            }
        };
        thread::Builder::new().spawn(watch).map_err(|error| {
            RunFailure::loading(format!("no thread for the time limit: {error}"))
        })?;
    }
    let counter = run.profile.then(Counter::default);
    let recent = match run.trace {
        Some(TraceKind::Last(most)) => Some(Recent::new(most)),
        _ => None,
    };
    let of_main = recent.as_ref().map(|recent| recent.thread("main"));
    let mut observer = Watcher::watch(&machine, run.trace, counter.clone(), of_main);
    let debugger = match &run.gdb {
        Some(path) => Some(debugger(path, &machine)?),
        None => None,
    };
    if let Some(debugger) = &debugger {
        observer = Some(debugger.thread("main").observer(observer));
    }
    thread.thread().observe(observer);
    let end = execute(&machine, &mut thread, run, &places);
    if let Some(debugger) = debugger {
        debugger.end(match &end {
            Ok(status) => ProgramEnd::Exit(*status),
            Err(RunFailure { status, .. }) if *status > STATUS_SIGNAL => {
                ProgramEnd::Signal((status - STATUS_SIGNAL).into())
            }
            Err(RunFailure { status, .. }) => ProgramEnd::Exit(*status),
        });
    }
    if let Some(counter) = counter {
        eprint!("{}", counter.statistics());
    }
    if let (Some(recent), Err(_)) = (recent, &end) {
        eprint!("{}", recent.report(&machine));
    }
    end
}

/// A debugger that waits for its client.
fn debugger(path: &Path, machine: &Arc<Machine>) -> Result<Debugger, RunFailure> {
    // Nobody may be reading.
    let host = DebuggerHost {
        tell: |text| _ = writeln!(std::io::stderr(), "ve-run: {text}"),
        kill: || {
            let _ = writeln!(
                std::io::stderr(),
                "ve-run: the debugger has killed the program"
            );
            system::end_at_once(STATUS_SIGNAL + STATUS_KILLED);
        },
    };
    let debugger = Debugger::listen(path, machine.clone(), host).map_err(RunFailure::loading)?;
    let path = path.display();
    (host.tell)(&format!(
        "waits for a debugger, gdb's command is: target remote {path}"
    ));
    Ok(debugger)
}

/// Has memory checked. Mistakes after which the program goes on are told at once.
fn check(
    machine: &Arc<Machine>,
    places: &Arc<ImageLines>,
    options: CheckOptions,
) -> Result<(), RunFailure> {
    let (weak, places) = (Arc::downgrade(machine), places.clone());
    let report: Reporter = Arc::new(move |trap| {
        if let Some(machine) = weak.upgrade() {
            tell(&machine.report_with(trap, &|address| places.line(address)));
        }
    });
    let checked = machine.check(options, Some(report));
    checked.map_err(RunFailure::loading)
}

/// Writes a line to standard error, which nobody may read.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "ve-run: {line}");
}

/// A leak as a sentence.
fn describe(machine: &Machine, places: &ImageLines, leak: &Leak) -> String {
    let place = machine.place_with(leak.allocated, &|address| places.line(address));
    let (bytes, blocks) = match (leak.bytes, leak.blocks) {
        (1, 1) => ("1 byte".to_owned(), "a block".to_owned()),
        (bytes, 1) => (format!("{bytes} bytes"), "a block".to_owned()),
        (bytes, blocks) => (format!("{bytes} bytes"), format!("{blocks} blocks")),
    };
    format!("leak: {bytes} in {blocks} allocated at {place}, to which nothing points any more")
}

/// Whether the program ends within this time.
fn is_over(ended: &mpsc::Receiver<()>, time: Duration) -> bool {
    ended.recv_timeout(time) != Err(mpsc::RecvTimeoutError::Timeout)
}

/// The program or the call, then what is to be done at the end, unless a trap was the end.
fn execute(
    machine: &Machine,
    thread: &mut MachineThread<'_>,
    run: &RunOptions,
    places: &ImageLines,
) -> Result<u8, RunFailure> {
    let end = match &run.call {
        Some(name) => call(machine, thread, run, name),
        None => program(machine, thread, run),
    };
    let status = match end {
        Ok(status) => status,
        Err(EarlyEnd::Failure(failure)) => return Err(failure),
        Err(EarlyEnd::Trap(trap)) => status(machine, places, trap)?,
    };
    if machine.symbol("exit").is_none()
        && let Err(trap) = destroy(machine, thread)
    {
        return self::status(machine, places, trap);
    }
    for leak in thread.leaks(&[]) {
        tell(&describe(machine, places, &leak));
    }
    Ok(status)
}

/// Loads the libraries, then the program, as one scope.
fn load(machine: &Machine, run: &RunOptions, places: &ImageLines) -> Result<(), RunFailure> {
    let files: Vec<&Path> = run
        .libraries
        .iter()
        .map(|library| library.as_path())
        .chain([run.file.as_path()])
        .collect();
    let mut opened = Vec::new();
    for path in &files {
        let file = File::open(path)
            .map_err(|error| RunFailure::loading(format!("{}: {error}", path.display())))?;
        opened.push((path.display().to_string(), file));
    }
    let sources: Vec<Source<'_>> = opened
        .iter()
        .map(|(name, file)| Source::file(name, file))
        .collect();
    let images = machine
        .load_sources(&sources, run.unresolved)
        .map_err(RunFailure::loading)?;
    if run.check.is_some() {
        for (image, path) in images.into_iter().zip(files) {
            places.add(machine, image, path);
        }
    }
    Ok(())
}

/// Why a program or a call did not come to its end.
enum EarlyEnd {
    Failure(RunFailure),
    Trap(Trap),
}

impl From<Trap> for EarlyEnd {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}

/// Constructors, then `main(argc, argv, envp)`.
fn program(
    machine: &Machine,
    thread: &mut MachineThread<'_>,
    run: &RunOptions,
) -> Result<u8, EarlyEnd> {
    let main = symbol(machine, run, "main")?;
    let environment: Vec<CString> = std::env::vars_os()
        .filter_map(|(name, value)| {
            CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).ok()
        })
        .collect();
    let environment = machine.set_environment(&environment);
    let envp = environment.map_err(|error| EarlyEnd::Failure(RunFailure::loading(error)))?;
    thread.start()?;
    let arguments: Vec<OsString> = [run.file.clone().into_os_string()]
        .into_iter()
        .chain(run.arguments.iter().cloned())
        .collect();
    let argv = strings(machine, &arguments).map_err(EarlyEnd::Failure)?;
    let result = thread.call(main, &[arguments.len() as u64, argv, envp])?;
    thread.check_result(main, u32::MAX.into())?;
    leave(machine, thread, result)
}

/// The end of a program after `main`, as in C: `exit` calls the functions that the program has registered, and flushes its output. The `exit`
/// of a C library that is machine code ends the program by a system call, so destructors come before it.
fn leave(machine: &Machine, thread: &mut MachineThread<'_>, code: u64) -> Result<u8, EarlyEnd> {
    let own = machine.symbol("exit");
    if own.is_some() {
        destroy(machine, thread)?;
    }
    if let Some(exit) = own.or_else(|| machine.host_address("exit")) {
        thread.call(exit, &[code])?;
    }
    Ok(code as u8)
}

/// Calls all destructors.
fn destroy(machine: &Machine, thread: &mut MachineThread<'_>) -> Result<(), Trap> {
    for destructor in machine.destructors() {
        thread.call(destructor, &[])?;
    }
    Ok(())
}

/// Calls one function. Its arguments are words, and its result is printed in all readings.
fn call(
    machine: &Machine,
    thread: &mut MachineThread<'_>,
    run: &RunOptions,
    name: &str,
) -> Result<u8, EarlyEnd> {
    let function = symbol(machine, run, name)?;
    let mut words = Vec::new();
    for argument in &run.arguments {
        words.push(word(machine, argument).map_err(|why| {
            EarlyEnd::Failure(RunFailure {
                status: crate::STATUS_USAGE,
                why,
            })
        })?);
    }
    thread.start()?;
    let result = thread.call(function, &words)?;
    match leave(machine, thread, 0) {
        Err(EarlyEnd::Trap(Trap {
            kind: TrapKind::Exit { .. },
            ..
        })) => {}
        end => _ = end?,
    }
    // Nobody may be reading.
    let _ = writeln!(
        std::io::stdout(),
        "{result:#018x} {} {} {}",
        result as i64,
        f64::from_bits(result),
        f32::from_bits((result >> 32) as u32)
    );
    Ok(0)
}

fn symbol(machine: &Machine, run: &RunOptions, name: &str) -> Result<u64, EarlyEnd> {
    machine.symbol(name).ok_or_else(|| {
        let file = run.file.display();
        EarlyEnd::Failure(RunFailure::loading(format!(
            "{file} has no function {name}"
        )))
    })
}

/// An argument as a word: `7`, `-1`, `0x10`, `1.5`, `1.5f`, `"text"`.
fn word(machine: &Machine, argument: &OsString) -> Result<u64, String> {
    let bytes = argument.as_bytes();
    if let Some(text) = bytes
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""))
    {
        return string(machine, text).map_err(|failure| failure.why);
    }
    let refused = || {
        format!(
            "{argument:?} is no argument: write 7, -1, 0x10, 1.5, 1.5f or \"text\" with its quotes"
        )
    };
    let text = argument.to_str().ok_or_else(refused)?;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if let Some(hexadecimal) = digits.strip_prefix("0x") {
        let value = u64::from_str_radix(hexadecimal, 16).map_err(|_| refused())?;
        return Ok(if negative {
            value.wrapping_neg()
        } else {
            value
        });
    }
    if let Ok(value) = text.parse::<i64>() {
        return Ok(value as u64);
    }
    if let Ok(value) = text.parse::<u64>() {
        return Ok(value);
    }
    if let Some(float) = text.strip_suffix('f')
        && let Ok(value) = float.parse::<f32>()
        && !float.ends_with("in")
    {
        return Ok(u64::from(value.to_bits()) << 32);
    }
    text.parse::<f64>().map(f64::to_bits).map_err(|_| refused())
}

/// Memory of the machine with these bytes and a 0 behind them.
fn string(machine: &Machine, text: &[u8]) -> Result<u64, RunFailure> {
    let window = machine.window();
    let range = window
        .map(text.len() as u64 + 1, Protection::ReadWrite)
        .map_err(RunFailure::loading)?;
    window
        .write(range.start, text)
        .map_err(|_| RunFailure::loading("memory for arguments cannot be written"))?;
    Ok(range.start)
}

/// A list of pointers to strings, with a null pointer at its end, in one range.
fn strings(machine: &Machine, texts: &[OsString]) -> Result<u64, RunFailure> {
    let table = 8 * (texts.len() as u64 + 1);
    let length: u64 = texts.iter().map(|text| text.len() as u64 + 1).sum();
    let window = machine.window();
    let range = window
        .map(table + length, Protection::ReadWrite)
        .map_err(RunFailure::loading)?;
    let mut bytes = Vec::new();
    let mut at = range.start + table;
    for text in texts {
        bytes.extend(at.to_le_bytes());
        at += text.len() as u64 + 1;
    }
    bytes.extend([0; 8]);
    for text in texts {
        bytes.extend(text.as_bytes());
        bytes.push(0);
    }
    window
        .write(range.start, &bytes)
        .map_err(|_| RunFailure::loading("memory for arguments cannot be written"))?;
    Ok(range.start)
}

/// The exit status for a trap.
fn status(machine: &Machine, places: &ImageLines, trap: Trap) -> Result<u8, RunFailure> {
    let status = match &trap.kind {
        TrapKind::Exit { code } => return Ok(*code as u8),
        TrapKind::TimeLimit | TrapKind::Stopped => STATUS_TIME_LIMIT,
        TrapKind::MissingSymbol { .. } => STATUS_MISSING,
        kind => STATUS_SIGNAL + kind.signal().unwrap_or(0) as u8,
    };
    Err(RunFailure {
        status,
        why: machine.report_with(&trap, &|address| places.line(address)),
    })
}
