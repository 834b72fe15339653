//! The processes of one thread, and the next random step on them.

use std::collections::VecDeque;
use std::ffi::CStr;

use fastrand::Rng;
use veo_abi::ffi::{VEO_STATE_RUNNING, VeoApi};

use super::Counts;
use super::model::{Buffer, Context, Kernels, Process};

/// Processes of one thread at a time; sixteen are the limit of the interface.
const PROCESSES: usize = 3;
/// Contexts of one process at a time.
const CONTEXTS: usize = 4;
/// Buffers of one context at a time.
const BUFFERS: usize = 4;

/// Calls a function of the table.
macro_rules! veo {
    ($api:expr, $name:ident($($argument:expr),* $(,)?)) => {{
        let function = $api.$name.expect("the library has all functions");
        // SAFETY: handles are live ones of the model, pointers those of memory that
        // the model keeps until the call, or the request it makes, has ended.
        unsafe { function($($argument),*) }
    }};
}
pub(super) use veo;

pub(super) struct World<'a> {
    pub(super) api: &'a VeoApi,
    kernels: &'a CStr,
    veside: &'a CStr,
    seed: u64,
    pub(super) rng: Rng,
    pub(super) processes: Vec<Process>,
    pub(super) counts: Counts,
    steps: u64,
}

