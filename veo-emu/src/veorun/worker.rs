//! The thread of a context: takes requests out of the ring in order and runs them. Output of kernels
//! appears line by line, and is complete when a request ends.

use std::io;
use std::sync::mpsc;
use std::thread;

use veo_abi::ticks::TickClock;

use super::cpu_migration::CpuMigration;
use super::engine::{Engine as _, Runner};
use super::engines::ENGINE;
use super::guard::{self, GuardedRunner};
use super::sanitizer::{self, SanitizedRunner};
use super::tasks::Parcel;
use super::{counted, current, exit, memory};
use crate::shared::ring::{Completion, Received, Ring, RingOp, SLOTS, Span, VeSide};
use crate::shared::wait::Spin;
use crate::sys::descriptor::KeptDescriptor;
use crate::sys::memfd::Mapping;
use crate::sys::process;
use crate::sys::thread::current_cpu;

/// Starts the thread of a context. Returns its number. The ring's file stays open while the thread
/// lives, so that others can look at it (`inspect`).
pub(super) fn start(
    index: u32,
    stack: u64,
    mapping: Mapping,
    file: KeptDescriptor,
) -> io::Result<u64> {
    let (tell, told) = mpsc::channel();
    let stack = usize::try_from(stack).map_err(|_| io::ErrorKind::OutOfMemory)?;
    thread::Builder::new()
        .name(format!("ve-context-{index}"))
        .stack_size(stack)
        .spawn(move || {
            let _open = file;
            sanitizer::enter_thread();
            // SAFETY: gettid cannot fail.
            let _ = tell.send(unsafe { libc::gettid() });
            if current::prepare(index, mapping.view()).is_err() {
                exit::now(1);
            }
            exit::guard_thread();
            let runner = ENGINE.runner();
            // Chosen once: a plain call does not ask again.
            let last = match (guard::is_checked(), sanitizer::is_on()) {
                (false, false) => run(&mapping, runner),
                (true, false) => run(&mapping, GuardedRunner::new(runner)),
                (false, true) => run(&mapping, SanitizedRunner::new(runner)),
                (true, true) => run(&mapping, SanitizedRunner::new(GuardedRunner::new(runner))),
            };
            current::release();
            if last {
                sanitizer::before_end();
                exit::in_order(0);
            }
        })?;
    told.recv()
        .map(|number| number as u64)
        .map_err(|_| io::ErrorKind::BrokenPipe.into())
}

/// Runs requests until the context is closed. Returns whether the process is to end.
pub(super) fn run(mapping: &Mapping, mut runner: impl Runner) -> bool {
    let ring = mapping.view::<Ring>().ve_side();
    let parcel = Parcel::of(mapping);
    let process = process::own_id();
    let mut request = Box::new(Received::new());
    let mut position = 0;
    let mut migration = CpuMigration::new();
    let mut stamps = Stamps::default();
    loop {
        wait(ring, position, &mut migration);
        ring.take(position, &mut request);
        memory::follow();
        match request.op {
            Some(RingOp::Call) => {
                let is_timed = stamps.begin(ring, request.id);
                ring.set_running(Some(request.id));
                current::enter(request.id, request.address);
                // SAFETY: the address is what the host was asked to call. If it is
                // no function, the fault is reported like any other of a kernel.
                let value = match unsafe { runner.call(&request) } {
                    Ok(value) => value,
                    Err(trap) => {
                        ENGINE.tell();
                        counted::keep();
                        exit::by_trap(&trap)
                    }
                };
                if is_timed {
                    stamps.end();
                }
                current::leave();
                flush();
                if process::own_id() != process {
                    // A kernel forked, and this is the child coming back.
                    exit::now(0);
                }
                ring.set_running(None);
                if is_timed {
                    ring.set_span(request.id, stamps.span);
                }
                ring.complete(request.id, Completion::Done, value);
            }
            Some(RingOp::Parcel) => {
                let (ended, value) = parcel.run(&request);
                flush();
                ring.complete_parcel(request.id, ended, value);
            }
            Some(RingOp::Close) => {
                runner.close();
                flush();
                ring.complete_parcel(request.id, Completion::Done, 0);
                return request.words[0] != 0;
            }
            None => ring.complete(request.id, Completion::Refused, 0),
        }
        position += 1;
    }
}

/// Notes when calls run, while the host wants to know.
#[derive(Default)]
struct Stamps {
    /// The places of calls from here on have no times of earlier ones.
    clean: u64,
    /// When the call runs; zeros: nobody wants to know.
    span: Span,
    clock: TickClock,
}

impl Stamps {
    /// A call starts. Whether its times are to be noted: somebody wants to know, or its place has
    /// the times of an earlier one.
    #[inline]
    fn begin(&mut self, ring: VeSide<'_>, id: u64) -> bool {
        let is_wanted = ring.is_timed();
        if !is_wanted && id >= self.clean {
            return false;
        }
        self.note_start(ring, id, is_wanted);
        true
    }

    #[inline(never)]
    fn note_start(&mut self, ring: VeSide<'_>, id: u64, is_wanted: bool) {
        self.span = Span::default();
        if is_wanted {
            self.clean = id.saturating_add(SLOTS as u64 + 1);
            self.span.started = self.clock.read().time;
        }
        ring.set_running_since(self.span.started);
    }

    /// The call ends that has begun last.
    #[inline(never)]
    fn end(&mut self) {
        if self.span.started != 0 {
            self.span.ended = self.clock.read().time;
        }
    }
}

fn wait(ring: VeSide<'_>, position: u64, migration: &mut CpuMigration) {
    if ring.is_there(position) {
        return;
    }
    // A host thread whose CPU is ours cannot post while we spin.
    let here = current_cpu();
    ring.set_ve_cpu(here);
    let mut spins = ring.host_cpu(position) != here || migration.leave(here);
    let mut spin = Spin::default();
    while !ring.is_there(position) {
        spins = spins && spin.again();
        if !spins {
            ring.sleep_for_request(position);
        }
    }
    if !spins {
        ring.set_ve_cpu(current_cpu());
    }
}

unsafe extern "C" {
    static stdout: *mut libc::FILE;
    fn __fpending(stream: *mut libc::FILE) -> usize;
}

/// Makes the standard output line-buffered, also when it is a pipe.
pub(super) fn prepare_output() {
    // SAFETY: the stream exists and nothing has been written to it yet.
    unsafe { libc::setvbuf(stdout, std::ptr::null_mut(), libc::_IOLBF, 8192) };
}

/// Writes out what a kernel left in the buffer of the standard output.
#[inline]
fn flush() {
    // SAFETY: the stream exists; fflush locks it. Looking without the lock is enough:
    // a number in flux is another thread's output, whose own request flushes it.
    unsafe {
        if __fpending(stdout) != 0 {
            libc::fflush(stdout);
        }
    }
}
