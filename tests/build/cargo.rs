//! When Cargo builds again.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::package::{NOTHING, Package, done};
use crate::recording::touch;

#[test]
fn only_what_changed_is_compiled() {
    let package = Package::new("veo-test-rebuilds");
    let builder = "new(\"libk.so\").glob(\"kernels/*.c\").include(\"include\")";
    package.builds(builder);
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
    assert_eq!(package.rebuilt(), ["a.c", "b.c"]);
    package.assert_fresh();

    for header in ["include/shared.h", "include/deep.h"] {
        touch(&package.dir.join(header));
        assert_eq!(package.rebuilt(), ["a.c"], "{header}");
    }
    package.write("src/main.rs", "fn main() { println!() }\n");
    assert_eq!(package.rebuilt(), NOTHING, "Rust sources are no kernels");
    package.write("kernels/c.c", "int c(void) { return 3; }\n");
    assert_eq!(package.rebuilt(), ["c.c"], "a new file of the pattern");
    fs::remove_file(package.dir.join("kernels/c.c")).unwrap();
    assert_eq!(package.rebuilt(), NOTHING, "one less");

    let inline = ".inline(\"i.c\", \"int i(void) { return 1; }\")";
    package.builds(&format!("{builder}{inline}"));
    assert_eq!(package.rebuilt(), ["i.c"]);
    package.assert_fresh();
    package.builds(builder);

    let flags = package.rebuilt_with(&[("VEO_CFLAGS", "-DX")]);
    assert_eq!(flags, ["a.c", "b.c"]);
    package.rebuilt();
    done(&mut package.cargo(&["check"]));
    let checked = package.compiled();
    assert_eq!(checked, NOTHING, "it takes the kernels of the build");

    let skip = [("VEO_SKIP_BUILD", "1")];
    assert_eq!(package.rebuilt_with(&skip), NOTHING);
    touch(&package.dir.join("kernels/a.c"));
    let skipped = package.rebuilt_with(&skip);
    assert_eq!(skipped, NOTHING, "an editor compiles nothing");
}

#[test]
fn another_compiler_is_a_change() {
    let package = Package::new("veo-test-compilers");
    package.builds("new(\"libk.so\").file(\"k.c\")");
    package.write("k.c", "int k(void) { return 1; }\n");
    assert_eq!(package.rebuilt(), ["k.c"]);

    // A script that changed.
    package.record("cc", "  cc");
    assert_eq!(package.rebuilt(), ["k.c"]);
    assert_eq!(package.rebuilt(), NOTHING);

    // The link leads to another program, like those of /etc/alternatives, even to an older one.
    package.record("older", "cc");
    let link = |to: &str| {
        let link = package.dir.join("alternatives/cc");
        let _ = fs::remove_file(&link);
        symlink(package.dir.join(to), link).unwrap();
    };
    fs::create_dir(package.dir.join("alternatives")).unwrap();
    link("cc");
    let linked = package.dir.join("linked");
    symlink("alternatives/cc", &linked).unwrap();
    let through_link = || package.rebuilt_with(&[("VEO_CC", &linked)]);
    through_link();
    assert_eq!(through_link(), NOTHING);
    link("older");
    assert_eq!(through_link(), ["k.c"]);

    // A package manager has unpacked another version of the program that gcc's driver starts.
    let calls = package.calls();
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
    assert_eq!(through_link(), ["k.c"]);
    assert_eq!(through_link(), NOTHING);
    package.write("private/0.new", "");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = fs::File::options().write(true).open(private.join("0.new"));
    file.unwrap().set_modified(long_ago).unwrap();
    assert_eq!(through_link(), ["k.c"]);
}

#[test]
fn files_that_the_build_script_writes_are_no_change() {
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
    assert_eq!(package.rebuilt(), ["k.c", "made.c"]);
    package.assert_fresh();
    package.write("build.rs", &(script(1) + "// the script runs again\n"));
    assert_eq!(package.rebuilt(), NOTHING, "the same content");
    package.write("build.rs", &script(2));
    assert_eq!(package.rebuilt(), ["k.c"]);
}