impl<'a> World<'a> {
    pub(super) fn new(api: &'a VeoApi, [kernels, veside]: [&'a CStr; 2], seed: u64) -> Self {
        World {
            api,
            kernels,
            veside,
            seed,
            rng: Rng::with_seed(seed),
            processes: Vec::new(),
            counts: Counts::default(),
            steps: 0,
        }
    }

    /// Panics with what is needed to see it again.
    pub(super) fn check(&self, holds: bool, what: impl FnOnce() -> String) {
        assert!(holds, "seed {}, step {}: {}", self.seed, self.steps, what());
    }

    /// One random operation.
    pub(super) fn step(&mut self) {
        self.steps += 1;
        if self.processes.is_empty() {
            return self.create();
        }
        let process = self.rng.usize(..self.processes.len());
        let context = self.rng.usize(..self.processes[process].contexts.len());
        match self.rng.u32(..10_000) {
            0..4 => self.create(),
            4..7 => self.destroy(process),
            7..9 => self.fault(process, context),
            9..40 => self.open(process),
            40..65 => self.close_context(process, context),
            65..600 => self.synchronous(process),
            600..900 => self.buffer(process, context),
            900..6000 => self.submit(process, context),
            6000..6100 => self.block(process, context),
            6100..6150 => self.discard(process, context),
            6150..6160 => self.settle(process, context),
            _ => self.collect_one(process, context),
        }
    }

    fn create(&mut self) {
        if self.processes.len() >= PROCESSES {
            return;
        }
        let api = self.api;
        let node = self.rng.i32(0..2);
        let handle = veo!(api, veo_proc_create(node));
        self.check(!handle.is_null(), || format!("no process on node {node}"));
        let library = veo!(api, veo_load_library(handle, self.kernels.as_ptr()));
        self.check(library != 0, || "the kernels do not load".into());
        let own = veo!(api, veo_load_library(handle, self.veside.as_ptr()));
        self.check(own != 0, || "the kernels of the VE side do not load".into());
        let find = |library: u64, name: &CStr| {
            let address = veo!(api, veo_get_sym(handle, library, name.as_ptr()));
            self.check(address != 0, || format!("no symbol {name:?}"));
            address
        };
        let symbol = |name: &CStr| find(library, name);
        let kernels = Kernels {
            echo: symbol(c"echo"),
            fill: symbol(c"fill"),
            sum: symbol(c"sum"),
            increment_bytes: symbol(c"increment_bytes"),
            set_bytes: symbol(c"set_bytes"),
            previous: find(own, c"previous"),
            pause_us: symbol(c"pause_us"),
            tick: symbol(c"tick"),
            ticks: symbol(c"ticks"),
        };
        self.processes.push(Process {
            handle,
            library,
            kernels,
            contexts: Vec::new(),
            ticks: 0,
        });
        self.counts.processes += 1;
        self.open(self.processes.len() - 1);
    }

    fn open(&mut self, process: usize) {
        let api = self.api;
        let process = &mut self.processes[process];
        if process.contexts.len() >= CONTEXTS {
            return;
        }
        let handle = veo!(api, veo_context_open(process.handle));
        process.contexts.push(Context {
            handle,
            pending: VecDeque::new(),
            buffers: Vec::new(),
            newest: None,
        });
        let open = process.contexts.len() as i32;
        let counted = veo!(api, veo_num_contexts(process.handle));
        self.counts.contexts += 1;
        self.check(!handle.is_null(), || "no context".into());
        self.check(counted == open, || {
            format!("{counted} contexts, not {open}")
        });
        let state = veo!(api, veo_get_context_state(handle));
        self.check(state == VEO_STATE_RUNNING as i32, || {
            format!("state {state}")
        });
    }

    /// Closes a further context with whatever is queued on it.
    fn close_context(&mut self, process: usize, context: usize) {
        if context == 0 {
            return;
        }
        let api = self.api;
        let context = self.processes[process].contexts.remove(context);
        let closed = veo!(api, veo_context_close(context.handle));
        self.check(closed == 0, || format!("closing a context gives {closed}"));
        self.counts.lost += context.pending.len() as u64;
        // Its requests have run, so that its memory is free to go.
        for buffer in &context.buffers {
            let freed = veo!(
                api,
                veo_free_mem(self.processes[process].handle, buffer.address)
            );
            self.check(freed == 0, || format!("free gives {freed}"));
        }
    }

    /// Makes, or checks and frees, a buffer of a context.
    fn buffer(&mut self, process: usize, context: usize) {
        let api = self.api;
        let handle = self.processes[process].handle;
        self.counts.synchronous += 1;
        let buffers = self.processes[process].contexts[context].buffers.len();
        if buffers < BUFFERS && (buffers == 0 || self.rng.bool()) {
            let length = match self.rng.u32(..200) {
                0 => self.rng.usize(600_000..1_000_000),
                1..20 => self.rng.usize(1000..100_000),
                _ => self.rng.usize(1..1000),
            };
            let words: Vec<u64> = (0..length).map(|_| self.rng.u64(..)).collect();
            let bytes = length * 8;
            let mut address = 0;
            let made = veo!(api, veo_alloc_mem(handle, &raw mut address, bytes));
            self.check(made == 0, || format!("alloc of {bytes} gives {made}"));
            let written = veo!(
                api,
                veo_write_mem(handle, address, words.as_ptr().cast(), bytes)
            );
            self.check(written == 0, || format!("write gives {written}"));
            let context = &mut self.processes[process].contexts[context];
            context.buffers.push(Buffer { address, words });
            return;
        }
        // Its queued requests must have run: synchronous calls wait for the main context only.
        let context = &mut self.processes[process].contexts[context];
        veo!(api, veo_context_sync(context.handle));
        // It is a message like a request.
        context.newest = None;
        let chosen = self.rng.usize(..context.buffers.len());
        let buffer = context.buffers.swap_remove(chosen);
        let mut got = vec![0u64; buffer.words.len()];
        let bytes = got.len() * 8;
        let read = veo!(
            api,
            veo_read_mem(handle, got.as_mut_ptr().cast(), buffer.address, bytes)
        );
        self.check(read == 0, || format!("read gives {read}"));
        self.check(got == buffer.words, || "a buffer differs".into());
        self.counts.bytes += bytes as u64;
        let freed = veo!(api, veo_free_mem(handle, buffer.address));
        self.check(freed == 0, || format!("free gives {freed}"));
    }

    /// A synchronous operation that changes nothing the model knows.
    fn synchronous(&mut self, index: usize) {
        let api = self.api;
        let process = &self.processes[index];
        self.counts.synchronous += 1;
        match self.rng.u32(..4) {
            0 => {
                let echo = veo!(
                    api,
                    veo_get_sym(process.handle, process.library, c"echo".as_ptr())
                );
                self.check(echo == process.kernels.echo, || {
                    format!("echo at {echo:#x}")
                });
                let none = veo!(
                    api,
                    veo_get_sym(process.handle, process.library, c"none".as_ptr())
                );
                self.check(none == 0, || format!("none at {none:#x}"));
            }
            1 => {
                let mut address = 7;
                let made = veo!(
                    api,
                    veo_alloc_mem(process.handle, &raw mut address, 1 << 46)
                );
                self.check(made == -1, || format!("alloc of too much gives {made}"));
            }
            2 => {
                let mut byte = 0u8;
                let read = veo!(
                    api,
                    veo_read_mem(process.handle, (&raw mut byte).cast(), 0x10, 1)
                );
                self.check(read < 0, || format!("read of nothing gives {read}"));
            }
            _ => {
                let value = self.rng.u64(..);
                let mut result = 0;
                let args = veo!(api, veo_args_alloc());
                veo!(api, veo_args_set_u64(args, 0, value));
                let called = veo!(
                    api,
                    veo_call_sync(process.handle, process.kernels.echo, args, &raw mut result)
                );
                veo!(api, veo_args_free(args));
                // Whether this is "the request before" for a later one is not laid down.
                self.processes[index].contexts[0].newest = None;
                self.check((called, result) == (0, value), || {
                    format!("echo of {value:#x} gives {called}, {result:#x}")
                });
            }
        }
    }

    /// Ends a process in order: counts its ticks, leaves its requests.
    fn destroy(&mut self, process: usize) {
        let api = self.api;
        for context in &self.processes[process].contexts {
            veo!(api, veo_context_sync(context.handle));
        }
        let process = self.processes.swap_remove(process);
        let mut ticks = 0u64;
        let read = veo!(
            api,
            veo_read_mem(
                process.handle,
                (&raw mut ticks).cast(),
                process.kernels.ticks,
                8
            )
        );
        self.check((read, ticks) == (0, process.ticks), || {
            format!("{ticks} ticks ran of {}, read {read}", process.ticks)
        });
        for context in &process.contexts {
            self.counts.lost += context.pending.len() as u64;
        }
        let destroyed = veo!(api, veo_proc_destroy(process.handle));
        self.check(destroyed == 0, || format!("destroy gives {destroyed}"));
    }

    /// Collects everything, ends everything, and gives the counts.
    pub(super) fn close(mut self) -> Counts {
        while let Some(process) = self.processes.len().checked_sub(1) {
            for context in 0..self.processes[process].contexts.len() {
                self.settle(process, context);
            }
            self.destroy(process);
        }
        self.counts
    }
}
