//! The installed drop-in library, and programs compiled against it.
//!
//! Everything lies below `target/tmp/dropin`. The library is installed by the
//! documented command, once for each test program that asks.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::run::{Outcome, run};

/// Variables that change what the library does; a test sets those it means.
const VARIABLES: [&str; 14] = [
    "VEORUN_BIN",
    "VE_NODE_NUMBER",
    "_VENODELIST",
    "VE_CORE_NUMBER",
    "VE_OMP_NUM_THREADS",
    "VE_LD_LIBRARY_PATH",
    "VE_LD_PRELOAD",
    "VE_FPE_ENABLE",
    "VE_TRACEBACK",
    "VEO_DEBUG",
    "VEO_LOG_DEBUG",
    "VEO_EMU_MEMORY",
    "VEO_EMU_NODES",
    "VEO_BACKEND",
];

/// The time that is enough for any one program.
const LIMIT: Duration = Duration::from_secs(90);

/// An installation of the drop-in library with the kernel libraries of the
/// conformance programs beside it.
pub struct Dropin {
    root: PathBuf,
}

/// Cargo's target directory, which this test program lies in.
fn target_dir() -> PathBuf {
    let program = std::env::current_exe().expect("a test program has a path");
    let marked = |directory: &&Path| directory.join(".rustc_info.json").exists();
    let found = program.ancestors().find(marked);
    found
        .expect("tests run from cargo's target directory")
        .to_owned()
}

/// The sources of the conformance programs.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../dropin/conformance")
}

