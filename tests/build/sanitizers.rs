//! Kernels with sanitizers: what is refused, what compilers are told, and a crate whose `cargo test` finds mistakes with one
//! variable.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use veo_build::{ErrorKind, Kernels, Sanitizer, Target};

use crate::failures::fails;
use crate::installed_compilers::{bench, clang, gfortran};
use crate::package::{Package, said};

#[test]
fn impossible_sanitizers_are_refused() {
    let library = |source: &str| {
        let mut kernels = Kernels::new("libk.so");
        kernels.file(source);
        kernels
    };
    let c = || library("kernels/k.c");
    let mut openmp = c();
    openmp.openmp(true);
    let mut both = c();
    both.sanitize(Sanitizer::Address)
        .sanitize(Sanitizer::Thread);
    let cases = [
        ("leak", "", c(), "(address finds leaks)"),
        ("memory", "", c(), "cannot be built with `memory`"),
        ("address,thread", "", c(), "exclude each other"),
        ("", "", both, "exclude each other"),
        ("thread", "gcc", c(), "only clang builds kernels with it"),
        ("thread", "gcc", openmp, "reports correct code"),
        ("thread", "", library("kernels/h.f90"), "Fortran and OpenMP"),
    ];
    for (value, compiler, mut kernels, expected) in cases {
        if expected.contains("Fortran") && !gfortran() {
            continue;
        }
        let mut bench = bench("host");
        bench.set("VEO_SANITIZE", value);
        bench.set("VEO_CC", compiler);
        let message = fails(&bench, &mut kernels, ErrorKind::InvalidArgument);
        assert!(message.contains(expected), "{value}: {message}");
    }
}

#[test]
fn the_variable_overrides_the_script() {
    let commands = |value: &str, sanitizer: Option<Sanitizer>| {
        let mut bench = bench("host");
        bench.set("VEO_SANITIZE", value);
        let mut kernels = Kernels::new("libk.so");
        kernels.file("kernels/k.c");
        if let Some(sanitizer) = sanitizer {
            kernels.sanitize(sanitizer);
        }
        let built = bench.build(&mut kernels).unwrap();
        assert_eq!(built.targets[0].target, Target::Host);
        let commands = &built.targets[0].commands;
        assert_eq!(commands.len(), 2, "{commands:#?}");
        let count = |flag: &str| commands.iter().filter(|line| line.contains(flag)).count();
        [count("-fsanitize=address"), count("-fsanitize=undefined")]
    };
    assert_eq!(commands("", None), [0, 0]);
    assert_eq!(commands("", Some(Sanitizer::Address)), [2, 0]);
    assert_eq!(commands("off", Some(Sanitizer::Address)), [0, 0]);
    assert_eq!(commands("undefined", Some(Sanitizer::Address)), [0, 2]);
    assert_eq!(commands("undefined, address", None), [2, 2]);
}

