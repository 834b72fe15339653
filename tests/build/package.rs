//! A crate made by hand in an empty directory, for Cargo to build.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A package in a directory of its own, whose compilers are recorded and whose name is its test's.
pub struct Package {
    pub dir: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

/// Variables of the surroundings that would change what is built.
const VARIABLES: [&str; 16] = [
    "CC",
    "CPATH",
    "VEO_CFLAGS",
    "CXX",
    "FC",
    "CFLAGS",
    "CXXFLAGS",
    "VEO_TARGETS",
    "VEO_CC",
    "VEO_CXX",
    "VEO_FC",
    "VEO_SANITIZE",
    "VEO_SKIP_BUILD",
    "VEO_INSTALL_DIR",
    "VEO_NEC_ROOT",
    "VEO_VERBOSE",
];

/// No source was compiled.
pub const NOTHING: [&str; 0] = [];

impl Package {
    /// An empty package of this name that may use `veo-build`.
    pub fn new(name: &str) -> Self {
        // Two builds at once would wait for each other, and mix up the records of compilers.
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("crates é")
            .join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).unwrap();
        }
        fs::create_dir_all(&dir).unwrap();
        let package = Self { dir, _alone: alone };
        let _ = fs::remove_file(package.calls());
        let workspace = package.workspace();
        package.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
                 [build-dependencies]\nveo-build = {{ path = {:?}, version = \"0.1.0\" }}\n\n\
                 [profile.dev]\ndebug = \"line-tables-only\"\n",
                workspace.join("veo-build")
            ),
        );
        package.write("src/main.rs", "fn main() {}\n");
        // The versions that this workspace has already fetched: nothing comes from the network.
        fs::copy(workspace.join("Cargo.lock"), package.dir.join("Cargo.lock")).unwrap();
        for (tool, real) in [("cc", "cc"), ("cxx", "c++"), ("fc", "gfortran")] {
            package.record(tool, real);
        }
        package.clean(name);
        package
    }

    /// The directory of this workspace.
    pub fn workspace(&self) -> PathBuf {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        tests.parent().unwrap().to_owned()
    }

    /// The directory that this workspace builds in. These packages build there, too, so that they find what is built already.
    pub fn target(&self) -> PathBuf {
        let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
        temporary.parent().unwrap().to_owned()
    }

    /// Writes a build script that builds what the builder says.
    pub fn builds(&self, builder: &str) {
        let script = format!("fn main() {{\n    veo_build::Kernels::{builder}.compile();\n}}\n");
        self.write("build.rs", &script);
    }

    /// Writes a file.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.dir.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes a script that can be executed.
    pub fn script(&self, file: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.write(file, text);
        fs::set_permissions(self.dir.join(file), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts a script before a compiler that writes down what it is called for.
    pub fn record(&self, tool: &str, real: &str) {
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = --version ] || echo \"$@\" >> '{}'\nexec {real} \"$@\"\n",
            self.calls().display()
        );
        self.script(tool, &script);
    }

    /// The record of the calls: not in the package, where a new file may be a change.
    pub fn calls(&self) -> PathBuf {
        self.dir.with_extension("calls")
    }

    /// Cargo, offline, for the host alone, with the recorded compilers.
    pub fn cargo(&self, args: &[&str]) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if VARIABLES.contains(&name.as_str())
                || name.starts_with("CARGO_PKG")
                || name == "CARGO_MANIFEST_DIR"
            {
                cargo.env_remove(name);
            }
        }
        cargo
            .args(args)
            .arg("--offline")
            .current_dir(&self.dir)
            .env("CARGO_TARGET_DIR", self.target())
            .env("CARGO_TERM_COLOR", "never")
            .env("VEO_TARGETS", "host")
            .env("VEO_CC", self.dir.join("cc"))
            .env("VEO_CXX", self.dir.join("cxx"))
            .env("VEO_FC", self.dir.join("fc"));
        cargo
    }

    /// Builds, and returns the output.
    pub fn built(&self) -> String {
        self.built_with::<&str>(&[])
    }

    /// Builds with these variables, and returns the output.
    pub fn built_with<V: AsRef<OsStr>>(&self, variables: &[(&str, V)]) -> String {
        let mut build = self.cargo(&["build"]);
        build.envs(variables.iter().map(|(name, value)| (name, value)));
        done(&mut build)
    }

    /// Builds, and returns the sources that were compiled.
    pub fn rebuilt(&self) -> Vec<String> {
        self.rebuilt_with::<&str>(&[])
    }

    /// Builds with these variables, and returns the sources that were compiled.
    pub fn rebuilt_with<V: AsRef<OsStr>>(&self, variables: &[(&str, V)]) -> Vec<String> {
        self.built_with(variables);
        self.compiled()
    }

    /// Takes a package away from what Cargo has built.
    pub fn clean(&self, name: &str) {
        done(&mut self.cargo(&["clean", "-p", name]));
    }

    /// Whether Cargo finds nothing to do, not even to run the build script.
    pub fn assert_fresh(&self) {
        let text = done(&mut self.cargo(&["build", "-v"]));
        let name = self.dir.file_name().unwrap().to_string_lossy();
        assert!(text.contains(&format!("Fresh {name}")), "{text}");
        assert_eq!(self.compiled(), NOTHING);
    }

    /// The sources that were compiled since the last time.
    pub fn compiled(&self) -> Vec<String> {
        let calls = self.calls();
        let text = fs::read_to_string(&calls).unwrap_or_default();
        let _ = fs::remove_file(calls);
        let compiles = text.lines().filter(|line| line.contains(" -c "));
        let name = |line: &str| {
            let words = line
                .split(' ')
                .find(|word| [".c", ".cpp", ".f90"].iter().any(|end| word.ends_with(end)));
            words.unwrap().rsplit('/').next().unwrap().to_string()
        };
        let mut names: Vec<String> = compiles.map(name).collect();
        names.sort();
        names
    }
}

/// Runs a command that has to succeed, and returns its output.
pub fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// The output of Cargo and its children.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}
