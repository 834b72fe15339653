//! The methods of one type are found in few files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::house::{house, metadata};
use super::krate::Crate;

/// The methods of one type are in at most so many files. Those of traits do not count.
const MOST_FILES: usize = 3;

/// Types whose methods may be in more files.
const SCATTERED: &[(&str, &str)] = &[("ve-jit", "Function")];

/// The files with methods of each type of a crate that has them in too many.
fn scattered(krate: &Crate) -> BTreeMap<&String, BTreeSet<&Path>> {
    let mut files: BTreeMap<&String, BTreeSet<&Path>> = BTreeMap::new();
    for module in krate.modules.values() {
        for name in &module.with_methods {
            files.entry(name).or_default().insert(&module.file);
        }
    }
    files.retain(|_, files| files.len() > MOST_FILES);
    files
}

#[test]
fn methods_of_a_type_are_in_few_files() {
    let house = house(&metadata());
    assert!(!house.is_empty());
    let mut found = Vec::new();
    for krate in &house {
        for (name, files) in scattered(krate) {
            if SCATTERED.contains(&(&krate.package, name)) {
                continue;
            }
            found.push(format!("{}: {name} in {files:#?}", krate.package));
        }
    }
    assert!(
        found.is_empty(),
        "types with methods in more than {MOST_FILES} files:\n{}",
        found.join("\n")
    );
}
