//! Builds the kernels and imports their header, where libclang is there to read it.

use veo_build::{ErrorKind, Kernels, Target};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(no_libclang)");
    let mut kernels = Kernels::new("libimported.so");
    kernels.file("kernels/imported.c").targets([Target::Host]);
    let built = kernels
        .clone()
        .import_header("kernels/imported.h")
        .try_compile();
    match built {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ToolNotFound => {
            println!("cargo::warning={error}");
            println!("cargo::rustc-cfg=no_libclang");
            kernels.compile();
        }
        Err(error) => {
            eprintln!("error: {error}");
            std::process::exit(1);
        }
    }
}
