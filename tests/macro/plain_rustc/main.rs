//! Crates that the compiler, or rustdoc, gets without Cargo: of every edition, without Cargo's
//! variables, and what the documentation of a user's crate shows of a kernel.

mod advice;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use veo_test_support::run::run;

/// The directory of the libraries that this program was linked with.
fn libraries() -> PathBuf {
    let program = std::env::current_exe().expect("the path of this program");
    program.parent().expect("its directory").to_owned()
}

/// `veo_core` as it was built last.
fn veo_core() -> PathBuf {
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libveo_core-") && name.ends_with(".rlib")
    };
    let entries = std::fs::read_dir(libraries()).expect("the directory of this program");
    let built = entries.map(|entry| entry.expect("an entry").path());
    let newest = built
        .filter(is_it)
        .max_by_key(|path| path.metadata().and_then(|file| file.modified()).ok());
    newest.expect("this program depends on veo_core")
}

/// Runs `rustc` or `rustdoc` on a source of this edition, without anything of Cargo.
fn compile(tool: &str, dir: &Path, edition: &str, options: &[&str], source: &str) -> Output {
    let file = dir.join("alone.rs");
    std::fs::write(&file, source).expect("a temporary directory is writable");
    let mut command = Command::new(tool);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if (text.starts_with("CARGO") && text != "CARGO_HOME") || text == "OUT_DIR" {
            command.env_remove(name);
        }
    }
    command
        .arg(file)
        .args(["--edition", edition])
        .arg("--extern")
        .arg(format!("veo_core={}", veo_core().display()))
        .arg("-L")
        .arg(format!("dependency={}", libraries().display()))
        .current_dir(dir)
        .args(options)
        .output()
        .expect("the compiler runs")
}

fn messages(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const SOURCE: &str = r#"
    #![deny(warnings)]
    #![allow(dead_code)]

    extern crate veo_core;

    use veo_core::{ve_kernel, VeAddr, VeData, VeOpaque};

    #[derive(Clone, Copy, VeData)]
    #[repr(C)]
    pub struct Point {
        x: f64,
        next: VeAddr<Point>,
    }

    #[derive(VeOpaque)]
    pub struct Plan(());

    #[ve_kernel(lib = "libk.so")]
    pub fn scale(
        n: ::std::os::raw::c_int,
        x: *const f64,
        points: &mut [Point],
        plan: *mut Plan,
        f: extern "C" fn(f64) -> f64,
    ) -> ::std::os::raw::c_int;

    pub mod inner {
        use veo_core::ve_kernel;

        #[ve_kernel(lib = "libk.so")]
        unsafe extern "C" {
            pub safe fn one(x: *mut f64) -> *mut f64;
        }
    }
"#;

#[test]
fn every_edition_will_do() {
    for edition in ["2015", "2018", "2021", "2024"] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let options = ["--crate-type", "lib", "--emit", "metadata"];
        let output = compile("rustc", dir.path(), edition, &options, SOURCE);
        let messages = messages(&output);
        assert!(output.status.success(), "edition {edition}: {messages}");
    }
}

#[test]
fn without_a_package_the_crate_has_its_own_name() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let source = SOURCE.to_owned()
        + r#"
            fn main() {
                for kernel in veo_core::kernels() {
                    println!("{} in {}", kernel.name, kernel.crate_name);
                }
            }
        "#;
    let output = compile("rustc", dir.path(), "2021", &["-o", "alone"], &source);
    assert!(output.status.success(), "{}", messages(&output));
    let outcome = run(
        &mut Command::new(dir.path().join("alone")),
        Duration::from_secs(60),
    );
    outcome.expect_success("the program");
    let mut lines: Vec<&str> = outcome.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["one in alone", "scale in alone"]);
}

/// `::veo_core` is another place in the edition of 2015: everything that vouches for a field
/// has to be found where the trait is that is implemented.
#[test]
fn a_module_of_that_name_vouches_for_nothing() {
    let source = r#"
        #![forbid(unsafe_code)]

        extern crate veo_core as real;

        mod veo_core {
            pub use real::{__private, VeData};

            pub mod other {
                use std::marker::PhantomData;
                pub struct Described<T>(PhantomData<T>);
                impl<T> Described<T> {
                    pub const fn in_structure<S>(self, _: fn(S) -> T) -> ::real::abi::Type {
                        ::real::abi::Type::Void
                    }
                }
                pub trait VeData: Sized {
                    const FIELD_TYPE: Described<Self> = Described(PhantomData);
                    const FIELD_OUTLINE: Described<Self> = Described(PhantomData);
                }
                impl<T> VeData for T {}
            }
        }

        type Text = &'static str;

        #[derive(Clone, Copy, real::VeData)]
        #[repr(C)]
        pub struct Bad {
            text: Text,
        }
    "#;
    let elsewhere = source.replace(
        "pub use real::{__private, VeData};",
        "pub use real::__private; pub use self::other::VeData;",
    );
    for (source, edition) in [
        (source, "2015"),
        (source, "2018"),
        (&elsewhere, "2015"),
        (&elsewhere, "2018"),
    ] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let options = ["--crate-type", "lib", "--emit", "metadata"];
        let output = compile("rustc", dir.path(), edition, &options, source);
        let messages = messages(&output);
        assert!(!output.status.success(), "edition {edition}: {messages}");
        assert!(
            messages.contains("`&'static str` cannot travel")
                || messages.contains("`&str` cannot travel")
                || messages.contains("is not unsafe"),
            "edition {edition}: {messages}"
        );
    }
}

