//! `VEO_EMU_GDB`: what a client of gdb's remote protocol sees of kernels while the program waits for them, and what a program is not kept
//! from where nobody comes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use veo_core::{Cause, Error, VeoProc, ve_kernel};
use veo_test_support::gdb::{Gdb, hexadecimal};

use crate::library::{again, is_again, mistakes, watched};

#[ve_kernel(lib = "libvewatched.so")]
unsafe extern "C" {
    safe fn call_often(n: i64) -> i64;
}

#[ve_kernel(lib = "libvemistakes.so")]
unsafe extern "C" {
    safe fn write_nowhere();
}

/// The register that has the address of the instruction.
const IC: u32 = 64;

/// The directory for a socket, whose path must be short.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn socket(&self) -> PathBuf {
        self.0.path().join("gdb")
    }
}

/// Names a file that a program waits for, where a test wants that.
const GO: &str = "VE_CODE_TEST_GO";

/// Runs a test of this program once more, and beside it a client of its debugger. The program's output is the result.
fn debugged(test: &str, socket: &Path, client: impl FnOnce(Gdb) + Send) -> String {
    std::thread::scope(|scope| {
        let client = scope.spawn(|| client(Gdb::connect(socket)));
        let said = again(
            &format!("debugger::{test}"),
            &[
                ("VEO_EMU_GDB", socket.as_os_str()),
                ("VEO_EMU_PROFILE", "1".as_ref()),
                (GO, socket.with_extension("go").as_os_str()),
            ],
        );
        client.join().unwrap();
        said
    })
}

/// Waits for the first instruction, if it is not there yet.
fn begin(gdb: &mut Gdb) {
    if gdb.ask(&format!("p{IC:x}")).contains('x') {
        assert_eq!(gdb.ask("vCont;c"), "T05thread:01;");
    }
}

#[test]
fn a_client_stops_kernels_and_changes_what_they_compute() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        assert_eq!(call_often(&proc, 3).unwrap(), 42);
        let ctx = proc.open_context().unwrap();
        assert_eq!(call_often(&ctx, 2).unwrap().wait().unwrap(), 2);
        proc.close().unwrap();
        return;
    }
    let place = Place::new();
    let name = "a_client_stops_kernels_and_changes_what_they_compute";
    let said = debugged(name, &place.socket(), |mut gdb| {
        begin(&mut gdb);
        let at = gdb.register(IC);
        let first = gdb.monitor(&format!("at {at:#x}"));
        assert!(first.contains("<call_often+0x0>"), "{first}");
        let one = gdb.symbol("one");
        gdb.break_at(one);
        for _ in 0..3 {
            assert_eq!(gdb.ask("vCont;c"), "T05thread:01;swbreak:;");
            assert_eq!((gdb.register(IC), gdb.register(0)), (one, 1));
        }
        let name = gdb.ask("qThreadExtraInfo,1");
        assert_eq!(name, hexadecimal(b"context 0, halted"));
        assert_eq!(
            gdb.ask(&format!("P0={}", hexadecimal(&40u64.to_le_bytes()))),
            "OK"
        );
        // The second context is another thread.
        for _ in 0..2 {
            assert_eq!(gdb.ask("vCont;c"), "T05thread:02;swbreak:;");
        }
        assert_eq!(gdb.ask("qfThreadInfo"), "m01,02");
        assert_eq!(gdb.ask("vCont;c"), "W00");
    });
    // Other observers of instructions still see them.
    assert!(said.contains("kernel call_often of "), "{said}");
    assert!(said.contains("waits for a debugger"), "{said}");
    assert!(!place.socket().exists());
}

#[test]
fn a_client_that_looked_too_early_is_told_of_the_first_instruction() {
    if watched().is_none() {
        return;
    }
    let name = "a_client_that_looked_too_early_is_told_of_the_first_instruction";
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        let library = proc.load_library(watched().unwrap()).unwrap();
        let go = std::env::var_os(GO).unwrap();
        while !Path::new(&go).exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(call_often(&proc, 3).unwrap(), 3);
        drop(library);
        proc.close().unwrap();
        return;
    }
    let place = Place::new();
    let socket = place.socket();
    debugged(name, &socket, |mut gdb| {
        assert!(gdb.ask(&format!("p{IC:x}")).starts_with('x'));
        std::fs::write(socket.with_extension("go"), "").unwrap();
        // Its registers are not asked for.
        let halted = hexadecimal(b"context 0, halted");
        while gdb.ask("qThreadExtraInfo,1") != halted {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(gdb.ask("vCont;c"), "T05thread:01;");
        let at = gdb.register(IC);
        let first = gdb.monitor(&format!("at {at:#x}"));
        assert!(first.contains("<call_often+0x0>"), "{first}");
        assert_eq!(gdb.ask("vCont;c"), "W00");
    });
}

