//! Random work on the drop-in library for as long as you like.
//!
//! `cargo run --release -p veo-tests --bin soak -- --minutes 30`

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use veo_test_support::dropin::Dropin;
use veo_tests::soak::{Options, load, soak};

/// Random operations on random contexts and processes of the emulated node, with
/// faults injected, checked against a model
#[derive(Parser)]
struct Arguments {
    /// How long
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// Where the random numbers begin [default: the time]
    #[arg(long)]
    seed: Option<u64>,
    /// Threads, each with up to three processes of its own (five threads at most)
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=5))]
    threads: u64,
    /// Another libveo.so.1 than the one of this repository
    #[arg(long)]
    libveo: Option<PathBuf>,
}

fn main() {
    let arguments = Arguments::parse();
    // SAFETY: no other thread is there yet that could read the environment.
    unsafe { std::env::set_var("VE_OMP_NUM_THREADS", "1") };
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let options = Options {
        duration: Duration::from_secs_f64(arguments.minutes.max(0.0) * 60.0),
        seed: arguments.seed.unwrap_or(now.as_secs()),
        threads: arguments.threads,
    };
    println!("seed {}, {} threads", options.seed, options.threads);
    let dropin = Dropin::get();
    let api = load(&arguments.libveo.unwrap_or_else(|| dropin.library()));
    let counts = soak(&api, &dropin.kernel_dir(), &options);
    println!("{counts}\nnothing left behind");
}
