//! The files that the install command puts under its prefix.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use veo_abi::ffi::VeoApi;
use veo_test_support::compile::{self, tool};
use veo_test_support::dropin::Dropin;
use veo_test_support::{available, found};

#[test]
fn everything_is_in_its_place() {
    let prefix = Dropin::get().prefix();
    let mode = |path: &str| {
        fs::metadata(prefix.join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    for name in ["libveo.so", "libveohmem.so"] {
        let link = |suffix: &str| {
            let path = prefix.join("lib64").join(format!("{name}{suffix}"));
            fs::read_link(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
        };
        assert_eq!(link(""), Path::new(&format!("{name}.1")));
        assert_eq!(link(".1"), Path::new(&format!("{name}.1.0.0")));
        assert_eq!(mode(&format!("lib64/{name}.1.0.0")), 0o755);
    }
    for program in ["veorun", "aveorun", "aveorun_ve1", "aveorun_ve3"] {
        assert_eq!(mode(&format!("libexec/{program}")), 0o755, "{program}");
    }
    assert_eq!(mode("bin/mk_veorun_static"), 0o755);
    for (name, text) in veo_abi::headers::HEADERS {
        assert_eq!(mode(&format!("include/{name}")), 0o644);
        assert_eq!(
            fs::read_to_string(prefix.join("include").join(name)).unwrap(),
            text
        );
    }
    // No half-written file is left.
    for directory in ["lib64", "include", "libexec", "bin", "lib64/pkgconfig"] {
        for entry in fs::read_dir(prefix.join(directory)).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(!name.to_string_lossy().starts_with('.'), "{name:?}");
        }
    }
}

/// The dynamic symbols that a library defines: name to version.
fn defined_symbols(library: &Path) -> BTreeMap<String, String> {
    let table = tool(
        Command::new("readelf")
            .args(["-W", "--dyn-syms"])
            .arg(library),
    );
    let mut symbols = BTreeMap::new();
    for line in table.lines() {
        // Num: Value Size Type Bind Vis Ndx Name
        let fields: Vec<_> = line.split_whitespace().collect();
        let [number, _, _, kind, _, _, section, name, ..] = fields[..] else {
            continue;
        };
        // An absolute symbol names the version node itself.
        let is_entry = number.trim_end_matches(':').parse::<u32>().is_ok();
        if !is_entry || ["UND", "ABS"].contains(&section) || kind == "SECTION" {
            continue;
        }
        let (name, version) = name.split_once('@').unwrap_or((name, ""));
        symbols.insert(name.to_owned(), version.to_owned());
    }
    symbols
}

#[test]
fn exactly_the_functions_of_the_interface_are_visible_each_in_its_version() {
    let have = defined_symbols(&Dropin::get().library());
    let wanted: BTreeMap<String, String> = VeoApi::NAMES
        .iter()
        .map(|name| {
            let version = if name.starts_with("veo_emu_") {
                "@VEO_EMU_1"
            } else {
                "@VERSION_1"
            };
            ((*name).to_owned(), version.to_owned())
        })
        .collect();
    assert_eq!(have, wanted);
}

#[test]
fn the_soname_and_what_is_needed() {
    let dropin = Dropin::get();
    let dynamic = |path: &Path| tool(Command::new("readelf").args(["-W", "-d"]).arg(path));
    let library = dynamic(&dropin.library());
    assert!(
        library.contains("Library soname: [libveo.so.1]"),
        "{library}"
    );
    for line in library.lines().filter(|line| line.contains("(NEEDED)")) {
        // It needs only the C library and gcc's, which every clean machine has.
        let known = [
            "libc.so",
            "libm.so",
            "libdl.so",
            "libpthread.so",
            "librt.so",
            "libgcc_s.so",
        ]
        .iter()
        .chain(&["libutil.so", "ld-linux"]);
        assert!(known.into_iter().any(|name| line.contains(name)), "{line}");
    }
    assert!(
        !library.contains("RPATH") && !library.contains("RUNPATH"),
        "{library}"
    );
    let hmem = dynamic(&dropin.prefix().join("lib64/libveohmem.so"));
    assert!(hmem.contains("Library soname: [libveohmem.so]"), "{hmem}");
}

#[test]
fn the_kernel_side_library_has_its_functions() {
    let have = defined_symbols(&Dropin::get().prefix().join("lib64/libveohmem.so"));
    for name in [
        "veo_is_ve_addr",
        "veo_get_hmem_addr",
        "veo_get_max_proc_identifier",
        "veo_get_proc_identifier_from_hmem",
        "veo_prev_req_result",
    ] {
        assert!(have.contains_key(name), "{name} is not in {have:?}");
    }
}

/// Sources for the VE ask for the macro of its compilers.
#[test]
fn kernels_that_ask_for_the_ve_compile_as_the_readme_says() {
    let dropin = Dropin::get();
    let source = dropin.scratch("device_header").join("device.c");
    let text = "#ifndef __ve__\n#error for the VE alone\n#endif\n\
                #include <veo_ve.h>\n#include <veo_hmem.h>\n\
                uint64_t f(void *p) { return (uint64_t)veo_get_hmem_addr(p); }\n";
    fs::write(&source, text).unwrap();
    let compiles = |options: &[&str]| {
        let mut compiler = compile::compiler(&source);
        compiler
            .args(["-O1", "-g", "-fpic", "-shared", "-Wall", "-Werror", "-I"])
            .arg(dropin.prefix().join("include"))
            .args(options)
            .arg(&source)
            .arg("-o")
            .arg(source.with_extension("so"));
        compiler.output().unwrap().status.success()
    };
    assert!(!compiles(&[]), "the source asks for nothing");
    assert!(compiles(&["-D__ve__"]));
}

/// Kernels may be linked with libveohmem.so, as NEC's are.
#[test]
fn kernels_linked_with_the_kernel_side_library_load() {
    let dropin = Dropin::get();
    let directory = dropin.scratch("linked_kernels");
    for library in ["kernels", "veside"] {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("dropin/conformance");
        let include = format!("-I{}", dropin.prefix().join("include").display());
        let libraries = format!("-L{}", dropin.prefix().join("lib64").display());
        let options = [
            "-O1",
            "-g",
            "-Wl,-z,defs",
            &include,
            &libraries,
            "-lveohmem",
        ];
        let output = directory.join(format!("lib{library}.so"));
        compile::library(sources.join(format!("{library}.c")), output, &options);
    }
    let program = dropin.compile("previous_result.c", &[]);
    let mut command = dropin.command(program);
    dropin
        .run(command.arg(&directory))
        .expect_success("previous_result.c");
}

#[test]
fn pkg_config_finds_the_installation_wherever_it_was_moved() {
    let found = found("pkg-config");
    if !available("pkg-config (Debian: pkg-config)", found) {
        return;
    }
    let dropin = Dropin::get();
    let moved = dropin.scratch("moved");
    tool(
        Command::new("cp")
            .arg("-a")
            .arg(dropin.prefix())
            .arg(moved.join("veo")),
    );
    let flags = tool(
        Command::new("pkg-config")
            .env("PKG_CONFIG_PATH", moved.join("veo/lib64/pkgconfig"))
            .args(["--cflags", "--libs", "libveo"]),
    );
    let program = moved.join("version");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("dropin/conformance/process.c");
    compile::program(
        source,
        &program,
        &flags.split_whitespace().collect::<Vec<_>>(),
    );
    // The moved library starts the veorun beside it.
    let mut command = dropin.command(&program);
    command
        .env("LD_LIBRARY_PATH", moved.join("veo/lib64"))
        .arg(dropin.kernel_dir());
    dropin.run(&mut command).expect_success("process.c, moved");
    // It also works through a link somewhere else, under another name.
    fs::create_dir(moved.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(
        moved.join("veo/lib64/libveo.so.1"),
        moved.join("elsewhere/libveo.so.1"),
    )
    .unwrap();
    command.env("LD_LIBRARY_PATH", moved.join("elsewhere"));
    dropin.run(&mut command).expect_success("process.c, linked");
    fs::remove_file(moved.join("veo/libexec/veorun")).unwrap();
    let outcome = dropin.run(&mut command);
    assert!(outcome.status.is_some_and(|s| !s.success()), "{outcome:#?}");
}

#[test]
fn mk_veorun_static_makes_an_image() {
    let dropin = Dropin::get();
    let directory = dropin.scratch("mk_veorun_static");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("dropin/conformance/image.c");
    let object = directory.join("image.o");
    let image = directory.join("my_veorun");
    compile::program(source, &object, &["-O1", "-g", "-fpic", "-c"]);
    let linker = dropin.prefix().join("bin/mk_veorun_static");
    let runs = |image: &Path| {
        let mut command = dropin.command(dropin.compile("static_image.c", &[]));
        command.arg(dropin.kernel_dir()).arg(image);
        dropin.run(&mut command).expect_success("static_image.c");
    };
    tool(Command::new(&linker).arg("-o").arg(&image).arg(&object));
    runs(&image);
    // The image may be named last, or first and without an option, and objects may
    // be gathered in a library.
    let archive = directory.join("libimage.a");
    tool(Command::new("ar").arg("rcs").arg(&archive).arg(&object));
    let other = directory.join("other image");
    tool(Command::new(&linker).args([&object, Path::new("-lm"), Path::new("-o"), &other]));
    runs(&other);
    fs::remove_file(&other).unwrap();
    tool(
        Command::new(&linker)
            .args([&other, &archive])
            .env("LDFLAGS", "-Wl,-z,now"),
    );
    runs(&other);
    // A wrong command line is answered with the usage.
    let refused = Command::new(&linker).output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("usage: mk_veorun_static"));
    let before = fs::read(&object).unwrap();
    let refused = Command::new(&linker)
        .args([&object, &archive])
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(errors.contains("no image is named"), "{errors}");
    assert_eq!(fs::read(&object).unwrap(), before);
}

#[test]
fn a_prefix_that_cannot_be_written_is_named() {
    let dropin = Dropin::get();
    let file = dropin.scratch("prefix_is_a_file").join("file");
    fs::write(&file, "").unwrap();
    let refused = dropin
        .install_command()
        .arg("--prefix")
        .arg(&file)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success());
    assert!(
        errors.contains(&format!(
            "cannot install into {}: not a directory",
            file.display()
        )),
        "{errors}"
    );

    let mut command = dropin.install_command();
    command
        .args(["--cc", "/nowhere/cc", "--prefix"])
        .arg(dropin.scratch("no_compiler"));
    let refused = command.output().unwrap();
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success());
    assert!(errors.contains("cannot start `/nowhere/cc`"), "{errors}");
    assert!(errors.contains("Debian: gcc"), "{errors}");
}