/// The text of the page of a function, without its markup.
fn page(dir: &Path, function: &str) -> String {
    let path = dir.join(format!("doc/alone/fn.{function}.html"));
    let html = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let code = html
        .split("<pre class=\"rust item-decl\">")
        .nth(1)
        .and_then(|rest| rest.split("</pre>").next())
        .expect("a declaration");
    let mut text = String::new();
    let mut inside = false;
    for c in code.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_users_documentation_shows_public_names_alone() {
    let source = r#"
        use std::os::raw::c_int;
        use veo_core::{ve_kernel, VeMemPtr};

        /// A number.
        pub const N: i32 = 64;
        pub enum Color { Red }
        pub use Color::Red;
        /// A type of the name that the parameter for the target has elsewhere.
        #[derive(veo_core::VeOpaque)]
        pub struct On(());

        /// Scales.
        #[ve_kernel(lib = "libk.so")]
        pub fn scale(factor: f64, from: *const f64, to: &mut [f64], by: &f64) -> i64;

        #[ve_kernel(lib = "libk.so")]
        pub unsafe fn other(N: c_int, Red: *mut On, _: VeMemPtr<f64>) -> *mut f64;

        #[ve_kernel(lib = "libk.so")]
        pub fn target(ctx_or_proc: u64);

        #[ve_kernel(lib = "libk.so")]
        pub fn alias(f: extern "C" fn(f64) -> f64) -> c_int;
    "#;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let output = compile("rustdoc", dir.path(), "2021", &[], source);
    assert!(output.status.success(), "{}", messages(&output));
    assert_eq!(
        page(dir.path(), "scale"),
        "pub fn scale<'a, On: Target + ?Sized>( ctx_or_proc: &On, factor: f64, \
         from: impl Arg<'a, *const f64>, to: &'a mut [f64], by: &f64, ) -> Result<On::Output<'a, i64>>"
    );
    assert_eq!(
        page(dir.path(), "other"),
        "pub unsafe fn other<'a, OnTarget: Target + ?Sized>( ctx_or_proc: &OnTarget, N: impl Arg<'a, c_int>, \
         Red: impl Arg<'a, *mut On>, _: impl Arg<'a, VeMemPtr<f64>>, ) -> Result<OnTarget::Output<'a, VeMemPtr<f64>>>"
    );
    assert_eq!(
        page(dir.path(), "target"),
        "pub fn target<'a, On: Target + ?Sized>( target: &On, ctx_or_proc: u64, ) -> Result<On::Output<'a, ()>>"
    );
    assert_eq!(
        page(dir.path(), "alias"),
        "pub fn alias<'a, On: Target + ?Sized>( ctx_or_proc: &On, \
         f: impl Arg<'a, extern \"C\" fn(f64) -> f64>, ) -> \
         Result<On::Output<'a, <c_int as KernelResult>::Value>>"
    );
}

/// The page of a type, with its links: what anybody reads or follows there.
fn page_of_type(dir: &Path, name: &str) -> String {
    let path = dir.join(format!("doc/alone/struct.{name}.html"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn the_pages_of_derived_types_show_public_traits_alone() {
    let source = r#"
        use veo_core::{VeAddr, VeData, VeOpaque};

        /// A point.
        #[derive(Clone, Copy, VeData)]
        #[repr(C)]
        pub struct Point { pub x: f64, pub next: VeAddr<Point> }

        /// One number.
        #[derive(Clone, Copy, VeData)]
        #[repr(transparent)]
        pub struct One(pub f64);

        /// Two of a kind.
        #[derive(Clone, Copy, VeData)]
        #[repr(C)]
        pub struct Two<T: Copy>(pub T, pub T);

        /// A handle.
        #[derive(VeOpaque)]
        pub struct Plan(());

        /// What rustdoc computes has its true value.
        pub const SIZE: usize = match <Point as VeData>::TYPE {
            veo_core::abi::Type::Struct(layout) => layout.fields.len(),
            _ => panic!("no structure"),
        };
    "#;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let output = compile("rustdoc", dir.path(), "2021", &[], source);
    assert!(output.status.success(), "{}", messages(&output));
    for name in ["Point", "One", "Two", "Plan"] {
        let page = page_of_type(dir.path(), name);
        assert!(page.contains("VePointee"), "{name}: the public trait");
        assert_eq!(page.contains("VeData"), name != "Plan", "{name}");
        for hidden in [
            "__private",
            "If<",
            "If</a>",
            "If&lt;",
            "PointedTo",
            "impl-Data",
            "impl-CopyValues",
        ] {
            assert!(!page.contains(hidden), "{name}: {hidden}");
        }
    }
}
