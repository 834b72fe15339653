//! Which program becomes the VE process: the very file that runs, however it was started and
//! whatever its name means by now. A program that was started as a VE process and does not become
//! one ends, instead of starting the next.

use std::ffi::{CString, c_char};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use veo_core::{OnStack, VeoProc};
use veo_test_support::run::{Outcome, run};
use veo_test_support::{available, compile, found};
use veo_tests::place::{Place, allow, is_root};

const PROBE: &str = env!("CARGO_BIN_EXE_probe");
const LIMIT: Duration = Duration::from_secs(60);

fn place() -> (Place, PathBuf) {
    let place = Place::with(PROBE);
    let program = place.program();
    (place, program)
}

fn start(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.env_remove("VEORUN_BIN");
    command
}

/// The test program's message when it has a process.
#[track_caller]
fn worked(outcome: &Outcome) {
    outcome.expect_success("the program");
    assert!(outcome.stdout.contains(" gives 141\n"), "{outcome:#?}");
}

/// The loader of this machine, which takes a program as its argument.
fn loader() -> Option<&'static str> {
    let names = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    let found = names.into_iter().find(|name| Path::new(name).exists());
    available("the loader of the GNU C library", found.is_some())
        .then_some(found)
        .flatten()
}

#[test]
fn a_program_that_a_loader_has_started() {
    let Some(loader) = loader() else { return };
    let (directory, program) = place();
    worked(&run(start(loader).arg(&program).arg("start"), LIMIT));
    // It is started by a relative name, and by a name with a space and a line break.
    let mut command = start(loader);
    worked(&run(
        command
            .current_dir(directory.path(""))
            .args(["./probe", "start"]),
        LIMIT,
    ));
    let odd = directory.path("with space\nand line");
    fs::rename(&program, &odd).unwrap();
    worked(&run(start(loader).arg(&odd).arg("start"), LIMIT));
}

/// Such a file system reports different devices for a mapping and for its file.
#[test]
fn a_program_on_a_layered_file_system() {
    let Some(loader) = loader().filter(|_| is_root()) else {
        return;
    };
    let (place, _) = place();
    let script = place.script(
        "layered",
        "cd \"$(dirname \"$0\")\" && mkdir top all && mount -t tmpfs none top && \
         mkdir top/own top/work && \
         mount -t overlay none -o lowerdir=.,upperdir=top/own,workdir=top/work all || \
         { echo no layers here; exit 0; }\n\
         cd all && ./probe start && \"$1\" ./probe start",
    );
    let mut command = start("unshare");
    let outcome = run(command.arg("-m").arg(script).arg(loader), LIMIT);
    outcome.expect_success("the program");
    if outcome.stdout.contains("no layers here") {
        eprintln!(
            "skipped: this system does not allow layers: {}",
            outcome.stderr
        );
        return;
    }
    let works = outcome.stdout.matches(" gives 141\n").count();
    assert_eq!(works, 2, "{outcome:#?}");
}

#[test]
fn a_program_under_valgrind() {
    let found = found("valgrind");
    if !available("valgrind (Debian: valgrind)", found) {
        return;
    }
    let mut command = start("valgrind");
    command.args(["-q", "--tool=none", PROBE, "start"]);
    worked(&run(command.env("VEO_EMU_MEMORY", "256M"), LIMIT));
}

#[test]
fn a_program_that_cannot_be_read() {
    if !is_root() {
        return;
    }
    let (_directory, program) = place();
    allow(&program, 0o711);
    let mut command = start(&program);
    command.arg("start").uid(65534).gid(65534);
    worked(&run(&mut command, LIMIT));
}

