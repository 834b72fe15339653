//! Calls without an object for their arguments, and several results at once: what a
//! typed layer needs, which knows everything of a call when it makes it.

use std::slice;
use std::time::Duration;

use veo_abi::ffi::{
    VEO_COMMAND_OK, VEO_EMU_CLASS_DOUBLE, VEO_EMU_CLASS_FLOAT, VEO_EMU_CLASS_HMEM,
    VEO_EMU_CLASS_INTEGER, VEO_REQUEST_ID_INVALID, veo_emu_class, veo_emu_result, veo_thr_ctxt,
};

use veo_abi::hmem;

use super::call::verdict;
use super::emu::{kind_of_result, returns};
use super::{guard, open_context, own_context};
use crate::error::{Error, Result};
use crate::host::operation::CallView;
use crate::shared::class::{Class, PER_WORD, pack_eight};
use crate::shared::ring::MAX_WORDS;

pub unsafe extern "C" fn veo_emu_call_async(
    ctx: *mut veo_thr_ctxt,
    addr: u64,
    words: *const u64,
    classes: *const u8,
    count: usize,
    result: veo_emu_class,
) -> u64 {
    // SAFETY: what the caller vouches for is the same.
    match unsafe { call_quickly(ctx, addr, words, classes, count, result) } {
        Some(id) => id,
        // SAFETY: as above.
        None => unsafe { call_somehow(ctx, addr, words, classes, count, result) },
    }
}

/// A call of few words that needs no wait.
///
/// # Safety
///
/// As for [`veo_emu_call_async`].
#[inline]
unsafe fn call_quickly(
    ctx: *mut veo_thr_ctxt,
    address: u64,
    words: *const u64,
    classes: *const u8,
    count: usize,
    result: veo_emu_class,
) -> Option<u64> {
    if address == 0 || count == 0 || count > PER_WORD || words.is_null() || classes.is_null() {
        return None;
    }
    // SAFETY: neither is null; the caller passes `count` of each.
    let (words, classes) = unsafe {
        (
            slice::from_raw_parts(words, count),
            slice::from_raw_parts(classes, count),
        )
    };
    let view = CallView {
        address,
        words,
        classes: &[pack_few(classes)?],
        returns: kind_of_result(result)?,
    };
    // SAFETY: the caller keeps the context open until the function returns.
    unsafe { own_context(ctx) }?.queue.call_quickly(view)
}

/// Packs at most as many classes as one word holds.
#[inline]
fn pack_few(classes: &[u8]) -> Option<u64> {
    let (eights, rest) = classes.as_chunks::<8>();
    let mut packed = 0;
    for (index, eight) in eights.iter().enumerate() {
        packed |= pack_eight(*eight)? << (16 * index);
    }
    if !rest.is_empty() {
        let mut last = [Class::Integer as u8; 8];
        for (place, class) in last.iter_mut().zip(rest) {
            *place = *class;
        }
        packed |= pack_eight(last)? << (16 * eights.len());
    }
    Some(packed)
}

/// Any call, or why there can be none.
///
/// # Safety
///
/// As for [`veo_emu_call_async`].
unsafe fn call_somehow(
    ctx: *mut veo_thr_ctxt,
    address: u64,
    words: *const u64,
    classes: *const u8,
    count: usize,
    result: veo_emu_class,
) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        // SAFETY: the caller keeps the context open until the function returns.
        let context = unsafe { open_context(ctx)? };
        if address == 0 {
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
                (
                    slice::from_raw_parts(words, count),
                    slice::from_raw_parts(classes, count),
                )
            }
        };
        let mut packed = [0; MAX_WORDS / PER_WORD];
        let mut untagged = Vec::new();
        for (index, class) in given.iter().enumerate() {
            class_of(index, *class)?.put(&mut packed, index);
        }
        let tagged = |class: &u8| veo_emu_class::from(*class) == VEO_EMU_CLASS_HMEM;
        if given.iter().any(tagged) && !context.queue.child.asks_for_tags(address) {
            untagged.extend_from_slice(words);
            let words = untagged
                .iter_mut()
                .zip(given)
                .filter(|(_, class)| tagged(class));
            words.for_each(|(word, _)| *word = hmem::untag(*word));
        }
        let words = if untagged.is_empty() {
            words
        } else {
            &untagged
        };
        let view = CallView {
            address,
            words,
            classes: &packed[..count.div_ceil(PER_WORD)],
            returns: returns(result)?,
        };
        context.queue.call(view, &[])
    })
}

fn class_of(index: usize, given: u8) -> Result<Class> {
    match veo_emu_class::from(given) {
        VEO_EMU_CLASS_INTEGER | VEO_EMU_CLASS_HMEM => Ok(Class::Integer),
        VEO_EMU_CLASS_FLOAT => Ok(Class::Float),
        VEO_EMU_CLASS_DOUBLE => Ok(Class::Double),
        _ => Err(Error::invalid(format!(
            "argument {index}: {given} is no class of arguments"
        ))),
    }
}

// The packed form is the numbers themselves.
const _: () = {
    assert!(Class::Integer as veo_emu_class == VEO_EMU_CLASS_INTEGER);
    assert!(Class::Float as veo_emu_class == VEO_EMU_CLASS_FLOAT);
    assert!(Class::Double as veo_emu_class == VEO_EMU_CLASS_DOUBLE);
};

pub unsafe extern "C" fn veo_emu_collect(
    ctx: *mut veo_thr_ctxt,
    requests: *const u64,
    count: usize,
    nanoseconds: u64,
    results: *mut veo_emu_result,
) -> usize {
    let mut taken = 0;
    if count > 0 && nanoseconds == u64::MAX && !requests.is_null() && !results.is_null() {
        // SAFETY: the caller keeps the context open until the function returns.
        let context = unsafe { own_context(ctx) };
        // SAFETY: not null; the caller passes `count` requests.
        let ids = unsafe { slice::from_raw_parts(requests, count) };
        let mut place = results;
        let more = context.is_none_or(|context| {
            let (some, more) = context.queue.collect_quickly(ids, |value| {
                let state = VEO_COMMAND_OK as i32;
                // SAFETY: this is called at most `count` times, and the caller has room
                // for as many results.
                unsafe {
                    place.write(veo_emu_result { value, state });
                    place = place.add(1);
                }
            });
            taken = some;
            more
        });
        if !more {
            return taken;
        }
    }
    // The first one is waited for, the others are not.
    let left = if taken > 0 { 0 } else { nanoseconds };
    // SAFETY: what the caller vouches for is the same, also for what is behind the ones
    // that were taken: then the pointers are not null, and fewer were taken than there are.
    taken
        + unsafe {
            let (requests, results) = (requests.wrapping_add(taken), results.wrapping_add(taken));
            collect_somehow(ctx, requests, count - taken, left, results)
        }
}

/// Collects whatever there is, or says why nothing can be collected.
///
/// # Safety
///
/// As for [`veo_emu_collect`].
unsafe fn collect_somehow(
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
            return Err(Error::invalid(
                "no requests are named, or no place for results",
            ));
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
