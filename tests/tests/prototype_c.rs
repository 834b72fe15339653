//! Prototypes of C and C++ functions, read from what real compilers write, for
//! each of them at several levels of optimisation.

mod prototype;

use prototype::{c_compilers, cpp_compilers};
use veo_abi::prototype::{Language, read, read_file};

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

fn source() -> String {
    let bodies: Vec<&str> = FUNCTIONS.iter().map(|(source, _)| *source).collect();
    format!("{HEAD}{}{TAIL}", bodies.join("\n"))
}

/// Names of base types differ between compilers: gcc says `long int` for clang's `long`.
fn plain(signature: &str) -> String {
    signature
        .replace("long long unsigned int", "unsigned long long")
        .replace("long unsigned int", "unsigned long")
        .replace("short unsigned int", "unsigned short")
        .replace("long long int", "long long")
        .replace("long int", "long")
        .replace("short int", "short")
}

#[test]
fn c_prototypes_come_back_as_they_were_written() {
    let source = source();
    for compiler in c_compilers() {
        let (_keep, library) = compiler.compile("k.c", &source);
        let found = read_file(&library).expect("the library can be read");
        assert_eq!(found.notes(), &[] as &[String], "{compiler:?}");
        for (body, wanted) in FUNCTIONS {
            let name = wanted
                .split('(')
                .next()
                .unwrap()
                .rsplit([' ', '*'])
                .next()
                .unwrap();
            let prototype = found
                .get(name)
                .unwrap_or_else(|| panic!("{name}: {compiler:?}"));
            assert_eq!(&plain(&prototype.to_string()), wanted, "{compiler:?}");
            assert!(prototype.prototyped, "{name}: {compiler:?}");
            let line = source.lines().position(|line| line == *body).unwrap() + 1;
            assert_eq!(
                prototype.line,
                u32::try_from(line).ok(),
                "{name}: {compiler:?}"
            );
            let file = library.with_file_name("k.c");
            assert_eq!(prototype.file.as_deref(), file.to_str(), "{compiler:?}");
            assert_eq!(prototype.language, Language::C);
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
        assert_eq!(found.len(), FUNCTIONS.len() + 4, "{compiler:?}");
    }
}

#[test]
fn the_text_form_keeps_everything() {
    let (_keep, library) = c_compilers()[0].compile("k.c", &source());
    let found = read_file(&library).expect("the library can be read");
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
        let (_keep, library) = compiler.compile("k.c", source);
        let found = read_file(&library).expect("the library can be read");
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
        let (_keep, library) = compiler.compile("k.cpp", source);
        let found = read_file(&library).expect("the library can be read");
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
        assert_eq!(found.get("plain").unwrap().language, Language::Cpp);
    }
}

#[test]
fn separate_debug_files_are_found_and_checked() {
    let compiler = &c_compilers()[0];
    let objcopy = prototype::find(&["objcopy"]).expect("objcopy comes with gcc");
    let (_keep, library) = compiler.compile("k.c", &source());
    let (_other, stranger) = compiler.compile("k.c", "int add(void) { return 0; }");
    let run = |arguments: &[&std::ffi::OsStr]| {
        let status = std::process::Command::new(&objcopy)
            .args(arguments)
            .status();
        assert!(status.is_ok_and(|status| status.success()));
    };
    let kept = library.with_file_name("somewhere.debug");
    run(&[
        "--only-keep-debug".as_ref(),
        library.as_ref(),
        kept.as_ref(),
    ]);
    run(&["--strip-debug".as_ref(), library.as_ref()]);
    let stripped = std::fs::read(&library).unwrap();
    let debug = std::fs::read(&kept).unwrap();
    assert!(
        read(&stripped, None)
            .expect("no prototypes are no error")
            .is_empty()
    );
    assert!(read(&stripped, None).unwrap().exports("add"));
    let found = read(&stripped, Some(&debug)).expect("the debug file belongs to it");
    assert_eq!(
        plain(&found.get("add").unwrap().to_string()),
        "long add(int a, double *b)"
    );

    // By the link, then by the name.
    let mut link = std::ffi::OsString::from("--add-gnu-debuglink=");
    link.push(&kept);
    run(&[&link, library.as_ref()]);
    assert!(read_file(&library).unwrap().get("add").is_some());
    let linked = std::fs::read(&library).unwrap();
    let (name, _) = veo_abi::prototype::debug_link(&linked).unwrap().unwrap();
    assert_eq!(name, "somewhere.debug");
    run(&["--remove-section=.gnu_debuglink".as_ref(), library.as_ref()]);
    assert!(read_file(&library).unwrap().get("add").is_none());
    std::fs::rename(&kept, library.with_file_name("libk.so.debug")).unwrap();
    assert!(read_file(&library).unwrap().get("add").is_some());

    // The debug file of another build.
    let stranger = std::fs::read(&stranger).unwrap();
    assert!(read(&linked, Some(&stranger)).is_err());
}

