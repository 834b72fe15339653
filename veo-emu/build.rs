//! Compiles the library that kernels link against; the emulator carries it inside.

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=shim/veohmem.c");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let library = out.join("libveohmem.so");
    let target = env::var("TARGET").unwrap_or_default();
    let host = env::var("HOST").unwrap_or_default();
    let linux = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    match if linux { compile(&library) } else { Ok(()) } {
        Ok(()) if linux => return,
        Ok(()) => {}
        // Checking for another machine needs no compiler for it.
        Err(text) if target != host => {
            println!("cargo::warning=no libveohmem.so for kernels on {target}: {text}")
        }
        Err(text) => {
            println!("cargo::error=compiling shim/veohmem.c: {text}");
            return;
        }
    }
    std::fs::write(&library, []).expect("OUT_DIR is writable");
}

fn compile(library: &std::path::Path) -> Result<(), String> {
    let headers = library.with_file_name("include");
    std::fs::create_dir_all(&headers).map_err(|error| error.to_string())?;
    for (name, text) in veo_abi::headers::HEADERS {
        std::fs::write(headers.join(name), text).map_err(|error| error.to_string())?;
    }
    let compiler = cc::Build::new()
        .opt_level(2)
        .debug(false)
        .pic(true)
        .warnings(true)
        .include(headers)
        .try_get_compiler()
        .map_err(|error| error.to_string())?;
    let output = compiler
        .to_command()
        .args(["-shared", "-Wl,-soname,libveohmem.so", "-o"])
        .arg(library)
        .arg("shim/veohmem.c")
        .output()
        .map_err(|error| format!("{}: {error}", compiler.path().display()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
