//! Submitting random requests and holding their results against the model.

use std::os::raw::c_void;

use veo_abi::ffi::{
    VEO_COMMAND_ERROR, VEO_COMMAND_OK, VEO_COMMAND_UNFINISHED, VEO_INTENT_INOUT, VEO_INTENT_OUT,
    VEO_REQUEST_ID_INVALID, veo_args,
};

use super::model::{Expect, Pending};
use super::world::{World, veo};

/// Requests of a context that wait to be collected, at most.
const PENDING: usize = 300;

/// The host function of [`Expect::Host`].
unsafe extern "C" fn triple(argument: *mut c_void) -> u64 {
    // SAFETY: the argument is the boxed word of an `Expect::Host`, alive and
    // unchanged until the request was collected or its context closed.
    unsafe { *argument.cast::<u64>() }.wrapping_mul(3)
}

impl World<'_> {
    /// Arguments that are integer words.
    fn words(&self, words: &[u64]) -> *mut veo_args {
        let args = veo!(self.api, veo_args_alloc());
        for (index, word) in words.iter().enumerate() {
            let set = veo!(self.api, veo_args_set_u64(args, index as i32, *word));
            self.check(set == 0, || format!("argument {index} gives {set}"));
        }
        args
    }

    /// Queues a call, and frees its arguments at once.
    pub(super) fn call(
        &self,
        process: usize,
        context: usize,
        kernel: u64,
        args: *mut veo_args,
    ) -> u64 {
        let context = self.processes[process].contexts[context].handle;
        let id = veo!(self.api, veo_call_async(context, kernel, args));
        veo!(self.api, veo_args_free(args));
        id
    }

    /// Queues a call with integer arguments.
    pub(super) fn call_words(
        &self,
        process: usize,
        context: usize,
        kernel: u64,
        words: &[u64],
    ) -> u64 {
        let args = self.words(words);
        self.call(process, context, kernel, args)
    }

    /// Writes a request into the model. `newest` is its result, where known.
    pub(super) fn note(
        &mut self,
        process: usize,
        context: usize,
        id: u64,
        expect: Expect,
        newest: Option<u64>,
    ) {
        self.check(id != VEO_REQUEST_ID_INVALID, || {
            "a request was refused".into()
        });
        let context = &mut self.processes[process].contexts[context];
        let last = context.pending.back().map(|pending| pending.id);
        context.pending.push_back(Pending { id, expect });
        context.newest = newest;
        self.counts.submitted += 1;
        self.check(last < Some(id), || format!("id {id} after {last:?}"));
    }

    /// Queues something random.
    pub(super) fn submit(&mut self, process: usize, context: usize) {
        while self.processes[process].contexts[context].pending.len() >= PENDING {
            self.collect_one(process, context);
        }
        match self.rng.u32(..100) {
            0..35 => self.submit_echo(process, context),
            35..45 => self.submit_tick(process, context),
            45..60 => self.submit_stack(process, context),
            60..67 => self.submit_host(process, context),
            67..72 => self.submit_previous(process, context),
            72..74 => {
                let kernel = self.processes[process].kernels.pause_us;
                let time = self.rng.u64(..300);
                let id = self.call_words(process, context, kernel, &[time]);
                self.note(process, context, id, Expect::Result(time), Some(time));
            }
            74..76 => self.submit_allocation(process, context),
            _ => self.submit_memory(process, context),
        }
    }

    /// An asynchronous allocation, or the release of a buffer.
    fn submit_allocation(&mut self, process: usize, context: usize) {
        let place = &mut self.processes[process].contexts[context];
        let handle = place.handle;
        let (id, expect) = match place.buffers.pop() {
            Some(buffer) if self.rng.bool() => {
                let id = veo!(self.api, veo_free_mem_async(handle, buffer.address));
                (id, Expect::Done)
            }
            buffer => {
                place.buffers.extend(buffer);
                let size = self.rng.usize(1..100_000);
                let id = veo!(self.api, veo_alloc_mem_async(handle, size));
                (id, Expect::Allocation)
            }
        };
        self.note(process, context, id, expect, None);
    }

    fn submit_echo(&mut self, process: usize, context: usize) {
        let kernel = self.processes[process].kernels.echo;
        let value = self.rng.u64(..);
        let id = self.call_words(process, context, kernel, &[value]);
        self.note(process, context, id, Expect::Result(value), Some(value));
    }

    fn submit_tick(&mut self, process: usize, context: usize) {
        let kernel = self.processes[process].kernels.tick;
        let id = self.call_words(process, context, kernel, &[]);
        self.processes[process].ticks += 1;
        self.note(process, context, id, Expect::Result(1), Some(1));
    }

    fn submit_stack(&mut self, process: usize, context: usize) {
        let api = self.api;
        let most = if self.rng.u32(..50) == 0 {
            100_000
        } else {
            600
        };
        let length = self.rng.usize(1..most);
        let mut got: Box<[u8]> = (0..length).map(|_| self.rng.u8(..)).collect();
        let buffer = got.as_mut_ptr().cast();
        let args = veo!(api, veo_args_alloc());
        veo!(api, veo_args_set_u64(args, 1, length as u64));
        let (kernel, want) = if self.rng.bool() {
            veo!(
                api,
                veo_args_set_stack(args, VEO_INTENT_INOUT, 0, buffer, length)
            );
            let want = got.iter().map(|byte| byte.wrapping_add(1)).collect();
            (self.processes[process].kernels.increment_bytes, want)
        } else {
            let value = self.rng.u8(..);
            veo!(
                api,
                veo_args_set_stack(args, VEO_INTENT_OUT, 0, buffer, length)
            );
            veo!(api, veo_args_set_u64(args, 2, u64::from(value)));
            (
                self.processes[process].kernels.set_bytes,
                vec![value; length],
            )
        };
        let id = self.call(process, context, kernel, args);
        self.note(process, context, id, Expect::Stack { got, want }, None);
    }

    fn submit_host(&mut self, process: usize, context: usize) {
        let mut argument = Box::new(self.rng.u64(..));
        let pointer = (&raw mut *argument).cast();
        let handle = self.processes[process].contexts[context].handle;
        let id = veo!(self.api, veo_call_async_vh(handle, Some(triple), pointer));
        // Kernels do not see it.
        let newest = self.processes[process].contexts[context].newest;
        self.note(process, context, id, Expect::Host { argument }, newest);
    }

    /// The result of the request before, asked for by a kernel. On the main context, the
    /// synchronous functions between come before it: `conformance/previous_result.c`.
    fn submit_previous(&mut self, process: usize, context: usize) {
        if context == 0 {
            return;
        }
        let kernel = self.processes[process].kernels.previous;
        let Some(newest) = self.processes[process].contexts[context].newest else {
            return;
        };
        let id = self.call_words(process, context, kernel, &[0]);
        self.note(process, context, id, Expect::Result(newest), Some(newest));
    }

    /// A transfer or a kernel on a buffer of the context.
    fn submit_memory(&mut self, process: usize, context: usize) {
        let api = self.api;
        let (fill, sum) = {
            let kernels = &self.processes[process].kernels;
            (kernels.fill, kernels.sum)
        };
        let place = &mut self.processes[process].contexts[context];
        if place.buffers.is_empty() {
            return;
        }
        let handle = place.handle;
        let chosen = self.rng.usize(..place.buffers.len());
        let buffer = &mut place.buffers[chosen];
        let from = self.rng.usize(..buffer.words.len());
        let count = self.rng.usize(..=buffer.words.len() - from);
        let address = buffer.address + 8 * from as u64;
        let part = &mut buffer.words[from..from + count];
        let (id, expect, newest) = match self.rng.u32(..4) {
            0 => {
                let mut got: Box<[u64]> = vec![0; count].into();
                let want = part.to_vec();
                let pointer = got.as_mut_ptr().cast();
                let id = veo!(api, veo_async_read_mem(handle, pointer, address, 8 * count));
                (id, Expect::Read { got, want }, None)
            }
            1 => {
                let source: Box<[u64]> = (0..count).map(|_| self.rng.u64(..)).collect();
                part.copy_from_slice(&source);
                let pointer = source.as_ptr().cast();
                let id = veo!(
                    api,
                    veo_async_write_mem(handle, address, pointer, 8 * count)
                );
                (id, Expect::Write { source }, None)
            }
            2 => {
                let value = self.rng.u64(..);
                part.fill(value);
                let count = count as u64;
                let id = self.call_words(process, context, fill, &[address, count, value]);
                (id, Expect::Result(count), Some(count))
            }
            _ => {
                let total = part.iter().fold(0u64, |sum, word| sum.wrapping_add(*word));
                let id = self.call_words(process, context, sum, &[address, count as u64]);
                (id, Expect::Result(total), Some(total))
            }
        };
        self.note(process, context, id, expect, newest);
    }

    /// Several requests in a block.
    pub(super) fn block(&mut self, process: usize, context: usize) {
        let handle = self.processes[process].contexts[context].handle;
        veo!(self.api, veo_req_block_begin(handle));
        for _ in 0..self.rng.u32(1..20) {
            self.submit(process, context);
        }
        veo!(self.api, veo_req_block_end(handle));
    }

    /// Gives up the result of a request that needs nothing of ours any more.
    pub(super) fn discard(&mut self, process: usize, context: usize) {
        let context = &mut self.processes[process].contexts[context];
        let Some(discard) = self.api.veo_emu_discard_result else {
            return;
        };
        let mut places = context.pending.iter();
        let Some(place) = places.position(|pending| !pending.expect.is_needed()) else {
            return;
        };
        if let Some(pending) = context.pending.remove(place) {
            // SAFETY: the context is live, the id one of its requests.
            let done = unsafe { discard(context.handle, pending.id) };
            self.counts.discarded += 1;
            self.check(done == 0, || format!("discard gives {done}"));
        }
    }

    /// Collects a random request of a context and checks it.
    pub(super) fn collect_one(&mut self, process: usize, context: usize) {
        let context = &mut self.processes[process].contexts[context];
        if context.pending.is_empty() {
            return;
        }
        let place = self.rng.usize(..context.pending.len());
        let handle = context.handle;
        let Some(pending) = context.pending.remove(place) else {
            return;
        };
        let mut result = UNTOUCHED;
        let state = if self.rng.u32(..8) == 0 {
            loop {
                let state = veo!(
                    self.api,
                    veo_call_peek_result(handle, pending.id, &raw mut result)
                );
                if state != VEO_COMMAND_UNFINISHED as i32 {
                    break state;
                }
                std::thread::sleep(std::time::Duration::from_micros(50));
            }
        } else {
            veo!(
                self.api,
                veo_call_wait_result(handle, pending.id, &raw mut result)
            )
        };
        self.fulfilled(&pending, state, result);
        if let Expect::Allocation = pending.expect {
            let process = self.processes[process].handle;
            let freed = veo!(self.api, veo_free_mem(process, result));
            self.check(freed == 0, || format!("free of {result:#x} gives {freed}"));
        }
        if self.rng.u32(..20) == 0 {
            // Once only.
            let mut again = UNTOUCHED;
            let state = veo!(
                self.api,
                veo_call_peek_result(handle, pending.id, &raw mut again)
            );
            self.check(
                state == VEO_COMMAND_ERROR as i32 && again == UNTOUCHED,
                || format!("request {} collected twice: {state}", pending.id),
            );
        }
    }

    /// Collects everything that a context owes.
    pub(super) fn settle(&mut self, process: usize, context: usize) {
        while !self.processes[process].contexts[context].pending.is_empty() {
            self.collect_one(process, context);
        }
    }

    /// A request that must have gone well has.
    pub(super) fn fulfilled(&mut self, pending: &Pending, state: i32, result: u64) {
        self.check(state == VEO_COMMAND_OK as i32, || {
            format!(
                "request {} has state {state}, result {result:#x}, not {}",
                pending.id,
                pending.expect.describe()
            )
        });
        self.check(is_as_expected(&pending.expect, result), || {
            format!(
                "request {} gives {result:#x}, not {}",
                pending.id,
                pending.expect.describe()
            )
        });
        self.counts.collected += 1;
        self.counts.bytes += match &pending.expect {
            Expect::Read { got, .. } => 8 * got.len() as u64,
            Expect::Stack { got, .. } => got.len() as u64,
            _ => 8,
        };
    }
}

/// The value of a result variable before a call that may not touch it.
pub(super) const UNTOUCHED: u64 = 0x5a5a_5a5a_5a5a_5a5a;

/// Whether the result and the memory of a request that went well are right.
pub(super) fn is_as_expected(expect: &Expect, result: u64) -> bool {
    match expect {
        Expect::Result(want) => result == *want,
        Expect::Allocation => result != 0 && result != UNTOUCHED,
        Expect::Done | Expect::Write { .. } => true,
        Expect::Read { got, want } => **got == **want,
        Expect::Stack { got, want } => **got == **want,
        Expect::Host { argument } => result == argument.wrapping_mul(3),
        Expect::Exception(_) | Expect::Exit => false,
    }
}
