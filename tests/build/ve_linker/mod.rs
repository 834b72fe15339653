//! Shared objects for the VE that the linker of `veo-build` makes: what is in them, whether their code finds what it asks for, and
//! what is said of objects that cannot be linked.

mod machine;
mod theirs;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionHeader as _};
use object::{LittleEndian as E, Object as _, ObjectSymbol as _};
use veo_build::{Kernels, Target};
use veo_debuginfo::{Linkage, dynamic_symbols};
use veo_test_support::compile::{self, tool};
use veo_test_support::{available, found, ve};

use self::machine::Machine;
use crate::installed_compilers::{bench, clang, cxx};
use crate::recording::Bench;

const LIBRARY: &str = include_str!("sources/library.c");
const OBJECT: &str = include_str!("sources/object.c");
const PROGRAM: &str = include_str!("sources/program.c");

/// An object in the package, by clang.
fn compile(bench: &Bench, name: &str, source: &str, flags: &[&str]) {
    let extension = if flags.contains(&"c++") { "cpp" } else { "c" };
    let path = bench.source(&format!("{name}.{extension}"), source);
    let own = flags.iter().filter(|flag| **flag != "c++").copied();
    let flags: Vec<_> = ["-O1", "-g", "-ffreestanding"]
        .into_iter()
        .chain(own)
        .collect();
    ve::compile(&path, path.with_file_name(name), &flags);
}

/// A library of a source and an object.
fn linked(bench: &Bench) -> PathBuf {
    compile(bench, "m.o", OBJECT, &["-fpic"]);
    let mut kernels = Kernels::new("libm1.so");
    kernels
        .inline("m1.c", LIBRARY)
        .debug(true)
        .for_target(Target::Ve1Llvm, |options| {
            options.object("m.o");
        });
    let built = bench.build(&mut kernels).unwrap();
    built.library(Target::Ve1Llvm).unwrap().to_owned()
}

#[test]
fn code_finds_functions_data_and_thread_local_variables() {
    if !clang() {
        return;
    }
    let bench = bench("ve1-llvm");
    let bytes = fs::read(linked(&bench)).unwrap();

    let dir = tempfile::tempdir().unwrap();
    let files = [("a.c", LIBRARY), ("b.c", OBJECT), ("c.c", PROGRAM)];
    let files = files.map(|(name, text)| {
        let file = dir.path().join(name);
        fs::write(&file, text).unwrap();
        file
    });
    let program = dir.path().join("program");
    let [first, others @ ..] = files;
    let options = [&["-O1".into(), "-w".into()][..], &others].concat();
    compile::program(first, &program, &options);
    let output = tool(&mut Command::new(program));
    let expected: Vec<i64> = output.lines().map(|line| line.parse().unwrap()).collect();

    let mut machine = Machine::default();
    let outside = machine.define("outside", |_, x| x.wrapping_mul(x) + 1);
    machine.define_variable("counter", 41);
    machine.define_tls();
    machine.load(&bytes);
    let mut found = vec![machine.call("constructed", &[])];
    for x in 5..8 {
        let names = [
            "call_outside",
            "call_pointer",
            "call_maybe",
            "call_other",
            "data",
            "tls",
        ];
        found.extend(names.map(|name| machine.call(name, &[x])));
    }
    found.extend([0, 1, 2].map(|n| machine.call("word", &[n])));
    found.extend((0..14).map(|n| machine.call("jump", &[n, 6])));
    let found: Vec<i64> = found.into_iter().map(u64::cast_signed).collect();
    assert_eq!(found, expected);
    assert!(machine.executed > 500, "{}", machine.executed);

    let symbol = |name: &str| machine.symbols[name];
    let (total, other) = (symbol("shared_total"), symbol("call_other"));
    assert_eq!(machine.call("address", &[0]), total);
    assert_eq!(machine.call("address", &[2]), other);
    assert_eq!(machine.call("address", &[3]), outside);
}

