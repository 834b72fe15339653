//! Declared kernels of libraries that need each other: whichever is loaded first, all can be
//! called.

mod common;

use veo_core::__private::{Kernel, Registration, Resolution, inventory};
use veo_core::abi::build_dir;
use veo_core::{Result, VeoProc};

/// Stands for the `OUT_DIR` of a crate whose build made the libraries.
const BUILD_DIR: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/dependent");

const fn kernel(symbol: &'static str, library: &'static str) -> Kernel {
    common::declared(symbol, library, Resolution::Eager, BUILD_DIR)
}

static A: Kernel = kernel("dependent_a", "libdependent_a.so");
static B: Kernel = kernel("dependent_b", "libdependent_b.so");
static C: Kernel = kernel("dependent_c", "libdependent_c.so");
static D: Kernel = kernel("dependent_d", "libdependent_d.so");

inventory::submit! { Registration(&A) }
inventory::submit! { Registration(&B) }
inventory::submit! { Registration(&C) }
inventory::submit! { Registration(&D) }

#[test]
fn the_order_of_declarations_does_not_matter() -> Result<()> {
    let directory = build_dir::of(BUILD_DIR.as_ref()).join(build_dir::HOST);
    std::fs::create_dir_all(&directory).expect("it can be made");
    // One of the pairs is loaded in the wrong order, forwards or backwards.
    for (name, needs) in [("a", Some("b")), ("b", None), ("c", None), ("d", Some("c"))] {
        let mut flags = vec![format!("-DNAME=dependent_{name}")];
        flags.extend(needs.map(|other| format!("-DNEEDS=dependent_{other}")));
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let file = format!("libdependent_{name}.so");
        let library = common::compile("dependent.c", &file, &flags);
        std::fs::rename(library, directory.join(file)).expect("one file system");
    }

    let proc = VeoProc::new(0)?;
    for (name, result) in [("a", 2_i64), ("b", 1), ("c", 1), ("d", 2)] {
        let symbol = format!("dependent_{name}");
        let kernel = proc.get_function(&symbol)?.args_type::<&str>(&[])?;
        let value = kernel.ret_type("long")?.call(&proc, [])?;
        assert_eq!(i64::try_from(value)?, result, "{symbol}");
    }
    Ok(())
}
