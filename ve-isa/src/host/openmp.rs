//! The functions that compilers call for OpenMP, with one thread, number 0 of 1, and ncc's own entries for it and for traces of its profiler.

use super::call::{Outcome, Table, int, nothing, place, result_double, result_int, word};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("omp_get_thread_num", zero),
    ("omp_get_num_threads", one),
    ("omp_get_max_threads", one),
    ("omp_get_num_procs", one),
    ("omp_get_thread_limit", one),
    ("omp_in_parallel", zero),
    ("omp_set_num_threads", nothing),
    ("omp_set_dynamic", nothing),
    ("omp_get_dynamic", zero),
    ("omp_set_nested", nothing),
    ("omp_get_nested", zero),
    ("omp_get_level", zero),
    ("omp_get_active_level", zero),
    ("omp_get_max_active_levels", one),
    ("omp_set_max_active_levels", nothing),
    ("omp_get_ancestor_thread_num", |thread| {
        let level = int(thread, 0);
        result_int(thread, if level == 0 { 0 } else { -1 })
    }),
    ("omp_get_team_size", |thread| {
        let level = int(thread, 0);
        result_int(thread, if level == 0 { 1 } else { -1 })
    }),
    ("omp_in_final", one),
    ("omp_get_num_teams", one),
    ("omp_get_team_num", zero),
    ("omp_get_num_devices", zero),
    ("omp_is_initial_device", one),
    ("omp_get_wtime", |thread| {
        let (seconds, nanos) = super::time::clock(libc::CLOCK_MONOTONIC).unwrap_or_default();
        result_double(thread, seconds as f64 + nanos as f64 * 1e-9)
    }),
    ("omp_get_wtick", |thread| result_double(thread, 1e-9)),
    ("__nec_start_threads", nothing),
    // A barrier of one thread is passed at once.
    ("__vthr$_barrier", nothing),
    ("__vthr$_barrier_task", nothing),
    ("__vthr$_critical", nothing),
    ("__vthr$_endcritical", nothing),
    ("__vthr$_nest_para_enter", nothing),
    ("__vthr$_nest_para_exit", nothing),
    ("__vthr$_single", one),
    ("__vthr$_pcall_va", call_on_all),
    // Nobody looks at the traces.
    ("__ftrace_func_enter", nothing),
    ("__ftrace_func_exit", nothing),
    ("ftrace_region_begin", zero),
    ("ftrace_region_end", zero),
];

fn zero(thread: &mut Thread) -> Outcome {
    result_int(thread, 0)
}

fn one(thread: &mut Thread) -> Outcome {
    result_int(thread, 1)
}

/// `(function, flags, count, arguments...)`: the function gets a handle, a number, and where the arguments are.
fn call_on_all(thread: &mut Thread) -> Outcome {
    let (function, arguments) = (word(thread, 0), place(thread, 3));
    let called: Result<u64, Failure> = thread.call_back(function, &[0, 0, arguments]);
    called?;
    result_int(thread, 0)
}
