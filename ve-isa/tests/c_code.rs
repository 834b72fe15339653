//! C functions, compiled for the Vector Engine and for the host: both give the same results.

#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

use std::path::Path;

use ve_isa::image::ImageFile;
use ve_isa::machine::{Machine, Unresolved};
use ve_isa::trap::TrapKind;
use veo_test_support::ve::{self, can_compile};

/// The options that compile a case for the Vector Engine.
const FLAGS: [&[&str]; 3] = [&["-O0"], &["-O2"], &["-O2", "-fpic"]];

fn compile(directory: &Path, source: &str, flags: &[&str]) -> Vec<u8> {
    let flags = [&["-ffreestanding"][..], flags].concat();
    std::fs::read(ve::object_of(directory, "k.c", source, &flags)).unwrap()
}

/// A machine with the functions of this source.
fn machine(directory: &Path, source: &str, flags: &[&str]) -> Machine {
    let object = compile(directory, source, flags);
    let machine = Machine::new().unwrap();
    let input = ImageFile {
        name: "k.o",
        bytes: &object,
    };
    machine.load(&[input], Unresolved::Error).unwrap();
    machine
}

#[test]
fn integers() {
    if !can_compile() {
        return;
    }
    let source = "
        typedef unsigned long u64; typedef unsigned u32;
        static u32 table[256];
        static void fill(void) {
            for (u32 i = 0; i < 256; i++) {
                u32 c = i;
                for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
                table[i] = c;
            }
        }
        u64 crc(u64 seed, u64 length) {
            fill();
            unsigned char data[512];
            for (u64 i = 0; i < length; i++) data[i] = (unsigned char)(seed = seed * 6364136223846793005ul + 1442695040888963407ul >> 3);
            u32 c = ~0u;
            for (u64 i = 0; i < length; i++) c = table[(c ^ data[i]) & 255] ^ (c >> 8);
            return ~c;
        }
        long fib(long n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
        long many(long a, int b, short c, signed char d, unsigned e, long f, int g, long h, int i, long j, unsigned char k) {
            return a + 2 * b + 3 * c + 4 * d + 5l * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k;
        }
        struct pair { int a; long b; };
        static struct pair make(int a) { struct pair p = { a, a * 3l }; return p; }
        long structs(long a) { struct pair p = make((int)a); struct pair q = p; q.a++; return q.a * 1000 + q.b; }
        long divide(long a, long b) { return a / b + 10 * (a % b) + (int)a / (int)b + (long)((u64)a / (u64)b) + (u32)a % (u32)b; }
        long choose(long n) { switch (n) { case 0: return 7; case 1: return 11; case 2: return -5; case 3: return 99; case 4: return 1; case 5: return 2; default: return -1; } }
        long (*functions[])(long) = { fib, structs, choose };
        long pointers(long which, long n) { return functions[which](n); }
        __thread long counter = 40;
        long thread_local(long n) { counter += n; return counter; }
    ";
    let directory = tempfile::tempdir().unwrap();
    for flags in FLAGS {
        let machine = machine(directory.path(), source, flags);
        let mut thread = machine.thread(1 << 20).unwrap();
        let mut call = |name: &str, words: &[i64]| {
            let function = machine.symbol(name).expect(name);
            let words: Vec<u64> = words.iter().map(|word| *word as u64).collect();
            thread
                .call(function, &words)
                .unwrap_or_else(|trap| panic!("{name} {flags:?}: {}", machine.report(&trap)))
                as i64
        };
        let crc = |mut seed: u64, length: u64| {
            let mut c = !0_u32;
            for _ in 0..length {
                seed = seed
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407)
                    >> 3;
                c ^= u32::from(seed as u8);
                for _ in 0..8 {
                    c = if c & 1 == 1 {
                        0xedb8_8320 ^ (c >> 1)
                    } else {
                        c >> 1
                    };
                }
            }
            i64::from(!c)
        };
        assert_eq!(call("crc", &[5, 500]), crc(5, 500), "{flags:?}");
        assert_eq!(call("fib", &[20]), 6765, "{flags:?}");
        assert_eq!(
            call("many", &[1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11]),
            1 - 4 + 9 - 16 + 25 - 36 + 49 - 64 + 81 - 100 + 121,
            "{flags:?}"
        );
        assert_eq!(call("structs", &[7]), 8021);
        let (a, b) = (-1_000_007_i64, 13_i64);
        let expected = a / b
            + 10 * (a % b)
            + i64::from(a as i32 / b as i32)
            + (a as u64 / b as u64) as i64
            + i64::from(a as u32 % b as u32);
        assert_eq!(call("divide", &[a, b]), expected, "{flags:?}");
        for n in -1..8 {
            let expected = match n {
                0..=5 => [7, 11, -5, 99, 1, 2][n as usize],
                _ => -1,
            };
            assert_eq!(call("choose", &[n]), expected);
        }
        assert_eq!(call("pointers", &[0, 10]), 55);
        assert_eq!(call("pointers", &[2, 3]), 99);
        assert_eq!(call("thread_local", &[2]), 42);
        assert_eq!(call("thread_local", &[2]), 44);
        // Each thread has its own.
        let mut other = machine.thread(1 << 20).unwrap();
        let function = machine.symbol("thread_local").unwrap();
        assert_eq!(other.call(function, &[1]), Ok(41));
    }
}

