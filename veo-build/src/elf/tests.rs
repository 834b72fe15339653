//! Objects that are damaged, and numbers that do not fit.

use std::process::Command;

use object::elf::FileHeader64;
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{LittleEndian, Object as _, ObjectSection as _, ObjectSymbol as _};
use veo_test_support::ve::{self, can_compile};
use veo_test_support::{available, found};

use super::relocation::{StoredPart, kind};
use super::{LinkOptions, link};

const SOURCE: &str = "
    extern long outside(long);
    _Thread_local long variable = 3;
    static long own = 4;
    long *pointers[] = {&own, 0};
    long common[3];
    __attribute__((constructor)) static void begin(void) { own += outside(1); }
    long f(long n) { return outside(n) + variable + own + common[n]; }
";

/// Objects that clang makes, one with groups.
fn objects() -> Option<Vec<(String, Vec<u8>)>> {
    if !can_compile() {
        return None;
    }
    let group = "inline long once() { static long n; return ++n; } extern \"C\" long g() { return once(); }";
    let files = [("a.c", SOURCE), ("b.cpp", group)];
    Some(files.map(|(name, text)| compiled(name, text)).into())
}

/// An object that clang makes, with its name.
fn compiled(name: &str, text: &str) -> (String, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let object = ve::object_of(dir.path(), name, text, &["-O1", "-g", "-fpic", "-fcommon"]);
    (name.to_owned(), std::fs::read(object).unwrap())
}

#[test]
fn the_same_objects_make_the_same_library() {
    let Some(objects) = objects() else { return };
    let options = LinkOptions {
        soname: "libx.so".into(),
        needed: vec!["liby.so".into()],
    };
    let first = link(&objects, &options).unwrap();
    assert_eq!(first.bytes, link(&objects, &options).unwrap().bytes);
    let names: Vec<&str> = first.undefined.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["outside", "__tls_get_addr"]);
    assert_eq!(first.undefined[0].place, "a.c: function begin");
    let other = LinkOptions {
        soname: "libz.so".into(),
        ..options
    };
    assert_ne!(first.bytes, link(&objects, &other).unwrap().bytes);
}

/// Linkers sort constructors by their numbers over all objects, and put those without one last. The loader calls
/// destructors backwards.
#[test]
fn constructors_of_all_objects_have_one_order() {
    if !can_compile() {
        return;
    }
    let part = |name: &str, first: u32, second: u32| {
        let hooks = ["constructor", "destructor"].map(|kind| {
            [format!("({first})"), String::new(), format!("({second})")].map(|number| {
                let digits: String = number.chars().filter(char::is_ascii_digit).collect();
                // An empty constructor the compiler leaves out.
                format!(
                    "__attribute__(({kind}{number})) void {name}_{kind}_{digits}(void) \
                     {{ __asm__ volatile(\"\"); }}\n"
                )
            })
        });
        compiled(&format!("{name}.c"), &hooks.concat().concat())
    };
    let objects = [part("a", 300, 101), part("b", 200, 65534)];
    let library = link(&objects, &LinkOptions::default()).unwrap();
    let file = object::File::parse(&*library.bytes).unwrap();
    for (section, kind) in [
        (".init_array", "constructor"),
        (".fini_array", "destructor"),
    ] {
        let section = file.section_by_name(section).unwrap();
        let places = section.address()..section.address() + section.size();
        let mut functions: Vec<(u64, i64)> = file
            .dynamic_relocations()
            .unwrap()
            .filter(|(place, _)| places.contains(place))
            .map(|(place, relocation)| (place, relocation.addend()))
            .collect();
        functions.sort_unstable();
        let names: Vec<&str> = functions
            .iter()
            .map(|(_, address)| {
                let mut symbols = file.symbols().chain(file.dynamic_symbols());
                let symbol = symbols.find(|symbol| symbol.address() as i64 == *address);
                symbol.unwrap().name().unwrap()
            })
            .collect();
        let expected = ["a_101", "b_200", "a_300", "b_65534", "a_", "b_"].map(|name| {
            let (object, number) = name.split_once('_').unwrap();
            format!("{object}_{kind}_{number}")
        });
        assert_eq!(names, expected);
    }
}

