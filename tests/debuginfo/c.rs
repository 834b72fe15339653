//! Prototypes of C and C++ functions, read from what real compilers write, for
//! each of them at several levels of optimisation.

use veo_abi::prototype::{FunctionLanguage, Prototype, Prototypes};
use veo_debuginfo::prototypes::read_file;

use crate::compilers::{Compiler, c_compilers, cpp_compilers};

/// Each function with the signature that must come back.
const FUNCTIONS: &[(&str, &str)] = &[
    (
        "long add(int a, double *b) { return a + (long)*b; }",
        "long add(int a, double *b)",
    ),
    ("void nothing(void) {}", "void nothing(void)"),
    (
        "float single(float x, double y) { return x + y; }",
        "float single(float x, double y)",
    ),
    (
        "void widths(char a, signed char b, unsigned char c, short d, unsigned short e, \
         unsigned f, long g, unsigned long h, long long i, unsigned long long j) {}",
        "void widths(char a, signed char b, unsigned char c, short d, unsigned short e, \
         unsigned int f, long g, unsigned long h, long long i, unsigned long long j)",
    ),
    (
        "uint8_t exact(int8_t a, uint16_t b, int32_t c, uint64_t d, size_t e) { return a; }",
        "uint8_t exact(int8_t a, uint16_t b, int32_t c, uint64_t d, size_t e)",
    ),
    (
        "const char *text(const char *s, char *const t, const void *restrict v) { return s; }",
        "const char *text(const char *s, char *const t, const void *restrict v)",
    ),
    (
        "_Bool truth(_Bool a, _Bool *b) { return a; }",
        "_Bool truth(_Bool a, _Bool *b)",
    ),
    (
        "void pairs(struct pair *p, pair_t *q, const union either *u) { p->a = q->a; }",
        "void pairs(struct pair *p, pair_t *q, const union either *u)",
    ),
    (
        "void opaque(struct handle *h, handle_t k) {}",
        "void opaque(struct handle *h, handle_t k)",
    ),
    (
        "enum color paint(enum color c, level_t l) { return c; }",
        "enum color paint(enum color c, level_t l)",
    ),
    (
        "void rows(double (*m)[3], double a[4], int n, int v[][5]) {}",
        "void rows(double (*m)[3], double *a, int n, int (*v)[5])",
    ),
    (
        "void back(double (*f)(double, int), void (*g)(void), double x) { f(x, 1); }",
        "void back(double (*f)(double, int), void (*g)(void), double x)",
    ),
    (
        "void deep(double **p, const char *const *q) { **p = 1; }",
        "void deep(double **p, const char *const *q)",
    ),
    (
        "int vary(const char *f, ...) { return f[0]; }",
        "int vary(const char *f, ...)",
    ),
    (
        "struct pair give(struct pair p) { return p; }",
        "struct pair give(struct pair p)",
    ),
    (
        "void many(int a0, int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, \
         double a9, char a10) {}",
        "void many(int a0, int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, \
         double a9, char a10)",
    ),
    (
        "void vla(int n, double m[n][n]) { m[0][0] = 1; }",
        "void vla(int n, double (*m)[])",
    ),
];

const HEAD: &str = "\
#include <stddef.h>
#include <stdint.h>
struct handle; typedef struct handle *handle_t;
struct pair { int a; double b; }; typedef struct pair pair_t;
union either { int i; double d; };
enum color { RED, GREEN }; typedef enum { LOW = -1, HIGH } level_t;
";

