//! Threads that machine code creates: how they end, what their faults do.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ve_isa::image::ImageFile;
use ve_isa::machine::{Machine, MachineThread, Unresolved};
use ve_isa::trap::TrapKind;

use crate::support::{can_compile, machine, object};

const SOURCE: &str = r#"
#include "libc.h"
#ifndef FIFO
#define FIFO ""
#endif
static pthread_t thread;
static pthread_mutex_t first, second;
static sem_t begun, ended, go;
static volatile long turns;
static void *fault(void *argument) { *(volatile int *)0x10 = 1; return argument; }
static void *leave(void *argument) { exit((int)(long)argument); return 0; }
static void *spin(void *argument) { sem_post(&begun); for (;;) turns++; return argument; }
static void *crossed(void *argument)
{
    pthread_mutex_lock(&second);
    sem_post(&begun);
    pthread_mutex_lock(&first);
    return argument;
}
static void *deep(void *argument) { volatile char room[4096]; room[0] = 1; return (char *)deep(argument) + room[0]; }
static void *after(void *argument) { sem_wait(&go); turns = (long)argument; sem_post(&ended); return 0; }
static void *ordered(void *argument) { (*(void (**)(void))argument)(); return 0; }
static void create(void *(*function)(void *), void *argument) { if (pthread_create(&thread, 0, function, argument)) abort(); }

long faults(void) { create(fault, 0); return pthread_join(thread, 0); }
long faults_while_it_runs(void) { create(fault, 0); for (;;) turns++; }
long faults_alone(void) { create(fault, 0); sem_post(&begun); sem_wait(&begun); return 7; }
long exits(void) { create(leave, (void *)42); return pthread_join(thread, 0); }
long overflows(void) { create(deep, 0); return pthread_join(thread, 0); }
long deadlock(void)
{
    pthread_mutex_lock(&first);
    create(crossed, 0);
    sem_wait(&begun);
    return pthread_mutex_lock(&second);
}
int pipe(int *);
long read(int, void *, size_t);
long reads(void) { int ends[2]; char byte; pipe(ends); return read(ends[0], &byte, 1); }
int write(int, const void *, size_t);
FILE *fdopen(int, const char *);
static FILE *empty(void) { int ends[2]; return pipe(ends) ? 0 : fdopen(ends[0], "r"); }
long gets_line(void) { char line[9]; return fgets(line, 9, empty()) != 0; }
long gets_long_line(void) { char *line = 0; size_t size = 0; return getline(&line, &size, empty()); }
long gets_character(void) { return fgetc(empty()); }
long scans(void) { int number; return fscanf(empty(), "%d", &number); }
long reads_part(void)
{
    int ends[2];
    char bytes[9];
    pipe(ends);
    write(ends[1], "four", 4);
    return fread(bytes, 1, 9, fdopen(ends[0], "r"));
}
int open(const char *, int, ...);
int close(int);
long opens_to_read(void) { return open(FIFO, 0); }
long opens_to_write(void) { return open(FIFO, 1); }
long opens_a_stream_to_read(void) { return fopen(FIFO, "r") != 0; }
long opens_a_stream_to_write(void) { return fopen(FIFO, "a") != 0; }
long fills_a_pipe(void) { static char bytes[5000]; int ends[2]; pipe(ends); for (;;) write(ends[1], bytes, sizeof bytes); }
long fills_a_stream(void) { int ends[2]; pipe(ends); FILE *to = fdopen(ends[1], "w"); for (;;) fputs("text\n", to); }
long reads_a_fifo(void) { char bytes[9]; int from = open(FIFO, 0); long done = read(from, bytes, 9); close(from); return done; }
long reads_a_fifo_as_a_stream(void)
{
    char line[9];
    FILE *from = fopen(FIFO, "r");
    long done = fgets(line, 9, from) ? strlen(line) : -1;
    fclose(from);
    return done;
}
long writes_a_fifo(void) { int to = open(FIFO, 1); long done = write(to, "four", 4); close(to); return done; }
long writes_a_fifo_as_a_stream(void) { FILE *to = fopen(FIFO, "w"); return fputs("four", to) < 0 || fclose(to) ? -1 : 4; }
static void *take(void *stream) { sem_post(&begun); fgetc(stream); return 0; }
long waits_for_a_reader(void) { FILE *stream = empty(); create(take, stream); sem_wait(&begun); return fgetc(stream) + feof(stream); }
__attribute__((noinline)) static long innermost(long *place) { return *(volatile long *)place; }
__attribute__((noinline)) static long middle(long *place) { return innermost(place) + 1; }
static void *outermost(void *place) { return (void *)(middle(place) + 1); }
__attribute__((noinline)) static long joining(void) { create(outermost, (void *)0x18); return pthread_join(thread, 0) + 1; }
long faults_deep(void) { return joining() + 1; }
int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
static pthread_key_t key;
static long ends;
static void note(void *digit) { ends = ends * 10 + (long)digit; }
long uses(long digit)
{
    if (!key) pthread_key_create(&key, note);
    pthread_setspecific(key, (void *)(digit + 1));
    return __cxa_thread_atexit_impl(digit == 9 ? (void (*)(void *))fault : note, (void *)digit, 0);
}
static void *using(void *digit) { uses((long)digit); return 0; }
long uses_in_a_thread(long digit) { create(using, (void *)digit); return pthread_join(thread, 0); }
long what_has_ended(void) { return ends; }
long spins(void) { create(spin, 0); sem_wait(&begun); return turns >= 0; }
long joins(void) { return pthread_join(thread, 0); }
long waits(void) { create(after, (void *)99); return 0; }
long goes(void) { sem_post(&go); sem_wait(&ended); return turns; }
long last_exit(void) { create(after, (void *)98); sem_post(&go); pthread_exit(0); }
long many(void)
{
    long made = 0;
    while (made < 5000 && pthread_create(&thread, 0, after, 0) == 0) made++;
    return made;
}
static void run(void) {}
"#;

