//! Machine code that reaches, jumps or counts where it must not, and registers that it has to keep: each ends as it is told here.

use crate::support::{Program, end, text, ve_run};

/// Calls that are reported: the status, parts of the last line.
const TRAPS: [(&str, i32, &[&str]); 51] = [
    (
        "jump_into_data",
        139,
        &["jump to", "where no code is", "jump_into_data+"],
    ),
    (
        "jump_to_odd",
        139,
        &["jump to", "where no code is", "jump_to_odd+"],
    ),
    (
        "jump_to_host",
        139,
        &["jump to 0x7f0000001000, where no code is", "jump_to_host+"],
    ),
    (
        "jump_to_stack",
        139,
        &["jump to", "where no code is", "jump_to_stack+"],
    ),
    (
        "write_code",
        139,
        &["write to", "which is protected", "write_code+"],
    ),
    (
        "write_constant",
        139,
        &["write to", "which is protected", "write_constant+"],
    ),
    (
        "read_null",
        139,
        &[
            "read of 0x0, which is not memory of the Vector Engine",
            "read_null+",
        ],
    ),
    (
        "read_top",
        139,
        &[
            "read of 0xfffffffffffffff8, which is not memory of the Vector Engine",
            "read_top+",
        ],
    ),
    (
        "read_across",
        139,
        &[
            "read of 0xfffffffffffffffc, which is not memory of the Vector Engine",
            "read_across+",
        ],
    ),
    (
        "write_top",
        139,
        &[
            "write to 0xffffffffffffffff, which is not memory of the Vector Engine",
            "write_top+",
        ],
    ),
    (
        "read_host",
        139,
        &[
            "read of",
            "which is not memory of the Vector Engine",
            "read_host+",
        ],
    ),
    (
        "read_tagged",
        139,
        &[
            "read of",
            "which is not memory of the Vector Engine",
            "read_tagged+",
        ],
    ),
    (
        "vector_wraps",
        139,
        &[
            "read of 0xffffffffffffffc0, which is not memory of the Vector Engine",
            "vector_wraps+",
        ],
    ),
    (
        "vector_long",
        132,
        &["a vector of 257 elements, of at most 256", "vector_long+"],
    ),
    (
        "vector_endless",
        132,
        &[
            "a vector of 18446744073709551615 elements, of at most 256",
            "vector_endless+",
        ],
    ),
    (
        "vector_misaligned",
        135,
        &[
            "access to",
            "which is not a multiple of 8",
            "vector_misaligned+",
        ],
    ),
    (
        "vector_stride",
        139,
        &[
            "write to",
            "which is not memory of the Vector Engine",
            "vector_stride+",
        ],
    ),
    (
        "vector_odd_stride",
        135,
        &[
            "access to",
            "which is not a multiple of 8",
            "vector_odd_stride+",
        ],
    ),
    (
        "vector_scatter",
        139,
        &[
            "write to 0x40, which is not memory of the Vector Engine",
            "vector_scatter+",
        ],
    ),
    (
        "vector_code",
        139,
        &["write to", "which is protected", "vector_code+"],
    ),
    (
        "atomic_code",
        139,
        &["write to", "which is protected", "atomic_code+"],
    ),
    (
        "without_stack",
        139,
        &[
            "write to 0xb8, which is not memory of the Vector Engine",
            "without_stack+",
        ],
    ),
    (
        "with_wild_stack",
        139,
        &[
            "write to",
            "which is not memory of the Vector Engine",
            "with_wild_stack+",
        ],
    ),
    ("without_limit", 139, &["the stack is full, sp is"]),
    (
        "huge_alloca",
        139,
        &["the stack is full, sp is", "huge_alloca+"],
    ),
    (
        "percent_n",
        139,
        &[
            "printf: was given 0x10, which is not memory of the Vector Engine",
            "percent_n+",
        ],
    ),
    (
        "percent_n_code",
        139,
        &["printf: was given", "which is protected", "percent_n_code+"],
    ),
    (
        "percent_s",
        139,
        &[
            "printf: was given 0x18, which is not memory of the Vector Engine",
            "percent_s+",
        ],
    ),
    (
        "too_few",
        139,
        &["printf: was given", "which is protected", "too_few+"],
    ),
    (
        "text_without_end",
        139,
        &[
            "strlen: was given",
            "which is protected",
            "text_without_end+",
        ],
    ),
    (
        "copy_to_constant",
        139,
        &[
            "strcpy: was given",
            "which is protected",
            "copy_to_constant+",
        ],
    ),
    (
        "copy_much",
        139,
        &["memcpy: was given", "which is protected", "copy_much+"],
    ),
    (
        "copy_backwards",
        139,
        &["memcpy: was given", "which is protected", "copy_backwards+"],
    ),
    (
        "set_code",
        139,
        &["memset: was given", "which is protected", "set_code+"],
    ),
    (
        "free_wild",
        139,
        &[
            "free: was given 0x28, where no allocated block begins",
            "free_wild+",
        ],
    ),
    (
        "free_stack",
        139,
        &[
            "free: was given",
            "where no allocated block begins",
            "free_stack+",
        ],
    ),
    (
        "free_inside",
        139,
        &[
            "free: was given",
            "where no allocated block begins",
            "free_inside+",
        ],
    ),
    (
        "free_twice",
        139,
        &[
            "free: was given",
            "a block that was freed before",
            "free_twice+",
        ],
    ),
    (
        "realloc_freed",
        139,
        &[
            "realloc: was given",
            "a block that was freed before",
            "realloc_freed+",
        ],
    ),
    (
        "after_free",
        139,
        &["strlen: was given", "which is protected", "after_free+"],
    ),
    (
        "no_stream",
        139,
        &[
            "fputs: was given 0x0, which is no open stream",
            "no_stream+",
        ],
    ),
    (
        "wild_stream",
        139,
        &[
            "fputs: was given",
            "which is no open stream",
            "wild_stream+",
        ],
    ),
    (
        "closed_stream",
        139,
        &[
            "fputs: was given",
            "which is no open stream",
            "closed_stream+",
        ],
    ),
    (
        "sort_nothing",
        139,
        &[
            "qsort: was given 0x0, which is not memory of the Vector Engine",
            "sort_nothing+",
        ],
    ),
    ("thread_wild", 139, &["jump to 0x8, where no code is"]),
    (
        "thread_nowhere",
        139,
        &[
            "pthread_create: was given 0x8, which is not memory of the Vector Engine",
            "thread_nowhere+",
        ],
    ),
    (
        "lock_code",
        139,
        &[
            "pthread_mutex_lock: was given",
            "which is protected",
            "lock_code+",
        ],
    ),
    (
        "unlock_wild",
        139,
        &[
            "pthread_mutex_unlock: was given 0x8, which is not memory of the Vector Engine",
            "unlock_wild+",
        ],
    ),
    ("atexit_wild", 139, &["jump to 0x18, where no code is"]),
    (
        "environment_of_nothing",
        139,
        &[
            "getenv: was given 0x0, which is not memory of the Vector Engine",
            "environment_of_nothing+",
        ],
    ),
    (
        "environment_wild",
        139,
        &[
            "getenv: was given 0x8, which is not memory of the Vector Engine",
            "environment_wild+",
        ],
    ),
];