const TAIL: &str = "
int old(x, f) int x; float f; { return x + (int)f; }
static __attribute__((noinline)) int hidden(int x) { return x * 3; }
int uses(int x) { return hidden(x); }
int alias_of_uses(int x) __attribute__((alias(\"uses\")));
__attribute__((visibility(\"hidden\"))) int internal(int x) { return x; }
__attribute__((section(\".text.other\"))) int elsewhere(long x) { return x; }
";

/// A file of all these functions and some more.
pub fn source() -> String {
    let bodies: Vec<&str> = FUNCTIONS.iter().map(|(source, _)| *source).collect();
    format!("{HEAD}{}{TAIL}", bodies.join("\n"))
}

/// Names of base types differ between compilers: gcc says `long int` for clang's `long`.
pub fn plain(signature: &str) -> String {
    signature
        .replace("long long unsigned int", "unsigned long long")
        .replace("long unsigned int", "unsigned long")
        .replace("short unsigned int", "unsigned short")
        .replace("long long int", "long long")
        .replace("long int", "long")
        .replace("short int", "short")
}

/// The prototype of the function that has this signature.
fn described<'a>(found: &'a Prototypes, signature: &str, compiler: &Compiler) -> &'a Prototype {
    let head = signature.split('(').next().unwrap();
    let name = head.rsplit([' ', '*']).next().unwrap();
    let prototype = found.get(name);
    prototype.unwrap_or_else(|| panic!("{name}: {compiler:?}"))
}

/// Checks that every function has come back with its signature.
pub fn all_are_found(found: &Prototypes, compiler: &Compiler) {
    for (_, wanted) in FUNCTIONS {
        let prototype = described(found, wanted, compiler);
        assert_eq!(&plain(&prototype.to_string()), wanted, "{compiler:?}");
    }
}

#[test]
fn c_prototypes_come_back_as_they_were_written() {
    let source = source();
    for compiler in c_compilers() {
        let (_keep, library) = compiler.compile("k.c", &source);
        let found = read_file(&library).expect("the library can be read");
        assert_eq!(found.notes, &[] as &[String], "{compiler:?}");
        all_are_found(&found, &compiler);
        for (body, wanted) in FUNCTIONS {
            let prototype = described(&found, wanted, &compiler);
            assert!(prototype.prototyped, "{wanted}: {compiler:?}");
            let line = source.lines().position(|line| line == *body).unwrap() + 1;
            let line = u32::try_from(line).ok();
            assert_eq!(prototype.line, line, "{wanted}: {compiler:?}");
            let file = library.with_file_name("k.c");
            assert_eq!(prototype.file.as_deref(), file.to_str(), "{compiler:?}");
            assert_eq!(prototype.language, FunctionLanguage::C);
        }
        let old = found.get("old").unwrap();
        assert_eq!(
            (old.params.len(), old.prototyped),
            (2, false),
            "{compiler:?}"
        );
        let alias = found
            .get("alias_of_uses")
            .expect("aliases are matched by address");
        assert_eq!(alias.to_string(), "int uses(int x)");
        assert!(found.get("hidden").is_none() && found.get("internal").is_none());
        assert_eq!(
            plain(&found.get("elsewhere").unwrap().to_string()),
            "int elsewhere(long x)"
        );
        // `TAIL` exports four more.
        assert_eq!(found.len(), FUNCTIONS.len() + 4, "{compiler:?}");
    }
}

#[test]
fn the_text_form_keeps_everything() {
    let found = c_compilers()[0].prototypes("k.c", &source());
    let text = found.to_text();
    let again = veo_abi::prototype::Prototypes::from_text(&text).expect("the text can be read");
    assert_eq!(again.to_text(), text);
    for (symbol, prototype) in found.iter() {
        let other = again.get(symbol).expect("no function is lost");
        assert_eq!(other.to_string(), prototype.to_string());
        assert_eq!(other.location(), prototype.location());
    }
}

#[test]
fn functions_that_share_their_code_keep_their_own_prototypes() {
    let source = "\
long one(double *a, int b) { return 7; }
long two(float *a, int b) { return 7; }
long three(int a, int b) { return 7; }
";
    for mut compiler in c_compilers() {
        let gcc = !compiler.program.starts_with("clang");
        if gcc {
            compiler.options.push("-fno-semantic-interposition");
        }
        let found = compiler.prototypes("k.c", source);
        let text = |symbol: &str| plain(&found.get(symbol).unwrap().to_string());
        assert_eq!(text("one"), "long one(double *a, int b)", "{compiler:?}");
        assert_eq!(text("two"), "long two(float *a, int b)", "{compiler:?}");
        assert_eq!(text("three"), "long three(int a, int b)", "{compiler:?}");
    }
}

#[test]
fn several_files_and_sections_make_one_library() {
    for mut compiler in c_compilers() {
        compiler.options.extend(["-ffunction-sections", "-x", "c"]);
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let path = |name: &str| directory.path().join(name);
        std::fs::create_dir(path("sub")).unwrap();
        std::fs::write(
            path("sub/a.c"),
            "struct s { int x; }; int one(struct s *p) { return p->x; }",
        )
        .unwrap();
        std::fs::write(
            path("b.c"),
            "#include \"sub/a.c\"\nstatic inline double two_(double x) { return x; }\n\
             double two(double x) { return two_(x); }",
        )
        .unwrap();
        compiler.run(directory.path(), &path("b.c"), &path("libk.so"));
        let found = read_file(&path("libk.so")).expect("the library can be read");
        assert_eq!(
            found.get("one").unwrap().to_string(),
            "int one(struct s *p)"
        );
        assert_eq!(
            found.get("two").unwrap().to_string(),
            "double two(double x)"
        );
        let location = found.get("one").unwrap().location().unwrap();
        assert!(location.ends_with("/sub/a.c:1"), "{location}");
        let location = found.get("two").unwrap().location().unwrap();
        assert!(location.ends_with("/b.c:3"), "{location}");
    }
}

#[test]
fn cpp_functions_are_found_by_their_linkage_names() {
    let source = "\
#include <complex>
namespace deep { struct point { double x, y; void move(double by); }; }
void deep::point::move(double by) { x += by; }
extern \"C\" double plain(const deep::point &p, int &&n, std::complex<double> *z) { return p.x; }
double mangled(bool b, char16_t c) { return b; }
template <class... T> double pack(T... t) { return sizeof...(t); }
template double pack<int, double>(int, double);
enum class small : unsigned char { one };
extern \"C\" small tiny(small s) { return s; }
";
    for compiler in cpp_compilers() {
        let found = compiler.prototypes("k.cpp", source);
        let text = |symbol: &str| {
            let prototype = found
                .get(symbol)
                .unwrap_or_else(|| panic!("{symbol}: {compiler:?}"));
            prototype.to_string()
        };
        let plain = text("plain");
        assert!(
            plain.starts_with("double plain(const struct point &p, int &n, ")
                || plain.starts_with("double plain(const point &p, int &n, "),
            "{plain}"
        );
        assert_eq!(text("_Z7mangledbDs"), "double mangled(bool b, char16_t c)");
        let method = found.get("_ZN4deep5point4moveEd").unwrap();
        assert_eq!(method.params.len(), 2);
        assert!(method.params[0].hidden && !method.params[1].hidden);
        let pack = found.get("_Z4packIJidEEdDpT_").unwrap();
        assert_eq!(pack.params.len(), 2, "{compiler:?}: {pack}");
        assert_eq!(text("tiny"), "enum small tiny(enum small s)");
        assert_eq!(found.get("plain").unwrap().language, FunctionLanguage::Cpp);
    }
}
