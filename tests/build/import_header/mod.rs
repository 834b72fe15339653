//! What `import_header` makes of a header, and what it says when it cannot.

use std::fs;

use tempfile::TempDir;
use veo_build::{Built, Error, ErrorKind, Import, Kernels};
use veo_test_support::available;

/// A package with these files, and libclang to read them; `None` skips the test.
fn package(files: &[(&str, &str)]) -> Option<TempDir> {
    let found = clang_sys::is_loaded() || clang_sys::load().is_ok();
    if !available("libclang (Debian: libclang-dev)", found) {
        return None;
    }
    let package = tempfile::tempdir().expect("a temporary directory can be made");
    for (name, text) in files {
        let path = package.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Some(package)
}

/// Imports as the build script of the package would.
fn import(package: &TempDir, header: &str, set: impl FnOnce(&mut Import)) -> Result<Built, Error> {
    let dir = package.path();
    Kernels::new("libk.so")
        .env("CARGO_MANIFEST_DIR", dir)
        .env("TARGET", "x86_64-unknown-linux-gnu")
        .env("HOST", "x86_64-unknown-linux-gnu")
        .out_dir(dir.join("out"))
        .cargo_metadata(false)
        .include("include")
        .define("WITH_EXTRA", None)
        .import_header_with(header, set)
        .try_compile()
}

fn text(built: &Built) -> String {
    fs::read_to_string(&built.imports[0]).expect("the declarations are there")
}

const HEADER: &str = "\
#include \"types.h\"
/** Adds two numbers. */
long add(int a, int b);
#ifdef WITH_EXTRA
double extra(const real *x);
#endif
real give(struct both b);
";
const TYPES: &str = "typedef double real; struct both { int a; real b; }; void other(real x);\n";

#[test]
fn a_header_becomes_declarations() {
    let files = [("k.h", HEADER), ("include/types.h", TYPES)];
    let Some(package) = package(&files) else {
        return;
    };
    let built = import(&package, "k.h", |_| {}).expect("the header is sound");
    assert_eq!(built.imports, [package.path().join("out/veo/import/k.rs")]);
    assert!(built.targets.is_empty(), "there is nothing to build");
    let text = text(&built);
    for part in [
        "#[::veo_core::ve_kernel(lib = \"libk.so\", lazy, crate = ::veo_core)]",
        "    /// Adds two numbers.\n    pub safe fn add(a: i32, b: i32) -> i64;",
        "pub safe fn extra(x: *const f64) -> f64;",
        "// Left out:\n// give (it takes a structure by value)",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(
        !text.contains("other"),
        "functions of other headers stay out:\n{text}"
    );
    assert_eq!(
        built.note,
        "k.h: 2 functions imported for libk.so; left out: give (it takes a structure by value)"
    );
}

#[test]
fn settings_choose_names_and_functions() {
    let files = [("k.h", HEADER), ("include/types.h", TYPES)];
    let Some(package) = package(&files) else {
        return;
    };
    let built = import(&package, "k.h", |import| {
        import
            .name("kernels")
            .lib("/opt/k/libother.so")
            .crate_path("crate::veo");
        import.without("extra").also_from(r".*/types\.h");
    })
    .expect("the settings are sound");
    assert!(built.imports[0].ends_with("veo/import/kernels.rs"));
    let declared = text(&built);
    assert!(
        declared.contains("lib = \"/opt/k/libother.so\", lazy, crate = crate::veo"),
        "{declared}"
    );
    assert!(
        declared.contains("fn other(x: f64)") && !declared.contains("extra"),
        "{declared}"
    );

    let built = import(&package, "k.h", |import| {
        import.functions("ad+");
    })
    .expect("one function matches");
    assert!(text(&built).contains("fn add") && !text(&built).contains("extra"));
}

#[test]
fn functions_get_contracts_by_pattern() {
    let files = [("k.h", HEADER), ("include/types.h", TYPES)];
    let Some(package) = package(&files) else {
        return;
    };
    let built = import(&package, "k.h", |import| {
        import
            .requires("ad.*", "a >= 0,\n b == 8 || b != 7,")
            .requires("add|extra", "true");
    })
    .expect("each matches a function");
    let declared = text(&built);
    for part in [
        "#[::veo_core::ve_kernel(requires(a >= 0, b == 8 || b != 7, true))]\n    pub safe fn add",
        "#[::veo_core::ve_kernel(requires(true))]\n    pub safe fn extra",
    ] {
        assert!(declared.contains(part), "{part}\n{declared}");
    }
    for (pattern, clauses, words) in [
        (
            "sub",
            "a >= 0",
            ".requires(\"sub\", ..) matches no function",
        ),
        ("ad", "a >= 0", ".requires(\"ad\", ..) matches no function"),
        ("(", "a >= 0", "`(` is not a regular expression"),
        (
            "add",
            "a >= (0",
            ".requires(\"add\", \"a >= (0\") cannot be read",
        ),
        ("add", " ", ".requires(\"add\", ..) has no condition"),
    ] {
        let error = import(&package, "k.h", |import| {
            import.requires(pattern, clauses);
        })
        .expect_err("it is a mistake");
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

#[test]
fn extents_of_arrays_become_contracts() {
    let files = [(
        "b.h",
        "#define N 3
typedef double vec[4];
void f(double x[16], const int y[static 2 * N], int n, float Data[static n], vec v, double m[2][3]);
void g(int n, double x[], double y[n], double z[static n + 1], double *p, double a[static 2][n], char (*q)[4]);
",
    )];
    let Some(package) = package(&files) else {
        return;
    };
    let built = import(&package, "b.h", |_| {}).expect("the header is sound");
    let declared = text(&built);
    let joined: String = declared.split_whitespace().collect();
    let contract = "bounds(x.is_null()||x.len()>=16,y.len()>=6,data.len()>=n,\
                    v.is_null()||v.len()>=4,m.is_null()||m.len()>=2)";
    assert!(joined.contains(contract), "{declared}");
    assert_eq!(declared.matches("bounds(").count(), 1, "{declared}");
    assert!(!declared.contains("requires"), "{declared}");

    let built = import(&package, "b.h", |import| {
        import.bounds(false);
    })
    .expect("the header is sound");
    assert!(!text(&built).contains("bounds("), "they are left out");

    let built = import(&package, "b.h", |import| {
        import.verify("off").requires("f", "n == 1");
    })
    .expect("the header is sound");
    let declared = text(&built);
    for part in [
        "(lib = \"libk.so\", lazy, verify = \"off\", crate = ::veo_core)",
        "m.len() >= 2), requires(n == 1))]",
    ] {
        assert!(declared.contains(part), "{part}\n{declared}");
    }
    let error = import(&package, "b.h", |import| {
        import.verify("never");
    })
    .expect_err("there is no such policy");
    let told = "`never` is not a policy; .verify(..) takes `deny`, `warn` or `off`";
    assert!(error.to_string().contains(told), "{error}");
}

#[test]
fn mistakes_say_what_is_wrong() {
    let files = [
        ("broken.h", "int f(undefined_type x);\n"),
        ("empty.h", "#define N 3\n"),
        ("hopeless.h", "struct s { int a; }; struct s f(void);\n"),
        ("dir/good.h", "void f(void);\n"),
        (
            "lame.h",
            "#ifndef LAME_H\n#define LAME_H\n#include \"gone.h\"\n#endif\n",
        ),
        ("umbrella.h", "#include \"dir/good.h\"\n"),
    ];
    let Some(package) = package(&files) else {
        return;
    };
    let fails = |header: &str, kind: ErrorKind, parts: &[&str]| {
        let error = import(&package, header, |_| {}).expect_err(header);
        assert_eq!(error.kind(), kind, "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{part}\n{error}");
        }
    };
    fails(
        "broken.h",
        ErrorKind::ToolFailed,
        &[
            "broken.h:1:7",
            "unknown type name 'undefined_type'",
            ".clang_arg(\"-include\")",
        ],
    );
    fails(
        "absent.h",
        ErrorKind::ToolFailed,
        &[
            "absent.h: there is no such header",
            "include\n",
            ".include(..)",
        ],
    );
    fails(
        "empty.h",
        ErrorKind::InvalidArgument,
        &["empty.h declares no function"],
    );
    fails(
        "umbrella.h",
        ErrorKind::InvalidArgument,
        &[
            "umbrella.h declares no function",
            ".also_from(",
            "dir/good.h (1)",
        ],
    );
    fails(
        "lame.h",
        ErrorKind::ToolFailed,
        &["lame.h:3:10", "'gone.h' file not found", ".include(..)"],
    );
    fails(
        "hopeless.h",
        ErrorKind::InvalidArgument,
        &["f (it returns a structure by value)"],
    );

    let refused = |set: fn(&mut Import), parts: &[&str]| {
        let error = import(&package, "dir/good.h", set).expect_err(parts[0]);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{part}\n{error}");
        }
    };
    let wrong = "not a regular expression";
    refused(|it| _ = it.name("../escape"), &["`../escape`", ".name(..)"]);
    refused(
        |it| _ = it.crate_path("a (path"),
        &["`a (path`", ".crate_path(..)"],
    );
    refused(
        |it| _ = it.crate_path("a path"),
        &["`a path`", ".crate_path(..)"],
    );
    refused(|it| _ = it.functions("("), &["`(`", wrong]);
    refused(|it| _ = it.without("["), &["`[`", wrong]);
    refused(|it| _ = it.also_from("*.h"), &["`*.h`", wrong]);
    assert!(import(&package, "dir/good.h", |_| {}).is_ok());
    assert!(package.path().join("out/veo/import/good.rs").exists());
}

#[test]
fn a_path_may_have_any_characters() {
    let header = "a+b (c) \u{2013} <d> [e]^$.h";
    let Some(package) = package(&[(header, "void f(void);\n")]) else {
        return;
    };
    let built = import(&package, header, |import| {
        import.lib("libk.so\n#");
    })
    .expect("the header is there");
    assert!(text(&built).contains("pub safe fn f();"));
    assert!(text(&built).starts_with("// Kernels of libk.so #, imported from a+b (c)"));
}

#[test]
fn what_cannot_be_declared_is_named() {
    let header = "\
typedef struct two { int a; } one;
typedef struct other two;
void vague(two *x);
int kept(one *x, int values[static 3]);
static inline int twice(int x) { return 2 * x; }
inline int thrice(int x) { return 3 * x; }
__attribute__((ms_abi)) int foreign(int x);
_Noreturn void leave(void);
long double wide(void);
extern int variable;
";
    let Some(package) = package(&[("k.h", header)]) else {
        return;
    };
    let built = import(&package, "k.h", |_| {}).expect("the header is sound");
    let text = text(&built);
    assert!(text.contains("pub safe fn leave();"), "{text}");
    // Both `struct two` and `two` are called `two` in the bindings.
    assert!(!text.contains("struct two"), "{text}");
    for (name, why) in [
        ("vague", "it uses `two`, which is the name of two types"),
        ("kept", "it uses `two`, which is the name of two types"),
        ("twice", "the header defines it"),
        ("thrice", "the header defines it"),
        ("foreign", "its calling convention is `win64`"),
        ("wide", "it returns a `long double`"),
        ("variable", "it is a variable"),
    ] {
        assert!(
            built.note.contains(&format!("{name} ({why}")),
            "{name}\n{}",
            built.note
        );
    }
    let built = import(&package, "k.h", |import| {
        import.functions("leave");
    });
    let note = built.expect("one function is left").note;
    assert_eq!(note, "k.h: 1 function imported for libk.so");
}

#[test]
fn comments_are_no_markdown() {
    let header = "\
/**
 **************************
 * ==== Frame ====
 * See http://example.org/a_b, [x] or `y.
 * ~~~
 *     int not_a_test;
 * - one
 * 1. two
 * @return -1 & 0 <b>
 **************************/
void f(void);
";
    let Some(package) = package(&[("k.h", header)]) else {
        return;
    };
    let built = import(&package, "k.h", |_| {}).expect("the header is sound");
    let text = text(&built);
    let docs = r"
    /// Frame
    /// See <http://example.org/a_b>, \[x\] or \`y.
    ///
    /// int not\_a\_test;\
    /// \- one\
    /// 1\. two\
    /// @return -1 \& 0 \<b\>
    pub safe fn f();";
    assert!(text.contains(docs), "{text}");
}

#[test]
fn types_and_macros_are_those_of_the_header() {
    let header = "\
typedef long c_int;
typedef unsigned char u8;
typedef struct { int n; } VeAddrBook;
typedef VeAddrBook book;
typedef double *vector;
typedef vector pairs[2];
struct String { c_int length; };
c_int f(c_int a, int b, u8 c, struct String *s);
#define MANY 64
#define SHIFTED (MANY << 2)
#define UNSIGNED 0x80u
#define TEXT \"a\\\"b\"
#define WIDE L\"x\"
#define GONE 1
#undef GONE
#define type 3
static inline int counts(void) { static _Thread_local int calls; return ++calls; }
";
    let Some(package) = package(&[("k.h", header)]) else {
        return;
    };
    let built = import(&package, "k.h", |_| {}).expect("the header is sound");
    let text = text(&built);
    for part in [
        "pub safe fn f(a: i64, b: i32, c: u8, s: *mut String_) -> i64;",
        "pub length: i64,",
        "pub type book = VeAddrBook;",
        "pub const MANY: i32 = 64;",
        "pub const SHIFTED: i32 = 256;",
        "pub const UNSIGNED: u32 = 128;",
        r#"b"a\"b\0""#,
        "pub const type_: i32 = 3;",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    for part in ["const WIDE", "GONE", "vector", "pairs"] {
        assert!(!text.contains(part), "{part}\n{text}");
    }
}

/// Values as C has them, whatever a macro is made of.
#[test]
fn macros_have_the_values_that_c_gives_them() {
    let header = "\
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
enum color { RED, GREEN = 5 };
typedef enum color color_t;
struct pair { int a; double b; };
void f(void);
#define ALL ((size_t)-1)
#define HEX 0x1.8p3
#define WORDS (sizeof(long) == 8 ? 2 : 1)
#define BYTES (4 * sizeof(struct pair))
#define OFFSET offsetof(struct pair, b)
#define LETTER 'A'
#define SIGNED ((char)200)
#define OCTAL 017
#define BINARY 0b101u
#define SINGLE 0.1f
#define NEGATIVE (-3)
#define LEAST INT_MIN
#define LEAST_LONG (-0x7fffffffffffffffL - 1)
#define MOST UINT64_MAX
#define SHIFT (1ull << 40)
#define CHOICE (ALL > 3 ? -1.5 : 2)
#define GREENER (GREEN + 1)
#define CAST ((color_t)GREEN)
#define OTHER SHIFT
#define JOINED \"a\" \"b\"
#define NAMED (JOINED)
#define ENDLESS INFINITY
#define NEVER (-HUGE_VAL)
#define TRUTH true
#define COMMENTED 7 /* seven; { really */
#define CONTINUED \\
    (1 + \\
     1)
#define SMALL ((uint8_t)300)
#define COMMA 1, 2
static const int CONSTANT = 12;
static const double HALF = 0.5;
";
    let Some(package) = package(&[("k.h", header)]) else {
        return;
    };
    let built = import(&package, "k.h", |_| {}).expect("the header is sound");
    let text = text(&built);
    for constant in [
        "ALL: u64 = 18446744073709551615;",
        "HEX: f64 = 12.0;",
        "WORDS: i32 = 2;",
        "BYTES: u64 = 64;",
        "OFFSET: u64 = 8;",
        "LETTER: i32 = 65;",
        "SIGNED: i8 = -56;",
        "OCTAL: i32 = 15;",
        "BINARY: u32 = 5;",
        "SINGLE: f32 = 0.1;",
        "NEGATIVE: i32 = -3;",
        "LEAST: i32 = -2147483648;",
        "LEAST_LONG: i64 = -9223372036854775808;",
        "MOST: u64 = 18446744073709551615;",
        "SHIFT: u64 = 1099511627776;",
        "CHOICE: f64 = -1.5;",
        "GREENER: i32 = 6;",
        "CAST: u32 = 5;",
        "OTHER: u64 = 1099511627776;",
        "ENDLESS: f32 = ::core::primitive::f32::INFINITY;",
        "NEVER: f64 = -::core::primitive::f64::INFINITY;",
        "COMMENTED: i32 = 7;",
        "CONTINUED: i32 = 2;",
        "SMALL: u8 = 44;",
        "TRUTH: i32 = 1;",
        "COMMA: i32 = 2;",
        "CONSTANT: i32 = 12;",
        "HALF: f64 = 0.5;",
    ] {
        let found = text.contains(&format!("pub const {constant}"));
        assert!(found, "{constant}\n{text}");
    }
    for name in ["JOINED", "NAMED"] {
        let start = text
            .split(&format!("pub const {name}: &::core::ffi::CStr"))
            .nth(1);
        let start = start.unwrap_or_else(|| panic!("{name}\n{text}"));
        assert!(start[..120].contains(r#"b"ab\0""#), "{start}");
    }
}

/// Definitions of all kinds, and macros that are not values.
#[test]
fn definitions_are_read_as_c_reads_them() {
    let header = "\
void f(void);
#error don't
#define/**/GLUED 12
/* a */ #define AFTER 13
#/**/define BETWEEN 14
%:define DIGRAPH 15
/* of two
   lines */ #define BELOW 16
#define LONG_\\
NAME 17
#define PATH \"/*\" // \"
#define LAST 18
#define NO_NUMBER (1/0)
#define LINE __LINE__
#define FILE_ __FILE__
#define BUILT __DATE__ \" \" __TIME__
#define ASKED (__COUNTER__ + 1)
#define WHERE __func__
#define WITH$ 19
"
    .replace("#error don't\n", "#if 0\n#error don't\n#endif\n");
    let Some(package) = package(&[("k.h", &header)]) else {
        return;
    };
    let built = import(&package, "k.h", |_| {}).expect("the header is sound");
    let text = text(&built);
    let names = ["GLUED", "AFTER", "BETWEEN", "DIGRAPH", "BELOW", "LONG_NAME"];
    for (name, value) in names.into_iter().zip(12..).chain([("LAST", 18)]) {
        let constant = format!("pub const {name}: i32 = {value};");
        assert!(text.contains(&constant), "{constant}\n{text}");
    }
    assert!(text.contains("pub const PATH: "), "{text}");
    let listed = text.split("\n// ").collect::<Vec<_>>();
    for name in [
        "NO_NUMBER",
        "LINE",
        "FILE_",
        "BUILT",
        "ASKED",
        "WHERE",
        "WITH$",
    ] {
        let told = listed
            .iter()
            .any(|line| line.starts_with(&format!("{name} (")));
        assert!(told, "{name}\n{text}");
        assert!(!text.contains(&format!("pub const {name}:")), "{text}");
    }

    let built = import(&package, "k.h", |import| {
        import.without("NO_.*");
    })
    .expect("as before");
    assert!(!built.note.contains("left out"), "{}", built.note);
}

#[test]
fn no_macro_vanishes_without_a_word() {
    let header = "\
#include <stdio.h>
#define K_H
#define API __attribute__((visibility(\"default\")))
#define real double
#define BEGIN {
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define NOTHING ((void *)0)
#define OUTPUT stdout
#define CLOCK (f())
#define EXTENDED 1.0L
#define WIDE L\"x\"
#define HOLE \"a\\0b\"
#define UNKNOWN (some_name + 1)
#define SIZE sizeof(struct unknown)
#define alias f
#define f f
#define GONE 1
#undef GONE
API int f(void);
#define GOOD 5
";
    let Some(package) = package(&[("k.h", header)]) else {
        return;
    };
    let built = import(&package, "k.h", |_| {}).expect("the header is sound");
    let text = text(&built);
    assert!(text.contains("pub const GOOD: i32 = 5;"), "{text}");
    for (name, why) in [
        ("NOTHING", "it is a pointer"),
        ("OUTPUT", "it is a pointer"),
        ("CLOCK", "its value is known only when the program runs"),
        ("EXTENDED", "constants in Rust have no such type"),
        ("WIDE", "it is not a string of bytes"),
        (
            "HOLE",
            "it is not a string of bytes, or contains a zero byte",
        ),
    ] {
        let left_out = format!("{name} ({why}");
        assert!(
            text.contains(&format!("// {left_out}")),
            "{left_out}\n{text}"
        );
        assert!(built.note.contains(&left_out), "{left_out}\n{}", built.note);
    }
    // The note says nothing of these, but the declarations list them.
    let (_, told) = text
        .split_once("// Macros without a counterpart in Rust:\n")
        .expect("a list");
    for line in [
        "API (it is not a value)",
        "real (it is not a value)",
        "BEGIN (it is not a value)",
        "MAX (it is a macro with arguments)",
        "UNKNOWN (it is not a value)",
        "SIZE (it is not a value)",
        "alias (it stands for a function)",
    ] {
        assert!(told.contains(&format!("// {line}\n")), "{line}\n{told}");
        assert!(!built.note.contains(line), "{line}\n{}", built.note);
    }
    for name in ["K_H", "GONE", "// f "] {
        assert!(!told.contains(name), "{name}\n{told}");
    }
}

#[test]
fn a_function_without_a_prototype_is_left_out() {
    let header = "\
double norm();
typedef double plain();
plain typed;
int old(), none(void);
double twice();
double twice(double x);
void takes(double (*f)());
";
    let Some(package) = package(&[("k.h", header)]) else {
        return;
    };
    let built = import(&package, "k.h", |_| {}).expect("the header is sound");
    let text = text(&built);
    for name in ["norm", "typed", "old"] {
        assert!(!text.contains(&format!("fn {name}(")), "{name}\n{text}");
        let why = format!("{name} (`{name}()` in C says nothing about the parameters");
        assert!(built.note.contains(&why), "{name}\n{}", built.note);
    }
    assert!(!text.contains("fn twice()"), "{text}");
    for function in ["fn none() -> i32;", "fn takes(f: ::veo_core::FnAddr);"] {
        assert!(text.contains(function), "{function}\n{text}");
    }
}

#[test]
fn only_doc_comments_become_documentation() {
    let header = "\
/* plain */
void a(void);
// plain
void b(void);
void c(void); // plain
/**********
 * plain frame
 **********/
void d(void);
//////// plain frame
void e(void);
/** doc block */
void f(void);
/// doc line
void g(void);
/*! doc block */
void h(void);
struct s {
    int x; /* plain */
    int y; ///< doc field
    int z; // plain
    /**** plain ****/
    int w;
};
enum n {
    /* plain */ N0,
    /** doc name */
    N1,
    N2 /**< doc before */
};
";
    let Some(package) = package(&[("k.h", header)]) else {
        return;
    };
    let built = import(&package, "k.h", |_| {}).expect("the header is sound");
    let text = text(&built);
    assert!(!text.contains("plain"), "{text}");
    for (doc, item) in [
        ("doc block", "pub safe fn f()"),
        ("doc line", "pub safe fn g()"),
        ("doc block", "pub safe fn h()"),
        ("doc field", "pub y: i32"),
    ] {
        assert!(
            text.contains(&format!("/// {doc}\n    {item}")),
            "{item}\n{text}"
        );
    }
    for doc in ["doc name", "doc before"] {
        assert!(text.contains(&format!("/// {doc}\n")), "{text}");
    }
}

#[test]
fn libraries_do_not_take_each_others_declarations() {
    let files = [("a/k.h", "void a(void);\n"), ("b/k.h", "void b(void);\n")];
    let Some(package) = package(&files) else {
        return;
    };
    let first = import(&package, "a/k.h", |_| {}).expect("nothing else is there");
    assert!(import(&package, "a/k.h", |_| {}).is_ok(), "tried again");
    let error = import(&package, "b/k.h", |_| {}).expect_err("of the same name");
    assert!(error.to_string().contains(".name(..)"), "{error}");
    let second = import(&package, "b/k.h", |import| {
        import.name("other");
    });
    assert!(text(&second.expect("of another name")).contains("fn b()"));
    assert!(text(&first).contains("fn a()"));
}
