//! C sources, compiled for both machines and loaded on both.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

use libloading::Library;
use ve_isa::image::ImageFile;
use ve_isa::machine::{DEFAULT_STACK, Machine, Unresolved};
use ve_isa::statistics::Counter;
use veo_test_support::ve::{self, CLANG};
use veo_test_support::{compile, found};

use crate::measure::{Times, in_turns};

/// Calls of the host and of the Vector Engine that are timed at once, where one is too short.
const CALLS: usize = 10_000;

/// The compiler for the host.
fn host_compiler() -> String {
    std::env::var("CC").unwrap_or_else(|_| "cc".into())
}

/// The compilers that are not here.
pub fn missing() -> Vec<String> {
    [CLANG.to_owned(), host_compiler()]
        .into_iter()
        .filter(|compiler| !found(compiler))
        .collect()
}

/// The first line of each compiler's version text.
pub fn compilers() -> String {
    let version = |compiler: &str| {
        let text = compile::tool(Command::new(compiler).arg("--version"));
        text.lines().next().unwrap_or(compiler).to_owned()
    };
    format!(
        "host: {}\nVE: {} -O2",
        version(&host_compiler()),
        version(CLANG)
    )
}

/// The engine that executes the machine code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Interpreter,
    #[cfg(feature = "jit")]
    Jit,
}

impl Engine {
    /// All that this bench was built with.
    pub const ALL: &[Self] = &[
        Self::Interpreter,
        #[cfg(feature = "jit")]
        Self::Jit,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Interpreter => "interpreter",
            #[cfg(feature = "jit")]
            Self::Jit => "JIT",
        }
    }

    #[cfg_attr(not(feature = "jit"), expect(unused_variables))]
    fn choose(self, machine: &Machine) {
        match self {
            Self::Interpreter => {}
            #[cfg(feature = "jit")]
            Self::Jit => {
                let translator = ve_jit::Cranelift::new().expect("a host that Cranelift knows");
                let timed = crate::translating::Timed(translator);
                machine.translate_with(Box::new(timed), ve_isa::interp::Reach::Region);
            }
        }
    }

    /// One of two numbers, for the interpreter and for the JIT.
    pub fn pick(self, interpreter: f64, jit: f64) -> f64 {
        if self == Self::Interpreter {
            interpreter
        } else {
            jit
        }
    }
}

/// The path of a source beside this file.
fn source_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("benches/speed")
        .join(name)
        .with_extension("c")
}

/// A source beside this file, compiled for the Vector Engine.
pub fn object_of(name: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a directory for what is compiled");
    let object = directory.path().join("ve.o");
    ve::compile(source_of(name), &object, &["-O2"]);
    std::fs::read(&object).expect("an object that was just made")
}

/// Loads such an object.
pub fn load(machine: &Machine, name: &str, bytes: &[u8]) {
    let input = ImageFile { name, bytes };
    machine
        .load(&[input], Unresolved::Error)
        .expect("an object of clang's");
}

/// The functions of one source. All take a word and return one, the same on both machines.
pub struct Code {
    host: Library,
    machine: Machine,
}

impl Code {
    /// Compiles one of the sources beside this file, for the host with these flags. `engine` is done with the machine.
    pub fn of(name: &str, host_flags: &[&str], engine: Engine) -> Self {
        let directory = tempfile::tempdir().expect("a directory for what is compiled");
        let library = directory.path().join("host.so");
        let flags: Vec<&str> = [host_flags, &["-fvisibility=hidden"]].concat();
        compile::library(source_of(name), &library, &flags);
        // SAFETY: the library has no constructors.
        let host = unsafe { Library::new(&library) }.expect("a library that was just made");

        let machine = Machine::new().expect("addresses for a machine");
        engine.choose(&machine);
        load(&machine, name, &object_of(name));
        Self { host, machine }
    }

    /// Times both sides of one function.
    pub fn measure(&self, name: &str, word: u64) -> Times {
        self.measure_times(name, word, 1)
    }

    /// The result of a function on the host.
    #[cfg(feature = "jit")]
    pub fn on_the_host(&self, name: &str, word: u64) -> u64 {
        // SAFETY: all functions of the sources have this type, and are right for any word that is given here.
        unsafe {
            let function = self.host.get::<unsafe extern "C" fn(u64) -> u64>(name);
            function.expect(name)(word)
        }
    }

    /// Times the call of a function that does nothing.
    pub fn measure_calls(&self, name: &str) -> Times {
        self.measure_times(name, 7, CALLS)
    }

    fn measure_times(&self, name: &str, word: u64, calls: usize) -> Times {
        // SAFETY: all functions of the sources have this type.
        let host = unsafe {
            self.host
                .get::<unsafe extern "C" fn(u64) -> u64>(name)
                .expect(name)
        };
        let function = self.machine.symbol(name).expect(name);
        let mut thread = self.machine.thread(DEFAULT_STACK).expect("a thread");
        let expected = thread.call(function, &[word]);
        let counter = Counter::default();
        thread.thread().observe(Some(Box::new(counter.clone())));
        let counted = thread.call(function, &[word]);
        assert_eq!(expected, counted, "{name} on the Vector Engine");
        thread.thread().observe(None);
        let (host_time, ve_time) = in_turns(
            || {
                for _ in 0..calls {
                    // SAFETY: it is a function of the sources, which are right for any word that is given here.
                    let result = unsafe { black_box(&host)(black_box(word)) };
                    assert_eq!(expected.as_ref(), Ok(&result), "{name} on the host");
                }
            },
            || {
                for _ in 0..calls {
                    let result = thread.call(function, &[black_box(word)]);
                    assert_eq!(expected, result, "{name} on the Vector Engine");
                }
            },
        );
        Times {
            host: host_time / calls as f64,
            ve: ve_time / calls as f64,
            instructions: counter.statistics().instructions() as f64,
        }
    }
}
