//! C programs, interpreted, translated and in both: results, flags, traps, the ways out of functions.

#![cfg(feature = "cranelift")]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ve_isa::encoding::assemble;
use ve_isa::image::{ImageFile, ImageId};
use ve_isa::interp::{
    Common, HostCode, InstructionSource, Interpreter, Pause, Reach, StopHandle, Translator,
};
use ve_isa::machine::{Machine, Unresolved};
use ve_isa::memory::{Protection, Window};
use ve_isa::state::psw::Psw;
use ve_isa::trap::{Trap, TrapKind};
use ve_jit::Cranelift;
use veo_test_support::ve::{self, can_compile};

/// How machine code is executed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Engine {
    Interpreted,
    Translated,
    Both,
}

const ENGINES: [Engine; 3] = [Engine::Interpreted, Engine::Translated, Engine::Both];

/// Bytes of stack.
const STACK: u64 = 1 << 20;

/// Counts what a compiler makes.
#[derive(Debug)]
struct Counted(Cranelift);

static MADE: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the code is Cranelift's.
unsafe impl Translator for Counted {
    fn translate(
        &self,
        entry: u64,
        reach: Reach,
        source: &mut dyn InstructionSource,
    ) -> Option<HostCode> {
        let code = self.0.translate(entry, reach, source)?;
        MADE.fetch_add(1, Ordering::Relaxed);
        LARGEST.fetch_max(code.instructions, Ordering::Relaxed);
        Some(code)
    }
}

fn translator() -> Box<dyn Translator> {
    Box::new(Counted(Cranelift::new().unwrap()))
}

fn machine(engine: Engine) -> Machine {
    let machine = Machine::new().unwrap();
    match engine {
        Engine::Interpreted => {}
        Engine::Translated => machine.translate_with(translator(), Reach::Region),
        Engine::Both => machine.translate_with(translator(), Reach::Row),
    }
    machine
}

fn object(source: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::read(ve::object_of(directory.path(), "k.c", source, &["-O2"])).unwrap()
}

fn load(machine: &Machine, bytes: &[u8]) -> Vec<ImageId> {
    let input = ImageFile { name: "k", bytes };
    machine.load(&[input], Unresolved::Error).unwrap()
}

/// The end of a call: its result, PSW, scalar registers.
type End = (Result<u64, Trap>, Psw, Vec<u64>);

fn call(engine: Engine, bytes: &[u8], name: &str, words: &[u64]) -> End {
    let machine = machine(engine);
    load(&machine, bytes);
    let function = machine.symbol(name).expect(name);
    let mut thread = machine.thread(STACK).unwrap();
    let result = thread.call(function, words);
    let registers = thread.thread().registers();
    let scalars = (0..64).map(|number| registers.scalar(number)).collect();
    (result, registers.psw, scalars)
}

/// A word relative to the stack or the code is another one in each machine.
fn assert_same(name: &str, found: &End, expected: &End) {
    let kinds = |end: &End| {
        end.0
            .clone()
            .map_err(|trap| (discriminant(&trap), trap.word))
    };
    assert_eq!(kinds(found), kinds(expected), "{name}");
    assert_eq!(found.1, expected.1, "{name}");
}

fn discriminant(trap: &Trap) -> std::mem::Discriminant<TrapKind> {
    std::mem::discriminant(&trap.kind)
}

