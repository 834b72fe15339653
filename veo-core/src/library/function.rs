//! `VeoFunction`: a function of the VE whose types are known at run time.

use std::ffi::c_void;
use std::fmt;
use std::sync::Arc;

use veo_abi::{CType, Signature, Type};

use super::loaded::VeoLibrary;
use super::value::{Value, decoder};
use crate::address::VeMemPtr;
use crate::arg::{Arg, Args};
use crate::call::result_class;
use crate::call::{Callee, Request, Target};
use crate::error::{Error, Result};
use crate::param::CFunction;
use crate::process::VeoProc;

/// A function on the VE, called with [`Value`]s.
///
/// ```no_run
/// # fn main() -> veo_core::Result<()> {
/// use veo_core::{Value, VeoProc};
/// let proc = VeoProc::new(0)?;
/// let lib = proc.load_library("./libvetest.so")?;
/// let add = lib
///     .find_function("add")?
///     .args_type(&["int", "double *"])?
///     .ret_type("long")?;
/// let mut x = proc.upload(&[1.0])?;
/// let r = add.call(&proc, [3.into(), (&mut x).into()])?;
/// assert_eq!(i64::try_from(r)?, 4);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct VeoFunction {
    lib: VeoLibrary,
    name: Arc<str>,
    symbol: VeMemPtr<c_void>,
    /// The types of the parameters, if they were said.
    args: Option<Arc<[CType]>>,
    result: CType,
}

impl VeoFunction {
    pub(super) fn new(lib: VeoLibrary, name: &str, symbol: VeMemPtr<c_void>) -> VeoFunction {
        VeoFunction {
            lib,
            name: name.into(),
            symbol,
            args: None,
            result: CType::Scalar(veo_abi::ScalarType::I64),
        }
    }

    /// The types of a declaration.
    pub(super) fn with_signature(mut self, signature: &Signature) -> VeoFunction {
        let ctype = |ty: &Type| match ty {
            Type::Void => CType::Void,
            Type::Scalar(scalar) => CType::Scalar(*scalar),
            _ => CType::Pointer,
        };
        self.args = Some(signature.params.iter().map(ctype).collect());
        self.result = ctype(&signature.result);
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The library it was found in.
    #[must_use]
    pub fn lib(&self) -> &VeoLibrary {
        &self.lib
    }

    /// The process it was found in.
    #[must_use]
    pub fn proc(&self) -> &VeoProc {
        self.lib.proc()
    }

    /// Its address on the VE.
    #[must_use]
    pub fn addr(&self) -> u64 {
        self.symbol.addr()
    }

    /// Its address on the VE as a pointer, to be passed to other functions.
    #[must_use]
    pub fn as_ptr(&self) -> VeMemPtr<c_void> {
        self.symbol
    }

    /// Says what its parameters are, as C type strings: `char short int long`,
    /// `unsigned ..`, `int8_t` to `uint64_t`, `float double`, `T *`. Without that,
    /// arguments are passed as they are, integers with 64 bits.
    ///
    /// What is said here is believed; declarations and
    /// [`VeoLibrary::function`](crate::VeoLibrary::function) are compared with the library's
    /// debug information.
    ///
    /// # Errors
    ///
    /// [`Error::CType`]; [`Error::TooManyArguments`].
    pub fn args_type<S: AsRef<str>>(mut self, types: &[S]) -> Result<VeoFunction> {
        if types.len() > crate::arg::MAX_ARGS {
            return Err(Error::TooManyArguments { count: types.len() });
        }
        let parse = |text: &S| match CType::parse(text.as_ref()) {
            Ok(CType::Void) => Err(Error::CType {
                reason: "`void` is no type of a parameter; give no types for none".into(),
            }),
            Ok(ty) => Ok(ty),
            Err(error) => Err(Error::CType {
                reason: error.to_string(),
            }),
        };
        self.args = Some(types.iter().map(parse).collect::<Result<_>>()?);
        Ok(self)
    }

    /// Says what its result is, as a C type string, `void` for none. Without that it
    /// is a `long`.
    ///
    /// # Errors
    ///
    /// [`Error::CType`].
    pub fn ret_type(mut self, ty: &str) -> Result<VeoFunction> {
        self.result = CType::parse(ty).map_err(|error| Error::CType {
            reason: error.to_string(),
        })?;
        Ok(self)
    }

    /// Calls it: on a context, which gives a request, or on a process, which waits.
    /// Arguments are given as an array, a slice or a vector of [`Value`]s.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] with the index of a value that does not fit its parameter;
    /// otherwise as typed calls.
    pub fn call<'a, On: Target + ?Sized>(
        &self,
        on: &On,
        args: impl Arguments<'a>,
    ) -> Result<On::Output<'a, Value<'static>>> {
        on.submit(Request {
            callee: self.callee()?,
            args: &mut self.convert(args.values()?)?,
            result: match self.result {
                CType::Scalar(scalar) => result_class(&Type::Scalar(scalar)),
                CType::Void | CType::Pointer => result_class(&Type::Void),
            },
            decode: decoder(self.result),
        })
    }

