//! Every word of their code is one that the decoder knows.

use std::fs;
use std::ops::Range;

use object::elf::{FileHeader64, SHF_EXECINSTR, SHT_NOBITS};
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{LittleEndian as E, Object as _, ObjectSymbol as _, SymbolKind};
use ve_isa::encoding::decode;

use crate::theirs;

/// Where functions are, in order.
fn functions(bytes: &[u8]) -> Vec<Range<u64>> {
    let file = object::File::parse(bytes).unwrap();
    let symbols = file.symbols().chain(file.dynamic_symbols());
    let functions =
        symbols.filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition());
    let mut functions: Vec<_> = functions
        .map(|symbol| symbol.address()..symbol.address() + symbol.size())
        .filter(|range| !range.is_empty())
        .collect();
    functions.sort_by_key(|range| range.start);
    functions
}

#[test]
#[ignore = "needs NEC's libraries"]
fn all_of_their_words_are_known() {
    let mut all = 0_u64;
    for file in theirs().iter().filter(|file| !file.newer) {
        let bytes = fs::read(&file.path).unwrap();
        let functions = functions(&bytes);
        let header = FileHeader64::<E>::parse(&*bytes).unwrap();
        let (mut words, mut data) = (0_u64, 0_u64);
        for section in header.sections(E, &*bytes).unwrap().iter() {
            if section.sh_flags(E).0 & SHF_EXECINSTR.0 == 0 || section.sh_type(E) == SHT_NOBITS {
                continue;
            }
            let (whole, _) = section.data(E, &*bytes).unwrap().as_chunks::<8>();
            words += whole.len() as u64;
            for (address, word) in (section.sh_addr(E)..).step_by(8).zip(whole) {
                let word = u64::from_le_bytes(*word);
                if decode(word).is_some() {
                    continue;
                }
                // Their compiler puts names and lengths of functions between them.
                let before = functions.partition_point(|function| function.start <= address);
                let function = functions[..before].last();
                assert!(
                    function.is_none_or(|function| !function.contains(&address)),
                    "{}: {word:#018x} at {address:#x}",
                    file.path.display()
                );
                data += 1;
            }
        }
        println!(
            "{}: {words} words, {data} of them data",
            file.path.display()
        );
        assert!(words > 0 && data * 10 <= words, "{}", file.path.display());
        all += words;
    }
    assert!(all > 65_000_000, "{all} words");
}
