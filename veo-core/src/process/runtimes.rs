//! The runtime libraries of sanitizers that the kernels of a process need, which it loads before
//! everything else.

use std::ffi::CString;
use std::path::Path;
use std::sync::Once;

use veo_abi::environment::VEO_SANITIZE;
use veo_abi::sanitizer::Sanitizer;
use veo_debuginfo::elf;

use super::search;
use super::settings::{KernelLookup, ProcOptions};
use crate::backend::NodeCode;
use crate::kernel::Library;
use crate::warning::warn;

/// The runtime libraries of sanitizers that the libraries of declared kernels need, with colons.
pub(super) fn runtimes(code: &NodeCode, options: &ProcOptions) -> Option<CString> {
    if !code.machines.contains(&elf::HOST) {
        return None;
    }
    let mut files = Vec::new();
    let mut libraries = 0;
    let mut add = |files: &mut Vec<String>, library: &Path| {
        libraries += 1;
        for file in veo_debuginfo::runtimes(library) {
            let file = file.to_string_lossy().into_owned();
            if !files.contains(&file) {
                files.push(file);
            }
        }
    };
    for library in &options.libraries {
        add(&mut files, library);
    }
    let mut names = Vec::new();
    let declared = crate::kernel::kernels().filter(|_| options.kernels != KernelLookup::None);
    for info in declared {
        if let Library::Shared(name) = info.library
            && !names.contains(&(name, info.build_dir))
        {
            names.push((name, info.build_dir));
        }
    }
    for (name, build_dir) in names {
        // A library that is not found is an error when it is loaded.
        let Ok(found) = search::find(name, build_dir, code) else {
            continue;
        };
        add(&mut files, &found.path);
    }
    if libraries > 0 {
        tell_of_missing(&files);
    }
    if files.is_empty() {
        return None;
    }
    CString::new(files.join(":")).ok()
}

/// Says once which sanitizers the environment asks for that no kernel was built with: the variable
/// counts where kernels are built.
fn tell_of_missing(files: &[String]) {
    static TOLD: Once = Once::new();
    let Some(wanted) = VEO_SANITIZE.text() else {
        return;
    };
    let is_there = |sanitizer| {
        let of = |file: &String| Sanitizer::of_runtime(Path::new(file).file_name()?.to_str()?);
        files.iter().any(|file| of(file) == Some(sanitizer))
    };
    let words = wanted
        .split(',')
        .filter_map(|word| Sanitizer::of_word(word.trim()));
    let missing: Vec<&str> = words
        .filter(|it| !is_there(*it))
        .map(Sanitizer::title)
        .collect();
    if missing.is_empty() {
        return;
    }
    TOLD.call_once(|| {
        warn(format_args!(
            "{} is {wanted:?}, but none of the kernels' libraries is built with {}: it counts while \
             they are built, so build anew with it ({}={wanted} cargo test)",
            VEO_SANITIZE.name(),
            missing.join(" or "),
            VEO_SANITIZE.name(),
        ));
    });
}
