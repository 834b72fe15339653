//! Reports and counts of VE machine code, if variables ask for them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use veo_build::Target;
use veo_core::{Error, KernelStatistics, VeoProc, ve_kernel};

use crate::library::{again, build, clang, is_again, mistakes, scratch, watched};

#[ve_kernel(lib = "libvewatched.so")]
unsafe extern "C" {
    safe fn add_up(x: *const f64, n: i64) -> f64;
    safe fn add_vectors(x: *mut f64, y: *const f64, n: i64);
    safe fn call_often(n: i64) -> i64;
}

const SUMS: i64 = 1000;
const VECTORS: usize = 5;

/// The kernels' work in the program that the test starts.
fn work(proc: &VeoProc) {
    let x = proc.upload(&vec![1.5; SUMS as usize]).unwrap();
    for _ in 0..3 {
        assert_eq!(add_up(proc, &x, SUMS).unwrap(), 1500.0);
    }
    let ctx = proc.open_context().unwrap();
    let mut y = proc.upload(&vec![2.0; 256 * VECTORS]).unwrap();
    let z = proc.upload(&vec![0.5; 256 * VECTORS]).unwrap();
    let n = (256 * VECTORS) as i64;
    add_vectors(&ctx, &mut y, &z, n).unwrap().wait().unwrap();
    assert!(y.to_vec().unwrap().iter().all(|y| *y == 2.5));
    assert_eq!(call_often(proc, 4).unwrap(), 4);
}

fn find<'a>(all: &'a [KernelStatistics], kernel: &str) -> &'a KernelStatistics {
    let found = all.iter().find(|found| found.kernel == kernel);
    found.unwrap_or_else(|| panic!("{kernel} in {all:?}"))
}

#[ve_kernel(lib = "libvemistakes.so")]
unsafe extern "C" {
    safe fn write_nowhere();
    safe fn run_forever() -> i64;
    safe fn in_a_thread(deep: i64) -> i64;
    safe fn leave(status: i32);
}

/// A library whose `work` executes so many multiplications, as no other code of it does.
fn multiplying(directory: &Path, name: &str, times: usize) -> PathBuf {
    let line = "__asm__ volatile(\"mulu.l %0, %0, %0\" : \"+r\"(x));\n";
    let text = format!(
        "long work(long x) {{\n{}return x;\n}}\n",
        line.repeat(times)
    );
    build(directory, name, &text, Target::Ve1Llvm)
}

fn call_work(proc: &VeoProc, path: &Path) {
    let library = proc.load_library(path).unwrap();
    let work = library.function::<fn(i64) -> i64>("work").unwrap();
    assert_eq!(work.call(proc, (1,)).unwrap(), 1);
    drop(work);
    library.unload().unwrap();
}

/// How often `work` of this library was called, and what it has multiplied.
fn multiplied(proc: &VeoProc, library: &Path) -> (u64, u64) {
    let all = proc.statistics().unwrap();
    let found = all
        .iter()
        .find(|kernel| kernel.kernel == "work" && kernel.library == library);
    let kernel = found.unwrap_or_else(|| panic!("{} in {all:?}", library.display()));
    (kernel.calls, kernel.operations["mulu.l"])
}

#[test]
fn libraries_at_one_address_are_counted_apart() {
    if !clang() {
        return;
    }
    let directory = scratch();
    let three = multiplying(&directory, "libthree.so", 3);
    let five = multiplying(&directory, "libfive.so", 5);
    let proc = VeoProc::builder().profile(true).build().unwrap();
    let place = |path: &Path| {
        let library = proc.load_library(path).unwrap();
        let address = library.find_function("work").unwrap().addr();
        library.unload().unwrap();
        address
    };
    assert_eq!(place(&three), place(&five), "this is what is tested");
    call_work(&proc, &three);
    call_work(&proc, &five);
    call_work(&proc, &five);
    assert_eq!(multiplied(&proc, &three), (1, 3));
    assert_eq!(multiplied(&proc, &five), (2, 10));
    // Loaded again it goes on.
    call_work(&proc, &three);
    assert_eq!(multiplied(&proc, &three), (2, 6));
    assert_eq!(proc.statistics().unwrap().len(), 2);
}

