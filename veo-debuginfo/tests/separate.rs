//! Source lines are found in the same separate debug files as prototypes.

use std::fs;
use std::path::Path;
use std::process::Command;

use veo_debuginfo::{Original, SourceLines};
use veo_test_support::compile::{library_of, tool};

/// Makes `libk.so.1` and `k.debug` in `dir`, and gives an address in the library's function.
fn split_library(dir: &Path) -> u64 {
    let source = "int twice(int x) { return x * 2; }\n";
    library_of(source, "c", dir.join("libk.so.1"), &["-g", "-nostdlib"]);
    let whole = SourceLines::of(fs::read(dir.join("libk.so.1")).unwrap(), None);
    let address = (0..whole.extent()).find(|address| whole.find(*address).line > 0);
    let mut keep = Command::new("objcopy");
    keep.args(["--only-keep-debug", "libk.so.1", "k.debug"]);
    tool(keep.current_dir(dir));
    let mut strip = Command::new("objcopy");
    strip.args(["--strip-debug", "--add-gnu-debuglink=k.debug", "libk.so.1"]);
    tool(strip.current_dir(dir));
    address.expect("the library has debug information")
}

#[test]
fn it_is_found_beside_the_file_that_a_link_leads_to() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("real");
    fs::create_dir(&real).unwrap();
    let address = split_library(&real);
    let link = dir.path().join("libk.so");
    std::os::unix::fs::symlink(real.join("libk.so.1"), &link).unwrap();
    for path in [real.join("libk.so.1"), link] {
        let source = SourceLines::open(&Original::open(&path).unwrap()).unwrap();
        let found = source.find(address);
        assert_eq!(
            (found.line, found.function.as_str()),
            (1, "twice"),
            "{path:?}"
        );
    }
}
