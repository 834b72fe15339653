//! Builds the kernels and imports their header, where libclang is there to read it.

use veo_build::{ErrorKind, Kernels, Target};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(no_libclang)");
    let mut kernels = Kernels::new("libimported.so");
    kernels.file("kernels/imported.c").targets([Target::Host]);
    let mut with_header = kernels.clone();
    with_header.import_header("kernels/imported.h");
    for kernels in [with_header, kernels] {
        match kernels.try_compile() {
            Ok(_) => return,
            Err(error) if error.kind() == ErrorKind::ToolNotFound => {
                println!("cargo::rustc-cfg=no_libclang");
            }
            Err(error) => {
                eprintln!("error: {error}");
                std::process::exit(1);
            }
        }
    }
}
