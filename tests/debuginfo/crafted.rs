//! Malicious files, with debug information written by hand: what refers to itself, or makes much out of few bytes.

use std::fmt::Write as _;

use crate::compilers::c_compilers;
use crate::damage::read_and_use;

/// Assembles hand-made debug information around one exported function.
fn assemble(abbreviations: &str, info: &str, extra: &str) -> Vec<u8> {
    let source = format!(
        "\
        .text\n .globl f\n .type f, @function\nf: ret\n\
        .section .debug_abbrev,\"\",@progbits\nabbrev:\n{abbreviations}\n\
        .section .debug_info,\"\",@progbits\ninfo:\n .long end - start\nstart:\n .value 4\n \
        .long abbrev\n .byte 8\n{info}\nend:\n{extra}\n"
    );
    let mut compiler = c_compilers()[0].clone();
    compiler.options = vec!["-c", "-x", "assembler"];
    let (_keep, object) = compiler.compile("k.s", &source);
    std::fs::read(&object).unwrap()
}

/// An abbreviation: code, tag, whether it has children, attributes with forms.
fn abbreviation(code: u32, tag: u32, children: bool, attributes: &[(u32, u32)]) -> String {
    let mut text = format!(".uleb128 {code}, {tag}\n.byte {}\n", u8::from(children));
    for (name, form) in attributes {
        writeln!(text, ".uleb128 {name}, {form}").unwrap();
    }
    text + ".byte 0, 0\n"
}

const UNIT: u32 = 0x11;
const SUBPROGRAM: u32 = 0x2e;
const PARAMETER: u32 = 0x05;
const TYPEDEF: u32 = 0x16;
const POINTER: u32 = 0x0f;
const STRUCTURE: u32 = 0x13;
const MEMBER: u32 = 0x0d;
const FUNCTION_TYPE: u32 = 0x15;
const NAME: (u32, u32) = (0x03, 0x08);
const LANGUAGE: (u32, u32) = (0x13, 0x0b);
const LOW_PC: (u32, u32) = (0x11, 0x01);
const TYPE: (u32, u32) = (0x49, 0x13);
const SIZE: (u32, u32) = (0x0b, 0x0b);
const OFFSET: (u32, u32) = (0x38, 0x0b);
const ORIGIN: (u32, u32) = (0x31, 0x13);

/// A unit of C with a function `f` whose only parameter has the type at `label`.
fn head(label: &str) -> String {
    format!(
        ".uleb128 1\n.byte 12\n.uleb128 2\n.asciz \"f\"\n.quad f\n.uleb128 3\n.long {label} - info\n.byte 0\n"
    )
}

fn base_abbreviations() -> String {
    abbreviation(1, UNIT, true, &[LANGUAGE])
        + &abbreviation(2, SUBPROGRAM, true, &[NAME, LOW_PC])
        + &abbreviation(3, PARAMETER, false, &[TYPE])
}

#[test]
fn types_that_contain_themselves_end() {
    let abbreviations = base_abbreviations()
        + &abbreviation(4, TYPEDEF, false, &[NAME, TYPE])
        + &abbreviation(5, POINTER, false, &[TYPE])
        + &abbreviation(6, STRUCTURE, true, &[NAME, SIZE])
        + &abbreviation(7, MEMBER, false, &[NAME, TYPE, OFFSET])
        + ".byte 0\n";
    let bodies = [
        // A typedef of itself, two of each other, a pointer to itself.
        "x: .uleb128 4\n.asciz \"x\"\n.long x - info\n",
        "x: .uleb128 4\n.asciz \"x\"\n.long y - info\ny: .uleb128 4\n.asciz \"y\"\n.long x - info\n",
        "x: .uleb128 5\n.long x - info\n",
        "x: .uleb128 5\n.long y - info\ny: .uleb128 4\n.asciz \"y\"\n.long x - info\n",
        // A structure that consists of itself.
        "x: .uleb128 5\n.long s - info\ns: .uleb128 6\n.asciz \"s\"\n.byte 8\n\
         .uleb128 7\n.asciz \"m\"\n.long s - info\n.byte 0\n.byte 0\n",
    ];
    for body in bodies {
        let file = assemble(&abbreviations, &format!("{}{body}.byte 0", head("x")), "");
        let found = read_and_use(&file, None).expect("the file itself is sound");
        assert_eq!(
            found.get("f").expect("the function is found").params.len(),
            1
        );
    }
}

