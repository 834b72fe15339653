//! `veo call`: calls a function of a library on the VE, with the types that its debug information has.

mod argument;
mod memory;
mod number;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use veo_abi::prototype::Prototype;
use veo_core::{
    Backend, Stream, Value, ValueKind, VeBuffer, VeMemPtr, VeoFunction, VeoLibrary, VeoProc,
    VeoProcBuilder, timeline,
};

use self::argument::{Argument, Array};
use self::number::{NumberArray, TypedNumber};
use crate::failure::CommandFailure;
use crate::files;
use crate::library::InspectedLibrary;
use crate::node_option::NodeOption;
use crate::output::{Answer, Console, Page, time};

/// The most numbers of an array that are printed for people.
const SHOWN: usize = 16;

/// Call a function of a library on the VE
///
/// Numbers are decimal, 0x.., 0o.. or 0b..; floats like 1.5e-3, inf, nan. A pointer takes an array, @1,2,3, the bytes of a file,
/// @file.bin, N zeros, @zeros:N, a text with quotes of its own, which a shell takes as '"text"', the name of a function, or null. Arrays that the function may write to come back.
/// Options stand before the library.
#[derive(clap::Args)]
pub(crate) struct CallCommand {
    #[command(flatten)]
    node: NodeOption,
    /// Call it N times with the same arguments, and tell how long that took
    #[arg(short = 'r', long = "repeat", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: Option<u32>,
    /// Record what runs into this file, for ui.perfetto.dev and `veo timeline`
    ///
    /// A path that ends in .json gets Chrome's format.
    #[arg(long, value_name = "FILE")]
    timeline: Option<PathBuf>,
    /// The library, for the host or the VE, with debug information
    library: PathBuf,
    /// The function
    function: String,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

#[derive(Serialize)]
struct Called {
    function: String,
    /// The type of the result, as C writes it.
    prototype: String,
    /// The node that ran the call.
    node: i32,
    backend: String,
    /// A number, an address as text, or null if there is none.
    result: CallResult,
    arrays: Vec<ReturnedArray>,
    /// Null unless the call was repeated.
    times: Option<CallTimes>,
}

/// The result of a function.
#[derive(Serialize)]
#[serde(untagged)]
enum CallResult {
    Nothing,
    Number(TypedNumber),
    Address(String),
}

/// An array after the call. It has one of `values`, `text` and `bytes`; of structures only the length is known.
#[derive(Serialize)]
struct ReturnedArray {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<NumberArray>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
}

/// Times in nanoseconds of calls that were waited for.
#[derive(Serialize)]
struct CallTimes {
    calls: u32,
    min: u64,
    median: u64,
    max: u64,
}

pub(crate) fn run(command: &CallCommand, console: &Console) -> Result<(), CommandFailure> {
    let library = InspectedLibrary::read(&command.library)?;
    let prototype = library.function(&command.library, &command.function)?;
    let arguments = argument::read(&command.arguments, prototype, &library.prototypes);
    let mut arguments = arguments.map_err(CommandFailure::Usage)?;

    // A bare name means a file here, not one to be searched for.
    let path = std::path::absolute(&command.library)
        .map_err(|why| CommandFailure::file("find", &command.library, &why))?;
    let mut builder = VeoProc::builder()
        .node(command.node.of_process())
        .prepare_for(&path);
    let is_emulated = veo_core::nodes()?
        .first()
        .is_some_and(|node| node.backend == Backend::Emu);
    let printed = Arc::new(Printed::default());
    if is_emulated {
        let (printed, is_json) = (Arc::clone(&printed), console.is_json());
        builder = builder.stdout(move |stream, bytes| printed.pass_on(stream, bytes, is_json));
    }
    if let Some(recording) = &command.timeline {
        files::keep_apart(recording, &command.library)?;
        timeline::start(recording)?;
    }
    let called = call(command, builder, &path, &mut arguments, prototype);
    timeline::stop();
    printed.end_lines();
    console.give(&called?)
}

/// Calls the function in a process of its own.
fn call(
    command: &CallCommand,
    builder: VeoProcBuilder,
    library: &Path,
    arguments: &mut [Argument],
    prototype: &Prototype,
) -> Result<Called, CommandFailure> {
    let proc = builder.build()?;
    let loaded = proc.load_library(library)?;
    let function = loaded.find_function(&command.function)?;

    let mut session = Session::new(&proc, &loaded, &function, arguments)?;
    let mut times = Vec::new();
    let mut result = CallResult::Nothing;
    for _ in 0..command.repeat.unwrap_or(1) {
        let (outcome, took) = session.call(arguments)?;
        times.push(took);
        result = outcome;
    }
    let arrays = session.returned(arguments)?;
    drop(session);
    let called = Called {
        function: command.function.clone(),
        prototype: prototype.to_string(),
        node: proc.nodeid(),
        backend: proc.backend().to_string(),
        result,
        arrays,
        times: command.repeat.map(|_| CallTimes::of(times)),
    };
    proc.close()?;
    Ok(called)
}

/// The output of the kernel, which is printed before the answer or the error.
#[derive(Default)]
struct Printed {
    /// Whether standard output is in the middle of a line.
    amid_output: AtomicBool,
    /// Whether standard error is.
    amid_errors: AtomicBool,
}

impl Printed {
    /// Standard output is for JSON alone.
    fn pass_on(&self, stream: Stream, bytes: &[u8], is_json: bool) {
        let Some(last) = bytes.last() else {
            return;
        };
        let is_amid_line = *last != b'\n';
        // Perhaps nobody reads it.
        if is_json || stream == Stream::Stderr {
            self.amid_errors.store(is_amid_line, Ordering::Relaxed);
            let _ = io::stderr().write_all(bytes);
        } else {
            self.amid_output.store(is_amid_line, Ordering::Relaxed);
            let mut stdout = io::stdout().lock();
            let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
        }
    }

