//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;
use ve_isa::check::CheckOptions;
use ve_isa::machine::Unresolved;
use ve_isa::watch::{NoTrace, TraceKind};
use ve_jit::EngineChoice;

pub const USAGE: &str = "\
usage: ve-run [OPTIONS] FILE [ARGS...]
       ve-run --disassemble FILE

Runs FILE, a relocatable or shared object for the Vector Engine, and ends with its exit status.

  --lib FILE                     load this library first; may be given more than once
  --unresolved error|lazy        undefined symbols are an error at once (default), or when they are called
  --engine interp|jit|both       interpret (default); translate what runs often; or run each row of instructions in both ways and compare
  --time-limit SECONDS           end the program after this time
  --trace calls|instructions     tell on standard error what runs
  --trace last:N                 tell the last N instructions of each thread if the program traps
  --gdb PATH                     wait for a debugger at this Unix socket: gdb's `target remote PATH`
  --check memory[,continue]      find wrong accesses to memory and leaks; go on after them
          memory-init[,continue]  find also values that nobody has written and that decide something
  --profile                      count instructions and tell at the end
  --call SYMBOL                  call this function instead of main; ARGS are its arguments: 7 -1 0x10 1.5 1.5f \"text\"
  --disassemble                  write the instructions of FILE
  --help, --version";

/// The command.
#[derive(Debug, PartialEq)]
pub enum Invocation {
    Help,
    Version,
    Disassemble { file: PathBuf },
    Run(RunOptions),
}

/// The program to run, and the options.
#[derive(Debug, Default, PartialEq)]
pub struct RunOptions {
    pub libraries: Vec<PathBuf>,
    pub unresolved: Unresolved,
    pub engine: EngineChoice,
    pub time_limit: Option<Duration>,
    pub trace: Option<TraceKind>,
    pub gdb: Option<PathBuf>,
    pub profile: bool,
    pub check: Option<CheckOptions>,
    /// The function to call instead of `main`.
    pub call: Option<String>,
    pub file: PathBuf,
    pub arguments: Vec<OsString>,
}

/// Reads the arguments after the program's name. The error is one sentence.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Invocation, String> {
    parse_with(lexopt::Parser::from_args(arguments)).map_err(|why| why.to_string())
}

fn parse_with(mut parser: lexopt::Parser) -> Result<Invocation, lexopt::Error> {
    let mut run = RunOptions::default();
    let mut disassemble = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(Invocation::Help),
            Long("version") | Short('V') => return Ok(Invocation::Version),
            Long("disassemble") => disassemble = true,
            Long("lib") => run.libraries.push(parser.value()?.into()),
            Long("unresolved") => {
                run.unresolved = choice(
                    &mut parser,
                    "--unresolved",
                    [("error", Unresolved::Error), ("lazy", Unresolved::Lazy)],
                )?;
            }
            Long("engine") => {
                run.engine = choice(&mut parser, "--engine", EngineChoice::NAMES)?;
            }
            Long("time-limit") => {
                let seconds = parser.value()?;
                run.time_limit = Some(seconds.parse_with(duration)?);
            }
            Long("trace") => {
                let value = parser.value()?;
                let trace = value
                    .to_str()
                    .and_then(|text| text.parse::<TraceKind>().ok());
                run.trace =
                    Some(trace.ok_or_else(|| format!("--trace takes {NoTrace}, not {value:?}"))?);
            }
            Long("gdb") => run.gdb = Some(parser.value()?.into()),
            Long("check") => {
                let check = parser.value()?.string()?.parse();
                run.check = Some(check.map_err(|why: String| format!("--check: {why}"))?);
            }
            Long("profile") => run.profile = true,
            Long("call") => run.call = Some(parser.value()?.string()?),
            Value(file) => {
                run.file = file.into();
                run.arguments = parser.raw_args()?.collect();
                break;
            }
            _ => return Err(argument.unexpected()),
        }
    }
    if run.file.as_os_str().is_empty() {
        return Err("no FILE is given".into());
    }
    if run.gdb.is_some() && run.time_limit.is_some() {
        return Err(
            "--gdb takes no --time-limit: a program that a debugger has stopped takes its time"
                .into(),
        );
    }
    if !disassemble {
        return Ok(Invocation::Run(run));
    }
    if run
        != (RunOptions {
            file: run.file.clone(),
            ..RunOptions::default()
        })
    {
        return Err("--disassemble takes one FILE and nothing else".into());
    }
    Ok(Invocation::Disassemble { file: run.file })
}