#[test]
fn functions_of_the_bench() {
    if !can_compile() {
        return;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ve-run/benches/speed/scalar.c");
    let bytes = object(&std::fs::read_to_string(source).unwrap());
    for (name, word, few) in [
        ("collatz", 500, 20),
        ("sieve", 1, 0),
        ("crc", 20_000, 200),
        ("fib", 16, 8),
        ("sort", 3000, 60),
        ("mandel", 16, 2),
        ("matmul", 1, 0),
        ("queens", 6, 4),
    ] {
        let expected = call(Engine::Interpreted, &bytes, name, &[word]);
        let found = call(Engine::Translated, &bytes, name, &[word]);
        assert_same(name, &found, &expected);
        if few > 0 {
            let expected = call(Engine::Interpreted, &bytes, name, &[few]);
            assert_same(name, &call(Engine::Both, &bytes, name, &[few]), &expected);
        }
    }
}

const WAYS: &str = "
    typedef unsigned long u64;
    typedef struct { u64 words[64]; } jmp_buf[1];
    int setjmp(jmp_buf); void longjmp(jmp_buf, int) __attribute__((noreturn));
    void qsort(void *, u64, u64, int (*)(const void *, const void *));
    /* The product keeps the compiler from making a loop of it. */
    __attribute__((noinline)) u64 deep(u64 n) { volatile u64 here[4]; here[0] = n; return n ? deep(n - 1) * 3 + here[0] : 1; }
    static jmp_buf place;
    __attribute__((noinline)) static void leave(int n) { volatile int here = n; if (n) leave(n - 1); else longjmp(place, 7); here = 0; }
    u64 jumps(u64 times) { volatile u64 sum = 0; for (volatile u64 i = 0; i < times; i++) { int way = setjmp(place); if (way) sum += way; else leave(5); } return sum; }
    static int order(const void *a, const void *b) { long x = *(const long *)a, y = *(const long *)b; return x < y ? -1 : x > y; }
    u64 callbacks(u64 n) { static long all[1000]; u64 x = n, sum = 0; for (u64 i = 0; i < n; i++) all[i] = (x = x * 6364136223846793005ul + 1442695040888963407ul) >> 20;
        qsort(all, n, 8, order); for (u64 i = 1; i < n; i++) sum += all[i - 1] <= all[i]; return sum; }
    u64 wild(u64 n) { static volatile char here[8]; volatile char *p = here; for (;; p += 4096) if (*p == 77 && p[n] == 78) return 1; }
    u64 outside(u64 n) { u64 sum = 0; for (u64 i = 0; i < 5000; i++) sum += i < 4000 ? i : *(volatile u64 *)i; return sum + n; }
    u64 writes(u64 n) { volatile u64 here = 0; for (u64 i = 0; i < 5000; i++) if (i < 4000) here += i; else *(volatile u64 *)n = i; return here; }
    long overflows(long n) { volatile int top = 0x7ffffff0; int sum = 0; for (long i = 0; i < 3000; i++) { sum = (int)(top + (i == n ? 100 : 1)); sum ^= (int)i; } return sum; }
    double quotient(double x, double y) { volatile double z = 0; for (long i = 0; i < 3000; i++) z = i == 2900 ? x / y : x + i; return z; }
    u64 endless(u64 n) { volatile u64 *p = (u64 *)0; for (;;) if (n > 1ul << 60) return *p; else n ^= 1; }
    __attribute__((noinline)) u64 tree(u64 n) { return n < 2 ? n : tree(n - 1) * 3 + (tree(n - 2) ^ n); }
    u64 silent(void) { for (;;) __asm__ volatile(\"\"); }
    __attribute__((noinline)) static u64 odd(u64 n); __attribute__((noinline)) static u64 even(u64 n) { return n == 0 ? 1 : odd(n - 1); }
    static u64 odd(u64 n) { return n == 0 ? 0 : even(n - 1); }
    u64 parity(u64 n) { u64 sum = 0; for (u64 i = 0; i < n; i++) sum += even(i % 37); return sum; }
    static u64 one(u64 x) { return x + 1; } static u64 two(u64 x) { return x * 2; } static u64 three(u64 x) { return x ^ 5; }
    u64 pointers(u64 n) { u64 (*volatile all[])(u64) = { one, two, three }; u64 x = 1; for (u64 i = 0; i < n; i++) x = all[i % 3](x); return x; }
    u64 choices(u64 n) { u64 x = 0; for (u64 i = 0; i < n; i++) switch ((i * 7 + x) % 11) { case 0: x += 3; break; case 1: x ^= i; break; case 2: x *= 5; break;
        case 3: x -= 9; break; case 4: x += i << 3; break; case 5: x = ~x; break; case 6: x >>= 1; break; case 7: x |= 1; break; default: x += 11; } return x; }
";

#[test]
fn ways_out_of_functions() {
    if !can_compile() {
        return;
    }
    let bytes = object(WAYS);
    let float = f64::to_bits;
    for (name, words, few) in [
        ("deep", vec![2000], vec![300]),
        // To the end of the stack.
        ("deep", vec![1 << 40], vec![]),
        ("jumps", vec![400], vec![40]),
        ("callbacks", vec![800], vec![30]),
        ("wild", vec![1], vec![]),
        ("outside", vec![1], vec![1]),
        ("writes", vec![8], vec![8]),
        ("overflows", vec![2900], vec![2900]),
        ("overflows", vec![9999], vec![9999]),
        (
            "quotient",
            vec![float(1.0), float(0.0)],
            vec![float(1.0), float(0.0)],
        ),
        ("quotient", vec![float(1.0), float(4.0)], vec![]),
        ("quotient", vec![float(0.0), float(0.0)], vec![]),
        ("parity", vec![1000], vec![50]),
        ("pointers", vec![3000], vec![100]),
        ("choices", vec![5000], vec![200]),
    ] {
        let expected = call(Engine::Interpreted, &bytes, name, &words);
        let found = call(Engine::Translated, &bytes, name, &words);
        assert_same(name, &found, &expected);
        if !few.is_empty() {
            let expected = call(Engine::Interpreted, &bytes, name, &few);
            assert_same(name, &call(Engine::Both, &bytes, name, &few), &expected);
        }
    }
}

#[test]
fn loops_and_calls_can_be_stopped() {
    if !can_compile() {
        return;
    }
    let bytes = object(WAYS);
    for (engine, name, word) in ENGINES.iter().flat_map(|it| {
        // The last one has calls alone.
        [(*it, "endless", 0), (*it, "silent", 0), (*it, "tree", 90)]
    }) {
        let machine = machine(engine);
        load(&machine, &bytes);
        let function = machine.symbol(name).unwrap();
        let mut caller = machine.thread(STACK).unwrap();
        if name == "tree" {
            // If it is translated from the first call on, nothing but the look behind a call sees the stop.
            caller.call(function, &[20]).unwrap();
        }
        let handle = caller.thread().stop_handle();
        let result = thread::scope(|scope| {
            scope.spawn(|| {
                // Long enough that it is translated, mostly.
                thread::sleep(Duration::from_millis(100));
                handle.time_is_up();
            });
            caller.call(function, &[word])
        });
        assert_eq!(
            result.unwrap_err().kind,
            TrapKind::TimeLimit,
            "{engine:?} {name}"
        );
        // It can be called again.
        let parity = machine.symbol("parity").unwrap();
        assert_eq!(caller.call(parity, &[37]), Ok(19));
    }
}

#[test]
fn threads_share_what_is_translated() {
    if !can_compile() {
        return;
    }
    let bytes = object(WAYS);
    let machine = machine(Engine::Translated);
    load(&machine, &bytes);
    let function = machine.symbol("choices").unwrap();
    let expected = call(Engine::Interpreted, &bytes, "choices", &[20_000]).0;
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut thread = machine.thread(STACK).unwrap();
                for _ in 0..5 {
                    assert_eq!(thread.call(function, &[20_000]), expected);
                }
            });
        }
    });
}