#[test]
fn built_from_the_package_that_would_be_published() {
    let package = Package::new("veo-test-packaged");
    package.builds("new(\"libk.so\").glob(\"kernels/*.c\").include(\"kernels\")");
    package.write(
        "kernels/k.c",
        "#include \"k.h\"\nint k(void) { return K; }\n",
    );
    package.write("kernels/k.h", "#define K 1\n");
    let arguments = [
        "package",
        "--no-verify",
        "--exclude-lockfile",
        "--allow-dirty",
    ];
    done(&mut package.cargo(&arguments));
    let archive = "package/veo-test-packaged-0.1.0.crate";
    let archive = package.target().join(archive);
    // The directory is not below this workspace, which would claim it.
    let unpacked = tempfile::Builder::new()
        .prefix("unpacked é ")
        .tempdir()
        .unwrap();
    let mut unpack = Command::new("tar");
    unpack.arg("xzf").arg(archive);
    done(unpack.arg("-C").arg(unpacked.path()));
    let dir = unpacked.path().join("veo-test-packaged-0.1.0");
    // A package on its own, whatever lies in the directories above.
    let manifest = dir.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text + "\n[workspace]\n").unwrap();
    let lock = package.workspace().join("Cargo.lock");
    fs::copy(lock, dir.join("Cargo.lock")).unwrap();
    let mut cargo = package.cargo(&["build"]);
    for name in ["veo-build", "veo-abi", "veo-debuginfo"] {
        let path = package.workspace().join(name);
        cargo
            .arg("--config")
            .arg(format!("patch.crates-io.{name}.path={path:?}"));
    }
    done(cargo.current_dir(&dir));
    assert_eq!(package.compiled(), ["k.c"]);
    let beside: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !beside.iter().any(|name| name == "target" || name == "veo"),
        "nothing is written beside the sources"
    );
}

#[test]
fn compilers_run_in_parallel_as_far_as_cargo_allows() {
    let package = Package::new("veo-test-parallel");
    let files: Vec<String> = (0..6).map(|index| format!("k{index}.c")).collect();
    package.builds("new(\"libk.so\").glob(\"kernels/*.c\")");
    for (index, file) in files.iter().enumerate() {
        package.write(
            &format!("kernels/{file}"),
            &format!("int k{index}(void) {{ return 1; }}\n"),
        );
    }
    // Each call notes how many are at work, and waits for a second one where there should be one.
    let script = fs::read_to_string(package.dir.join("cc")).unwrap();
    let dir = package.dir.display();
    let counted = script.replace(
        "exec cc \"$@\"",
        &format!(
            "cd '{dir}'; mkdir -p now; : > now/$$; tries=0\n\
             while ls now | wc -l >> counts; [ -e several ] && ! grep -q '[2-9]' counts && [ $tries -lt 300 ]; do\n\
             sleep 0.1; tries=$((tries + 1)); done\n\
             sleep 0.2; rm now/$$; cd - > /dev/null; exec cc \"$@\""
        ),
    );
    package.write("cc", &counted);
    let most = |jobs: &str| {
        for file in &files {
            touch(&package.dir.join("kernels").join(file));
        }
        let _ = fs::remove_file(package.dir.join("counts"));
        done(&mut package.cargo(&["build", "-j", jobs]));
        assert_eq!(package.compiled().len(), files.len());
        let counts = fs::read_to_string(package.dir.join("counts")).unwrap();
        let counts = counts.lines().map(|line| line.trim().parse().unwrap());
        counts.max().unwrap()
    };
    assert_eq!(most("1"), 1);
    package.write("several", "");
    let most: usize = most("3");
    assert!((2..=3).contains(&most), "{most}");
}
