//! Imports `cblas.h` for the OpenBLAS of this machine. Where OpenBLAS or libclang is missing, the program is built without.

use std::path::PathBuf;
use std::process::Command;

use veo_build::Kernels;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(blas)");
    println!("cargo::rerun-if-env-changed=OPENBLAS");
    let missing = match library() {
        Some(library) => import(&library).err(),
        None => Some(
            "libopenblas.so is missing (Debian: libopenblas-dev), or set OPENBLAS to its path"
                .to_owned(),
        ),
    };
    match missing {
        None => println!("cargo::rustc-cfg=blas"),
        Some(why) => {
            // Cargo takes what is not there for changed, so that this runs again once it is installed.
            println!("cargo::rerun-if-changed=libopenblas.so");
            let why = why.lines().next().unwrap_or_default();
            println!("cargo::rustc-env=NO_BLAS={why}");
        }
    }
}

/// The library itself: `$OPENBLAS`, or where the C compiler would find it.
fn library() -> Option<PathBuf> {
    let path = match std::env::var_os("OPENBLAS") {
        Some(path) => PathBuf::from(path),
        None => {
            let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
            let output = Command::new(compiler)
                .arg("-print-file-name=libopenblas.so")
                .output()
                .ok()?;
            PathBuf::from(String::from_utf8(output.stdout).ok()?.trim())
        }
    };
    // The compiler answers with the bare name if there is none.
    path.is_absolute().then(|| path.canonicalize().ok())?
}

fn import(library: &std::path::Path) -> Result<(), String> {
    let lib = library
        .to_str()
        .ok_or("the path of OpenBLAS is not UTF-8")?;
    Kernels::new("libopenblas.so")
        .import_header_with("cblas.h", |import| {
            import.lib(lib);
        })
        .try_compile()
        .map(|_| ())
        .map_err(|error| error.to_string())
}
