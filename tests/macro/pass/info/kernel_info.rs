//! The facts that a declaration leaves for the runtime.
use veo_core::ve_kernel;

#[derive(Clone, Copy, veo_core::VeData)]
#[repr(C)]
struct Pair {
    a: i8,
    b: f64,
}

#[ve_kernel(lib = "libinfo.so", name = "recorded_")]
fn recorded_kernel(
    a: i32,
    b: *mut f64,
    c: &Pair,
    d: &mut [[u8; 2]],
    e: *const *mut i16,
) -> *const Pair;

#[test]
fn the_registry_knows_names_places_and_types() {
    let info = veo_core::kernels()
        .find(|info| info.name == "recorded_kernel")
        .expect("registered before main");
    assert_eq!(info.symbol, "recorded_");
    assert_eq!(info.crate_name, "veo-tests");
    assert!(
        info.module.ends_with("info::kernel_info"),
        "{}",
        info.module
    );
    assert!(info.file.ends_with("kernel_info.rs"), "{}", info.file);
    let text = include_str!("kernel_info.rs");
    let line = text.lines().nth(info.line as usize - 1);
    assert_eq!(line, Some("fn recorded_kernel("));
    assert_eq!(
        info.signature.to_string(),
        "(i32, *mut f64, *const Pair, *mut [u8; 2], *const *mut i16) -> *const Pair"
    );
}
