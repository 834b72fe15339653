//! The functions of `scalar.c` as programs for other machines, which QEMU's emulators of user programs run.

use std::path::{Path, PathBuf};
use std::process::Command;

use veo_test_support::{compile, found};

use crate::measure::RUNS;

/// The machines that are known.
pub const MACHINES: [&str; 2] = ["aarch64", "riscv64"];

/// The program for one machine.
pub struct Guest {
    qemu: String,
    program: PathBuf,
    _directory: tempfile::TempDir,
}

impl Guest {
    /// Compiles the program.
    ///
    /// # Errors
    /// What is not installed.
    pub fn of(machine: &str) -> Result<Self, String> {
        let (qemu, compiler) = (
            format!("qemu-{machine}"),
            format!("{machine}-linux-gnu-gcc"),
        );
        if let Some(missing) = [&qemu, &compiler].into_iter().find(|tool| !found(tool)) {
            return Err(format!("{missing} is missing"));
        }
        let directory = tempfile::tempdir().expect("a directory for what is compiled");
        let program = directory.path().join(machine);
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/speed/guest.c");
        let mut command = Command::new(compiler);
        command
            .args(["-O2", "-static", "-o"])
            .arg(&program)
            .arg(source);
        compile::tool(&mut command);
        Ok(Self {
            qemu,
            program,
            _directory: directory,
        })
    }

    /// The result of a function, and its time in nanoseconds: as the emulated program measures it, the least of many runs.
    pub fn measure(&self, name: &str, word: u64) -> (u64, f64) {
        let mut command = Command::new(&self.qemu);
        command.arg(&self.program).arg(name);
        command.args([word.to_string(), RUNS.to_string()]);
        let text = compile::tool(&mut command);
        let numbers = text.trim().split_once(' ');
        numbers
            .and_then(|(result, time)| Some((result.parse().ok()?, time.parse().ok()?)))
            .unwrap_or_else(|| panic!("{name} under {} printed {text:?}", self.qemu))
    }
}