#[test]
fn types_that_grow_when_written_are_cut_short() {
    // Each function type takes the next one twice: 2^100 when written out.
    let abbreviations = base_abbreviations()
        + &abbreviation(4, FUNCTION_TYPE, true, &[TYPE])
        + &abbreviation(5, PARAMETER, false, &[TYPE])
        + &abbreviation(6, POINTER, false, &[TYPE])
        + ".byte 0\n";
    let mut info = head("t0");
    for level in 0..100 {
        let next = level + 1;
        write!(
            info,
            "t{level}: .uleb128 6\n.long u{level} - info\n\
             u{level}: .uleb128 4\n.long t{next} - info\n.uleb128 5\n.long t{next} - info\n\
             .uleb128 5\n.long t{next} - info\n.byte 0\n"
        )
        .unwrap();
    }
    info.push_str("t100: .uleb128 6\n.long t100 - info\n.byte 0\n");
    let found =
        read_and_use(&assemble(&abbreviations, &info, ""), None).expect("the file is sound");
    let text = found.get("f").unwrap().to_string();
    assert!(text.contains("..."), "{text}");

    // A chain of pointers far deeper than any stack.
    let mut info = head("t0");
    for level in 0..50_000 {
        writeln!(info, "t{level}: .uleb128 6\n.long t{} - info", level + 1).unwrap();
    }
    info.push_str("t50000: .uleb128 6\n.long t50000 - info\n.byte 0\n");
    let found =
        read_and_use(&assemble(&abbreviations, &info, ""), None).expect("the file is sound");
    assert!(found.get("f").is_some());
}

#[test]
fn work_that_multiplies_is_refused() {
    // 4000 functions that all take their 4000 parameters from one original, and as many
    // symbols: 16 million parameters if each were listed.
    let count = 4_000;
    let abbreviations = base_abbreviations()
        + &abbreviation(4, SUBPROGRAM, false, &[LOW_PC, ORIGIN])
        + &abbreviation(5, SUBPROGRAM, true, &[NAME])
        + ".byte 0\n";
    let mut info = head("original");
    info.push_str("original: .uleb128 5\n.asciz \"g\"\n");
    info.push_str(&".uleb128 3\n.long original - info\n".repeat(count));
    info.push_str(".byte 0\n");
    let mut code = ".text\n".to_owned();
    for number in 0..count {
        writeln!(info, ".uleb128 4\n.quad g{number}\n.long original - info").unwrap();
        writeln!(
            code,
            ".globl g{number}\n.type g{number}, @function\ng{number}: ret"
        )
        .unwrap();
    }
    info.push_str(".byte 0\n");
    let file = assemble(&abbreviations, &info, &code);
    assert!(
        read_and_use(&file, None).is_none(),
        "the budget must have been spent"
    );

    // One entry with as many attributes as bytes, read again from each of many units.
    let attributes = vec![(0x3f, 0x19); 10_000];
    let abbreviations = base_abbreviations() + &abbreviation(4, POINTER, false, &attributes);
    let mut info = head("x");
    info.push_str("x: ");
    info.push_str(&".uleb128 4\n".repeat(20_000));
    info.push_str(".byte 0\n");
    let file = assemble(&(abbreviations + ".byte 0\n"), &info, "");
    assert!(
        read_and_use(&file, None).is_none(),
        "the budget must have been spent"
    );

    // 20 000 names for one function of 1000 parameters: as many copies of them.
    let mut info = ".uleb128 1\n.byte 12\n.uleb128 2\n.asciz \"f\"\n.quad f\n".to_owned();
    info.push_str(&".uleb128 3\n.long x - info\n".repeat(1_000));
    info.push_str(".byte 0\nx: .uleb128 4\n.asciz \"x\"\n.long x - info\n.byte 0\n");
    let mut names = String::new();
    for number in 0..20_000 {
        writeln!(names, ".globl g{number}\n.set g{number}, f").unwrap();
    }
    let abbreviations =
        base_abbreviations() + &abbreviation(4, TYPEDEF, false, &[NAME, TYPE]) + ".byte 0\n";
    let file = assemble(&abbreviations, &info, &names);
    assert!(
        read_and_use(&file, None).is_none(),
        "the budget must have been spent"
    );
}

#[test]
fn units_that_share_a_damaged_table_are_refused() {
    // The table does not end, which each of the units would find out anew at its last byte.
    let abbreviations = base_abbreviations() + ".byte 0\nendless: .fill 1000000, 1, 1\n";
    let units = ".section .debug_info,\"\",@progbits\n\
                 .rept 20000\n.long 8\n.value 4\n.long endless - abbrev\n.byte 8, 1\n.endr\n";
    let info = head("x") + "x: .byte 0\n";
    let file = assemble(&abbreviations, &info, units);
    assert!(
        read_and_use(&file, None).is_none(),
        "the budget must have been spent"
    );
}

#[test]
fn relocations_that_are_listed_again_and_again_are_refused() {
    let info = head("x") + "x: .byte 0\n" + &".quad f\n".repeat(20_000);
    let file = assemble(&(base_abbreviations() + ".byte 0\n"), &info, "");
    assert!(read_and_use(&file, None).is_some(), "once is not too often");
    let file = with_section_repeated(&file, ".rela.debug_info", 16_000);
    assert!(
        read_and_use(&file, None).is_none(),
        "the budget must have been spent"
    );
}