fn choice<T: Copy, const N: usize>(
    parser: &mut lexopt::Parser,
    option: &str,
    choices: [(&str, T); N],
) -> Result<T, lexopt::Error> {
    let value = parser.value()?;
    match choices.iter().find(|(name, _)| value == *name) {
        Some((_, choice)) => Ok(*choice),
        None => {
            let names = choices.map(|(name, _)| name).join(" or ");
            Err(format!("{option} takes {names}, not {value:?}").into())
        }
    }
}

fn duration(seconds: &str) -> Result<Duration, String> {
    seconds
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|limit| !limit.is_zero())
        .ok_or_else(|| "a time limit is a number of seconds above 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Invocation, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn everything_at_once() {
        assert_eq!(
            parsed("--gdb a/b k.o"),
            Ok(Invocation::Run(RunOptions {
                gdb: Some("a/b".into()),
                file: "k.o".into(),
                ..RunOptions::default()
            }))
        );
        let line = "--lib a.so --lib=b.so --unresolved lazy --engine both --time-limit 1.5 --trace calls --check memory-init,continue --profile --call f k.o -1 --lib";
        let expected = RunOptions {
            libraries: vec!["a.so".into(), "b.so".into()],
            unresolved: Unresolved::Lazy,
            engine: EngineChoice::Both,
            time_limit: Some(Duration::from_millis(1500)),
            trace: Some(TraceKind::Calls),
            gdb: None,
            profile: true,
            check: Some(CheckOptions {
                undefined: true,
                goes_on: true,
            }),
            call: Some("f".into()),
            file: "k.o".into(),
            arguments: vec!["-1".into(), "--lib".into()],
        };
        assert_eq!(parsed(line), Ok(Invocation::Run(expected)));
        let plain = RunOptions {
            file: "k.o".into(),
            ..RunOptions::default()
        };
        let last = RunOptions {
            trace: Some(TraceKind::Last(1000)),
            file: "k.o".into(),
            ..RunOptions::default()
        };
        assert_eq!(parsed("--trace=last:1000 k.o"), Ok(Invocation::Run(last)));
        assert_eq!(parsed("-- k.o"), Ok(Invocation::Run(plain)));
        assert_eq!(
            parsed("--disassemble k.o"),
            Ok(Invocation::Disassemble { file: "k.o".into() })
        );
    }

    #[test]
    fn mistakes_are_named() {
        for (line, part) in [
            ("", "no FILE"),
            ("--disassemble", "no FILE"),
            ("--disassemble k.o x", "nothing else"),
            ("--disassemble --profile k.o", "nothing else"),
            ("--profile --disassemble k.o", "nothing else"),
            ("--lib", "--lib"),
            ("--fast k.o", "--fast"),
            ("-x k.o", "-x"),
            ("--profile=yes k.o", "--profile"),
            ("--unresolved never k.o", "error or lazy"),
            ("--gdb", "--gdb"),
            ("--disassemble --gdb s k.o", "nothing else"),
            ("--gdb s --time-limit 1 k.o", "--time-limit"),
            ("--trace all k.o", "`calls`, `instructions`"),
            ("--trace last:0 k.o", "`last:N`"),
            ("--trace last:-1 k.o", "from 1 to 1000000"),
            ("--trace last:1000001 k.o", "from 1 to 1000000"),
            ("--engine fast k.o", "interp or jit or both"),
            ("--check all k.o", "`memory`"),
            ("--check memory,stop k.o", "`memory`"),
            ("--check memory, k.o", "`memory`"),
            ("--check memory-init,go k.o", "`memory-init`"),
            ("--check continue k.o", "`memory`"),
            ("--time-limit 0 k.o", "above 0"),
            ("--time-limit -1 k.o", "above 0"),
            ("--time-limit nan k.o", "above 0"),
            ("--time-limit 1e300 k.o", "above 0"),
        ] {
            let why = parsed(line).unwrap_err();
            assert!(why.contains(part) && !why.contains('\n'), "{line}: {why}");
        }
    }
}
