//! Messages for a user whose kernels cannot be built.

use crate::recording::Bench;
use veo_build::{ErrorKind, Kernels};

/// The error of a build that has to fail, with paths that do not change from run to run.
pub fn fails(bench: &Bench, kernels: &mut Kernels, kind: ErrorKind) -> String {
    let error = bench.build(kernels).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    error
        .to_string()
        .replace(bench.path("").to_str().unwrap(), "/")
}

/// A library of one C source, with NEC's tools failing in this way.
pub fn one_c(imitate: &str) -> (Bench, Kernels) {
    let mut bench = Bench::new();
    bench.set("IMITATE", imitate);
    bench.source("kernels/bad.c", "int k;\n");
    let mut kernels = Kernels::new("libk.so");
    kernels.file("kernels/bad.c");
    (bench, kernels)
}

/// The message without the hash in the names of intermediate files.
fn without_hash(message: &str) -> String {
    match message.find("bad-") {
        Some(at) => without_hash(&(message[..at].to_string() + "bad" + &message[at + 12..])),
        None => message.to_string(),
    }
}

#[test]
fn an_error_in_a_source() {
    let (bench, mut kernels) = one_c("source");
    let message = fails(&bench, &mut kernels, ErrorKind::ToolFailed);
    let work = "/out/veo/work/ve1/libk.so";
    let quoted = "RECORDS='/records'";
    let (before, command) = message
        .split_once("\n\nto repeat: cd '/package' && ")
        .unwrap();
    assert_eq!(
        before,
        "libk.so for ve1: compiling kernels/bad.c failed (exit status: 2)\n\n\
         \"/package/kernels/bad.c\", line 3: error: expected an expression"
    );
    let command = without_hash(command);
    assert!(
        command.contains(quoted),
        "the variables that were set belong to it: {command}"
    );
    assert!(
        command.ends_with(&format!(
            "-O2 -g -fpic -pthread '-Werror=implicit-function-declaration' -MD -MF '{work}/bad.dep' -c '/package/kernels/bad.c' -o '{work}/bad.o'"
        )),
        "{command}"
    );
}

#[test]
fn the_command_line_in_a_message_repeats_the_failure() {
    let (bench, mut kernels) = one_c("source");
    let error = bench.build(&mut kernels).unwrap_err().to_string();
    let (_, command) = error.split_once("to repeat: ").unwrap();
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(command)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.ends_with("bad.c\", line 3: error: expected an expression\n"),
        "{said}"
    );
}

#[test]
fn an_unknown_option() {
    let (bench, mut kernels) = one_c("");
    let message = fails(&bench, kernels.flag("-fbogus"), ErrorKind::ToolFailed);
    assert!(
        message.contains(
            "ncc: error: unknown option '-fbogus'\n\nhelp: the compiler does not know an option."
        ),
        "{message}"
    );
    assert!(message.contains(".flag_if_supported(..)"));
}

#[test]
fn a_missing_licence() {
    let (bench, mut kernels) = one_c("licence");
    let message = fails(&bench, &mut kernels, ErrorKind::NoLicence);
    assert!(message.contains("license check failed: no license server is available\n\nhelp: NEC's compilers need a licence"), "{message}");
    assert!(message.contains("VEO_TARGETS=host"));
}

#[test]
fn a_crash_of_the_compiler() {
    let (bench, mut kernels) = one_c("crash");
    let message = fails(&bench, &mut kernels, ErrorKind::ToolCrashed);
    assert!(
        message.contains("compiling kernels/bad.c failed (signal: 11"),
        "{message}"
    );
    assert!(
        message.contains("(it printed nothing)\n\nhelp: the compiler itself broke down"),
        "{message}"
    );
}

#[test]
fn success_without_a_result() {
    let (bench, mut kernels) = one_c("nothing");
    let message = fails(&bench, &mut kernels, ErrorKind::WrongOutput);
    assert!(
        message.contains("the compiler reported success but made no "),
        "{message}"
    );
}

#[test]
fn code_for_another_machine() {
    let (bench, mut kernels) = one_c("x86");
    let message = fails(&bench, &mut kernels, ErrorKind::WrongOutput);
    assert_eq!(
        message,
        "libk.so for ve1: ncc 5.1.0 made machine code for ELF machine 62 and not for the VE (251)"
    );
}

#[test]
fn several_errors_are_all_shown() {
    let (mut bench, mut kernels) = one_c("source");
    bench.set("VEO_TARGETS", "ve1,ve3");
    bench.set("NUM_JOBS", "8");
    let message = fails(&bench, &mut kernels, ErrorKind::ToolFailed);
    assert!(message.contains("libk.so for ve1: compiling"), "{message}");
    assert_eq!(
        message.matches("line 3: error:").count(),
        message.matches("to repeat:").count()
    );
}

