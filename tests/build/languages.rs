//! Kernels in several languages: which compiler links, in which order Fortran's modules are compiled.

use std::path::Path;

use veo_build::Kernels;

use crate::commands::{COMPLETE, WORK};
use crate::recording::{Bench, touch};

#[test]
fn the_highest_language_links() {
    // Which compiler links which mixture.
    for (sources, linker) in [
        (&["a.c"][..], "ncc"),
        (&["a.f90"], "nfort"),
        (&["a.c", "b.f90"], "nfort"),
        (&["a.cpp"], "nc++"),
        (&["a.cpp", "b.c"], "nc++"),
        (&["a.c", "b.f90", "c.cpp"], "nc++"),
    ] {
        let bench = Bench::new();
        for source in sources {
            bench.source(source, "");
        }
        bench.build(Kernels::new("libk.so").files(sources)).unwrap();
        let calls = bench.calls();
        assert_eq!(calls.last().unwrap().tool, linker, "{sources:?}");
        for call in &calls[..calls.len() - 1] {
            let source = call
                .args
                .iter()
                .rfind(|arg| !arg.ends_with(".o") && !arg.starts_with('-'))
                .unwrap();
            let expected = match Path::new(source).extension().unwrap().to_str().unwrap() {
                "c" => "ncc",
                "cpp" => "nc++",
                _ => "nfort",
            };
            assert_eq!(call.tool, expected, "{source}");
        }
    }
}

#[test]
fn fortran_beside_cxx_links_fortrans_runtime() {
    let bench = Bench::new();
    for dir in [
        "nec/ve/nfort/3.5.1/lib",
        "nec/ve/nfort/5.10.0/lib",
        "nec/ve/nfort/5.2.0/lib",
    ] {
        std::fs::create_dir_all(bench.path(dir)).unwrap();
    }
    bench.source("a.cpp", "");
    bench.source("b.f90", "");
    bench
        .build(Kernels::new("libk.so").files(["a.cpp", "b.f90"]))
        .unwrap();
    let lines = bench.lines();
    assert_eq!(
        lines.last().unwrap(),
        &format!(
            "nc++ -march=ve1 -shared -fpic -pthread {COMPLETE} -o {WORK}/libk.so {WORK}/a.o {WORK}/b.o \
             -Lnec/ve/nfort/5.10.0/lib -lnfort -Wl,-rpath,nec/ve/nfort/5.10.0/lib"
        )
    );
}

#[test]
fn fortran_modules_are_compiled_before_their_users() {
    let bench = Bench::new();
    bench.source("a_user.f90", "subroutine s\nuse grid\nend\n");
    bench.source("z_grid.f90", "module grid\nuse base\nend module\n");
    bench.source("m_base.f90", "module base\nend module\n");
    let mut kernels = Kernels::new("libk.so");
    kernels.glob("*.f90");
    let built = bench.build(&mut kernels).unwrap();
    assert_eq!(built.targets[0].commands.len(), 4);
    let work = bench.path("out/veo/work/ve1/libk.so");
    for call in bench
        .calls()
        .iter()
        .filter(|call| !call.args.contains(&"-shared".into()))
    {
        assert_eq!(
            call.dir, work,
            "modules are looked for where they were written"
        );
        assert!(!call.args.contains(&"-MD".into()));
    }
    // The interface of `base` stays the same: its user has nothing new to compile against.
    touch(&bench.path("package/m_base.f90"));
    bench.build(&mut kernels).unwrap();
    assert_eq!(bench.calls().len(), 2, "the module and the library");
    bench.source("m_base.f90", "module base\ninteger :: n\nend module\n");
    bench.build(&mut kernels).unwrap();
    assert_eq!(
        bench.calls().len(),
        3,
        "the module, its user and the library"
    );
}

#[test]
fn fortran_modules_in_a_circle() {
    let bench = Bench::new();
    bench.source("a.f90", "module a\nuse b\nend module\n");
    bench.source("b.f90", "module b\nuse a\nend module\n");
    let error = bench
        .build(Kernels::new("libk.so").glob("*.f90"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "libk.so: the Fortran modules a, b use each other in a circle, so none can be compiled first; \
         move what they share to another module"
    );
}
