//! Loading, symbols, unloading, output: of libraries of both kinds of code in one process.

use std::ffi::c_char;
use std::path::Path;
use std::sync::{Arc, Mutex};

use veo_build::Target;
use veo_core::{OnStack, Result, Stream, VeoProc, ve_kernel};

use crate::library::{build, build_with, clang, kernels, scratch};

#[ve_kernel(lib = "libvecode.so")]
fn print(text: *const c_char, number: i32);

/// The result of a library's function without arguments.
fn ask(proc: &VeoProc, library: &Path, name: &str) -> Result<i64> {
    let library = proc.load_library(library)?;
    library.function::<fn() -> i64>(name)?.call(proc, ())
}

const KIND: &str = "int is_ve(void) {\n#ifdef __ve__\n return 1;\n#else\n return 0;\n#endif\n}\n\
                    long kind(void) { return is_ve(); }\n";

#[test]
fn both_kinds_of_code_run_in_one_process() {
    if !clang() {
        return;
    }
    let proc = VeoProc::new(0).unwrap();
    let host = build(&scratch(), "libkind.so", KIND, Target::Host);
    let ve = build(&scratch(), "libkind.so", KIND, Target::Ve1Llvm);
    for _ in 0..3 {
        assert_eq!(ask(&proc, &ve, "kind").unwrap(), 1);
        assert_eq!(ask(&proc, &host, "kind").unwrap(), 0);
    }
}

/// Both define `number`, and each calls its own; what only one defines the other can call, too.
#[test]
fn symbols_are_those_of_their_library() {
    if !clang() {
        return;
    }
    let directory = scratch();
    let library = |name: &str, number: i64| {
        let text = format!(
            "long number(void) {{ return {number}; }}\n\
             long of_{number}(void) {{ return 100 * {number}; }}\n"
        );
        build(&directory, name, &text, Target::Ve1Llvm)
    };
    let (one, two) = (library("libone.so", 1), library("libtwo.so", 2));
    let text = "long of_1(void);\nlong of_2(void);\nlong both(void) { return of_1() + of_2(); }\n";
    let user = build(&directory, "libuser.so", text, Target::Ve1Llvm);
    let proc = VeoProc::new(0).unwrap();
    let missing = ask(&proc, &user, "both").unwrap_err().to_string();
    assert!(
        missing.contains("of_1") && missing.contains("of_2"),
        "{missing}"
    );
    assert_eq!(ask(&proc, &one, "number").unwrap(), 1);
    assert_eq!(ask(&proc, &two, "number").unwrap(), 2);
    assert_eq!(ask(&proc, &user, "both").unwrap(), 300);
    assert_eq!(ask(&proc, &two, "of_2").unwrap(), 200);
    // A library in use stays.
    proc.load_library(&one).unwrap().unload().unwrap();
    assert_eq!(ask(&proc, &user, "both").unwrap(), 300);
}

#[test]
fn constructors_and_destructors_run_once() {
    if !clang() {
        return;
    }
    let text = "#include <stdio.h>\n#include <stdlib.h>\nstatic long state = 5;\n\
                static void last(void) { printf(\"last %ld\\n\", state); }\n\
                __attribute__((constructor)) static void begin(void) { state = 6; printf(\"begin\\n\"); atexit(last); }\n\
                __attribute__((destructor)) static void end(void) { printf(\"end %ld\\n\", state); }\n\
                long next(void) { return ++state; }\n";
    let library = build(&scratch(), "libstate.so", text, Target::Ve1Llvm);
    let (proc, output) = listening();
    assert_eq!(ask(&proc, &library, "next").unwrap(), 7);
    assert_eq!(ask(&proc, &library, "next").unwrap(), 8);
    proc.load_library(&library).unwrap().unload().unwrap();
    // It is loaded anew, with fresh variables, and ends with the process.
    assert_eq!(ask(&proc, &library, "next").unwrap(), 7);
    proc.close().unwrap();
    assert_eq!(
        *output.lock().unwrap(),
        "begin\nlast 8\nend 8\nbegin\nlast 7\nend 7\n"
    );
}

