//! The attribute by a name of the user's own.

use veo_core::ve_kernel as kernel;
use veo_core::{Result, VeoProc};

mod renamed {
    pub(crate) use veo_core::ve_kernel as declare;
}

#[kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn plain(n: i32);

    /// Has another name there.
    #[kernel(name = "imported_")]
    safe fn imported(n: i32) -> i32;
}

#[renamed::declare(lib = "libk.so")]
unsafe extern "C" {
    #[renamed::declare(name = "by_path_", optional)]
    safe fn by_path();
}

#[cfg_attr(all(), kernel(lib = "libk.so"))]
unsafe extern "C" {
    #[kernel(name = "conditional_")]
    safe fn conditional();
}

#[kernel(lib = "libk.so")]
unsafe extern "C" {
    #[cfg_attr(all(), kernel(name = "by_condition_"))]
    #[cfg_attr(not(all()), kernel(name = "elsewhere"), must_use)]
    safe fn by_condition() -> i32;
}

#[kernel(lib = "libk.so")]
#[cfg_attr(all(), doc = "Has another name there.", link_name = "single_")]
fn single() -> i32;

macro_rules! declare {
    ($($item:tt)*) => {
        #[kernel(lib = "libk.so")]
        unsafe extern "C" {
            $($item)*
        }
    };
}

declare! {
    #[kernel(name = "by_macro_")]
    safe fn by_macro();
}

fn call(proc: &VeoProc) -> Result<i32> {
    plain(proc, 1)?;
    by_path(proc)?;
    conditional(proc)?;
    by_macro(proc)?;
    by_condition(proc)?;
    single(proc)?;
    imported(proc, 2)
}

#[test]
fn the_names_in_the_library_are_those_given() {
    let of = |name: &str| {
        let here = |info: &&veo_core::KernelInfo| {
            info.module.ends_with("imported_name") && info.name == name
        };
        veo_core::kernels().find(here).expect(name).symbol
    };
    assert_eq!(of("plain"), "plain");
    for name in [
        "imported",
        "by_path",
        "conditional",
        "by_macro",
        "by_condition",
        "single",
    ] {
        assert_eq!(of(name), format!("{name}_"));
    }
}
