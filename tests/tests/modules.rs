//! The modules of veo-core refer downwards only, as ARCHITECTURE.md says: no two of them
//! need each other, in however many steps.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use veo_tests as _;

/// The modules that each top-level module names, tests aside.
type Edges = BTreeMap<String, BTreeSet<String>>;

fn read(file: &Path, module: &str, edges: &mut Edges) {
    let text = fs::read_to_string(file).expect("a source file");
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
    let code = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let named = edges.entry(module.to_owned()).or_default();
    for line in code {
        for rest in line.split("crate::").skip(1) {
            let name: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            named.insert(name);
        }
    }
}

fn edges(source: &Path) -> Edges {
    let mut edges = Edges::new();
    for entry in fs::read_dir(source).expect("a directory of sources") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_str().expect("UTF-8");
        // The root names everything; the last is a test.
        if ["lib", "leftovers"].contains(&stem) {
            continue;
        }
        if path.is_file() {
            read(&path, stem, &mut edges);
            continue;
        }
        for entry in fs::read_dir(&path).expect("a module's directory") {
            let file = entry.expect("an entry").path();
            if !file.to_str().expect("UTF-8").ends_with("_tests.rs") {
                read(&file, stem, &mut edges);
            }
        }
    }
    let modules: BTreeSet<_> = edges.keys().cloned().collect();
    for (module, named) in &mut edges {
        named.retain(|name| name != module && modules.contains(name));
    }
    edges
}

/// A way from `path`'s end back to its beginning.
fn way_back(edges: &Edges, path: &mut Vec<String>, seen: &mut BTreeSet<String>) -> bool {
    let last = path.last().expect("it begins somewhere").clone();
    for next in &edges[&last] {
        if *next == path[0] {
            return true;
        }
        if seen.insert(next.clone()) {
            path.push(next.clone());
            if way_back(edges, path, seen) {
                return true;
            }
            path.pop();
        }
    }
    false
}

#[test]
fn no_module_of_veo_core_needs_itself() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../veo-core/src");
    let edges = edges(&source);
    // What has to be there if this looks at the right things.
    assert!(edges["context"].contains("process") && edges["process"].contains("session"));
    for module in edges.keys() {
        let mut path = vec![module.clone()];
        let cycle = way_back(&edges, &mut path, &mut BTreeSet::new());
        assert!(!cycle, "{} needs {module}", path.join(" needs "));
    }
}

#[test]
fn a_cycle_would_be_found() {
    let edge = |from: &str, to: &[&str]| {
        let to = to.iter().map(|name| (*name).to_owned());
        (from.to_owned(), to.collect::<BTreeSet<_>>())
    };
    let edges: Edges = [
        edge("a", &["b"]),
        edge("b", &["c", "d"]),
        edge("c", &[]),
        edge("d", &["a"]),
    ]
    .into();
    let mut path = vec!["a".to_owned()];
    assert!(way_back(&edges, &mut path, &mut BTreeSet::new()));
    assert_eq!(path, ["a", "b", "d"]);
    let mut path = vec!["c".to_owned()];
    assert!(!way_back(&edges, &mut path, &mut BTreeSet::new()));
}
