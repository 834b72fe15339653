//! The extension of a library that has the functions of `veo_emu.h`: those very functions.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::{Duration, Instant};

use veo_abi::build_dir::{HOST, VE1, VE1_LLVM, VE3};
use veo_abi::ffi::{
    self, VeoApi, pid_t, veo_emu_fault, veo_emu_options, veo_emu_times, veo_proc_handle,
    veo_thr_ctxt,
};
use veo_debuginfo::elf;

use super::extension::{Extension, HostMapping, Kept, NodeCode, ProcessExtension};
use super::short_path::Shortened;
use crate::error::{Cause, Error, Fault, Result};

/// The functions of `veo_emu.h` that all backends need, or have a substitute for.
#[derive(Clone, Copy)]
struct EmulatedFunctions {
    proc_create: unsafe extern "C" fn(c_int, *const veo_emu_options) -> *mut veo_proc_handle,
    load_library: unsafe extern "C" fn(*mut veo_proc_handle, *const c_char) -> u64,
    last_error: unsafe extern "C" fn(*mut c_char, usize) -> usize,
    get_fault: unsafe extern "C" fn(*mut veo_proc_handle, *mut veo_emu_fault) -> c_int,
    get_report: unsafe extern "C" fn(*mut veo_proc_handle, *mut c_char, usize) -> usize,
    wait_result: unsafe extern "C" fn(*mut veo_thr_ctxt, u64, *mut u64, u64) -> c_int,
    kill: unsafe extern "C" fn(*mut veo_proc_handle) -> c_int,
    pid: unsafe extern "C" fn(*mut veo_proc_handle) -> pid_t,
    num_nodes: unsafe extern "C" fn() -> c_int,
    node_memory: unsafe extern "C" fn(c_int, *mut u64, *mut u64) -> c_int,
    node: unsafe extern "C" fn(*mut veo_proc_handle) -> c_int,
    core: unsafe extern "C" fn(*mut veo_proc_handle) -> c_int,
    is_code: unsafe extern "C" fn(*mut veo_proc_handle, u64) -> c_int,
    machines: unsafe extern "C" fn(c_int, *mut u16, usize) -> c_int,
    get_statistics: unsafe extern "C" fn(*mut veo_proc_handle, *mut c_char, usize) -> usize,
    get_guard: unsafe extern "C" fn(*mut veo_proc_handle) -> c_int,
    describe_mem: unsafe extern "C" fn(*mut veo_proc_handle, u64, *const c_char) -> c_int,
    proc_destroy: unsafe extern "C" fn(*mut veo_proc_handle) -> c_int,
    /// Older libraries lack these four.
    map_mem: Option<unsafe extern "C" fn(*mut veo_proc_handle, u64, usize) -> *mut c_void>,
    unmap_mem: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
    set_timed: Option<unsafe extern "C" fn(*mut veo_proc_handle, c_int) -> c_int>,
    get_times: Option<
        unsafe extern "C" fn(*mut veo_thr_ctxt, *const u64, usize, *mut veo_emu_times) -> usize,
    >,
}

/// A library that has the functions of `veo_emu.h`: the emulated node, linked or loaded.
#[derive(Clone, Copy)]
pub(super) struct Emulated(EmulatedFunctions);

impl Emulated {
    /// `None` if the table lacks some of them.
    pub(super) fn of(table: &VeoApi) -> Option<Emulated> {
        Some(Emulated(EmulatedFunctions {
            proc_create: table.veo_emu_proc_create?,
            load_library: table.veo_emu_load_library?,
            last_error: table.veo_emu_last_error?,
            get_fault: table.veo_emu_get_fault?,
            get_report: table.veo_emu_get_report?,
            wait_result: table.veo_emu_wait_result_timeout?,
            kill: table.veo_emu_kill?,
            pid: table.veo_emu_pid?,
            num_nodes: table.veo_emu_num_nodes?,
            node_memory: table.veo_emu_node_memory?,
            node: table.veo_emu_node?,
            core: table.veo_emu_core?,
            is_code: table.veo_emu_is_code?,
            machines: table.veo_emu_machines?,
            get_statistics: table.veo_emu_get_statistics?,
            get_guard: table.veo_emu_get_guard?,
            describe_mem: table.veo_emu_describe_mem?,
            proc_destroy: table.veo_proc_destroy?,
            map_mem: table.veo_emu_map_mem,
            unmap_mem: table.veo_emu_unmap_mem,
            set_timed: table.veo_emu_set_timed,
            get_times: table.veo_emu_get_times,
        }))
    }
}