#[test]
fn libraries_with_a_symbol_in_common_are_counted_apart() {
    if !clang() {
        return;
    }
    let directory = scratch();
    let two = multiplying(&directory, "libtwo of them.so", 2);
    let seven = multiplying(&directory, "libseven.so", 7);
    let proc = VeoProc::builder().profile(true).build().unwrap();
    let libraries = [&two, &seven].map(|path| proc.load_library(path).unwrap());
    let contexts = [(); 4].map(|()| proc.open_context().unwrap());
    for (at, ctx) in contexts.iter().enumerate() {
        let work = libraries[at % 2].function::<fn(i64) -> i64>("work");
        let work = work.unwrap();
        let requests: Vec<_> = (0..50).map(|_| work.call(ctx, (1,)).unwrap()).collect();
        for request in requests {
            request.wait().unwrap();
        }
    }
    assert_eq!(multiplied(&proc, &two), (100, 200));
    assert_eq!(multiplied(&proc, &seven), (100, 700));
}

#[test]
fn the_builder_says_whether_instructions_are_counted() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        for (counts, kernels) in [(true, 1), (false, 0)] {
            let proc = VeoProc::builder().profile(counts).build().unwrap();
            assert_eq!(call_often(&proc, 3).unwrap(), 3);
            assert_eq!(proc.statistics().unwrap().len(), kernels);
            proc.close().unwrap();
        }
        let proc = VeoProc::new(0).unwrap();
        assert_eq!(call_often(&proc, 3).unwrap(), 3);
        println!("\n{} kernels", proc.statistics().unwrap().len());
        // A process that is only dropped may not have printed when this program ends.
        proc.close().unwrap();
        return;
    }
    let name = "watching::the_builder_says_whether_instructions_are_counted";
    let table = "kernel call_often of ";
    for (value, printed, without) in [("1", 2, 1), ("quiet", 0, 1), ("0", 0, 0)] {
        let said = again(name, &[("VEO_EMU_PROFILE", value.as_ref())]);
        assert_eq!(said.matches(table).count(), printed, "{value}: {said}");
        assert!(said.contains(&format!("\n{without} kernels")), "{said}");
    }
}

#[test]
fn the_table_of_the_process_has_what_was_executed() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        work(&proc);
        proc.close().unwrap();
        return;
    }
    let name = "watching::the_table_of_the_process_has_what_was_executed";
    let table = |profile: &str| {
        let variables = [("VEO_STATS", "1"), ("VEO_EMU_PROFILE", profile)];
        again(
            name,
            &variables.map(|(name, value)| (name, OsStr::new(value))),
        )
    };
    // An empty variable is as good as none.
    let said = table("");
    let (requests, executed) = said.split_once("  kernel add_up of ").expect(&said);
    assert!(requests.contains("add_up (libvewatched.so)\n"), "{said}");
    let (executed, _) = executed
        .split_once("  kernel add_vectors of ")
        .expect(&said);
    assert!(
        executed.contains("libvewatched.so, called 3 times\n"),
        "{said}"
    );
    let value = |name: &str| {
        let line = executed
            .lines()
            .find(|line| line.trim().starts_with(name))
            .unwrap_or_else(|| panic!("{name} in {said}"));
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert_eq!(value("FLOP Count"), 3.0 * SUMS as f64);
    assert_eq!(value("V. Op. Ratio (%)"), 0.0);
    assert!(value("Inst. Count") > value("FLOP Count"));
    assert!(value("MOPS") > value("MFLOPS"));
    let said = table("0");
    assert!(said.contains("add_up (libvewatched.so)\n"), "{said}");
    assert!(!said.contains("Inst. Count"), "{said}");
}

