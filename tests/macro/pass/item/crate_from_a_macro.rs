//! `$crate` as the path of the crate.
macro_rules! kernel {
    ($name:ident) => {
        #[$crate::item::crate_from_a_macro::reexport::ve_kernel(
                                            lib = "libk.so",
                                            crate = $crate::item::crate_from_a_macro::reexport
                                        )]
        fn $name(x: *mut f64, y: &f64) -> f64;
    };
}

pub(crate) mod reexport {
    pub use veo_core::*;
}

kernel!(scale);
