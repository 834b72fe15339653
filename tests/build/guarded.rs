//! A crate whose tests pass although a kernel reads one element too many and a wait is missing, until a
//! variable guards its memory, orders its requests or watches them.

use crate::package::{Package, said};

/// A kernel that reads one element too many, and two that are right.
const KERNELS: &str = "#include <stdint.h>
double total(const double *x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i <= n; i++)
        sum += x[i];
    return sum;
}
void fill(double *x, double value) { *x = value; }
double get(const double *x) { return *x; }
";

const TOTAL: &str = "use veo_core::{VeoProc, ve_kernel};
#[ve_kernel(lib = \"libtotal.so\")]
fn total(x: *const f64, n: i64) -> f64;
#[test]
fn of_two() -> veo_core::Result<()> {
    let proc = VeoProc::new(0)?;
    let x = proc.upload(&[1.0, 2.0])?;
    assert_eq!(total(&proc, &x, 2)?, 3.0);
    Ok(())
}
";

/// The first test lacks nothing, the second one a wait before line 27, where a pause gives it luck. A late
/// kernel starts after a longer pause, too: on a busy machine, one of twenty is short enough.
const WAITS: &str = "use veo_core::{Result, VeoProc, ve_kernel};
#[ve_kernel(lib = \"libtotal.so\")]
fn fill(x: *mut f64, value: f64);
#[ve_kernel(lib = \"libtotal.so\")]
fn get(x: *const f64) -> f64;
#[test]
fn with_a_wait() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let (one, two) = (proc.open_context()?, proc.open_context()?);
    let mut x = proc.zeros::<f64>(1)?;
    for i in 1..=3 {
        let value = f64::from(i);
        fill(&one, &mut x, value)?.wait()?;
        assert_eq!(get(&two, &x)?.wait()?, value);
    }
    Ok(())
}
#[test]
fn without() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let (one, two) = (proc.open_context()?, proc.open_context()?);
    let mut x = proc.zeros::<f64>(1)?;
    for i in 1..=20 {
        let value = f64::from(i);
        let filled = fill(&one, &mut x, value)?;
        std::thread::sleep(std::time::Duration::from_millis(20));
        let got = get(&two, &x)?.wait()?;
        filled.wait()?;
        assert_eq!(got, value, \"the wait was missed\");
    }
    Ok(())
}
";

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
    package.write("kernels/total.c", KERNELS);
    package.write("tests/total.rs", TOTAL);
    package.write("tests/waits.rs", WAITS);
    package.clean(name);
    let test = |program: &str, variable: Option<(&str, &str)>| {
        let mut cargo = package.cargo(&["test", "-q", "--test", program]);
        for variable in ["VEO_EMU_GUARD", "VEO_EMU_SCHEDULE", "VEO_EMU_RACES"] {
            cargo.env_remove(variable);
        }
        let cargo = cargo.env("VEO_BACKEND", "emu").envs(variable);
        let output = cargo.output().unwrap();
        (output.status.success(), said(&output))
    };
    let (passed, text) = test("total", None);
    assert!(passed, "{text}");
    let (passed, text) = test("total", Some(("VEO_EMU_GUARD", "end")));
    assert!(!passed, "{text}");
    for part in [
        "kernel total raised SIGSEGV",
        "just past the 2 f64 allocated at tests/total.rs:7",
        "kernels/total.c:5",
    ] {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
    let (_, misspelled) = test("total", Some(("VEO_EMU_GUARD", "ends")));
    let part = "VEO_EMU_GUARD is \"ends\"; it can be `end` or `start`";
    assert!(misspelled.contains(part), "{misspelled}");
    for (variable, value, found) in [
        ("VEO_EMU_SCHEDULE", "late", "the wait was missed"),
        ("VEO_EMU_RACES", "deny", "kernel get at tests/waits.rs:27"),
    ] {
        let (passed, text) = test("waits", Some((variable, value)));
        assert!(!passed, "{variable}: {text}");
        for part in [found, "1 passed; 1 failed"] {
            assert!(text.contains(part), "{variable}: {part:?} in {text}");
        }
    }
}
