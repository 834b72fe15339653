//! Procedural macros of `veo-core`, which re-exports them: use them from there.
//!
//! Entry points only; `veo-syntax` does the work.

use proc_macro::TokenStream;

/// Declares kernels: functions of a library that runs on the VE.
///
/// See the documentation of `veo_core` for what can be declared and how the
/// functions are called.
#[proc_macro_attribute]
pub fn ve_kernel(args: TokenStream, item: TokenStream) -> TokenStream {
    let built = veo_syntax::Built::of_this_crate();
    veo_syntax::ve_kernel(args.into(), item.into(), &built).into()
}

/// Implements `VeData` for a `#[repr(C)]` structure of plain data, so that
/// references and pointers to it can be passed to kernels.
#[proc_macro_derive(VeData, attributes(ve_data))]
pub fn derive_ve_data(item: TokenStream) -> TokenStream {
    veo_syntax::derive_ve_data(item.into()).into()
}

/// Lets kernels take and return pointers to a type whose contents only they know.
#[proc_macro_derive(VeOpaque, attributes(ve_opaque))]
pub fn derive_ve_opaque(item: TokenStream) -> TokenStream {
    veo_syntax::derive_ve_opaque(item.into()).into()
}
