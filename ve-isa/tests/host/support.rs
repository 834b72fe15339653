//! Compiles programs, and runs them on both machines.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use ve_isa::image::ImageFile;
use ve_isa::machine::{Machine, Unresolved};
use veo_test_support::run::run;
pub use veo_test_support::ve::can_compile;
use veo_test_support::{compile, ve};

/// The options that compile a program for the Vector Engine.
const FLAGS: [&[&str]; 2] = [&["-O0"], &["-O2", "-fpic"]];

/// How much a program may print.
const ROOM: u64 = 8 << 20;

/// Options that keep results from depending on what a compiler knows of the C library.
const COMMON: [&str; 5] = [
    "-w",
    "-fno-builtin",
    "-ffp-contract=off",
    "-frounding-math",
    "-std=gnu11",
];

/// An object for the Vector Engine.
pub fn object(directory: &Path, source: &str, flags: &[&str]) -> Vec<u8> {
    std::fs::write(directory.join("libc.h"), include_str!("libc.h")).unwrap();
    let flags = [&["-ffreestanding"][..], &COMMON[..], flags].concat();
    std::fs::read(ve::object_of(directory, "k.c", source, &flags)).unwrap()
}

/// A machine with this program.
pub fn machine(directory: &Path, source: &str, flags: &[&str]) -> Machine {
    let object = object(directory, source, flags);
    let machine = Machine::new().unwrap();
    let input = ImageFile {
        name: "k.o",
        bytes: &object,
    };
    machine.load(&[input], Unresolved::Error).unwrap();
    machine
}

/// How long a program may run. Those here take seconds.
const LIMIT: Duration = Duration::from_secs(600);

/// The output of a program on the host.
fn on_host(directory: &Path, source: &str) -> String {
    let (file, program) = (directory.join("h.c"), directory.join("h"));
    std::fs::write(&file, source).unwrap();
    std::fs::write(directory.join("libc.h"), include_str!("libc.h")).unwrap();
    let options = [&COMMON[..], &["-lm", "-pthread"]].concat();
    compile::program(file, &program, &options);
    let outcome = run(&mut Command::new(program), LIMIT);
    outcome.expect_success("the program on the host");
    outcome.stdout
}

/// Its output on the Vector Engine.
fn on_engine(directory: &Path, source: &str, flags: &[&str]) -> String {
    let machine = machine(directory, source, flags);
    let mut thread = machine.thread(1 << 20).unwrap();
    let buffer = machine
        .window()
        .map(ROOM, ve_isa::memory::Protection::ReadWrite)
        .unwrap();
    let function = machine.symbol("run_all").unwrap();
    let stop = thread.thread().stop_handle();
    let (done, is_done) = mpsc::channel::<()>();
    let called = std::thread::scope(|scope| {
        scope.spawn(move || {
            if is_done.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
                stop.stop();
            }
        });
        let called = thread.call(function, &[buffer.start, ROOM]);
        drop(done);
        called
    });
    let used = called.unwrap_or_else(|trap| panic!("{flags:?}: {}", machine.report(&trap)));
    let mut text = vec![0; used as usize];
    machine.window().read(buffer.start, &mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

/// Runs a program on both and compares what it prints, line by line. The result is how many lines there are.
pub fn compare(source: &str) -> usize {
    let directory = tempfile::tempdir().unwrap();
    let expected = on_host(directory.path(), source);
    for flags in FLAGS {
        let found = on_engine(directory.path(), source, flags);
        let different = expected
            .lines()
            .zip(found.lines())
            .filter(|(expected, found)| expected != found);
        let report: Vec<_> = different
            .take(10)
            .map(|(expected, found)| format!("host:   {expected}\nengine: {found}"))
            .collect();
        assert!(report.is_empty(), "{flags:?}\n{}", report.join("\n"));
        assert_eq!(expected.len(), found.len(), "{flags:?}");
    }
    expected.lines().count()
}
