//! The README does what it says: its program, made by hand in an empty directory,
//! builds and runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use veo_test_support as _;

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

/// Builds the program of the README, with changes to its source, and runs it.
fn build_and_run(readme: &str, name: &str, change: impl Fn(&str) -> String) -> Output {
    let target = root().join("target");
    let dir = target.join("tests").join(name);
    let _ = std::fs::remove_dir_all(&dir);
    for file in ["kernels/scale.c", "build.rs", "src/main.rs"] {
        let path = dir.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut text = block(readme, file).to_owned();
        if file == "src/main.rs" {
            text = change(&text);
        }
        std::fs::write(path, text).unwrap();
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
    Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline"])
        .current_dir(&dir)
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .unwrap()
}

#[test]
fn the_program_builds_and_runs() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let output = build_and_run(&readme, "a program of your own", str::to_owned);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        text, "sum 60\n[10.0, 20.0, 30.0]\nsum 1.5\n[0.5, 1.0]\n",
        "{error}"
    );
}

/// The message at the beginning of the README is the compiler's.
#[test]
fn a_wrong_declaration_is_told_as_shown() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let output = build_and_run(&readme, "a wrong declaration", |code| {
        let wrong = code.replace("fn scale(n: i64,", "fn scale(n: i32,");
        assert_ne!(wrong, code);
        wrong
    });
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    let shown = readme.split("```text\n").nth(1).unwrap();
    let shown = shown.split("```").next().unwrap();
    assert_eq!(shown.lines().count(), 4);
    for line in shown.lines() {
        // The compiler has written the path of the source as it was called.
        let parts = line.split(" at ").map(str::trim);
        for part in parts {
            assert!(error.contains(part), "{part}\nis not in\n{error}");
        }
    }
}

/// The source files of a directory.
fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Whether a string literal is the name of a variable of this project, of libveo or VEOS.
fn is_variable(literal: &str) -> bool {
    let ours = ["VEO_", "VE_", "VEORUN_", "_VENODE"];
    ours.iter()
        .any(|prefix| literal.starts_with(prefix) && literal.len() > prefix.len())
        && literal
            .bytes()
            .all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}

#[test]
fn every_variable_that_the_code_knows_is_documented() {
    // A version of symbols, and what one part of the project tells another.
    const INTERNAL: [&str; 2] = ["VEO_EMU_1", "VEO_DROPIN_AT_EXIT"];
    let crates: Vec<PathBuf> = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("src/lib.rs").is_file() && !path.ends_with("tests"))
        .collect();
    let mut documents = vec![root().join("README.md")];
    documents.extend(crates.iter().map(|path| path.join("README.md")));
    let mut files = Vec::new();
    for path in &crates {
        sources(&path.join("src"), &mut files);
    }
    let mut text = String::new();
    for path in documents.iter().filter(|path| path.is_file()) {
        text += &std::fs::read_to_string(path).unwrap();
    }
    let mut named = BTreeMap::new();
    for path in files {
        let code = std::fs::read_to_string(&path).unwrap();
        // The documentation of a crate is what its root says, and what it has on public items.
        for line in code.lines().map(str::trim_start) {
            let root = path.ends_with("src/lib.rs") && line.starts_with("//!");
            if root || line.starts_with("/// ") {
                text += line;
                text.push('\n');
            }
        }
        let code = code.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
        for literal in code.split('"').filter(|literal| is_variable(literal)) {
            named.insert(literal.to_owned(), path.clone());
        }
    }
    assert!(named.len() > 30, "{named:?}");
    let words: BTreeSet<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect();
    named.retain(|name, _| !words.contains(&**name) && !INTERNAL.contains(&&**name));
    assert!(
        named.is_empty(),
        "not in README.md nor in a crate's documentation: {named:#?}"
    );
}

#[test]
fn the_settings_that_a_card_refuses_are_in_the_tables() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let code = read("veo-core/src/backend/libveo/bare.rs");
    let (_, refused) = code.split_once("let refused = [").unwrap();
    let (refused, _) = refused.split_once("];").unwrap();
    // This is a value, not a name.
    let quoted = refused.replace("c\"off\"", "OFF");
    let names: Vec<_> = quoted.split('"').skip(1).step_by(2).collect();
    assert!(
        names.contains(&"time_limit") && names.len() > 5,
        "{names:?}"
    );
    for page in ["README.md", "docs/book/src/on-a-card.md"] {
        let text = read(page);
        let row = text.lines().find(|line| line.starts_with("| `time_limit`"));
        let row = row.unwrap_or_else(|| panic!("{page} has the row"));
        for name in &names {
            assert!(
                row.contains(&format!("`{name}`")),
                "{page} lacks {name}: {row}"
            );
        }
    }
}
