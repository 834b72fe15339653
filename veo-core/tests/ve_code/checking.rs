//! The check of memory of VE machine code: mistakes of kernels as errors of their requests, what kernels are told of that go on, leaks.

use veo_core::{Check, Guard, OnStack, VeoProc, ve_kernel};

use crate::library::{again, checked, is_again, kernels};

#[ve_kernel(lib = "libvechecked.so")]
unsafe extern "C" {
    safe fn fill(x: *mut f64, n: i64);
    safe fn keep(x: *const f64);
    safe fn use_kept() -> f64;
    safe fn use_freed(n: i64) -> i64;
    safe fn lose(n: i64) -> i64;
    safe fn decide(n: i64) -> i64;
}

/// The line of `checked.c` with this comment.
fn line(comment: &str) -> u32 {
    let text = include_str!("checked.c");
    let comment = format!("/* {comment} */");
    let found = text.lines().position(|line| line.contains(&comment));
    found.expect("the comment is there") as u32 + 1
}

/// A guard would end a kernel before the check says anything.
fn process(check: Check) -> VeoProc {
    let builder = VeoProc::builder().guard(Guard::Off);
    builder.check(check).build().unwrap()
}

#[test]
fn a_wrong_access_is_the_error_of_its_request() {
    if checked().is_none() {
        return;
    }
    let proc = process(Check::Memory);
    let mut x = proc.alloc::<f64>(100).unwrap();
    let allocated = line!() - 1;
    fill(&proc, &mut x, 100).unwrap();
    let error = fill(&proc, &mut x, 101).unwrap_err();
    let text = error.to_string();
    let block = format!("just past the 100 f64 allocated at {}:{allocated}", file!());
    let place = format!("checked.c:{}", line("fill"));
    for part in ["fill", &block, "write to", "(8 bytes)", &place] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn freed_memory_is_told_with_who_has_freed_it() {
    if checked().is_none() {
        return;
    }
    let proc = process(Check::Memory);
    let text = use_freed(&proc, 4).unwrap_err().to_string();
    for part in [
        "8 bytes into the 32 bytes".to_owned(),
        format!("checked.c:{}, which were freed at ", line("allocated")),
        format!("checked.c:{}", line("freed")),
        format!("checked.c:{}", line("use_freed")),
    ] {
        assert!(text.contains(&part), "{part} in {text}");
    }
    // A block of the program whose address a kernel still has is reported alike.
    let proc = process(Check::Memory);
    let x = proc.upload(&[1.0, 2.0, 3.0]).unwrap();
    keep(&proc, &x).unwrap();
    assert_eq!(use_kept(&proc).unwrap(), 3.0);
    drop(x);
    // The memory is given back by the next request at the latest.
    proc.alloc::<u8>(1).unwrap();
    let text = use_kept(&proc).unwrap_err().to_string();
    let place = format!("16 bytes into the 3 f64 allocated at {}:", file!());
    assert!(
        text.contains(&place) && text.contains("which were freed"),
        "{text}"
    );
}

#[test]
fn data_on_the_stack_of_a_call_have_an_end() {
    if checked().is_none() {
        return;
    }
    let proc = process(Check::Memory);
    let mut x = [0.0f64; 7];
    fill(&proc, OnStack::inout(&mut x), 7).unwrap();
    assert_eq!(x[6], 6.0);
    let text = fill(&proc, OnStack::inout(&mut x), 8)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("write to") && text.contains("just past"),
        "{text}"
    );
}

#[test]
fn values_that_nobody_has_written_decide_nothing() {
    if checked().is_none() {
        return;
    }
    let proc = process(Check::Memory);
    decide(&proc, 3).unwrap();
    let proc = process(Check::MemoryInit);
    assert_eq!(decide(&proc, 1).unwrap(), 0);
    let mut x = proc.alloc::<f64>(10).unwrap();
    fill(&proc, &mut x, 10).unwrap();
    assert_eq!(x.to_vec().unwrap()[9], 9.0);
    let error = decide(&proc, 3).unwrap_err();
    let fault = error.fault().expect("it says what ended the process");
    let detail = fault.detail.as_deref().unwrap_or_default();
    assert!(
        detail.contains("a branch depends on bits that nobody has written"),
        "{error}"
    );
    let place = fault.source.as_ref().map(|(_, line)| *line);
    assert_eq!(place, Some(line("decide")), "{error}");
}

#[test]
fn kernels_go_on_and_leaks_are_told() {
    if checked().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::builder().guard(Guard::Off).build().unwrap();
        let mut x = proc.alloc::<f64>(10).unwrap();
        for _ in 0..3 {
            fill(&proc, &mut x, 11).unwrap();
        }
        assert_eq!(lose(&proc, 30).unwrap(), 30);
        assert_eq!(lose(&proc, 12).unwrap(), 12);
        proc.close().unwrap();
        return;
    }
    let name = "checking::kernels_go_on_and_leaks_are_told";
    let said = again(name, &[("VEO_EMU_CHECK", "memory,continue".as_ref())]);
    let told: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("check of memory: "))
        .collect();
    assert_eq!(told.len(), 2, "{said}");
    let place = format!("checked.c:{}", line("fill"));
    assert!(
        told[0].contains("write to") && told[0].ends_with(&place),
        "{said}"
    );
    let lost = format!(
        "checked.c:{}, to which nothing points any more",
        line("lost")
    );
    assert!(
        told[1].contains("leak: 42 bytes in 2 blocks") && told[1].ends_with(&lost),
        "{said}"
    );
}

/// Right accesses are not reported.
#[test]
fn other_tests_pass_with_the_check() {
    if kernels().is_none() || is_again() {
        return;
    }
    for test in [
        "calls::every_type_goes_there_and_back",
        "calls::words_beyond_the_registers_are_on_the_stack",
        "calls::stack_data_goes_in_and_out",
        "calls::memory_is_shared_with_the_host",
        "calls::memory_that_a_kernel_allocates_can_be_read_and_written",
        "calls::variables_are_read_and_written",
        "calls::contexts_run_at_the_same_time",
        "calls::each_context_has_its_own_thread_local_variables",
        "calls::functions_are_arguments",
    ] {
        again(test, &[("VEO_EMU_CHECK", "memory-init".as_ref())]);
    }
}

#[test]
fn unknown_words_are_errors() {
    if checked().is_none() {
        return;
    }
    if is_again() {
        let error = VeoProc::new(0).unwrap_err().to_string();
        assert!(
            error.contains("VEO_EMU_CHECK") && error.contains("`memory-init`"),
            "{error}"
        );
        return;
    }
    for wrong in ["1", "memory,stop", "init", "memory,"] {
        again(
            "checking::unknown_words_are_errors",
            &[("VEO_EMU_CHECK", wrong.as_ref())],
        );
    }
}
