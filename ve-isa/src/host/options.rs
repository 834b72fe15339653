//! `getopt.h`: options of a command line, as the C library of Linux reads them: arguments that are no options go to the end, unless the
//! program or its environment wants another order.

use super::call::{Outcome, Table, int, load, result_int, store, text, word};
use super::error_messages::to_standard_error;
use crate::process::OptionState;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("getopt", |thread| next(thread, Long::None)),
    ("getopt_long", |thread| next(thread, Long::Double)),
    ("getopt_long_only", |thread| next(thread, Long::Single)),
];

/// Which options have names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Long {
    None,
    Double,
    /// Also with one hyphen.
    Single,
}

/// How to treat arguments that are no options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OptionOrder {
    Move,
    Stop,
    /// Each is an option with the letter 1.
    Return,
}

/// One reading of the command line.
struct OptionReading<'t> {
    thread: &'t Thread,
    arguments: u64,
    count: u64,
    index: u64,
    letters: Vec<u8>,
    /// Whether a missing argument of an option is told by `:`, and nothing is printed.
    silent: bool,
}

const QUESTION: i32 = b'?' as i32;

fn variable(thread: &Thread, name: &str) -> u64 {
    thread.process().variable(name).unwrap_or(0)
}

fn next(thread: &mut Thread, long: Long) -> Outcome {
    let (count, arguments) = (int(thread, 0), word(thread, 1));
    let mut letters = text(thread.window(), word(thread, 2))?;
    let mut index = load::<4>(thread.window(), variable(thread, "optind"))? as i32;
    store::<8>(thread.window(), variable(thread, "optarg"), 0)?;
    let mut progress = std::mem::take(&mut *thread.process().options());
    if index <= 0 {
        index = 1;
        progress = OptionState::default();
    }
    let order = match letters.first() {
        Some(b'-') => OptionOrder::Return,
        Some(b'+') => OptionOrder::Stop,
        _ => OptionOrder::Move,
    };
    if order != OptionOrder::Move {
        letters.remove(0);
    }
    let silent = letters.first() == Some(&b':')
        || load::<4>(thread.window(), variable(thread, "opterr"))? as i32 == 0;
    let mut reading = OptionReading {
        thread,
        arguments,
        count: u64::try_from(count).unwrap_or(0),
        index: index as u64,
        letters,
        silent,
    };
    let option = reading.next(&mut progress, long, order)?;
    let index = reading.index;
    *thread.process().options() = progress;
    store::<4>(thread.window(), variable(thread, "optind"), index)?;
    result_int(thread, option)
}

