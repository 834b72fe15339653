//! A program of `ve-run --gdb`, and its clients.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use veo_test_support::gdb::Gdb;
use veo_test_support::run;

use crate::support::{Program, end};

/// The number of the instruction counter among the registers.
pub(crate) const IC: u32 = 64;

/// A program that a debugger is waited for.
pub(crate) struct Debugged {
    pub(crate) child: Option<Child>,
    pub(crate) program: Program,
    pub(crate) socket: PathBuf,
}

impl Debugged {
    pub(crate) fn start(source: &str) -> Self {
        Self::start_with(source, Stdio::null())
    }

    /// The same, with a standard input.
    pub(crate) fn start_with(source: &str, input: Stdio) -> Self {
        let program = Program::compile(source).expect("the test has asked whether it can");
        let socket = program.directory().join("gdb");
        let child = Command::new(env!("CARGO_BIN_EXE_ve-run"))
            .args([
                "--gdb".as_ref(),
                socket.as_os_str(),
                program.file().as_ref(),
            ])
            .args(["one", "two"])
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            child: Some(child),
            program,
            socket,
        }
    }

    /// A client, when the program has come to its first instruction.
    pub(crate) fn connect(&self) -> Gdb {
        let mut gdb = Gdb::connect(&self.socket);
        if gdb.ask(&format!("p{IC:x}")).contains('x') {
            assert_eq!(gdb.ask("c"), "T05thread:01;");
        }
        gdb
    }

    /// The exit status and the last line of standard error, once the program has ended.
    pub(crate) fn end(&mut self) -> (i32, String) {
        end(&self.output())
    }

    pub(crate) fn output(&mut self) -> Output {
        let mut child = self.child.take().unwrap();
        let ended = run::wait(&mut child, Duration::from_secs(60));
        let output = child.wait_with_output().unwrap();
        assert!(ended.is_some(), "it does not end: {output:?}");
        output
    }
}

impl Drop for Debugged {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) const COUNTING: &str = "
    long total = 0x1122334455667788;
    __attribute__((noinline)) long twice(long n) { total = n; __asm__ volatile(\"\" ::: \"memory\"); return n + n; }
    int main(int argc, char **argv) {
        long sum = 0;
        for (long i = 1; i <= argc; i++) sum += twice(i);
        return sum;
    }";

pub(crate) const ENDLESS: &str = "
    volatile long turns;
    volatile int enough;
    int main(void) { while (!enough) turns++; return 5; }";
