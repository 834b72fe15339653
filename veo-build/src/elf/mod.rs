//! Links objects of the Vector Engine into a shared object that `dlopen` of the card takes.
//!
//! ```text
//! bytes --input--> objects --symbols--> who defines what --sections--> what goes where --needs--> GOT, PLT, dynamic relocations
//!       --layout--> addresses --apply--> contents --write--> libX.so
//! ```
//!
//! It knows bytes and names, no files, tools or options of builds. All mistakes of a link are reported together, in an order that
//! depends on the inputs alone. Inputs are not trusted: a damaged object is a mistake, too.

mod apply;
mod input;
mod layout;
mod needs;
mod plt;
mod relocation;
mod sections;
mod symbols;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeSet;

use object::Endianness;
use object::write::elf::Writer;

use self::input::Object;
use self::layout::LinkLayout;
use self::needs::LinkNeeds;
use self::sections::Outputs;
use self::symbols::{Global, LinkedSymbols, Own, SymbolDefinition};
use self::write::LibraryParts;

/// With a new number, libraries of an older linker are linked again.
pub(crate) const VERSION: u32 = 1;

/// The parts of a library beside the contents of objects.
#[derive(Clone, Debug, Default)]
pub(crate) struct LinkOptions {
    /// The name by which other libraries need this one.
    pub(crate) soname: String,
    /// Names of libraries to be loaded with this one, in order. Those of the C library are added to them.
    pub(crate) needed: Vec<String>,
}

/// A linked library.
#[derive(Debug)]
pub(crate) struct LinkedLibrary {
    pub(crate) bytes: Vec<u8>,
    /// The symbols that other libraries must define when this one is loaded.
    pub(crate) undefined: Vec<UndefinedSymbol>,
}

/// A symbol that the library needs and does not define.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UndefinedSymbol {
    pub(crate) name: String,
    /// The code that needs it: `k.o: function f`.
    pub(crate) place: String,
}

/// The names that objects ask for and none of them defines, weak ones left out, and `__dso_handle` where they ask for it. Objects
/// that cannot be read ask for nothing.
pub(crate) fn asked(objects: &[(String, Vec<u8>)]) -> BTreeSet<String> {
    let mut mistakes = LinkMistakes::default();
    let objects = objects
        .iter()
        .filter_map(|(name, bytes)| Object::read(name, bytes, &mut mistakes));
    let symbols = LinkedSymbols::resolve(objects.collect(), &mut mistakes);
    let is_asked = |global: &&Global<'_>| {
        global.is_needed() || global.definition == Some(SymbolDefinition::Own(Own::Handle))
    };
    let names = symbols.globals.iter().filter(is_asked);
    names.map(|global| global.name.to_owned()).collect()
}

/// Links objects, each with the name that messages call it by.
///
/// # Errors
/// All mistakes, one line each.
pub(crate) fn link(
    objects: &[(String, Vec<u8>)],
    options: &LinkOptions,
) -> Result<LinkedLibrary, Vec<String>> {
    let mut mistakes = LinkMistakes::default();
    let read: Vec<Object<'_>> = objects
        .iter()
        .filter_map(|(name, bytes)| Object::read(name, bytes, &mut mistakes))
        .collect();
    if read.is_empty() && mistakes.0.is_empty() {
        mistakes.add("there is nothing to link; give sources or objects".to_owned());
    }
    mistakes.check()?;
    input::one_machine(&read, &mut mistakes);
    let symbols = LinkedSymbols::resolve(read, &mut mistakes);
    let outputs = Outputs::of(&symbols, &mut mistakes);
    let needs = LinkNeeds::of(&symbols, &outputs, &mut mistakes);
    mistakes.check()?;
    let mut bytes = Vec::new();
    let mut writer = Writer::new(Endianness::Little, true, &mut bytes);
    let too_large =
        |error: object::write::Error| vec![format!("the library cannot be written: {error}")];
    let layout =
        LinkLayout::of(&mut writer, &symbols, &outputs, &needs, options).map_err(too_large)?;
    let contents = apply::contents(&symbols, &outputs, &needs, &layout, &mut mistakes);
    mistakes.check()?;
    let parts = LibraryParts {
        symbols: &symbols,
        outputs: &outputs,
        needs: &needs,
        layout: &layout,
        contents: &contents,
        options,
    };
    parts.write(&mut writer).map_err(too_large)?;
    Ok(LinkedLibrary {
        bytes,
        undefined: needs.undefined(&symbols),
    })
}

/// The mistakes found so far.
#[derive(Debug, Default)]
struct LinkMistakes(BTreeSet<String>);

impl LinkMistakes {
    /// Names in objects may have any characters, and a mistake is one line.
    fn add(&mut self, mistake: String) {
        self.0.insert(mistake.replace(char::is_control, "?"));
    }

    fn check(&mut self) -> Result<(), Vec<String>> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(std::mem::take(&mut self.0).into_iter().collect())
    }
}