#[test]
fn a_weak_function_is_called_where_there_is_one() {
    if !clang() {
        return;
    }
    let bytes = fs::read(linked(&bench("ve1-llvm"))).unwrap();
    let mut machine = Machine::default();
    machine.define("outside", |_, x| x);
    machine.define("maybe", |_, x| x + 100);
    machine.define_variable("counter", 0);
    machine.define_tls();
    machine.load(&bytes);
    assert_eq!(machine.call("call_maybe", &[7]), 107);
}

/// The demands of the card's loader, from its documents.
fn check_for_the_loader(bytes: &[u8]) -> Result<(), String> {
    let header = FileHeader64::<E>::parse(bytes).unwrap();
    let ident = header.e_ident();
    if (ident.os_abi.0, ident.abi_version, header.e_type(E)) != (0, 0, elf::ET_DYN) {
        return Err("it is another kind of file".into());
    }
    let segments = header.program_headers(E, bytes).unwrap();
    let loads: Vec<_> = segments
        .iter()
        .filter(|it| it.p_type(E) == elf::PT_LOAD)
        .collect();
    let [code, data] = loads[..] else {
        return Err(format!("it has {} segments", loads.len()));
    };
    if (code.p_flags(E).0, data.p_flags(E).0) != (5, 6) {
        return Err("its segments are not code and data".into());
    }
    for load in [code, data] {
        let (align, at, offset) = (load.p_align(E), load.p_vaddr(E), load.p_offset(E));
        if ![2 << 20, 64 << 20].contains(&align) || at % align != offset % align {
            return Err(format!(
                "{at:#x} at {offset:#x} of the file, aligned to {align:#x}"
            ));
        }
    }
    if code.p_vaddr(E) + code.p_memsz(E) > data.p_vaddr(E) / data.p_align(E) * data.p_align(E) {
        return Err("code and data share a page".into());
    }
    let sections = header.sections(E, bytes).unwrap();
    let mut last_code = None;
    let mut behind_code = None;
    for section in sections.iter() {
        match section.sh_flags(E).0 {
            6 => (last_code, behind_code) = (Some(section), None),
            3 | 0x403 => {
                let code = last_code.ok_or("its data come before its code")?;
                let gap = section.sh_addr(E).wrapping_sub(code.sh_addr(E));
                if gap.cast_signed() < 1024 {
                    return Err(format!("the gap between code and data is {gap}"));
                }
                // The same number of zeros follows the code in the same segment.
                let end = code.sh_addr(E) + code.sh_size(E);
                let next: &elf::SectionHeader64<E> =
                    behind_code.ok_or("nothing follows the code")?;
                let start = next.sh_addr(E);
                if next.sh_size(E) < 1024 || !(end..end + 16).contains(&start) {
                    return Err(format!(
                        "{start:#x} follows the code, which ends at {end:#x}"
                    ));
                }
                let zeros = bytes.get(end as usize..start as usize + 1024);
                return if zeros.is_some_and(|zeros| zeros.iter().all(|byte| *byte == 0)) {
                    Ok(())
                } else {
                    Err("no zeros follow the code".into())
                };
            }
            _ => behind_code = behind_code.or(Some(section)),
        }
    }
    Err("it has no data".into())
}