#[test]
fn the_table_of_a_process_that_is_killed_has_what_was_executed() {
    if watched().is_none() || mistakes().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        work(&proc);
        let ctx = proc.open_context().unwrap();
        let endless = run_forever(&ctx).unwrap();
        std::thread::scope(|scope| {
            // All of its contexts are busy.
            scope.spawn(|| run_forever(&proc).unwrap_err());
            std::thread::sleep(Duration::from_millis(300));
            proc.kill().unwrap();
        });
        endless.wait().unwrap_err();
        drop(proc.close());
        return;
    }
    let name = "watching::the_table_of_a_process_that_is_killed_has_what_was_executed";
    let said = again(name, &[("VEO_STATS", "1".as_ref())]);
    for (kernel, calls) in [("add_up", 3), ("add_vectors", 1), ("call_often", 1)] {
        let (_, table) = said
            .split_once(&format!("  kernel {kernel} of "))
            .unwrap_or_else(|| panic!("{kernel} in {said}"));
        let line = table.lines().next().unwrap();
        assert!(line.ends_with(&format!("called {calls} times")), "{line}");
        assert!(table.contains("Inst. Count"), "{table}");
    }
}

#[test]
fn the_table_of_a_process_that_a_kernel_ends_has_what_was_executed() {
    if watched().is_none() || mistakes().is_none() {
        return;
    }
    type End = fn(&VeoProc) -> Result<(), Error>;
    let ways: [(&str, End); 3] = [
        ("write_nowhere", |proc| write_nowhere(proc)),
        ("in_a_thread", |proc| in_a_thread(proc, 0).map(drop)),
        ("leave", |proc| leave(proc, 3)),
    ];
    if is_again() {
        for (calls, (_, way)) in (1..).zip(ways) {
            let proc = VeoProc::new(0).unwrap();
            for _ in 0..calls {
                assert_eq!(call_often(&proc, 3).unwrap(), 3);
            }
            way(&proc).unwrap_err();
            drop(proc.close());
        }
        return;
    }
    let name = "watching::the_table_of_a_process_that_a_kernel_ends_has_what_was_executed";
    let said = again(name, &[("VEO_STATS", "1".as_ref())]);
    let tables: Vec<_> = said.split("VE process ").skip(1).collect();
    for (calls, (kernel, _)) in (1..).zip(ways) {
        let table = tables.iter().find(|table| table.contains(kernel));
        let table = table.unwrap_or_else(|| panic!("{kernel} in {said}"));
        for (kernel, calls) in [("call_often", calls), (kernel, 1)] {
            let title = format!("  kernel {kernel} of ");
            let line = table.lines().find(|line| line.starts_with(&title));
            let line = line.unwrap_or_else(|| panic!("{kernel} in {table}"));
            assert!(line.ends_with(&format!("called {calls} times")), "{line}");
        }
    }
}

#[test]
fn counts_are_printed_after_a_fault() {
    if watched().is_none() || mistakes().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        let library = proc.load_library(watched().unwrap()).unwrap();
        let often = library.function::<fn(i64) -> i64>("call_often").unwrap();
        assert_eq!(often.call(&proc, (3,)).unwrap(), 3);
        write_nowhere(&proc).unwrap_err();
        return;
    }
    let name = "watching::counts_are_printed_after_a_fault";
    let said = again(name, &[("VEO_EMU_PROFILE", "1".as_ref())]);
    for kernel in ["call_often", "write_nowhere"] {
        let table = format!("kernel {kernel} of ");
        assert_eq!(said.matches(&table).count(), 1, "{kernel} in {said}");
    }
}