impl Extension for Emulated {
    fn host_functions_may_wait(&self) -> bool {
        true
    }

    fn counts_instructions(&self) -> bool {
        true
    }

    fn last_error(&self) -> Option<String> {
        let mut text = [0u8; 2048];
        // SAFETY: the function writes at most `text.len()` bytes, a terminated string.
        unsafe { (self.0.last_error)(text.as_mut_ptr().cast::<c_char>(), text.len()) };
        let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
        let text = String::from_utf8_lossy(&text[..end]).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    fn check_node(&self, node: i32) -> Result<()> {
        // SAFETY: null asks for nothing, so this only looks whether the node is there.
        let status =
            unsafe { (self.0.node_memory)(node, std::ptr::null_mut(), std::ptr::null_mut()) };
        if status == 0 {
            return Ok(());
        }
        Err(Error::NoSuchNode {
            node,
            reason: self.last_error().unwrap_or_default(),
        })
    }

    fn nodes(&self) -> Result<Vec<i32>> {
        // SAFETY: no preconditions.
        let count = unsafe { (self.0.num_nodes)() };
        if count < 0 {
            let reason = self.last_error();
            return Err(Error::Backend {
                reason: reason.unwrap_or_else(|| "its nodes cannot be counted".into()),
            });
        }
        Ok((0..count).collect())
    }

    fn node_memory(&self, node: i32) -> (Option<u64>, Option<u64>) {
        let (mut total, mut free) = (0, 0);
        // SAFETY: both places are valid for writing.
        match unsafe { (self.0.node_memory)(node, &raw mut total, &raw mut free) } {
            0 => (Some(total), Some(free)),
            _ => (None, None),
        }
    }

    /// The library says what it runs. The search covers the other targets too: a message that a
    /// library was built for another target helps more than one that nothing was found.
    fn code(&self, node: i32) -> NodeCode {
        let mut machines = [0; 8];
        // SAFETY: the array has as many places as the call says.
        let count = unsafe { (self.0.machines)(node, machines.as_mut_ptr(), machines.len()) };
        let count = usize::try_from(count).unwrap_or(0).min(machines.len());
        let targets: &[_] = match machines[0] {
            elf::VE => &[VE1_LLVM, VE1, HOST, VE3],
            _ => &[HOST, VE1_LLVM, VE1, VE3],
        };
        NodeCode {
            targets,
            machines: machines[..count].to_vec(),
        }
    }

    unsafe fn create(&self, node: i32, options: &veo_emu_options) -> Result<*mut veo_proc_handle> {
        // SAFETY: the caller vouches for the options.
        Ok(unsafe { (self.0.proc_create)(node, options) })
    }

    unsafe fn process(
        &self,
        process: *mut veo_proc_handle,
        _main: *mut veo_thr_ctxt,
    ) -> Arc<dyn ProcessExtension> {
        // SAFETY: the caller vouches for the process.
        let guard = unsafe { (self.0.get_guard)(process) };
        Arc::new(EmulatedProcess {
            library: *self,
            process,
            is_guarded: guard > ffi::VEO_EMU_GUARD_OFF as c_int,
        })
    }

    /// The library takes any path that is text.
    fn shorten(&self, path: &Path) -> io::Result<Option<Shortened>> {
        match path.to_str() {
            Some(_) => Ok(None),
            None => Shortened::in_utf8(path).map(Some),
        }
    }

    unsafe fn load_library(&self, process: *mut veo_proc_handle, path: &CStr) -> Result<u64> {
        // SAFETY: the caller vouches for the process.
        Ok(unsafe { (self.0.load_library)(process, path.as_ptr()) })
    }

    unsafe fn wait_result(
        &self,
        context: *mut veo_thr_ctxt,
        request: u64,
        word: &mut u64,
        until: Instant,
    ) -> c_int {
        let left = until.saturating_duration_since(Instant::now());
        let left = u64::try_from(left.as_nanos()).unwrap_or(u64::MAX);
        // SAFETY: the caller vouches for the context; `word` is valid for writing.
        unsafe { (self.0.wait_result)(context, request, word, left) }
    }

    fn enter(&self) -> Option<Kept> {
        None
    }
}

/// A process of a library that has the functions of `veo_emu.h`. They look their handles up:
/// one of a process that is no more is an error to them.
struct EmulatedProcess {
    library: Emulated,
    process: *mut veo_proc_handle,
    /// Whether its reports name blocks of memory.
    is_guarded: bool,
}

// SAFETY: the handle is an opaque token, which any thread may pass to these functions.
unsafe impl Send for EmulatedProcess {}
// SAFETY: as above.
unsafe impl Sync for EmulatedProcess {}

impl EmulatedProcess {
    fn functions(&self) -> &EmulatedFunctions {
        &self.library.0
    }

