//! The installed drop-in library, and programs compiled against it.
//!
//! Everything lies below `target/tmp/dropin`. The library is installed by `veo install`, once for
//! each test program that asks.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use crate::compile::{self, into_place, tool};
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

/// Builds the command `veo` as the tests of the workspace do, so that cargo compiles nothing again. `cargo run -p veo-cli` would
/// compile its dependencies with the features that this package alone asks for.
fn build_veo() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["test", "--quiet", "--workspace", "--test", "command"]);
    command.args(["--no-run", "--manifest-path"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml"));
    tool(command.arg("--target-dir").arg(target_dir()));
}

/// The sources of the conformance programs.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../dropin/conformance")
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
        build_veo();
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
        dropin.kernels("unlinked.c", "libglobal.so", &["-g"]);
        dropin.kernels("unlinked.c", "liblookup.so", &["-g", "-DLOOK_UP"]);
        dropin.kernels("bindings.c", "libfirstplain.so", &["-g", "-DPLAIN"]);
        dropin.kernels("bindings.c", "libfirstasking.so", &["-g", "-DASKING"]);
        dropin.kernels("bindings.c", "libmiddle.so", &["-g", "-DMIDDLE"]);
        dropin.kernels("bindings.c", "libbindings.so", &["-g"]);
        let asking = dropin.kernel_dir().join("libfirstasking.so");
        let options = ["-g", "-Wl,--no-as-needed", &asking.display().to_string()];
        dropin.kernels("bindings.c", "libneedspath.so", &options);
        let mut headless = fs::read(dropin.kernel_dir().join("libveside.so")).unwrap();
        // Where the section headers are, and how many.
        headless[40..48].fill(0);
        headless[60..64].fill(0);
        into_place(&dropin.kernel_dir().join("sectionless.so"), |fresh| {
            fs::write(fresh, &headless).unwrap();
        });
        dropin.kernels("provider.c", "libprovider.so", &["-g"]);
        dropin.kernels("dependent.c", "libdependent.so", &["-g"]);
        dropin.kernels("image.c", "image", &["-g", "-Wl,-Bsymbolic"]);
        let whole = fs::read(dropin.kernel_dir().join("libkernels.so")).unwrap();
        into_place(&dropin.kernel_dir().join("damaged.so"), |fresh| {
            fs::write(fresh, &whole[..whole.len() / 3]).unwrap();
        });
        dropin
    }

    /// `veo install` as far as `--prefix`, with the profile of the tests.
    pub fn install_command(&self) -> Command {
        let mut command = Command::new(target_dir().join("debug/veo"));
        command.args(["install", "--quiet", "--profile", "dev"]);
        command
    }

    /// Compiles a kernel library, unless it is newer than its source.
    fn kernels(&self, source: &str, library: &str, options: &[&str]) {
        let source = sources().join(source);
        let library = self.kernel_dir().join(library);
        if newer(&library, &[&source]) {
            return;
        }
        let include = format!("-I{}", self.prefix().join("include").display());
        let all = ["-O1", "-Wall", "-Werror", &include];
        compile::library(source, library, &[&all, options].concat());
    }

    /// The directory that everything was installed under.
    pub fn prefix(&self) -> PathBuf {
        self.root.join("prefix")
    }

    /// The command that has installed it.
    pub fn command_program(&self) -> PathBuf {
        target_dir().join("debug/veo")
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
        let standard = match source.extension() == Some(OsStr::new("cpp")) {
            true => "-std=c++17",
            false => "-std=gnu11",
        };
        let include = format!("-I{}", self.prefix().join("include").display());
        let libraries = format!("-L{}", self.prefix().join("lib64").display());
        let all = [
            standard, "-O1", "-g", "-Wall", "-Werror", "-pthread", &include,
        ];
        let last = [&*libraries, "-lveo", "-ldl", "-lm"];
        compile::program(source, &program, &[&all, options, &last].concat());
        program
    }

    /// Compiles a program of `tests/dropin/conformance` with the library inside, as a static
    /// executable by `option` (`-static`, `-static-pie`).
    pub fn compile_static(&self, source: &str, option: &str) -> PathBuf {
        let programs = self.root.join("programs");
        fs::create_dir_all(&programs).unwrap();
        let program = programs.join(source.replace('.', "_") + option);
        let include = format!("-I{}", self.prefix().join("include").display());
        // The static library that the installation is made of, by the profile of
        // `install_command`.
        let inside = target_dir()
            .join("debug/libveo_exports.a")
            .display()
            .to_string();
        let all = ["-std=gnu11", "-O1", option, "-pthread", &include, &inside];
        let last = ["-lutil", "-lrt", "-lpthread", "-lm", "-ldl"];
        compile::program(
            sources().join(source),
            &program,
            &[&all[..], &last].concat(),
        );
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

/// Whether `made` exists and is younger than everything in `of`.
fn newer(made: &Path, of: &[&Path]) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let made = time(made);
    of.iter().all(|source| made > time(source))
}