    fn end_lines(&self) {
        if self.amid_output.load(Ordering::Relaxed) {
            let _ = io::stdout().write_all(b"\n");
        }
        if self.amid_errors.load(Ordering::Relaxed) {
            let _ = io::stderr().write_all(b"\n");
        }
    }
}

/// A function with memory on the VE for its arguments.
struct Session<'a> {
    proc: &'a VeoProc,
    function: &'a VeoFunction,
    /// For each argument, what it needs on the VE.
    places: Vec<ArgumentPlace>,
}

enum ArgumentPlace {
    None,
    Memory(VeBuffer<u8>),
    Function(VeoFunction),
}

impl<'a> Session<'a> {
    fn new(
        proc: &'a VeoProc,
        library: &VeoLibrary,
        function: &'a VeoFunction,
        arguments: &[Argument],
    ) -> Result<Self, CommandFailure> {
        let place = |argument: &Argument| -> Result<ArgumentPlace, CommandFailure> {
            Ok(match argument {
                Argument::Number(_) | Argument::Null => ArgumentPlace::None,
                Argument::Array(array) => ArgumentPlace::Memory(proc.alloc(array.bytes.len())?),
                Argument::Function(name) => ArgumentPlace::Function(library.find_function(name)?),
            })
        };
        let places = arguments.iter().map(place).collect::<Result<_, _>>()?;
        Ok(Self {
            proc,
            function,
            places,
        })
    }

    /// Calls the function once. The arrays are written again before; that time does not count.
    fn call(&mut self, arguments: &[Argument]) -> Result<(CallResult, Duration), CommandFailure> {
        for (place, argument) in self.places.iter_mut().zip(arguments) {
            if let (ArgumentPlace::Memory(memory), Argument::Array(array)) = (place, argument) {
                memory.write(&array.bytes)?;
            }
        }
        let values = self.places.iter_mut().zip(arguments);
        let values: Vec<Value<'_>> = values
            .map(|(place, argument)| match (place, argument) {
                (ArgumentPlace::Memory(memory), _) => memory.into(),
                (ArgumentPlace::Function(function), _) => (&*function).into(),
                (ArgumentPlace::None, Argument::Number(number)) => number.value(),
                (ArgumentPlace::None, _) => veo_core::NULL.into(),
            })
            .collect();
        let begin = Instant::now();
        let result = self.function.call(self.proc, values)?;
        let took = begin.elapsed();
        Ok((CallResult::of(result)?, took))
    }

