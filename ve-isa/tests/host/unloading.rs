//! Images are unloaded while threads run their code.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use ve_isa::image::ImageFile;
use ve_isa::machine::{Machine, Unresolved};
use ve_isa::trap::TrapKind;

use crate::support::{can_compile, object};

/// Threads that never end: in loops with data, with none, in functions of the host, called back by one, with variables of their own.
const RUNNING: &str = r#"
#include "libc.h"
static void run(void) {}
static sem_t begun;
static volatile long turns[4];
static _Thread_local long own;
static void *counts(void *argument) { sem_post(&begun); for (;;) turns[0]++; return argument; }
static void *spins(void *argument) { sem_post(&begun); for (;;) __asm__ volatile(""); return argument; }
static void *allocates(void *argument)
{
    sem_post(&begun);
    for (;;) {
        char *text = malloc(16);
        strcpy(text, "hello");
        turns[1] += strlen(text);
        free(text);
    }
    return argument;
}
static int compare(const void *a, const void *b) { turns[2]++; return *(const long *)a < *(const long *)b; }
static void *sorts(void *argument)
{
    long numbers[32];
    for (long i = 0; i < 32; i++) numbers[i] = i * 7 % 32;
    sem_post(&begun);
    for (;;) qsort(numbers, 32, sizeof(long), compare);
    return argument;
}
int sched_yield(void);
static void *yields(void *argument) { sem_post(&begun); for (;;) { turns[3] = own++; sched_yield(); } return argument; }
long begin(void)
{
    void *(*all[])(void *) = { counts, spins, allocates, sorts, yields };
    for (int i = 0; i < 5; i++) {
        pthread_t thread;
        if (pthread_create(&thread, 0, all[i], 0)) return -1;
        pthread_detach(thread);
    }
    for (int i = 0; i < 5; i++) sem_wait(&begun);
    return 5;
}
"#;

/// An image that lies where the other one was, if memory is used again.
const AFTER: &str = "long answer(void) { return 42; }";

/// A thread that never ends, calls nothing and has no data.
const SPINNING: &str = r#"
#include "libc.h"
static void run(void) {}
static sem_t begun;
static void *spins(void *argument) { sem_post(&begun); for (;;) __asm__ volatile(""); return argument; }
long begin(void) { pthread_t thread; if (pthread_create(&thread, 0, spins, 0)) return -1; return sem_wait(&begun); }
"#;

/// As on the card, where its next instruction cannot be fetched.
#[test]
fn a_thread_that_runs_code_that_goes_traps() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let spinning = object(directory.path(), SPINNING, &["-O1", "-fpic"]);
    let after = object(directory.path(), AFTER, &["-O1", "-fpic"]);
    let machine = Machine::new().unwrap();
    let load = |name: &str, bytes: &[u8]| {
        let loaded = machine.load(&[ImageFile { name, bytes }], Unresolved::Error);
        loaded.unwrap_or_else(|error| panic!("{error}"))
    };
    load("after.o", &after);
    let answer = machine.symbol("answer").unwrap();
    let ids = load("spinning.o", &spinning);
    let mut thread = machine.thread(1 << 20).unwrap();
    assert_eq!(thread.call(machine.symbol("begin").unwrap(), &[]), Ok(0));
    assert_eq!(thread.call(answer, &[]), Ok(42));
    let was = machine.symbol("begin").unwrap();
    machine.unload(&ids).unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    let trap = loop {
        match thread.call(answer, &[]) {
            Ok(value) => assert_eq!(value, 42),
            Err(trap) => break trap,
        }
        assert!(Instant::now() < end, "it runs code that is gone");
        std::thread::yield_now();
    };
    let TrapKind::OutsideCode { target } = trap.kind else {
        panic!("{trap}");
    };
    assert!(target.abs_diff(was) < 4096, "{trap}");
    assert_eq!(thread.call(answer, &[]), Ok(42));
}

#[test]
fn threads_in_an_image_that_goes_do_no_harm_but_to_the_program() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let running = object(directory.path(), RUNNING, &["-O1", "-fpic"]);
    let after = object(directory.path(), AFTER, &["-O1", "-fpic"]);
    let (tell, told) = mpsc::channel();
    let attack = std::thread::spawn(move || {
        let machine = Machine::new().unwrap();
        let load = |name: &str, bytes: &[u8]| {
            let loaded = machine.load(&[ImageFile { name, bytes }], Unresolved::Error);
            loaded.unwrap_or_else(|error| panic!("{error}"))
        };
        let mut thread = machine.thread(1 << 20).unwrap();
        for round in 0..20 {
            let ids = load("running.o", &running);
            let begin = machine.symbol("begin").unwrap();
            // Threads of the round before may still have been about to trap.
            let mut begun = thread.call(begin, &[]);
            for _ in 0..20 {
                if begun.is_err() {
                    begun = thread.call(begin, &[]);
                }
            }
            assert_eq!(begun, Ok(5), "round {round}");
            if round % 3 == 0 {
                std::thread::sleep(Duration::from_millis(5));
            }
            machine.unload(&ids).unwrap();
            let ids = load("after.o", &after);
            let answer = machine.symbol("answer").unwrap();
            let mut traps = 0;
            loop {
                match thread.call(answer, &[]) {
                    Ok(value) => break assert_eq!(value, 42),
                    Err(trap) => {
                        let is_expected = matches!(
                            trap.kind,
                            TrapKind::MemoryAccess { .. }
                                | TrapKind::OutsideCode { .. }
                                | TrapKind::HostFunction { .. }
                                | TrapKind::IllegalInstruction { .. }
                                | TrapKind::Stopped
                        );
                        assert!(is_expected, "{trap}");
                    }
                }
                traps += 1;
                assert!(traps < 100, "there is no end to faults");
            }
            machine.unload(&ids).unwrap();
        }
        drop(thread);
        drop(machine);
        let _ = tell.send(());
    });
    let ended = told.recv_timeout(Duration::from_secs(300));
    assert_ne!(
        ended,
        Err(RecvTimeoutError::Timeout),
        "the machine ends, whatever its threads do"
    );
    attack.join().unwrap();
}
