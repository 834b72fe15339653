//! Crates made by hand in an empty directory and built by Cargo itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::recording::{elf_header, touch};

/// A package in a directory of its own, whose compilers are recorded and whose name is its test's.
struct Package {
    dir: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

const VARIABLES: [&str; 13] = [
    "CC",
    "CXX",
    "FC",
    "CFLAGS",
    "CXXFLAGS",
    "VEO_TARGETS",
    "VEO_CC",
    "VEO_CXX",
    "VEO_FC",
    "VEO_SKIP_BUILD",
    "VEO_INSTALL_DIR",
    "VEO_NEC_ROOT",
    "VEO_VERBOSE",
];

impl Package {
    fn new(name: &str) -> Self {
        // Cargo would only wait for itself, and the compilers' records be mixed up.
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
        let clean = package.cargo(&["clean", "-p", name]).output().unwrap();
        assert!(clean.status.success(), "{}", said(&clean));
        package
    }

    fn workspace(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .unwrap()
            .to_owned()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.dir.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn script(&self, file: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.write(file, text);
        fs::set_permissions(self.dir.join(file), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts a script before a compiler that writes down what it is called for.
    fn record(&self, tool: &str, real: &str) {
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = --version ] || echo \"$@\" >> '{}'\nexec {real} \"$@\"\n",
            self.dir.join("calls.txt").display()
        );
        self.script(tool, &script);
    }

    fn cargo(&self, args: &[&str]) -> Command {
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
            // What is built for this workspace serves these crates too.
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap(),
            )
            .env("CARGO_TERM_COLOR", "never")
            .env("VEO_TARGETS", "host")
            .env("VEO_CC", self.dir.join("cc"))
            .env("VEO_CXX", self.dir.join("cxx"))
            .env("VEO_FC", self.dir.join("fc"));
        cargo
    }

    fn build(&self) -> Output {
        self.cargo(&["build"]).output().unwrap()
    }

    fn built(&self) -> String {
        let output = self.build();
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    }

