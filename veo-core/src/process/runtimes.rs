//! The runtime libraries of sanitizers that the kernels of a process need, which it loads before
//! everything else.

use std::ffi::CString;
use std::path::Path;

use veo_debuginfo::elf;

use super::search;
use super::settings::{KernelLookup, ProcOptions};
use crate::backend::NodeCode;
use crate::kernel::Library;

/// The runtime libraries of sanitizers that the libraries of declared kernels need, with colons.
pub(super) fn runtimes(code: &NodeCode, options: &ProcOptions) -> Option<CString> {
    if !code.machines.contains(&elf::HOST) {
        return None;
    }
    let mut files = Vec::new();
    let add = |files: &mut Vec<String>, library: &Path| {
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
        // What is not found is an error where it is loaded.
        let Ok(found) = search::find(name, build_dir, code) else {
            continue;
        };
        add(&mut files, &found.path);
    }
    if files.is_empty() {
        return None;
    }
    CString::new(files.join(":")).ok()
}