/// Has the program started, its file changed by `change`, and then a process created.
fn changed(mut command: Command, change: impl FnOnce()) -> (String, String) {
    let mut child = command
        .arg("start when told")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "begun");
    change();
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    let said: Vec<String> = lines.map_while(Result::ok).collect();
    let output = child.wait_with_output().unwrap();
    (
        said.join("\n"),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// A program that must not run.
fn stranger(at: &Path) {
    let fresh = at.with_extension("fresh");
    let text = format!("#!/bin/sh\necho stranger > '{}.ran'\n", at.display());
    fs::write(&fresh, text).unwrap();
    allow(&fresh, 0o755);
    fs::rename(fresh, at).unwrap();
}

#[test]
fn a_program_whose_file_is_gone_or_replaced_goes_on_with_its_own() {
    let (directory, program) = place();
    let (said, errors) = changed(start(&program), || fs::remove_file(&program).unwrap());
    assert!(said.contains(" gives 141"), "{said}{errors}");
    fs::copy(PROBE, &program).unwrap();
    let (said, errors) = changed(start(&program), || stranger(&program));
    assert!(said.contains(" gives 141"), "{said}{errors}");
    assert!(!directory.path("probe.ran").exists());
}

#[test]
fn a_program_of_a_loader_that_was_replaced_is_not_taken_for_the_new_one() {
    let Some(loader) = loader() else { return };
    let (directory, program) = place();
    let mut command = start(loader);
    command.arg(&program);
    let (said, errors) = changed(command, || stranger(&program));
    assert!(errors.contains("was replaced"), "{said}{errors}");
    assert!(errors.contains("VEORUN_BIN"), "{said}{errors}");
    assert!(!directory.path("probe.ran").exists());
    // The system knows where it was moved to.
    let other = directory.path("other");
    fs::copy(PROBE, &other).unwrap();
    let mut command = start(loader);
    command.arg(&other);
    let (said, errors) = changed(command, || {
        fs::rename(&other, directory.path("moved")).unwrap();
    });
    assert!(said.contains(" gives 141"), "{said}{errors}");
}

/// The two processes of a program that works are of one file.
#[test]
fn the_ve_process_runs_the_same_file() {
    let (_directory, program) = place();
    let inode = fs::metadata(&program).unwrap().ino();
    let mut child = start(&program)
        .args(["end", "signal"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let ours = fs::metadata(format!("/proc/{}/exe", line.split(' ').next().unwrap()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ours.unwrap().ino(), inode);
}

/// Scripts as a veorun that are none, or do not start one as they have to. The program itself counts
/// how often it runs.
#[test]
fn a_script_that_starts_no_ve_process_ends() {
    let (directory, program) = place();
    let probe = program.display();
    let close = "for i in /proc/self/fd/*; do n=${i##*/}; \
                 [ $n -gt 2 ] && eval \"exec $n>&-\"; done";
    // The script, how often the program's main may run, and the expected message. If the second
    // process has inherited nothing from the first, it is soon ended from outside.
    let scripts = [
        (format!("exec {probe} start"), 1, None),
        (format!("{probe} start"), 1, Some("with `exec`")),
        (format!("exec {probe} start </dev/null"), 1, None),
        (
            format!("{close}; {probe} start"),
            1,
            Some("is it a veorun?"),
        ),
        (
            format!("{close}; exec {probe} start"),
            1,
            Some("is it a veorun?"),
        ),
        (
            format!("env -i {probe} start $0"),
            2,
            Some("is it a veorun?"),
        ),
        (
            format!("exec env -i {probe} start $0"),
            2,
            Some("is it a veorun?"),
        ),
        (
            format!("{close}; env -i {probe} start $0"),
            2,
            Some("is it a veorun?"),
        ),
        (
            format!("{close}; exec env -i {probe} start $0"),
            9,
            Some("is it a veorun?"),
        ),
        ("exit 0".into(), 1, Some("is it a veorun?")),
        ("kill -9 $$".into(), 1, Some("is it a veorun?")),
        ("exec /bin/true".into(), 1, Some("is it a veorun?")),
        ("exec /nonsense".into(), 1, Some("is it a veorun?")),
    ];
    for (number, (text, most, says)) in scripts.iter().enumerate() {
        let count = directory.path(&format!("count{number}"));
        let counted = format!("echo >> {}", count.display());
        let script = directory.script(&format!("script{number}"), &format!("{counted}\n{text}"));
        let mut command = start(&program);
        command.arg("start").arg(&script);
        let outcome = run(&mut command, LIMIT);
        match says {
            None => worked(&outcome),
            Some(says) => {
                let failed = outcome.status.is_some_and(|status| !status.success());
                assert!(
                    failed && outcome.stderr.contains(says),
                    "{text}: {outcome:#?}"
                );
            }
        }
        let runs = fs::read_to_string(&count).unwrap().len();
        assert!(runs <= *most, "{text}: {runs} times: {outcome:#?}");
        assert!(outcome.left_behind.is_empty(), "{text}: {outcome:#?}");
    }
}

#[test]
fn a_named_program_that_cannot_start_is_an_error() {
    let (directory, _) = place();
    let file = |name: &str, text: &str, mode| {
        let path = directory.path(name);
        fs::write(&path, text).unwrap();
        allow(&path, mode);
        path
    };
    for (path, says) in [
        (directory.path("nothing"), "does not exist"),
        (directory.path(""), "is no file"),
        (file("text", "no program", 0o755), "Exec format error"),
        (file("data", "#!/bin/sh\n", 0o644), "Permission denied"),
    ] {
        let mut command = start(PROBE);
        let outcome = run(command.arg("start").env("VEORUN_BIN", &path), LIMIT);
        assert!(outcome.stderr.contains(says), "{outcome:#?}");
        assert!(
            outcome.stderr.contains(path.to_str().unwrap()),
            "{outcome:#?}"
        );
    }
}

/// A program that a kernel starts is an ordinary one, although a VE process has started it.
#[test]
fn a_kernel_may_start_a_program_that_uses_a_ve() {
    let (place, program) = place();
    let text = "#include <stdlib.h>\n\
         #include <sys/wait.h>\n\
         #include <unistd.h>\n\
         int run(const char *c) { return system(c); }\n\
         int run_by_another(const char *c) {\n\
             int status;\n\
             pid_t child = fork();\n\
             if (child == 0) _exit(system(c) != 0);\n\
             return waitpid(child, &status, 0) == child ? status : -1;\n\
         }\n";
    let library = compile::library_of(text, "c", place.path("librun.so"), &["-g"]);
    let proc = VeoProc::new(0).unwrap();
    let lib = proc.load_library(&library).unwrap();
    let said = place.path("said");
    let command = format!(
        "env -i '{}' start > '{}' 2>&1",
        program.display(),
        said.display()
    );
    let command = CString::new(command).unwrap();
    for kernel in ["run", "run_by_another"] {
        let run = lib.function::<fn(*const c_char) -> i32>(kernel).unwrap();
        let status = run.call(&proc, (OnStack::cstr(&command),)).unwrap();
        let said = fs::read_to_string(&said).unwrap();
        assert!(
            status == 0 && said.contains(" gives 141\n"),
            "{kernel}: {status}: {said}"
        );
    }
}

/// The system reports the error of a connection only once, and the program waits for it.
#[test]
fn a_connection_keeps_its_error_while_a_process_starts() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    // SAFETY: an open descriptor and plain numbers: as one of C's programs has it.
    let inherited = unsafe { libc::fcntl(socket.as_raw_fd(), libc::F_SETFD, 0) };
    assert_eq!(inherited, 0);
    socket.connect(taken.local_addr().unwrap()).unwrap();
    drop(taken);
    socket.send(b"anybody?").unwrap();
    VeoProc::new(0).unwrap();
    let error = socket.take_error().unwrap().expect("nobody was there");
    assert_eq!(error.raw_os_error(), Some(libc::ECONNREFUSED));
}

/// Somebody else sets the variable that makes a VE process.
#[test]
fn a_forged_handshake_ends_the_program_before_it_begins() {
    for value in ["7", "0", "-1", "nonsense", "99999999999", "3"] {
        let mut command = start(PROBE);
        let outcome = run(command.arg("start").env("_VEO_EMU_HANDSHAKE", value), LIMIT);
        assert_eq!(outcome.stdout, "", "{value}: {outcome:#?}");
        assert!(
            outcome.stderr.contains("_VEO_EMU_HANDSHAKE"),
            "{outcome:#?}"
        );
        assert_eq!(outcome.status.and_then(|status| status.code()), Some(1));
    }
}
