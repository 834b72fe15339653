//! Builds the kernels of `veo bench` for all targets that have a compiler here; the program carries them inside.

use std::path::Path;
use std::{env, fs};

use veo_abi::build_dir::{self, HOST, VE1, VE1_LLVM, VE3};
use veo_build::Kernels;

const LIBRARY: &str = "libveobench.so";

fn main() {
    Kernels::new(LIBRARY).file("kernels/bench.c").compile();
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let out = Path::new(&out);
    for target in [HOST, VE1_LLVM, VE1, VE3] {
        let made = build_dir::library(out, target, LIBRARY);
        // An empty file stands for a target that has no compiler.
        let library = if made.is_file() {
            fs::read(&made).expect("the library was built")
        } else {
            Vec::new()
        };
        fs::write(out.join(format!("bench-{target}.so")), library).expect("OUT_DIR is writable");
    }
}