/// A process whose code faults at its end, in one of two ways.
fn faulting_at_its_end(target: Target, way: &str) -> VeoProc {
    let code = "#include <stdlib.h>\n\
                static long armed;\n\
                __attribute__((noinline)) static void fault(void) { *(volatile long *)armed = 1; }\n\
                long in_destructor(void) { armed = 24; return 1; }\n\
                long in_atexit(void) { armed = 24; atexit(fault); return 1; }\n\
                __attribute__((destructor)) static void end(void) { if (armed) fault(); }\n";
    let library = build(&scratch(), "libfaulting.so", code, target);
    let proc = VeoProc::new(0).unwrap();
    assert_eq!(ask(&proc, &library, way).unwrap(), 1);
    proc
}

#[test]
fn a_fault_at_the_end_of_the_process_is_told() {
    let mut targets = vec![Target::Host];
    if clang() {
        targets.push(Target::Ve1Llvm);
    }
    for target in targets {
        for way in ["in_destructor", "in_atexit"] {
            let proc = faulting_at_its_end(target, way);
            let other = proc.clone();
            let error = proc.close().unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with("closing the process failed"), "{text}");
            let fault = error.fault().unwrap_or_else(|| panic!("{way}: {text}"));
            assert_eq!(fault.signal, Some(11), "{way}: {text}");
            assert_eq!(fault.address, Some(24), "{way}: {text}");
            assert_eq!(fault.function.as_deref(), Some("fault"), "{way}: {text}");
            // It is closed all the same.
            let error = other.close().unwrap_err().to_string();
            assert!(error.contains("it was closed"), "{error}");
        }
    }
}

#[test]
fn a_status_at_the_end_of_the_process_is_told() {
    let mut targets = vec![Target::Host];
    if clang() {
        targets.push(Target::Ve1Llvm);
    }
    let code = "#include <unistd.h>\n\
                static int armed;\n\
                long arm(void) { armed = 7; return 1; }\n\
                __attribute__((destructor)) static void end(void) { if (armed) _exit(armed); }\n";
    for target in targets {
        let library = build(&scratch(), "libexiting.so", code, target);
        let proc = VeoProc::new(0).unwrap();
        assert_eq!(ask(&proc, &library, "arm").unwrap(), 1);
        let error = proc.close().unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("closing the process failed"), "{text}");
        assert!(text.contains("exit"), "{text}");
        assert!(text.contains('7'), "{text}");
        // The library's own end is in order.
        let proc = VeoProc::new(0).unwrap();
        proc.load_library(&library).unwrap();
        proc.close().unwrap();
    }
}

#[test]
fn the_end_of_a_context_calls_destructors_of_its_thread() {
    if !clang() {
        return;
    }
    let text = "#include <pthread.h>\n#include <stdio.h>\n\
                int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);\n\
                static pthread_key_t key;\n\
                static void object(void *name) { printf(\"object of %s\\n\", (char *)name); }\n\
                static void value(void *name) { printf(\"value of %s\\n\", (char *)name); }\n\
                __attribute__((constructor)) static void begin(void) { pthread_key_create(&key, value); }\n\
                long use(long n) { char *name = n ? \"one\" : \"main\"; pthread_setspecific(key, name); return __cxa_thread_atexit_impl(object, name, 0); }\n\
                __attribute__((destructor)) static void end(void) { printf(\"end\\n\"); }\n";
    let library = build(&scratch(), "libending.so", text, Target::Ve1Llvm);
    let (proc, output) = listening();
    let loaded = proc.load_library(&library).unwrap();
    let use_it = loaded.function::<fn(i64) -> i64>("use").unwrap();
    let ctx = proc.open_context().unwrap();
    // One that has run no code of the VE has nothing to end.
    proc.open_context().unwrap().close().unwrap();
    assert_eq!(use_it.call(&ctx, (1,)).unwrap().wait().unwrap(), 0);
    assert_eq!(use_it.call(&proc, (0,)).unwrap(), 0);
    assert_eq!(*output.lock().unwrap(), "");
    ctx.close().unwrap();
    drop((use_it, loaded));
    proc.close().unwrap();
    assert_eq!(
        *output.lock().unwrap(),
        "object of one\nvalue of one\nobject of main\nvalue of main\nend\n"
    );
}

/// A process and what it prints to the standard output.
fn listening() -> (VeoProc, Arc<Mutex<String>>) {
    let output = Arc::new(Mutex::new(String::new()));
    let place = output.clone();
    let proc = VeoProc::builder()
        .stdout(move |stream, bytes| {
            if let Stream::Stdout = stream {
                let text = String::from_utf8_lossy(bytes);
                place.lock().unwrap().push_str(&text);
            }
        })
        .build()
        .unwrap();
    (proc, output)
}