/// clang's sanitizer of threads knows OpenMP by a tool that its OpenMP library brings along.
#[test]
fn a_missing_archer_is_named() {
    if !clang() {
        return;
    }
    let mut bench = bench("host");
    let tools = tempfile::tempdir().unwrap();
    let compiler = tools.path().join("clang");
    // This behaves like a clang without its OpenMP library: it repeats the name of a file that it does not find.
    let script = "#!/bin/sh\n[ \"$1\" = -print-file-name=libarcher.so ] && exec echo libarcher.so\n\
                  exec clang-19 \"$@\"\n";
    fs::write(&compiler, script).unwrap();
    fs::set_permissions(&compiler, fs::Permissions::from_mode(0o755)).unwrap();
    bench.set("VEO_CC", compiler.to_str().unwrap());
    bench.set("VEO_SANITIZE", "thread");
    let mut kernels = Kernels::new("libk.so");
    kernels.file("kernels/k.c").openmp(true);
    let message = fails(&bench, &mut kernels, ErrorKind::ToolNotFound);
    for part in ["libk.so: ", "has no libarcher.so", "libomp-19-dev"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

/// A crate with a right kernel and three wrong ones, each with a test. The wrong ones return as if nothing
/// had happened: of four values the C library's blocks have room for one more.
fn crate_with_tests(name: &str) -> Package {
    let package = Package::new(name);
    package.builds("new(\"libsmooth.so\").file(\"kernels/smooth.c\")");
    package.write(
        "kernels/smooth.c",
        "#include <pthread.h>\n#include <stdint.h>\n#include <stdlib.h>\n\
         double right(const double *x, int64_t n) { return x[n - 1]; }\n\
         double wrong(const double *x, int64_t n)\n{\n\
         \x20   double *volatile y = malloc(n * sizeof *y);\n\
         \x20   for (int64_t i = 0; i <= n; i++)\n\
         \x20       y[i] = i < n ? x[i] : 0;\n\
         \x20   double last = y[n - 1];\n\
         \x20   free(y);\n\
         \x20   return last;\n}\n\
         double shifted(const double *x, int64_t n)\n{\n\
         \x20   volatile int by = n + 28;\n\
         \x20   volatile int bit = 1 << by;\n\
         \x20   (void)bit;\n\
         \x20   return x[n - 1];\n}\n\
         static long count;\n\
         static void *counts(void *_)\n{\n\
         \x20   count++;\n\
         \x20   return _;\n}\n\
         double raced(const double *x, int64_t n)\n{\n\
         \x20   pthread_t one, two;\n\
         \x20   pthread_create(&one, 0, counts, 0);\n\
         \x20   pthread_create(&two, 0, counts, 0);\n\
         \x20   pthread_join(one, 0);\n\
         \x20   pthread_join(two, 0);\n\
         \x20   return x[n - 1];\n}\n",
    );
    let manifest = fs::read_to_string(package.dir.join("Cargo.toml")).unwrap();
    let core = package.workspace().join("veo-core");
    package.write(
        "Cargo.toml",
        &format!("{manifest}\n[dependencies]\nveo-core = {{ path = {core:?} }}\n"),
    );
    package.write("src/main.rs", "fn main() {}\n");
    package.write(
        "src/lib.rs",
        "use veo_core::ve_kernel;\n\
         #[ve_kernel(lib = \"libsmooth.so\")]\npub fn right(x: *const f64, n: i64) -> f64;\n\
         #[ve_kernel(lib = \"libsmooth.so\")]\npub fn wrong(x: *const f64, n: i64) -> f64;\n\
         #[ve_kernel(lib = \"libsmooth.so\")]\npub fn shifted(x: *const f64, n: i64) -> f64;\n\
         #[ve_kernel(lib = \"libsmooth.so\")]\npub fn raced(x: *const f64, n: i64) -> f64;\n\
         #[cfg(test)]\nfn last(kernel: impl FnOnce(&veo_core::VeoProc, &veo_core::VeBuffer<f64>) -> veo_core::Result<f64>) {\n\
         \x20   let proc = veo_core::VeoProc::new(0).unwrap();\n\
         \x20   let x = proc.upload(&[1.0, 2.0, 3.0, 4.0]).unwrap();\n\
         \x20   assert_eq!(kernel(&proc, &x).unwrap(), 4.0);\n\
         \x20   proc.close().unwrap();\n}\n\
         #[test]\nfn right_one() { last(|proc, x| right(proc, x, 4)) }\n\
         #[test]\nfn wrong_one() { last(|proc, x| wrong(proc, x, 4)) }\n\
         #[test]\nfn shifted_one() { last(|proc, x| shifted(proc, x, 4)) }\n\
         #[test]\nfn raced_one() { last(|proc, x| raced(proc, x, 4)) }\n",
    );
    package.clean(name);
    package
}

#[test]
fn one_variable_is_all_that_a_crate_needs() {
    let package = crate_with_tests("veo-test-sanitized");
    let run = |variables: &[(&str, &str)]| {
        let mut test = package.cargo(&["test", "--lib"]);
        test.envs(variables.iter().copied());
        let output = test.output().unwrap();
        (output.status.success(), said(&output))
    };
    let (passed, text) = run(&[]);
    assert!(passed, "{text}");
    // Which test fails, what is said of it, of which line.
    let heap = (
        "wrong_one",
        "AddressSanitizer: heap-buffer-overflow, WRITE of size 8",
        9,
    );
    let shift = ("shifted_one", "shift exponent 32 is too large", 17);
    let race = ("raced_one", "ThreadSanitizer: data race", 24);
    let mut ways = vec![("address", "gcc", heap), ("undefined", "gcc", shift)];
    if clang() {
        let clang = "clang-19";
        ways.extend([
            ("address", clang, heap),
            ("undefined", clang, shift),
            ("thread", clang, race),
        ]);
    }
    for (sanitizer, cc, (test, found, line)) in ways {
        let cxx = cc.replace("gcc", "g++").replace("clang", "clang++");
        let (passed, text) = run(&[
            ("VEO_SANITIZE", sanitizer),
            ("VEO_CC", cc),
            ("VEO_CXX", &cxx),
        ]);
        assert!(!passed, "{sanitizer}, {cc}: {text}");
        let place = format!("{}:{line}", package.dir.join("kernels/smooth.c").display());
        let failed = format!("test {test} ... FAILED");
        for part in [found, &place, "test right_one ... ok", &failed] {
            assert!(text.contains(part), "{sanitizer}, {cc}: {part} in {text}");
        }
        let failures = text.matches(" ... FAILED").count();
        assert_eq!(failures, 1, "{sanitizer}, {cc}: {text}");
    }
    let (passed, text) = run(&[]);
    assert!(passed, "without the variable all is as before: {text}");
    let warning = "none of the kernels' libraries is built with";
    assert!(!text.contains(warning), "{text}");
    // The program alone, with a variable that counts where kernels are built. Each of its tests has
    // a process.
    let run_again = |value: &str| {
        let mut build = package.cargo(&["test", "--lib", "--no-run"]);
        let built = said(&build.output().unwrap());
        let program = built.split('(').next_back().unwrap();
        let program = program.split(')').next().unwrap().to_owned();
        let mut alone = Command::new(package.dir.join(program));
        alone.env("VEO_SANITIZE", value).arg("--nocapture");
        let output = alone.current_dir(&package.dir).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    let text = run_again("address, undefined");
    assert_eq!(text.matches(warning).count(), 1, "{text}");
    let part = "built with AddressSanitizer or UndefinedBehaviorSanitizer: it counts";
    assert!(text.contains(part), "{text}");
    assert!(!run_again("off").contains(warning));
}

#[test]
fn coverage_is_written_at_the_end_of_the_process() {
    let package = crate_with_tests("veo-test-covered");
    let run = |flag: &str, cc: &str, variables: &[(&str, &Path)]| {
        let mut test = package.cargo(&["test", "--lib"]);
        test.env("VEO_CFLAGS", flag).env("VEO_CC", cc);
        let output = test.envs(variables.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    };
    let counters = package.dir.join("counters");
    fs::create_dir_all(&counters).unwrap();
    // gcc writes below this directory, under the whole path of the object.
    run("--coverage", "gcc", &[("GCOV_PREFIX", &counters)]);
    assert!(has_file(&counters, "gcda"), "no counters of gcc");
    if clang() {
        let file = counters.join("%p.profraw");
        let flags = "-fprofile-instr-generate -fcoverage-mapping";
        run(flags, "clang-19", &[("LLVM_PROFILE_FILE", &file)]);
        assert!(has_file(&counters, "profraw"), "no counters of clang");
    }
}

/// Whether a file with this ending, and not empty, lies somewhere below.
fn has_file(directory: &Path, ending: &str) -> bool {
    let entries = fs::read_dir(directory).unwrap();
    let mut paths = entries.map(|entry| -> PathBuf { entry.unwrap().path() });
    paths.any(|path| {
        if path.is_dir() {
            return has_file(&path, ending);
        }
        let is_it = path.extension().is_some_and(|it| it == ending);
        is_it && path.metadata().unwrap().len() > 0
    })
}