/// Runs a tool that must succeed.
fn tool(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

impl Dropin {
    /// The installation, made by the first caller.
    pub fn get() -> &'static Dropin {
        static INSTALLED: LazyLock<Dropin> = LazyLock::new(Dropin::install);
        &INSTALLED
    }

    fn install() -> Dropin {
        let root = target_dir().join("tmp/dropin");
        fs::create_dir_all(root.join("kernels")).unwrap();
        // Test programs may run side by side; one installs at a time.
        let lock = fs::File::create(root.join("lock")).unwrap();
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
        let dropin = Dropin { root };
        tool(
            dropin
                .install_command()
                .arg("--prefix")
                .arg(dropin.prefix()),
        );
        dropin.kernels("kernels.c", "libkernels.so", &["-g"]);
        dropin.kernels("kernels.c", "libplain.so", &["-g0"]);
        dropin.kernels("veside.c", "libveside.so", &["-g"]);
        let beside = format!("-L{}", dropin.kernel_dir().display());
        let options = ["-g", "-Wl,--no-as-needed", "-Wl,-rpath,$ORIGIN", &beside];
        let options = [&options[..], &["-l:libveside.so"]].concat();
        dropin.kernels("relay.c", "librelay.so", &options);
        dropin.kernels("provider.c", "libprovider.so", &["-g"]);
        dropin.kernels("needy.c", "libneedy.so", &["-g"]);
        dropin.kernels("image.c", "image", &["-g", "-Wl,-Bsymbolic"]);
        let whole = fs::read(dropin.kernel_dir().join("libkernels.so")).unwrap();
        into_place(&dropin.kernel_dir().join("damaged.so"), |fresh| {
            fs::write(fresh, &whole[..whole.len() / 3]).unwrap();
        });
        dropin
    }

    /// The documented command, as far as `--prefix`, with the profile of the tests.
    pub fn install_command(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
        let mut command = Command::new(cargo);
        command.args([
            "run",
            "--quiet",
            "--package",
            "veo-dropin",
            "--manifest-path",
        ]);
        command.arg(manifest).arg("--target-dir").arg(target_dir());
        command.args(["--", "install", "--quiet", "--profile", "dev"]);
        command
    }

    /// Compiles a kernel library, unless it is newer than its source.
    fn kernels(&self, source: &str, library: &str, options: &[&str]) {
        let source = sources().join(source);
        let library = self.kernel_dir().join(library);
        if newer(&library, &[&source]) {
            return;
        }
        let mut command = Command::new("gcc");
        command.args(["-O1", "-fpic", "-shared", "-Wall", "-Werror"]);
        command
            .args(options)
            .arg("-I")
            .arg(self.prefix().join("include"));
        into_place(&library, |fresh| {
            tool(command.arg(&source).arg("-o").arg(fresh));
        });
    }

    /// The directory that everything was installed under.
    pub fn prefix(&self) -> PathBuf {
        self.root.join("prefix")
    }

    /// The command that has installed it.
    pub fn command_program(&self) -> PathBuf {
        target_dir().join("debug/veo-dropin")
    }

    /// The directory of the kernel libraries.
    pub fn kernel_dir(&self) -> PathBuf {
        self.root.join("kernels")
    }

    /// The installed `libveo.so.1`.
    pub fn library(&self) -> PathBuf {
        self.prefix().join("lib64/libveo.so.1")
    }

    /// An empty directory of its own for a test.
    pub fn scratch(&self, name: &str) -> PathBuf {
        let directory = self.root.join("scratch").join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        directory
    }

    /// Compiles a program of `tests/dropin/conformance` (C, or C++ by its name) as
    /// programs for libveo are compiled, with more `options`.
    pub fn compile(&self, source: &str, options: &[&str]) -> PathBuf {
        let programs = self.root.join("programs");
        fs::create_dir_all(&programs).unwrap();
        let program = programs.join(source.replace('.', "_"));
        let source = sources().join(source);
        let mut command = if source.extension() == Some(OsStr::new("cpp")) {
            let mut command = Command::new("g++");
            command.arg("-std=c++17");
            command
        } else {
            let mut command = Command::new("gcc");
            command.arg("-std=gnu11");
            command
        };
        command.args(["-O1", "-g", "-Wall", "-Werror", "-pthread", "-I"]);
        command.arg(self.prefix().join("include"));
        into_place(&program, |fresh| {
            command.arg(&source).arg("-o").arg(fresh).args(options);
            command.arg("-L").arg(self.prefix().join("lib64"));
            tool(command.args(["-lveo", "-ldl", "-lm"]));
        });
        program
    }

    /// Compiles a program of `tests/dropin/conformance` with the library inside, as a static
    /// executable by `option` (`-static`, `-static-pie`).
    pub fn compile_static(&self, source: &str, option: &str) -> PathBuf {
        let programs = self.root.join("programs");
        fs::create_dir_all(&programs).unwrap();
        let program = programs.join(source.replace('.', "_") + option);
        let mut command = Command::new("gcc");
        command.args(["-std=gnu11", "-O1", option, "-pthread", "-I"]);
        command.arg(self.prefix().join("include"));
        into_place(&program, |fresh| {
            command.arg(sources().join(source)).arg("-o").arg(fresh);
            // What the installation is made of, by the profile of `install_command`.
            command.arg(target_dir().join("debug/libveo_exports.a"));
            tool(command.args(["-lutil", "-lrt", "-lpthread", "-lm", "-ldl"]));
        });
        program
    }

    /// A command that runs `program` with the library in reach and nothing else
    /// set that the library looks at.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command.env("LD_LIBRARY_PATH", self.prefix().join("lib64"));
        command
    }

    /// Compiles and runs a conformance program; it must end well and leave nothing.
    pub fn conforms(&self, source: &str, variables: &[(&str, &str)]) {
        let program = self.compile(source, &[]);
        let mut command = self.command(&program);
        command
            .arg(self.kernel_dir())
            .arg(self.kernel_dir().join("image"));
        command.envs(variables.iter().copied());
        let outcome = run(&mut command, LIMIT);
        outcome.expect_success(source);
        // Neither the library nor these programs write there.
        assert_eq!(outcome.stdout, "", "{source}: {outcome:#?}");
    }

    /// Runs `command` with the usual time limit.
    pub fn run(&self, command: &mut Command) -> Outcome {
        run(command, LIMIT)
    }
}

/// Has a file made under a name of its own, then renames it: other tests may be using, or
/// making, the same one.
fn into_place(file: &Path, make: impl FnOnce(&Path)) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut fresh = file.as_os_str().to_owned();
    fresh.push(format!(".{}.{number}", std::process::id()));
    make(Path::new(&fresh));
    fs::rename(&fresh, file).unwrap();
}

/// Whether `made` exists and is younger than everything in `of`.
fn newer(made: &Path, of: &[&Path]) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let made = time(made);
    of.iter().all(|source| made > time(source))
}
