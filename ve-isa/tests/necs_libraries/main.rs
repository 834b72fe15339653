//! Libraries that NEC's compiler and linker built for the Vector Engine: whether their code is known, whether they load, what their
//! functions compute.
//!
//! They come from two Python packages of NEC's and have over 500 MB, so these tests are for `tests/necs-libraries/run`, which fetches
//! them.

#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

mod code;
mod loading;
mod nlcpy;
mod veda;

use std::fs::{self, File};
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use object::LittleEndian as E;
use object::elf::{self, FileHeader64};
use object::read::elf::FileHeader as _;
use ve_isa::image::{EM_VE, Source};
use ve_isa::machine::{Machine, MachineThread, Unresolved};
use ve_isa::memory::Protection;
use ve_isa::trap::Trap;
use veo_test_support as _;

/// A file of theirs for the Vector Engine.
#[derive(Debug, Clone)]
struct Theirs {
    path: PathBuf,
    /// A program, which has fixed addresses.
    program: bool,
    /// For VE3, which has other instructions.
    newer: bool,
}

/// All their files, in the order of their paths.
fn theirs() -> Vec<Theirs> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("necs-libraries");
    let mut found = Vec::new();
    collect(&directory, &mut found);
    assert!(
        !found.is_empty(),
        "there are no libraries in {}: tests/necs-libraries/run fetches them",
        directory.display()
    );
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn collect(directory: &Path, found: &mut Vec<Theirs>) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
            continue;
        }
        let mut head = [0; size_of::<FileHeader64<E>>()];
        if File::open(&path).unwrap().read_exact(&mut head).is_err() {
            continue;
        }
        let Ok(header) = FileHeader64::<E>::parse(&head[..]) else {
            continue;
        };
        if header.e_machine(E).0 == EM_VE {
            found.push(Theirs {
                path,
                program: header.e_type(E) == elf::ET_EXEC,
                newer: header.e_flags(E).0 & 0xf == 1,
            });
        }
    }
}

/// Their libraries for the machine that is emulated.
fn libraries() -> Vec<PathBuf> {
    let files = theirs().into_iter();
    files
        .filter(|file| !file.program && !file.newer)
        .map(|file| file.path)
        .collect()
}

/// The libraries whose paths end so, of each package one.
fn named(end: &str) -> Vec<PathBuf> {
    let all = libraries().into_iter();
    let found: Vec<_> = all.filter(|path| path.ends_with(end)).collect();
    assert!(!found.is_empty(), "there is no {end}");
    found
}

/// Loads libraries. A call of a function that they need and nobody has is a trap.
fn load(machine: &Machine, paths: &[PathBuf]) -> Result<(), String> {
    let files: Vec<_> = paths
        .iter()
        .map(|path| (path.display().to_string(), File::open(path).unwrap()))
        .collect();
    let sources: Vec<_> = files
        .iter()
        .map(|(name, file)| Source::file(name, file))
        .collect();
    let loaded = machine.load_sources(&sources, Unresolved::Lazy);
    loaded.map(drop).map_err(|error| error.to_string())
}

/// A thread that calls functions by name, and memory for what they work on.
struct Caller<'m> {
    machine: &'m Machine,
    thread: MachineThread<'m>,
    memory: Range<u64>,
    used: u64,
}

impl<'m> Caller<'m> {
    fn new(machine: &'m Machine) -> Self {
        Self {
            machine,
            thread: machine.thread(64 << 20).unwrap(),
            memory: machine
                .window()
                .map(16 << 20, Protection::ReadWrite)
                .unwrap(),
            used: 0,
        }
    }

    /// Calls the constructors.
    fn start(mut self) -> Self {
        let started = self.thread.start();
        started.unwrap_or_else(|trap| panic!("{}", self.machine.report(&trap)));
        self
    }

    /// Memory with these bytes.
    fn bytes(&mut self, bytes: &[u8]) -> u64 {
        let address = self.memory.start + self.used;
        self.used += (bytes.len() as u64).next_multiple_of(64) + 64;
        assert!(self.memory.start + self.used <= self.memory.end);
        self.machine.window().write(address, bytes).unwrap();
        address
    }

    /// Memory with these words.
    fn words(&mut self, words: &[u64]) -> u64 {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.bytes(&bytes)
    }

    /// Gives all memory back.
    fn clear(&mut self) {
        self.used = 0;
    }

    fn read(&self, address: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.machine.window().read(address, &mut bytes).unwrap();
        bytes
    }

    fn word(&self, address: u64) -> u64 {
        self.machine.window().load::<8>(address).unwrap()
    }

    /// The string at an address.
    fn text(&self, address: u64) -> String {
        let mut text = Vec::new();
        loop {
            match self
                .machine
                .window()
                .load::<1>(address + text.len() as u64)
                .unwrap() as u8
            {
                0 => return String::from_utf8(text).unwrap(),
                byte => text.push(byte),
            }
        }
    }

    fn try_call(&mut self, name: &str, words: &[u64]) -> Result<u64, Trap> {
        let function = self
            .machine
            .symbol(name)
            .unwrap_or_else(|| panic!("there is no {name}"));
        self.thread.call(function, words)
    }

    fn call(&mut self, name: &str, words: &[u64]) -> u64 {
        let result = self.try_call(name, words);
        result.unwrap_or_else(|trap| panic!("{name}: {}", self.machine.report(&trap)))
    }
}