/// The program, with a FIFO in the directory.
fn source(directory: &Path) -> String {
    let fifo = directory.join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    format!("#define FIFO \"{}\"\n{SOURCE}", fifo.display())
}

#[test]
fn a_fault_in_a_thread_is_that_of_the_call() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let machine = machine(directory.path(), SOURCE, &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let mut call = |name: &str| thread.call(machine.symbol(name).unwrap(), &[]);
    for name in ["faults", "faults_while_it_runs"] {
        let trap = call(name).unwrap_err();
        assert!(
            matches!(
                trap.kind,
                TrapKind::MemoryAccess {
                    address: 0x10,
                    write: true,
                    ..
                }
            ),
            "{name}: {trap}"
        );
        assert!(machine.report(&trap).contains("in fault+"), "{trap}");
    }
    assert_eq!(call("exits").unwrap_err().kind, TrapKind::Exit { code: 42 });
    let trap = call("overflows").unwrap_err();
    assert!(
        matches!(trap.kind, TrapKind::StackOverflow { .. }),
        "{trap}"
    );
    // The thread that called can be called again, and what stopped it was taken back.
    assert_eq!(call("waits"), Ok(0));
    assert_eq!(call("goes"), Ok(99));
    assert_eq!(
        call("last_exit").unwrap_err().kind,
        TrapKind::Exit { code: 0 }
    );
}

#[test]
fn a_fault_in_a_thread_is_told_with_the_stack_and_the_callers_of_that_thread() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let machine = machine(directory.path(), SOURCE, &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let mut call = |name: &str| {
        let ended = thread.call(machine.symbol(name).unwrap(), &[]);
        (ended, thread.thread().frames())
    };
    let name = |address: u64| machine.function_at(address).unwrap().name;
    let (ended, frames) = call("faults_deep");
    let trap = ended.unwrap_err();
    assert_eq!(name(trap.ic), "innermost");
    assert_eq!(name(frames.lr), "middle");
    let callers: Vec<_> = frames.returns.iter().map(|at| name(*at)).collect();
    assert_eq!(callers, ["outermost"]);
    let (ended, frames) = call("overflows");
    let TrapKind::StackOverflow { sp } = ended.unwrap_err().kind else {
        panic!("it has used all of its stack");
    };
    assert_eq!(frames.stack.end - frames.stack.start, 8 << 20);
    assert!(sp < frames.stack.start + (1 << 20), "{sp:#x} {frames:x?}");
    // A trap of its own is that of the thread itself again.
    let (ended, frames) = call("last_exit");
    assert_eq!(ended.unwrap_err().kind, TrapKind::Exit { code: 0 });
    assert_eq!(frames.stack, thread.thread().stack());
}

#[test]
fn a_panic_in_a_function_of_the_host_is_a_trap() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
#include "libc.h"
long panics(long);
static void *thread(void *argument) { return (void *)panics((long)argument); }
static int compare(const void *one, const void *other) { return (int)panics(*(const long *)one); }
long here(void) { return panics(1); }
long nested(void) { long items[2] = {1, 2}; qsort(items, 2, 8, compare); return 1; }
long in_a_thread(void) { pthread_t made; pthread_create(&made, 0, thread, (void *)1); return pthread_join(made, 0); }
long calm(void) { return panics(0); }
static void run(void) {}
"#;
    let object = object(directory.path(), source, &["-O1"]);
    let machine = Machine::new().unwrap();
    machine
        .provide("panics", |thread| {
            assert_eq!(thread.registers().scalar(0), 0, "as was asked for");
            Ok(())
        })
        .unwrap();
    let input = ImageFile {
        name: "k.o",
        bytes: &object,
    };
    machine.load(&[input], Unresolved::Error).unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    for function in ["here", "nested", "in_a_thread"] {
        let trap = thread.call(machine.symbol(function).unwrap(), &[]);
        let Err(TrapKind::HostFunction { name, why }) = trap.map_err(|trap| trap.kind) else {
            panic!("{function} ends by a trap of the host's function");
        };
        assert_eq!(name, "panics", "{function}: {why}");
        assert!(why.contains("as was asked for"), "{function}: {why}");
        let calm = machine.symbol("calm").unwrap();
        assert_eq!(thread.call(calm, &[]), Ok(0), "{function}");
    }
}

