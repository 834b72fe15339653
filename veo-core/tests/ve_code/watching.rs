//! What is told and counted of VE machine code, where variables ask for it.

use veo_core::{KernelStatistics, VeoProc, ve_kernel};

use crate::library::{again, is_again, watched};

#[ve_kernel(lib = "libvewatched.so")]
unsafe extern "C" {
    safe fn add_up(x: *const f64, n: i64) -> f64;
    safe fn add_vectors(x: *mut f64, y: *const f64, n: i64);
    safe fn call_often(n: i64) -> i64;
}

const SUMS: i64 = 1000;
const VECTORS: usize = 5;

/// What the kernels do, in the program that the test starts.
fn work(proc: &VeoProc) {
    let x = proc.upload(&vec![1.5; SUMS as usize]).unwrap();
    for _ in 0..3 {
        assert_eq!(add_up(proc, &x, SUMS).unwrap(), 1500.0);
    }
    let ctx = proc.open_context().unwrap();
    let mut y = proc.upload(&vec![2.0; 256 * VECTORS]).unwrap();
    let z = proc.upload(&vec![0.5; 256 * VECTORS]).unwrap();
    let n = (256 * VECTORS) as i64;
    add_vectors(&ctx, &mut y, &z, n).unwrap().wait().unwrap();
    assert!(y.to_vec().unwrap().iter().all(|y| *y == 2.5));
    assert_eq!(call_often(proc, 4).unwrap(), 4);
}

fn find<'a>(all: &'a [KernelStatistics], kernel: &str) -> &'a KernelStatistics {
    let found = all.iter().find(|found| found.kernel == kernel);
    found.unwrap_or_else(|| panic!("{kernel} in {all:?}"))
}

#[test]
fn instructions_are_counted_for_each_kernel() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        work(&proc);
        let all = proc.statistics().unwrap();
        let sums = find(&all, "add_up");
        assert_eq!((sums.calls, sums.vector_instructions), (3, 0));
        assert_eq!(sums.operations["fadd.d"], 3 * SUMS as u64);
        assert_eq!(sums.operations.values().sum::<u64>(), sums.instructions);
        assert_eq!(sums.vector_operation_ratio(), 0.0);
        let vectors = find(&all, "add_vectors");
        assert_eq!(vectors.calls, 1);
        assert_eq!(vectors.operations["vfadd.d"], VECTORS as u64);
        // Setting the vector length counts as well, the first time with none.
        let length = vectors.average_vector_length();
        assert!((240.0..=256.0).contains(&length), "{vectors:?}");
        assert!(vectors.vector_operation_ratio() > 50.0, "{vectors:?}");
        proc.close().unwrap();
        return;
    }
    let proc = VeoProc::new(0).unwrap();
    work(&proc);
    assert_eq!(proc.statistics().unwrap(), []);
    let name = "watching::instructions_are_counted_for_each_kernel";
    let said = again(name, &[("VEO_EMU_PROFILE", "1".as_ref())]);
    for part in [
        "kernel add_up, called 3 times",
        "Inst. Count",
        "A. V. Length",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn calls_and_instructions_are_told() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        assert_eq!(call_often(&proc, 3).unwrap(), 3);
        return;
    }
    let name = "watching::calls_and_instructions_are_told";
    let told = |trace: &str| again(name, &[("VEO_EMU_TRACE", trace.as_ref())]);
    let said = told("calls");
    assert!(said.contains("context 0 calls call_often"), "{said}");
    assert_eq!(said.matches(" calls one").count(), 3, "{said}");
    let said = told("instructions");
    assert!(said.contains(": b.l.t (, %s10)"), "{said}");
}

#[test]
fn floats_are_exact_where_that_is_wanted() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        work(&VeoProc::new(0).unwrap());
        return;
    }
    let name = "watching::floats_are_exact_where_that_is_wanted";
    for floats in ["exact", "host"] {
        again(name, &[("VEO_EMU_FLOAT", floats.as_ref())]);
    }
}

#[test]
fn wrong_values_of_the_variables_are_told() {
    if is_again() {
        println!("\n{}", VeoProc::new(0).map(drop).unwrap_err());
        return;
    }
    let name = "watching::wrong_values_of_the_variables_are_told";
    for (variable, part) in [
        ("VEO_EMU_FLOAT", "it can be `host`, `exact`"),
        ("VEO_EMU_TRACE", "`calls`, `instructions`"),
        ("VEO_EMU_PROFILE", "`0`, `1`"),
    ] {
        let said = again(name, &[(variable, "all".as_ref())]);
        assert!(said.contains(variable) && said.contains(part), "{said}");
    }
}
