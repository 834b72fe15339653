//! The examples, which Cargo builds with the tests.

use std::env;
use std::fs;
use std::path::PathBuf;

use crate::common::{Launch, scratch};

/// The program of an example.
fn example(name: &str) -> PathBuf {
    let own = env::current_exe().expect("a test program has a path");
    let profile = own.parent().and_then(|deps| deps.parent());
    profile
        .expect("it is in a target directory")
        .join("examples")
        .join(name)
}

/// Runs an example with some ranks. Its lines, sorted.
fn run(name: &str, ranks: usize, path: &str, argument: &str) -> Option<Vec<String>> {
    let launch = Launch::of_programs("an example")?
        .arg("-n")
        .arg(ranks.to_string())
        .arg(example(name))
        .arg(argument)
        .env("VEO_MPI_PATH", path);
    let job = launch.run();
    let mut lines: Vec<String> = job
        .succeeds()
        .0
        .stdout
        .lines()
        .map(ToOwned::to_owned)
        .collect();
    lines.sort();
    Some(lines)
}

#[test]
fn numbers_go_around_the_ring() {
    for path in ["staged", "direct"] {
        let Some(said) = run("ring", 4, path, "") else {
            return;
        };
        let expected: Vec<String> = (0..4)
            .map(|rank| format!("rank {rank} of 4: the sum is 6"))
            .collect();
        assert_eq!(said, expected, "{path}");
    }
}

#[test]
fn heat_flows_over_ranks_as_within_one() {
    let picture = scratch().join("heat.svg");
    for (path, ranks) in [("staged", 3), ("direct", 4)] {
        let _ = fs::remove_file(&picture);
        let file = picture.to_str().expect("a path of ours");
        let Some(said) = run("heat", ranks, path, file) else {
            return;
        };
        assert_eq!(
            said,
            [format!("{ranks} ranks have computed what one computes")],
            "{path}"
        );
        let text = fs::read_to_string(&picture).expect("it was written");
        assert!(
            text.starts_with("<svg ") && text.ends_with("</svg>\n"),
            "{text}"
        );
        // A line where each rank's rows end.
        assert_eq!(text.matches("stroke-dasharray").count(), ranks - 1);
    }
}
