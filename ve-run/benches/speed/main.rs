//! Machine code in the emulator against the host's own code: `cargo bench -p ve-run --bench speed`, with `--features jit` in each of its
//! engines, and the JIT against QEMU's emulators of other machines, where they are installed (`qemu-user`, and `gcc` for the machine).
//!
//! C functions are compiled for the Vector Engine by clang and for the host by its C compiler, and run in turns. A time is that for
//! which the thread had the CPU, the least of many runs, so that other programs disturb little; what counts is the ratio of two times of
//! one run of the bench. Words as arguments choose the rows with such names.

mod check;
mod code;
mod measure;
#[cfg(feature = "jit")]
mod qemu;
#[cfg(feature = "jit")]
mod translating;

use std::process::ExitCode;

use check::Checked;
use code::{Code, Engine};
use measure::Times;

/// How many times longer than the host scalar code may take, in the geometric mean.
const SCALAR_GOAL: f64 = 16.0;
const SCALAR_GOAL_JIT: f64 = 2.5;

/// How many times longer the JIT may take than the faster emulator of QEMU's, in the geometric mean.
#[cfg(feature = "jit")]
const QEMU_GOAL: f64 = 0.75;

/// How many times longer the interpreter may take where memory is checked, in the geometric mean.
const CHECK_GOAL: f64 = 10.0;

/// Functions of `scalar.c`, and what each is called with: it keeps the host busy for a millisecond or more.
const SCALAR: [(&str, u64); 8] = [
    ("collatz", 10_000),
    ("sieve", 10),
    ("crc", 1_000_000),
    ("fib", 26),
    ("sort", 30_000),
    ("mandel", 64),
    ("matmul", 20),
    ("queens", 9),
];

/// Functions of `vector.c`, what each is called with, and the share of the host's speed that it should have in the interpreter and in the
/// JIT.
const VECTOR: [(&str, u64, f64, f64); 3] = [
    ("ddot", 1000, 0.3, 0.45),
    ("daxpy", 1000, 0.3, 0.45),
    ("dgemm", 1, 0.45, 0.6),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let is_wanted = &|name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let missing = code::missing();
    if !missing.is_empty() {
        eprintln!("nothing is measured: {} is missing", missing.join(" and "));
        return ExitCode::FAILURE;
    }
    println!("{}\n{}", measure::processor(), code::compilers());
    for engine in Engine::ALL {
        scalar(*engine, is_wanted);
        vectors(*engine, is_wanted);
    }
    #[cfg(feature = "jit")]
    {
        if is_wanted("qemu") {
            emulators();
        }
        translating::tell();
    }
    if is_wanted("check") {
        checks();
    }
    ExitCode::SUCCESS
}

fn scalar(engine: Engine, is_wanted: impl Fn(&str) -> bool) {
    let code = Code::of("scalar", &["-O2"], engine);
    println!(
        "\nscalar code, {}, against the host's at -O2",
        engine.name()
    );
    head("VE/host");
    let mut ratios = Vec::new();
    for (name, word) in SCALAR.iter().filter(|(name, _)| is_wanted(name)) {
        let times = code.measure(name, *word);
        ratios.push(times.ratio());
        line(name, &times, times.ratio());
        println!();
    }
    if ratios.len() == SCALAR.len() {
        let sum: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
        let mean = (sum / ratios.len() as f64).exp();
        print!("{:<10} {:>10} {:>10} {mean:>8.2}", "mean", "", "");
        println!(
            " {:>10} {}",
            "",
            verdict("<=", engine.pick(SCALAR_GOAL, SCALAR_GOAL_JIT), mean)
        );
    }
    if is_wanted("empty") {
        let times = code.measure_calls("empty");
        line("empty", &times, times.ratio());
        println!(" one call");
    }
}