#[test]
fn recursion_without_end_overflows_the_stack_alone() {
    if !can_compile() {
        return;
    }
    let source = "
        long deep(long n) { volatile char room[100]; room[n & 63] = 1; return n == 0 ? 0 : 1 + deep(n - 1) + room[n & 63]; }
    ";
    let directory = tempfile::tempdir().unwrap();
    let machine = machine(directory.path(), source, &["-O0"]);
    let mut thread = machine.thread(256 << 10).unwrap();
    let deep = machine.symbol("deep").unwrap();
    let trap = thread.call(deep, &[1 << 40]).unwrap_err();
    assert!(
        matches!(trap.kind, TrapKind::StackOverflow { .. }),
        "{trap}"
    );
    assert!(machine.report(&trap).contains("deep+"), "{trap}");
    assert_eq!(thread.call(deep, &[10]), Ok(20));
}

#[test]
fn an_undefined_function_is_named_at_once_or_when_it_is_called() {
    if !can_compile() {
        return;
    }
    let source = "
        long first(void); long second(long); extern long variable;
        long __attribute__((weak)) perhaps(void);
        long call(long n) { return n == 0 ? first() : n == 1 ? second(n) : perhaps ? perhaps() : 77; }
    ";
    let directory = tempfile::tempdir().unwrap();
    let object = compile(directory.path(), source, &["-O2"]);
    let machine = Machine::new().unwrap();
    let input = ImageFile {
        name: "k.o",
        bytes: &object,
    };
    let error = machine.load(&[input], Unresolved::Error).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not defined: first (needed by k.o), second (needed by k.o)"
    );
    assert_eq!(machine.symbol("call"), None);
    machine.load(&[input], Unresolved::Lazy).unwrap();
    let call = machine.symbol("call").unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    assert_eq!(thread.call(call, &[2]), Ok(77));
    let trap = thread.call(call, &[1]).unwrap_err();
    let name = "second".to_owned();
    assert_eq!(trap.kind, TrapKind::MissingSymbol { name });
}