#[test]
fn a_client_sees_a_fault_before_the_program_does() {
    if mistakes().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        let error = write_nowhere(&proc).unwrap_err();
        let Error::Exception { fault, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(
            (fault.cause, fault.signal),
            (Cause::Signal, Some(libc::SIGSEGV))
        );
        assert_eq!(fault.function.as_deref(), Some("write_nowhere"));
        return;
    }
    let place = Place::new();
    let name = "a_client_sees_a_fault_before_the_program_does";
    debugged(name, &place.socket(), |mut gdb| {
        begin(&mut gdb);
        assert_eq!(gdb.ask("vCont;c"), "T0bthread:01;");
        let at = gdb.register(IC);
        let said = gdb.monitor(&format!("at {at:#x}"));
        assert!(said.contains("<write_nowhere+"), "{said}");
        assert_eq!(gdb.ask("vCont;c"), "X0b");
    });
}

#[test]
fn a_process_that_a_client_kills_is_told_as_killed() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        let proc = VeoProc::new(0).unwrap();
        let error = call_often(&proc, 3).unwrap_err();
        assert!(error.to_string().contains("SIGKILL"), "{error}");
        return;
    }
    let place = Place::new();
    let name = "a_process_that_a_client_kills_is_told_as_killed";
    debugged(name, &place.socket(), |mut gdb| {
        begin(&mut gdb);
        gdb.send("k");
        assert_eq!(gdb.try_answer(), None);
    });
    assert!(!place.socket().exists());
}

/// Kernels that wait for a client, and what ends them.
#[test]
fn nothing_hangs_where_no_client_comes() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        let limited = VeoProc::builder().time_limit(Duration::from_millis(500));
        let proc = limited.build().unwrap();
        let error = call_often(&proc, 3).unwrap_err();
        assert!(error.to_string().contains("time limit"), "{error}");
        let proc = VeoProc::new(0).unwrap();
        let ctx = proc.open_context().unwrap();
        let request = call_often(&ctx, 3).unwrap();
        proc.kill().unwrap();
        request.wait().unwrap_err();
        let proc = VeoProc::new(0).unwrap();
        let ctx = proc.open_context().unwrap();
        let _request = call_often(&ctx, 3).unwrap();
        drop(ctx);
        drop(proc);
        return;
    }
    let place = Place::new();
    // A path that each process makes its own.
    let socket = place.0.path().join("%p-gdb");
    let said = again(
        "debugger::nothing_hangs_where_no_client_comes",
        &[("VEO_EMU_GDB", socket.as_os_str())],
    );
    assert_eq!(said.matches("waits for a debugger").count(), 3, "{said}");
}

#[test]
fn a_wrong_path_is_an_error_of_the_library() {
    if watched().is_none() {
        return;
    }
    if is_again() {
        let load = |proc: &VeoProc| {
            let loaded = proc.load_library(watched().unwrap());
            loaded.map(drop).unwrap_err()
        };
        println!(
            "\n{}",
            VeoProc::new(0).map_or_else(|error| error, |proc| load(&proc))
        );
        return;
    }
    let place = Place::new();
    let directory = place.0.path();
    for (path, part) in [
        (directory.to_owned(), "it exists"),
        (directory.join("none/gdb"), "No such file or directory"),
        (directory.join("x".repeat(120)), "at most 107"),
    ] {
        let said = again(
            "debugger::a_wrong_path_is_an_error_of_the_library",
            &[("VEO_EMU_GDB", path.as_os_str())],
        );
        assert!(
            said.contains("VEO_EMU_GDB: a debugger cannot be waited for"),
            "{said}"
        );
        assert!(said.contains(part), "{said}");
    }
}
