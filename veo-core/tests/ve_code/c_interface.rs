//! VE machine code as C programs call it: through the functions of libveo.

use std::ffi::CString;
use std::path::Path;

use veo_build::Target;
use veo_core::abi::ffi::{VeoApi, veo_proc_handle};

use crate::library::{build, clang, object, scratch};

const SOURCE: &str = "void *malloc(unsigned long size);\n\
    long number = 12;\n\
    long *block(long n) { long *all = malloc(n * sizeof *all); for (long i = 0; i < n; i++) all[i] = i; return all; }\n\
    double mixed(int a, float b, double c, long d, long e, long f, long g, long h, float i, double j) {\n\
    \x20   return a + b + c + d + e + f + g + h + i + j;\n}\n\
    int wrong(long *place) { return *place != 0; }\n";

/// A function of the interface, called.
macro_rules! call {
    ($api:ident.$name:ident($($argument:expr),*)) => {
        // SAFETY: the arguments are what the interface asks for.
        unsafe { ($api.$name.expect(stringify!($name)))($($argument),*) }
    };
}

/// A process with a library.
fn load(api: &VeoApi, library: &Path) -> (*mut veo_proc_handle, u64) {
    let proc = call!(api.veo_proc_create(0));
    assert!(!proc.is_null());
    let path = CString::new(library.to_str().unwrap()).unwrap();
    let library = call!(api.veo_load_library(proc, path.as_ptr()));
    assert_ne!(library, 0);
    (proc, library)
}

fn symbol(api: &VeoApi, proc: *mut veo_proc_handle, library: u64, name: &str) -> u64 {
    let name = CString::new(name).unwrap();
    let address = call!(api.veo_get_sym(proc, library, name.as_ptr()));
    assert_ne!(address, 0, "{name:?}");
    address
}

fn uses(library: &Path) {
    let api = veo_emu::api();
    let (proc, library) = load(api, library);
    let ctx = call!(api.veo_context_open(proc));
    assert!(!ctx.is_null());

    // Words as programs set them, more than there are registers.
    let args = call!(api.veo_args_alloc());
    call!(api.veo_args_set_i32(args, 0, -1));
    call!(api.veo_args_set_float(args, 1, 0.5));
    call!(api.veo_args_set_double(args, 2, 0.25));
    for index in 3..8 {
        call!(api.veo_args_set_i64(args, index, 1 << index));
    }
    call!(api.veo_args_set_float(args, 8, -8.0));
    call!(api.veo_args_set_double(args, 9, 1000.0));
    let mixed = symbol(api, proc, library, "mixed");
    assert_eq!(call!(api.veo_emu_is_code(proc, mixed)), 1);
    let request = call!(api.veo_call_async(ctx, mixed, args));
    let mut word = 0;
    assert_eq!(call!(api.veo_call_wait_result(ctx, request, &mut word)), 0);
    let expected = -1.0 + 0.5 + 0.25 + (8.0 + 16.0 + 32.0 + 64.0 + 128.0) - 8.0 + 1000.0;
    assert_eq!(f64::from_bits(word), expected);

    // A variable is read and written by its address.
    let number = symbol(api, proc, library, "number");
    assert_eq!(call!(api.veo_emu_is_code(proc, number)), 0);
    let mut value = 0i64;
    let place = (&raw mut value).cast();
    assert_eq!(call!(api.veo_read_mem(proc, place, number, 8)), 0);
    assert_eq!(value, 12);

    // The host reads and frees a kernel's allocation, once.
    call!(api.veo_args_clear(args));
    call!(api.veo_args_set_i64(args, 0, 1000));
    let block = symbol(api, proc, library, "block");
    let request = call!(api.veo_call_async(ctx, block, args));
    let mut address = 0;
    assert_eq!(
        call!(api.veo_call_wait_result(ctx, request, &mut address)),
        0
    );
    let mut values = [0i64; 1000];
    let place = values.as_mut_ptr().cast();
    assert_eq!(call!(api.veo_read_mem(proc, place, address, 8000)), 0);
    assert!(values.iter().zip(0..).all(|(value, index)| *value == index));
    assert_ne!(call!(api.veo_free_mem(proc, address + 8)), 0);
    assert_eq!(call!(api.veo_free_mem(proc, address)), 0);
    assert_ne!(call!(api.veo_free_mem(proc, address)), 0);

    call!(api.veo_args_free(args));
    assert_eq!(call!(api.veo_context_close(ctx)), 0);
    assert_eq!(call!(api.veo_unload_library(proc, library)), 0);
    assert_eq!(call!(api.veo_proc_destroy(proc)), 0);
}

#[test]
fn a_shared_object_is_used() {
    if clang() {
        uses(&build(
            &scratch(),
            "libinterface.so",
            SOURCE,
            Target::Ve1Llvm,
        ));
    }
}

#[test]
fn a_relocatable_object_is_used() {
    if clang() {
        uses(&object(&scratch(), "interface", SOURCE));
    }
}