#[test]
fn the_end_of_a_thread_calls_destructors_of_its_values() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let machine = machine(directory.path(), SOURCE, &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let call = |thread: &mut MachineThread<'_>, name: &str, words: &[u64]| {
        thread.call(machine.symbol(name).unwrap(), words).unwrap()
    };
    call(&mut thread, "uses", &[1]);
    assert_eq!(call(&mut thread, "what_has_ended", &[]), 0);
    thread.finish().unwrap();
    assert_eq!(call(&mut thread, "what_has_ended", &[]), 12);
    call(&mut thread, "uses_in_a_thread", &[3]);
    thread.finish().unwrap();
    assert_eq!(call(&mut thread, "what_has_ended", &[]), 1234);
    call(&mut thread, "uses", &[9]);
    let trap = thread.finish().unwrap_err();
    assert!(machine.report(&trap).contains("in fault+"), "{trap}");
}

#[test]
fn a_fault_that_no_call_waits_for_ends_the_next_one() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let machine = machine(directory.path(), SOURCE, &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let mut call = |name: &str| thread.call(machine.symbol(name).unwrap(), &[]);
    // Whether the fault comes before or after the end of the first call, one of the two ends by it.
    let mut trap = call("faults_alone").err();
    for _ in 0..1000 {
        if trap.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
        trap = call("waits").err();
    }
    let trap = trap.unwrap();
    assert!(machine.report(&trap).contains("in fault+"), "{trap}");
}

#[test]
fn a_time_limit_reaches_what_waits_for_ever() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let machine = machine(directory.path(), &source(directory.path()), &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let handle = thread.thread().stop_handle();
    let waiting = [
        "deadlock",
        "reads",
        "gets_line",
        "gets_long_line",
        "gets_character",
        "scans",
        "reads_part",
        "waits_for_a_reader",
        "opens_to_read",
        "opens_to_write",
        "opens_a_stream_to_read",
        "opens_a_stream_to_write",
        "fills_a_pipe",
        "fills_a_stream",
    ];
    for name in waiting {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                handle.time_is_up();
            });
            let trap = thread.call(machine.symbol(name).unwrap(), &[]);
            assert_eq!(trap.unwrap_err().kind, TrapKind::TimeLimit, "{name}");
        });
    }
}

/// The expression is small, but the search for it begins anew at each of so many bytes.
#[test]
fn a_time_limit_ends_a_search_that_takes_long() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
        #include "libc.h"
        int regcomp(unsigned long *, const char *, int), regexec(const unsigned long *, const char *, size_t, int *, int);
        static char text[20001];
        long search(void) { static unsigned long r[8]; memset(text, 'a', 20000); return regcomp(r, "(a|aa)*b", 1) ? -1 : regexec(r, text, 0, 0, 0); }
        static void run(void) {}
    "#;
    let machine = machine(directory.path(), source, &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let handle = thread.thread().stop_handle();
    let is_over = AtomicBool::new(false);
    // The search is done on a thread of its own, so that the program can end before it.
    let is_searching = || {
        let threads = std::fs::read_dir("/proc/self/task").unwrap();
        threads.flatten().any(|thread| {
            std::fs::read_to_string(thread.path().join("comm"))
                .is_ok_and(|name| name.trim() == "regex")
        })
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) && !is_searching() {
                std::thread::sleep(Duration::from_millis(5));
            }
            handle.time_is_up();
        });
        let trap = thread.call(machine.symbol("search").unwrap(), &[]);
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(trap.map_err(|trap| trap.kind), Err(TrapKind::TimeLimit));
    });
}

#[test]
fn both_ends_of_a_fifo_meet() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let machine = machine(directory.path(), &source(directory.path()), &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let fifo = &directory.path().join("fifo");
    let mut call = |name: &str| thread.call(machine.symbol(name).unwrap(), &[]);
    for name in ["reads_a_fifo", "reads_a_fifo_as_a_stream"] {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| std::fs::write(fifo, "four"));
            assert_eq!(call(name), Ok(4), "{name}");
            other.join().unwrap().unwrap();
        });
    }
    for name in ["writes_a_fifo", "writes_a_fifo_as_a_stream"] {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| std::fs::read(fifo));
            assert_eq!(call(name), Ok(4), "{name}");
            assert_eq!(other.join().unwrap().unwrap(), b"four", "{name}");
        });
    }
}

