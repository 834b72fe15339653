//! Decides whether there is an emulated node for the target (`cfg(emulated)`), and compiles the
//! library that kernels link against; the emulator carries it inside.
//!
//! The library is not part of the program: it is always shared, and nothing is linked into it.
//! So the flags that the program's own C code is compiled with (`CFLAGS`, rustc's) are not its
//! flags; the compiler (`CC`) is the same.

use std::env;
use std::path::{Path, PathBuf};

use veo_abi::hmem;

fn main() {
    println!("cargo::rerun-if-changed=shim/veohmem.c");
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    println!("cargo::rustc-check-cfg=cfg(emulated)");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let library = out.join("libveohmem.so");
    let target = env::var("TARGET").unwrap_or_default();
    let host = env::var("HOST").unwrap_or_default();
    let linux = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    if linux && ["x86_64", "aarch64"].contains(&arch.as_str()) {
        println!("cargo::rustc-cfg=emulated");
    }
    // Documentation needs no library, and perhaps there is no compiler where it is made.
    let documented = env::var_os("DOCS_RS").is_some();
    match if linux && !documented {
        compile(&library, &target)
    } else {
        Ok(())
    } {
        Ok(()) if linux && !documented => return,
        Ok(()) => {}
        // Checking for another machine needs no compiler for it.
        Err(text) if target != host => {
            println!(
                "cargo::warning=no libveohmem.so for kernels on {target}: {}",
                one_line(&text)
            )
        }
        Err(text) => {
            println!("cargo::error=compiling shim/veohmem.c: {}", one_line(&text));
            return;
        }
    }
    std::fs::write(&library, []).expect("OUT_DIR is writable");
}

/// Cargo shows one line.
fn one_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

fn compile(library: &Path, target: &str) -> Result<(), String> {
    let headers = library.with_file_name("include");
    std::fs::create_dir_all(&headers).map_err(|error| error.to_string())?;
    for (name, text) in veo_abi::headers::HEADERS {
        std::fs::write(headers.join(name), text).map_err(|error| error.to_string())?;
    }
    forget_flags(target);
    let compiler = cc::Build::new()
        .opt_level(2)
        .debug(false)
        .pic(true)
        .warnings(true)
        .inherit_rustflags(false)
        .include(headers)
        .define("VE_ADDRESS", &*format!("{:#x}UL", hmem::VE))
        .define("IDENT_SHIFT", &*hmem::SHIFT.to_string())
        .define("MAX_IDENT", &*hmem::MAX_PROCESSES.to_string())
        .try_get_compiler()
        .map_err(|error| error.to_string())?;
    let output = compiler
        .to_command()
        // Last, since they win over what the compiler's own name brings (`CC=gcc -static`).
        .args([
            "-ffreestanding",
            "-nostdlib",
            "-fPIC",
            "-fno-sanitize=all",
            "-fno-lto",
        ])
        .args(["-shared", "-Wl,-soname,libveohmem.so", "-o"])
        .arg(library)
        .arg("shim/veohmem.c")
        .output()
        .map_err(|error| format!("{}: {error}", compiler.path().display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "{}: {}: {said}",
            compiler.path().display(),
            output.status
        ));
    }
    check(library).map_err(|text| {
        // A useless file is not left where the next build could take it for a good one.
        let _ = std::fs::remove_file(library);
        format!("{} made {text}", compiler.path().display())
    })
}

/// Takes the flags of the program's own C code out of this script's environment.
fn forget_flags(target: &str) {
    let names = [
        "CFLAGS",
        "TARGET_CFLAGS",
        "HOST_CFLAGS",
        "CRATE_CC_NO_DEFAULTS",
        // rustc's own options: `crt-static`, a sanitizer.
        "CARGO_CFG_TARGET_FEATURE",
        "CARGO_CFG_SANITIZE",
    ]
    .map(String::from);
    let of_target = [target.to_owned(), target.replace(['-', '.'], "_")];
    let of_target = of_target.map(|target| format!("CFLAGS_{target}"));
    for name in names.iter().chain(&of_target) {
        println!("cargo::rerun-if-env-changed={name}");
        // SAFETY: this program has one thread, which is here.
        unsafe { env::remove_var(name) };
    }
}

/// Whether the library is a shared one for the machine that the program is for.
fn check(library: &Path) -> Result<(), String> {
    const SHARED: [u8; 2] = 3u16.to_le_bytes();
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let machine = match arch.as_str() {
        "x86_64" => 62u16,
        "aarch64" => 183,
        // There is no emulated node.
        _ => return Ok(()),
    };
    let bytes = std::fs::read(library).map_err(|error| format!("no file: {error}"))?;
    // ELF, 64 bits, little-endian; then the kind and the machine.
    if !bytes.starts_with(b"\x7fELF\x02\x01") || bytes.get(16..18) != Some(&SHARED) {
        return Err("no shared library of 64 bits".into());
    }
    if bytes.get(18..20) != Some(&machine.to_le_bytes()) {
        return Err(format!(
            "code for another machine than {arch}; set CC to a compiler for it"
        ));
    }
    Ok(())
}
