//! Whether the functions of a library get addresses with their tags.
//!
//! Some kernels ask whether an address has a tag (`veo_is_ve_addr`), others use the address
//! directly. A card accepts both; a processor here accepts no address with a tag. So a function
//! gets addresses with tags only if its library, or a library that this uses, uses functions
//! that ask for tags.
//!
//! Which libraries a library uses is decided by the loader when it is loaded: those that it needs,
//! and for each other function the first library that has it. This does the same with the files.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use veo_abi::environment::VE_LD_PRELOAD;
use veo_debuginfo::elf::Headers;
use veo_debuginfo::executable::Mapped;
use veo_debuginfo::{DynamicSymbol, Linkage, Original, dynamic_symbols};

/// The functions with which kernels ask for tags.
const ASKING: [&str; 4] = [
    "veo_is_ve_addr",
    "veo_get_hmem_addr",
    "veo_get_max_proc_identifier",
    "veo_get_proc_identifier_from_hmem",
];

/// The library with these functions. Linking with it alone does not mean that they are used.
const HMEM_LIBRARY: &str = "libveohmem.so";

/// Whether a library asks addresses for their tags, itself or through a library that it uses. `earlier` are those that
/// the program had loaded in process `pid` before it, in order.
pub(crate) fn asks_for_tags(
    file: &Arc<Original>,
    earlier: &[Arc<Original>],
    pid: libc::pid_t,
) -> bool {
    let Ok(bytes) = file.bytes() else {
        return false;
    };
    if knows_tags(&bytes) {
        return true;
    }
    let known = earlier.iter().chain([file]);
    let mapped = Mapped::paths_in(pid).unwrap_or_default();
    let mapped = mapped.iter().filter_map(|path| Original::open(path).ok());
    let is_other = |file: &Original| !known.clone().any(|known| known.stamp() == file.stamp());
    let others: Vec<_> = mapped.filter(is_other).map(Arc::new).collect();
    let machine = machine(&bytes);
    let described = |file: &Arc<Original>| LibraryInScope::read(file, machine);
    let Some(library) = described(file) else {
        return false;
    };
    let mut libraries: Vec<_> = earlier.iter().filter_map(described).collect();
    let first = libraries.len();
    libraries.push(library);
    libraries.extend(others.iter().filter_map(described));
    GlobalScope::new(libraries, first).leads_to_asking(first)
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

/// The machine that an ELF file is for.
fn machine(elf: &[u8]) -> Option<&[u8]> {
    elf.get(18..20)
}

/// A file whose functions libraries may use.
struct LibraryInScope {
    file_name: String,
    /// The name by which others need it.
    name: String,
    /// The names of those that it needs.
    needs: Vec<String>,
    /// The functions that it has.
    defines: HashSet<String>,
    /// What it takes from others.
    takes: Vec<String>,
    asks: bool,
    is_program: bool,
}

impl LibraryInScope {
    /// `None` if it is no library for this machine: a kernel may have mapped anything.
    fn read(file: &Arc<Original>, wanted: Option<&[u8]>) -> Option<LibraryInScope> {
        let bytes = file.bytes().ok()?;
        if machine(&bytes) != wanted {
            return None;
        }
        let Linkage { name, needs } = Linkage::read(&bytes)?;
        let headers = Headers::read(&mut std::io::Cursor::new(&bytes))?;
        let file_name = file.path().file_name()?.to_string_lossy().into_owned();
        let (mut defines, mut takes) = (HashSet::new(), Vec::new());
        for symbol in dynamic_symbols(&bytes) {
            if !symbol.is_defined {
                takes.push(symbol.name.to_owned());
            } else if !symbol.is_data {
                defines.insert(symbol.name.to_owned());
            }
        }
        Some(LibraryInScope {
            name: name.unwrap_or_else(|| file_name.clone()),
            file_name,
            needs,
            defines,
            takes,
            asks: knows_tags(&bytes),
            is_program: headers.program,
        })
    }

    /// Whether another library needs it by this name, which is a path if it had no name when that was linked.
    fn is(&self, need: &str) -> bool {
        match need.rsplit_once('/') {
            Some((_, file_name)) => self.file_name == file_name,
            None => self.name == need,
        }
    }
}

/// The libraries of a process in the order in which the loader looks for functions.
struct GlobalScope {
    libraries: Vec<LibraryInScope>,
    /// Indices of libraries.
    order: Vec<usize>,
    /// Which libraries belong to the program itself. They are code of the host, which does not
    /// get the kernel's addresses.
    own: HashSet<usize>,
}

impl GlobalScope {
    /// The program has loaded the libraries as far as `last`, in order.
    fn new(libraries: Vec<LibraryInScope>, last: usize) -> GlobalScope {
        let mut scope = GlobalScope {
            libraries,
            order: Vec::new(),
            own: HashSet::new(),
        };
        let all = 0..scope.libraries.len();
        let programs = all.clone().filter(|i| scope.libraries[*i].is_program);
        let mut first: VecDeque<_> = programs.collect();
        let preloaded = VE_LD_PRELOAD.text().unwrap_or_default();
        let preloaded = preloaded.split([':', ' ']).filter(|name| !name.is_empty());
        let preloaded: Vec<_> = preloaded.filter_map(|name| scope.find(name)).collect();
        first.extend(&preloaded);
        scope.add(first);
        let own = scope.order.iter().copied();
        let own = own.filter(|index| *index > last && !preloaded.contains(index));
        scope.own = own.collect();
        for index in all {
            scope.add([index].into());
        }
        scope
    }

    /// Adds libraries, then those that they need, nearest first, as the loader does.
    fn add(&mut self, mut waiting: VecDeque<usize>) {
        while let Some(index) = waiting.pop_front() {
            if !self.order.contains(&index) {
                self.order.push(index);
                let needs = self.libraries[index].needs.iter();
                waiting.extend(needs.filter_map(|need| self.find(need)));
            }
        }
    }

    fn find(&self, need: &str) -> Option<usize> {
        let mut libraries = self.libraries.iter();
        libraries.position(|library| library.is(need))
    }

    /// The library whose function of this name others use, unless it belongs to the program itself.
    fn provider(&self, function: &str) -> Option<usize> {
        let mut order = self.order.iter().copied();
        let provider = order.find(|index| self.libraries[*index].defines.contains(function));
        provider.filter(|index| !self.own.contains(index))
    }

    /// Whether a library uses one that asks, directly or not.
    fn leads_to_asking(&self, first: usize) -> bool {
        let (mut seen, mut waiting) = (HashSet::new(), vec![first]);
        while let Some(index) = waiting.pop() {
            let library = &self.libraries[index];
            if library.name.starts_with(HMEM_LIBRARY) || library.is_program || !seen.insert(index) {
                continue;
            }
            if library.asks {
                return true;
            }
            waiting.extend(library.needs.iter().filter_map(|need| self.find(need)));
            // What the program itself uses says nothing of kernels.
            if !self.own.contains(&index) {
                waiting.extend(library.takes.iter().filter_map(|name| self.provider(name)));
            }
        }
        false
    }
}
