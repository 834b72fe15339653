//! Ending a process by a fault, and what every request of it must then say.

use std::ffi::CStr;
use std::time::{Duration, Instant};

use veo_abi::ffi::{
    VEO_COMMAND_ERROR, VEO_COMMAND_EXCEPTION, VEO_COMMAND_OK, VEO_REQUEST_ID_INVALID,
    VEO_STATE_EXIT,
};

use super::model::{Expect, Pending};
use super::requests::{UNTOUCHED, is_as_expected};
use super::world::{World, veo};

/// Kernels that end their process, with the signal they are reported with.
const FATAL: [(&CStr, Option<i32>); 6] = [
    (c"fault_segv", Some(libc::SIGSEGV)),
    (c"fault_abrt", Some(libc::SIGABRT)),
    (c"fault_fpe", Some(libc::SIGFPE)),
    (c"fault_stack_overflow", Some(libc::SIGSEGV)),
    (c"ends_exit", None),
    (c"ends_kill", None),
];

impl World<'_> {
    /// Ends a process with work queued on it, checks every request, and
    /// destroys it.
    pub(super) fn fault(&mut self, process: usize, context: usize) {
        self.counts.faults += 1;
        let place = if self.rng.bool() {
            self.fatal_kernel(process, context);
            Some(context)
        } else {
            self.kill(process);
            None
        };
        let contexts = self.processes[process].contexts.len();
        for index in 0..contexts {
            self.settle_dead(process, index, place == Some(index));
        }
        self.check_dead(process);
        let process = self.processes.swap_remove(process);
        let destroyed = veo!(self.api, veo_proc_destroy(process.handle));
        self.check(destroyed == 0, || {
            format!("destroy of a dead process gives {destroyed}")
        });
    }

    /// Queues a kernel that ends the process, and some more behind it.
    fn fatal_kernel(&mut self, process: usize, context: usize) {
        let (name, signal) = FATAL[self.rng.usize(..FATAL.len())];
        let (handle, library) = {
            let process = &self.processes[process];
            (process.handle, process.library)
        };
        let kernel = veo!(self.api, veo_get_sym(handle, library, name.as_ptr()));
        self.check(kernel != 0, || format!("no symbol {name:?}"));
        for _ in 0..self.rng.u32(..10) {
            self.submit(process, context);
        }
        let id = self.call_words(process, context, kernel, &[0]);
        let expect = signal.map_or(Expect::Exit, |s| Expect::Exception(s as u64));
        self.note(process, context, id, expect, None);
        // These may be refused, if the fault is quicker.
        let echo = self.processes[process].kernels.echo;
        for value in 0..self.rng.u64(..10) {
            let id = self.call_words(process, context, echo, &[value]);
            if id == VEO_REQUEST_ID_INVALID {
                break;
            }
            self.note(process, context, id, Expect::Result(value), None);
        }
    }

    /// Kills the process from outside.
    fn kill(&mut self, process: usize) {
        let handle = self.processes[process].handle;
        let pid = veo!(self.api, veo_emu_pid(handle));
        self.check(pid > 0, || format!("the process number is {pid}"));
        if self.rng.bool() {
            let killed = veo!(self.api, veo_emu_kill(handle));
            self.check(killed == 0, || format!("kill gives {killed}"));
        } else {
            // SAFETY: only a number is passed; the process is a child that the
            // library has not reaped while its handle is live.
            let killed = unsafe { libc::kill(pid, libc::SIGKILL) };
            self.check(killed == 0, || format!("kill gives {killed}"));
        }
    }

    /// Collects everything of a context of a process that dies: what had run is
    /// right, the fault is reported, the rest are errors.
    fn settle_dead(&mut self, process: usize, context: usize, faulting: bool) {
        let mut behind = false;
        let handle = self.processes[process].contexts[context].handle;
        while let Some(pending) = self.processes[process].contexts[context]
            .pending
            .pop_front()
        {
            let mut result = UNTOUCHED;
            let state = veo!(
                self.api,
                veo_call_wait_result(handle, pending.id, &raw mut result)
            );
            self.check_dying(&pending, state, result, faulting, behind);
            // Requests run in order: after the first failure there is no success.
            behind |= state != VEO_COMMAND_OK as i32;
        }
        self.processes[process].contexts[context].buffers.clear();
    }

    fn check_dying(
        &mut self,
        pending: &Pending,
        state: i32,
        result: u64,
        faulting: bool,
        behind: bool,
    ) {
        let said = || {
            format!(
                "request {} of a dying process: {state}, {result:#x}",
                pending.id
            )
        };
        let error = state == VEO_COMMAND_ERROR as i32;
        let fine = match pending.expect {
            Expect::Exception(signal) => state == VEO_COMMAND_EXCEPTION as i32 && result == signal,
            Expect::Exit => error && result == 0,
            // Everything before the fault in its own context has run.
            _ if faulting && !behind => state == VEO_COMMAND_OK as i32,
            _ if behind => error,
            _ => error || state == VEO_COMMAND_OK as i32,
        };
        self.check(fine, said);
        if state == VEO_COMMAND_OK as i32 {
            self.check(is_as_expected(&pending.expect, result), said);
            self.counts.collected += 1;
        } else {
            self.counts.reported += 1;
        }
    }

    /// A dead process says so, soon, and refuses everything.
    fn check_dead(&mut self, process: usize) {
        let echo = self.processes[process].kernels.echo;
        let main = self.processes[process].contexts[0].handle;
        let handle = self.processes[process].handle;
        let end = Instant::now() + Duration::from_secs(5);
        while veo!(self.api, veo_get_context_state(main)) != VEO_STATE_EXIT as i32 {
            self.check(Instant::now() < end, || {
                "a dead context is not in state EXIT".into()
            });
            std::thread::sleep(Duration::from_micros(200));
        }
        let id = self.call_words(process, 0, echo, &[1]);
        self.check(id == VEO_REQUEST_ID_INVALID, || {
            format!("a dead process takes request {id}")
        });
        let mut address = 0;
        let made = veo!(self.api, veo_alloc_mem(handle, &raw mut address, 64));
        self.check(made == -1, || format!("a dead process allocates: {made}"));
    }
}