#[test]
fn compressed_and_relocatable_debug_information_is_read() {
    let few = [("-O0", "-gdwarf-5"), ("-O2", "-gdwarf-4")];
    for compiler in c_compilers()
        .into_iter()
        .filter(|compiler| compiler.is(&few))
    {
        for extra in ["-gz=zlib", "-fdebug-types-section"] {
            let mut compiler = compiler.clone();
            compiler.options.push(extra);
            let (_keep, library) = compiler.compile("k.c", &source());
            let found = read_file(&library).expect("the library can be read");
            assert_eq!(found.len(), FUNCTIONS.len() + 4, "{compiler:?}");
        }
        for extra in [
            &["-c"][..],
            &["-c", "-ffunction-sections", "-fdebug-types-section"],
        ] {
            let mut compiler = compiler.clone();
            compiler.options.retain(|option| *option != "-shared");
            compiler.options.extend(extra);
            let (_keep, object) = compiler.compile("k.c", &source());
            let found = read_file(&object).expect("the object can be read");
            assert_eq!(found.notes(), &[] as &[String]);
            for (_, wanted) in FUNCTIONS {
                let name = wanted
                    .split('(')
                    .next()
                    .unwrap()
                    .rsplit([' ', '*'])
                    .next()
                    .unwrap();
                let prototype = found
                    .get(name)
                    .unwrap_or_else(|| panic!("{name}: {compiler:?}"));
                assert_eq!(&plain(&prototype.to_string()), wanted, "{compiler:?}");
            }
        }
    }
}

#[test]
fn objects_for_the_ve_are_relocated_and_read() {
    let Some(compiler) = prototype::ve_compiler() else {
        return;
    };
    for options in [
        &["-O0"][..],
        &["-O2", "-fpic"],
        &["-O2", "-gdwarf-4", "-ffunction-sections"],
    ] {
        let mut compiler = compiler.clone();
        compiler.options.extend(options);
        compiler.options.extend(["-w", "-ffreestanding"]);
        let (_keep, object) = compiler.compile("k.c", &source());
        let bytes = std::fs::read(&object).unwrap();
        assert_eq!(bytes[18..20], [251, 0], "the object is for the VE");
        let found = read_file(&object).expect("the object can be read");
        for (_, wanted) in FUNCTIONS {
            let name = wanted
                .split('(')
                .next()
                .unwrap()
                .rsplit([' ', '*'])
                .next()
                .unwrap();
            let prototype = found
                .get(name)
                .unwrap_or_else(|| panic!("{name}: {compiler:?}"));
            assert_eq!(&plain(&prototype.to_string()), wanted, "{compiler:?}");
        }
    }
}

#[test]
fn what_is_no_library_is_refused_with_a_reason() {
    let error = |bytes: &[u8]| read(bytes, None).expect_err("it is no library").to_string();
    assert!(error(b"").contains("not an ELF file"));
    assert!(error(b"#!/bin/sh\n").contains("not an ELF file"));
    let mut small = *b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0";
    assert!(error(&small).contains("32-bit"));
    (small[4], small[5]) = (2, 2);
    assert!(error(&small).contains("big-endian"));
    small[5] = 1;
    assert!(error(&small).contains("damaged"));
    let error = read_file("/nonexistent/libk.so".as_ref()).expect_err("there is no such file");
    assert!(error.to_string().contains("/nonexistent/libk.so"));
}