    /// A text of any length. `None`: there is none.
    fn told(
        &self,
        ask: unsafe extern "C" fn(*mut veo_proc_handle, *mut c_char, usize) -> usize,
    ) -> Option<String> {
        // SAFETY: the handle is looked up; null and no room ask for the length.
        let len = unsafe { ask(self.process, std::ptr::null_mut(), 0) };
        if len == 0 {
            return None;
        }
        let mut bytes = vec![0u8; len + 1];
        // SAFETY: as above, with room for as many bytes as the call says.
        let len = unsafe { ask(self.process, bytes.as_mut_ptr().cast(), bytes.len()) };
        bytes.truncate(len.min(bytes.len() - 1));
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The library's report of the cause that ended the process.
    fn ended(&self) -> Option<veo_emu_fault> {
        // SAFETY: the fields are plain integers, of which all bits zero are a valid value.
        let mut report: veo_emu_fault = unsafe { std::mem::zeroed() };
        report.struct_size = size_of::<veo_emu_fault>();
        // SAFETY: the handle is looked up; the report is valid for writing the bytes that it
        // says it has.
        let status = unsafe { (self.functions().get_fault)(self.process, &raw mut report) };
        (status == 0).then_some(report)
    }
}

impl ProcessExtension for EmulatedProcess {
    fn node(&self) -> Option<i32> {
        // SAFETY: the handle is looked up.
        Some(unsafe { (self.functions().node)(self.process) }).filter(|node| *node >= 0)
    }

    fn core(&self) -> Option<u32> {
        // SAFETY: the handle is looked up.
        u32::try_from(unsafe { (self.functions().core)(self.process) }).ok()
    }

    fn pid(&self) -> Option<i32> {
        // SAFETY: the handle is looked up.
        Some(unsafe { (self.functions().pid)(self.process) }).filter(|pid| *pid > 0)
    }

    fn set_timed(&self, timed: bool) {
        if let Some(set) = self.functions().set_timed {
            // SAFETY: the handle is looked up.
            unsafe { set(self.process, timed.into()) };
        }
    }

    unsafe fn run_times(
        &self,
        context: *mut veo_thr_ctxt,
        requests: &[u64],
        times: &mut [veo_emu_times],
    ) {
        let Some(get) = self.functions().get_times else {
            return;
        };
        let count = requests.len().min(times.len());
        // SAFETY: the caller vouches for the context; there are `count` requests, and room for
        // as many times.
        unsafe { get(context, requests.as_ptr(), count, times.as_mut_ptr()) };
    }

    fn is_data(&self, addr: u64) -> bool {
        // SAFETY: the handle is looked up.
        unsafe { (self.functions().is_code)(self.process, addr) == 0 }
    }

    fn describe(&self, addr: u64, what: &dyn std::fmt::Display) {
        if !self.is_guarded {
            return;
        }
        if let Ok(text) = CString::new(what.to_string()) {
            // SAFETY: the handle is looked up; the text is a string.
            unsafe { (self.functions().describe_mem)(self.process, addr, text.as_ptr()) };
        }
    }

    fn map(&self, addr: u64, size: usize) -> Option<HostMapping> {
        let functions = self.functions();
        let (map, unmap) = (functions.map_mem?, functions.unmap_mem?);
        // SAFETY: the handle is looked up.
        let place = NonNull::new(unsafe { map(self.process, addr, size) })?;
        Some(HostMapping::new(place.cast(), unmap))
    }

    fn kill(&self, name: &dyn std::fmt::Display) -> Result<()> {
        // SAFETY: the handle is looked up.
        if unsafe { (self.functions().kill)(self.process) } == 0 {
            return Ok(());
        }
        Err(Error::Command {
            what: format!("killing {name}"),
            reason: self.library.last_error(),
        })
    }