#[test]
fn the_file_is_one_that_the_loader_of_the_card_takes() {
    if !clang() {
        return;
    }
    let bench = bench("ve1-llvm");
    let file = linked(&bench);
    let bytes = fs::read(&file).unwrap();
    assert_eq!(check_for_the_loader(&bytes), Ok(()));
    let linkage = Linkage::read(&bytes).unwrap();
    assert_eq!(linkage.name.as_deref(), Some("libm1.so"));
    assert_eq!(
        linkage.needs,
        ["libm.so.6", "libc.so.6", "ld-linux-ve.so.1"]
    );
    let symbols = dynamic_symbols(&bytes);
    for name in ["hidden", "hidden_value", "first", "own"] {
        assert!(
            symbols.iter().all(|it| it.name != name),
            "{name} is exported"
        );
    }
    let tools = found("llvm-readelf-19") && found("llvm-dwarfdump-19");
    if !available("llvm-readelf and llvm-dwarfdump (Debian: llvm-19)", tools) {
        return;
    }
    let said = |tool: &str, args: &[&str]| {
        let output = Command::new(tool).args(args).arg(&file).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && text.is_empty(), "{tool}: {text}");
        String::from_utf8(output.stdout).unwrap()
    };
    let text = said("llvm-readelf-19", &["-a", "-W"]);
    for part in [
        "(BIND_NOW)",
        "BIND_NOW",
        "R_VE_JUMP_SLOT",
        "NEC SX-Aurora Vector Engine",
    ] {
        assert!(
            part == "(BIND_NOW)" || text.contains(part),
            "{part}: {text}"
        );
    }
    let verified = said("llvm-dwarfdump-19", &["--verify"]);
    assert!(verified.trim_end().ends_with("No errors."), "{verified}");
    // The addresses in the debug information are those of the symbols.
    let lines = said("llvm-dwarfdump-19", &["--name=call_other"]);
    let parsed = object::File::parse(&*bytes).unwrap();
    let mut all = parsed.symbols();
    let symbol = all.find(|it| it.name() == Ok("call_other")).unwrap();
    let low = format!("DW_AT_low_pc\t(0x{:016x})", symbol.address());
    assert!(lines.contains(&low), "{low}: {lines}");
}

#[test]
fn debug_information_is_moved_beside_the_library() {
    let tools = found("llvm-objcopy-19") && found("llvm-dwarfdump-19");
    if !clang() || !available("llvm-objcopy and llvm-dwarfdump (Debian: llvm-19)", tools) {
        return;
    }
    let bench = bench("ve1-llvm");
    let mut kernels = Kernels::new("libm1.so");
    let whole = fs::read(linked(&bench)).unwrap();
    kernels.inline("m1.c", LIBRARY).debug(false);
    kernels.for_target(Target::Ve1Llvm, |options| {
        options.object("m.o");
    });
    let built = bench.build(&mut kernels).unwrap();
    let library = fs::read(built.library(Target::Ve1Llvm).unwrap()).unwrap();
    assert!(library.len() < whole.len());
    assert_eq!(check_for_the_loader(&library), Ok(()));
    let mut machine = Machine::default();
    machine.define("outside", |_, x| x);
    machine.define_variable("counter", 0);
    machine.define_tls();
    machine.load(&library);
    assert_eq!(machine.call("call_outside", &[7]), 8);
    let all = built.targets.iter();
    let debug = all.filter_map(|it| it.debug.as_ref()).next().unwrap();
    let mut command = Command::new("llvm-dwarfdump-19");
    let output = command.arg("--verify").arg(debug).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.trim_end().ends_with("No errors."), "{text}");
}

#[test]
fn the_loader_does_not_take_what_the_checker_refuses() {
    if !clang() {
        return;
    }
    let bytes = fs::read(linked(&bench("ve1-llvm"))).unwrap();
    let header = FileHeader64::<E>::parse(&*bytes).unwrap();
    let start = header.e_phoff(E) as usize;
    let mut small_pages = bytes.clone();
    small_pages[start + 48..start + 56].copy_from_slice(&4096_u64.to_le_bytes());
    assert!(check_for_the_loader(&small_pages).is_err());
    let mut shifted = bytes.clone();
    shifted[start + 56 + 16] ^= 8;
    assert!(check_for_the_loader(&shifted).is_err());
}

/// Messages about objects that cannot be linked with each other.
fn refused(bench: &Bench, objects: &[&str]) -> String {
    let mut kernels = Kernels::new("libk.so");
    kernels.inline("k.c", "int k(void) { return 1; }\n");
    kernels.for_target(Target::Ve1Llvm, |options| {
        for object in objects {
            options.object(object);
        }
    });
    bench.build(&mut kernels).unwrap_err().to_string()
}

