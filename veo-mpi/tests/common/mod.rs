//! Helpers of the tests, which run a test as a job of several ranks. The test program starts itself under the launcher of the MPI that it
//! is built with, and each rank runs one test of it, which takes part in the job where it finds a variable set.
#![allow(dead_code)]

use std::env;
use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use veo_test_support::run::{self, Outcome};
use veo_test_support::{available, found};

/// The variable that makes a program one of the ranks; its value says what the rank does.
const CASE: &str = "VEO_TEST_MPI_CASE";

/// The variable with the number of the process of the launcher.
pub const LAUNCHER: &str = "VEO_TEST_MPI_LAUNCHER";

/// How long a job may take. It takes seconds, but for a machine with other things to do.
const LONGEST: Duration = Duration::from_secs(300);

/// How long processes of a job may be there after its launcher. They take a tenth of a second, but for a machine with other things to do.
const LONGEST_LEFT: Duration = Duration::from_secs(20);

/// The case that this program runs as a rank, if it is one.
pub fn case() -> Option<String> {
    env::var(CASE).ok()
}

/// Prints a line of a rank, in one piece, whatever the others print.
pub fn say(line: &str) {
    let line = format!("\n@{line}\n");
    std::io::stdout()
        .write_all(line.as_bytes())
        .expect("the test reads it");
}

/// Whether this program is built with Open MPI; otherwise it is MPICH.
pub fn is_open_mpi() -> bool {
    let version = mpi::environment::library_version();
    version.is_ok_and(|version| version.contains("Open MPI"))
}

/// The launcher of the MPI that this program is built with, if it is there.
fn launcher() -> Option<&'static str> {
    static LAUNCHER: OnceLock<Option<&str>> = OnceLock::new();
    let known = if is_open_mpi() {
        "mpirun.openmpi"
    } else {
        "mpirun.mpich"
    };
    *LAUNCHER.get_or_init(|| {
        let what = format!("{known} (Debian: openmpi-bin, mpich)");
        available(&what, found(known)).then_some(known)
    })
}

/// A job of this program, or of other ones.
pub struct Launch {
    command: Command,
    limit: Duration,
}

impl Launch {
    /// Ranks that run the test `test` of this program, as `case` says. `None`: there is no launcher.
    pub fn new(ranks: usize, test: &str, case: &str) -> Option<Launch> {
        let launch = Launch::of_programs(case)?;
        Some(launch.args(["-n", &ranks.to_string()]).test(test))
    }

    /// A job whose programs are still to be given.
    pub fn of_programs(case: &str) -> Option<Launch> {
        let launcher = launcher()?;
        // A test that ends the launcher knows it by this number.
        let mut command = Command::new("/bin/sh");
        let script = format!("export {LAUNCHER}=$$; exec \"$@\"");
        command.args(["-c", &script, "sh", launcher]);
        if is_open_mpi() {
            // Ranks that wait give their CPU to others; copies between them need no right that a container lacks.
            command.args([
                "--oversubscribe",
                "--allow-run-as-root",
                "--bind-to",
                "none",
            ]);
            command.env("OMPI_MCA_mpi_yield_when_idle", "1");
            command.env("OMPI_MCA_btl_vader_single_copy_mechanism", "none");
        }
        command.env(CASE, case);
        Some(Launch {
            command,
            limit: LONGEST,
        })
    }

    /// Sets a variable for all ranks.
    pub fn env(mut self, name: &str, value: &str) -> Launch {
        self.command.env(name, value);
        self
    }

    /// How long the job may take, if not [`LONGEST`].
    pub fn within(mut self, limit: Duration) -> Launch {
        self.limit = limit;
        self
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Launch {
        self.command.arg(argument);
        self
    }

    pub fn args(mut self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Launch {
        self.command.args(arguments);
        self
    }

    /// Has the ranks that come next run the test `test` of this program.
    pub fn test(mut self, test: &str) -> Launch {
        let one = run::one_test(test);
        self.command.arg(one.get_program()).args(one.get_args());
        self
    }

    /// Runs the job to its end. Processes that it leaves behind are listed and ended.
    pub fn run(mut self) -> Job {
        Job(run::run_and_leave(
            &mut self.command,
            self.limit,
            LONGEST_LEFT,
        ))
    }
}

/// The outcome of a job.
pub struct Job(pub Outcome);

impl Job {
    /// The job has ended by itself, with status 0, and nothing of it is left.
    #[track_caller]
    pub fn succeeds(&self) -> &Job {
        self.0.expect_success("the job");
        self
    }

    /// The job has ended by itself, with a status that is not 0, has said all of `words` on its standard error, and nothing of it is left.
    #[track_caller]
    pub fn fails(&self, words: &[&str]) -> &Job {
        let status = self
            .0
            .status
            .unwrap_or_else(|| panic!("the job hangs: {:#?}", self.0));
        assert!(!status.success(), "{:#?}", self.0);
        for word in words {
            assert!(
                self.0.stderr.contains(word),
                "{word:?} is missing: {:#?}",
                self.0
            );
        }
        assert!(self.0.left_behind.is_empty(), "{:#?}", self.0);
        self
    }

    /// The lines that ranks have said, sorted.
    pub fn lines(&self) -> Vec<String> {
        let lines = self
            .0
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix('@'));
        let mut lines: Vec<String> = lines.map(ToOwned::to_owned).collect();
        lines.sort();
        lines
    }
}

/// Runs the test `test` of this program without a launcher.
pub fn alone(test: &str, case: &str, set: impl FnOnce(&mut Command)) -> Job {
    let mut command = run::one_test(test);
    command.env(CASE, case);
    set(&mut command);
    Job(run::run(&mut command, LONGEST))
}

/// Runs the test `test` of this program under a shell, which it takes for a launcher: its rank has a variable of one.
pub fn under_a_shell(test: &str, case: &str, set: impl FnOnce(&mut Command)) -> Job {
    let mut command = Command::new("/bin/sh");
    let script = format!("export {LAUNCHER}=$$; \"$@\" & wait");
    let one = run::one_test(test);
    command
        .args(["-c", &script, "sh"])
        .arg(one.get_program())
        .args(one.get_args())
        // That of an MPI which this is not.
        .env("MPIRANK", "0")
        .env(CASE, case);
    set(&mut command);
    Job(run::run_and_leave(&mut command, LONGEST, LONGEST_LEFT))
}

/// Begins one rank without a launcher. Its standard error is a pipe that nobody reads yet.
pub fn begin_alone(test: &str, case: &str) -> Child {
    run::one_test(test)
        .env(CASE, case)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a test program starts")
}

/// Where tests of this crate may put what they make.
pub fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}
