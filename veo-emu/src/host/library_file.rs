//! Facts from the file of a library or a veorun: whether it runs here, before anything is asked to
//! load it, and whether it asks addresses for their tags. Also, which machine code is taken if a
//! library exists for several machines.
//!
//! Some kernels ask whether an address has a tag (`veo_is_ve_addr`), others use the address
//! directly. A card accepts both; a processor here accepts no address with a tag. So a function
//! gets addresses with tags only if its library, or a library that this uses, uses functions
//! that ask for tags.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use veo_abi::environment::VEO_EMU_PREFER;
use veo_debuginfo::elf::{self, Headers};
use veo_debuginfo::executable::Mapped;
use veo_debuginfo::{DynamicSymbol, Linkage, Original, dynamic_symbols};

use crate::error::{Error, Result};
use crate::shared::code::MachineCode;

/// The functions with which kernels ask for tags.
const ASKING: [&str; 4] = [
    "veo_is_ve_addr",
    "veo_get_hmem_addr",
    "veo_get_max_proc_identifier",
    "veo_get_proc_identifier_from_hmem",
];

/// The library with these functions. Linking with it alone does not mean that they are used.
const HMEM_LIBRARY: &str = "libveohmem.so";

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

/// Whether a library asks addresses for their tags, itself or through a library that it uses. `known` are those that the
/// program has loaded in process `pid`.
pub(crate) fn asks_for_tags(file: &Original, known: &[Arc<Original>], pid: libc::pid_t) -> bool {
    let Ok(library) = file.bytes() else {
        return false;
    };
    if knows_tags(&library) {
        return true;
    }
    let symbols = dynamic_symbols(&library);
    let undefined = symbols.iter().filter(|symbol| !symbol.is_defined);
    let undefined: HashSet<_> = undefined.map(|symbol| symbol.name).collect();
    let loaded = loaded_libraries(known, pid, &undefined);
    let mut needed = Linkage::read(&library).unwrap_or_default().needs;
    let providers = loaded.iter().filter(|library| library.provides);
    needed.extend(providers.map(|library| library.name.clone()));
    let mut seen = HashSet::new();
    while let Some(name) = needed.pop() {
        if name.starts_with(HMEM_LIBRARY) || !seen.insert(name.clone()) {
            continue;
        }
        if let Some(library) = loaded.iter().find(|library| library.name == name) {
            if library.file.bytes().is_ok_and(|bytes| knows_tags(&bytes)) {
                return true;
            }
            needed.extend(library.needs.iter().cloned());
        }
    }
    false
}

/// Whether a library uses or has one of the functions that kernels ask with.
fn knows_tags(library: &[u8]) -> bool {
    let symbols = dynamic_symbols(library);
    if symbols.iter().any(|symbol| ASKING.contains(&symbol.name)) {
        return true;
    }
    // A library that looks functions up at run time has their names, and nothing else of them. One
    // without section headers has symbols that cannot be seen.
    let looks_up = |symbol: &DynamicSymbol<'_>| {
        !symbol.is_defined && matches!(symbol.name, "dlsym" | "dlvsym")
    };
    let mut strings = library.split(|byte| *byte == 0);
    (symbols.is_empty() || symbols.iter().any(looks_up))
        && strings.any(|string| ASKING.iter().any(|name| name.as_bytes() == string))
}

/// A library that is loaded in a process.
struct LibraryInProcess {
    file: Arc<Original>,
    /// The name by which others need it.
    name: String,
    /// The names of those that it needs.
    needs: Vec<String>,
    /// It defines a function that was asked for: libraries share one global scope.
    provides: bool,
}

/// All libraries of a process: machine code for the VE is not mapped from its files.
fn loaded_libraries(
    known: &[Arc<Original>],
    pid: libc::pid_t,
    wanted: &HashSet<&str>,
) -> Vec<LibraryInProcess> {
    let described = |file: Arc<Original>| {
        // A kernel may have mapped anything: a device, a huge file.
        let bytes = file.bytes().ok()?;
        let mut symbols = dynamic_symbols(&bytes).into_iter();
        let Linkage { name, needs } = Linkage::read(&bytes)?;
        let of_file = || Some(file.path().file_name()?.to_string_lossy().into_owned());
        Some(LibraryInProcess {
            name: name.or_else(of_file)?,
            needs,
            provides: symbols.any(|symbol| symbol.is_defined && wanted.contains(symbol.name)),
            file,
        })
    };
    let mapped = Mapped::paths_in(pid).unwrap_or_default();
    let mapped = mapped.iter().filter_map(|path| Original::open(path).ok());
    let all = known.iter().cloned().chain(mapped.map(Arc::new));
    all.filter_map(described).collect()
}