#[test]
fn mistakes_in_the_build_script() {
    let bench = Bench::new();
    bench.source("k.c", "");
    bench.source("k.h", "");
    let invalid = ErrorKind::InvalidArgument;
    let message = |kernels: &mut Kernels, kind| fails(&bench, kernels, kind);
    assert_eq!(
        message(&mut Kernels::new("libk.so"), invalid),
        "libk.so: no sources; add some, as in .file(\"kernels/k.c\")"
    );
    assert_eq!(
        message(Kernels::new("k").file("k.c"), invalid),
        "`k` is not the file name of a shared library; name it \"libk.so\" here and in #[ve_kernel(lib = ..)]"
    );
    for name in ["libk", "libk.a", "k.dylib"] {
        let message = message(Kernels::new(name).file("k.c"), invalid);
        assert!(message.contains("name it \"libk.so\" here"), "{message}");
    }
    assert_eq!(
        message(Kernels::new("a/libk.so").file("k.c"), invalid),
        "`a/libk.so` cannot name a library; give a file name without a directory that does not begin with a dot"
    );
    assert_eq!(
        message(Kernels::new("libk.so").file("none.c"), ErrorKind::Io),
        "libk.so: the source none.c does not exist (/package/none.c)"
    );
    assert_eq!(
        message(Kernels::new("libk.so").file("k.h"), invalid),
        "libk.so: k.h is not a source by its name; leave headers to the sources that include them; .include(..) names their directory"
    );
    assert!(
        message(Kernels::new("libk.so").file("k.o"), invalid)
            .starts_with("libk.so: k.o is not a source by its name; C is .c")
    );
    assert_eq!(
        message(Kernels::new("libk.so").file("*.c"), ErrorKind::Io),
        "libk.so: the source *.c does not exist; .glob(..) takes patterns (/package/*.c)"
    );
    assert_eq!(
        message(Kernels::new("libk.so").glob("k[.c"), invalid),
        "libk.so: the pattern `k[.c` is not valid: Pattern syntax error near position 1: invalid range pattern"
    );
    for lib in ["libm.so", "libm.a", "-lm", "/usr/lib/libm.so.6"] {
        let message = message(Kernels::new("libk.so").file("k.c").link_lib(lib), invalid);
        assert!(
            message.starts_with(&format!(
                "libk.so: .link_lib(\"{lib}\") takes the name alone"
            )),
            "{message}"
        );
    }
    assert_eq!(
        message(Kernels::new("libk.so").glob("kernels/*.f90"), invalid),
        "libk.so: the pattern `kernels/*.f90` matches no file in /package"
    );
    assert_eq!(
        message(
            Kernels::new("libk.so").file("k.c").for_file("K.c", |_| {}),
            invalid
        ),
        "libk.so: .for_file(\"K.c\", ..) names no source of this library; give the path by which the source was added"
    );
    assert!(
        message(
            Kernels::new("libk.so")
                .file("k.c")
                .for_file("k.c", |o| drop(o.link_lib("m").clone())),
            invalid
        )
        .starts_with("libk.so: .for_file(\"k.c\", ..) sets something for the linker")
    );
    assert_eq!(
        message(
            Kernels::new("libk.so").file("k.c").object("none.o"),
            ErrorKind::Io
        ),
        "libk.so: the object /package/none.o does not exist"
    );
}

#[test]
fn a_compiler_that_is_none() {
    let mut bench = Bench::new();
    bench.set("VEO_TARGETS", "host");
    bench.source("k.c", "");
    bench.source("k.cpp", "");
    bench.source("k.f90", "");
    let message = |files: &[&str], compiler: &str| {
        let kernels = &mut Kernels::new("libk.so");
        kernels.files(files).compiler(compiler);
        fails(&bench, kernels, ErrorKind::ToolNotFound)
    };
    // The compiler is the one of the first language that has a source.
    for files in [&["k.cpp", "k.c"][..], &["k.cpp"], &["k.f90"]] {
        assert_eq!(
            message(files, "no-such-cc"),
            ".compiler(\"no-such-cc\") names a compiler, but there is no such program"
        );
    }
    assert_eq!(
        message(&["k.c"], "ccache gcc"),
        ".compiler(\"ccache gcc\") names a compiler, but there is no such program; give one with arguments by .env(\"VEO_CC\", ..)"
    );
    let source = bench.path("package/k.c");
    assert!(
        message(&["k.c"], source.to_str().unwrap())
            .ends_with("/package/k.c\") names a compiler, but that file may not be executed")
    );
    bench.set("VEO_CC", "/usr");
    let kernels = &mut Kernels::new("libk.so");
    let message = fails(&bench, kernels.file("k.c"), ErrorKind::ToolNotFound);
    assert_eq!(message, "VEO_CC is `/usr`, but that is a directory");
}

#[test]
fn a_library_built_twice() {
    let bench = Bench::new();
    bench.source("k.c", "");
    let mut kernels = Kernels::new("libk.so");
    bench.build(kernels.file("k.c")).unwrap();
    let error = kernels.try_compile().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let message = error.to_string();
    assert!(
        message.starts_with("libk.so is built twice, at "),
        "{message}"
    );
    assert!(
        message.contains("recording.rs:") && message.contains("failures.rs:"),
        "{message}"
    );
}

#[test]
fn outside_of_a_build_script() {
    let error = Kernels::new("libk.so")
        .file("k.c")
        .env("TARGET", "")
        .try_compile()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingVariable);
    assert_eq!(
        error.to_string(),
        "TARGET is not set. Cargo sets it for build scripts, so call this from build.rs"
    );
}
