//! Functions that are looked up by name and called with a Rust function type.

use std::fmt;
use std::marker::PhantomData;

use veo_abi::Signature;

use super::function::VeoFunction;
use crate::arg::{Arg, Args};
use crate::call::result_class;
use crate::call::{Request, Target};
use crate::error::Result;
use crate::param::{KernelResult, Param};

/// A function type that [`VeoLibrary::function`](crate::VeoLibrary::function) takes:
/// `fn(..) -> R` of up to 16 parameters, with the types that kernel declarations have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of a kernel",
    note = "write `fn(i32, *mut f64) -> i64`, with at most 16 parameters of types that a `#[ve_kernel]` declaration may have; references become `*const T` and `*mut T`"
)]
pub trait FnType {
    /// The type that it returns.
    type Result: KernelResult;

    /// Its parameters and result.
    const SIGNATURE: Signature;
}

/// Arguments for the parameters of `F`, as a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no arguments for `{F}`",
    note = "arguments are given as a tuple, `(3, &mut x)`, or `(3,)` for a single one"
)]
pub trait TypedArguments<'a, F> {
    #[doc(hidden)]
    fn put<'c>(self, args: &mut Args<'c, 'a>)
    where
        Self: 'c;
}

/// A function on the VE of type `F`.
pub struct TypedFunction<F> {
    function: VeoFunction,
    of: PhantomData<F>,
}

impl<F: FnType> TypedFunction<F> {
    pub(super) fn new(function: VeoFunction) -> TypedFunction<F> {
        TypedFunction {
            function,
            of: PhantomData,
        }
    }

    /// The function without its type.
    #[must_use]
    pub fn untyped(&self) -> &VeoFunction {
        &self.function
    }

    /// Calls it: on a context, which gives a request, or on a process, which waits.
    ///
    /// # Errors
    ///
    /// The same as those of calls of declared kernels.
    pub fn call<'a, 'c, On: Target + ?Sized>(
        &self,
        on: &On,
        args: impl TypedArguments<'a, F> + 'c,
    ) -> Result<On::Output<'a, <F::Result as KernelResult>::Value>> {
        let mut collected = Args::default();
        args.put(&mut collected);
        on.make_call(Request {
            callee: self.function.callee()?,
            args: &mut collected,
            result: result_class(&<F::Result as KernelResult>::TYPE),
            decode: |word, origin| Ok(<F::Result as KernelResult>::value(word, origin)),
        })
    }
}

impl<F> Clone for TypedFunction<F> {
    fn clone(&self) -> Self {
        TypedFunction {
            function: self.function.clone(),
            of: PhantomData,
        }
    }
}

impl<F> fmt::Debug for TypedFunction<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.function.fmt(f)
    }
}

macro_rules! functions {
    ($($param:ident $arg:ident $value:ident),*) => {
        functions!(@ fn($($param),*) -> R, $($param $arg $value),*);
        functions!(@ extern "C" fn($($param),*) -> R, $($param $arg $value),*);
        functions!(@ unsafe extern "C" fn($($param),*) -> R, $($param $arg $value),*);
    };
    (@ $function:ty, $($param:ident $arg:ident $value:ident),*) => {
        impl<R: KernelResult, $($param: Param),*> FnType for $function {
            type Result = R;
            const SIGNATURE: Signature = Signature {
                params: &[$($param::TYPE),*],
                result: R::TYPE,
            };
        }

        #[diagnostic::do_not_recommend]
        impl<'a, R, $($param, $arg: Arg<'a, $param>),*> TypedArguments<'a, $function>
            for ($($arg,)*)
        {
            #[allow(unused_variables)]
            fn put<'c>(self, args: &mut Args<'c, 'a>)
            where
                Self: 'c,
            {
                let ($($value,)*) = self;
                $($value.put(args);)*
            }
        }
    };
}

functions!();
functions!(P1 A1 a1);
functions!(P1 A1 a1, P2 A2 a2);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5, P6 A6 a6);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5, P6 A6 a6, P7 A7 a7);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5, P6 A6 a6, P7 A7 a7, P8 A8 a8);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5, P6 A6 a6, P7 A7 a7, P8 A8 a8,
    P9 A9 a9);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5, P6 A6 a6, P7 A7 a7, P8 A8 a8,
    P9 A9 a9, P10 A10 a10);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5, P6 A6 a6, P7 A7 a7, P8 A8 a8,
    P9 A9 a9, P10 A10 a10, P11 A11 a11);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5, P6 A6 a6, P7 A7 a7, P8 A8 a8,
    P9 A9 a9, P10 A10 a10, P11 A11 a11, P12 A12 a12);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5, P6 A6 a6, P7 A7 a7, P8 A8 a8,
    P9 A9 a9, P10 A10 a10, P11 A11 a11, P12 A12 a12, P13 A13 a13);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5, P6 A6 a6, P7 A7 a7, P8 A8 a8,
    P9 A9 a9, P10 A10 a10, P11 A11 a11, P12 A12 a12, P13 A13 a13, P14 A14 a14);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5, P6 A6 a6, P7 A7 a7, P8 A8 a8,
    P9 A9 a9, P10 A10 a10, P11 A11 a11, P12 A12 a12, P13 A13 a13, P14 A14 a14, P15 A15 a15);
functions!(P1 A1 a1, P2 A2 a2, P3 A3 a3, P4 A4 a4, P5 A5 a5, P6 A6 a6, P7 A7 a7, P8 A8 a8,
    P9 A9 a9, P10 A10 a10, P11 A11 a11, P12 A12 a12, P13 A13 a13, P14 A14 a14, P15 A15 a15,
    P16 A16 a16);
