//! The documented names of the Python binding, row by row, under our names: a module for each class, a test for each row.
//! `docs/book/src/from-python.md` is the table.

mod hooks;
mod on_stack;
mod ve_build;
mod ve_mem_ptr;
mod veo_ctxt;
mod veo_function;
mod veo_library;
mod veo_proc;
mod veo_request;

use ve_kernels::host_library;
use veo_core::{VeoFunction, VeoLibrary, VeoProc};
use veo_test_support as _;

/// A process with the library of `ve-kernels` that most rows need.
fn start() -> (VeoProc, VeoLibrary) {
    let proc = VeoProc::new(0).unwrap();
    let lib = proc.load_library(host_library("libvebasics.so")).unwrap();
    (proc, lib)
}

/// A function of a library with its types, as Python sets them.
fn function(lib: &VeoLibrary, name: &str, args: &[&str], ret: &str) -> VeoFunction {
    let function = lib.find_function(name).unwrap();
    function.args_type(args).unwrap().ret_type(ret).unwrap()
}