#[test]
fn all_mistakes_of_a_link_are_told_with_object_and_function() {
    if !clang() {
        return;
    }
    let bench = bench("ve1-llvm");
    compile(
        &bench,
        "a.o",
        "extern long gone __attribute__((visibility(\"hidden\")));
         extern long elsewhere; static long here;
         long twice(void) { return 1; }
         long uses(void) { return gone; }
         long plain(void) { return elsewhere + ++here; }",
        &["-fno-pic"],
    );
    compile(&bench, "b.o", "long twice(void) { return 2; }", &["-fpic"]);
    compile(
        &bench,
        "c.o",
        "__thread long v; long get(void) { return v; }",
        &["-fpic"],
    );
    let path = bench.path("package/c.o");
    let mut bytes = fs::read(&path).unwrap();
    // A relocation that nobody knows, in place of one for the variable.
    let at = bytes
        .windows(4)
        .position(|it| it == 26_u32.to_le_bytes())
        .unwrap();
    bytes[at] = 99;
    fs::write(&path, bytes).unwrap();
    let text = refused(&bench, &["a.o", "b.o", "c.o"]);
    assert!(
        text.contains("c.o: function get: unknown relocation 99 against v"),
        "{text}"
    );

    let text = refused(&bench, &["a.o", "b.o"]);
    for part in [
        "libk.so for ve1-llvm: it cannot be linked:\n  ",
        "a.o: gone is hidden but defined nowhere",
        "a.o: function plain: R_VE_LO32 against elsewhere cannot be in a shared object; compile it with -fpic",
        "a.o: function plain: R_VE_HI32 against here cannot be in a shared object; compile it with -fpic",
        "twice is defined twice, in a.o and in b.o",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }

    fs::copy(bench.path("x86"), bench.path("package/x86.o")).unwrap();
    let text = refused(&bench, &["x86.o"]);
    let part = "x86.o: it is for ELF machine 62 and not for the VE (251)";
    assert!(text.contains(part), "{text}");
    bench.source("text.o", "no object");
    assert!(
        refused(&bench, &["text.o"]).contains("text.o: it is not an object: it is not an ELF file")
    );
}

#[test]
fn copies_common_memory_and_weak_definitions_are_merged() {
    if !clang() || !cxx() {
        return;
    }
    let bench = bench("ve1-llvm");
    let header = "template <typename T> struct Count { static T value; };
                  template <typename T> T Count<T>::value = 7;
                  inline long next() { return ++Count<long>::value; }\n";
    for (name, body) in [
        ("a.o", "extern \"C\" long a() { return next(); }"),
        ("b.o", "extern \"C\" long b() { return next() * 10; }"),
    ] {
        let flags = ["-fpic", "-fno-exceptions", "-fno-inline", "c++"];
        compile(&bench, name, &format!("{header}{body}\n"), &flags);
    }
    let common = ["-fpic", "-fcommon"];
    compile(
        &bench,
        "c.o",
        "long shared[2]; long c(void) { return ++shared[0]; }",
        &common,
    );
    compile(
        &bench,
        "d.o",
        "long shared[4]; long d(void) { return shared[0]; }",
        &common,
    );
    let weak = "__attribute__((weak)) long which(void) { return 1; }
                long e(void) { return which(); }";
    compile(&bench, "e.o", weak, &["-fpic"]);
    compile(&bench, "f.o", "long which(void) { return 2; }", &["-fpic"]);
    let mut kernels = Kernels::new("libk.so");
    kernels.inline("k.c", "int k(void) { return 1; }\n");
    kernels.for_target(Target::Ve1Llvm, |options| {
        for object in ["a.o", "b.o", "c.o", "d.o", "e.o", "f.o"] {
            options.object(object);
        }
    });
    let built = bench.build(&mut kernels).unwrap();
    let bytes = fs::read(built.library(Target::Ve1Llvm).unwrap()).unwrap();
    let mut machine = Machine::default();
    machine.load(&bytes);
    assert_eq!(machine.call("a", &[]), 8);
    assert_eq!(machine.call("b", &[]), 90);
    assert_eq!(machine.call("a", &[]), 10);
    assert_eq!(machine.call("c", &[]), 1);
    assert_eq!(machine.call("c", &[]), 2);
    assert_eq!(machine.call("d", &[]), 2);
    assert_eq!(machine.call("e", &[]), 2);
    let parsed = object::File::parse(&*bytes).unwrap();
    let shared: Vec<u64> = parsed
        .dynamic_symbols()
        .filter(|it| it.name() == Ok("shared"))
        .map(|it| it.size())
        .collect();
    assert_eq!(shared, [32], "the largest counts");
}