/// Calls that get an answer.
const ANSWERS: [(&str, i64); 14] = [
    ("vector_none", 7),
    ("with_high_limit", 3),
    ("without_thread", 5),
    ("host_without_thread", 3),
    ("without_frame", 3),
    ("sort_empty", 4),
    ("sort_zero_size", 4),
    ("join_nobody", 3),
    ("token_of_nothing", 1),
    ("month_large", -1),
    ("date_large", 1),
    ("base_large", 0),
    ("no_file", -1),
    ("no_call", -1),
];

#[test]
fn wild_code_harms_nobody_and_is_told_as_what_it_is() {
    let Some(program) = Program::compile(include_str!("wild.c")) else {
        return;
    };
    // More than any memory, for the function that takes a number.
    let run = |name: &str| {
        let mut arguments = vec!["--time-limit", "60", "--call", name, program.file()];
        arguments.extend((name == "huge_alloca").then_some("0x10000000000"));
        ve_run(&arguments)
    };
    for (name, status, parts) in TRAPS {
        let (found, why) = end(&run(name));
        assert_eq!(found, status, "{name}: {why}");
        assert!(parts.iter().all(|part| why.contains(part)), "{name}: {why}");
    }
    for (name, value) in ANSWERS {
        let output = run(name);
        assert_eq!(end(&output), (0, String::new()), "{name}");
        let text = text(&output);
        let found = text.split(' ').nth(1).and_then(|word| word.parse().ok());
        assert_eq!(found, Some(value), "{name}: {text}");
    }
}
