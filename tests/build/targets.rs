//! Which targets are built: those asked for, those whose compilers are found, none.

use veo_build::{ErrorKind, Kernels, Target};

use crate::failures::{fails, one_c};
use crate::recording::Bench;

#[test]
fn a_target_that_was_asked_for_and_has_no_compiler() {
    let (mut bench, mut kernels) = one_c("");
    bench.remove("nec/ve/bin/ncc");
    let message = fails(&bench, &mut kernels, ErrorKind::ToolNotFound);
    assert_eq!(
        message,
        "libk.so: the target ve1 was asked for, but cannot be built: no ncc in PATH or /nec/ve/bin\n\n\
         help: install NEC's SDK (nec-nc++, nec-nfort) or name the compilers in VEO_NCC, VEO_NCXX and VEO_NFORT"
    );
    bench.set("VEO_NCC", "/nowhere/ncc");
    let message = fails(&bench, &mut kernels, ErrorKind::ToolNotFound);
    assert_eq!(
        message,
        "VEO_NCC is `/nowhere/ncc`, but there is no such program"
    );
    bench.set("VEO_NCC", "");
    bench.set("VEO_TARGETS", "");
    bench.set("VEO_CC", "sh -c false");
    kernels.targets([Target::Ve3]);
    let message = fails(&bench, &mut kernels, ErrorKind::ToolNotFound);
    assert!(
        message.starts_with("libk.so: the target ve3 was asked for, but"),
        "{message}"
    );
}

#[test]
fn targets_that_are_only_detected_are_left_out_with_a_reason() {
    let mut bench = Bench::new();
    bench.source("k.c", "int k(void) { return 1; }\n");
    bench.set("VEO_TARGETS", "-ve1-llvm");
    let mut kernels = Kernels::new("libk.so");
    kernels.file("k.c");
    let built = bench.build(&mut kernels).unwrap();
    assert_eq!(
        built
            .targets
            .iter()
            .map(|built| built.target)
            .collect::<Vec<_>>(),
        [Target::Host, Target::Ve1]
    );
    let reason = format!(
        "NEC's libraries for it are not in {}",
        bench.text("nec/ve3/lib")
    );
    assert_eq!(built.left_out, [(Target::Ve3, reason.clone())]);
    assert!(
        built.note.starts_with("libk.so: built for host ("),
        "{}",
        built.note
    );
    assert!(
        built
            .note
            .ends_with(&format!(", ve1 (ncc 5.1.0); left out: ve3 ({reason})")),
        "{}",
        built.note
    );

    bench.remove("nec/ve/bin/ncc");
    let built = bench.build(&mut kernels).unwrap();
    let reason = format!("no ncc in PATH or {}", bench.text("nec/ve/bin"));
    assert_eq!(
        built.left_out,
        [(Target::Ve1, reason.clone()), (Target::Ve3, reason.clone())]
    );
    assert!(
        built
            .note
            .ends_with(&format!("; left out: ve1, ve3 ({reason})")),
        "{}",
        built.note
    );
}

#[test]
fn a_target_that_the_build_script_excludes() {
    let (mut bench, mut kernels) = one_c("");
    bench.set("VEO_TARGETS", "ve1,ve3");
    let built = bench.build(kernels.without_target(Target::Ve3)).unwrap();
    assert_eq!(
        built.left_out,
        [(Target::Ve3, "the build script excludes it".to_string())]
    );
    assert!(built.library(Target::Ve3).is_none());
    assert!(built.library(Target::Ve1).unwrap().is_file());
}

#[test]
fn the_variable_wins_over_the_builder() {
    let (bench, mut kernels) = one_c("");
    let built = bench.build(kernels.targets([Target::Ve3])).unwrap();
    assert_eq!(built.targets[0].target, Target::Ve1);
}

#[test]
fn unusable_values() {
    let (mut bench, mut kernels) = one_c("");
    bench.set("VEO_TARGETS", "ve2");
    let message = fails(&bench, &mut kernels, ErrorKind::InvalidArgument);
    assert_eq!(
        message,
        "VEO_TARGETS is `ve2`: `ve2` is not a target; the targets are host, ve1, ve3, ve1-llvm; `all`, `none` and `-NAME` are understood too"
    );
    bench.set("VEO_TARGETS", "ve1");
    bench.set("VEO_CFLAGS", "'open");
    let message = fails(&bench, &mut kernels, ErrorKind::InvalidArgument);
    assert_eq!(
        message,
        "VEO_CFLAGS is `'open`, which opens a quotation and does not close it"
    );
}

#[test]
fn nothing_is_built_when_told_so() {
    for (variable, why) in [
        ("VEO_SKIP_BUILD", "VEO_SKIP_BUILD is set"),
        ("RA_RUSTC_WRAPPER", "rust-analyzer runs the build script"),
        ("DOCS_RS", "documentation is being built"),
    ] {
        let (mut bench, mut kernels) = one_c("");
        bench.build(&mut kernels).unwrap();
        bench.calls();
        bench.source("kernels/bad.c", "int other;\n");
        bench.set(variable, "1");
        let built = bench.build(&mut kernels).unwrap();
        assert_eq!(built.note, format!("libk.so: not built, {why}"));
        assert!(built.targets.is_empty());
        assert_eq!(bench.calls(), []);
        assert!(
            bench.path("out/veo/ve1/libk.so").is_file(),
            "what was built before stays"
        );
    }
}
