//! The state of a rank when it begins: its numbers, its node, its VE process with CPUs and descriptors.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mpi::traits::*;
use ve_kernels::basics::sum;
use ve_kernels::faults::own_pid;
use veo_mpi::Job;

use crate::Part;
use crate::common::{Launch, alone, case, say};

/// Says on which node this rank is.
fn place(job: &Job) -> Part {
    say(&format!(
        "{} of {}, {} of {} here, node {}",
        job.rank(),
        job.size(),
        job.local_rank(),
        job.local_size(),
        job.proc().nodeid()
    ));
    Ok(())
}

/// The files of a process's descriptors.
fn descriptors(process: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(format!("/proc/{process}/fd")).expect("a process of ours");
    let links = entries
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok());
    links
        .map(|link| link.to_string_lossy().into_owned())
        .collect()
}

/// Compares the descriptors of the VE process with those of this program.
fn compare_descriptors(job: &Job) -> Part {
    let pid = own_pid(job.proc())?.to_string();
    job.world().barrier();
    let own = descriptors("self");
    let output = ["self/fd/1", "self/fd/2", "null"].map(|name| {
        let path = Path::new("/proc").join(name);
        fs::read_link(path).map_or_else(
            |_| "/dev/null".into(),
            |to| to.to_string_lossy().into_owned(),
        )
    });
    let of_both = descriptors(&pid)
        .into_iter()
        .filter(|link| own.contains(link));
    // VE memory and the control page; the output of kernels; what has no name of its own.
    let known = |link: &String| {
        output.contains(link)
            || ["/memfd:veo-", "anon_inode:"]
                .iter()
                .any(|it| link.starts_with(it))
    };
    let shared: Vec<String> = of_both.filter(|link| !known(link)).collect();
    assert!(own.len() > 6, "MPI has some: {own:?}");
    let input = fs::read_link(format!("/proc/{pid}/fd/0"))?;
    say(&format!(
        "{}: shares {shared:?}, reads {}",
        job.rank(),
        input.display()
    ));
    Ok(())
}

/// The line of `/proc` with the CPUs that a process, or this thread, may use.
fn allowed(process: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a process of ours");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    line.expect("the system says it").trim().to_owned()
}

/// Binds this thread to one of its CPUs, as a launcher does it.
fn bind_to(index: usize) {
    // SAFETY: a set is an array of integers.
    let [mut set, mut one]: [libc::cpu_set_t; 2] = unsafe { std::mem::zeroed() };
    // SAFETY: the set is valid for writing for the size given.
    let status = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) };
    assert_eq!(status, 0);
    let cpus: Vec<usize> = (0..libc::CPU_SETSIZE as usize)
        // SAFETY: the number is within the set.
        .filter(|cpu| unsafe { libc::CPU_ISSET(*cpu, &set) })
        .collect();
    // SAFETY: the number is within the set.
    unsafe { libc::CPU_SET(cpus[index % cpus.len()], &mut one) };
    // SAFETY: the set is valid for reading for the size given.
    let status = unsafe { libc::sched_setaffinity(0, size_of_val(&one), &one) };
    assert_eq!(status, 0);
}

#[test]
fn rank() {
    let Some(case) = case() else {
        return;
    };
    let ran = match &*case {
        "place" => veo_mpi::run(place),
        "place on 2" => veo_mpi::builder().node(2).run(place),
        "place pairs" => veo_mpi::builder().ranks_per_node(2).run(place),
        "descriptors" => veo_mpi::run(compare_descriptors),
        "cpus" => {
            let ranks = ["OMPI_COMM_WORLD_RANK", "PMI_RANK"];
            let index = ranks
                .iter()
                .find_map(|name| std::env::var(name).ok()?.parse().ok());
            bind_to(index.unwrap_or(0));
            let own = allowed("thread-self");
            veo_mpi::run(|job| {
                let its = allowed(&own_pid(job.proc())?.to_string());
                assert_eq!(
                    allowed("thread-self"),
                    own,
                    "this thread is bound as before"
                );
                say(&format!("{}: own {own}, its {its}", job.rank()));
                job.world().barrier();
                Ok(())
            })
        }
        "compute" => veo_mpi::run(|job| {
            let n = 1000;
            let x = job.proc().upload(&vec![f64::from(job.rank() + 1); n])?;
            let part = sum(job.proc(), &x, n as i64)?;
            let mut total = 0.0;
            let plus = mpi::collective::SystemOperation::sum();
            job.world().all_reduce_into(&part, &mut total, plus);
            say(&format!("{part} of {total}"));
            job.proc().clone().close()?; // it may be closed by the program
            Ok(())
        }),
        case => unreachable!("{case}"),
    };
    ran.expect("it is a job");
    say("after the job");
}

/// The places of the ranks of a job, as they report them.
fn places(case: &str, variables: &[(&str, &str)]) -> Option<(Vec<String>, String)> {
    let mut launch = Launch::new(4, "begins::rank", case)?;
    for (name, value) in variables {
        launch = launch.env(name, value);
    }
    let job = launch.run();
    job.succeeds();
    let lines = job.lines().into_iter().filter(|line| line.contains("node"));
    Some((lines.collect(), job.0.stderr))
}

/// The same for ranks on these nodes.
fn on(nodes: [i32; 4]) -> Vec<String> {
    let line = |(rank, node)| format!("{rank} of 4, {rank} of 4 here, node {node}");
    nodes.iter().enumerate().map(line).collect()
}

