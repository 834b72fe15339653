//! The drop-in library under programs that fork, exec, run out of resources or
//! die, and in a hostile environment.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use veo_test_support::compile;
use veo_test_support::dropin::Dropin;
use veo_test_support::{available, found};

#[test]
fn a_library_is_never_looked_for_in_the_current_directory() {
    let dropin = Dropin::get();
    let mut command = dropin.command(dropin.compile("library_search.c", &[]));
    command
        .arg(dropin.kernel_dir())
        .current_dir(dropin.kernel_dir());
    dropin.run(&mut command).expect_success("library_search.c");
}

#[test]
fn a_veorun_lying_about_is_not_started() {
    let dropin = Dropin::get();
    let trap = dropin.scratch("trap");
    let sprung = trap.join("sprung");
    for name in ["veorun", "aveorun", "libexec/veorun"] {
        let fake = trap.join(name);
        fs::create_dir_all(fake.parent().unwrap()).unwrap();
        fs::write(
            &fake,
            format!("#!/bin/sh\necho {name} >> {}\n", sprung.display()),
        )
        .unwrap();
        fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = dropin.command(dropin.compile("process.c", &[]));
    command
        .arg(dropin.kernel_dir())
        .current_dir(&trap)
        .env("PATH", &trap);
    dropin.run(&mut command).expect_success("process.c");
    assert!(!sprung.exists(), "{:?}", fs::read_to_string(&sprung));
}

#[test]
fn descriptors_are_private_to_both_sides() {
    Dropin::get().conforms("descriptors.c", &[]);
}

#[test]
fn a_program_that_closes_all_descriptors() {
    Dropin::get().conforms("closed_descriptors.c", &[]);
}

/// The VE process is called after its program; the system takes no longer arguments.
#[test]
fn a_program_with_the_longest_name() {
    let dropin = Dropin::get();
    let mut command = dropin.command(dropin.compile("process.c", &[]));
    command.arg0("p".repeat(131_000 + 71));
    command.arg(dropin.kernel_dir());
    dropin.run(&mut command).expect_success("process.c");
}

#[test]
fn a_program_that_forks() {
    Dropin::get().conforms("fork.c", &[]);
}

#[test]
fn limits_of_the_program() {
    Dropin::get().conforms("limits.c", &[]);
}

#[test]
fn a_fault_is_traced_where_it_is_asked_for() {
    let dropin = Dropin::get();
    let program = dropin.compile("after_death.c", &[]);
    let says = |level: Option<&str>| {
        let mut command = dropin.command(&program);
        command.arg(dropin.kernel_dir());
        command.envs(level.map(|level| ("VE_TRACEBACK", level)));
        let outcome = dropin.run(&mut command);
        outcome.expect_success("after_death.c");
        // Without the messages about libraries that are loaded too late.
        let lines = outcome.stderr.lines();
        let trace: Vec<_> = lines.filter(|line| !line.starts_with("libveo: ")).collect();
        trace.join("\n")
    };
    let traced = says(Some("FULL"));
    assert!(traced.contains("fault_segv"), "{traced}");
    let silent = says(None);
    assert!(!silent.contains("fault_segv"), "{silent}");
}

#[test]
fn thousands_of_threads() {
    Dropin::get().conforms("many_threads.c", &[]);
}

#[test]
fn threads_that_are_cancelled_inside_the_library() {
    Dropin::get().conforms("cancelled.c", &[("VE_OMP_NUM_THREADS", "1")]);
}

#[test]
fn functions_of_the_emulated_node_beyond_libveo() {
    Dropin::get().conforms("extensions.c", &[]);
}

#[test]
fn no_ve_process_outlives_its_program() {
    let dropin = Dropin::get();
    let program = dropin.compile("outlived.c", &[]);
    for how in ["exit", "_exit", "abort", "kill", "exec"] {
        for work in ["idle", "busy", "stopped"] {
            // At an exit it waits for queued requests, which is of no use here.
            if (how, work) == ("exit", "stopped") {
                continue;
            }
            let mut command = dropin.command(&program);
            let outcome = dropin.run(command.arg(dropin.kernel_dir()).args([how, work]));
            assert_eq!(outcome.stdout, "gone\n", "{how}, {work}: {outcome:#?}");
            assert!(
                outcome.left_behind.is_empty(),
                "{how}, {work}: {outcome:#?}"
            );
        }
    }
}

/// The behaviour of `alone.c` without and with a veorun.
fn alone(program: &std::path::Path, library_path: Option<&std::path::Path>) {
    let dropin = Dropin::get();
    for veorun in [None, Some(dropin.prefix().join("libexec/veorun"))] {
        let mut command = dropin.command(program);
        command
            .env_remove("LD_LIBRARY_PATH")
            .envs(library_path.map(|path| ("LD_LIBRARY_PATH", path)));
        command
            .arg(dropin.kernel_dir())
            .envs(veorun.map(|path| ("VEORUN_BIN", path)));
        let outcome = dropin.run(&mut command);
        outcome.expect_success("alone.c");
        assert_eq!(outcome.stdout, "main\n", "{outcome:#?}");
    }
}

#[test]
fn static_executables() {
    for option in ["-static", "-static-pie"] {
        alone(&Dropin::get().compile_static("alone.c", option), None);
    }
}

#[test]
fn a_library_without_the_rest_of_its_installation() {
    let dropin = Dropin::get();
    let program = dropin.compile("alone.c", &[]);
    let directory = dropin.scratch("alone");
    fs::copy(dropin.library(), directory.join("libveo.so.1")).unwrap();
    alone(&program, Some(&directory));
}

#[test]
fn the_library_tells_what_it_does_where_it_is_asked() {
    let dropin = Dropin::get();
    let program = dropin.compile("after_death.c", &[]);
    let says = |level: Option<&str>| {
        let mut command = dropin.command(&program);
        command.arg(dropin.kernel_dir());
        command.envs(level.map(|level| ("VEO_LOG_DEBUG", level)));
        let outcome = dropin.run(&mut command);
        outcome.expect_success("after_death.c");
        assert_eq!(outcome.stdout, "");
        outcome.stderr
    };
    let told = says(Some("1"));
    for part in [
        "is ready",
        "context 0",
        "libkernels.so is loaded",
        "SIGSEGV",
        "fault_segv",
    ] {
        assert!(told.contains(part), "{part:?} is missing in {told}");
    }
    for level in [None, Some("0"), Some("")] {
        assert!(!says(level).contains("is ready"), "{level:?}");
    }
}

/// A debugger attaches before anything runs, and the VE process works under it.
#[test]
fn a_debugger_where_it_is_asked_for() {
    let gdb = found("gdb");
    if !available("gdb (Debian: gdb)", gdb) {
        return;
    }
    let dropin = Dropin::get();
    let program = dropin.compile("calls.c", &[]);
    let commands = dropin.scratch("gdb").join("commands");
    fs::write(&commands, "info threads\ncontinue\n").unwrap();
    let mut command = dropin.command("sh");
    command
        .args(["-c", "exec \"$0\" \"$1\" <\"$2\""])
        .arg(program);
    command
        .arg(dropin.kernel_dir())
        .arg(commands)
        .env("VEO_DEBUG", "console");
    // Signals that the program blocks are no business of the debugger's.
    // SAFETY: system calls with a set of our own.
    unsafe {
        command.pre_exec(|| {
            let mut all: libc::sigset_t = std::mem::zeroed();
            libc::sigfillset(&mut all);
            libc::sigprocmask(libc::SIG_SETMASK, &all, std::ptr::null_mut());
            Ok(())
        });
    }
    let outcome = dropin.run(&mut command);
    // It may end a little later than the program.
    assert!(
        outcome.status.is_some_and(|status| status.success()),
        "{outcome:#?}"
    );
    for part in ["Attaching to process", "veorun", "Continuing."] {
        let said = outcome.stdout.contains(part);
        let forbidden = outcome.stderr.contains("ptrace: Operation not permitted");
        assert!(said || forbidden, "{part:?} is missing: {outcome:#?}");
    }
    // It leaves the VE process when the program is killed. Its commands do not end, and the
    // standard output does when all of them have ended.
    let queue = dropin.scratch("gdb").join("queue");
    let mut command = dropin.command("sh");
    command
        .args([
            "-c",
            "mkfifo \"$0\" && exec 3<>\"$0\" && echo continue >&3 && \"$@\" <&3 | cat",
        ])
        .arg(queue)
        .arg(dropin.compile("outlived.c", &[]))
        .arg(dropin.kernel_dir())
        .args(["kill", "busy"])
        // The debugger may leave its core.
        .current_dir(dropin.scratch("gdb_core"))
        .env("VEO_DEBUG", "console");
    let outcome = dropin.run(&mut command);
    assert!(outcome.status.is_some(), "{outcome:#?}");
    assert!(outcome.left_behind.is_empty(), "{outcome:#?}");
    // Without one the process is refused, for this reason.
    let mut command = dropin.command(dropin.compile("alone.c", &[]));
    command
        .arg(dropin.kernel_dir())
        .env("VEO_DEBUG", "console")
        .env("PATH", "/nowhere");
    command.env("VEO_LOG_DEBUG", "1");
    let outcome = dropin.run(&mut command);
    assert!(
        outcome.stderr.contains("VEO_DEBUG asks for a debugger"),
        "{outcome:#?}"
    );
    assert!(outcome.left_behind.is_empty(), "{outcome:#?}");
}

#[test]
fn a_program_that_exits_while_requests_are_queued() {
    let dropin = Dropin::get();
    let program = dropin.compile("exits.c", &[]);
    let outcome_of = |how: &str| {
        let mut command = dropin.command(&program);
        let outcome = dropin.run(command.arg(dropin.kernel_dir()).arg(how));
        outcome.expect_success("exits.c");
        outcome
    };
    let outcome = outcome_of("main");
    let said = "said 1\nsaid 2\nsaid 3\nsaid 4\nsaid 5\n";
    assert_eq!(outcome.stdout, said, "{outcome:#?}");
    // An exit from a host function does not wait for that function, one of a child not for what belongs to its parent.
    for how in ["function", "child"] {
        let started = std::time::Instant::now();
        let outcome = outcome_of(how);
        let took = started.elapsed();
        assert!(took < std::time::Duration::from_secs(4), "{how}: {took:?}");
        assert_eq!(outcome.stdout, "", "{outcome:#?}");
    }
}

/// libveo prints its reasons, and so do we: C programs have no other way to learn them.
#[test]
fn failed_calls_are_explained_on_the_standard_error() {
    let dropin = Dropin::get();
    let program = dropin.compile("reasons.c", &[]);
    let mut command = dropin.command(&program);
    let outcome = dropin.run(command.arg(dropin.kernel_dir()).arg("print"));
    outcome.expect_success("reasons.c");
    let lines: Vec<_> = outcome.stderr.lines().collect();
    let wanted = [
        ("libveo: veo_proc_create: ", "node 12345"),
        ("libveo: veo_proc_create_static: ", "/nowhere/veorun"),
        ("libveo: veo_load_library: ", "/nowhere/lib.so"),
        ("libveo: veo_context_open: ", "no VE process"),
        ("libveo: veo_context_open_with_attr: ", "attributes"),
    ];
    assert_eq!(lines.len(), wanted.len(), "{outcome:#?}");
    for (line, (start, part)) in lines.iter().zip(wanted) {
        assert!(line.starts_with(start) && line.contains(part), "{line}");
    }
    assert_eq!(outcome.stdout, "");
    // A program that asks for reasons gets them, and nothing is printed.
    let mut command = dropin.command(&program);
    let outcome = dropin.run(command.arg(dropin.kernel_dir()).arg("ask"));
    outcome.expect_success("reasons.c");
    assert_eq!(outcome.stderr, "");
}

#[test]
fn a_plugin_that_uses_it_while_it_is_loaded_and_unloaded() {
    let dropin = Dropin::get();
    let directory = dropin.scratch("in_plugin");
    let (plugin, program) = (directory.join("plugin.so"), directory.join("program"));
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/dropin/conformance/in_plugin.c"
    );
    let gcc = |options: &[&str], to: &std::path::Path| {
        let include = format!("-I{}", dropin.prefix().join("include").display());
        let libraries = format!("-L{}", dropin.prefix().join("lib64").display());
        let all = [
            "-std=gnu11",
            "-O1",
            "-g",
            "-Wall",
            "-Werror",
            "-pthread",
            &include,
        ];
        let last = match options.contains(&"-shared") {
            true => "-lveo",
            false => "-ldl",
        };
        compile::program(source, to, &[&all, options, &[&*libraries, last]].concat());
    };
    gcc(&["-shared", "-fpic"], &plugin);
    gcc(&["-DLOADER"], &program);
    let mut command = dropin.command(&program);
    command.env("KERNELS", dropin.kernel_dir());
    dropin
        .run(command.arg(&plugin))
        .expect_success("in_plugin.c");
}
