//! Programs of other languages on the drop-in library: the way py-veo uses
//! libveo, C++, Fortran, python, a plugin of a foreign program, and Rust with libloading.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use veo_abi::ffi::{VEO_COMMAND_OK, VEO_REQUEST_ID_INVALID, VeoApi};
use veo_test_support::compile;
use veo_test_support::dropin::Dropin;
use veo_test_support::{available, found, ve};

#[test]
fn the_way_py_veo_works() {
    Dropin::get().conforms("pyveo.c", &[]);
}

#[test]
fn a_cplusplus_program() {
    if available("g++ (Debian: g++)", found("g++")) {
        Dropin::get().conforms("cplusplus.cpp", &[("VE_OMP_NUM_THREADS", "1")]);
    }
}

const SCALE: &str = "double scale(long n, double factor, double *x) {
    double sum = 0;
    for (long i = 0; i < n; i++) sum += x[i] *= factor;
    return sum;
}";

const CALL_SCALE: &str = r#"
#include <stdio.h>
#include <string.h>
#include <ve_offload.h>
int main(int argc, char **argv)
{
    struct veo_proc_handle *proc = veo_proc_create(0);
    uint64_t library = argc == 2 ? veo_load_library(proc, argv[1]) : 0;
    uint64_t scale = veo_get_sym(proc, library, "scale");
    struct veo_thr_ctxt *context = veo_context_open(proc);
    double x[3] = {1, 2, 3}, sum;
    uint64_t place, word;
    if (!scale || veo_alloc_mem(proc, &place, sizeof x) || veo_write_mem(proc, place, x, sizeof x)) return 1;
    struct veo_args *args = veo_args_alloc();
    veo_args_set_i64(args, 0, 3);
    veo_args_set_double(args, 1, 10.0);
    veo_args_set_u64(args, 2, place);
    uint64_t request = veo_call_async(context, scale, args);
    if (veo_call_wait_result(context, request, &word) || veo_read_mem(proc, x, place, sizeof x)) return 2;
    memcpy(&sum, &word, sizeof sum);
    printf("%g: %g %g %g\n", sum, x[0], x[1], x[2]);
    veo_args_free(args);
    veo_context_close(context);
    return veo_proc_destroy(proc);
}
"#;

/// A C program that calls VE machine code, which clang made.
#[test]
fn a_c_program_with_ve_machine_code() {
    if !ve::can_compile() {
        return;
    }
    let dropin = Dropin::get();
    let directory = dropin.scratch("ve_code");
    let [kernel, object, source, program] =
        ["scale.c", "scale.o", "program.c", "program"].map(|name| directory.join(name));
    std::fs::write(&kernel, SCALE).unwrap();
    std::fs::write(&source, CALL_SCALE).unwrap();
    ve::compile(&kernel, &object, &["-O2"]);
    let headers = format!("-I{}", dropin.prefix().join("include").display());
    let libraries = format!("-L{}", dropin.prefix().join("lib64").display());
    let options = [
        "-Wall", "-Werror", "-O1", "-g", &headers, &libraries, "-lveo",
    ];
    compile::program(&source, &program, &options);
    let outcome = dropin.run(dropin.command(&program).arg(&object));
    outcome.expect_success("the program");
    assert_eq!(outcome.stdout, "60: 10 20 30\n", "{outcome:#?}");
}

#[test]
fn a_fortran_program() {
    if !available("gfortran (Debian: gfortran)", found("gfortran")) {
        return;
    }
    let dropin = Dropin::get();
    let directory = dropin.scratch("fortran");
    let program = directory.join("client");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/dropin/conformance/client.f90");
    let modules = format!("-J{}", directory.display());
    let libraries = format!("-L{}", dropin.prefix().join("lib64").display());
    let options = [
        "-Wall", "-Werror", "-O1", "-g", &modules, &libraries, "-lveo",
    ];
    compile::program(source, &program, &options);
    let mut command = dropin.command(&program);
    command
        .arg(dropin.kernel_dir())
        .env("VE_OMP_NUM_THREADS", "1");
    dropin.run(&mut command).expect_success("client.f90");
}

#[test]
fn a_python_program() {
    if !available("python3 (Debian: python3)", found("python3")) {
        return;
    }
    let dropin = Dropin::get();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/dropin/conformance/client.py");
    let mut command = dropin.command("python3");
    // The library must find what it needs by its own place.
    command.env_remove("LD_LIBRARY_PATH");
    command
        .arg(script)
        .arg(dropin.library())
        .arg(dropin.kernel_dir());
    let outcome = dropin.run(&mut command);
    outcome.expect_success("client.py");
    assert_eq!(outcome.stdout, "once\n", "{outcome:#?}");
}

#[test]
fn a_plugin_of_a_program_that_does_not_link_it() {
    let dropin = Dropin::get();
    let program = dropin.compile("plugin.c", &["-Wl,--as-needed"]);
    let mut command = dropin.command(&program);
    command.env_remove("LD_LIBRARY_PATH");
    command.arg(dropin.kernel_dir()).arg(dropin.library());
    let outcome = dropin.run(&mut command);
    outcome.expect_success("plugin.c");
    assert_eq!(outcome.stdout, "main\n", "{outcome:#?}");
}

/// The library in this very test program, through the generated table.
#[test]
fn rust_with_libloading() {
    let dropin = Dropin::get();
    // SAFETY: the library's start-up code is that of Rust's standard library and
    // of the emulator, which does nothing in a program that is no veorun.
    let library = unsafe { libloading::Library::new(dropin.library()) }.unwrap();
    let find = |name: &str| {
        // SAFETY: the symbol is only taken as an address.
        let symbol = unsafe { library.get::<*const std::os::raw::c_void>(name) };
        symbol.map_or(ptr::null(), |symbol| *symbol)
    };
    // SAFETY: the drop-in library has each function with the prototype of its
    // name, and never unloads (it is linked with nodelete).
    let api = unsafe { VeoApi::load(find) };
    let missing: Vec<_> = VeoApi::NAMES
        .into_iter()
        .filter(|n| find(n).is_null())
        .collect();
    assert_eq!(missing, Vec::<&str>::new());

    let path = CString::new(
        dropin
            .kernel_dir()
            .join("libkernels.so")
            .as_os_str()
            .as_bytes(),
    );
    // SAFETY: handles are used as they were given out, pointers are those of live
    // locals, and the process is destroyed last.
    unsafe {
        let proc = api.veo_proc_create.unwrap()(0);
        assert!(!proc.is_null());
        let kernels = api.veo_load_library.unwrap()(proc, path.unwrap().as_ptr());
        assert_ne!(kernels, 0);
        let add = api.veo_get_sym.unwrap()(proc, kernels, c"add".as_ptr());
        assert_ne!(add, 0);
        let ctx = api.veo_context_open.unwrap()(proc);
        let args = api.veo_args_alloc.unwrap()();
        assert_eq!(api.veo_args_set_i64.unwrap()(args, 0, -8), 0);
        assert_eq!(api.veo_args_set_i64.unwrap()(args, 1, 50), 0);
        let request = api.veo_call_async.unwrap()(ctx, add, args);
        assert_ne!(request, VEO_REQUEST_ID_INVALID);
        let mut result = 0;
        let state = api.veo_call_wait_result.unwrap()(ctx, request, &raw mut result);
        assert_eq!((state, result), (VEO_COMMAND_OK as i32, 42));
        api.veo_args_free.unwrap()(args);
        assert_eq!(api.veo_proc_destroy.unwrap()(proc), 0);
    }
}
