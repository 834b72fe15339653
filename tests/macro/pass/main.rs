//! Right programs: each module is one that has to compile, without a warning.
#![deny(warnings)]
#![allow(dead_code, clippy::useless_vec)]

use veo_test_support as _;

mod attribute {
    mod crate_path;
    mod imported_name;
    mod inside_block;
    mod lazy;
    mod lib;
    mod link_name;
    mod name;
    mod optional;
    mod static_kernel;
    mod trailing_comma;
    mod versioned_library;
}

mod item {
    mod block;
    mod cfg;
    pub(crate) mod crate_from_a_macro;
    mod docs_and_attributes;
    mod empty_block;
    mod extern_c_single;
    mod fragments_from_a_macro;
    mod from_a_macro;
    mod in_function_body;
    mod in_impl;
    mod inner_attributes;
    mod module_of_its_name;
    mod names;
    mod private_in_public;
    mod same_name_in_modules;
    mod unsafe_single;
}

mod hygiene {
    mod crate_by_alias;
    mod forbidden_lints;
    mod forbidden_unsafe;
    mod no_prelude;
    mod parameter_names;
    mod parameters_named_like_items;
    mod raw_identifiers;
    mod reexported;
    mod shadowed_names;
    mod strict_lints;
}

mod types {
    mod aliases;
    mod aliases_of_functions;
    mod aliases_of_pointers;
    mod aliases_of_references;
    mod anonymous_parameters;
    mod arrays;
    mod coercions;
    mod constants_in_types;
    mod deprecated_fields;
    mod explicit_handles;
    mod fortran;
    mod functions;
    mod generic_structs;
    mod lint_attributes;
    mod literals;
    mod many_parameters;
    mod opaque_handles;
    mod packed_and_aligned;
    mod pointer_results;
    mod pointers;
    mod pointers_to_pointers;
    mod references;
    mod scalars;
    mod strings;
    mod structs;
    mod tuple_structs;
    mod untyped_pointers;
}

mod call {
    mod any_argument;
    mod any_target;
    mod as_values;
    mod context;
    mod futures_are_send;
    mod generic_wrappers;
    mod in_closures_and_threads;
    mod inputs_end_with_the_call;
    mod one_buffer_twice;
    mod outputs_until_wait;
    mod pointers_to_targets;
    mod process;
    mod reborrows;
    mod results_in_structures;
    mod untyped_null;
}

mod contract {
    mod constants;
    mod operators;
    mod parameters;
    mod places;
}

mod info {
    mod kernel_info;
}

/// Every file beside this one is a module of it.
#[test]
fn no_case_is_forgotten() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("macro/pass");
    let main = include_str!("main.rs");
    let mut count = 0;
    for group in std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap()) {
        if !group.file_type().unwrap().is_dir() {
            continue;
        }
        for case in std::fs::read_dir(group.path()).unwrap() {
            let case = case.unwrap().path();
            let name = case.file_stem().unwrap().to_str().unwrap();
            assert!(main.contains(&format!("mod {name};")), "{}", case.display());
            count += 1;
        }
    }
    assert!(count >= 60, "only {count}");
}
