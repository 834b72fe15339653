//! The cause of a process's end, in the form of `veo_emu.h`.

use std::collections::VecDeque;
use std::ffi::{c_char, c_int};
use std::ptr;
use std::sync::{Arc, Mutex};

use veo_abi::ffi::{
    VEO_EMU_CAUSE_BROKEN, VEO_EMU_CAUSE_EXIT, VEO_EMU_CAUSE_FINDING, VEO_EMU_CAUSE_KILLED,
    VEO_EMU_CAUSE_OUT_OF_MEMORY, VEO_EMU_CAUSE_OVERWRITTEN, VEO_EMU_CAUSE_SENT,
    VEO_EMU_CAUSE_SIGNAL, VEO_EMU_CAUSE_STACK_OVERFLOW, VEO_EMU_CAUSE_THREAD_EXIT,
    VEO_EMU_CAUSE_TIME_LIMIT, VEO_EMU_CAUSE_UNKNOWN, VEO_REQUEST_ID_INVALID, veo_emu_fault,
    veo_proc_handle,
};

use super::{guard, process_of};
use crate::error::Error;
use crate::host::child_process::ChildProcess;
use crate::host::death::{Death, Ended, ReasonKind};
use crate::sync::lock;

/// The causes for processes that faulted, or ended themselves, while they were destroyed, perhaps in a destructor. The latest is
/// last.
static KEPT: Mutex<VecDeque<(u64, Arc<veo_emu_fault>)>> = Mutex::new(VecDeque::new());

/// Keeps the cause for a process that lived until it was destroyed, unless it came to its end.
pub(super) fn keep(handle: u64, child: &ChildProcess) {
    /// More are not kept, for programs that never ask.
    const MOST: usize = 16;
    let Some(death) = child.death() else { return };
    // A sanitizer has reported its finding already.
    let was_told = death.reason.is_some() || child.judgement().is_some();
    // A process that ends as it should has status 0. A destructor that calls `_exit(0)` looks the same, so it is not noticed.
    let came_to_its_end = matches!(death.status, None | Some(0)) && death.signal.is_none();
    if was_told || death.fault.is_none() && came_to_its_end {
        return;
    }
    let fault = Arc::new(fault_of(child, death));
    let mut kept = lock(&KEPT);
    kept.push_back((handle, fault));
    if kept.len() > MOST {
        kept.pop_front();
    }
}

/// The kept cause for a process.
fn kept(handle: u64) -> Option<Arc<veo_emu_fault>> {
    let kept = lock(&KEPT);
    let found = kept.iter().find(|(of, _)| *of == handle);
    found.map(|(_, fault)| Arc::clone(fault))
}

pub unsafe extern "C" fn veo_emu_get_fault(
    proc_: *mut veo_proc_handle,
    fault: *mut veo_emu_fault,
) -> c_int {
    guard(-1, || {
        let filled = match kept(proc_ as u64) {
            Some(kept) => kept,
            None => {
                let process = process_of(proc_)?;
                let child = &process.child;
                let Some(death) = child.death().filter(|_| !child.ended_in_order()) else {
                    return Err(Error::new(
                        libc::ESRCH,
                        "the VE process has no fault to report",
                    ));
                };
                Arc::new(fault_of(child, death))
            }
        };
        if fault.is_null() {
            return Ok(0);
        }
        // SAFETY: not null; the caller passes a place of the size they say it has.
        let size = unsafe { (&raw const (*fault).struct_size).read() };
        if size < size_of::<usize>() {
            return Err(Error::invalid(format!(
                "the place for the report has {size} bytes, says its struct_size; set that to \
                 sizeof(struct veo_emu_fault)"
            )));
        }
        // Fields that the caller does not know are left out; fields that only the caller knows stay as they are.
        let known = size.min(size_of::<veo_emu_fault>());
        // SAFETY: not null, and the caller passes a place of at least so many bytes.
        unsafe {
            let from = Arc::as_ptr(&filled).cast::<u8>();
            ptr::copy_nonoverlapping(from, fault.cast(), known);
            (&raw mut (*fault).struct_size).write(size);
        }
        Ok(0)
    })
}

/// The cause of a process's end.
fn fault_of(child: &ChildProcess, death: &Death) -> veo_emu_fault {
    let record = death.fault.as_ref();
    let report = child.end_report();
    let guilty = death.guilty();
    let address = record.and_then(|fault| fault.address);
    let mut filled = veo_emu_fault {
        struct_size: size_of::<veo_emu_fault>(),
        signal: death.exception().or(death.signal).unwrap_or(0),
        exit_status: death.status.unwrap_or(0),
        address: address.unwrap_or(0),
        pc: record.map_or(0, |fault| fault.pc),
        request: guilty.map_or(VEO_REQUEST_ID_INVALID, |(_, id)| id),
        context: guilty.map_or(-1, |(context, _)| context as c_int),
        line: report.line as c_int,
        kernel: [0; 256],
        file: [0; 1024],
        text: [0; 1024],
        function: [0; 256],
        has_address: address.is_some().into(),
        cause: VEO_EMU_CAUSE_UNKNOWN as c_int,
        stack_size: 0,
        time_limit_ms: 0,
        sender: 0,
        operation: [0; 512],
        memory: [0; 512],
        detail: [0; 512],
    };
    fill_cause(&mut filled, death.ended());
    fill(&mut filled.kernel, &report.kernel);
    fill(&mut filled.file, &report.file);
    fill(&mut filled.text, &report.text);
    fill(&mut filled.function, &report.function);
    fill(&mut filled.operation, &report.operation);
    fill(&mut filled.memory, death.place.as_deref().unwrap_or(""));
    let detail = record.map_or("", |fault| fault.detail.as_str());
    fill(&mut filled.detail, detail);
    filled
}

/// Says what ended the process.
fn fill_cause(fault: &mut veo_emu_fault, ended: Ended) {
    fault.cause = match ended {
        Ended::Unknown => VEO_EMU_CAUSE_UNKNOWN,
        Ended::Signal => VEO_EMU_CAUSE_SIGNAL,
        Ended::StackOverflow(size) => {
            fault.stack_size = size;
            VEO_EMU_CAUSE_STACK_OVERFLOW
        }
        Ended::Exit => VEO_EMU_CAUSE_EXIT,
        Ended::ThreadExit => VEO_EMU_CAUSE_THREAD_EXIT,
        Ended::Sent(sender) => {
            fault.sender = sender;
            VEO_EMU_CAUSE_SENT
        }
        Ended::OutOfMemory => VEO_EMU_CAUSE_OUT_OF_MEMORY,
        Ended::Overwritten => VEO_EMU_CAUSE_OVERWRITTEN,
        Ended::Finding => VEO_EMU_CAUSE_FINDING,
        Ended::Host(ReasonKind::Requested) => VEO_EMU_CAUSE_KILLED,
        Ended::Host(ReasonKind::TimeLimit(limit)) => {
            fault.time_limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            VEO_EMU_CAUSE_TIME_LIMIT
        }
        Ended::Host(ReasonKind::Broken) => VEO_EMU_CAUSE_BROKEN,
    } as c_int;
}

fn fill(place: &mut [c_char], text: &str) {
    let mut end = text.len().min(place.len() - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    for (place, byte) in place.iter_mut().zip(&text.as_bytes()[..end]) {
        *place = *byte as c_char;
    }
}
