//! The chapters of the book whose code blocks are compiled and run: `cargo test -p veo-book --doc`.

#![expect(clippy::needless_doctest_main, reason = "pages show whole programs")]

macro_rules! chapters {
    ($($module:ident = $file:literal),* $(,)?) => {
        $(
            #[doc = include_str!(concat!("../../../docs/book/src/", $file, ".md"))]
            pub mod $module {}
        )*
    };
}

chapters! {
    introduction = "introduction",
    first_kernel = "first-kernel",
    from_c = "from-c",
    from_veda = "from-veda",
    memory = "memory",
    errors = "errors",
    building = "building",
    on_a_card = "on-a-card",
    mpi = "mpi",
    debugging = "debugging",
    checkers = "checkers",
    missing_waits = "missing-waits",
    statistics = "statistics",
    timeline = "timeline",
    emulated_node = "emulated-node",
    ve_c_library = "ve-c-library",
    architecture = "architecture",
}