#[test]
fn instructions_are_counted_for_each_kernel() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        work(&proc);
        let all = proc.statistics().unwrap();
        let sums = find(&all, "add_up");
        assert_eq!((sums.calls, sums.vector_instructions), (3, 0));
        assert_eq!(sums.operations["fadd.d"], 3 * SUMS as u64);
        assert_eq!(sums.operations.values().sum::<u64>(), sums.instructions);
        assert_eq!(sums.vector_operation_ratio(), 0.0);
        let vectors = find(&all, "add_vectors");
        assert_eq!(vectors.calls, 1);
        assert_eq!(vectors.operations["vfadd.d"], VECTORS as u64);
        // Setting the vector length counts as well, the first time with none.
        let length = vectors.average_vector_length();
        assert!((240.0..=256.0).contains(&length), "{vectors:?}");
        assert!(vectors.vector_operation_ratio() > 50.0, "{vectors:?}");
        proc.close().unwrap();
        return;
    }
    let proc = VeoProc::new(0).unwrap();
    work(&proc);
    assert_eq!(proc.statistics().unwrap(), []);
    let name = "watching::instructions_are_counted_for_each_kernel";
    let said = again(name, &[("VEO_EMU_PROFILE", "1".as_ref())]);
    for part in [
        "kernel add_up of ",
        "libvewatched.so, called 3 times",
        "Inst. Count",
        "A. V. Length",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn calls_and_instructions_are_told() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        assert_eq!(call_often(&proc, 3).unwrap(), 3);
        return;
    }
    let name = "watching::calls_and_instructions_are_told";
    let told = |trace: &str| again(name, &[("VEO_EMU_TRACE", trace.as_ref())]);
    let said = told("calls");
    assert!(said.contains("context 0 calls call_often"), "{said}");
    assert_eq!(said.matches(" calls one").count(), 3, "{said}");
    let said = told("instructions");
    assert!(said.contains(": b.l.t (, %s10)"), "{said}");
}

#[test]
fn the_last_instructions_of_all_contexts_are_told_after_a_fault() {
    if watched().is_none() || mistakes().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        let ctx = proc.open_context().unwrap();
        assert_eq!(call_often(&ctx, 3).unwrap().wait().unwrap(), 3);
        write_nowhere(&proc).unwrap_err();
        return;
    }
    let name = "watching::the_last_instructions_of_all_contexts_are_told_after_a_fault";
    let said = again(name, &[("VEO_EMU_TRACE", "last:5".as_ref())]);
    let told = |thread: &str| {
        let head = format!("instructions of {thread}:\n");
        let (_, rest) = said.split_once(&head).expect(&said);
        let lines = rest.lines().take(5).map(str::to_owned);
        lines.collect::<Vec<_>>()
    };
    assert!(
        told("context 1")
            .iter()
            .all(|line| line.contains(" <call_often+0x")),
        "{said}"
    );
    let last = told("context 0");
    let fault = last.iter().rfind(|line| line.contains("<write_nowhere+0x"));
    assert!(fault.is_some_and(|line| line.contains(">: stl ")), "{said}");
}

#[test]
fn floats_are_exact_where_that_is_wanted() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        work(&VeoProc::new(0).unwrap());
        return;
    }
    let name = "watching::floats_are_exact_where_that_is_wanted";
    for floats in ["exact", "host"] {
        again(name, &[("VEO_EMU_FLOAT", floats.as_ref())]);
    }
}

#[test]
fn engines_are_chosen() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        match VeoProc::new(0) {
            Ok(proc) => work(&proc),
            Err(error) => println!("\n{error}"),
        }
        return;
    }
    let name = "watching::engines_are_chosen";
    for engine in ["interp", "jit", "both"] {
        let said = again(name, &[("VEO_EMU_ENGINE", engine.as_ref())]);
        let is_there = engine == "interp" || cfg!(feature = "jit");
        assert_eq!(!said.contains("--features jit"), is_there, "{said}");
    }
}

#[test]
fn wrong_values_of_the_variables_are_told() {
    if is_again() {
        println!("\n{}", VeoProc::new(0).map(drop).unwrap_err());
        return;
    }
    let name = "watching::wrong_values_of_the_variables_are_told";
    for (variable, part) in [
        ("VEO_EMU_FLOAT", "it can be `host`, `exact`"),
        ("VEO_EMU_ENGINE", "it can be `interp`, `jit`, `both`"),
        ("VEO_EMU_TRACE", "`calls`, `instructions`"),
        ("VEO_EMU_PROFILE", "`0`, `1`, `quiet`"),
    ] {
        let said = again(name, &[(variable, "all".as_ref())]);
        assert!(said.contains(variable) && said.contains(part), "{said}");
    }
}
