//! Running programs under a time limit and looking at what they leave behind.

use std::env;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The environment variable that marks a program started by [`run`] and every
/// process that descends from it.
const MARK: &str = "VEO_TEST_RUN";

/// The end and the output of a program.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended; `None`: it was killed when its time was over.
    pub status: Option<ExitStatus>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Processes it started that were still there two seconds later, or as [`run_and_leave`] has it, with their commands.
    pub left_behind: Vec<String>,
}

impl Outcome {
    /// Panics, with everything that is known, unless the program ended with
    /// status 0 in time and left no process behind.
    pub fn expect_success(&self, what: &str) {
        let good = self.status.is_some_and(|status| status.success());
        assert!(good, "{what} failed: {self:#?}");
        assert!(
            self.left_behind.is_empty(),
            "{what} left processes: {self:#?}"
        );
    }
}

/// A command that runs one test of this test program again, with its output.
///
/// # Panics
///
/// If this program has no such test: it would run none and end with success.
pub fn one_test(name: &str) -> Command {
    let program = env::current_exe().expect("a test program has a path");
    let mut command = Command::new(&program);
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    let listed = Command::new(program)
        .args(["--exact", name, "--list"])
        .output();
    let listed = String::from_utf8(listed.expect("a test program starts").stdout);
    let line = format!("{name}: test");
    let is_there = listed.is_ok_and(|listed| listed.lines().any(|other| other == line));
    assert!(is_there, "this program has no test {name}");
    command
}

/// Runs a program to its end, at most for `limit`.
///
/// Every process it leaves behind is listed and then killed.
pub fn run(command: &mut Command, limit: Duration) -> Outcome {
    run_and_leave(command, limit, Duration::from_secs(2))
}

/// The same for a program whose processes may be there for so long after it.
pub fn run_and_leave(command: &mut Command, limit: Duration, leave: Duration) -> Outcome {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mark = format!("{}.{number}", std::process::id());
    command
        .env(MARK, &mark)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let stdout = reader(child.stdout.take());
    let stderr = reader(child.stderr.take());
    let status = wait(&mut child, limit);
    let left_behind = sweep(&mark, leave);
    Outcome {
        status,
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
        left_behind,
    }
}

/// Reads a stream to its end on a thread of its own.
fn reader(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // Bytes that cannot be read are only missing from a message.
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for the end of a child, at most for `limit`: then it is killed, and there is no
/// status.
pub fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            return Some(status);
        }
        if Instant::now() >= end {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Lists the processes that carry `mark` so long from now, and kills them.
fn sweep(mark: &str, leave: Duration) -> Vec<String> {
    let end = Instant::now() + leave;
    loop {
        let left = marked(mark);
        if left.is_empty() {
            return Vec::new();
        }
        if Instant::now() >= end {
            return left
                .into_iter()
                .map(|(pid, command)| {
                    let about = about(pid);
                    let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
                    format!("{pid} {command}{about}")
                })
                .collect();
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The system's description of a process that should not be there: its state, its parent, where each of its threads waits.
fn about(pid: u32) -> String {
    let read = |file: String| std::fs::read_to_string(file).unwrap_or_default();
    let status = read(format!("/proc/{pid}/status"));
    let lines = status
        .lines()
        .filter(|line| line.starts_with("State:") || line.starts_with("PPid:"));
    let mut text: Vec<String> = lines.map(|line| line.replace('\t', " ")).collect();
    for entry in std::fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let of_thread = |file: &str| read(entry.path().join(file).display().to_string());
        let name = of_thread("comm");
        text.push(format!("{} in {}", name.trim(), of_thread("wchan").trim()));
    }
    format!(" ({})", text.join(", "))
}

/// The live processes whose environment carries `mark`.
fn marked(mark: &str) -> Vec<(u32, String)> {
    let wanted = format!("{MARK}={mark}");
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        // Processes that end meanwhile, and those of others, cannot be read.
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment
            .split(|b| *b == 0)
            .any(|e| e == wanted.as_bytes())
        {
            let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push((pid, String::from_utf8_lossy(&command).replace('\0', " ")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::one_test;

    #[test]
    fn one_test_runs() {
        let output = one_test("run::tests::one_test_is_refused")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}"
        );
    }

    #[test]
    #[should_panic(expected = "this program has no test run::tests::gone")]
    fn one_test_is_refused() {
        one_test("run::tests::gone");
    }
}
