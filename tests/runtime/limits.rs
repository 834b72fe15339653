//! A request for more than a limit allows is an error that names the limit.

use veo_core::VeoProc;
use veo_test_support as _;

#[test]
fn memory_that_a_node_does_not_have() {
    for (bytes, says) in [
        (u64::MAX, "a node has"),
        (1 << 50, "a node has"),
        (1, "at least 1048576 bytes"),
        (0, "at least 1 MiB"),
    ] {
        let result = VeoProc::builder().memory(bytes).build();
        let error = result.map(drop).unwrap_err().to_string();
        assert!(error.contains(says), "{bytes}: {error}");
    }
}

#[test]
fn memory_is_never_less_than_was_asked_for() {
    let proc = VeoProc::builder().memory((1 << 20) + 1).build().unwrap();
    // Whole pages, so a little more than asked for can be had, and not much more.
    let block = proc.alloc_mem((1 << 20) + 1).unwrap();
    proc.alloc_mem(1 << 20).map(drop).unwrap_err();
    proc.free_mem(block).unwrap();
}
