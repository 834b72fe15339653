//! Types, constants and macros of a header.

use super::{import, package, text};

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
