//! A trap that an engine returns ends the VE process, and is reported like a signal.

use super::engine::Runner;
use super::{current, faults, worker};
use crate::host::death::{Death, Ended};
use crate::host::report::EndReport;
use crate::host::symbols::ProcessSymbols;
use crate::shared::class::ResultClass;
use crate::shared::code::MachineCode;
use crate::shared::control::{Control, EngineTrap, RecordedCause};
use crate::shared::parcel::RING_FILE;
use crate::shared::ring::{Received, Ring, RingOp, RingRequest};
use crate::sys::memfd::{self, Mapping};

const KERNEL: u64 = 0x6000_0000_1230;
const LIBRARY: u64 = 1;

/// Runs functions of a machine on which each of them does the same wrong.
struct Trapping(EngineTrap);

impl Runner for Trapping {
    unsafe fn call(&mut self, request: &Received) -> Result<u64, Box<EngineTrap>> {
        assert_eq!(request.words(), [4, 5]);
        Err(Box::new(self.0.clone()))
    }

    fn close(&mut self) {}
}

fn mapped<T>(size: u64) -> Mapping {
    let size = size.max(size_of::<T>() as u64);
    Mapping::new(memfd::create(c"trap", size).unwrap(), size).unwrap()
}

/// Runs one request in a process of its own, which the trap ends. Gives how that ended.
fn death_by(trap: EngineTrap) -> Death {
    let (control, ring) = (mapped::<Control>(0).leak(), mapped::<Ring>(RING_FILE));
    ring.view::<Ring>().initialise();
    ring.view::<Ring>().host_side().publish(
        0,
        RingRequest {
            op: RingOp::Call,
            address: KERNEL,
            id: 7,
            words: &[4, 5],
            classes: &[],
            returns: ResultClass::Word,
            cpu: 0,
        },
    );
    // SAFETY: the child uses what was made for it above and allocates, which the C library
    // allows after a fork; it never returns.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: plain numbers; nobody wants a core file of this.
        unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
        let prepared =
            faults::install(control.view()).and_then(|()| current::prepare(3, ring.view()));
        if prepared.is_ok() {
            worker::run(&ring, Trapping(trap));
        }
        // SAFETY: ends the process.
        unsafe { libc::_exit(99) };
    }
    let mut status = 0;
    // SAFETY: the status is valid for writing.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
    Death {
        finding: None,
        signal,
        status: signal.is_none().then(|| libc::WEXITSTATUS(status)),
        fault: control.view::<Control>().fault.read(),
        reason: None,
        out_of_memory: false,
        work: Vec::new(),
        place: None,
    }
}

fn text(death: &Death) -> String {
    let symbols = ProcessSymbols::default();
    symbols.loaded(
        LIBRARY,
        0,
        MachineCode::Native,
        "/none/libtraps.so".into(),
        None,
    );
    assert!(symbols.found(LIBRARY, "divide", LIBRARY, KERNEL, true));
    EndReport::new(death, &symbols).text
}

#[test]
fn a_trap_is_reported_as_a_signal_is() {
    let death = death_by(EngineTrap {
        signal: libc::SIGBUS,
        address: Some(0x1234_5678),
        pc: KERNEL + 8,
        ..EngineTrap::of(RecordedCause::Signal)
    });
    assert_eq!(death.signal, Some(libc::SIGBUS));
    assert_eq!(death.exception(), Some(libc::SIGBUS));
    assert_eq!(death.culprit(), Some((3, 7)));
    let text = text(&death);
    for part in ["SIGBUS (bus error)", "0x12345678", "in kernel divide"] {
        assert!(text.contains(part), "{part} in {text:?}");
    }
}

#[test]
fn a_trap_without_a_signal_ends_the_process_too() {
    let death = death_by(EngineTrap::of(RecordedCause::ThreadExit));
    assert_eq!((death.signal, death.status), (None, Some(1)));
    assert_eq!(death.ended(), Ended::ThreadExit);
    assert!(text(&death).contains("in kernel divide"));
}

#[test]
fn a_stack_that_overflowed_is_told_with_its_size() {
    let death = death_by(EngineTrap {
        signal: libc::SIGSEGV,
        stack: 8 << 20,
        ..EngineTrap::of(RecordedCause::StackOverflow)
    });
    assert_eq!(death.signal, Some(libc::SIGSEGV));
    assert_eq!(death.ended(), Ended::StackOverflow(8 << 20));
}
