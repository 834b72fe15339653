//! Arguments of calls.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use veo_abi::ffi::{
    VEO_EMU_CLASS_DOUBLE, VEO_EMU_CLASS_FLOAT, VEO_EMU_CLASS_INTEGER, VEO_EMU_CLASS_UNTYPED,
    VEO_INTENT_IN, VEO_INTENT_INOUT, VEO_INTENT_OUT, veo_args, veo_args_intent, veo_emu_class,
};
use veo_abi::{Scalar, Word};

use super::{ARGS, guard};
use crate::error::{Error, Result};
use crate::host::args::{CallArgs, Intent};
use crate::shared::class::{ResultClass, WordClass};

/// The arguments behind a handle.
///
/// # Safety
///
/// The interface gives one `veo_args` to one thread at a time.
#[inline]
pub(super) unsafe fn args<'a>(handle: *mut veo_args) -> Result<&'a mut CallArgs> {
    // SAFETY: the caller vouches for it.
    unsafe { ARGS.alone(handle as u64) }
        .ok_or_else(|| Error::invalid("these are no arguments, or they were freed"))
}

pub unsafe extern "C" fn veo_args_alloc() -> *mut veo_args {
    guard(ptr::null_mut(), || {
        ARGS.insert(CallArgs::default())
            .map(|handle| handle as *mut veo_args)
            .ok_or_else(|| Error::new(libc::ENOMEM, "there are too many arguments objects"))
    })
}

pub unsafe extern "C" fn veo_args_clear(args_: *mut veo_args) {
    guard((), || {
        // SAFETY: the caller uses its arguments on one thread at a time.
        unsafe { args(args_)? }.clear();
        Ok(())
    });
}

pub unsafe extern "C" fn veo_args_free(args: *mut veo_args) {
    guard((), || {
        let retired = ARGS
            .retire(args as u64)
            .ok_or_else(|| Error::invalid("these are no arguments, or they were freed"))?;
        drop(retired.finish());
        Ok(())
    });
}

fn set(args_: *mut veo_args, index: c_int, word: Word, class: WordClass) -> c_int {
    // SAFETY: the caller of the interface uses its arguments on one thread at a time.
    let done = unsafe { args(args_) }.and_then(|args| args.set(index, word.0, class));
    match done {
        Ok(()) => 0,
        Err(error) => {
            crate::error::leave(error);
            -1
        }
    }
}

macro_rules! setters {
    ($($name:ident: $type:ty, $class:ident;)*) => {
        $(
            pub unsafe extern "C" fn $name(
                args: *mut veo_args,
                index: c_int,
                value: $type,
            ) -> c_int {
                set(args, index, value.to_word(), WordClass::$class)
            }
        )*
    };
}

setters! {
    veo_args_set_i64: i64, Integer;
    veo_args_set_u64: u64, Integer;
    veo_args_set_i32: i32, Integer;
    veo_args_set_u32: u32, Integer;
    veo_args_set_i16: i16, Integer;
    veo_args_set_u16: u16, Integer;
    veo_args_set_i8: i8, Integer;
    veo_args_set_u8: u8, Integer;
    veo_args_set_double: f64, Double;
    veo_args_set_float: f32, Float;
}

pub unsafe extern "C" fn veo_args_set_stack(
    args_: *mut veo_args,
    intent: veo_args_intent,
    index: c_int,
    buffer: *mut c_char,
    length: usize,
) -> c_int {
    guard(-1, || {
        let intent = match intent {
            VEO_INTENT_IN => Intent::In,
            VEO_INTENT_INOUT => Intent::InOut,
            VEO_INTENT_OUT => Intent::Out,
            _ => {
                return Err(Error::invalid(format!(
                    "argument {index}: {intent} is neither IN, INOUT nor OUT"
                )));
            }
        };
        // SAFETY: the caller uses its arguments on one thread at a time.
        unsafe { args(args_)? }.set_stack(index, intent, buffer.cast(), length as u64)?;
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_args_set_hmem(
    args: *mut veo_args,
    index: c_int,
    addr: *mut c_void,
) -> c_int {
    guard(-1, || {
        // SAFETY: the caller uses its arguments on one thread at a time.
        unsafe { self::args(args)? }.set_hmem(index, addr as u64)?;
        Ok(0)
    })
}

/// The class of a function's result.
#[inline]
pub(super) fn returns(class: veo_emu_class) -> Result<ResultClass> {
    match class {
        VEO_EMU_CLASS_INTEGER => Ok(ResultClass::Word),
        VEO_EMU_CLASS_FLOAT => Ok(ResultClass::Float),
        VEO_EMU_CLASS_DOUBLE => Ok(ResultClass::Double),
        _ => Err(Error::invalid(format!("{class} is no class of results"))),
    }
}

pub unsafe extern "C" fn veo_emu_args_set_result(
    args_: *mut veo_args,
    result: veo_emu_class,
) -> c_int {
    guard(-1, || {
        let returns = match result {
            VEO_EMU_CLASS_UNTYPED => None,
            class => Some(returns(class)?),
        };
        // SAFETY: the caller uses its arguments on one thread at a time.
        unsafe { args(args_)? }.mark(returns);
        Ok(0)
    })
}
