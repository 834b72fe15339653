//! The book's pages: each is in the table of contents, and their links and pictures lead to files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ve_kernels as _;
use veo_build as _;
use veo_core as _;
use veo_test_support as _;

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src")
}

/// The targets of a page's links and pictures, but for those on the web and in the page itself.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split('#').next().unwrap_or(target))
        .filter(|target| !target.is_empty() && !target.contains("://"))
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let summary = fs::read_to_string(sources().join("SUMMARY.md")).unwrap();
    let listed: BTreeSet<_> = targets(&summary).map(str::to_owned).collect();
    let there: BTreeSet<_> = fs::read_dir(sources())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
        .collect();
    assert_eq!(listed, there);
}

#[test]
fn links_lead_somewhere() {
    let mut links = 0;
    for entry in fs::read_dir(sources()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "md") {
            let text = fs::read_to_string(&path).unwrap();
            for target in targets(&text) {
                assert!(sources().join(target).exists(), "{path:?}: {target}");
                links += 1;
            }
        }
    }
    assert!(links > 30, "{links} links");
}

/// The kernel that a page shows is the one that the tests build. It is no `#include` of mdBook, which readers of the sources would see.
#[test]
fn the_kernel_is_what_is_built() {
    let text = fs::read_to_string(sources().join("first-kernel.md")).unwrap();
    let kernel = fs::read_to_string(sources().join("../kernels/scale.c")).unwrap();
    assert!(text.contains(&format!("/* kernels/scale.c */\n{kernel}```")));
}

/// Code blocks in Rust stand in pages that the crate compiles, or say that they are not.
#[test]
fn code_is_compiled() {
    let compiled = include_str!("../src/lib.rs");
    for entry in fs::read_dir(sources()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_some_and(|it| it == "md") {
            let text = fs::read_to_string(&path).unwrap();
            let has_code = text
                .lines()
                .any(|line| line.starts_with("```rust") && !line.contains("ignore"));
            assert!(
                !has_code || compiled.contains(&format!("\"{name}\"")),
                "{name}.md has code that nobody compiles"
            );
        }
    }
}