#[test]
fn unloaded_code_is_not_run() {
    if !can_compile() {
        return;
    }
    let machine = machine(Engine::Translated);
    let mut thread = machine.thread(STACK).unwrap();
    for round in 1..6 {
        let source = format!(
            "unsigned long f(unsigned long n) {{ unsigned long s = 0; for (unsigned long i = 0; i < n; i++) s += i ^ {round}; return s; }}"
        );
        let images = load(&machine, &object(&source));
        let function = machine.symbol("f").unwrap();
        let expected: u64 = (0..5000).map(|i| i ^ round).sum();
        assert_eq!(thread.call(function, &[5000]), Ok(expected));
        machine.unload(&images).unwrap();
        let trap = thread.call(function, &[5000]).unwrap_err();
        assert_eq!(trap.kind, TrapKind::OutsideCode { target: function });
    }
}

/// Code in memory that it may write itself.
fn writable(words: &[u64]) -> (std::sync::Arc<Common>, u64) {
    let common = std::sync::Arc::new(Common::new(Window::reserve().unwrap()));
    common.translate_with(translator(), Reach::Region);
    let length = 8 * words.len() as u64;
    let code = common.window.map(length, Protection::ReadWrite).unwrap();
    for (word, place) in words.iter().zip((code.start..).step_by(8)) {
        common.window.store::<8>(place, *word).unwrap();
    }
    common.executable.add(code.clone());
    (common, code.start)
}

