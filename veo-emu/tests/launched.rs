//! The CPUs and descriptors that a VE process gets from its program, which a launcher of MPI may have started.
//!
//! Each case runs this program again, bound to one CPU.

mod common;

use std::io::{Read, Write};
use std::mem;
use std::process::Stdio;

use common::*;
use veo_test_support::run;

/// The variable that makes this program a case.
const CASE: &str = "VEO_EMU_TEST_LAUNCHED";

/// The CPUs that the calling thread may use.
fn cpus() -> libc::cpu_set_t {
    // SAFETY: a set is an array of integers.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: the set is valid for writing for the size given.
    let status = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) };
    assert_eq!(status, 0);
    set
}

fn use_only(set: &libc::cpu_set_t) {
    // SAFETY: the set is valid for reading for the size given.
    let status = unsafe { libc::sched_setaffinity(0, size_of_val(set), set) };
    assert_eq!(status, 0);
}

/// The line of `/proc` with the CPUs that a process, or this thread, may use.
fn allowed(process: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    line.unwrap().trim().to_owned()
}

#[test]
fn case() {
    if std::env::var_os(CASE).is_none() {
        return;
    }
    let set = cpus();
    // SAFETY: a set is an array of integers.
    let mut every: libc::cpu_set_t = unsafe { mem::zeroed() };
    for cpu in 0..libc::CPU_SETSIZE as usize {
        // SAFETY: the number is within the set.
        unsafe { libc::CPU_SET(cpu, &mut every) };
    }
    use_only(&every);
    let all = allowed("thread-self");
    let first = (0..libc::CPU_SETSIZE as usize)
        // SAFETY: the number is within the set.
        .find(|cpu| unsafe { libc::CPU_ISSET(*cpu, &set) })
        .unwrap();
    // SAFETY: a set is an array of integers.
    let mut one: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: the number is within the set.
    unsafe { libc::CPU_SET(first, &mut one) };
    use_only(&one);
    let handle = call!(veo_proc_create(0));
    if handle.is_null() {
        println!("\n@refused: {}", last_error());
        return;
    }
    let proc = Proc(handle);
    let pid = call!(veo_emu_pid(proc.0)).to_string();
    let input = std::fs::read_link(format!("/proc/{pid}/fd/0")).unwrap();
    println!(
        "\n@all: {all}\n@own: {}\n@its: {}\n@input: {}",
        allowed("thread-self"),
        allowed(&pid),
        input.display()
    );
    // The child has not taken what is for this program.
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    println!("@read: {text}");
}

/// The output of a case behind a word, in an environment with these variables.
fn says(variables: &[(&str, &str)]) -> impl Fn(&str) -> String + use<> {
    let mut child = run::one_test("case")
        .env(CASE, "1")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"hello").ok();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:#?}");
    move |word| {
        let word = format!("@{word}: ");
        let line = text.lines().find_map(|line| line.strip_prefix(&*word));
        line.unwrap_or_else(|| panic!("no {word:?} in {text}"))
            .to_owned()
    }
}

#[test]
fn a_process_may_use_the_cpus_of_its_program_or_all() {
    let inherits = says(&[]);
    assert_eq!(inherits("its"), inherits("own"));
    assert_ne!(inherits("own"), "");
    let inherits = says(&[("VEO_EMU_AFFINITY", "inherit"), ("PMI_RANK", "0")]);
    assert_eq!(inherits("its"), inherits("own"));
    let free = says(&[("VEO_EMU_AFFINITY", "free")]);
    assert_eq!(
        free("own"),
        inherits("own"),
        "the thread is bound as before"
    );
    assert_eq!(free("its"), free("all"));
    let refused = says(&[("VEO_EMU_AFFINITY", "two")])("refused");
    for part in ["VEO_EMU_AFFINITY", "\"two\"", "`inherit`", "`free`"] {
        assert!(refused.contains(part), "{refused}");
    }
}

#[test]
fn the_standard_input_of_a_rank_stays_with_the_rank() {
    let alone = says(&[("SLURM_PROCID", "0")]);
    assert!(alone("input").starts_with("pipe:"), "{}", alone("input"));
    assert_eq!(alone("read"), "hello");
    for variable in ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "MPIRANK"] {
        let rank = says(&[(variable, "1")]);
        assert_eq!(rank("input"), "/dev/null", "{variable}");
        assert_eq!(rank("read"), "hello", "{variable}");
    }
}
