//! Relocatable objects of a compiler that share something with each other or with shared objects.

use crate::library::*;
use crate::{RETURN, call};
use ve_isa::image::ImageFile;
use ve_isa::machine::{Machine, Unresolved};
use veo_test_support::ve::{self, can_compile};

/// The object of a source, in the language that the name says.
pub fn compile(name: &str, source: &str, flags: &[&str]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let flags = [&["-ffreestanding"][..], flags].concat();
    std::fs::read(ve::object_of(&directory, name, source, &flags)).unwrap()
}

fn load(machine: &Machine, files: &[(&str, &[u8])]) -> Result<(), String> {
    let inputs: Vec<_> = files
        .iter()
        .map(|(name, bytes)| ImageFile { name, bytes })
        .collect();
    let loaded = machine.load(&inputs, Unresolved::Error);
    loaded.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn a_common_variable_is_one_and_as_large_as_the_largest() {
    if !can_compile() {
        return;
    }
    let small = compile(
        "a.c",
        "long before, shared, after, value = 5; long *one(void) { return &shared; }",
        &["-fcommon"],
    );
    let large = "long shared[1000]; long *two(void) { return shared; } long *end(void) { return shared + 999; }";
    let large = compile("b.c", large, &["-fcommon"]);
    let strong = "long shared[1000] = { 9 }; long first(void) { return shared[0]; }";
    let strong = compile("c.c", strong, &[]);
    let machine = Machine::new().unwrap();
    load(&machine, &[("a.o", &small), ("b.o", &large)]).unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    let mut address = |name: &str| call(&mut thread, machine.symbol(name).unwrap());
    let shared = address("one");
    assert_eq!(shared, address("two"));
    assert_eq!(Some(shared), machine.symbol("shared"));
    // Nothing else is in it.
    let all = shared..address("end") + 8;
    for other in ["before", "after", "value"] {
        let other = machine.symbol(other).unwrap();
        assert!(!all.contains(&other), "{all:x?}, {other:#x}");
    }

    // A definition with a value is the one, wherever it comes.
    let machine = Machine::new().unwrap();
    let files: [(&str, &[u8]); 3] = [("a.o", &small), ("c.o", &strong), ("b.o", &large)];
    load(&machine, &files).unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    let mut result = |name: &str| call(&mut thread, machine.symbol(name).unwrap());
    assert_eq!(result("first"), 9);
    assert_eq!(result("one"), result("two"));
    assert_eq!(Some(result("one")), machine.symbol("shared"));

    // One that has its place cannot grow.
    let machine = Machine::new().unwrap();
    load(&machine, &[("a.o", &small)]).unwrap();
    let error = load(&machine, &[("b.o", &large)]).unwrap_err();
    assert_eq!(
        error,
        "b.o: the common variable shared has 8000 bytes, and a.o was loaded before with 8 bytes; load both together"
    );
}

#[test]
fn one_section_of_a_comdat_group_is_kept() {
    if !can_compile() {
        return;
    }
    let object = |number: u64| {
        let source = format!(
            "
            .section .text.f,\"axG\",@progbits,f,comdat
            .p2align 4
            .globl f
            f: lea %s0, {number}
               b.l.t (, %s10)
            .section .text.g,\"ax\",@progbits
            .p2align 4
            .globl g{number}
            g{number}:
               lea %s12, f@lo
               and %s12, %s12, (32)0
               lea.sl %s12, f@hi(, %s12)
               b.l.t (, %s12)
            .section .eh_frame,\"a\",@progbits
               .quad .text.f
            "
        );
        compile("k.s", &source, &[])
    };
    let machine = Machine::new().unwrap();
    let (one, two) = (object(1), object(2));
    load(&machine, &[("1.o", &one), ("2.o", &two)]).unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    for name in ["f", "g1", "g2"] {
        let function = machine.symbol(name).unwrap();
        assert_eq!(call(&mut thread, function), 1, "{name}");
    }
}

#[test]
fn the_same_function_twice_is_an_error_but_not_beside_a_shared_object() {
    if !can_compile() {
        return;
    }
    let one = compile(
        "a.c",
        "int f(void) { return 1; } int g(void) { return f(); }",
        &["-O0"],
    );
    let two = compile("b.c", "int f(void) { return 2; }", &[]);
    let machine = Machine::new().unwrap();
    let error = load(&machine, &[("a.o", &one), ("b.o", &two)]).unwrap_err();
    assert_eq!(error, "f is defined in a.o, and again in b.o");
    let mut library = Library::default();
    let f = library.code(&["lea %s0, 3", RETURN]);
    library.symbol("f", GLOBAL, FUNCTION, f);
    load(&machine, &[("lib.so", &library.build()), ("a.o", &one)]).unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    // A program's own definition comes before those of libraries.
    let g = machine.symbol("g").unwrap();
    assert_eq!(call(&mut thread, g), 1);
}

#[test]
fn constructors_and_destructors_have_their_order() {
    if !can_compile() {
        return;
    }
    let source = "
        // A compiler computes nothing volatile beforehand.
        volatile long log;
        #define add(name, kind, digit) __attribute__((kind)) static void name(void) { log = log * 10 + digit; }
        add(a, constructor, 3) add(b, constructor(201), 2) add(c, constructor(101), 1)
        add(d, destructor(101), 6) add(e, destructor(201), 5) add(f, destructor, 4)
    ";
    let object = compile("k.c", source, &["-O1"]);
    let machine = Machine::new().unwrap();
    load(&machine, &[("k.o", &object)]).unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    thread.start().unwrap();
    for destructor in machine.destructors() {
        thread.call(destructor, &[]).unwrap();
    }
    let log = machine.symbol("log").unwrap();
    assert_eq!(machine.window().load::<8>(log), Ok(123_456));
}

#[test]
fn objects_that_are_loaded_together_have_one_order() {
    if !can_compile() {
        return;
    }
    // A compiler computes nothing volatile beforehand.
    let log = "volatile long log;
        #define add(name, kind, digit) __attribute__((kind)) static void name(void) { log = log * 10 + digit; }
        add(a, constructor, 3) add(b, constructor(201), 2) add(c, destructor(201), 5) add(d, destructor, 4)";
    let other = log.replace("volatile", "extern volatile");
    let other = other
        .replace(", 3)", ", 4)")
        .replace("(201), 2", "(101), 1")
        .replace("(201), 5", "(101), 6")
        .replace("destructor, 4", "destructor, 3");
    let first = compile("k.c", log, &["-O1"]);
    let second = compile("l.c", &other, &["-O1"]);
    let machine = Machine::new().unwrap();
    load(&machine, &[("k.o", &first), ("l.o", &second)]).unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    thread.start().unwrap();
    let log = machine.symbol("log").unwrap();
    assert_eq!(machine.window().load::<8>(log), Ok(1234));
    machine.window().store::<8>(log, 0).unwrap();
    for destructor in machine.destructors() {
        thread.call(destructor, &[]).unwrap();
    }
    assert_eq!(machine.window().load::<8>(log), Ok(3456));
}