impl OptionReading<'_> {
    fn argument(&self, index: u64) -> Result<u64, Failure> {
        load::<8>(self.thread.window(), self.arguments.wrapping_add(8 * index))
    }

    fn set_argument(&self, index: u64, value: u64) -> Outcome {
        let place = self.arguments.wrapping_add(8 * index);
        store::<8>(self.thread.window(), place, value)
    }

    fn set(&self, name: &str, value: u64) -> Outcome {
        store::<8>(self.thread.window(), variable(self.thread, name), value)
    }

    fn set_letter(&self, letter: u8) -> Outcome {
        let place = variable(self.thread, "optopt");
        store::<4>(self.thread.window(), place, letter.into())
    }

    fn is_option(&self, text: &[u8]) -> bool {
        text.len() > 1 && text[0] == b'-'
    }

    /// Moves the arguments that were passed over behind the options that came after them.
    fn move_passed(&self, progress: &mut OptionState) -> Outcome {
        let (first, last) = (progress.first_passed, progress.last_passed);
        let moved = self.index - last;
        if first < last && moved > 0 {
            let passed = (first..last).map(|index| self.argument(index));
            let passed = passed.collect::<Result<Vec<_>, _>>()?;
            for index in last..self.index {
                self.set_argument(index - last + first, self.argument(index)?)?;
            }
            for (index, value) in passed.into_iter().enumerate() {
                self.set_argument(first + moved + index as u64, value)?;
            }
        }
        progress.first_passed += moved;
        progress.last_passed = self.index;
        Ok(())
    }

    fn next(
        &mut self,
        progress: &mut OptionState,
        long: Long,
        order: OptionOrder,
    ) -> Result<i32, Failure> {
        if progress.rest == 0 {
            // The program may have set the index back.
            if progress.last_passed > self.index || progress.first_passed == 0 {
                (progress.first_passed, progress.last_passed) = (self.index, self.index);
            }
            if order == OptionOrder::Move {
                self.move_passed(progress)?;
                while self.index < self.count
                    && !self.is_option(&text(self.thread.window(), self.argument(self.index)?)?)
                {
                    self.thread.poll()?;
                    self.index += 1;
                }
                progress.last_passed = self.index;
            }
            if self.index >= self.count {
                if progress.first_passed != progress.last_passed {
                    self.index = progress.first_passed;
                }
                return Ok(-1);
            }
            let address = self.argument(self.index)?;
            let argument = text(self.thread.window(), address)?;
            if argument == b"--" {
                self.index += 1;
                if progress.first_passed == progress.last_passed {
                    progress.first_passed = self.index;
                } else {
                    self.move_passed(progress)?;
                }
                // Nothing behind it is an option.
                progress.last_passed = self.count;
                self.index = progress.first_passed;
                return Ok(-1);
            }
            if !self.is_option(&argument) {
                if order == OptionOrder::Stop {
                    return Ok(-1);
                }
                self.set("optarg", address)?;
                self.index += 1;
                return Ok(1);
            }
            // One letter that is an option by itself is no name.
            let name = argument.len() > 2 || !self.letters.contains(&argument[1]);
            if long != Long::None
                && (argument[1] == b'-' || long == Long::Single && name)
                && let Some(found) = self.named(address, &argument, long)?
            {
                return Ok(found);
            }
            progress.rest = address.wrapping_add(1);
        }
        self.letter(progress)
    }

    fn complain(&self, what: &str, argument: &[u8]) -> Result<(), Failure> {
        if self.silent {
            return Ok(());
        }
        let program = match self.argument(0)? {
            0 => Vec::new(),
            name => text(self.thread.window(), name)?,
        };
        let (program, argument) = (
            String::from_utf8_lossy(&program),
            String::from_utf8_lossy(argument),
        );
        let line = format!("{program}: {what} '{argument}'\n");
        to_standard_error(self.thread, line.as_bytes());
        Ok(())
    }

    /// The result for an option whose argument is missing.
    fn missing(&self) -> i32 {
        if self.letters.first() == Some(&b':') {
            b':'.into()
        } else {
            QUESTION
        }
    }

    /// The next letter of an argument.
    fn letter(&mut self, progress: &mut OptionState) -> Result<i32, Failure> {
        let rest = text(self.thread.window(), progress.rest)?;
        let letter = rest.first().copied().unwrap_or(0);
        let known = self.letters.iter().position(|known| *known == letter);
        let known = known.filter(|_| !matches!(letter, b':' | b';' | 0));
        let last = rest.len() <= 1;
        let behind = progress.rest.wrapping_add(1);
        progress.rest = if last { 0 } else { behind };
        if last {
            self.index += 1;
        }
        let Some(known) = known else {
            self.complain("invalid option --", &[letter])?;
            self.set_letter(letter)?;
            return Ok(QUESTION);
        };
        let wants = self.letters[known + 1..].iter().take_while(|c| **c == b':');
        match wants.count() {
            0 => {}
            // Two colons: an argument in the same word, or none.
            colons => {
                progress.rest = 0;
                if !last {
                    self.set("optarg", behind)?;
                    self.index += 1;
                } else if colons == 1 {
                    if self.index >= self.count {
                        self.complain("option requires an argument --", &[letter])?;
                        self.set_letter(letter)?;
                        return Ok(self.missing());
                    }
                    self.set("optarg", self.argument(self.index)?)?;
                    self.index += 1;
                }
            }
        }
        Ok(letter.into())
    }

    /// An option by its name; nothing if it is to be read as letters.
    fn named(&mut self, address: u64, argument: &[u8], long: Long) -> Result<Option<i32>, Failure> {
        let hyphens = if argument[1] == b'-' { 2 } else { 1 };
        let whole = &argument[hyphens..];
        let name = whole.split(|byte| *byte == b'=').next().unwrap_or(whole);
        let value = (name.len() < whole.len())
            .then(|| address.wrapping_add((hyphens + name.len() + 1) as u64));
        let list = word(self.thread, 3);
        let window = self.thread.window();
        let mut found: Option<(u64, u64)> = None;
        let (mut exact, mut ambiguous) = (false, false);
        for number in 0.. {
            let entry = list.wrapping_add(32 * number);
            let of = load::<8>(window, entry)?;
            if of == 0 {
                break;
            }
            let of = text(window, of)?;
            if of == name {
                (found, exact) = (Some((number, entry)), true);
                break;
            }
            if of.starts_with(name) {
                if let Some((_, other)) = found {
                    // The same option under two names is not ambiguous.
                    for offset in [8, 16, 24] {
                        let size = load::<8>(window, entry.wrapping_add(offset))?;
                        ambiguous |= size != load::<8>(window, other.wrapping_add(offset))?;
                    }
                } else {
                    found = Some((number, entry));
                }
            }
        }
        let Some((number, entry)) = found.filter(|_| exact || !ambiguous) else {
            let letter = argument.get(1).copied().unwrap_or(0);
            if long == Long::Single && hyphens == 1 && self.letters.contains(&letter) {
                return Ok(None);
            }
            self.index += 1;
            let what = if ambiguous {
                "ambiguous option"
            } else {
                "unrecognized option"
            };
            self.complain(what, argument)?;
            self.set_letter(0)?;
            return Ok(Some(QUESTION));
        };
        self.index += 1;
        let wants = load::<4>(window, entry.wrapping_add(8))? as u32;
        let flag = load::<8>(window, entry.wrapping_add(16))?;
        let letter = load::<4>(window, entry.wrapping_add(24))?;
        if let Some(value) = value {
            if wants == 0 {
                self.complain("an argument is not allowed for option", argument)?;
                self.set_letter(letter as u8)?;
                return Ok(Some(QUESTION));
            }
            self.set("optarg", value)?;
        } else if wants == 1 {
            if self.index >= self.count {
                self.complain("an argument is missing for option", argument)?;
                self.set_letter(letter as u8)?;
                return Ok(Some(self.missing()));
            }
            self.set("optarg", self.argument(self.index)?)?;
            self.index += 1;
        }
        let place = word(self.thread, 4);
        if place != 0 {
            store::<4>(window, place, number)?;
        }
        if flag != 0 {
            store::<4>(window, flag, letter)?;
            return Ok(Some(0));
        }
        Ok(Some(letter as u32 as i32))
    }
}