#[test]
fn threads_outlive_calls_but_not_the_machine() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let machine = machine(directory.path(), SOURCE, &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let turns = |thread: &mut MachineThread<'_>| {
        thread.call(machine.symbol("spins").unwrap(), &[]).unwrap()
    };
    assert_eq!(turns(&mut thread), 1);
    assert_eq!(turns(&mut thread), 1);
    // A stop of the thread that joins ends the wait, too, and with it all threads.
    thread.thread().stop_handle().stop();
    let trap = thread.call(machine.symbol("joins").unwrap(), &[]);
    assert_eq!(trap.unwrap_err().kind, TrapKind::Stopped);
    // None is left to be joined.
    assert_eq!(thread.call(machine.symbol("joins").unwrap(), &[]), Ok(3));
    assert_eq!(turns(&mut thread), 1);
    // The number of threads has a limit, and the program hears of it.
    let made = thread.call(machine.symbol("many").unwrap(), &[]).unwrap();
    assert!((100..5000).contains(&made), "{made}");
    drop(thread);
    drop(machine);
}

#[test]
fn a_thread_that_runs_sees_the_variables_of_an_image_that_comes_later() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
#include "libc.h"
static pthread_t thread;
static sem_t begun, go;
static long (*function)(void);
static void *work(void *argument) { (void)argument; sem_post(&begun); sem_wait(&go); return (void *)function(); }
long begin(void) { pthread_create(&thread, 0, work, 0); return sem_wait(&begun); }
long finish(long (*with)(void)) { void *value; function = with; sem_post(&go); pthread_join(thread, &value); return (long)value; }
static void run(void) {}
"#;
    let machine = machine(directory.path(), source, &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let mut call =
        |name: &str, words: &[u64]| thread.call(machine.symbol(name).unwrap(), words).unwrap();
    for value in [11, 12] {
        call("begin", &[]);
        let later = format!("_Thread_local long own = {value}; long get(void) {{ return own++; }}");
        let later = object(directory.path(), &later, &["-O1", "-fpic"]);
        let input = ImageFile {
            name: "later.o",
            bytes: &later,
        };
        let ids = machine.load(&[input], Unresolved::Error).unwrap();
        let get = machine.symbol("get").unwrap();
        assert_eq!(call("finish", &[get]), value);
        machine.unload(&ids).unwrap();
    }
}

/// The macros of the header beside the functions that they call.
#[test]
fn a_thread_cleans_up_when_it_ends() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
        #include <pthread.h>
        static long order;
        static void note(void *digit) { order = order * 10 + (long)digit; }
        __attribute__((noinline)) static void leave(long how) { if (how) pthread_exit((void *)7); }
        static void *work(void *how)
        {
            pthread_cleanup_push(note, (void *)1);
            pthread_cleanup_push(note, (void *)2);
            pthread_cleanup_push(note, (void *)3);
            pthread_cleanup_pop((long)how & 1);
            leave((long)how & 2);
            pthread_cleanup_pop(0);
            pthread_cleanup_pop(1);
            return (void *)8;
        }
        long cleans(long how)
        {
            pthread_t thread;
            void *value;
            order = 0;
            pthread_create(&thread, 0, work, (void *)how);
            pthread_join(thread, &value);
            return order * 10 + (long)value;
        }
    "#;
    let headers = concat!(env!("CARGO_MANIFEST_DIR"), "/../veo-build/libc");
    let flags = ["-O1", "-idirafter", headers];
    let machine = machine(directory.path(), source, &flags);
    let mut thread = machine.thread(1 << 20).unwrap();
    let function = machine.symbol("cleans").unwrap();
    let ends = [0, 1, 2, 3].map(|how| thread.call(function, &[how]));
    assert_eq!(ends, [Ok(18), Ok(318), Ok(217), Ok(3217)]);
}

/// POSIX says nothing of a function that is left by a jump; with the C library of Linux the next call waits for ever.
#[test]
fn what_runs_once_can_be_left_by_a_jump() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
        #include "libc.h"
        int setjmp(jmp_buf);
        void longjmp(jmp_buf, int);
        static jmp_buf place;
        static volatile int calls;
        static void once_only(void) { if (++calls < 3) longjmp(place, 1); }
        long leave(void)
        {
            static int control;
            if (setjmp(place)) return -calls;
            pthread_once(&control, once_only);
            return calls;
        }
        static void run(void) {}
    "#;
    let machine = machine(directory.path(), source, &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let leave = machine.symbol("leave").unwrap();
    for expected in [-1, -2, 3, 3] {
        assert_eq!(thread.call(leave, &[]).map(|it| it as i64), Ok(expected));
    }
}
