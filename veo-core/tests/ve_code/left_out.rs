//! The table of tests that are left out where kernels are VE machine code.

use std::fs;
use std::path::Path;

#[test]
fn each_test_that_is_left_out_is_there_and_has_a_reason() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let table = fs::read_to_string(tests.join("not_on_ve.txt")).unwrap();
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<_> = lines
        .map(|line| {
            let (test, reason) = line.split_once("  ").expect(line);
            let (program, name) = test.split_once("::").expect(line);
            (program, name, reason.trim())
        })
        .collect();
    for (program, name, reason) in &rows {
        let source = fs::read_to_string(tests.join(format!("{program}.rs"))).unwrap();
        let is_test = source.contains(&format!("\nfn {name}() "));
        assert!(is_test, "{program} has no test {name}");
        assert!(reason.len() > 20, "{name}: {reason}");
        let same = rows.iter().filter(|(_, other, _)| other == name);
        assert_eq!(same.count(), 1, "{name}");
    }
    assert_eq!(rows.len(), 7);
}
