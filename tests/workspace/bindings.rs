//! The checked-in bindings are what bindgen makes of the headers in `veo-abi/include`.
//!
//! `VEO_BLESS=1 cargo test -p veo-tests --test workspace bindings` writes them anew.

use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;
use veo_test_support::{available, blessing};

const HEADERS: [&str; 6] = [
    "ve_offload.h",
    "veo_hmem.h",
    "veo_veshm.h",
    "veo_vhveshm.h",
    "veo_vedma.h",
    "veo_emu.h",
];

#[test]
fn checked_in_bindings_match_the_headers() {
    if !available("libclang (Debian: libclang-dev)", libclang_found()) {
        return;
    }
    let abi = Path::new(env!("CARGO_MANIFEST_DIR")).join("../veo-abi");
    let file = abi.join("src/generated.rs");
    let wanted = generate(&abi.join("include"));
    if blessing() {
        std::fs::write(&file, wanted).unwrap();
        return;
    }
    let have = std::fs::read_to_string(&file).unwrap();
    assert!(
        have == wanted,
        "veo-abi/src/generated.rs is not what the headers say; \
         run VEO_BLESS=1 cargo test -p veo-tests --test workspace bindings"
    );
}

fn libclang_found() -> bool {
    std::panic::catch_unwind(|| bindgen::clang_version().parsed.is_some()).unwrap_or(false)
}

fn generate(include: &Path) -> String {
    let mut builder = bindgen::Builder::default()
        .allowlist_item("(veo?|VEO?)_.*")
        .blocklist_type("pid_t|key_t|__.*")
        .blocklist_item("VEO_REQUEST_ID_INVALID")
        .default_enum_style(bindgen::EnumVariation::Consts)
        .prepend_enum_name(false)
        .layout_tests(false)
        .generate_comments(false)
        .disable_header_comment()
        .wrap_unsafe_ops(true)
        .clang_arg(format!("-I{}", include.display()));
    for header in HEADERS {
        builder = builder.header(include.join(header).display().to_string());
    }
    let text = builder.generate().expect("the headers parse").to_string();
    let file: syn::File = syn::parse_str(&text).expect("bindgen writes Rust");

    let mut names = Vec::new();
    let mut types = Vec::new();
    let mut prototypes = Vec::new();
    let mut rest = Vec::new();
    for item in file.items {
        match item {
            syn::Item::ForeignMod(block) => {
                for item in block.items {
                    let syn::ForeignItem::Fn(function) = item else {
                        panic!("only functions are expected in the headers")
                    };
                    let inputs = &function.sig.inputs;
                    let output = &function.sig.output;
                    let result = match output {
                        syn::ReturnType::Default => quote!(()),
                        syn::ReturnType::Type(_, ty) => quote!(#ty),
                    };
                    let name = &function.sig.ident;
                    prototypes.push(quote!(fn #name(#inputs) -> #result;));
                    types.push(quote!(unsafe extern "C" fn(#inputs) #output));
                    names.push(function.sig.ident);
                }
            }
            other => rest.push(other),
        }
    }
    let docs: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
    let count = names.len();
    let table: TokenStream = quote! {
        #(#rest)*

        /// The functions of the libveo interface, each where it was found.
        #[derive(Clone, Copy, Debug)]
        pub struct VeoApi {
            #(#[doc = #docs] pub #names: Option<#types>,)*
        }

        impl VeoApi {
            /// A table without functions.
            pub const EMPTY: VeoApi = VeoApi { #(#names: None,)* };

            /// The names of all functions, in the order of the fields.
            pub const NAMES: [&'static str; #count] = [#(#texts),*];

            /// Fills a table from a function that finds symbols by name.
            ///
            /// # Safety
            ///
            /// Every address that `find` returns is null or that of a function of
            /// the libveo interface of that name, and stays valid for as long as
            /// the table is used.
            pub unsafe fn load(
                mut find: impl FnMut(&'static str) -> *const ::std::os::raw::c_void,
            ) -> VeoApi {
                let mut api = VeoApi::EMPTY;
                #({
                    let address = find(#texts);
                    // SAFETY: the caller promises that a non-null address is the
                    // function of this name; null becomes None.
                    api.#names = unsafe {
                        ::std::mem::transmute::<
                            *const ::std::os::raw::c_void,
                            Option<#types>,
                        >(address)
                    };
                })*
                api
            }
        }

        /// Hands the prototypes of all functions to a macro, in the order of
        /// [`VeoApi::NAMES`](crate::ffi::VeoApi::NAMES): `fn name(parameter: type, ..) -> result;` each.
        /// Their types are named as in this module.
        #[macro_export]
        macro_rules! for_each_function {
            ($macro:ident) => { $macro! { #(#prototypes)* } };
        }
    };
    let tree: syn::File = syn::parse2(table).expect("the table parses");
    format!(
        "// Generated from the headers in veo-abi/include; tests/workspace/bindings.rs says how.\n\n{}",
        prettyplease::unparse(&tree)
    )
}
