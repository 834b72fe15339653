//! The crates of the workspace as Cargo knows them, and what ARCHITECTURE.md says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use super::krate::Crate;

/// The text below a heading of ARCHITECTURE.md, up to the next of the same level.
fn section(architecture: &str, heading: &str) -> Option<String> {
    let mut sections = architecture.split("\n## ").skip(1);
    let text = sections.find_map(|section| section.strip_prefix(heading)?.strip_prefix('\n'));
    text.map(ToOwned::to_owned)
}

pub fn architecture(metadata: &Value) -> String {
    let file = Path::new(&text(metadata, "workspace_root")).join("ARCHITECTURE.md");
    fs::read_to_string(file).expect("ARCHITECTURE.md")
}

/// The words in backquotes.
fn quoted(text: &str) -> Vec<String> {
    let words = text.split('`').skip(1).step_by(2);
    words.map(ToOwned::to_owned).collect()
}

/// The modules of a crate from the lowest to the highest: the first column of the table in its section.
pub fn floors(architecture: &str, package: &str) -> Option<Vec<String>> {
    let section = section(architecture, &format!("Inside {package}"))?;
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| format!("`{}", row.split('|').next().unwrap_or_default()));
    Some(cells.flat_map(|cell| quoted(&cell)).collect())
}

/// The crates that each crate uses: the lines `a -> b, c` of the section on the house.
pub fn arrows(architecture: &str) -> BTreeMap<String, BTreeSet<String>> {
    let section = section(architecture, "The house").expect("a section on the house");
    let lines = section.lines().filter_map(|line| line.split_once("->"));
    let words = |text: &str| -> Vec<String> {
        let words = text.split([',', ' ', ';']).filter(|word| !word.is_empty());
        words.map(ToOwned::to_owned).collect()
    };
    let mut arrows = BTreeMap::new();
    for (from, to) in lines {
        for from in words(from) {
            arrows.insert(from, words(to).into_iter().collect());
        }
    }
    arrows
}

/// Whether a package is a part of the house and not a test or an example.
pub fn is_of_the_house(metadata: &Value, package: &Value) -> bool {
    let root = PathBuf::from(text(metadata, "workspace_root"));
    !["tests", "examples"]
        .iter()
        .any(|dir| Path::new(&text(package, "manifest_path")).starts_with(root.join(dir)))
}

/// Cargo's description of the workspace. It is asked once: the tests run in one process.
pub fn metadata() -> &'static Value {
    static METADATA: LazyLock<Value> = LazyLock::new(ask);
    &METADATA
}

fn ask() -> Value {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(std::env::var_os("CARGO_MANIFEST_DIR").expect("Cargo sets it"))
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

pub fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().expect("a list").iter()
}

pub fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect("a text").to_owned()
}

fn read(package: &Value, target: &Value) -> Crate {
    let name = text(target, "name").replace('-', "_");
    let library = list(target, "crate_types").any(|kind| kind != "bin");
    let own = library.then_some(name);
    let root = PathBuf::from(text(target, "src_path"));
    Crate::read(&text(package, "name"), own, &root)
}

/// All crates: libraries, programs, tests, examples, benches. They are parsed once.
pub fn crates() -> &'static [Crate] {
    static CRATES: LazyLock<Vec<Crate>> = LazyLock::new(|| {
        let packages = list(metadata(), "packages");
        let of_package =
            |package| list(package, "targets").map(move |target| read(package, target));
        packages.flat_map(of_package).collect()
    });
    &CRATES
}

/// The libraries and programs of the house.
pub fn house() -> Vec<&'static Crate> {
    let packages = list(metadata(), "packages");
    let house: BTreeSet<String> = packages
        .filter(|package| is_of_the_house(metadata(), package))
        .map(|package| text(package, "name"))
        .collect();
    let is_product = |krate: &&Crate| {
        let mut dirs = krate.root.ancestors();
        house.contains(&krate.package) && dirs.any(|dir| dir.ends_with("src"))
    };
    crates().iter().filter(is_product).collect()
}
