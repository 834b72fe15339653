//! Contracts of imported functions.

use super::{HEADER, TYPES, import, package, text};

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
        ("ex*ra", "a >= 0", "for any characters write `.*`"),
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
