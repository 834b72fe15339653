//! `docs/book/src/ve-semantics.md` says of every scalar operation how far to trust it.

use std::collections::BTreeMap;

use ve_isa::encoding::{Mark, Op, rows};
use veo_test_support as _;

const DOCUMENT: &str = include_str!("../../docs/book/src/ve-semantics.md");

/// The trust in each operation that the tables name.
fn trust() -> BTreeMap<&'static str, &'static str> {
    let mut trust = BTreeMap::new();
    for line in DOCUMENT.lines().filter(|line| line.starts_with("| `")) {
        let columns: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        for name in columns[0].split(' ') {
            let before = trust.insert(name.trim_matches('`'), columns[1]);
            assert_eq!(before, None, "{name} twice");
        }
    }
    trust
}

/// The scalar operations: those whose first byte is below 0x80.
fn scalars() -> BTreeMap<&'static str, Op> {
    rows()
        .iter()
        .filter(|row| row.value() >> 63 == 0)
        .map(|row| (row.op().name(), row.op()))
        .collect()
}

#[test]
fn every_scalar_operation_is_there() {
    let trust = trust();
    let scalars = scalars();
    assert!(
        trust.keys().eq(scalars.keys()),
        "{:?} against {:?}",
        trust.keys(),
        scalars.keys()
    );
}

#[test]
fn trust_is_no_more_than_known() {
    for (name, op) in scalars() {
        let trust = trust()[name];
        let possible: &[&str] = match op.mark() {
            Mark::Verified => &["exact", "approximated"],
            Mark::Documented | Mark::Inferred => &["exact", "documented", "approximated"],
            Mark::Unknown => &["approximated", "unimplemented"],
        };
        assert!(
            possible.contains(&trust),
            "{name} is {trust}, its encodings are {:?}",
            op.mark()
        );
    }
}