#[test]
fn ranks_take_the_nodes_of_their_machine() {
    let Some((said, notes)) = places("place", &[]) else {
        return;
    };
    assert_eq!(said, on([0, 1, 2, 3]));
    assert!(!notes.contains("veo-mpi:"), "{notes}");
    let (said, notes) = places("place", &[("VEO_EMU_NODES", "3")]).expect("as before");
    assert_eq!(said, on([0, 1, 2, 0]));
    assert_eq!(notes.matches("veo-mpi:").count(), 1, "{notes}");
    assert!(
        notes.contains("rank 0 of 4 on ") && notes.contains("3 VE nodes with 3 other ranks"),
        "{notes}"
    );
}

#[test]
fn a_batch_system_or_the_program_may_choose_the_nodes() {
    let list = ("_VENODELIST", "5 7 3");
    let Some((said, _)) = places("place", &[list]) else {
        return;
    };
    assert_eq!(said, on([5, 7, 3, 5]));
    for (case, variables, nodes) in [
        ("place", &[("VE_NODE_NUMBER", "6")][..], [6; 4]),
        ("place", &[list, ("VE_NODE_NUMBER", "7")], [7; 4]),
        ("place on 2", &[("VE_NODE_NUMBER", "6")], [2; 4]),
        ("place pairs", &[], [0, 0, 1, 1]),
    ] {
        let (said, _) = places(case, variables).expect("as before");
        assert_eq!(said, on(nodes), "{case} {variables:?}");
    }
}

#[test]
fn a_wrong_choice_ends_the_job_with_a_reason() {
    for (case, name, value, words) in [
        (
            "place pairs",
            "VEO_EMU_NODES",
            "1",
            // Rank 2 or rank 3, whichever comes first: the other is ended with the job.
            &["of 4 on", "ranks_per_node(2) has room for 2 ranks"][..],
        ),
        (
            "place",
            "VE_NODE_NUMBER",
            "six",
            &["of 4 on", "VE_NODE_NUMBER", "\"six\""],
        ),
        (
            "place",
            "_VENODELIST",
            "",
            &["of 4 on", "_VENODELIST is empty"],
        ),
        (
            "place on 2",
            "VEO_EMU_NODES",
            "2",
            &["of 4 on", "there is no VE node 2"],
        ),
    ] {
        let Some(launch) = Launch::new(4, "begins::rank", case) else {
            return;
        };
        launch.env(name, value).run().fails(words);
    }
}

#[test]
fn a_ve_process_has_nothing_of_mpi() {
    let Some(launch) = Launch::new(2, "begins::rank", "descriptors") else {
        return;
    };
    let job = launch.run();
    let said: Vec<String> = job.succeeds().lines();
    let expected = |rank| format!("{rank}: shares [], reads /dev/null");
    assert_eq!(said[..2], [expected(0), expected(1)], "{:#?}", job.0);
}

#[test]
fn a_ve_process_may_use_the_cpus_of_all_ranks() {
    // Each rank is bound to one CPU, two of them to different ones where the machine has two.
    let words = |line: &str| -> Vec<String> {
        let (_, rest) = line.split_once(": ").expect("a rank");
        rest.split(", ")
            .filter_map(|part| Some(part.split_once(' ')?.1.to_owned()))
            .collect()
    };
    let said = |variable: Option<&str>| -> Option<Vec<Vec<String>>> {
        let mut launch = Launch::new(2, "begins::rank", "cpus")?;
        if let Some(value) = variable {
            launch = launch.env("VEO_EMU_AFFINITY", value);
        }
        let job = launch.run();
        let lines = job.succeeds().lines();
        Some(
            lines
                .iter()
                .filter(|line| line.contains("own"))
                .map(|line| words(line))
                .collect(),
        )
    };
    let Some(together) = said(None) else {
        return;
    };
    let [first, second] = &together[..] else {
        panic!("{together:?}");
    };
    let mut both: Vec<usize> = [&first[0], &second[0]]
        .map(|own| own.parse().expect("one CPU"))
        .to_vec();
    both.sort_unstable();
    both.dedup();
    let union: Vec<String> = both.iter().map(ToString::to_string).collect();
    // The system writes neighbours as a range.
    let union = match both[..] {
        [low, high] if high == low + 1 => format!("{low}-{high}"),
        _ => union.join(","),
    };
    assert_eq!([&first[1], &second[1]], [&union; 2], "{together:?}");
    for rank in said(Some("inherit")).expect("as before") {
        assert_eq!(rank[1], rank[0], "it inherits");
    }
}

#[test]
fn a_job_computes_with_and_without_a_launcher() {
    let after = "after the job".to_owned();
    let single = alone("begins::rank", "compute", |_| {});
    assert_eq!(
        single.succeeds().lines(),
        ["1000 of 1000".to_owned(), after.clone()]
    );
    let Some(launch) = Launch::new(4, "begins::rank", "compute") else {
        return;
    };
    let job = launch.run();
    let parts = [1000, 2000, 3000, 4000].map(|part| format!("{part} of 10000"));
    let expected: Vec<String> = parts
        .into_iter()
        .chain(std::iter::repeat_n(after, 4))
        .collect();
    assert_eq!(job.succeeds().lines(), expected);
}
