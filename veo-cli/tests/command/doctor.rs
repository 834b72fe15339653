//! `veo doctor`.

use crate::support::{json, right, veo};

#[test]
fn it_tells_what_builds_and_runs_kernels() {
    let text = right(veo(["doctor"]).env("VEO_TARGETS", "host"));
    for (name, part) in [
        ("veo", env!("CARGO_PKG_VERSION")),
        ("backend", "emu (VEO_BACKEND is emu)"),
        ("emu", "2 nodes"),
        ("VEO_EMU_MEMORY", "256M"),
    ] {
        let line = text
            .lines()
            .find(|line| line.split(' ').next() == Some(name));
        assert!(
            line.is_some_and(|line| line.ends_with(part)),
            "{name}: {text}"
        );
    }
}

#[test]
fn its_json_says_what_works_and_why_not() {
    let value = json(
        veo(["doctor"])
            .env("VEO_TARGETS", "host")
            .env("VEO_LIBVEO", "/nowhere/libveo.so.1"),
    );
    let report = &value[0];
    assert_eq!(report["emu"]["works"], true);
    assert_eq!(report["backend"]["name"], "emu");
    if report["libveo"]["works"] == false {
        assert!(
            report["libveo"]["said"]
                .as_str()
                .unwrap()
                .contains("/nowhere/libveo.so.1"),
            "{report}"
        );
    }
    let host = report["targets"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["name"] == "host")
        .unwrap();
    assert_eq!(host["works"], true, "{report}");
}

#[test]
fn a_compiler_that_is_missing_is_told_and_no_failure() {
    let value = json(
        veo(["doctor"])
            .env("VEO_TARGETS", "host")
            .env("VEO_CC", "/nowhere/cc"),
    );
    let targets = value[0]["targets"].as_array().unwrap();
    assert!(targets.iter().all(|it| it["works"] == false), "{targets:?}");
    assert!(
        targets[0]["said"].as_str().unwrap().contains("/nowhere/cc"),
        "{targets:?}"
    );
}