/// The file with so many more headers of one of its sections.
fn with_section_repeated(file: &[u8], name: &str, times: usize) -> Vec<u8> {
    use object::{Object as _, ObjectSection as _};
    // Where the file's header has the position and the number of the section headers.
    const PLACE: std::ops::Range<usize> = 40..48;
    const COUNT: std::ops::Range<usize> = 60..62;
    const HEADER: usize = 64;
    let parsed = object::File::parse(file).expect("the compiler wrote an object file");
    let section = parsed.section_by_name(name).expect("the section is there");
    let place = usize::try_from(u64::from_le_bytes(file[PLACE].try_into().unwrap())).unwrap();
    let count = usize::from(u16::from_le_bytes(file[COUNT].try_into().unwrap()));
    let header = place + HEADER * section.index().0;
    let mut repeated = file.to_vec();
    repeated.resize(file.len().next_multiple_of(8), 0);
    let moved = u64::try_from(repeated.len()).unwrap();
    repeated.extend_from_slice(&file[place..place + HEADER * count]);
    repeated.extend(file[header..header + HEADER].repeat(times));
    repeated[PLACE].copy_from_slice(&moved.to_le_bytes());
    let count = u16::try_from(count + times).expect("no more than ELF can count");
    repeated[COUNT].copy_from_slice(&count.to_le_bytes());
    repeated
}

#[test]
fn paths_are_cut_short() {
    let abbreviations = abbreviation(1, UNIT, true, &[LANGUAGE, (0x10, 0x17)])
        // The mark for prototypes is needed: without it the file would have only lines.
        + &abbreviation(2, SUBPROGRAM, false, &[NAME, LOW_PC, (0x3a, 0x0b), (0x27, 0x19)])
        + ".byte 0\n";
    let info =
        ".uleb128 1\n.byte 12\n.long lines\n.uleb128 2\n.asciz \"f\"\n.quad f\n.byte 1\n.byte 0\n";
    let lines = ".section .debug_line,\"\",@progbits\nlines: .long lend - lstart\nlstart: .value 4\n\
                 .long lend - lhead\nlhead: .byte 1, 1, 1, 1, 1, 1\n\
                 .byte 0\n.fill 1000000, 1, 'a'\n.byte 0, 0, 0, 0, 0\nlend:\n";
    let found =
        read_and_use(&assemble(&abbreviations, info, lines), None).expect("the file is sound");
    let prototype = found.get("f").expect("the function is found");
    let file = prototype.file.as_deref().expect("the file has a name");
    assert!(
        file.starts_with("aaa") && file.len() < 10_000,
        "{}",
        file.len()
    );
}

#[test]
fn tables_of_files_without_bytes_end() {
    // DWARF 5 allows to say that 2^63 files follow, of which each takes no bytes.
    let abbreviations = abbreviation(1, UNIT, true, &[LANGUAGE, (0x10, 0x17)])
        + &abbreviation(
            2,
            SUBPROGRAM,
            false,
            // The mark for prototypes takes no bytes.
            &[NAME, LOW_PC, (0x3a, 0x0b), (0x3b, 0x0b), (0x27, 0x19)],
        )
        + ".byte 0\n";
    let info = ".uleb128 1\n.byte 12\n.long lines\n\
                .uleb128 2\n.asciz \"f\"\n.quad f\n.byte 1\n.byte 7\n.byte 0\n";
    for form in [0x19, 0x21, 0x08] {
        let lines = format!(
            ".section .debug_line,\"\",@progbits\nlines: .long lend - lstart\nlstart: .value 5\n\
             .byte 8, 0\n.long lend - lhead\nlhead: .byte 1, 1, 1, 0, 1, 1\n\
             .byte 0\n.uleb128 0\n.byte 1\n.uleb128 1, {form}\n\
             .uleb128 0x7fffffffffffffff\nlend:\n"
        );
        let file = assemble(&abbreviations, info, &lines);
        let found = read_and_use(&file, None).expect("the rest of the file is sound");
        let prototype = found.get("f").expect("the function is found");
        assert_eq!((prototype.file.as_ref(), prototype.line), (None, Some(7)));
    }
}

#[test]
fn sections_that_swell_are_refused() {
    use std::io::Read as _;
    // 64 MiB of zeros compress to some 64 KiB.
    let source = ".section .debug_info,\"\",@progbits\n.zero 67108864\n";
    let mut compiler = c_compilers()[0].clone();
    compiler.options = vec![
        "-c",
        "-x",
        "assembler",
        "-Wa,--compress-debug-sections=zlib",
    ];
    let (_keep, object) = compiler.compile("k.s", source);
    let mut file = Vec::new();
    std::fs::File::open(&object)
        .unwrap()
        .read_to_end(&mut file)
        .unwrap();
    assert!(file.len() < 1 << 20, "the assembler did not compress");
    assert!(read_and_use(&file, None).is_none());
}