#[test]
fn floats() {
    if !can_compile() {
        return;
    }
    let source = "
        double mandel(double x, double y) {
            double a = 0, b = 0; int n = 0;
            while (a * a + b * b < 4.0 && n < 200) { double t = a * a - b * b + x; b = 2 * a * b + y; a = t; n++; }
            return n + a / 1024;
        }
        float mix(float a, int b, double c, float d) { return a * b - (float)c / d; }
        double convert(long a, int b, float c, unsigned d) { return (double)a + b + c + d + (long)c + (int)(c * 3) + (unsigned)(c + 7); }
        int compare(double a, double b) { return (a < b) + 2 * (a <= b) + 4 * (a > b) + 8 * (a >= b) + 16 * (a == b) + 32 * (a != b); }
        long double quad(double a, double b) { return (long double)a * b + a - b; }
        double of_quad(double a, double b) { return (double)(quad(a, b) - (long double)a * b); }
    ";
    let directory = tempfile::tempdir().unwrap();
    for flags in FLAGS {
        let machine = machine(directory.path(), source, flags);
        let mut thread = machine.thread(1 << 20).unwrap();
        let mut call = |name: &str, words: &[u64]| {
            thread
                .call(machine.symbol(name).expect(name), words)
                .unwrap_or_else(|trap| panic!("{name} {flags:?}: {}", machine.report(&trap)))
        };
        let d = f64::to_bits;
        let s = |value: f32| u64::from(value.to_bits()) << 32;
        for (x, y) in [(-0.75, 0.1), (0.3, 0.5), (-2.5, 0.0), (0.0, 0.0)] {
            let (mut a, mut b, mut n) = (0.0_f64, 0.0_f64, 0);
            while a * a + b * b < 4.0 && n < 200 {
                (a, b) = (a * a - b * b + x, 2.0 * a * b + y);
                n += 1;
            }
            let expected = f64::from(n) + a / 1024.0;
            assert_eq!(f64::from_bits(call("mandel", &[d(x), d(y)])), expected);
        }
        let mixed = call("mix", &[s(1.5), -7_i64 as u64, d(2.25), s(-0.3)]);
        assert_eq!(
            f32::from_bits((mixed >> 32) as u32),
            1.5 * -7.0 - 2.25_f32 / -0.3,
            "{flags:?}"
        );
        let (a, b, c, e) = (-(1_i64 << 53) - 1, -5_i32, 1234.75_f32, u32::MAX);
        let expected = a as f64
            + f64::from(b)
            + f64::from(c)
            + f64::from(e)
            + (c as i64) as f64
            + f64::from((c * 3.0) as i32)
            + f64::from((c + 7.0) as u32);
        let words = [a as u64, b as i64 as u64, s(c), u64::from(e)];
        assert_eq!(
            f64::from_bits(call("convert", &words)),
            expected,
            "{flags:?}"
        );
        for a in [0.0, -0.0, 1.0, f64::NAN, f64::INFINITY] {
            for b in [0.0, 2.0, f64::NAN, f64::NEG_INFINITY] {
                let expected = i32::from(a < b)
                    + 2 * i32::from(a <= b)
                    + 4 * i32::from(a > b)
                    + 8 * i32::from(a >= b)
                    + 16 * i32::from(a == b)
                    + 32 * i32::from(a != b);
                assert_eq!(call("compare", &[d(a), d(b)]) as i32, expected, "{a} {b}");
            }
        }
        // 2^60 + 1 and such fit in a quad number, so nothing is lost.
        let (a, b) = (1_048_577.0, 1_073_741_825.0);
        assert_eq!(f64::from_bits(call("of_quad", &[d(a), d(b)])), a - b);
    }
}

#[test]
fn an_object_with_data_alone_is_loaded() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let machine = machine(directory.path(), "long answer = 42;", &["-O2"]);
    let answer = machine.symbol("answer").unwrap();
    assert_eq!(machine.window().load::<8>(answer), Ok(42));
}

#[test]
fn starting_again_goes_on_behind_a_constructor_that_trapped() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let begin = "__attribute__((constructor)) static void begin(void)";
    let wild = compile(
        directory.path(),
        &format!("{begin} {{ *(volatile int *)8 = 1; }}"),
        &["-O2"],
    );
    let good = compile(
        directory.path(),
        &format!("volatile int begun; {begin} {{ begun = 7; }}"),
        &["-O2"],
    );
    let machine = Machine::new().unwrap();
    // Objects that are loaded together have one list of constructors, which is not gone on with.
    for (name, bytes) in [("wild.o", &wild), ("good.o", &good)] {
        let input = ImageFile { name, bytes };
        machine.load(&[input], Unresolved::Error).unwrap();
    }
    let mut thread = machine.thread(1 << 20).unwrap();
    let begun = machine.symbol("begun").unwrap();
    assert!(matches!(
        thread.start().unwrap_err().kind,
        TrapKind::MemoryAccess { .. }
    ));
    assert_eq!(machine.window().load::<4>(begun), Ok(0));
    thread.start().unwrap();
    assert_eq!(machine.window().load::<4>(begun), Ok(7));
}