/// The functions of `scalar.c` in the JIT, and as code of other machines in QEMU.
#[cfg(feature = "jit")]
fn emulators() {
    println!(
        "\nscalar code, JIT, against QEMU's emulators of user programs, whose code is gcc's at -O2"
    );
    let mut guests = Vec::new();
    for machine in qemu::MACHINES {
        match qemu::Guest::of(machine) {
            Ok(guest) => guests.push((machine, guest)),
            Err(reason) => println!("{machine} is not measured: {reason}"),
        }
    }
    if guests.is_empty() {
        return;
    }
    let code = Code::of("scalar", &["-O2"], Engine::Jit);
    print!("{:<10}", "");
    for (machine, _) in &guests {
        print!(" {machine:>10}");
    }
    println!(" {:>10} {:>11}", "VE", "VE/faster");
    let mut sum = 0.0;
    for (name, word) in SCALAR {
        let expected = code.on_the_host(name, word);
        print!("{name:<10}");
        let mut faster = f64::INFINITY;
        for (_, guest) in &guests {
            let (result, least) = guest.measure(name, word);
            assert_eq!(result, expected, "{name} in QEMU");
            print!(" {:>10}", time(least));
            faster = faster.min(least);
        }
        let own = code.measure(name, word).ve;
        println!(" {:>10} {:>11.2}", time(own), own / faster);
        sum += (own / faster).ln();
    }
    let mean = (sum / SCALAR.len() as f64).exp();
    let width = 11 * (guests.len() + 1);
    println!(
        "{:<10}{:width$} {mean:>11.2} {}",
        "mean",
        "",
        verdict("<=", QEMU_GOAL, mean)
    );
}

fn vectors(engine: Engine, is_wanted: impl Fn(&str) -> bool) {
    let code = Code::of("vector", &["-O3", "-march=native", "-ffast-math"], engine);
    println!(
        "\nvectors, {}, against the host's at -O3 -march=native -ffast-math",
        engine.name()
    );
    head("host/VE");
    for (name, word, interpreter, jit) in VECTOR.iter().filter(|(name, ..)| is_wanted(name)) {
        let times = code.measure(name, *word);
        let speed = 1.0 / times.ratio();
        line(name, &times, speed);
        println!(" {}", verdict(">=", engine.pick(*interpreter, *jit), speed));
    }
}

/// The functions of `scalar.c` where memory is checked.
fn checks() {
    let code = Checked::of("scalar");
    println!("\nscalar code where memory is checked, against the interpreter without");
    println!("{:<10} {:>10} {:>12}", "", "memory", "memory-init");
    let mut sums = [0.0; 2];
    for (name, word) in SCALAR {
        let ratios = code.measure(name, word);
        println!("{name:<10} {:>10.2} {:>12.2}", ratios[0], ratios[1]);
        for (sum, ratio) in sums.iter_mut().zip(ratios) {
            *sum += ratio.ln();
        }
    }
    let [memory, values] = sums.map(|sum| (sum / SCALAR.len() as f64).exp());
    println!(
        "{:<10} {memory:>10.2} {values:>12.2} {}",
        "mean",
        verdict("<=", CHECK_GOAL, memory.max(values))
    );
}

fn head(ratio: &str) {
    println!(
        "{:<10} {:>10} {:>10} {ratio:>8} {:>10}",
        "", "host", "VE", "instr./s"
    );
}

fn line(name: &str, times: &Times, ratio: f64) {
    print!(
        "{name:<10} {:>10} {:>10} {ratio:>8.2} {:>8.0} M",
        time(times.host),
        time(times.ve),
        times.instructions / times.ve * 1e3
    );
}

fn verdict(relation: &str, goal: f64, found: f64) -> String {
    let met = if relation == "<=" {
        found <= goal
    } else {
        found >= goal
    };
    format!("{relation} {goal} {}", if met { "met" } else { "missed" })
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e4 => format!("{ns:.1} ns"),
        ns if ns < 1e7 => format!("{:.1} µs", ns / 1e3),
        ns => format!("{:.1} ms", ns / 1e6),
    }
}
