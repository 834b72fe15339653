//! Kernels linked into a veorun, by NEC's tool for the card and by the host's compiler for the emulated node.

use std::process::Command;

use veo_build::{Kernels, Target};
use veo_test_support::compile::{self, tool};

use crate::installed_compilers::{bench, elf};
use crate::recording::Bench;

#[test]
fn a_static_veorun() {
    let bench = Bench::new();
    bench.source("a.c", "");
    bench.source("b.f90", "");
    bench.source("libx.a", "");
    let mut kernels = Kernels::static_veorun("my_veorun");
    kernels
        .files(["a.c", "b.f90"])
        .object("libx.a")
        .link_lib("blas_openmp")
        .openmp(true);
    let built = bench.build(&mut kernels).unwrap();
    assert_eq!(
        built.library(Target::Ve1).unwrap(),
        bench.path("out/veo/ve1/my_veorun")
    );
    let work = "work/ve1/my_veorun";
    let lines = bench.lines();
    let made = lines
        .iter()
        .find(|line| line.starts_with("mk_veorun_static"))
        .unwrap();
    assert_eq!(
        *made,
        format!(
            "mk_veorun_static -o {work}/my_veorun {work}/a.o {work}/b.o libx.a -lblas_openmp -fopenmp"
        )
    );
}

#[test]
fn a_static_veorun_with_the_older_places_of_its_tool() {
    for dir in ["nec/ve/libexec", "nec/ve/veos/libexec"] {
        let bench = Bench::new();
        bench.source("a.c", "");
        let script = std::fs::read_to_string(bench.path("nec/ve/bin/mk_veorun_static")).unwrap();
        bench.remove("nec/ve/bin/mk_veorun_static");
        let error = bench
            .build(Kernels::static_veorun("v").file("a.c"))
            .unwrap_err();
        assert!(
            error.to_string().contains("VEO_MK_VEORUN_STATIC"),
            "{error}"
        );
        bench.install(&format!("{dir}/mk_veorun_static"), &script);
        bench
            .build(Kernels::static_veorun("v").file("a.c"))
            .unwrap();
    }
}

#[test]
fn a_static_veorun_for_the_host_has_all_of_its_archives() {
    let bench = bench("host");
    let archive = bench.path("package/libarchived.a");
    let object = bench.path("package/archived.o");
    let source = bench.source("archived.c", "long archived(void) { return 1; }\n");
    compile::object(&source, &object, &["-fPIC"]);
    tool(Command::new("ar").arg("cr").arg(&archive).arg(&object));
    let mut kernels = Kernels::static_veorun("veorun_k");
    let built = bench
        .build(kernels.file("kernels/k.c").object("libarchived.a"))
        .unwrap();
    let library = built.library(Target::Host).unwrap();
    assert_eq!(library, bench.path("out/veo/host/veorun_k"));
    assert_eq!(elf(library).1, ["archived", "norm2", "previous"]);
}
