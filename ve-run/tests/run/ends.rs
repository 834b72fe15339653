//! How programs end: compared with the same programs on the host.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use crate::support::{Program, end, text, ve_run, ve_run_waiting};

const ENDS: &str = "
    int puts(const char *), printf(const char *, ...), on_exit(void (*)(int, void *), void *), at_quick_exit(void (*)(void));
    int atexit(void (*)(void)), atoi(const char *), fflush(void *); void exit(int), _exit(int), _Exit(int), quick_exit(int);
    __attribute__((constructor)) static void constructor(void) { puts(\"constructor\"); }
    __attribute__((constructor(102))) static void second(void) { puts(\"constructor 102\"); }
    __attribute__((constructor(101))) static void first(void) { puts(\"constructor 101\"); }
    __attribute__((destructor)) static void destructor(void) { puts(\"destructor\"); }
    __attribute__((destructor(102))) static void last_but_one(void) { puts(\"destructor 102\"); }
    __attribute__((destructor(101))) static void last(void) { puts(\"destructor 101\"); }
    static void third(void) { puts(\"registered third\"); }
    static void again(void) { puts(\"registered second\"); atexit(third); }
    static void exits(void) { puts(\"registered first\"); exit(7); }
    static void quick(void) { puts(\"quick\"); fflush(0); }
    static void code(int code, void *argument) { printf(\"code %d, argument %s\\n\", code, (char *)argument); }
    int main(int argc, char **argv) {
        atexit(exits); on_exit(code, \"text\"); at_quick_exit(quick); atexit(again);
        printf(\"no end of line\");
        fflush(0);
        switch (argc > 1 ? atoi(argv[1]) : WAY) {
        case 1: exit(-2);
        case 2: _exit(3);
        case 3: _Exit(4);
        case 4: quick_exit(5);
        }
        return 258;
    }";

#[test]
fn functions_registered_for_the_end_are_called_as_in_c() {
    for way in 0..5 {
        let source = ENDS.replace("WAY", &way.to_string());
        let Some(program) = Program::compile(&source) else {
            return;
        };
        program.run_as_on_host(&[]);
    }
}

/// Priorities count over all objects, as for a linker.
#[test]
fn constructors_of_several_objects_have_one_order() {
    let part = |name: &str, more: &str| {
        let hooks = [
            ("constructor", 300),
            ("constructor", 0),
            ("destructor", 300),
            ("destructor", 0),
        ];
        let hooks: String = hooks
            .iter()
            .enumerate()
            .map(|(number, (kind, first))| {
                let priority = match first {
                    0 => String::new(),
                    first => format!("({})", first + if name == "a" { 50 } else { 0 }),
                };
                format!("__attribute__(({kind}{priority})) static void f{number}(void) {{ puts(\"{name} {kind}{priority}\"); }}\n")
            })
            .collect();
        format!("int puts(const char *);\n{hooks}{more}")
    };
    let (a, b) = (part("a", ""), part("b", "int main(void) { return 0; }"));
    let Some(program) = Program::of_parts(&[("a", &a), ("b", &b)]) else {
        return;
    };
    assert_eq!(program.run_as_on_host(&[]).lines().count(), 8);
}

/// A small C library that buffers its output until `exit`, and calls the system.
const LIBRARY: &str = r#"
static char held[100];
static long length;
static void ask(long number, long first, const void *second, long third)
{
    asm volatile("ld %%s61, 24(, %%s14)\n shm.l %0, (%%s61)\n shm.l %1, 8(%%s61)\n shm.l %2, 16(%%s61)\n shm.l %3, 24(%%s61)\n monc"
        : : "r"(number), "r"(first), "r"(second), "r"(third) : "s0", "s61", "memory");
}
void say(const char *text) { while (*text) held[length++] = *text++; }
void exit(int code) { say(" exit"); ask(1, 1, held, length); ask(231, code, 0, 0); }
"#;

#[test]
fn a_program_ends_by_the_exit_of_its_c_library() {
    let main = "void say(const char *), exit(int);
         __attribute__((destructor)) static void last(void) { say(\" last\"); }
         int main(int argc, char **argv) { say(\"main\"); if (argc > 1) exit(4); return 3; }
         long seven(void) { return 7; }";
    let Some(program) = Program::of_parts(&[("library", LIBRARY), ("program", main)]) else {
        return;
    };
    let output = |options: &[&str], more: &[&str]| {
        let output = ve_run(&[options, &program.arguments(), more].concat());
        (end(&output), text(&output))
    };
    let ended = |status: i32, text: &str| ((status, String::new()), text.to_owned());
    assert_eq!(output(&[], &[]), ended(3, "main last exit"));
    assert_eq!(output(&[], &["x"]), ended(4, "main exit"));
    let (status, text) = output(&["--call", "seven"], &[]);
    assert_eq!(status, (0, String::new()));
    assert!(
        text.starts_with(" last exit0x0000000000000007 7 "),
        "{text}"
    );
}

#[test]
fn the_time_limit_ends_a_program_that_waits_for_input() {
    let Some(program) = Program::compile(
        "int getchar(void), puts(const char *); int main(void) { puts(\"waiting\"); return getchar(); }",
    ) else {
        return;
    };
    let output = ve_run_waiting(&["--time-limit", "0.1", program.file()]);
    let (status, why) = end(&output);
    assert_eq!(status, 124);
    // It is the program that ends, not `ve-run` that gives up on it.
    assert!(why.contains("time limit") && why.contains("main+"), "{why}");
    assert_eq!(output.stdout, b"waiting\n");
}

/// The limit counts from the start of the program, of which they are part.
#[test]
fn the_time_limit_ends_constructors_and_destructors() {
    for kind in ["constructor", "destructor"] {
        let source = format!(
            "int puts(const char *); static volatile int more = 1;
            __attribute__(({kind})) static void endless(void) {{ puts(\"begins\"); while (more); }}
            int main(void) {{ return 0; }}"
        );
        let Some(program) = Program::compile(&source) else {
            return;
        };
        let (status, why) = end(&program.run(&["--time-limit", "3"]));
        assert_eq!(status, 124, "{kind}: {why}");
        assert!(why.contains("time limit"), "{kind}: {why}");
    }
}

#[test]
fn the_time_limit_ends_a_program_whose_output_nobody_takes() {
    let line = format!("puts(\"{}\")", "long ".repeat(200));
    for (name, print) in [("lines", &*line), ("text", "printf(\"%01000d\", 7)")] {
        let source = format!(
            "int puts(const char *), printf(const char *, ...);
            int main(void) {{ for (;;) {print}; }}"
        );
        let Some(program) = Program::compile(&source) else {
            return;
        };
        let output = ve_run_waiting(&["--time-limit", "1", program.file()]);
        let (status, why) = end(&output);
        assert_eq!(status, 124, "{name}");
        assert!(why.contains("time limit") && why.contains("main+"), "{why}");
        // A full pipe.
        assert!(output.stdout.len() > 60_000, "{}", output.stdout.len());
    }
}

#[test]
fn a_pipe_that_nobody_reads_ends_a_program() {
    let Some(program) =
        Program::compile("int puts(const char *); int main(void) { for (;;) puts(\"and on\"); }")
    else {
        return;
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_ve-run"))
        .args(["--time-limit", "60"])
        .arg(program.file())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    // 13 is SIGPIPE.
    assert_eq!(child.wait().unwrap().signal(), Some(13));
}

#[test]
fn a_thread_that_waits_for_input_holds_up_nothing() {
    let Some(program) = Program::compile(
        "int getchar(void), puts(const char *), usleep(unsigned);
        int pthread_create(unsigned long *, const void *, void *(*)(void *), void *);
        static void *wait(void *p) { getchar(); return p; }
        int main(void) {
            unsigned long thread;
            pthread_create(&thread, 0, wait, 0);
            usleep(100000);
            puts(\"the end\");
            return 3;
        }",
    ) else {
        return;
    };
    let output = ve_run_waiting(&[program.file()]);
    assert_eq!(output.stdout, b"the end\n");
    assert_eq!(output.status.code(), Some(3), "{}", end(&output).1);
}

/// Sorting much takes no second copy of it on the host.
#[test]
fn much_is_sorted_in_its_place() {
    let Some(program) = Program::compile(
        "typedef unsigned long size_t; typedef struct file FILE;
        int printf(const char *, ...), strncmp(const char *, const char *, size_t), atoi(const char *), fclose(FILE *);
        char *fgets(char *, int, FILE *); FILE *fopen(const char *, const char *); void *malloc(size_t), *memset(void *, int, size_t);
        void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
        enum { COUNT = 9, SIZE = 16 << 20 };
        static char *base; static int outside;
        static int compare(const void *a, const void *b) {
            const unsigned char *x = a, *y = b;
            outside += (x - (unsigned char *)base) % SIZE != 0 || (y - (unsigned char *)base) % SIZE != 0;
            return *x - *y;
        }
        /* The most memory that this process has had, in KiB. */
        static int most(void) {
            char line[200]; int most = -1; FILE *file = fopen(\"/proc/self/status\", \"r\");
            while (fgets(line, sizeof line, file)) if (!strncmp(line, \"VmHWM:\", 6)) most = atoi(line + 6);
            fclose(file);
            return most;
        }
        int main(void) {
            base = malloc((size_t)COUNT * SIZE);
            for (int i = 0; i < COUNT; i++) memset(base + (size_t)i * SIZE, i * 4 % COUNT, SIZE);
            int before = most();
            qsort(base, COUNT, SIZE, compare);
            int more = most() - before, wrong = 0;
            for (int i = 0; i < COUNT; i++)
                for (size_t at = 0; at < SIZE; at += 4095) wrong += base[(size_t)i * SIZE + at] != i;
            printf(\"%d %d\\n\", wrong, outside);
            return before < COUNT * (SIZE >> 10) ? 1 : more > 32 << 10 ? 2 : 0;
        }",
    ) else {
        return;
    };
    let output = program.run(&[]);
    assert_eq!(end(&output), (0, String::new()));
    assert_eq!(output.stdout, b"0 0\n");
}
