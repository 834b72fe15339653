//! Programs with kernels, built and run: in several languages, with a dependency, moved, with a static veorun.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::package::{NOTHING, Package, done, said};

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
    package.write(
        "dep/build.rs",
        "fn main() {\n    veo_build::Kernels::new(\"libdep.so\").file(\"triple.c\").compile();\n}\n",
    );
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
    package.builds(&format!(
        "new(\"libapp.so\").files([\"kernels/sum.c\", \"kernels/{twice}\"]){fortran_file}"
    ));
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
    package.clean(name);
    package.clean(&dependency);
    package
}

const RESULT: &str = "7 42 3.5 15\n";

#[test]
fn three_languages_and_a_dependency_run() {
    if !crate::installed_compilers::cxx() {
        return;
    }
    let fortran = crate::installed_compilers::gfortran();
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
            .env("VEO_NEC_ROOT", bench.path("nec"));
        done(cargo.env("RECORDS", bench.path("records")))
    };
    nec(&mut package.cargo(&["build"]));
    assert_eq!(package.compiled(), NOTHING, "nothing changed for the host");
    let calls = bench.calls();
    for arch in ["-march=ve1", "-march=ve3"] {
        let of_arch = calls.iter().filter(|call| call.args[0] == arch);
        let mut tools: Vec<&str> = of_arch.map(|call| call.tool.as_str()).collect();
        tools.sort_unstable();
        // Three sources and two libraries, of which one is linked by C++'s compiler; the Fortran source beside them.
        let expected: &[&str] = if fortran {
            &["nc++", "nc++", "ncc", "ncc", "ncc", "nfort"]
        } else {
            &["nc++", "nc++", "ncc", "ncc", "ncc"]
        };
        assert_eq!(tools, expected, "{calls:#?}");
    }

    let text = nec(package.cargo(&["build"]).env("VEO_VERBOSE", "1"));
    let expected = "ncc: vec( 101): sum.c, line 5: Vectorized loop.";
    assert!(text.contains(expected), "{text}");

    if crate::installed_compilers::clang() && (!fortran || crate::installed_compilers::flang()) {
        let mut cargo = package.cargo(&["build", "-vv"]);
        let text = done(cargo.env("VEO_TARGETS", "host,ve1-llvm"));
        let libraries = text.matches(", ve1-llvm (clang-").count();
        assert_eq!(libraries, 2, "both libraries have a note: {text}");
    }
}

#[test]
fn a_program_is_moved_with_its_libraries() {
    let package = application("veo-test-deployed", false, false);
    let dist = package.dir.join("dist/bin");
    package.built_with(&[("VEO_INSTALL_DIR", &dist)]);
    let program = package.target().join("debug/veo-test-deployed");
    fs::copy(program, dist.join("program")).unwrap();
    for library in ["host/libapp.so", "host/libdep.so"] {
        assert!(dist.join(library).is_file(), "{library}");
    }
    // The directory that it was built in is gone.
    package.clean("veo-test-deployed");
    package.clean("veo-test-deployed-dep");
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
fn an_installed_program_and_a_built_one_each_take_their_own_libraries() {
    // The same packages as in the test before, so that little is compiled.
    let package = application("veo-test-deployed", false, false);
    let dist = package.dir.join("dist/bin");
    package.built_with(&[("VEO_INSTALL_DIR", &dist)]);
    let built = package.target().join("debug/veo-test-deployed");
    let installed = dist.join("program");
    fs::copy(&built, &installed).unwrap();
    // An old copy, from an installation, beside the program that Cargo runs.
    let stale = package.target().join("debug/host/libapp.so");
    fs::create_dir_all(stale.parent().unwrap()).unwrap();
    fs::copy(dist.join("host/libapp.so"), &stale).unwrap();

    package.write(
        "kernels/twice.c",
        "long twice(long x) { return 100 * x; }\n",
    );
    package.built();
    let run = |program: &PathBuf| {
        let output = Command::new(program)
            .env_remove("VEO_LIBRARY_PATH")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let (of_build, of_installation) = (run(&built), run(&installed));
    fs::remove_file(stale).unwrap();
    assert_eq!(of_build, RESULT.replace("42", "2100"));
    assert_eq!(of_installation, RESULT);
}

#[test]
fn a_program_installed_alone_is_told_how_to_bring_its_libraries() {
    // The same packages as in the test before, so that little is compiled.
    let package = application("veo-test-deployed", false, false);
    package.built();
    let bin = package.dir.join("alone/bin");
    fs::create_dir_all(&bin).unwrap();
    let program = bin.join("program");
    fs::copy(package.target().join("debug/veo-test-deployed"), &program).unwrap();
    // `cargo install --git` builds in a directory of its own, which it removes.
    package.clean("veo-test-deployed");
    package.clean("veo-test-deployed-dep");
    let output = Command::new(program)
        .env_remove("VEO_LIBRARY_PATH")
        .output()
        .unwrap();
    assert!(!output.status.success());
    // The directory has a space in its name; it is to be copied into a shell.
    let advice = format!("VEO_INSTALL_DIR='{}' ", bin.display());
    assert!(said(&output).contains(&advice), "{}", said(&output));
}

#[test]
fn a_static_veorun_has_its_kernels_linked_in() {
    // The same packages as in the test before, so that little is compiled.
    let package = application("veo-test-deployed", false, false);
    package.builds("static_veorun(\"veorun_app\").files([\"kernels/sum.c\", \"kernels/twice.c\"])");
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
