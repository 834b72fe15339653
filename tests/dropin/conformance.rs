//! The conformance suite: C programs written from the description of the libveo
//! interface, compiled and run against the installed drop-in library.
//!
//! Each program in `conformance` says in its first lines what it is about.

use veo_test_support::dropin::Dropin;

/// The variable that programs set on a card if they open more than the main context, since all
/// contexts share its cores. It makes no difference here.
const THREADS: (&str, &str) = ("VE_OMP_NUM_THREADS", "1");

macro_rules! programs {
    ($($(#[$attribute:meta])* $name:ident $(($($variable:expr),*))?,)*) => {
        $(
            $(#[$attribute])*
            #[test]
            fn $name() {
                Dropin::get().conforms(concat!(stringify!($name), ".c"), &[$($($variable),*)?]);
            }
        )*

        /// The sources that are run as tests.
        const PROGRAMS: &[&str] = &[$(concat!(stringify!($name), ".c")),*];
    };
}

programs! {
    // Functions
    version,
    process,
    process_identifiers,
    library,
    memory,
    async_memory,
    kernel_heap(THREADS),
    contexts,
    openmp,
    attributes(THREADS),
    hmem,
    hmem_arguments,
    hmem_bindings,
    hooks,
    hmem_hooks,
    not_supported,
    null_handles,
    environment,
    static_image,
    nodes,
    // How arguments reach a kernel
    arguments,
    stack_buffers,
    // How requests behave
    request_ids,
    calls,
    order(THREADS),
    many,
    sync,
    waiters,
    large_transfer,
    vh_calls,
    previous_result,
    streams,
    request_blocks(THREADS),
    // Faults, and the traps that an implementation does not have
    faults,
    fault_elsewhere(THREADS),
    after_death,
    after_destroy(THREADS),
    killed,
    sigchld,
    other_children(THREADS),
    creator_thread,
    destroy_busy,
    // Bounds
    contexts_for_ever(THREADS),
    bounded,
}

/// Sources that are no programs, or those of other tests.
const OTHERS: &[&str] = &[
    "kernels.c",
    "veside.c",
    "relay.c",
    "unlinked.c",
    "bindings.c",
    "dependent.c",
    "provider.c",
    "image.c",
    "pyveo.c",
    "plugin.c",
    "library_search.c",
    "descriptors.c",
    "closed_descriptors.c",
    "cancelled.c",
    "fork.c",
    "limits.c",
    "many_threads.c",
    "extensions.c",
    "outlived.c",
    "alone.c",
    "exits.c",
    "in_plugin.c",
    "reasons.c",
];

#[test]
fn no_program_is_forgotten() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/dropin/conformance");
    for entry in std::fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = PROGRAMS.contains(&name.as_str()) || OTHERS.contains(&name.as_str());
        assert!(
            known || !name.ends_with(".c"),
            "{name} is in no list of dropin/conformance.rs"
        );
    }
}
