//! `VeoFunction`: a function of the VE whose types are known at run time.

use std::ffi::c_void;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use veo_abi::{CType, Type};

use super::loaded::VeoLibrary;
use super::types::{self, CallTypes, check_params, check_result};
use super::value::{Value, ValueContent, decoder};
use crate::address::VeMemPtr;
use crate::arg::{Arg, Args};
use crate::call::result_class;
use crate::call::{Callee, Request, Target};
use crate::error::{Error, Result};
use crate::known::{Known, KnownRegion};
use crate::param::CFunction;
use crate::process::VeoProc;
use crate::session::{NamedFunction, RequestKind};

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
    named: Arc<NamedFunction>,
    symbol: VeMemPtr<c_void>,
    types: CallTypes,
}

impl VeoFunction {
    pub(super) fn new(
        lib: VeoLibrary,
        name: &str,
        symbol: VeMemPtr<c_void>,
        types: CallTypes,
    ) -> VeoFunction {
        VeoFunction {
            named: Arc::new(NamedFunction {
                name: name.into(),
                code: Arc::clone(&lib.loaded().code),
            }),
            lib,
            symbol,
            types,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.named.name
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
    /// `unsigned ..`, `int8_t` to `uint64_t`, `float double`, `T *`. Without that, they are
    /// those of the prototype in the library's debug information. Where it has none,
    /// arguments are passed as they are, integers with 64 bits, and the first call of the
    /// function warns of that.
    ///
    /// # Errors
    ///
    /// [`Error::CType`]; [`Error::TooManyArguments`]; [`Error::Prototype`] if the prototype
    /// says something else, unless `VEO_VERIFY` or
    /// [`VeoProcBuilder::prototypes`](crate::VeoProcBuilder::prototypes) softens that.
    #[track_caller]
    pub fn args_type<S: AsRef<str>>(mut self, types: &[S]) -> Result<VeoFunction> {
        if types.len() > veo_abi::limits::MAX_WORDS {
            return Err(Error::TooManyArguments {
                count: types.len(),
                call: Some(format!("kernel {}", self.named.name)),
            });
        }
        let texts: Vec<&str> = types.iter().map(AsRef::as_ref).collect();
        let parse = |text: &&str| match CType::parse(text) {
            Ok(CType::Void) => Err(Error::CType {
                reason: "`void` is no type of a parameter; give no types for none".into(),
            }),
            Ok(ty) => Ok(ty),
            Err(error) => Err(Error::CType {
                reason: error.to_string(),
            }),
        };
        let params = texts.iter().map(parse).collect::<Result<Vec<_>>>()?;
        let caller = Location::caller();
        check_params(&self.lib, &self.named.name, &params, &texts, caller)?;
        self.types = self.types.with_params(&params);
        Ok(self)
    }

    /// Says what its result is, as a C type string, `void` for none. Without that it is that of
    /// the prototype in the library's debug information. Where it has none, it is a `long`,
    /// and the first call of the function warns of that.
    ///
    /// # Errors
    ///
    /// [`Error::CType`]; [`Error::Prototype`] as [`args_type`](Self::args_type).
    #[track_caller]
    pub fn ret_type(mut self, ty: &str) -> Result<VeoFunction> {
        let result = CType::parse(ty).map_err(|error| Error::CType {
            reason: error.to_string(),
        })?;
        check_result(&self.lib, &self.named.name, result, ty, Location::caller())?;
        self.types = self.types.with_result(result);
        Ok(self)
    }

    /// Calls it: on a context, which gives a request, or on a process, which waits.
    /// Arguments are given as an array, a slice or a vector of [`Value`]s.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] with the index of a value that does not fit its parameter;
    /// [`Error::Prototype`] if the library's debug information says that it takes or gives
    /// what no call can pass (`long double`, a complex number, a structure by value) and
    /// nobody has said otherwise; otherwise as typed calls.
    pub fn call<'a, On: Target + ?Sized>(
        &self,
        on: &On,
        args: impl Arguments<'a>,
    ) -> Result<On::Output<'a, Value<'static>>> {
        let values = args.values().map_err(|error| self.explain(error))?;
        self.types.check(&self.lib, &self.named.name)?;
        self.types
            .warn_of_guesses(&self.lib, &self.named.name, &values);
        let result = self.types.result();
        on.make_call(Request {
            callee: self.callee()?,
            args: &mut self.convert(values).map_err(|error| self.explain(error))?,
            result: match result {
                CType::Scalar(scalar) => result_class(&Type::Scalar(scalar)),
                CType::Void | CType::Pointer => result_class(&Type::Void),
            },
            decode: decoder(result),
        })
    }

    pub(super) fn callee(&self) -> Result<Callee> {
        self.named.code.check_loaded()?;
        Ok(Callee::Function {
            function: Arc::clone(&self.named),
            addr: self.addr(),
            proc: self.proc().id(),
        })
    }

    /// The same error, where it is about an argument, with the call and the parameter, whose
    /// name debug information has.
    #[cold]
    fn explain(&self, error: Error) -> Error {
        let name_of = |index: usize| {
            let prototypes = self.lib.loaded().prototypes()?;
            let params = &prototypes.get(&self.named.name)?.params;
            params.get(index)?.name.clone()
        };
        let error = match error {
            Error::Argument {
                index,
                name: None,
                call,
                reason,
            } => Error::Argument {
                index,
                name: name_of(index),
                call,
                reason,
            },
            other => other,
        };
        RequestKind::Function(Arc::clone(&self.named)).explain(error, &self.proc().id())
    }

    fn convert<'a>(&self, values: Vec<Value<'a>>) -> Result<Args<'a, 'a>> {
        let mut args = Args::default();
        if let Some(count) = self.types.other_count(values.len()) {
            return Err(Error::argument(
                count.params.min(values.len()),
                format!("{} takes {count}, {} given", self.named.name, values.len()),
            ));
        }
        for (index, value) in values.into_iter().enumerate() {
            value
                .put(self.types.param(index), &mut args)
                .map_err(|error| Error::argument(index, error.to_string()))?;
        }
        Ok(args)
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
                args.function(self.symbol, Arc::clone(&self.lib.loaded().code));
            }

            fn known(&self) -> Known {
                self.symbol.region()
            }
        }
    )*};
}

function_address!([F: CFunction] F, [] *const c_void, [] *mut c_void);

impl From<&VeoFunction> for Value<'_> {
    fn from(function: &VeoFunction) -> Self {
        let code = Arc::clone(&function.lib.loaded().code);
        Value(ValueContent::Function(function.symbol, code))
    }
}

/// Writes it as C declares it: `long add(int, void *)`.
impl fmt::Display for VeoFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        types::write(f, &self.types, &self.named.name)
    }
}

impl fmt::Debug for VeoFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VeoFunction({self} at {:#x})", self.addr())
    }
}
