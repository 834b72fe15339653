//! Functions of the interface that kernels call, from VE machine code.

use veo_build::Target;
use veo_core::VeoProc;

use crate::library::{build, clang, scratch};

const ASKING: &str = "#include \"veo_ve.h\"\n\
    long next(long x) { return x + 1; }\n\
    long earlier(int offset) { uint64_t it; return veo_prev_req_result(offset, &it) ? -1 : (long)it; }\n\
    long into(uint64_t place) { return veo_prev_req_result(0, (uint64_t *)place); }\n\
    long tags(void) { return veo_get_max_proc_identifier(); }\n";

#[test]
fn a_kernel_asks_for_results_of_earlier_requests() {
    if !clang() {
        return;
    }
    let library = build(&scratch(), "libasking.so", ASKING, Target::Ve1Llvm);
    let proc = VeoProc::new(0).unwrap();
    let library = proc.load_library(&library).unwrap();
    let next = library.function::<fn(i64) -> i64>("next").unwrap();
    let earlier = library.function::<fn(i32) -> i64>("earlier").unwrap();
    let into = library.function::<fn(u64) -> i64>("into").unwrap();
    assert_eq!(next.call(&proc, (41,)).unwrap(), 42);
    assert_eq!(earlier.call(&proc, (0,)).unwrap(), 42);
    assert_eq!(next.call(&proc, (70,)).unwrap(), 71);
    assert_eq!(earlier.call(&proc, (2,)).unwrap(), 42);
    assert_eq!(earlier.call(&proc, (100_000,)).unwrap(), -1);
    assert_eq!(earlier.call(&proc, (-1,)).unwrap(), -1);
    assert_eq!(into.call(&proc, (0,)).unwrap(), -1);
    let tags = library.function::<fn() -> i64>("tags").unwrap();
    assert_eq!(tags.call(&proc, ()).unwrap(), 16);
    let error = into.call(&proc, (8,)).unwrap_err().to_string();
    assert!(
        error.contains("veo_prev_req_result") && error.contains("0x8"),
        "{error}"
    );
}

#[test]
fn the_library_of_a_kernel_decides_about_tags() {
    if !clang() {
        return;
    }
    let dir = scratch();
    let make = |name, source| build(&dir, name, source, Target::Ve1Llvm);
    let plain = make(
        "libvefirst.so",
        "long first(const long *p) { return *p; }\n",
    );
    let asking = make(
        "libvetags.so",
        "#include \"veo_ve.h\"\nlong is_tagged(const long *p) { return veo_is_ve_addr(p); }\n\
         long first_behind(long *p) { return *(long *)veo_get_hmem_addr(p); }\n",
    );
    // It uses a function of a library that was loaded before.
    let relay = make(
        "libverelay.so",
        "long is_tagged(const long *p);\nlong relayed(const long *p) { return is_tagged(p); }\n",
    );
    let proc = VeoProc::new(0).unwrap();
    let buffer = proc.upload(&[77i64]).unwrap();
    let tagged = buffer.as_ptr().to_hmem().unwrap();
    let call = |library: &std::path::Path, name: &str| {
        let library = proc.load_library(library).unwrap();
        let function = library.function::<fn(*const i64) -> i64>(name).unwrap();
        function.call(&proc, (tagged,)).unwrap()
    };
    assert_eq!(call(&plain, "first"), 77);
    assert_eq!(call(&asking, "is_tagged"), 1);
    assert_eq!(call(&asking, "first_behind"), 77);
    assert_eq!(call(&relay, "relayed"), 1);
}
