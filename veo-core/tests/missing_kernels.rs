//! Kernels of libraries that the program's own build made are looked up when a process
//! is created, and all that are missing are named at once.

mod common;

use veo_core::__private::{Kernel, Registration, Resolution, inventory};
use veo_core::abi::build_dir;
use veo_core::{Error, KernelLookup, Result, VeoProc};

/// Stands for the `OUT_DIR` of a crate whose build made `libeager.so`.
const BUILD_DIR: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/eager");

const fn kernel(symbol: &'static str, resolution: Resolution) -> Kernel {
    common::declared(symbol, "libeager.so", resolution, BUILD_DIR)
}

static THERE: Kernel = kernel("bump_counter", Resolution::Eager);
static MISSPELT: Kernel = kernel("bump_countr", Resolution::Eager);
static MISSING: Kernel = kernel("nowhere_to_be_found", Resolution::Eager);
static OPTIONAL: Kernel = kernel("perhaps_elsewhere", Resolution::Optional);
static LAZY: Kernel = kernel("declared_by_a_header", Resolution::Lazy);

inventory::submit! { Registration(&THERE) }
inventory::submit! { Registration(&MISSPELT) }
inventory::submit! { Registration(&MISSING) }
inventory::submit! { Registration(&OPTIONAL) }
inventory::submit! { Registration(&LAZY) }

#[test]
fn one_error_names_all_kernels_that_are_missing() -> Result<()> {
    let library = common::compile("kernels.c", "libeager.so", &["-O1"]);
    let directory = build_dir::of(BUILD_DIR.as_ref()).join(build_dir::HOST);
    std::fs::create_dir_all(&directory).expect("it can be made");
    std::fs::rename(library, directory.join("libeager.so")).expect("one file system");

    let error = VeoProc::new(0).unwrap_err();
    let text = error.to_string();
    let Error::Kernels { failed } = error else {
        panic!("{text}");
    };
    let symbols: Vec<_> = failed.iter().map(|kernel| kernel.symbol.as_str()).collect();
    assert_eq!(symbols, ["bump_countr", "nowhere_to_be_found"]);
    for part in [
        "some-kernels",
        "missing_kernels.rs:",
        "did you mean bump_counter",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let proc = VeoProc::builder().kernels(KernelLookup::Lazy).build()?;
    let there = veo_core::kernels()
        .find(|kernel| kernel.symbol == "bump_counter")
        .expect("registered above");
    there.function(&proc)?.call(&proc, [])?;
    Ok(())
}
