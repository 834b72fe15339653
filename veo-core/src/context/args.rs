//! `veo_args`: the arguments of one call as the backend takes them.

use std::ffi::c_char;

use veo_abi::ffi::{self, veo_args};
use veo_abi::{ScalarType, Type};

use crate::arg::{ArgWord, Args};
use crate::backend::{Api, need};
use crate::error::{Error, Result};
use crate::memory::Staging;
use crate::stack::StackData;

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

    /// Sets everything anew: `args`, already checked, with output going to the
    /// places that `output` names, and the class of the result.
    ///
    /// # Safety
    ///
    /// The addresses that `output` gives, for the length of each stack argument that
    /// is written, must stay valid until the call was collected.
    pub(crate) unsafe fn fill(
        &mut self,
        args: &mut Args<'_, '_>,
        mut output: impl FnMut(usize, &mut StackData<'_, '_>) -> *mut u8,
        result: u32,
    ) -> Result<()> {
        let table = &self.api.table;
        if let Some(clear) = table.veo_args_clear {
            // SAFETY: `self.args` is a valid object, here and in the calls below.
            unsafe { clear(self.args) };
        }
        for (index, word) in args.words.iter().enumerate() {
            let place = index as i32;
            // The checks for each function cost nothing next to the call.
            let status = match *word {
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
                    // SAFETY: see `clear`; the pointer is only taken apart.
                    unsafe { set(self.args, place, address as usize as *mut _) }
                }
                ArgWord::Stack(which) => {
                    let set = need!(self.api, veo_args_set_stack, "a stack argument")?;
                    let data = &mut args.stack[which as usize];
                    let (intent, start) = match data {
                        StackData::In(bytes) => {
                            (ffi::VEO_INTENT_IN, bytes.as_ptr().cast_mut().cast())
                        }
                        StackData::Out(_) => (ffi::VEO_INTENT_OUT, output(which as usize, data)),
                        StackData::InOut(_) => {
                            (ffi::VEO_INTENT_INOUT, output(which as usize, data))
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

impl Drop for ArgsHandle {
    fn drop(&mut self) {
        if let Some(free) = self.api.table.veo_args_free {
            // SAFETY: allocated by the same table, freed once. Calls that were made
            // with it have copied what they need.
            unsafe { free(self.args) };
        }
    }
}

/// The class of a result, for backends that return it in a register of the host.
pub(crate) const fn result_class(ty: &Type) -> u32 {
    match ty {
        Type::Scalar(ScalarType::F32) => ffi::VEO_EMU_CLASS_FLOAT,
        Type::Scalar(ScalarType::F64) => ffi::VEO_EMU_CLASS_DOUBLE,
        _ => ffi::VEO_EMU_CLASS_INTEGER,
    }
}

/// What `wait` copies from the staging to the places of the caller.
#[derive(Default)]
pub(crate) struct CopyBack<'a>(Vec<(usize, &'a mut [std::mem::MaybeUninit<u8>])>);

impl CopyBack<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Only to be called when the request was collected without an error.
    pub(crate) fn run(&mut self, staging: &Staging) {
        for (offset, to) in self.0.drain(..) {
            staging.copy_to(offset, to);
        }
    }
}

/// The sizes of all output, each padded to 16 bytes.
pub(crate) fn output_size(args: &Args<'_, '_>) -> usize {
    args.stack
        .iter()
        .map(|data| match data {
            StackData::In(_) => 0,
            StackData::Out(bytes) | StackData::InOut(bytes) => bytes.len().next_multiple_of(16),
        })
        .sum()
}

/// Allocates the staging for the output of `args`, filled with what goes in, and
/// says at which offset each stack argument has its piece.
pub(crate) fn stage(args: &Args<'_, '_>) -> (Option<Staging>, Vec<usize>) {
    let written = args
        .stack
        .iter()
        .any(|data| !matches!(data, StackData::In(_)));
    if !written {
        return (None, Vec::new());
    }
    let mut staging = Staging::new(output_size(args));
    let mut offsets = Vec::with_capacity(args.stack.len());
    let mut next = 0;
    for data in &args.stack {
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

/// Takes the borrowed places out of `args`, to be written by `wait`.
pub(crate) fn copy_back<'a>(args: &mut Args<'_, 'a>, offsets: &[usize]) -> CopyBack<'a> {
    if offsets.is_empty() {
        return CopyBack::default();
    }
    let places = args.stack.drain(..).zip(offsets);
    CopyBack(
        places
            .filter_map(|(data, offset)| match data {
                StackData::In(_) => None,
                StackData::Out(bytes) | StackData::InOut(bytes) => Some((*offset, bytes)),
            })
            .collect(),
    )
}

/// For calls that are waited for: output goes straight to its place.
pub(crate) fn direct_output(_: usize, data: &mut StackData<'_, '_>) -> *mut u8 {
    match data {
        StackData::Out(bytes) | StackData::InOut(bytes) => bytes.as_mut_ptr().cast(),
        // Input has no output; the address is not used.
        StackData::In(_) => std::ptr::null_mut(),
    }
}
