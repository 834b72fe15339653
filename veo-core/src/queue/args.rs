//! `veo_args`: the arguments of one call as the backend takes them.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use veo_abi::ffi::{self, veo_args};

use crate::arg::{ArgWord, StackArg, Words};
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
    /// call was collected: that of `stack` for [`StackOutput::Direct`], the staging otherwise.
    pub(crate) unsafe fn fill(
        &mut self,
        words: &Words,
        stack: &mut [StackArg<'_, '_>],
        output: StackOutput<'_>,
        result: u32,
    ) -> Result<()> {
        let table = &self.api.table;
        if let Some(clear) = table.veo_args_clear {
            // SAFETY: `self.args` is a valid object, here and in the calls below.
            unsafe { clear(self.args) };
        }
        let mut stack = stack.iter_mut().enumerate().peekable();
        for (index, word) in words.iter().enumerate() {
            let place = index as i32;
            // The checks for each function cost nothing next to the call.
            let status = if let Some((which, arg)) = stack.next_if(|(_, arg)| arg.index == index) {
                let set = need!(self.api, veo_args_set_stack, "a stack argument")?;
                let (intent, start) = match &mut arg.data {
                    StackData::In(bytes) => (ffi::VEO_INTENT_IN, bytes.as_ptr().cast_mut().cast()),
                    StackData::Out(bytes) => (ffi::VEO_INTENT_OUT, output.place(which, bytes)),
                    StackData::InOut(bytes) => (ffi::VEO_INTENT_INOUT, output.place(which, bytes)),
                    StackData::Spent => {
                        return Err(Error::argument(
                            index,
                            "the call was made already, and its data went with it",
                        ));
                    }
                };
                let len = arg.data.len();
                // SAFETY: see `clear`; input is only read, when the call is made, while it is
                // borrowed; output stays valid as the caller promises.
                unsafe { set(self.args, intent, place, start.cast::<c_char>(), len) }
            } else {
                self.set_word(place, word)?
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

    fn set_word(&mut self, place: i32, word: ArgWord) -> Result<i32> {
        Ok(match word {
            ArgWord::Integer(value) => {
                let set = need!(self.api, veo_args_set_i64, "an integer argument")?;
                // SAFETY: `self.args` is a valid object, here and in the calls below.
                unsafe { set(self.args, place, value) }
            }
            ArgWord::Float(value) => {
                let set = need!(self.api, veo_args_set_float, "a float argument")?;
                // SAFETY: as above.
                unsafe { set(self.args, place, value) }
            }
            ArgWord::Double(value) => {
                let set = need!(self.api, veo_args_set_double, "a double argument")?;
                // SAFETY: as above.
                unsafe { set(self.args, place, value) }
            }
            ArgWord::Hmem(address) => {
                let set = need!(self.api, veo_args_set_hmem, "an hmem argument")?;
                // SAFETY: as above; the address is passed on, not used.
                unsafe { set(self.args, place, address as usize as *mut c_void) }
            }
        })
    }
}

/// The place where the VE side puts data that a kernel writes to stack arguments.
#[derive(Clone, Copy)]
pub(crate) enum StackOutput<'a> {
    /// Straight into the places of the caller.
    Direct,
    /// Into a staging that starts there, each argument at its offset.
    Staged {
        start: *mut u8,
        offsets: &'a [usize],
    },
}

impl StackOutput<'_> {
    fn place(self, which: usize, bytes: &mut [MaybeUninit<u8>]) -> *mut u8 {
        match self {
            StackOutput::Direct => bytes.as_mut_ptr().cast(),
            StackOutput::Staged { start, offsets } => start.wrapping_add(offsets[which]),
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

/// The data that `wait` copies from the staging to the places of the caller.
#[derive(Default)]
pub(crate) struct CopyBack<'a>(Option<Box<CopyBackPlaces<'a>>>);

/// Offsets in the staging, and the data that is written from there.
type CopyBackPlaces<'a> = Vec<(usize, &'a mut [MaybeUninit<u8>])>;

impl CopyBack<'_> {
    /// This must be called only if the request was collected without an error.
    pub(crate) fn run(&mut self, staging: &Staging) {
        for (offset, to) in self.0.take().into_iter().flat_map(|places| *places) {
            staging.copy_to(offset, to);
        }
    }
}

/// How much the output of a stack argument takes in the staging.
fn output_size(data: &StackData<'_, '_>) -> usize {
    match data {
        StackData::In(_) | StackData::Spent => 0,
        StackData::Out(bytes) | StackData::InOut(bytes) => bytes.len().next_multiple_of(16),
    }
}

/// Allocates the staging for the output among the stack data, filled with what goes in, and
/// says at which offset each of them has its piece.
pub(crate) fn stage(stack: &[StackArg<'_, '_>]) -> (Option<Staging>, Vec<usize>) {
    let is_written =
        |arg: &StackArg<'_, '_>| matches!(arg.data, StackData::Out(_) | StackData::InOut(_));
    if !stack.iter().any(is_written) {
        return (None, Vec::new());
    }
    let mut staging = Staging::new(stack.iter().map(|arg| output_size(&arg.data)).sum());
    let mut offsets = Vec::with_capacity(stack.len());
    let mut next = 0;
    for StackArg { data, .. } in stack {
        offsets.push(next);
        if let StackData::InOut(bytes) = data {
            staging.fill(next, bytes);
        }
        next += output_size(data);
    }
    (Some(staging), offsets)
}

/// Takes the borrowed places out of the stack data, to be written by `wait`.
pub(crate) fn copy_back<'a>(stack: &mut [StackArg<'_, 'a>], offsets: &[usize]) -> CopyBack<'a> {
    if offsets.is_empty() {
        return CopyBack::default();
    }
    let places =
        stack.iter_mut().zip(offsets).filter_map(|(arg, offset)| {
            match std::mem::replace(&mut arg.data, StackData::Spent) {
                StackData::In(_) | StackData::Spent => None,
                StackData::Out(bytes) | StackData::InOut(bytes) => Some((*offset, bytes)),
            }
        });
    CopyBack(Some(Box::new(places.collect())))
}