    pub(super) fn callee(&self) -> Result<Callee> {
        if !self.lib.is_loaded() {
            return Err(Error::LibraryUnloaded {
                name: self.lib.name().to_owned(),
            });
        }
        Ok(Callee::Function {
            name: Arc::clone(&self.name),
            addr: self.addr(),
            proc: self.proc().id(),
        })
    }

    fn convert<'a>(&self, values: Vec<Value<'a>>) -> Result<Args<'a, 'a>> {
        let mut args = Args::default();
        if let Some(types) = &self.args
            && types.len() != values.len()
        {
            return Err(Error::argument(
                types.len().min(values.len()),
                format!(
                    "{} takes {}, {} given",
                    self.name,
                    arguments(types.len()),
                    values.len()
                ),
            ));
        }
        for (index, value) in values.into_iter().enumerate() {
            let ty = self.args.as_ref().map(|types| types[index]);
            value
                .put(ty, &mut args)
                .map_err(|error| Error::argument(index, error.to_string()))?;
        }
        Ok(args)
    }
}

fn arguments(count: usize) -> String {
    match count {
        0 => "no arguments".into(),
        1 => "1 argument".into(),
        _ => format!("{count} arguments"),
    }
}

/// Arguments of a [`VeoFunction`]: `[Value; N]`, `Vec<Value>`, or a reference to them if
/// none of the values is written to.
pub trait Arguments<'a> {
    #[doc(hidden)]
    fn values(self) -> Result<Vec<Value<'a>>>;
}

impl<'a> Arguments<'a> for Vec<Value<'a>> {
    fn values(self) -> Result<Vec<Value<'a>>> {
        Ok(self)
    }
}

impl<'a, const N: usize> Arguments<'a> for [Value<'a>; N] {
    fn values(self) -> Result<Vec<Value<'a>>> {
        Ok(self.into())
    }
}

impl<'a> Arguments<'a> for &'a [Value<'_>] {
    fn values(self) -> Result<Vec<Value<'a>>> {
        let copied = self.iter().enumerate().map(|(index, value)| {
            value.copied().ok_or_else(|| {
                Error::argument(
                    index,
                    "data that the kernel writes cannot be passed in a borrowed slice: pass an \
                     array or a vector of values",
                )
            })
        });
        copied.collect()
    }
}

impl<'a, const N: usize> Arguments<'a> for &'a [Value<'_>; N] {
    fn values(self) -> Result<Vec<Value<'a>>> {
        self.as_slice().values()
    }
}

impl<'a> Arguments<'a> for &'a Vec<Value<'_>> {
    fn values(self) -> Result<Vec<Value<'a>>> {
        self.as_slice().values()
    }
}

macro_rules! function_address {
    ($([$($generics:tt)*] $to:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Arg<'_, $to> for &VeoFunction {
            fn put<'c>(self, args: &mut Args<'c, '_>)
            where
                Self: 'c,
            {
                args.pointer(self.symbol);
            }
        }
    )*};
}

function_address!([F: CFunction] F, [] *const c_void, [] *mut c_void);

impl From<&VeoFunction> for Value<'_> {
    fn from(function: &VeoFunction) -> Self {
        function.symbol.into()
    }
}

/// Writes it as C declares it: `long add(int, void *)`.
impl fmt::Display for VeoFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}(", self.result, self.name)?;
        match &self.args {
            None => f.write_str("..")?,
            Some(types) => {
                for (index, ty) in types.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{ty}")?;
                }
            }
        }
        f.write_str(")")
    }
}

impl fmt::Debug for VeoFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VeoFunction({self} at {:#x})", self.addr())
    }
}