#[test]
fn damaged_objects_are_refused_or_linked() {
    let Some(objects) = objects() else { return };
    let mut random = fastrand::Rng::with_seed(7);
    let (mut refused, mut linked) = (0, 0);
    for round in 0..3000 {
        let mut damaged = objects.clone();
        let (_, bytes) = &mut damaged[round % 2];
        match round % 5 {
            0 => bytes.truncate(random.usize(..bytes.len())),
            // Headers and tables say more than code.
            1 => {
                let headers = bytes.len() - random.usize(1..2000).min(bytes.len());
                bytes[headers] = random.u8(..);
            }
            _ => {
                for _ in 0..random.usize(1..8) {
                    let at = random.usize(..bytes.len());
                    bytes[at] = if random.bool() { 0xff } else { random.u8(..) };
                }
            }
        }
        match link(&damaged, &LinkOptions::default()) {
            Ok(_) => linked += 1,
            Err(mistakes) => {
                assert!(mistakes.iter().all(|it| !it.contains('\n')), "{mistakes:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > 500 && linked > 500, "{refused} {linked}");
}

#[test]
fn values_are_stored_where_they_fit() {
    let stored = |part: StoredPart, value: i64| {
        let mut place = [0x11; 12];
        let fits = part.store(&mut place, value.cast_unsigned());
        let (stored, rest) = place.split_at(part.width());
        assert!(rest.iter().all(|byte| *byte == 0x11));
        fits.then(|| stored.to_vec())
    };
    assert_eq!(
        stored(StoredPart::Whole, -2),
        Some((-2_i64).to_le_bytes().into())
    );
    assert_eq!(
        stored(StoredPart::High, 0x1234_5678_9abc_def0),
        Some(vec![0x78, 0x56, 0x34, 0x12])
    );
    assert_eq!(
        stored(StoredPart::Low, 0x1234_5678_9abc_def0),
        Some(vec![0xf0, 0xde, 0xbc, 0x9a])
    );
    let edge = 1_i64 << 31;
    assert_eq!(
        stored(StoredPart::Signed, edge - 1),
        Some(vec![0xff, 0xff, 0xff, 0x7f])
    );
    assert_eq!(stored(StoredPart::Signed, -edge), Some(vec![0, 0, 0, 0x80]));
    assert_eq!(stored(StoredPart::Signed, edge), None);
    assert_eq!(stored(StoredPart::Signed, -edge - 1), None);
    assert_eq!(stored(StoredPart::Long, 2 * edge - 1), Some(vec![0xff; 4]));
    assert_eq!(stored(StoredPart::Long, 2 * edge), None);
    assert!(!StoredPart::Whole.store(&mut [0; 7], 0));
}

#[test]
fn relocations_have_the_names_of_llvm() {
    if !available("llvm-readelf (Debian: llvm-19)", found("llvm-readelf-19")) {
        return;
    }
    let Some(objects) = objects() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (_, object) = &objects[0];
    // The number of the first relocation of the code.
    let at = {
        let header = FileHeader64::<LittleEndian>::parse(&**object).unwrap();
        let sections = header.sections(LittleEndian, &**object).unwrap();
        let (_, table) = sections
            .section_by_name(LittleEndian, b".rela.text")
            .unwrap();
        table.sh_offset(LittleEndian) as usize + 8
    };
    let mut unknown = Vec::new();
    for number in 0..64_u32 {
        let mut changed = object.clone();
        changed[at..at + 4].copy_from_slice(&number.to_le_bytes());
        let file = dir.path().join("k.o");
        std::fs::write(&file, changed).unwrap();
        let mut command = Command::new("llvm-readelf-19");
        let output = command.arg("-rW").arg(&file).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let wanted = format!("{number:08x} ");
        let first = "Relocation section '.rela.text'";
        let text = text.split(first).nth(1).unwrap();
        let line = text.lines().nth(2).filter(|line| line.contains(&wanted));
        let name = line
            .and_then(|line| line.split_whitespace().nth(2))
            .unwrap_or_default();
        match kind(number) {
            Some(_) if name == "Unknown" => unknown.push(number),
            Some(kind) => assert_eq!(kind.name, name, "{number}"),
            None => assert!(!name.starts_with("R_VE"), "{number}: {name}"),
        }
    }
    // LLVM lacks some that its compiler never writes.
    assert_eq!(unknown, [21, 24, 27, 28, 29, 30, 31, 34]);
}

/// Changes the header of a section: the place in it, the bytes.
fn with_header(object: &[u8], section: &[u8], changes: &[(usize, &[u8])]) -> Vec<u8> {
    let header = FileHeader64::<LittleEndian>::parse(object).unwrap();
    let sections = header.sections(LittleEndian, object).unwrap();
    let (index, _) = sections.section_by_name(LittleEndian, section).unwrap();
    let at = header.e_shoff(LittleEndian) as usize + 64 * index.0;
    let mut changed = object.to_owned();
    for (place, bytes) in changes {
        changed[at + place..at + place + bytes.len()].copy_from_slice(bytes);
    }
    changed
}

#[test]
fn no_header_makes_a_huge_library() {
    let Some(objects) = objects() else { return };
    let (no_contents, huge) = (8_u32.to_le_bytes(), (1_u64 << 39).to_le_bytes());
    let (ty, size, align): (usize, usize, usize) = (4, 32, 48);
    let page = (2_u64 << 20).to_le_bytes();
    let linked = |section: &[u8], changes: &[(usize, &[u8])]| {
        let changed = with_header(&objects[0].1, section, changes);
        link(&[("a.o".to_owned(), changed)], &LinkOptions::default()).map(|it| it.bytes.len())
    };
    for section in [&b".comment"[..], b".init_array", b".text", b".debug_info"] {
        let mistakes = linked(section, &[(ty, &no_contents), (size, &huge)]).unwrap_err();
        let part = "has a size but no contents in the file, which only variables may have";
        assert!(mistakes.iter().any(|it| it.contains(part)), "{mistakes:?}");
    }
    // Variables of as many bytes cost nothing.
    let bytes = linked(b".data", &[(ty, &no_contents), (size, &huge)]);
    assert!(bytes.is_err() || bytes.unwrap() < 100_000);
    assert!(linked(b".text", &[(align, &page)]).unwrap() > 2 << 20);
    let mistakes = linked(b".text", &[(align, &huge)]).unwrap_err();
    assert!(
        mistakes[0].contains("section .text is aligned to 549755813888"),
        "{mistakes:?}"
    );
    // Each of these is at a place of its own.
    let copies: Vec<(String, Vec<u8>)> = (0..1200)
        .map(|number| {
            let data = with_header(&objects[1].1, b".comment", &[(align, &page)]);
            (format!("{number}.o"), data)
        })
        .collect();
    let mistakes = link(&copies, &LinkOptions::default()).unwrap_err();
    assert!(
        mistakes
            .iter()
            .any(|it| it.contains("aligned to megabytes")),
        "{}",
        mistakes.len()
    );
}