#[test]
fn functions_that_the_card_lacks_are_linked_in() {
    if !clang() {
        return;
    }
    let bench = bench("ve1-llvm");
    let mut kernels = Kernels::new("libk.so");
    kernels.inline(
        "k.c",
        "extern void fill(char *, long);
         extern double sqrt(double);
         extern int nowhere(void);
         __int128 quotient(__int128 a, __int128 b) { return a / b; }
         long used(long n) { char buffer[n]; fill(buffer, n); return buffer[0] + nowhere() + (long)sqrt(n); }\n",
    );
    let built = bench.build(&mut kernels).unwrap();
    let bytes = fs::read(built.library(Target::Ve1Llvm).unwrap()).unwrap();
    let symbols = dynamic_symbols(&bytes);
    let mut needed: Vec<&str> = symbols
        .iter()
        .filter(|it| it.is_needed)
        .map(|it| it.name)
        .collect();
    needed.sort_unstable();
    assert_eq!(needed, ["fill", "nowhere", "sqrt"]);
    let defined = symbols.iter().filter(|it| it.is_defined).map(|it| it.name);
    assert_eq!(
        defined.collect::<Vec<_>>(),
        ["quotient", "used"],
        "they are hidden"
    );
    // The C library has `sqrt`.
    let note = || fs::read_to_string(bench.path("out/veo/note.txt")).unwrap();
    let part = "libk.so for ve1-llvm: nothing that is linked defines fill (libk.so: function used), \
                nowhere (libk.so: function used). ";
    assert!(note().contains(part), "{}", note());
    let before = note().len();
    bench.build(kernels.link_arg("-Wl,-z,undefs")).unwrap();
    assert!(!note()[before..].contains(part), "{}", note());
}

#[test]
fn arithmetic_of_128_bits_is_that_of_the_host() {
    if !cfg!(all(target_arch = "x86_64", target_env = "gnu")) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../veo-build/runtime/int128.c");
    let check = dir.path().join("check.c");
    let text = include_str!("sources/int128.c").replace("SOURCE", &source.to_string_lossy());
    fs::write(&check, text).unwrap();
    let program = dir.path().join("check");
    compile::program(check, &program, &["-O2", "-w"]);
    let output = Command::new(program).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
}

