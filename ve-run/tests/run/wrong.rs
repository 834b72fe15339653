//! Programs that use functions of the C library as none should: each ends as it is told here, and `ve-run` with it.

use crate::support::{Program, end, text};

/// Calls that get an answer.
const ANSWERS: [(&str, i64); 22] = [
    ("regcomp_deep", 12),
    ("regcomp_large", 12),
    ("regcomp_plus", 12),
    ("fnmatch_long", 1),
    ("nftw_leave", 5),
    ("qsort_leave", 5),
    ("qsort_raise", 5),
    ("handler_ends_thread", 3),
    ("exit_jumps", 0),
    ("width", 1_000_000_000),
    ("width_over", -1),
    ("width_huge", -1),
    ("precision", 2_000_000_002),
    ("precision_star", -1),
    ("to_file", -1),
    ("fmemopen_huge", 0),
    ("mmap_huge", -1),
    ("mremap_huge", -1),
    ("poll_many", -1),
    ("select_many", -1),
    ("dup_far", -1),
    ("no_stdout", -1),
];

/// Calls that are reported.
const TRAPS: [(&str, i32, &str); 33] = [
    (
        "regexec_wild",
        139,
        "regexec: was given 0x40, which is not memory of the Vector Engine",
    ),
    ("regexec_zeros", 139, "regexec: was given"),
    ("regfree_twice", 139, "regfree: was given"),
    (
        "regcomp_wild",
        139,
        "regcomp: was given 0x8, which is not memory of the Vector Engine",
    ),
    (
        "regcomp_to_wild",
        139,
        "regcomp: was given 0x8, which is not memory of the Vector Engine",
    ),
    ("regexec_many", 139, "regexec: was given"),
    ("regexec_range", 139, "regexec: was given"),
    (
        "fnmatch_wild",
        139,
        "fnmatch: was given 0xfffffffffffffff8, which is not memory of the Vector Engine",
    ),
    (
        "glob_wild",
        139,
        "glob: was given 0x10, which is not memory of the Vector Engine",
    ),
    (
        "globfree_wild",
        139,
        "globfree: was given 0x18, which is not memory of the Vector Engine",
    ),
    (
        "globfree_far",
        139,
        "globfree: was given 0x18, which is not memory of the Vector Engine",
    ),
    ("nftw_wild", 139, "jump to 0x8, where no code is"),
    ("qsort_deep", 139, "the stack is full, sp is"),
    (
        "qsort_nested",
        139,
        "qsort: calls a function of the program inside 64 such calls, more than the host has room for",
    ),
    (
        "handler_again",
        139,
        "raise: calls a function of the program inside 64 such calls, more than the host has room for",
    ),
    ("handler_wild", 139, "jump to 0x2, where no code is"),
    (
        "handler_freed",
        139,
        "sigaction: was given 0xfffffffffffffffc, which is not memory of the Vector Engine",
    ),
    ("abort_handled", 134, "abort"),
    ("abort_in_thread", 134, "abort"),
    ("memstream_freed", 139, "fclose: finds"),
    (
        "memstream_wild",
        139,
        "fflush: finds 0x20 in place of the stream's block, where no allocated block begins",
    ),
    (
        "memstream_nowhere",
        139,
        "open_memstream: was given 0x0, which is not memory of the Vector Engine",
    ),
    (
        "fmemopen_wild",
        139,
        "fclose: was given 0x28, which is not memory of the Vector Engine",
    ),
    (
        "fmemopen_read_wild",
        139,
        "fmemopen: was given 0x28, which is not memory of the Vector Engine",
    ),
    ("fclose_twice", 139, "fclose: was given"),
    ("munmap_then", 139, "read of"),
    ("map_read_only", 139, "write to"),
    ("map_beyond", 139, "read of"),
    ("map_run", 139, "jump to"),
    (
        "poll_wild",
        139,
        "poll: was given 0x8, which is not memory of the Vector Engine",
    ),
    (
        "select_wild",
        139,
        "select: was given 0x8, which is not memory of the Vector Engine",
    ),
    ("scandir_frees", 139, "free: was given"),
    (
        "alphasort_wild",
        139,
        "alphasort: was given 0x8, which is not memory of the Vector Engine",
    ),
];

/// Calls that end the program, with its status.
const ENDS: [(&str, i32); 5] = [
    ("qsort_exit", 9),
    ("handler_exits", 9),
    ("exit_in_thread", 11),
    ("exit_in_exit", 9),
    ("quick_in_quick", 6),
];

/// Calls that would never end.
const WAITS: [&str; 7] = [
    "regexec_long",
    "pipe_full",
    "read_own",
    "wait_for_none",
    "suspend",
    "pauses",
    "polls",
];

#[test]
fn wrong_calls_of_the_c_library_have_an_answer() {
    let Some(program) = Program::compile(include_str!("wrong.c")) else {
        return;
    };
    let run = |limit: &str, name: &str| program.run(&["--time-limit", limit, "--call", name]);
    for (name, value) in ANSWERS {
        let output = run("60", name);
        assert_eq!(end(&output), (0, String::new()), "{name}");
        let text = text(&output);
        let found = text.split(' ').nth(1).and_then(|word| word.parse().ok());
        assert_eq!(found, Some(value), "{name}: {text}");
    }
    for (name, status, part) in TRAPS {
        let (found, why) = end(&run("60", name));
        assert_eq!(found, status, "{name}: {why}");
        assert!(why.contains(part), "{name}: {why}");
    }
    for (name, status) in ENDS {
        assert_eq!(end(&run("60", name)), (status, String::new()), "{name}");
    }
    for name in WAITS {
        let (found, why) = end(&run("0.3", name));
        assert_eq!(found, 124, "{name}: {why}");
    }
}
