//! The README does what it says: its program, made by hand in an empty directory,
//! builds and runs.

use std::path::Path;
use std::process::Command;
use veo_tests as _;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The code block whose first line names this file.
fn block<'a>(readme: &'a str, file: &str) -> &'a str {
    readme
        .split("```")
        .skip(1)
        .step_by(2)
        .map(|block| block.split_once('\n').unwrap().1)
        .find(|code| code.lines().next().is_some_and(|line| line.contains(file)))
        .unwrap_or_else(|| panic!("the README shows {file}"))
}

#[test]
fn the_two_commands_are_those_that_ci_runs() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let ci = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    for command in [
        "cargo run --release --example average",
        "cargo test --workspace",
    ] {
        assert!(readme.lines().any(|line| line == command), "{command}");
        assert!(ci.contains(command), "{command}");
    }
}

#[test]
fn the_program_builds_and_runs() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let target = root().join("target");
    let dir = target.join("tests").join("a program of your own");
    let _ = std::fs::remove_dir_all(&dir);
    for file in ["kernels/scale.c", "build.rs", "src/main.rs"] {
        let path = dir.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, block(&readme, file)).unwrap();
    }
    // Same versions, profile and target directory as here, so that little is built anew.
    let root_ = root().display();
    let manifest = format!(
        "[package]\nname = \"your-program\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nveo-core.path = \"{root_}/veo-core\"\n\n\
         [build-dependencies]\nveo-build.path = \"{root_}/veo-build\"\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n"
    );
    std::fs::write(dir.join("Cargo.toml"), manifest).unwrap();
    std::fs::copy(root().join("Cargo.lock"), dir.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline"])
        .current_dir(&dir)
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        text, "sum 60\n[10.0, 20.0, 30.0]\nsum 1.5\n[0.5, 1.0]\n",
        "{error}"
    );
}
