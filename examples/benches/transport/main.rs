//! The transport against the machine's own limits: `cargo bench --bench transport`.
//!
//! Each row of the table compares two things that were measured in alternating blocks of
//! one run. Five runs with new processes give the median and the range. The bench measures
//! everything twice: on any CPU, and with all processes on one CPU. Words as arguments choose
//! the rows that contain one of them. Rows that compare with NEC's own library need
//! `VEO_BENCH_LIBVEO`, which names the library, and `VEO_BENCH_VEORUN`, which names a VE side
//! for it. The row of VE machine code needs clang 19.

mod machine_code;
mod measure;
mod pingpong;
mod raw;
mod rows;
mod timeline;

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::Command;

use measure::{RUNS, Row};
use rows::{Fixture, READY, ROWS, START};

/// This environment variable makes the program run on one CPU.
const PINNED: &str = "VEO_BENCH_PINNED";

fn main() {
    if std::env::var_os(READY).is_some() {
        std::io::stdout()
            .write_all(b"!")
            .expect("the bench reads it");
        return;
    }
    if std::env::var_os(START).is_some() {
        let pair = rows::start_here().expect("processes start and end");
        println!("{} {}", pair.ours, pair.reference);
        return;
    }
    if let Some(fd) = std::env::var_os(pingpong::ANSWER) {
        let fd = fd.to_str().and_then(|fd| fd.parse().ok());
        return pingpong::answer(fd.expect("the number of a descriptor"));
    }
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    if std::env::var_os(PINNED).is_some() {
        println!("\nall processes on one CPU");
        return table(&wanted, true);
    }
    println!("medians of {RUNS} runs and their range, both sides measured in the same run");
    println!("\non any of {} CPUs", cpus());
    table(&wanted, false);
    run_again_pinned(&wanted);
}

fn table(wanted: &[String], one_cpu: bool) {
    let mut table: Vec<_> = ROWS
        .iter()
        .filter(|row| wanted.is_empty() || wanted.iter().any(|word| row.has(word, one_cpu)))
        .filter(|row| (row.possible)())
        .map(|row| (row, row.row(one_cpu)))
        .collect();
    for _ in 0..RUNS {
        let mut fixture = Fixture::new(one_cpu).expect("the emulated node starts");
        for (definition, row) in &mut table {
            row.runs
                .push((definition.measure)(&mut fixture).expect("the calls work"));
        }
    }
    Row::print_head();
    for (_, row) in &table {
        row.print();
    }
}

fn run_again_pinned(wanted: &[String]) {
    let mut command = Command::new(std::env::current_exe().expect("this program's path"));
    command.args(wanted).env(PINNED, "1");
    // SAFETY: the closure makes one system call on memory of its own.
    unsafe {
        command.pre_exec(|| {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            let here = libc::sched_getcpu().max(0);
            libc::CPU_SET(here as usize, &mut set);
            match libc::sched_setaffinity(0, size_of_val(&set), &set) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        })
    };
    let status = command.status().expect("this program starts again");
    assert!(status.success(), "{status}");
}

fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
