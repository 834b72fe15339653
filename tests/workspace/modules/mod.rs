//! Modules and crates refer to each other only as ARCHITECTURE.md says: no modules of one directory need each other in a circle,
//! floors name only what is below them, and crates use only the crates listed for them.
//!
//! This reads sources as the compiler does, without types: `mod` and `use` items, paths in code and in macros, and re-exports, which
//! lead to the module that has the item. It does not see methods. Code for tests alone is left out.

mod house;
mod krate;
mod source;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use self::house::{architecture, arrows, crates, floors, is_of_the_house, list, metadata, text};
use self::krate::Crate;
use self::source::Name;

/// Modules that name each other in neither direction: the two processes of the emulated node.
const STRANGERS: &[(&str, &str, &str)] = &[("veo-emu", "host", "veorun")];

#[test]
fn no_modules_need_each_other() {
    let metadata = metadata();
    let crates = crates();
    for package in list(metadata, "packages") {
        let name = text(package, "name");
        let mut modules = crates.iter().filter(|it| it.package == name);
        assert!(
            modules.any(|it| !it.modules.is_empty()),
            "{name} was not read"
        );
    }
    let mut found = Vec::new();
    for krate in crates {
        for edges in krate.edges().into_values() {
            for circle in circles(&edges) {
                found.push(format!("{}: {}", krate.root.display(), circle.join(", ")));
            }
        }
        println!(
            "{} ({}): {} modules",
            krate.package,
            krate.root.display(),
            krate.modules.len()
        );
    }
    assert!(
        found.is_empty(),
        "modules that need each other:\n{}",
        found.join("\n")
    );
}

#[test]
fn modules_name_only_lower_floors() {
    let metadata = metadata();
    let architecture = architecture(metadata);
    let mut found = Vec::new();
    let house = house::house();
    let has_library = |package: &str| {
        let mut libraries = house.iter().filter(|krate| krate.own.is_some());
        libraries.any(|krate| krate.package == package)
    };
    // A package without a library is its program.
    let is_package = |krate: &&Crate| krate.own.is_some() || !has_library(&krate.package);
    for krate in house.iter().copied().filter(is_package) {
        let mut edges = krate.edges();
        let edges = edges.remove(&Name::new()).unwrap_or_default();
        let Some(floors) = floors(&architecture, &krate.package) else {
            if edges.len() > 1 {
                let package = &krate.package;
                found.push(format!("ARCHITECTURE.md has no section `Inside {package}`"));
            }
            continue;
        };
        let floor = |module: &String| floors.iter().position(|floor| floor == module);
        for module in floors.iter().filter(|module| !edges.contains_key(*module)) {
            found.push(format!(
                "ARCHITECTURE.md lists {module}, {} has none",
                krate.package
            ));
        }
        for (module, named) in &edges {
            if floor(module).is_none() {
                found.push(format!(
                    "ARCHITECTURE.md does not list {module} of {}",
                    krate.package
                ));
            }
            let higher = named
                .iter()
                .filter(|(other, _)| floor(other) >= floor(module));
            found.extend(higher.map(|(_, says)| format!("{}: {says}", krate.package)));
            let strangers = STRANGERS.iter().filter(|(of, one, other)| {
                let pair = [one, other];
                krate.package == *of
                    && pair.contains(&&module.as_str())
                    && pair.iter().any(|it| named.contains_key(**it))
            });
            found.extend(strangers.map(|(_, one, other)| {
                format!("{}: {one} and {other} have to be strangers", krate.package)
            }));
        }
    }
    assert!(
        found.is_empty(),
        "not as ARCHITECTURE.md says:\n{}",
        found.join("\n")
    );
}

#[test]
fn crates_use_only_what_is_listed() {
    let metadata = metadata();
    let arrows = arrows(&architecture(metadata));
    let members: BTreeSet<String> = list(metadata, "packages")
        .map(|package| text(package, "name"))
        .collect();
    let house = list(metadata, "packages").filter(|package| is_of_the_house(metadata, package));
    for package in house {
        let used: BTreeSet<String> = list(package, "dependencies")
            .filter(|used| used["kind"] != "dev")
            .map(|used| text(used, "name"))
            .filter(|name| members.contains(name))
            .collect();
        let name = text(package, "name");
        let listed = arrows.get(&name).cloned().unwrap_or_default();
        assert_eq!(
            used, listed,
            "what {name} uses, and what ARCHITECTURE.md says"
        );
    }
}

#[test]
fn paths_are_resolved_as_the_compiler_does() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    };
    let root = "pub use low::Thing; mod low; mod high; mod other; mod inner { mod deep { use super::super::low; } }";
    file("lib.rs", root);
    file(
        "low.rs",
        "pub struct Thing; pub fn f() {} #[cfg(test)] mod tests { use crate::high; }",
    );
    file("high/mod.rs", "mod a; mod b; use self::a::A; pub use b::B;");
    file(
        "high/a.rs",
        "use super::B; pub struct A; fn f() -> crate::Thing { ::core::high() }",
    );
    file(
        "high/b.rs",
        "pub struct B; fn f() { println!(\"{}\", crate::other::X::<u8>::Y) }",
    );
    file(
        "other.rs",
        "use crate::{high as h, low::{self, *}}; fn f(_: h::B) { tracing::low() }",
    );
    let edges = Crate::read("x", Some("x".into()), &dir.path().join("lib.rs")).edges();
    let named = |dir: &[&str], module: &str| -> Vec<String> {
        let dir: Name = dir.iter().map(ToString::to_string).collect();
        edges[&dir][module].keys().cloned().collect()
    };
    assert_eq!(named(&[], "low"), [""; 0]);
    assert_eq!(named(&[], "high"), ["low", "other"]);
    assert_eq!(named(&[], "other"), ["high", "low"]);
    assert_eq!(named(&[], "inner"), ["low"]);
    assert_eq!(named(&["high"], "a"), ["b"]);
    assert_eq!(named(&["high"], "b"), [""; 0]);
    let found = circles(&edges[&Name::new()]);
    assert_eq!(found, [["high::b names other", "other names high"]]);
    assert_eq!(circles(&edges[&vec!["high".to_owned()]]), [[""; 0]; 0]);
}

/// A sentence for each module in a circle: the shortest circle through it.
fn circles(edges: &BTreeMap<String, BTreeMap<String, String>>) -> Vec<Vec<String>> {
    let mut circles = Vec::new();
    let mut seen = BTreeSet::new();
    for start in edges.keys().filter(|start| !edges[*start].is_empty()) {
        if seen.contains(start) {
            continue;
        }
        // Each module reached, and the one that leads to it.
        let mut from: BTreeMap<&String, &String> = BTreeMap::new();
        let mut open = vec![start];
        while !open.is_empty() && !from.contains_key(start) {
            let mut next = Vec::new();
            for module in open {
                for other in edges.get(module).into_iter().flat_map(BTreeMap::keys) {
                    from.entry(other).or_insert_with(|| {
                        next.push(other);
                        module
                    });
                }
            }
            open = next;
        }
        let Some(mut before) = from.get(start).copied() else {
            continue;
        };
        let mut circle = vec![edges[before][start].clone()];
        while before != start {
            seen.insert(before);
            circle.push(edges[from[before]][before].clone());
            before = from[before];
        }
        circle.reverse();
        circles.push(circle);
    }
    circles
}