    /// The arrays that the function may have written to.
    fn returned(&self, arguments: &mut [Argument]) -> Result<Vec<ReturnedArray>, CommandFailure> {
        let mut returned = Vec::new();
        for (place, argument) in self.places.iter().zip(arguments) {
            if let (ArgumentPlace::Memory(memory), Argument::Array(array)) = (place, argument)
                && array.comes_back
            {
                // The array may be as large as the machine's memory.
                array.bytes = Vec::new();
                returned.push(ReturnedArray::of(array, memory.to_vec()?));
            }
        }
        Ok(returned)
    }
}

impl CallResult {
    fn of(value: Value<'_>) -> Result<Self, CommandFailure> {
        Ok(match value.kind() {
            ValueKind::Void => CallResult::Nothing,
            ValueKind::Float => CallResult::Number(TypedNumber::Single(value.try_into()?)),
            ValueKind::Double => CallResult::Number(TypedNumber::Double(value.try_into()?)),
            ValueKind::Pointer => {
                let pointer: VeMemPtr<u8> = value.try_into()?;
                CallResult::Address(format!("{:#x}", pointer.addr()))
            }
            _ => {
                // This is an integer, and its text is exact.
                let text = value.to_string();
                let number = text
                    .parse()
                    .map_err(|_| CommandFailure::failed(format_args!("the result is {text}")))?;
                CallResult::Number(TypedNumber::Integer(number))
            }
        })
    }
}

impl ReturnedArray {
    fn of(array: &Array, bytes: Vec<u8>) -> Self {
        let mut returned = Self {
            name: array.name.clone(),
            values: None,
            text: None,
            bytes: None,
        };
        match array.scalar {
            _ if array.is_text => {
                let text = bytes.split(|byte| *byte == 0).next();
                let text = text.unwrap_or_default();
                returned.text = Some(String::from_utf8_lossy(text).into_owned());
            }
            Some(ty) => returned.values = Some(NumberArray { bytes, ty }),
            None => returned.bytes = Some(bytes.len()),
        }
        returned
    }

    fn line(&self) -> String {
        if let Some(text) = &self.text {
            return format!("{text:?}");
        }
        let Some(values) = &self.values else {
            return format!("{} bytes", self.bytes.unwrap_or_default());
        };
        let shown = values.iter().take(SHOWN);
        let shown: Vec<String> = shown.map(|value| value.to_string()).collect();
        let more = match values.len() {
            count if count > SHOWN => format!(", .. ({count} in all)"),
            _ => String::new(),
        };
        format!("{}{more}", shown.join(", "))
    }
}

impl CallTimes {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let nanoseconds = |at: usize| {
            let time = times.get(at).copied().unwrap_or_default();
            u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
        };
        Self {
            calls: u32::try_from(times.len()).unwrap_or(u32::MAX),
            min: nanoseconds(0),
            median: nanoseconds(times.len() / 2),
            max: nanoseconds(times.len().saturating_sub(1)),
        }
    }
}

impl Answer for Called {
    fn print(&self, page: &mut Page) -> io::Result<()> {
        let result = match &self.result {
            CallResult::Nothing => None,
            CallResult::Number(number) => Some(number.to_string()),
            CallResult::Address(address) => Some(address.clone()),
        };
        let result = result.map(|result| ("result", result));
        let arrays = self.arrays.iter().map(|array| (&*array.name, array.line()));
        let times = self.times.as_ref().map(|times| {
            let [min, median, max] = [times.min, times.median, times.max]
                .map(|nanoseconds| time(nanoseconds as f64 / 1e9));
            (
                "time",
                format!("{median} ({min} to {max}, {} calls)", times.calls),
            )
        });
        page.fields(result.into_iter().chain(arrays).chain(times))
    }
}