const HOME: u64 = 8;

fn run(common: &std::sync::Arc<Common>, start: u64, words: &[u64]) -> (Result<Pause, Trap>, u64) {
    let mut thread = Interpreter::new(common.clone(), StopHandle::default());
    for (number, word) in words.iter().enumerate() {
        thread.cpu_mut().set_scalar(number, *word);
    }
    thread.cpu_mut().set_scalar(10, HOME);
    thread.cpu_mut().ic = start;
    (thread.run(&|ic| ic == HOME), thread.cpu().scalar(0))
}

#[test]
fn code_that_changes_itself() {
    // s0: rounds, s1: the word that comes after the first half of them, s2: where.
    let text = [
        "or %s3, 0, (0)1",
        "or %s4, 0, %s0",
        "addu.l %s3, 1, %s3", // becomes another one
        "addu.l %s4, -1, %s4",
        "brgt.l %s4, 0, -16",
        "st %s1, 0(, %s2)",
        "fencec 2",
        "or %s4, 0, %s0",
        "brne.l %s5, 0, 24", // the second time
        "or %s5, 1, (0)1",
        "br.l.t -64",
        "or %s0, 0, %s3",
        "b.l.t 0(, %s10)",
    ];
    let words: Vec<u64> = text
        .iter()
        .map(|line| assemble(line).expect(line))
        .collect();
    let (common, start) = writable(&words);
    let other = assemble("addu.l %s3, 3, %s3").unwrap();
    let (result, sum) = run(&common, start, &[5000, other, start + 16]);
    assert_eq!(result, Ok(Pause::Watched));
    assert_eq!(sum, 5000 + 3 * 5000);
}

#[test]
fn a_loop_that_is_entered_backwards_can_be_stopped() {
    // The jump into the loop looks at the stop word before the loop does.
    let text = ["brne.l %s0, 0, 0", "b.l.t 0(, %s10)", "br.l.t -16"];
    let words: Vec<u64> = text
        .iter()
        .map(|line| assemble(line).expect(line))
        .collect();
    let (common, start) = writable(&words);
    let entry = start + 16;
    let stop = StopHandle::default();
    let mut thread = Interpreter::new(common, stop.clone());
    assert!(thread.translate(entry));
    thread.cpu_mut().set_scalar(10, HOME);
    thread.cpu_mut().ic = entry;
    assert_eq!(thread.run(&|ic| ic == HOME), Ok(Pause::Watched));
    thread.cpu_mut().set_scalar(0, 1);
    thread.cpu_mut().ic = entry;
    let (ended, end) = mpsc::channel();
    // It is not waited for, so that the test ends if the loop does not.
    thread::spawn(move || ended.send(thread.run(&|ic| ic == HOME)));
    thread::sleep(Duration::from_millis(50));
    stop.stop();
    let end = end.recv_timeout(Duration::from_secs(100));
    let trap = end.expect("the loop goes on").unwrap_err();
    assert_eq!(trap.kind, TrapKind::Stopped);
}

#[test]
fn a_very_long_function_is_translated_in_parts() {
    let mut words = vec![assemble("or %s3, 0, (0)1").unwrap()];
    let add = assemble("addu.l %s3, 1, %s3").unwrap();
    words.extend(std::iter::repeat_n(add, 50_000));
    words.push(assemble("addu.l %s0, -1, %s0").unwrap());
    words.push(assemble(&format!("brgt.l %s0, 0, {}", -8 * 50_001)).unwrap());
    words.push(assemble("or %s0, 0, %s3").unwrap());
    words.push(assemble("b.l.t 0(, %s10)").unwrap());
    let (common, start) = writable(&words);
    let before = MADE.load(Ordering::Relaxed);
    let (result, sum) = run(&common, start, &[1300]);
    assert_eq!((result, sum), (Ok(Pause::Watched), 1300 * 50_000));
    assert!(MADE.load(Ordering::Relaxed) > before);
    // At 10 to 15 µs for each, no pause is above 20 ms.
    assert!(LARGEST.load(Ordering::Relaxed) <= 1000);
}
