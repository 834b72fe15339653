//! A crate whose test passes although its kernel reads one element too many, until a variable
//! guards its memory.

use crate::package::{Package, said};

#[test]
fn one_variable_finds_what_a_users_test_misses() {
    let name = "veo-test-guarded";
    let package = Package::new(name);
    let core = package.workspace().join("veo-core");
    let manifest = std::fs::read_to_string(package.dir.join("Cargo.toml")).unwrap();
    package.write(
        "Cargo.toml",
        &format!("{manifest}\n[dependencies]\nveo-core = {{ path = {core:?} }}\n"),
    );
    package.builds("new(\"libtotal.so\").file(\"kernels/total.c\")");
    package.write(
        "kernels/total.c",
        "#include <stdint.h>\n\
         double total(const double *x, int64_t n) {\n\
         \x20   double sum = 0;\n\
         \x20   for (int64_t i = 0; i <= n; i++)\n\
         \x20       sum += x[i];\n\
         \x20   return sum;\n\
         }\n",
    );
    package.write(
        "tests/total.rs",
        "use veo_core::{VeoProc, ve_kernel};\n\
         #[ve_kernel(lib = \"libtotal.so\")]\n\
         fn total(x: *const f64, n: i64) -> f64;\n\
         #[test]\n\
         fn of_two() -> veo_core::Result<()> {\n\
         \x20   let proc = VeoProc::new(0)?;\n\
         \x20   let x = proc.upload(&[1.0, 2.0])?;\n\
         \x20   assert_eq!(total(&proc, &x, 2)?, 3.0);\n\
         \x20   Ok(())\n\
         }\n",
    );
    package.clean(name);
    let test = |guard: Option<&str>| {
        let mut cargo = package.cargo(&["test", "-q", "--test", "total"]);
        cargo.env_remove("VEO_EMU_GUARD").env("VEO_BACKEND", "emu");
        if let Some(guard) = guard {
            cargo.env("VEO_EMU_GUARD", guard);
        }
        cargo.output().unwrap()
    };
    let without = test(None);
    assert!(without.status.success(), "{}", said(&without));
    let guarded = test(Some("end"));
    let text = said(&guarded);
    assert!(!guarded.status.success(), "{text}");
    for part in [
        "kernel total raised SIGSEGV",
        "just past the 2 f64 allocated at tests/total.rs:7",
        "kernels/total.c:5",
    ] {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
    let misspelled = said(&test(Some("ends")));
    let part = "VEO_EMU_GUARD is \"ends\"; it can be `end` or `start`";
    assert!(misspelled.contains(part), "{misspelled}");
}
