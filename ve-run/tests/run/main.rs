//! Programs and functions, run by `ve-run`.

mod clients;
mod debugged;
mod debugger;
mod ends;
mod engines;
mod mistakes;
mod sections;
mod support;
mod wild;
mod wrong;

use std::process::Command;

use support::{Program, end, text, ve_run};
use veo_test_support as _;

#[test]
fn main_gets_its_arguments_and_gives_the_status() {
    let library = "long length(const char *s) { long n = 0; while (s[n]) n++; return n; }";
    let main = "long length(const char *); static int begun; __attribute__((constructor)) static void begin(void) { begun = 100; }
         int main(int argc, char **argv, char **envp) { long n = begun; for (int i = 1; i < argc; i++) n += length(argv[i]); return argv[argc] || !envp[0] ? 1 : (int)n; }";
    let Some(program) = Program::of_parts(&[("library", library), ("program", main)]) else {
        return;
    };
    let output = ve_run(&[&program.arguments()[..], &["four", "--lib", ""]].concat());
    assert_eq!(end(&output), (109, String::new()));
    let program = program.file();
    let (status, why) = end(&ve_run(&[program]));
    assert_eq!(status, 125);
    assert!(why.contains("length") && why.contains("program.o"), "{why}");
    assert_eq!(end(&ve_run(&["--unresolved", "lazy", program])).0, 100);
    let (status, why) = end(&ve_run(&["--unresolved", "lazy", program, "x"]));
    assert_eq!(status, 127);
    assert!(
        why.contains("length was asked for") && why.contains("main+"),
        "{why}"
    );
}

#[test]
fn missing_parts_of_the_cpp_runtime_are_named() {
    let source = "void __cxa_throw(void), _ZNSt6thread4joinEv(void); int main(void) { _ZNSt6thread4joinEv(); __cxa_throw(); return 0; }";
    let Some(program) = Program::compile(source) else {
        return;
    };
    let (status, why) = end(&program.run(&[]));
    assert_eq!(status, 125);
    for part in [
        "__cxa_throw",
        "_ZNSt6thread4joinEv",
        "C++",
        "-fno-exceptions",
    ] {
        assert!(why.contains(part), "{why}");
    }
    let source = "void elsewhere(void); int main(void) { elsewhere(); return 0; }";
    let Some(program) = Program::compile(source) else {
        return;
    };
    let (_, why) = end(&program.run(&[]));
    assert!(why.contains("elsewhere") && !why.contains("C++"), "{why}");
}

