//! Calls without an object for their arguments, and several results at once: what a
//! typed layer needs, which knows everything of a call when it makes it.

use std::slice;
use std::time::Duration;

use veo_abi::ffi::{
    VEO_EMU_CLASS_DOUBLE, VEO_EMU_CLASS_FLOAT, VEO_EMU_CLASS_INTEGER, VEO_REQUEST_ID_INVALID,
    veo_emu_class, veo_emu_result, veo_thr_ctxt,
};

use super::call::verdict;
use super::emu::returns;
use super::{guard, open_context};
use crate::error::{Error, Result};
use crate::host::operation::CallView;
use crate::shared::class::Class;
use crate::shared::ring::MAX_WORDS;

/// Up to this many words the classes need little room.
const FEW: usize = 16;

pub unsafe extern "C" fn veo_emu_call_async(
    ctx: *mut veo_thr_ctxt,
    addr: u64,
    words: *const u64,
    classes: *const u8,
    count: usize,
    result: veo_emu_class,
) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        // SAFETY: the caller keeps the context open until the function returns.
        let context = unsafe { open_context(ctx)? };
        if addr == 0 {
            return Err(Error::invalid("the address of the function is 0"));
        }
        if count > MAX_WORDS {
            return Err(Error::invalid(format!(
                "{count} arguments are more than the {MAX_WORDS} that fit a call"
            )));
        }
        let (words, given) = if count == 0 {
            (&[][..], &[][..])
        } else if words.is_null() || classes.is_null() {
            return Err(Error::invalid("the words or their classes are NULL"));
        } else {
            // SAFETY: neither is null; the caller passes `count` of each.
            unsafe {
                (slice::from_raw_parts(words, count), slice::from_raw_parts(classes, count))
            }
        };
        let mut few = [Class::Integer; FEW];
        let mut many;
        let classes = if count <= FEW {
            &mut few[..count]
        } else {
            many = vec![Class::Integer; count];
            &mut many[..]
        };
        for (index, (class, given)) in classes.iter_mut().zip(given).enumerate() {
            *class = class_of(index, *given)?;
        }
        let view = CallView {
            address: addr,
            words,
            classes,
            returns: returns(result)?,
        };
        context.queue.call(view, &[])
    })
}

#[inline]
fn class_of(index: usize, given: u8) -> Result<Class> {
    match veo_emu_class::from(given) {
        VEO_EMU_CLASS_INTEGER => Ok(Class::Integer),
        VEO_EMU_CLASS_FLOAT => Ok(Class::Float),
        VEO_EMU_CLASS_DOUBLE => Ok(Class::Double),
        _ => Err(Error::invalid(format!(
            "argument {index}: {given} is no class of arguments"
        ))),
    }
}

pub unsafe extern "C" fn veo_emu_collect(
    ctx: *mut veo_thr_ctxt,
    requests: *const u64,
    count: usize,
    nanoseconds: u64,
    results: *mut veo_emu_result,
) -> usize {
    guard(0, || {
        // SAFETY: the caller keeps the context open until the function returns.
        let context = unsafe { open_context(ctx)? };
        if count == 0 || requests.is_null() || results.is_null() {
            return Err(Error::invalid("no requests are named, or no place for results"));
        }
        // SAFETY: not null; the caller passes `count` requests.
        let ids = unsafe { slice::from_raw_parts(requests, count) };
        let limit = (nanoseconds != u64::MAX).then(|| Duration::from_nanos(nanoseconds));
        let mut taken = 0;
        context.queue.collect(ids, limit, |place, waited| {
            let (state, value) = verdict(&context.queue, waited, ids[place]);
            let result = veo_emu_result {
                value: value.unwrap_or(0),
                state,
            };
            // SAFETY: `place` is below `count`, for which the caller has room.
            unsafe { results.add(place).write(result) };
            taken += usize::from(waited != crate::host::queue::Waited::TimedOut);
        });
        Ok(taken)
    })
}
