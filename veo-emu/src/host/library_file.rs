//! Facts from the file of a library or a veorun: whether it runs here, before anything is asked to
//! load it. Also, which machine code is taken if a library exists for several machines.

use std::fs::File;
use std::path::Path;

use veo_abi::environment::VEO_EMU_PREFER;
use veo_debuginfo::elf::{self, Headers};

use crate::error::{Error, Result};
use crate::shared::code::MachineCode;

/// Refuses a library that cannot run here or is not whole: the loader would map it
/// and die. Gives the kind of its code, but for a bare name, which is left to the loader's
/// search.
pub(crate) fn check(path: &str) -> Result<Option<MachineCode>> {
    if !path.contains('/') {
        return Ok(None);
    }
    let (mut file, data) = elf::open(Path::new(path))
        .map_err(|error| Error::io(format!("library {path} cannot be opened"), &error))?;
    let refuse = |why: String| Err(Error::new(libc::ENOEXEC, format!("library {path} {why}")));
    if !data.is_file() {
        return refuse("is no regular file".into());
    }
    let len = data.len();
    let Some(headers) = Headers::read(&mut file) else {
        return refuse("is no 64-bit ELF file, or is damaged".into());
    };
    let Some(code) = MachineCode::of_machine(headers.machine) else {
        let machine = headers.machine;
        return refuse(format!(
            "is for another machine (ELF machine number {machine})"
        ));
    };
    if !code.is_loadable(&headers) {
        return refuse("is no shared library; link it with -shared".into());
    }
    if headers.end > len {
        return refuse(format!(
            "is cut short: {len} bytes of at least {}",
            headers.end
        ));
    }
    Ok(Some(code))
}

/// All kinds of code, the one that `VEO_EMU_PREFER` asks for first.
pub(crate) fn codes() -> Result<[MachineCode; 2]> {
    let text = VEO_EMU_PREFER.text();
    match text.as_deref().map(str::trim) {
        None | Some("host") => Ok([MachineCode::Native, MachineCode::Ve]),
        Some("ve") => Ok([MachineCode::Ve, MachineCode::Native]),
        Some(text) => Err(Error::invalid(format!(
            "{} is {text:?}; it can be `ve`, for libraries of VE machine code, or `host`",
            VEO_EMU_PREFER.name()
        ))),
    }
}

/// The first of these paths with a library that runs here.
pub(crate) fn first_fit(paths: &[String]) -> Option<&String> {
    let fits = |code: MachineCode, path: &str| elf::is_library_for(code.machine(), path.as_ref());
    codes()
        .unwrap_or(MachineCode::ALL)
        .into_iter()
        .find_map(|code| paths.iter().find(|path| fits(code, path)))
}

/// Whether the file is a shared library and no program: a veorun image, which a VE
/// process loads and serves as library 0.
pub(crate) fn is_image(path: &str) -> bool {
    File::open(path)
        .ok()
        .and_then(|mut file| Headers::read(&mut file))
        .is_some_and(|headers| headers.shared && !headers.program)
}
