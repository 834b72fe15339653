//! Builds the kernels of `veo bench` for all targets that have a compiler here; the program carries them inside.

use std::path::Path;
use std::{env, fs};

use veo_build::Kernels;

fn main() {
    Kernels::new("libveobench.so")
        .file("kernels/bench.c")
        .compile();
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let out = Path::new(&out);
    for target in ["host", "ve1-llvm", "ve1", "ve3"] {
        let made = out.join("veo").join(target).join("libveobench.so");
        // An empty file stands for a target that has no compiler.
        let library = if made.is_file() {
            fs::read(&made).expect("the library was built")
        } else {
            Vec::new()
        };
        fs::write(out.join(format!("bench-{target}.so")), library).expect("OUT_DIR is writable");
    }
}
