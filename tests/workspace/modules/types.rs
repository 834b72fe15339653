//! The methods of one type are found in few files, and its name is found once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::house::house;
use super::krate::Crate;

/// The methods of one type are in at most so many files. Those of traits do not count.
const MOST_FILES: usize = 3;

/// Names of several types, and why they stay.
const SHARED_NAMES: &[(&str, &str)] = &[
    ("Error", "each crate's own"),
    ("Result", "each crate's own"),
    ("Sealed", "each sealed trait's own"),
    (
        "Resolution",
        "the same: written by the macro, known at run time",
    ),
    ("Why", "the same: of a C header, of a library"),
    ("OnHost", "the same: on Linux, elsewhere"),
    ("Target", "public: veo_build::Target, veo_core::Target"),
    ("Number", "public: veo_core::Number, veo_mpi::Number"),
    ("Integer", "public: of a contract, of a reduction"),
];

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
    let house = house();
    assert!(!house.is_empty());
    let mut found = Vec::new();
    for krate in house {
        for (name, files) in scattered(krate) {
            found.push(format!("{}: {name} in {files:#?}", krate.package));
        }
    }
    assert!(
        found.is_empty(),
        "types with methods in more than {MOST_FILES} files:\n{}",
        found.join("\n")
    );
}

/// Types that only their own module can name do not count.
#[test]
fn types_have_names_of_their_own() {
    let house = house();
    let mut places: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for krate in house {
        for (name, module) in &krate.modules {
            for ty in &module.types {
                let place = format!("{} in {}::{}", ty, krate.package, name.join("::"));
                places.entry(ty).or_default().insert(place);
            }
        }
    }
    let shared = places.iter().filter(|(_, places)| places.len() > 1);
    let shared: BTreeMap<_, _> = shared
        .map(|(name, places)| (name.as_str(), places))
        .collect();
    let found = shared
        .iter()
        .filter(|(name, _)| SHARED_NAMES.iter().all(|(known, _)| known != *name))
        .flat_map(|(_, places)| places.iter().cloned())
        .collect::<Vec<_>>();
    assert!(
        found.is_empty(),
        "types with one name:\n{}",
        found.join("\n")
    );
}
