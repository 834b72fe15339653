//! Programs with raised privileges (set-user-ID, file capabilities) obey no variable of whoever
//! starts them, and start nothing that would not become a VE process.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use veo_abi::environment::{self, Variable};
use veo_test_support::compile;
use veo_test_support::dropin::Dropin;
use veo_test_support::run::{Outcome, run};
use veo_tests::place::{Place, allow, is_root};

const PROBE: &str = env!("CARGO_BIN_EXE_probe");
const LIMIT: Duration = Duration::from_secs(60);

/// The user who starts the program.
const NOBODY: u32 = 65534;
/// The user who owns it.
const OWNER: u32 = 1;

/// Runs a program as somebody who may not have many processes, should it start one after the other.
fn as_nobody(program: &Path) -> Command {
    let mut command = Command::new(program);
    for variable in environment::ALL {
        command.env_remove(variable.name());
    }
    let few = libc::rlimit {
        rlim_cur: 200,
        rlim_max: 200,
    };
    let limit = move || {
        // SAFETY: the structure is valid.
        match unsafe { libc::setrlimit(libc::RLIMIT_NPROC, &few) } {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    command.uid(NOBODY).gid(NOBODY);
    // SAFETY: the closure makes one system call.
    unsafe { command.pre_exec(limit) };
    command
}

fn owned(place: &Place) -> PathBuf {
    let program = place.copy("owned");
    std::os::unix::fs::chown(&program, Some(OWNER), Some(OWNER)).unwrap();
    allow(&program, 0o4755);
    program
}

fn owned_by_group(place: &Place) -> PathBuf {
    let program = place.copy("owned-by-group");
    std::os::unix::fs::chown(&program, None, Some(OWNER)).unwrap();
    allow(&program, 0o2755);
    program
}

fn capable(place: &Place) -> PathBuf {
    const REVISION_2: u32 = 0x0200_0000;
    const EFFECTIVE: u32 = 1;
    const NET_BIND_SERVICE: u32 = 1 << 10;
    let program = place.copy("capable");
    let path = CString::new(program.as_os_str().as_bytes()).unwrap();
    let words = [REVISION_2 | EFFECTIVE, NET_BIND_SERVICE, 0, 0, 0];
    let value: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let name = c"security.capability".as_ptr();
    // SAFETY: terminated strings, and a value of the length that is given.
    let set = unsafe { libc::setxattr(path.as_ptr(), name, value.as_ptr().cast(), value.len(), 0) };
    assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
    program
}

/// Copies of the program that have privileges. Nothing where the system gives none.
fn privileged(place: &Place) -> Vec<PathBuf> {
    let mut programs = vec![owned(place), owned_by_group(place), capable(place)];
    programs.retain(|program| {
        let outcome = run(as_nobody(program).arg("start"), LIMIT);
        let privileged = outcome.stdout.contains("begun privileged");
        if !privileged {
            eprintln!("skipped: {} gets no privileges here", program.display());
        }
        privileged
    });
    programs
}

/// A library that says that it was loaded, whatever it is loaded by.
fn evil(place: &Place, name: &str) -> PathBuf {
    let library = place.path(name);
    fs::create_dir_all(library.parent().unwrap()).unwrap();
    allow(library.parent().unwrap(), 0o755);
    let text = "#include <unistd.h>\n\
                __attribute__((constructor)) static void tell(void) { write(2, \"EVIL\\n\", 5); }\n\
                int veo_api_version(void) { return 16; }\n\
                long bump(long by) { return 666; }\n\
                long own_pid(void) { return 1; }\n";
    compile::library_of(text, "c", &library, &["-w", "-g"]);
    allow(&library, 0o755);
    library
}

/// A variable, its value, and others that belong to it.
type Attack = (Variable, String, Vec<(&'static str, String)>);

/// Variables that would make the program run code of somebody's choice.
fn attacks(place: &Place) -> Vec<Attack> {
    let library = evil(place, "evil.so").display().to_string();
    evil(place, "kernels/libvebasics.so");
    let directory = place.path("kernels").display().to_string();
    let debugger = "echo EVIL >&2; exit";
    fs::create_dir_all(place.path("bin")).unwrap();
    allow(&place.path("bin"), 0o755);
    place.script("bin/gdb", debugger);
    let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
    let attack = |variable: Variable, value: &str| (variable, value.to_owned(), Vec::new());
    vec![
        (
            environment::VEO_LIBVEO,
            library.clone(),
            vec![("VEO_BACKEND", "libveo".to_owned())],
        ),
        attack(environment::VEO_LIBRARY_PATH, &directory),
        attack(environment::VE_LD_PRELOAD, &library),
        (
            environment::VEO_DEBUG,
            "console".to_owned(),
            vec![("PATH", path)],
        ),
    ]
}

fn with(command: &mut Command, attack: &Attack) {
    let (variable, value, more) = attack;
    command.env(variable.name(), value).envs(more.clone());
}

#[test]
fn the_caller_has_no_say_in_what_runs() {
    if !is_root() {
        return;
    }
    let place = Place::with(PROBE);
    let capable = capable(&place);
    let works = |outcome: &Outcome| {
        outcome.expect_success("a program with capabilities");
        assert!(outcome.stdout.contains(" gives 141\n"), "{outcome:#?}");
    };
    let plain = run(as_nobody(&capable).arg("start").arg(place.program()), LIMIT);
    works(&plain);
    if !plain.stdout.contains("begun privileged") {
        eprintln!("skipped: programs get no capabilities here");
        return;
    }
    for attack in &attacks(&place) {
        // Without privileges the variable is obeyed.
        let mut command = as_nobody(&place.program());
        with(command.arg("start").arg(place.program()), attack);
        let obeyed = run(&mut command, LIMIT);
        assert!(obeyed.stderr.contains("EVIL"), "{attack:?}: {obeyed:#?}");
        let mut command = as_nobody(&capable);
        with(command.arg("start").arg(place.program()), attack);
        let outcome = run(&mut command, LIMIT);
        works(&outcome);
        assert!(!outcome.stderr.contains("EVIL"), "{attack:?}: {outcome:#?}");
    }
    // Nonsense in any other of them is not even looked at.
    for variable in environment::ALL {
        if *variable == environment::HANDSHAKE {
            continue;
        }
        let mut command = as_nobody(&capable);
        command.arg("start").arg(place.program());
        let outcome = run(command.env(variable.name(), "/nonsense"), LIMIT);
        works(&outcome);
    }
}

#[test]
fn a_program_that_cannot_start_itself_starts_nothing() {
    if !is_root() {
        return;
    }
    let place = Place::with(PROBE);
    let veorun = place.script("veorun", "echo EVIL >&2");
    for program in privileged(&place) {
        let mut command = as_nobody(&program);
        let outcome = run(command.arg("start").env("VEORUN_BIN", &veorun), LIMIT);
        assert_eq!(outcome.stdout, "begun privileged\n", "{outcome:#?}");
        assert!(outcome.stderr.contains("raised privileges"), "{outcome:#?}");
        assert!(!outcome.stderr.contains("EVIL"), "{outcome:#?}");
        assert!(outcome.left_behind.is_empty(), "{outcome:#?}");
        let code = outcome.status.and_then(|status| status.code());
        assert_eq!(code, Some(1), "{outcome:#?}");
    }
}

#[test]
fn a_veorun_of_another_user_is_refused_with_the_way_out() {
    if !is_root() {
        return;
    }
    let place = Place::with(PROBE);
    for program in [owned(&place), owned_by_group(&place)] {
        let outcome = run(as_nobody(&program).arg("start").arg(place.program()), LIMIT);
        if !outcome.stdout.contains("privileged") {
            eprintln!("skipped: {} gets no privileges here", program.display());
            continue;
        }
        assert!(outcome.stderr.contains("setresuid"), "{outcome:#?}");
    }
}

/// The system takes what such a program starts for one with raised privileges.
#[test]
fn a_program_that_acts_as_another_user_for_a_while_starts_nothing() {
    if !is_root() {
        return;
    }
    let place = Place::with(PROBE);
    for veorun in [None, Some(place.program())] {
        let mut command = Command::new(PROBE);
        let outcome = run(
            command.args(["start as", &NOBODY.to_string()]).args(veorun),
            LIMIT,
        );
        assert!(outcome.stderr.contains("setresuid"), "{outcome:#?}");
        assert!(!outcome.stderr.contains("HANDSHAKE"), "{outcome:#?}");
    }
}

#[test]
fn a_handshake_of_the_caller_ends_the_program() {
    if !is_root() {
        return;
    }
    let place = Place::with(PROBE);
    for program in privileged(&place) {
        let mut command = as_nobody(&program);
        let outcome = run(command.arg("start").env("_VEO_EMU_HANDSHAKE", "3"), LIMIT);
        assert_eq!(outcome.stdout, "", "{outcome:#?}");
        assert!(outcome.stderr.contains("raised privileges"), "{outcome:#?}");
    }
}

/// The library for other languages, in a program of another language.
#[test]
fn the_drop_in_library_and_its_command_obey_nobody_either() {
    if !is_root() {
        return;
    }
    let dropin = Dropin::get();
    let place = Place::with(dropin.command_program());
    let command = owned(&place);
    let target = place.path("prefix");
    let outcome = run(
        as_nobody(&command)
            .args(["install", "--prefix"])
            .arg(&target),
        LIMIT,
    );
    assert!(outcome.stderr.contains("raised privileges"), "{outcome:#?}");
    assert!(!target.exists());
    let library = place.path("libveo.so.1");
    fs::copy(dropin.library(), &library).unwrap();
    let source = place.path("caller.c");
    let text = "#include <ve_offload.h>\n#include <stdio.h>\n\
                int main(void) { puts(\"begun\"); fflush(stdout);\n\
                return veo_proc_create(0) == NULL ? 3 : 0; }\n";
    fs::write(&source, text).unwrap();
    let options = [
        format!("-I{}", dropin.prefix().join("include").display()),
        library.display().to_string(),
        format!("-Wl,-rpath,{}", place.path("").display()),
    ];
    compile::program(&source, place.program(), &options);
    let veorun = place.script("veorun", "echo EVIL >&2");
    let obeyed = run(
        as_nobody(&place.program()).env("VEORUN_BIN", &veorun),
        LIMIT,
    );
    assert!(obeyed.stderr.contains("EVIL"), "{obeyed:#?}");
    for program in [owned(&place), capable(&place)] {
        let outcome = run(as_nobody(&program).env("VEORUN_BIN", &veorun), LIMIT);
        assert!(!outcome.stderr.contains("EVIL"), "{outcome:#?}");
        assert_eq!(outcome.stdout, "begun\n", "{outcome:#?}");
    }
}
