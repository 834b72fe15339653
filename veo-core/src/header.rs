//! Declarations that a build script imported from a C header.

/// Includes the declarations that `veo_build::Kernels::import_header("k.h")` wrote for `k.h`:
///
/// ```ignore
/// mod k {
///     veo_core::include_header!("k");
/// }
/// ```
///
/// The name is that of the header without extension, or what `Import::name` set.
#[macro_export]
macro_rules! include_header {
    ($name:literal) => {
        ::core::include!(::core::concat!(
            ::core::env!("OUT_DIR"),
            $crate::abi::imports_in_out_dir!(),
            $name,
            ".rs"
        ));
    };
}