    fn ended_by(&self, _failed: bool) -> Option<(Fault, Option<u64>)> {
        if let Some(report) = self.ended() {
            let blamed = report.request;
            let request = (blamed != ffi::VEO_REQUEST_ID_INVALID).then_some(blamed);
            let mut fault = fault(&report);
            if fault.cause == Cause::Sanitizer {
                fault.report = self.sanitizer_report();
            }
            return Some((fault, request));
        }
        // SAFETY: the handle is looked up.
        let there = unsafe { (self.functions().pid)(self.process) } >= 0;
        (!there).then(|| (Fault::default(), None))
    }

    fn sanitizer_report(&self) -> Option<String> {
        self.told(self.functions().get_report)
    }

    fn fault_of_destroyed(&self) -> Option<Fault> {
        // The library keeps reports of destroyed processes for such faults only.
        self.ended().map(|report| fault(&report))
    }

    fn statistics(&self) -> Option<String> {
        self.told(self.functions().get_statistics)
    }

    unsafe fn prepare_context(&self) -> Result<Option<Kept>> {
        Ok(None)
    }

    fn main_stands_in(&self) -> Option<&'static str> {
        None
    }

    fn end_waits_for_kernels(&self) -> bool {
        false
    }

    unsafe fn destroy(&self, _contexts: &[*mut veo_thr_ctxt]) -> bool {
        // SAFETY: the caller vouches for the process, which nobody uses any more.
        unsafe { (self.functions().proc_destroy)(self.process) == 0 }
    }
}

/// The cause in a report, without the place in the program that killed the process.
fn fault(report: &veo_emu_fault) -> Fault {
    let kernel = text(&report.kernel);
    let file = text(&report.file);
    let function = text(&report.function);
    let faulted = report.signal != 0;
    let operation = text(&report.operation);
    let memory = text(&report.memory);
    let detail = text(&report.detail);
    Fault {
        cause: cause(report),
        kernel: (!kernel.is_empty()).then_some(kernel),
        operation: (!operation.is_empty()).then_some(operation),
        signal: faulted.then_some(report.signal),
        exit_status: (!faulted).then_some(report.exit_status),
        address: (report.has_address != 0 && matches!(report.signal, 7 | 11))
            .then_some(report.address),
        memory: (!memory.is_empty()).then_some(memory),
        detail: (!detail.is_empty()).then_some(detail),
        function: (!function.is_empty()).then_some(function),
        source: (!file.is_empty()).then(|| (file, report.line.max(0) as u32)),
        text: Some(text(&report.text)).filter(|text| !text.is_empty()),
        report: None,
    }
}

fn cause(report: &veo_emu_fault) -> Cause {
    match u32::try_from(report.cause).unwrap_or(ffi::VEO_EMU_CAUSE_UNKNOWN) {
        ffi::VEO_EMU_CAUSE_SIGNAL => Cause::Signal,
        ffi::VEO_EMU_CAUSE_STACK_OVERFLOW => Cause::StackOverflow {
            stack_size: known(report.stack_size),
        },
        ffi::VEO_EMU_CAUSE_EXIT => Cause::Exit,
        ffi::VEO_EMU_CAUSE_THREAD_EXIT => Cause::ThreadExit,
        ffi::VEO_EMU_CAUSE_TIME_LIMIT => Cause::TimeLimit {
            limit: Duration::from_millis(report.time_limit_ms),
        },
        ffi::VEO_EMU_CAUSE_KILLED => Cause::Killed { at: None },
        ffi::VEO_EMU_CAUSE_SENT => Cause::Sent {
            sender: known(report.sender),
        },
        ffi::VEO_EMU_CAUSE_OUT_OF_MEMORY => Cause::OutOfMemory,
        ffi::VEO_EMU_CAUSE_BROKEN => Cause::Broken,
        ffi::VEO_EMU_CAUSE_OVERWRITTEN => Cause::Overwritten,
        ffi::VEO_EMU_CAUSE_FINDING => Cause::Sanitizer,
        _ => Cause::Unknown,
    }
}

/// A number, unless it is 0.
fn known<T: Default + PartialEq>(number: T) -> Option<T> {
    (number != T::default()).then_some(number)
}

fn text(bytes: &[c_char]) -> String {
    let bytes: Vec<u8> = bytes
        .iter()
        .take_while(|b| **b != 0)
        .map(|b| *b as u8)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
