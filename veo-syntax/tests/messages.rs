//! Every rule that tokens alone can break: what is said, and how often.

use proc_macro2::TokenTree;
use veo_syntax::CrateBuild;
use veo_test_support as _;

const LIB: &str = r#"lib = "libk.so""#;

/// The messages of an expansion, in order.
fn messages(args: &str, item: &str) -> Vec<String> {
    let tokens = veo_syntax::ve_kernel(
        args.parse().unwrap(),
        item.parse().unwrap(),
        &CrateBuild::nothing(),
    );
    collect(tokens, item)
}

fn collect(tokens: proc_macro2::TokenStream, of: &str) -> Vec<String> {
    if let Err(error) = syn::parse2::<syn::File>(tokens.clone()) {
        panic!("the expansion of {of} does not parse: {error}");
    }
    let mut found = Vec::new();
    said(tokens, &mut found);
    found
}

/// The texts of `compile_error!`, wherever they are. The compiler says each once.
fn said(tokens: proc_macro2::TokenStream, found: &mut Vec<String>) {
    let mut is_error = false;
    for tree in tokens {
        match tree {
            TokenTree::Ident(word) => is_error = word == "compile_error",
            TokenTree::Group(group) if is_error => {
                is_error = false;
                let text: syn::LitStr = syn::parse2(group.stream()).unwrap();
                if !found.contains(&text.value()) {
                    found.push(text.value());
                }
            }
            TokenTree::Group(group) => said(group.stream(), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// One declaration, one mistake.
fn one(args: &str, item: &str, words: &[&str]) {
    says_once(&messages(args, item), item, words);
}

/// There is one message, and it has these words, the first of which says what is wrong and the
/// others what to write.
fn says_once(found: &[String], item: &str, words: &[&str]) {
    assert_eq!(found.len(), 1, "{item}: {found:#?}");
    for word in words {
        let said = &found[0];
        assert!(said.contains(word), "{item}: {word:?} in {said:?}");
    }
}

#[test]
fn parameters() {
    for (ty, words) in [
        ("bool", ["`bool`", "write `u8`"]),
        ("char", ["`char`", "`c_char`"]),
        ("i128", ["`i128`", "write `i64`"]),
        ("f16", ["`f16`", "`f32`"]),
        ("f128", ["`f128`", "`f64`"]),
        ("String", ["`String`", "`*const c_char`"]),
        ("&str", ["`str`", "`*const c_char`"]),
        ("&CStr", ["`CStr`", "`OnStack::cstr(..)`"]),
        ("std::path::PathBuf", ["`PathBuf`", "`*const c_char`"]),
        ("Self", ["`Self`", "the name of the type"]),
        ("Vec<f64>", ["`Vec<f64>`", "`&[f64]`"]),
        ("&Vec<f64>", ["`Vec<f64>`", "`&[f64]`"]),
        ("Box<i32>", ["`Box<i32>`", "`*mut f64`"]),
        (
            "std::rc::Rc<Vec<u8>>",
            ["Rc<Vec<u8>>", "reference to plain data"],
        ),
        ("HashMap<u8, u8>", ["`HashMap<u8, u8>`", "host only"]),
        ("Option<&f64>", ["`Option<&f64>`", "`NULL`"]),
        ("VeBuffer<f32>", ["`VeBuffer<f32>`", "`*mut f32`"]),
        ("veo_core::VeSliceMut<'_, i8>", ["VeSliceMut", "`*mut i8`"]),
        ("[f64; 4]", ["`[f64; 4]`", "`&mut [f64; 4]`"]),
        ("[f64]", ["`[f64]`", "`&[f64]`"]),
        ("(f64, i32)", ["`(f64, i32)`", "`#[repr(C)]`"]),
        ("()", ["`()`", "leave the parameter out"]),
        ("impl Copy", ["`impl Copy`", "`i32`"]),
        ("dyn Fn()", ["`dyn Fn()`", "`*mut c_void`"]),
        (
            "&dyn Fn(f64) -> f64",
            ["`dyn Fn(f64) -> f64`", "`*mut c_void`"],
        ),
        ("_", ["`_`", "`i32`"]),
        ("!", ["`!`", "scalar"]),
        (
            "fn(f64) -> f64",
            ["C calling convention", "`extern \"C\" fn(f64) -> f64`"],
        ),
        (
            "Option<fn()>",
            ["C calling convention", "`extern \"C\" fn()`"],
        ),
        ("*mut ()", ["`void *`", "`*mut c_void`"]),
        ("*mut [f64]", ["`[f64]`", "length as an argument"]),
        ("*const &f64", ["`&f64`", "`VeAddr<f64>`"]),
        ("*const (u8, u8)", ["`(u8, u8)`", "`#[derive(VeData)]`"]),
        ("*mut bool", ["`bool`", "a pointer to `u8`"]),
        ("*mut *mut bool", ["`bool`", "a pointer to `u8`"]),
        ("*mut [[char; 2]; 3]", ["`char`", "an array of `c_char`"]),
        (
            "*mut extern \"C\" fn()",
            ["function pointer", "`VeAddr<c_void>`"],
        ),
        (
            "*mut Option<extern \"C\" fn()>",
            ["function pointer", "`VeAddr<c_void>`"],
        ),
        ("&*const f64", ["`*const f64`", "`VeAddr<f64>`"]),
        ("&&f64", ["`&f64`", "`VeAddr<f64>`"]),
        ("&mut [&[f64]]", ["`&[f64]`", "`VeAddr<f64>`"]),
        ("&mut u128", ["`u128`", "a reference to `u64`"]),
        ("(bool)", ["`bool`", "`u8`"]),
    ] {
        one(LIB, &format!("fn f(x: {ty});"), &words);
    }
}

#[test]
fn results() {
    for (ty, words) in [
        ("bool", ["`bool`", "`u8`"]),
        ("char", ["`char`", "`u32`"]),
        ("u128", ["`u128`", "`u64`"]),
        ("String", ["`String`", "`VeMemPtr<c_char>`"]),
        ("Vec<f64>", ["`Vec<f64>`", "`out: *mut f64`"]),
        ("Box<f64>", ["`Box<f64>`", "pointer"]),
        ("Option<*mut f64>", ["`Option<*mut f64>`", "`is_null()`"]),
        ("Result<f64>", ["`Result<f64>`", "`f64`"]),
        ("Result<(), String>", ["`Result<(), String>`", "`i32`"]),
        ("std::io::Result<i64>", ["`Result`", "`i64`"]),
        ("VeBuffer<i8>", ["`VeBuffer<i8>`", "`*mut i8`"]),
        ("(f64, f64)", ["`(f64, f64)`", "`out: &mut f64`"]),
        ("[u8; 4]", ["arrays", "`out: &mut [u8; 4]`"]),
        ("&'static f64", ["`&'static f64`", "`*const f64`"]),
        ("&mut [i32]", ["`&mut [i32]`", "`*mut i32`"]),
        ("!", ["returns", "leave out `-> !`"]),
        ("impl Copy", ["`impl Copy`", "`i32`"]),
        ("_", ["`_`", "`i32`"]),
        (
            "extern \"C\" fn()",
            ["function on the VE", "`*const c_void`"],
        ),
        ("*mut bool", ["`bool`", "`u8`"]),
        ("*mut [f64]", ["`[f64]`", "`f64`"]),
    ] {
        one(LIB, &format!("fn f() -> {ty};"), &words);
    }
}

#[test]
fn signatures() {
    for (item, words) in [
        ("fn f<T>(x: T);", ["generic", "`T`"]),
        ("fn f<const N: usize>();", ["generic", "`n: usize`"]),
        ("fn f() where u8: Copy;", ["nothing to bound", "`where`"]),
        ("fn f(&self);", ["`self`", "`this: *mut c_void`"]),
        ("fn f(mut x: i32);", ["`mut`", "`x`"]),
        ("fn f(ref x: i32);", ["`ref`", "`x`"]),
        ("fn f(x @ y: i32);", ["`@`", "`x`"]),
        (
            "fn f([x, y]: &[i32; 2]);",
            ["one plain name", "`point: &Point`"],
        ),
        ("fn f(x: i32, ...);", ["variadic", "exactly those"]),
        (
            "fn f(#[cfg(a)] x: i32);",
            ["`#[cfg]`", "whole declarations"],
        ),
        ("fn f(x: &'a i32);", ["`'a`", "leave it out"]),
        ("const fn f();", ["compiler", "remove `const`"]),
        ("async fn f();", ["`async`", "`VeoRequest`"]),
        ("safe fn f();", ["safe anyway", "`fn f`"]),
        (
            "extern \"system\" fn f();",
            ["`extern \"system\"`", "`extern \"C\"`"],
        ),
        ("extern fn f();", ["C calling convention", "`extern \"C\"`"]),
        ("fn f(x: i32) -> i32 { x }", ["no body", "`;`"]),
        ("fn f() {}", ["no body", "C, C++ or Fortran"]),
        (
            "#[no_mangle] fn f();",
            ["`#[no_mangle]`", "`name = \"..\"`"],
        ),
        (
            "#[export_name = \"g\"] fn f();",
            ["`#[export_name]`", "`name = \"..\"`"],
        ),
        (
            "#[link_name = \"a b\"] fn f();",
            ["no link name", "`nm -D`"],
        ),
    ] {
        one(LIB, item, &words);
    }
    let many: String = (0..257).map(|i| format!("a{i}: i64,")).collect();
    one(LIB, &format!("fn f({many});"), &["256", "structure"]);
    let right: String = (0..256).map(|i| format!("a{i}: i64,")).collect();
    assert_eq!(messages(LIB, &format!("fn f({right});")), [""; 0]);
}

#[test]
fn items() {
    for (item, words) in [
        (
            "extern \"C\" { safe fn f(); }",
            ["promises", "`unsafe extern \"C\"`"],
        ),
        (
            "unsafe extern { safe fn f(); }",
            ["C calling convention", "`extern \"C\"`"],
        ),
        (
            "unsafe extern \"C\" { static X: i32; }",
            ["variable", "`lib.get_symbol(\"name\")`"],
        ),
        (
            "unsafe extern \"C\" { type X; }",
            ["functions only", "`#[derive(VeOpaque)]"],
        ),
        (
            "unsafe extern \"C\" { const X: i32 = 3; }",
            ["`X`", "function"],
        ),
        (
            "unsafe extern \"C\" { safe fn f() {} safe fn g(); }",
            ["no body", "`f`"],
        ),
        (
            "#[link(name = \"k\")] unsafe extern \"C\" { safe fn f(); }",
            ["`#[link]`", "`#[ve_kernel(lib"],
        ),
        ("struct S;", ["`struct`", "without a body"]),
        ("impl S {}", ["`impl`", "without a body"]),
        ("mod m {}", ["`mod`", "without a body"]),
        ("pub trait T {}", ["`trait`", "without a body"]),
        ("use a::b;", ["`use`", "without a body"]),
    ] {
        one(LIB, item, &words);
    }
}

#[test]
fn keys() {
    for (args, words) in [
        ("", ["which library", "lib = \"libNAME.so\""]),
        ("optional", ["which library", "static"]),
        ("lib = \"libk.so\", static", ["exclude", "keep one"]),
        (
            "lib = \"libk.so\", optional, lazy",
            ["already", "leave out `lazy`"],
        ),
        ("\"libk.so\"", ["keys", "`lib = \"libk.so\"`"]),
        ("lib(\"libk.so\")", ["expected", "`lib = value`"]),
        ("lib", ["string literal", "`lib = \"libNAME.so\"`"]),
        ("lib =", ["string literal", "`lib = \"libNAME.so\"`"]),
        (
            "lib = LIBRARY",
            ["string literal", "`lib = \"libNAME.so\"`"],
        ),
        ("lib = \"\"", ["no file name", "libNAME.so"]),
        ("lib = \"k.c\"", ["made of it", "`lib = \"libk.so\"`"]),
        ("lib = \"libk.o\"", ["shared libraries", "static"]),
        ("lib = \"libk.dylib\"", ["`.so`", "`lib = \"libk.so\"`"]),
        ("lib = \"libk.so \"", ["blank", "remove"]),
        ("lip = \"libk.so\"", ["`lip`", "write `lib`"]),
        ("lib = \"libk.so\" name = \"k\"", ["comma", "`name`"]),
        ("lib = \"dir/\"", ["no file name", "libNAME.so"]),
        ("lib = \"k\"", ["file name", "`lib = \"libk.so\"`"]),
        (
            "lib = \"./dir/k\"",
            ["file name", "`lib = \"./dir/libk.so\"`"],
        ),
        ("lib = \"libk.a\"", ["shared libraries", "static"]),
        (
            "lib = \"libk.so\", lib = \"libl.so\"",
            ["twice", "keep one"],
        ),
        ("static = true", ["no value", "`static` alone"]),
        ("lib = \"libk.so\", name = \"\"", ["no link name", "daxpy_"]),
        (
            "lib = \"libk.so\", name = \"a b\"",
            ["no link name", "daxpy_"],
        ),
        (
            "lib = \"libk.so\", name",
            ["string literal", "`name = \"symbol\"`"],
        ),
        (
            "lib = \"libk.so\", link_name = \"x\"",
            ["`link_name`", "write `name`"],
        ),
        ("library = \"libk.so\"", ["`library`", "write `lib`"]),
        ("lib = \"libk.so\", inline", ["`inline`", "`optional`"]),
        (
            "lib = \"libk.so\", crate = 3",
            ["path of veo_core", "`crate ="],
        ),
        ("lib = \"libk.so\", crate", ["path of veo_core", "`crate ="]),
        ("lib = \"libk.so\", verify = \"no\"", ["`no`", "`\"warn\"`"]),
    ] {
        one(args, "fn f();", &words);
    }
    let long = "n".repeat(256);
    one(
        &format!("lib = \"libk.so\", name = \"{long}\""),
        "fn f();",
        &["255", "256"],
    );
    one(&format!("lib = \"{long}.so\""), "fn f();", &["255", "259"]);
    let block = "unsafe extern \"C\" { #[ve_kernel(crate = a)] safe fn f(); }";
    one(LIB, block, &["whole block", "above `extern`"]);
    let block = "unsafe extern \"C\" { safe fn f(); }";
    one(
        "lib = \"libk.so\", name = \"g\"",
        block,
        &["every function", "name = \"..\""],
    );
    one(
        "lib = \"libk.so\", name = \"g\"",
        "#[link_name = \"h\"] fn f();",
        &["twice", "keep"],
    );
}

#[test]
fn derives() {
    let derive = |item: &str| collect(veo_syntax::derive_ve_data(item.parse().unwrap()), item);
    for (item, words) in [
        ("struct S { x: f64 }", ["`S`", "`#[repr(C)]`"]),
        (
            "#[repr(align(8))] struct S { x: f64 }",
            ["`S`", "`#[repr(C)]`"],
        ),
        ("#[repr(u8)] enum E { A }", ["`E`", "integer type"]),
        ("#[repr(C)] union U { x: f64 }", ["`U`", "struct"]),
        ("#[repr(C)] struct S;", ["empty", "`#[derive(VeOpaque)]`"]),
        ("#[repr(C)] struct S {}", ["empty", "`#[derive(VeOpaque)]`"]),
        (
            "#[repr(C)] struct S<'a> { x: View<'a> }",
            ["`'a`", "`VeAddr<T>`"],
        ),
        (
            "#[repr(C)] #[ve_data(path = a)] struct S { x: f64 }",
            ["`path`", "`crate = path`"],
        ),
        ("#[repr(C)] struct S { x: bool }", ["`bool`", "`u8`"]),
        (
            "#[repr(C)] struct S { x: *mut S }",
            ["`*mut S`", "`VeAddr<S>`"],
        ),
        (
            "#[repr(C)] struct S { x: &'static [u8] }",
            ["`&'static [u8]`", "`VeAddr<u8>`"],
        ),
        (
            "#[repr(C)] struct S { x: [(); 3] }",
            ["`()`", "`#[repr(C)]`"],
        ),
        (
            "#[repr(C)] struct S { x: Vec<u8> }",
            ["`Vec<u8>`", "`VeAddr<u8>`"],
        ),
        (
            "#[repr(C)] struct S { x: String }",
            ["`String`", "`[c_char; N]`"],
        ),
        (
            "#[repr(C)] struct S { x: Option<f64> }",
            ["`Option<f64>`", "`VeAddr<T>`"],
        ),
        (
            "#[repr(C)] struct S { x: VeBuffer<f64> }",
            ["`VeBuffer<f64>`", "`VeAddr<f64>`"],
        ),
        ("#[repr(C)] struct S(f64, char);", ["`char`", "`c_char`"]),
    ] {
        says_once(&derive(item), item, &words);
    }
    assert_eq!(derive("struct S { a: bool, b: char }").len(), 3);
    let opaque = veo_syntax::derive_ve_opaque("struct H<T>(T);".parse().unwrap());
    assert!(collect(opaque, "H")[0].contains("cannot be generic"));
}