#[test]
fn a_call_takes_words_and_prints_the_result_in_all_ways() {
    let Some(program) = Program::compile("long sub(long a, long b) { return a - b; } double half(double x) { return x / 2; } float third(float x) { return x / 4; }
         int letter(const char *s, long n) { return s[n]; }") else {
        return;
    };
    let file = program.file();
    for (arguments, expected) in [
        (&["sub", "7", "-1"][..], "0x0000000000000008 8 0.00000"),
        (&["sub", "0x10", "17"], "0xffffffffffffffff -1 NaN NaN"),
        (
            &["half", "1.5"],
            "0x3fe8000000000000 4604930618986332160 0.75 ",
        ),
        (&["third", "1.5f"], "0x3ec0000000000000 "),
        (&["letter", "\"abc\"", "1"], "0x0000000000000062 98 "),
    ] {
        let output = ve_run(&[&["--call", arguments[0], file], &arguments[1..]].concat());
        assert_eq!(end(&output), (0, String::new()), "{arguments:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with(expected), "{arguments:?}: {text}");
        assert_eq!(text.split_whitespace().count(), 4, "{text}");
    }
    let text = ve_run(&["--call", "third", file, "1.5f"]).stdout;
    assert!(
        String::from_utf8(text)
            .unwrap()
            .trim_end()
            .ends_with(" 0.375")
    );
    let (status, why) = end(&ve_run(&["--call", "sub", file, "seven", "1"]));
    assert_eq!(status, 2);
    assert!(why.contains("seven"), "{why}");
    let (status, why) = end(&ve_run(&["--call", "subtract", file, "1"]));
    assert_eq!(status, 125);
    assert!(why.contains("has no function subtract"), "{why}");
}

#[test]
fn a_call_takes_any_number_of_words() {
    let function = |count: usize| {
        let names: Vec<_> = (0..count).map(|n| format!("long a{n}")).collect();
        let sum: Vec<_> = (0..count).map(|n| format!(" + {n} * a{n}")).collect();
        format!(
            "long of{count}({}) {{ return 7{}; }}",
            names.join(", "),
            sum.concat()
        )
    };
    let counts = [0, 1, 8, 9, 256];
    let Some(program) = Program::compile(&counts.map(function).join("\n")) else {
        return;
    };
    for count in counts {
        let words: Vec<_> = (0..count).map(|n| (n * n).to_string()).collect();
        let mut arguments = vec!["--call".to_owned(), format!("of{count}")];
        arguments.push(program.file().to_owned());
        arguments.extend(words);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let output = ve_run(&arguments);
        assert_eq!(end(&output), (0, String::new()), "{count}");
        let expected = 7 + (0..count).map(|n| n * n * n).sum::<usize>();
        let text = text(&output);
        let found = text.split(' ').nth(1).map(str::to_owned);
        assert_eq!(found, Some(expected.to_string()), "{count}: {text}");
    }
}

#[test]
fn each_abnormal_end_has_its_status_and_a_sentence() {
    let Some(program) = Program::compile(
        "void abort(void); void exit(int);
         long wild(long a) { return *(volatile long *)a; } void ends(void) { for (;;) ; } void aborts(void) { abort(); }
         long deep(long n) { volatile char room[4096]; room[n & 63] = 1; return deep(n + 1) + room[n & 63]; }
         void leaves(int code) { exit(code); } long jumps(long (*f)(void)) { return f() + 1; }
         void illegal(void) { asm volatile(\".quad 0\"); } void breaks(void) { asm volatile(\"monc.hdb\"); }
         void unknown(void) { asm volatile(\"ts2am %s0, 0(%s1), %s2\"); }
         long misaligned(long *p) { return __atomic_fetch_add((long *)((char *)p + 4), 1, __ATOMIC_SEQ_CST); }",
    ) else {
        return;
    };
    let file = program.file();
    for (call, status, parts) in [
        (&["wild", "8"][..], 139, &["read of 0x8", "wild+"][..]),
        (&["jumps", "8"], 139, &["jump to 0x8"]),
        (&["deep", "0"], 139, &["the stack is full", "deep+"]),
        (&["aborts"], 134, &["abort", "aborts+"]),
        (&["illegal"], 132, &["no instruction", "illegal+"]),
        (&["unknown"], 132, &["ts2am", "not known"]),
        (&["breaks"], 133, &["breakpoint"]),
        (
            &["misaligned", "\"text and more\""],
            135,
            &["not a multiple of 8"],
        ),
        (&["leaves", "7"], 7, &[]),
    ] {
        let output = ve_run(&[&["--call", call[0], file], &call[1..]].concat());
        let (found, why) = end(&output);
        assert_eq!(found, status, "{call:?}: {why}");
        assert!(
            parts.iter().all(|part| why.contains(part)),
            "{call:?}: {why}"
        );
        assert_eq!(parts.is_empty(), why.is_empty(), "{call:?}: {why}");
    }
    let (status, why) = end(&ve_run(&["--time-limit", "0.1", "--call", "ends", file]));
    assert_eq!(status, 124);
    assert!(why.contains("time limit"), "{why}");
    let (status, why) = end(&ve_run(&["/dev/null"]));
    assert_eq!(status, 125);
    assert!(why.contains("/dev/null"), "{why}");
}

#[test]
fn traces_and_counts_say_what_has_run() {
    let Some(program) = Program::compile(
        "__attribute__((noinline)) long inner(long n) { return n * 3; } long outer(long n) { return inner(n) + inner(n + 1); }",
    ) else {
        return;
    };
    let file = program.file();
    let calls = ve_run(&["--trace", "calls", "--call", "outer", file, "2"]);
    let text = String::from_utf8(calls.stderr).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(
        lines
            .iter()
            .all(|line| line.starts_with("outer+") && line.ends_with(" calls inner")),
        "{text}"
    );
    let all = ve_run(&[
        "--trace",
        "instructions",
        "--profile",
        "--call",
        "outer",
        file,
        "2",
    ]);
    let text = String::from_utf8(all.stderr).unwrap();
    let traced = text.lines().filter(|line| line.contains(": ")).count();
    let counted = text
        .lines()
        .find_map(|line| line.strip_suffix("  Inst. Count"))
        .unwrap();
    assert_eq!(counted.trim().parse(), Ok(traced), "{text}");
    assert!(text.lines().any(|line| line.trim() == "2  bsic"), "{text}");
}

#[test]
fn each_instruction_is_told_once() {
    // More than one page of code.
    let source =
        "__asm__(\".globl f\\nf:\\n.rept 1000\\nor %s1, 1, %s1\\n.endr\\nb.l.t (, %s10)\\n\");";
    let Some(program) = Program::compile(source) else {
        return;
    };
    let file = program.file();
    let options = ["--trace", "instructions", "--profile", "--call", "f", file];
    let text = String::from_utf8(ve_run(&options).stderr).unwrap();
    let count = |part: &str| text.lines().filter(|line| line.contains(part)).count();
    assert_eq!((count(": or "), count(": b.l.t")), (1000, 1), "{text}");
    for counted in ["1001  Inst. Count", "1000  or"] {
        assert!(text.lines().any(|line| line.trim() == counted), "{text}");
    }
}

#[test]
fn the_last_instructions_are_told_of_every_thread_after_a_trap() {
    let Some(program) = Program::compile(
        "typedef unsigned long pthread_t;
         int pthread_create(pthread_t *, const void *, void *(*)(void *), void *);
         int pthread_join(pthread_t, void **);
         long *volatile wild = (long *)64;
         void *work(void *unused) { *wild = 1; return 0; }
         int fails(void) { pthread_t t; pthread_create(&t, 0, work, 0); return pthread_join(t, 0); }
         long fine(long n) { return n; }
         __asm__(\".globl many\\n.type many, @function\\nmany:\\n.rept 1000\\nor %s1, 1, %s1\\n.endr\\nst %s1, 64(0)\\n\");",
    ) else {
        return;
    };
    let file = program.file();
    let told = |options: &[&str]| {
        let output = ve_run(options);
        String::from_utf8(output.stderr).unwrap()
    };
    let text = told(&["--trace", "last:20", "--call", "fails", file]);
    let (main, work) = text
        .split_once("instructions of a thread that VE machine code has created:\n")
        .expect(&text);
    assert!(
        main.starts_with("the last ") && main.contains(" instructions of main:\n"),
        "{text}"
    );
    assert!(main.contains(" <fails+0x"), "{text}");
    let lines: Vec<_> = work.lines().collect();
    let [.., last, why] = &*lines else {
        panic!("{text}")
    };
    // The sentence names the instruction that was executed last.
    let (address, instruction) = last.split_once(" <work+0x").expect(&text);
    assert!(instruction.contains(">: st "), "{text}");
    assert!(why.contains(&format!("at 0x{address}: ")), "{text}");
    // The newest of many, in order, across pages.
    let text = told(&["--trace", "last:600", "--call", "many", file]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "the last 600 instructions of main:");
    let addresses: Vec<_> = lines[1..601]
        .iter()
        .map(|line| u64::from_str_radix(line.split(' ').next().unwrap(), 16).unwrap())
        .collect();
    assert!(
        addresses.windows(2).all(|pair| pair[1] == pair[0] + 8),
        "{text}"
    );
    assert!(lines[600].contains("<many+0x1f40>: st "), "{text}");
    assert_eq!(lines.len(), 602, "{text}");
    // Nothing else is reported.
    assert_eq!(
        told(&["--trace", "last:20", "--call", "fine", file, "1"]),
        ""
    );
}

#[test]
fn exit_functions_run_after_main_as_in_c() {
    let Some(program) = Program::compile(
        "int printf(const char *, ...); int atexit(void (*)(void)); char *getenv(const char *);
         static void last(void) { printf(\" last\"); }
         int main(void) { atexit(last); printf(\"first %s\", getenv(\"VE_RUN_TEST\")); return 3; }
         long says(long n) { printf(\"n is %ld\\n\", n); return n; }",
    ) else {
        return;
    };
    let output = Command::new(env!("CARGO_BIN_EXE_ve-run"))
        .env("VE_RUN_TEST", "given")
        .arg(program.file())
        .output()
        .unwrap();
    assert_eq!(end(&output), (3, String::new()));
    assert_eq!(text(&output), "first given last");
    let output = ve_run(&["--call", "says", program.file(), "5"]);
    let text = text(&output);
    assert!(text.starts_with("n is 5\n0x0000000000000005 5 "), "{text}");
}

/// LLVM's code for short vectors of C loads whole registers from where they are, even in the first frame of the stack.
#[test]
fn a_whole_vector_can_be_loaded_from_the_first_frame() {
    let Some(program) = Program::compile(
        "int main(void) { volatile long numbers[2] = {40, 2}; long a, b;
         asm volatile(\"lea %%s63, 256\\n lvl %%s63\\n vld %%v0, 8, %2\\n lvs %0, %%v0(0)\\n lvs %1, %%v0(1)\"
                      : \"=&r\"(a), \"=&r\"(b) : \"r\"(numbers) : \"s63\", \"memory\");
         return a + b; }",
    ) else {
        return;
    };
    let output = program.run(&[]);
    assert_eq!(end(&output), (42, String::new()));
}
