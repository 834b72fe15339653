//! The library's output for tokens, without the compiler.

use proc_macro2::TokenStream;
use veo_syntax::CrateBuild;
use veo_test_support as _;

fn expand(args: &str, item: &str) -> String {
    let tokens = veo_syntax::ve_kernel(
        args.parse().unwrap(),
        item.parse().unwrap(),
        &CrateBuild::nothing(),
    );
    let file: syn::File = syn::parse2(tokens.clone())
        .unwrap_or_else(|e| panic!("the expansion does not parse: {e}\n{tokens}"));
    prettyplease::unparse(&file)
}

/// The messages of an expansion, in order.
fn messages(args: &str, item: &str) -> Vec<String> {
    let tokens: TokenStream = expand(args, item).parse().unwrap();
    let file: syn::File = syn::parse2(tokens).unwrap();
    file.items
        .iter()
        .filter_map(|item| match item {
            syn::Item::Macro(item) => item.mac.parse_body::<syn::LitStr>().ok(),
            _ => None,
        })
        .map(|text| text.value())
        .collect()
}

#[test]
fn a_right_declaration_gives_a_stub_and_no_message() {
    let text = expand(
        r#"lib = "libk.so""#,
        "pub fn add(a: i32, b: *mut f64) -> i64;",
    );
    assert!(text.contains("pub fn add<'__a, __On, __Out>("), "{text}");
    assert!(text.contains("a: i32,"), "{text}");
    assert!(
        text.contains("b: impl ::veo_core::__private::MutArg<'__a, f64>"),
        "{text}"
    );
    assert!(!text.contains("compile_error"), "{text}");
}

#[test]
fn all_mistakes_are_reported_together_by_what_remains() {
    let text = expand("lob = 3", "fn f(a: bool, b: String, c: &i32) -> char;");
    assert_eq!(text.matches("compile_error").count(), 4, "{text}");
    // Its type contains them, so that nothing else is said about any use of it.
    assert!(
        text.contains("const f: <() as ::veo_core::__private::Wrong<"),
        "{text}"
    );
}

#[test]
fn a_body_is_reserved() {
    let found = messages(r#"lib = "libk.so""#, "fn f(a: i32) -> i32 { a }");
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("has no body"), "{found:?}");
}

#[test]
fn something_else_is_left_as_it_is() {
    let text = expand(r#"lib = "libk.so""#, "struct S { x: i32 }");
    assert!(text.contains("struct S"), "{text}");
    assert_eq!(text.matches("compile_error").count(), 1, "{text}");
}

#[test]
fn functions_of_a_block_are_unsafe_unless_they_are_safe() {
    let text = expand(
        r#"lib = "libk.so""#,
        r#"unsafe extern "C" {
            safe fn a();
            fn b();
            #[ve_kernel(name = "c_", optional)] pub unsafe fn c();
        }"#,
    );
    assert!(text.contains("\nfn a<"), "{text}");
    assert!(text.contains("\nunsafe fn b<"), "{text}");
    assert!(text.contains("\npub unsafe fn c<"), "{text}");
    assert!(text.contains(r#"symbol: "c_""#), "{text}");
    assert_eq!(text.matches("Resolution::Optional").count(), 1, "{text}");
    assert!(!text.contains("compile_error"), "{text}");
}
