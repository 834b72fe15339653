//! Which functions are imported, and with what documentation.

use super::{import, package, text};

#[test]
fn functions_that_cannot_be_declared_are_named() {
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