    /// The sources that were compiled since the last time.
    fn compiled(&self) -> Vec<String> {
        let calls = self.dir.join("calls.txt");
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

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn only_what_changed_is_compiled() {
    let package = Package::new("veo-test-rebuilds");
    package.write("build.rs", "fn main() {\n    veo_build::Kernels::new(\"libk.so\").glob(\"kernels/*.c\").include(\"include\").compile();\n}\n");
    package.write(
        "kernels/a.c",
        "#include \"shared.h\"\nint a(void) { return SHARED; }\n",
    );
    package.write(
        "kernels/b.c",
        "#include <stdio.h>\nint b(void) { return 2; }\n",
    );
    package.write("include/shared.h", "#include \"deep.h\"\n");
    package.write("include/deep.h", "#define SHARED 1\n");
    package.built();
    assert_eq!(package.compiled(), ["a.c", "b.c"]);

    let again = package.cargo(&["build", "-v"]).output().unwrap();
    assert!(
        said(&again).contains("Fresh veo-test-rebuilds"),
        "the build script does not even run: {}",
        said(&again)
    );
    assert_eq!(package.compiled(), [""; 0]);

    for header in ["include/shared.h", "include/deep.h"] {
        touch(&package.dir.join(header));
        package.built();
        assert_eq!(package.compiled(), ["a.c"], "{header}");
    }
    package.write("src/main.rs", "fn main() { println!() }\n");
    package.built();
    assert_eq!(package.compiled(), [""; 0], "Rust sources are no kernels");
    package.write("kernels/c.c", "int c(void) { return 3; }\n");
    package.built();
    assert_eq!(package.compiled(), ["c.c"], "a new file of the pattern");
    fs::remove_file(package.dir.join("kernels/c.c")).unwrap();
    package.built();
    assert_eq!(package.compiled(), [""; 0], "one less");

    package.write(
        "build.rs",
        "fn main() {\n    veo_build::Kernels::new(\"libk.so\").glob(\"kernels/*.c\").include(\"include\").inline(\"i.c\", \"int i(void) { return 1; }\").compile();\n}\n",
    );
    package.built();
    assert_eq!(package.compiled(), ["i.c"]);
    let again = package.cargo(&["build", "-v"]).output().unwrap();
    let fresh = "Fresh veo-test-rebuilds";
    assert!(said(&again).contains(fresh), "inline: {}", said(&again));
    package.write(
        "build.rs",
        "fn main() {\n    veo_build::Kernels::new(\"libk.so\").glob(\"kernels/*.c\").include(\"include\").compile();\n}\n",
    );

    let flags = package
        .cargo(&["build"])
        .env("VEO_CFLAGS", "-DX")
        .output()
        .unwrap();
    assert!(flags.status.success());
    assert_eq!(package.compiled(), ["a.c", "b.c"]);
    package.built();
    package.compiled();

    let check = package.cargo(&["check"]).output().unwrap();
    assert!(check.status.success());
    assert_eq!(
        package.compiled(),
        [""; 0],
        "cargo check takes the kernels of cargo build"
    );

    // A script that changed is another compiler.
    package.record("cc", "  cc");
    package.built();
    assert_eq!(package.compiled(), ["a.c", "b.c"]);

    // So is another program behind a link as those of /etc/alternatives, however old it is.
    package.record("older", "cc");
    let link = |to: &str| {
        let link = package.dir.join("alternatives/cc");
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(package.dir.join(to), link).unwrap();
    };
    fs::create_dir(package.dir.join("alternatives")).unwrap();
    link("cc");
    std::os::unix::fs::symlink("alternatives/cc", package.dir.join("linked")).unwrap();
    let through_link = || {
        let mut build = package.cargo(&["build"]);
        let output = build.env("VEO_CC", package.dir.join("linked")).output();
        assert!(output.unwrap().status.success());
        package.compiled()
    };
    through_link();
    assert_eq!(through_link(), [""; 0]);
    link("older");
    assert_eq!(through_link(), ["a.c", "b.c"]);

    // And another version of what gcc's driver starts, unpacked by a package manager.
    let calls = package.dir.join("calls.txt");
    let private = package.dir.join("private");
    package.write("private/cc1", "");
    package.script(
        "older",
        &format!(
            "#!/bin/sh\ncase $1 in\n--version) exec ls '{0}' ;;\n-print-prog-name=cc1) echo '{0}/cc1'; exit ;;\nesac\n\
             echo \"$@\" >> '{1}'\nexec cc \"$@\"\n",
            private.display(),
            calls.display()
        ),
    );
    assert_eq!(through_link(), ["a.c", "b.c"]);
    assert_eq!(through_link(), [""; 0]);
    package.write("private/0.new", "");
    let long_ago =
        std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let file = fs::File::options().write(true).open(private.join("0.new"));
    file.unwrap().set_modified(long_ago).unwrap();
    assert_eq!(through_link(), ["a.c", "b.c"]);
    package.built();
    package.compiled();

    let skipped = package
        .cargo(&["build"])
        .env("VEO_SKIP_BUILD", "1")
        .output()
        .unwrap();
    assert!(skipped.status.success());
    touch(&package.dir.join("kernels/a.c"));
    let skipped = package
        .cargo(&["build"])
        .env("VEO_SKIP_BUILD", "1")
        .output()
        .unwrap();
    assert!(skipped.status.success());
    assert_eq!(package.compiled(), [""; 0], "an editor compiles nothing");
}

#[test]
fn what_the_build_script_writes_itself_is_no_change() {
    let package = Package::new("veo-test-generated");
    let script = |value: u32| {
        format!(
            "fn main() {{\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
             std::fs::write(format!(\"{{out}}/config.h\"), \"#define N {value}\\n\").unwrap();\n    \
             std::fs::write(format!(\"{{out}}/made.c\"), \"int made(void) {{ return 1; }}\\n\").unwrap();\n    \
             veo_build::Kernels::new(\"libk.so\").file(\"k.c\").file(format!(\"{{out}}/made.c\")).include(out).compile();\n}}\n"
        )
    };
    package.write("build.rs", &script(1));
    package.write("k.c", "#include \"config.h\"\nint k(void) { return N; }\n");
    package.built();
    assert_eq!(package.compiled(), ["k.c", "made.c"]);
    let again = said(&package.cargo(&["build", "-v"]).output().unwrap());
    assert!(again.contains("Fresh veo-test-generated"), "{again}");
    package.write("build.rs", &(script(1) + "// the script runs again\n"));
    package.built();
    assert_eq!(
        package.compiled(),
        [""; 0],
        "written again with the same content"
    );
    package.write("build.rs", &script(2));
    package.built();
    assert_eq!(package.compiled(), ["k.c"]);
}

#[test]
fn a_syntax_error_is_the_last_thing_said() {
    let package = Package::new("veo-test-error");
    package.write("build.rs", "fn main() {\n    veo_build::Kernels::new(\"libk.so\").file(\"kernels/good.c\").file(\"kernels/bad.c\").compile();\n}\n");
    package.write("kernels/good.c", "int good(void) { return 1; }\n");
    package.write("kernels/bad.c", "int bad(void) {\n    return 1 +;\n}\n");
    let output = package.build();
    assert_eq!(output.status.code(), Some(101));
    let said = said(&output);
    let bad = package.dir.join("kernels/bad.c");
    assert!(
        said.contains(&format!(
            "{}:2:15: error: expected expression",
            bad.display()
        )),
        "{said}"
    );
    assert!(
        !said.contains("--- stdout"),
        "nothing stands before the message: {said}"
    );
    assert!(!said.contains("panicked"), "{said}");
    package.write("kernels/bad.c", "int bad(void) {\n    return 1;\n}\n");
    package.built();
}

#[test]
fn warnings_of_compilers_are_warnings_of_the_build() {
    let package = Package::new("veo-test-warnings");
    package.write(
        "build.rs",
        "fn main() {\n    veo_build::Kernels::new(\"libk.so\").file(\"k.c\").compile();\n}\n",
    );
    package.write("k.c", "int k(void) {\n    int unused;\n    return 1;\n}\n");
    let text = package.built();
    let expected = format!(
        "warning: veo-test-warnings@0.1.0: {}:2:9: warning: unused variable",
        package.dir.join("k.c").display()
    );
    assert!(text.contains(&expected), "{text}");
    touch(&package.dir.join("build.rs"));
    let text = package.built();
    assert!(
        text.contains(&expected),
        "told again although nothing was compiled: {text}"
    );
    // The compiler of a target that was only found says it in other words, and nobody asked it.
    let found = package
        .cargo(&["build"])
        .env("VEO_TARGETS", "-ve1,-ve3")
        .output();
    let text = said(&found.unwrap());
    assert_eq!(
        text.matches(":2:9: warning: unused variable").count(),
        1,
        "{text}"
    );
}

#[test]
fn the_build_note_is_a_warning_where_something_is_missed() {
    let package = Package::new("veo-test-note");
    package.write(
        "build.rs",
        "fn main() {\n    let built = veo_build::Kernels::new(\"libk.so\").file(\"k.c\").compile();\n    \
         std::fs::write(\"note.txt\", built.note).unwrap();\n}\n",
    );
    package.write(
        "k.c",
        "int k(void) { return 1; }\nint other(void) { return 2; }\n",
    );
    fs::create_dir(package.dir.join("nec")).unwrap();
    let build = |verbose: &str| {
        let mut build = package.cargo(&["build"]);
        let nec = package.dir.join("nec");
        let build = build
            .env("VEO_TARGETS", "-ve1-llvm")
            .env("VEO_NEC_ROOT", nec);
        let output = build.env("VEO_VERBOSE", verbose).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    let note = || fs::read_to_string(package.dir.join("note.txt")).unwrap();

    // A machine without anything of NEC's: nothing is wrong.
    let text = build("0");
    assert!(!text.contains("warning"), "{text}");
    let left_out = format!(
        "; left out: ve1, ve3 (no ncc in PATH or {})",
        package.dir.join("nec/ve/bin").display()
    );
    assert!(note().ends_with(&left_out), "{}", note());
    let text = build("1");
    assert!(
        text.contains("warning: veo-test-note@0.1.0: libk.so: built for host ("),
        "{text}"
    );
    assert!(text.contains(&left_out), "{text}");

    // One that runs programs on a card, but cannot compile for it.
    fs::create_dir_all(package.dir.join("nec/ve/veos")).unwrap();
    let text = build("0");
    let warning = format!("{left_out}. VEO_TARGETS=-ve1,-ve3 silences this note\n");
    assert!(text.contains(&warning), "{text}");

    // The compilers are installed.
    fs::create_dir_all(package.dir.join("nec/ve/lib")).unwrap();
    fs::write(package.dir.join("ve1"), elf_header(251, 0)).unwrap();
    let ncc = format!(
        "#!/bin/sh\n[ \"$1\" != --version ] || exec echo 'ncc (Stand-in) 5.1.0'\n\
         while [ \"$1\" != -o ]; do shift; done\nexec cp '{}' \"$2\"\n",
        package.dir.join("ve1").display()
    );
    package.script("nec/ve/bin/ncc", &ncc);
    let text = build("0");
    assert!(!text.contains("warning"), "{text}");
    assert!(
        note().contains("ve1 (ncc 5.1.0); left out: ve3 ("),
        "{}",
        note()
    );

    // A function that nothing can call is told of, without being asked.
    package.write(
        "src/kernels.rs",
        "#[ve_kernel(lib = \"libk.so\")]\nfn k() -> i32;\n",
    );
    touch(&package.dir.join("build.rs"));
    let text = build("0");
    let place = package.dir.join("k.c");
    let undeclared = format!(
        "libk.so: no #[ve_kernel] declares other ({}:2); ",
        place.display()
    );
    assert!(text.contains(&undeclared), "{text}");
}

#[test]
fn built_from_the_package_that_would_be_published() {
    let package = Package::new("veo-test-packaged");
    package.write("build.rs", "fn main() {\n    veo_build::Kernels::new(\"libk.so\").glob(\"kernels/*.c\").include(\"kernels\").compile();\n}\n");
    package.write(
        "kernels/k.c",
        "#include \"k.h\"\nint k(void) { return K; }\n",
    );
    package.write("kernels/k.h", "#define K 1\n");
    let made = package
        .cargo(&[
            "package",
            "--no-verify",
            "--exclude-lockfile",
            "--allow-dirty",
        ])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let archive = target.join("package/veo-test-packaged-0.1.0.crate");
    // Not below this workspace, which would claim it.
    let unpacked = tempfile::Builder::new()
        .prefix("unpacked é ")
        .tempdir()
        .unwrap();
    let mut unpack = Command::new("tar");
    unpack
        .arg("xzf")
        .arg(archive)
        .arg("-C")
        .arg(unpacked.path());
    assert!(unpack.status().unwrap().success());
    let dir = unpacked.path().join("veo-test-packaged-0.1.0");
    // A package on its own, whatever lies in the directories above.
    let manifest = dir.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text + "\n[workspace]\n").unwrap();
    fs::copy(
        package.workspace().join("Cargo.lock"),
        dir.join("Cargo.lock"),
    )
    .unwrap();
    let mut cargo = package.cargo(&["build"]);
    for name in ["veo-build", "veo-abi", "veo-syntax"] {
        let path = package.workspace().join(name);
        cargo
            .arg("--config")
            .arg(format!("patch.crates-io.{name}.path={:?}", path));
    }
    let output = cargo.current_dir(&dir).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(package.compiled(), ["k.c"]);
    let before: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !before.iter().any(|name| name == "target" || name == "veo"),
        "nothing is written beside the sources"
    );
}

/// An application with kernels in three languages, and a crate with kernels that it depends on.
fn application(name: &str, cxx: bool, fortran: bool) -> Package {
    let package = Package::new(name);
    let dependency = format!("{name}-dep");
    let path = |of: &str| format!("{:?}", package.workspace().join(of));
    package.write(
        "dep/Cargo.toml",
        &format!(
            "[package]\nname = \"{dependency}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nname = \"dep\"\n\n\
             [dependencies]\nveo-core = {{ path = {} }}\n\n[build-dependencies]\nveo-build = {{ path = {} }}\n",
            path("veo-core"),
            path("veo-build")
        ),
    );
    package.write("dep/build.rs", "fn main() {\n    veo_build::Kernels::new(\"libdep.so\").file(\"triple.c\").compile();\n}\n");
    package.write(
        "dep/triple.c",
        "#include <stdint.h>\nint64_t triple(int64_t x) { return 3 * x; }\n",
    );
    package.write(
        "dep/src/lib.rs",
        "#[veo_core::ve_kernel(lib = \"libdep.so\")]\npub fn triple(x: i64) -> i64;\n",
    );
    let manifest = fs::read_to_string(package.dir.join("Cargo.toml")).unwrap();
    package.write(
        "Cargo.toml",
        &format!("{manifest}\n[dependencies]\nveo-core = {{ path = {} }}\ndep = {{ package = \"{dependency}\", path = \"dep\" }}\n", path("veo-core")),
    );
    let twice = if cxx { "twice.cpp" } else { "twice.c" };
    let fortran_file = if fortran {
        ".file(\"kernels/half.f90\")"
    } else {
        ""
    };
    package.write(
        "build.rs",
        &format!("fn main() {{\n    veo_build::Kernels::new(\"libapp.so\").files([\"kernels/sum.c\", \"kernels/{twice}\"]){fortran_file}.compile();\n}}\n"),
    );
    package.write(
        "kernels/sum.c",
        "#include <stdint.h>\ndouble sum(const double *x, int32_t n) {\n    double s = 0;\n    for (int32_t i = 0; i < n; i++) s += x[i];\n    return s;\n}\n",
    );
    let text = match cxx {
        true => {
            "template <typename T> static T twice_of(T x) { return x + x; }\nextern \"C\" long twice(long x) { return twice_of(x); }\n"
        }
        false => "long twice(long x) { return x + x; }\n",
    };
    package.write(&format!("kernels/{twice}"), text);
    package.write(
        "kernels/half.f90",
        "real(c_double) function half(x) bind(c)\n  use iso_c_binding\n  real(c_double), value :: x\n  half = 0.5d0 * x\nend function\n",
    );
    let (declared, called) = match fortran {
        true => (
            "#[ve_kernel(lib = \"libapp.so\")]\nfn half(x: f64) -> f64;\n",
            "half(&ctx, total)?.wait()?",
        ),
        false => ("", "total / 2.0"),
    };
    package.write(
        "src/main.rs",
        &format!(
            "use veo_core::{{VeoProc, ve_kernel}};\n\
             #[ve_kernel(lib = \"libapp.so\")]\nfn sum(x: *const f64, n: i32) -> f64;\n\
             #[ve_kernel(lib = \"libapp.so\")]\nfn twice(x: i64) -> i64;\n{declared}\
             fn main() -> veo_core::Result<()> {{\n\
             \x20   let proc = VeoProc::new(0)?;\n    let ctx = proc.open_context()?;\n\
             \x20   let x = proc.upload(&[1.0, 2.0, 4.0])?;\n\
             \x20   let total = sum(&ctx, &x, 3)?.wait()?;\n\
             \x20   println!(\"{{total}} {{}} {{}} {{}}\", twice(&ctx, 21)?.wait()?, {called}, dep::triple(&ctx, 5)?.wait()?);\n\
             \x20   Ok(())\n}}\n"
        ),
    );
    for package_name in [name, &dependency] {
        let clean = package
            .cargo(&["clean", "-p", package_name])
            .output()
            .unwrap();
        assert!(clean.status.success(), "{}", said(&clean));
    }
    package
}

const RESULT: &str = "7 42 3.5 15\n";

#[test]
fn three_languages_and_a_dependency_run() {
    if !crate::real::cxx() {
        return;
    }
    let fortran = crate::real::gfortran();
    let name = "veo-test-application";
    let package = application(name, true, fortran);
    let output = package.cargo(&["run", "-q"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), RESULT);
    let expected: &[&str] = if fortran {
        &["half.f90", "sum.c", "triple.c", "twice.cpp"]
    } else {
        &["sum.c", "triple.c", "twice.cpp"]
    };
    assert_eq!(package.compiled(), expected);

    // The same crate for the card: NEC's tools, as stand-ins.
    let bench = crate::recording::Bench::new();
    let nec = |cargo: &mut Command| {
        cargo
            .env("VEO_TARGETS", "host,ve1,ve3")
            .env("VEO_NEC_ROOT", bench.path("nec"))
            .env("RECORDS", bench.path("records"))
            .output()
            .unwrap()
    };
    let output = nec(&mut package.cargo(&["build"]));
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(package.compiled(), [""; 0], "nothing changed for the host");
    let calls = bench.calls();
    for arch in ["-march=ve1", "-march=ve3"] {
        let mut made: Vec<(String, String)> = calls
            .iter()
            .filter(|call| call.args[0] == arch)
            .map(|call| {
                (
                    call.tool.clone(),
                    call.args
                        .last()
                        .unwrap()
                        .rsplit('/')
                        .next()
                        .unwrap()
                        .to_string(),
                )
            })
            .collect();
        made.sort();
        let tools: Vec<&str> = made.iter().map(|(tool, _)| tool.as_str()).collect();
        // Three sources and two libraries, of which one is linked by C++'s compiler; the Fortran source beside them.
        let expected: &[&str] = if fortran {
            &["nc++", "nc++", "ncc", "ncc", "ncc", "nfort"]
        } else {
            &["nc++", "nc++", "ncc", "ncc", "ncc"]
        };
        assert_eq!(tools, expected, "{calls:#?}");
    }

    let output = nec(package.cargo(&["build"]).env("VEO_VERBOSE", "1"));
    let expected = "ncc: vec( 101): sum.c, line 5: Vectorized loop.";
    assert!(said(&output).contains(expected), "{}", said(&output));

    if crate::real::clang() && (!fortran || crate::real::flang()) {
        let mut cargo = package.cargo(&["build", "-vv"]);
        let output = cargo.env("VEO_TARGETS", "host,ve1-llvm").output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let libraries = said(&output).matches(", ve1-llvm (clang-").count();
        assert_eq!(
            libraries,
            2,
            "both libraries have a note: {}",
            said(&output)
        );
    }
}

#[test]
fn a_program_is_moved_with_its_libraries() {
    let package = application("veo-test-deployed", false, false);
    let dist = package.dir.join("dist/bin");
    let output = package
        .cargo(&["build"])
        .env("VEO_INSTALL_DIR", &dist)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    fs::copy(target.join("debug/veo-test-deployed"), dist.join("program")).unwrap();
    for library in ["host/libapp.so", "host/libdep.so"] {
        assert!(dist.join(library).is_file(), "{library}");
    }
    // Where it was built is no longer there.
    for package_name in ["veo-test-deployed", "veo-test-deployed-dep"] {
        let clean = package
            .cargo(&["clean", "-p", package_name])
            .output()
            .unwrap();
        assert!(clean.status.success(), "{}", said(&clean));
    }
    let elsewhere = package.dir.join("elsewhere");
    fs::rename(package.dir.join("dist"), &elsewhere).unwrap();
    let run = |program: PathBuf| {
        Command::new(program)
            .current_dir("/")
            .env_remove("VEO_LIBRARY_PATH")
            .output()
            .unwrap()
    };
    let output = run(elsewhere.join("bin/program"));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        RESULT,
        "{}",
        said(&output)
    );
    fs::remove_dir_all(elsewhere.join("bin/host")).unwrap();
    let output = run(elsewhere.join("bin/program"));
    assert!(
        !output.status.success(),
        "the libraries came from beside the program"
    );

    let output = package
        .cargo(&["build"])
        .env("VEO_INSTALL_DIR", "dist")
        .output()
        .unwrap();
    assert!(
        said(&output).contains("VEO_INSTALL_DIR is `dist`; it must be an absolute path"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_static_veorun_has_its_kernels_linked_in() {
    // The same packages as in the test before, so that little is compiled.
    let package = application("veo-test-deployed", false, false);
    package.write(
        "build.rs",
        "fn main() {\n    veo_build::Kernels::static_veorun(\"veorun_app\").files([\"kernels/sum.c\", \"kernels/twice.c\"]).compile();\n}\n",
    );
    let main = fs::read_to_string(package.dir.join("src/main.rs")).unwrap();
    let main = main
        .replace("lib = \"libapp.so\"", "static")
        .replace(
            "VeoProc::new(0)?",
            "VeoProc::builder().node(0).veorun(concat!(env!(\"OUT_DIR\"), \"/veo/host/veorun_app\")).build()?",
        );
    package.write("src/main.rs", &main);
    let output = package.cargo(&["run", "-q"]).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        RESULT,
        "{}",
        said(&output)
    );
}

#[test]
fn compilers_run_in_parallel_as_far_as_cargo_allows() {
    let package = Package::new("veo-test-parallel");
    let files: Vec<String> = (0..6).map(|index| format!("k{index}.c")).collect();
    package.write(
        "build.rs",
        "fn main() {\n    veo_build::Kernels::new(\"libk.so\").glob(\"kernels/*.c\").compile();\n}\n",
    );
    for (index, file) in files.iter().enumerate() {
        package.write(
            &format!("kernels/{file}"),
            &format!("int k{index}(void) {{ return 1; }}\n"),
        );
    }
    // Each call notes how many are at work.
    let script = fs::read_to_string(package.dir.join("cc")).unwrap();
    let dir = package.dir.display();
    let counted = script.replace(
        "exec cc \"$@\"",
        &format!(
            "mkdir -p '{dir}/now'; : > '{dir}/now/'$$; ls '{dir}/now' | wc -l >> '{dir}/counts'\n\
             sleep 0.2; rm '{dir}/now/'$$; exec cc \"$@\""
        ),
    );
    package.write("cc", &counted);
    let most = |jobs: &str| {
        for file in &files {
            touch(&package.dir.join("kernels").join(file));
        }
        let _ = fs::remove_file(package.dir.join("counts"));
        let output = package.cargo(&["build", "-j", jobs]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(package.compiled().len(), files.len());
        let counts = fs::read_to_string(package.dir.join("counts")).unwrap();
        counts
            .lines()
            .map(|line| line.trim().parse::<usize>().unwrap())
            .max()
            .unwrap()
    };
    assert_eq!(most("1"), 1);
    let most = most("3");
    assert!((2..=3).contains(&most), "{most}");
}
