//! `veo_args`: the arguments of one call as the backend takes them.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use veo_abi::ffi::{self, veo_args};

use crate::arg::{ArgWord, Words};
use crate::backend::{Api, need};
use crate::error::{Error, Result};
use crate::stack::StackData;
use crate::staging::Staging;

/// An argument object of the backend, used again for call after call.
pub(crate) struct ArgsHandle {
    api: &'static Api,
    args: *mut veo_args,
}

// SAFETY: the object belongs to no thread, and this is its only owner.
unsafe impl Send for ArgsHandle {}

impl ArgsHandle {
    pub(crate) fn new(api: &'static Api) -> Result<ArgsHandle> {
        let alloc = need!(api, veo_args_alloc, "a call")?;
        need!(api, veo_args_clear, "a call")?;
        need!(api, veo_args_set_i64, "a call")?;
        need!(api, veo_args_set_stack, "a call")?;
        // SAFETY: no preconditions.
        let args = unsafe { alloc() };
        if args.is_null() {
            return Err(Error::Command {
                what: "veo_args_alloc".into(),
                reason: api.last_error(),
            });
        }
        Ok(ArgsHandle { api, args })
    }

    pub(crate) fn as_ptr(&self) -> *mut veo_args {
        self.args
    }

    /// Sets everything anew: `words`, already checked, with the stack data that some of
    /// them stand for, where the output of those goes, and the class of the result.
    ///
    /// # Safety
    ///
    /// The place of each stack argument that is written must stay valid until the
    /// call was collected: that of `stack` for [`Output::Direct`], the staging otherwise.
    pub(crate) unsafe fn fill(
        &mut self,
        words: &Words,
        stack: &mut [StackData<'_, '_>],
        output: Output<'_>,
        result: u32,
    ) -> Result<()> {
        let table = &self.api.table;
        if let Some(clear) = table.veo_args_clear {
            // SAFETY: `self.args` is a valid object, here and in the calls below.
            unsafe { clear(self.args) };
        }
        for (index, word) in words.iter().enumerate() {
            let place = index as i32;
            // The checks for each function cost nothing next to the call.
            let status = match word {
                ArgWord::Integer(value) => {
                    let set = need!(self.api, veo_args_set_i64, "an integer argument")?;
                    // SAFETY: see `clear`.
                    unsafe { set(self.args, place, value) }
                }
                ArgWord::Float(value) => {
                    let set = need!(self.api, veo_args_set_float, "a float argument")?;
                    // SAFETY: see `clear`.
                    unsafe { set(self.args, place, value) }
                }
                ArgWord::Double(value) => {
                    let set = need!(self.api, veo_args_set_double, "a double argument")?;
                    // SAFETY: see `clear`.
                    unsafe { set(self.args, place, value) }
                }
                ArgWord::Hmem(address) => {
                    let set = need!(self.api, veo_args_set_hmem, "an hmem argument")?;
                    // SAFETY: see `clear`; the address is passed on, not used.
                    unsafe { set(self.args, place, address as usize as *mut c_void) }
                }
                ArgWord::Stack(which) => {
                    let set = need!(self.api, veo_args_set_stack, "a stack argument")?;
                    let which = which as usize;
                    let Some(data) = stack.get_mut(which) else {
                        return Err(Error::argument(
                            index,
                            "the call was made already, and its data went with it",
                        ));
                    };
                    let (intent, start) = match data {
                        StackData::In(bytes) => {
                            (ffi::VEO_INTENT_IN, bytes.as_ptr().cast_mut().cast())
                        }
                        StackData::Out(bytes) => (ffi::VEO_INTENT_OUT, output.place(which, bytes)),
                        StackData::InOut(bytes) => {
                            (ffi::VEO_INTENT_INOUT, output.place(which, bytes))
                        }
                    };
                    // SAFETY: see `clear`; input is only read, when the call is made,
                    // while it is borrowed; output stays valid as the caller promises.
                    unsafe { set(self.args, intent, place, start.cast::<c_char>(), data.len()) }
                }
            };
            if status != 0 {
                return Err(Error::argument(
                    index,
                    self.api
                        .last_error()
                        .unwrap_or_else(|| "the backend refused it".into()),
                ));
            }
        }
        if let Some(set_result) = table.veo_emu_args_set_result {
            // SAFETY: see `clear`.
            unsafe { set_result(self.args, result) };
        }
        Ok(())
    }
}

/// Where the VE side puts what a kernel writes to stack arguments.
#[derive(Clone, Copy)]
pub(crate) enum Output<'a> {
    /// Straight into the places of the caller.
    Direct,
    /// Into a staging that starts there, each argument at its offset.
    Staged {
        start: *mut u8,
        offsets: &'a [usize],
    },
}

impl Output<'_> {
    fn place(self, which: usize, bytes: &mut [MaybeUninit<u8>]) -> *mut u8 {
        match self {
            Output::Direct => bytes.as_mut_ptr().cast(),
            Output::Staged { start, offsets } => start.wrapping_add(offsets[which]),
        }
    }
}

impl Drop for ArgsHandle {
    fn drop(&mut self) {
        if let Some(free) = self.api.table.veo_args_free {
            // SAFETY: allocated by the same table, freed once. Calls that were made
            // with it have copied what they need.
            unsafe { free(self.args) };
        }
    }
}

/// What `wait` copies from the staging to the places of the caller.
#[derive(Default)]
pub(crate) struct CopyBack<'a>(Option<Box<Places<'a>>>);

/// Offsets in the staging, and what is written from there.
type Places<'a> = Vec<(usize, &'a mut [MaybeUninit<u8>])>;

impl CopyBack<'_> {
    /// Only to be called when the request was collected without an error.
    pub(crate) fn run(&mut self, staging: &Staging) {
        for (offset, to) in self.0.take().into_iter().flat_map(|places| *places) {
            staging.copy_to(offset, to);
        }
    }
}

/// The sizes of all output, each padded to 16 bytes.
fn output_size(stack: &[StackData<'_, '_>]) -> usize {
    stack
        .iter()
        .map(|data| match data {
            StackData::In(_) => 0,
            StackData::Out(bytes) | StackData::InOut(bytes) => bytes.len().next_multiple_of(16),
        })
        .sum()
}

/// Allocates the staging for the output among the stack data, filled with what goes in, and
/// says at which offset each of them has its piece.
pub(crate) fn stage(stack: &[StackData<'_, '_>]) -> (Option<Staging>, Vec<usize>) {
    if stack.iter().all(|data| matches!(data, StackData::In(_))) {
        return (None, Vec::new());
    }
    let mut staging = Staging::new(output_size(stack));
    let mut offsets = Vec::with_capacity(stack.len());
    let mut next = 0;
    for data in stack {
        offsets.push(next);
        match data {
            StackData::In(_) => {}
            StackData::Out(bytes) => next += bytes.len().next_multiple_of(16),
            StackData::InOut(bytes) => {
                staging.fill(next, bytes);
                next += bytes.len().next_multiple_of(16);
            }
        }
    }
    (Some(staging), offsets)
}

/// Takes the borrowed places out of the stack data, to be written by `wait`.
pub(crate) fn copy_back<'a>(stack: &mut Vec<StackData<'_, 'a>>, offsets: &[usize]) -> CopyBack<'a> {
    if offsets.is_empty() {
        return CopyBack::default();
    }
    let places = stack.drain(..).zip(offsets);
    let places = places.filter_map(|(data, offset)| match data {
        StackData::In(_) => None,
        StackData::Out(bytes) | StackData::InOut(bytes) => Some((*offset, bytes)),
    });
    CopyBack(Some(Box::new(places.collect())))
}