#[test]
fn output_of_a_kernel_is_there_when_it_ends() {
    if kernels().is_none() {
        return;
    }
    let (proc, output) = listening();
    print(&proc, OnStack::cstr(c"number"), 12).unwrap();
    assert_eq!(*output.lock().unwrap(), "number 12");
    print(&proc, OnStack::cstr(c"\nand"), 13).unwrap();
    assert_eq!(*output.lock().unwrap(), "number 12\nand 13");
}

#[test]
fn a_file_that_cannot_be_loaded_is_explained() {
    if !clang() {
        return;
    }
    let proc = VeoProc::new(0).unwrap();
    let text = "long somewhere_else(void);\nlong ask(void) { return somewhere_else(); }\n";
    let directory = scratch();
    let library = build(&directory, "libincomplete.so", text, Target::Ve1Llvm);
    let error = ask(&proc, &library, "ask").unwrap_err().to_string();
    assert!(
        error.contains("somewhere_else") && error.contains("libincomplete.so"),
        "{error}"
    );
    // Cut short, and for the other generation of the machine.
    let bytes = std::fs::read(&library).unwrap();
    let short = directory.join("libshort.so");
    std::fs::write(&short, &bytes[..bytes.len() / 3]).unwrap();
    let error = ask(&proc, &short, "ask").unwrap_err().to_string();
    assert!(error.contains("libshort.so"), "{error}");
    let mut ve3 = bytes;
    ve3[48..52].copy_from_slice(&0x10101u32.to_le_bytes());
    let path = directory.join("libve3.so");
    std::fs::write(&path, ve3).unwrap();
    let error = ask(&proc, &path, "ask").unwrap_err().to_string();
    assert!(error.contains("VE3"), "{error}");
    // The process is as good as before.
    let good = build(&directory, "libgood.so", KIND, Target::Ve1Llvm);
    assert_eq!(ask(&proc, &good, "kind").unwrap(), 1);
}

/// A library that another needs is loaded with it, from beside it, and goes with it.
#[test]
fn needed_libraries_come_along() {
    if !clang() {
        return;
    }
    let directory = scratch();
    let inner = "#include <stdio.h>\nlong inner(void) { return 21; }\n\
                 __attribute__((destructor)) static void end(void) { puts(\"inner ends\"); }\n";
    let inner = build(&directory, "libneeded.so", inner, Target::Ve1Llvm);
    let outer = "#include <stdio.h>\nlong inner(void);\nlong outer(void) { return 2 * inner(); }\n\
                 __attribute__((destructor)) static void end(void) { puts(\"outer ends\"); }\n";
    let outer = build_with(
        &directory,
        "libneeding.so",
        outer,
        Target::Ve1Llvm,
        |kernels| {
            kernels
                .link_lib("needed")
                .link_search(inner.parent().unwrap());
        },
    );
    let away = directory.join("away");
    std::fs::create_dir(&away).unwrap();
    let alone = away.join("libneeding.so");
    std::fs::copy(&outer, &alone).unwrap();
    let (proc, output) = listening();
    let error = ask(&proc, &alone, "outer").unwrap_err().to_string();
    assert!(error.contains("needs libneeded.so"), "{error}");
    // A library of the host in its place is no help, and is told.
    let host = build(
        &scratch(),
        "libneeded.so",
        "long inner(void) { return 1; }\n",
        Target::Host,
    );
    std::fs::copy(host, away.join("libneeded.so")).unwrap();
    let error = ask(&proc, &alone, "outer").unwrap_err().to_string();
    assert!(error.contains("machine code of the host"), "{error}");
    std::fs::copy(&inner, away.join("libneeded.so")).unwrap();
    assert_eq!(ask(&proc, &alone, "outer").unwrap(), 42);
    // Symbols of a needed library are found through the library.
    assert_eq!(ask(&proc, &alone, "inner").unwrap(), 21);
    proc.load_library(&alone).unwrap().unload().unwrap();
    assert_eq!(ask(&proc, &alone, "outer").unwrap(), 42);
    assert_eq!(*output.lock().unwrap(), "outer ends\ninner ends\n");
    proc.close().unwrap();
}
