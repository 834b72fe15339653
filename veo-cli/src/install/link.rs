//! Makes `libveo.so.1` from the static library.
//!
//! Rust's own shared libraries cannot have version nodes, so the C compiler links this
//! one. Every function of libveo is in the node `VERSION_1`, our extensions are in a node of
//! their own, and nothing else is visible.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use veo_abi::ffi::VeoApi;

use super::error::Error;

/// The system libraries that Rust's standard library needs on Linux
/// (`rustc --print native-static-libs`).
const SYSTEM_LIBRARIES: [&str; 7] = [
    "-lgcc_s",
    "-lutil",
    "-lrt",
    "-lpthread",
    "-lm",
    "-ldl",
    "-lc",
];

/// Symbols that the library contains although none of its functions needs them.
const UNCALLED: [&str; 2] = ["VEO_DROPIN_AT_EXIT", "__cxa_thread_atexit_impl"];

/// Whether a function is ours and not one of libveo.
fn is_extension(name: &str) -> bool {
    name.starts_with("veo_emu_")
}

/// The version script. It lists the visible symbols and their nodes.
fn version_script() -> String {
    let list = |extensions: bool| {
        let mut text = String::new();
        for name in VeoApi::NAMES {
            if is_extension(name) == extensions {
                let _ = writeln!(text, "    {name};");
            }
        }
        text
    };
    format!(
        "VERSION_1 {{\n  global:\n{}  local:\n    *;\n}};\n\
         VEO_EMU_1 {{\n  global:\n{}}} VERSION_1;\n",
        list(false),
        list(true)
    )
}

/// Links `library` from `static_library`; temporary files go to `scratch`.
pub(super) fn shared_library(
    cc: &Path,
    static_library: &Path,
    scratch: &Path,
    library: &Path,
) -> Result<(), Error> {
    let script = scratch.join("libveo.map");
    std::fs::write(&script, version_script())
        .map_err(|e| Error::file("write", script.display(), e))?;
    let mut command = Command::new(cc);
    command
        .args(["-shared", "-Wl,-soname,libveo.so.1"])
        .arg(format!("-Wl,--version-script={}", script.display()))
        // It is an error if the library lacks a name in the script, or if a symbol is
        // undefined.
        .args(["-Wl,--no-undefined-version", "-Wl,-z,defs"])
        // The threads of the library survive a dlclose, so the library must survive it, too.
        .args(["-Wl,-z,nodelete", "-Wl,-z,relro", "-Wl,-z,now"])
        .arg("-Wl,--gc-sections");
    for name in VeoApi::NAMES.into_iter().chain(UNCALLED) {
        // This makes the linker take the object from the archive.
        command.arg(format!("-Wl,--undefined={name}"));
    }
    command
        .arg(static_library)
        .args(SYSTEM_LIBRARIES)
        .arg("-o")
        .arg(library);
    let output = command.output().map_err(|source| Error::Start {
        program: cc.display().to_string(),
        source,
        hint: "a C compiler links the library (Debian: gcc); name it with --cc",
    })?;
    if !output.status.success() {
        return Err(Error::Link {
            command: format!("{} -shared ... -o {}", cc.display(), library.display()),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::version_script;

    #[test]
    fn the_script_names_each_function_in_its_node() {
        let script = version_script();
        let (libveo, ours) = script.split_once("VEO_EMU_1").unwrap();
        assert!(libveo.starts_with("VERSION_1 {"));
        assert!(libveo.contains("    veo_call_async;\n") && libveo.contains("    *;\n"));
        assert!(ours.contains("    veo_emu_get_fault;\n") && ours.ends_with("} VERSION_1;\n"));
        assert!(!libveo.contains("veo_emu_") && !ours.contains("    veo_call_async;\n"));
    }
}