#[test]
fn another_linker_is_taken_where_it_is_named() {
    if !clang() {
        return;
    }
    let mut bench = bench("ve1-llvm");
    let script = "#!/bin/sh\nwhile [ $# -gt 0 ]; do\n  echo \"$1\" >> \"$RECORD\"\n  [ \"$1\" = -o ] && cp \"$MADE\" \"$2\"\n  shift\ndone\n";
    for (name, expected) in [
        (
            "nld",
            "-shared -m elf64ve -z max-page-size=0x4000000 -Bsymbolic -soname libk.so -o",
        ),
        ("ncc", "-shared -Wl,-soname,libk.so -o"),
    ] {
        let record = bench.path(name);
        let script = script.replace("$RECORD", &record.to_string_lossy());
        let script = script.replace("$MADE", &bench.path("ve1").to_string_lossy());
        bench.install(&format!("other/{name}"), &script);
        bench.set("VEO_VE_LINKER", bench.path(&format!("other/{name}")));
        let mut kernels = Kernels::new("libk.so");
        bench
            .build(
                kernels
                    .inline("k.c", "int k(void) { return 1; }\n")
                    .debug(true),
            )
            .unwrap();
        let words = fs::read_to_string(&record).unwrap();
        let words: Vec<&str> = words.lines().filter(|it| *it != "--version").collect();
        let words = words.join(" ");
        assert!(words.starts_with(expected), "{words}");
        assert!(words.ends_with("whole.o"), "{words}");
    }
    bench.set("VEO_VE_LINKER", "/nowhere/nld");
    let mut kernels = Kernels::new("libk.so");
    let error = bench.build(kernels.inline("k.c", "int k(void) { return 1; }\n"));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("VEO_VE_LINKER"), "{error}");
}

/// Code that needs every source of `veo-build/runtime`, run by the interpreter of `ve-isa`.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn functions_of_the_runtime_compute_as_the_host_does() {
    use ve_isa::image::ImageFile;
    use ve_isa::machine::{Machine, Unresolved};
    use ve_isa::trap::TrapKind;

    if !clang() {
        return;
    }
    let bench = bench("ve1-llvm");
    let mut kernels = Kernels::new("libk.so");
    kernels.inline("k.c", include_str!("sources/helpers.c"));
    let built = bench.build(&mut kernels).unwrap();
    let bytes = fs::read(built.library(Target::Ve1Llvm).unwrap()).unwrap();
    let machine = Machine::new().unwrap();
    let input = ImageFile {
        name: "libk.so",
        bytes: &bytes,
    };
    machine.load(&[input], Unresolved::Error).unwrap();
    let mut thread = machine.thread(64 << 20).unwrap();
    thread.start().unwrap();
    let started = machine.symbol("started").unwrap();
    assert_eq!(thread.call(started, &[]).unwrap(), 6);
    // If the stack does not suffice, the functions that grow it ask the system, which refuses.
    for name in ["on_stack", "aligned"] {
        let function = machine.symbol(name).unwrap();
        let trap = thread.call(function, &[100 << 20]).unwrap_err();
        assert!(
            matches!(trap.kind, TrapKind::StackOverflow { .. }),
            "{name}: {trap}"
        );
    }
    let mut call = |name: &str, words: &[i64]| {
        let words: Vec<u64> = words.iter().map(|word| word.cast_unsigned()).collect();
        let function = machine.symbol(name).unwrap();
        thread.call(function, &words).unwrap()
    };
    for n in [1, 15, 16, 1000, 9_000_000] {
        assert_eq!(call("on_stack", &[n]), 3 * n as u64, "{n}");
        assert_eq!(call("aligned", &[n]), 2 * n as u64, "{n}");
    }
    let numbers = [
        0,
        1,
        -1,
        7,
        -10,
        12_345_678_901,
        i64::MAX,
        i64::MIN,
        i64::MIN + 1,
    ];
    for a in numbers {
        for b in numbers {
            let (wide, other) = (i128::from(a), i128::from(b));
            let product = wide * other;
            let low = call("product", &[a, b, 0]);
            let high = call("product", &[a, b, 1]);
            assert_eq!(
                (low, high),
                (product as u64, (product >> 64) as u64),
                "{a} {b}"
            );
            let float = f64::from_bits(call("as_double", &[a, b]));
            assert!(float == product as f64, "{a} {b}: {float}");
            if b != 0 {
                let large = (wide << 60) + other;
                assert_eq!(call("quotient", &[a, b]), (large / other) as u64, "{a} {b}");
                assert_eq!(call("rest", &[a, b]), (large % other) as u64, "{a} {b}");
            }
        }
    }
}
