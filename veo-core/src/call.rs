//! A typed call on its way from the stub to the VE.

use std::panic::Location;
use std::sync::Arc;

use veo_abi::{ScalarType, Type, Word, ffi};

use crate::address::VeMemPtr;
use crate::arg::{Arg, Args, Extras};
use crate::data::{Bytes, BytesMut};
use crate::error::Result;
use crate::kernel::Kernel;
use crate::param::{KernelResult, Origin};
use crate::races::is_watching;
use crate::session::{NamedFunction, ProcId, RequestKind};

/// A call of a declared kernel: its arguments so far. Made by the stub that
/// `#[ve_kernel]` writes.
#[derive(Debug)]
pub struct Call<'c, 'a> {
    pub(crate) kernel: &'static Kernel,
    pub(crate) args: Args<'c, 'a>,
}

impl<'c, 'a> Call<'c, 'a> {
    /// A call without arguments.
    #[inline(always)]
    #[must_use]
    #[track_caller]
    pub fn new(kernel: &'static Kernel) -> Self {
        // Known first, so that the arguments are made where they stay: copying what was just
        // written would cost a tenth of a queued call.
        let extras = if is_watching() {
            Some(Extras::watching(Location::caller()))
        } else {
            None
        };
        Call {
            kernel,
            args: Args::new(extras),
        }
    }

    /// Says that the next argument points to memory of which the kernel writes a part.
    #[inline]
    pub fn in_parts(&mut self) {
        if let Some(touches) = self.args.touches() {
            touches.in_parts = true;
        }
    }

    /// Adds an argument for a parameter declared as `P`. [`submit`](Self::submit) reports a wrong
    /// argument.
    #[inline]
    pub fn arg<P: ?Sized>(&mut self, value: impl Arg<'a, P> + 'c) {
        value.put(&mut self.args);
    }

    /// Adds what a parameter declared as `&T` or `&[T]` refers to.
    #[inline]
    pub fn input(&mut self, data: Bytes<'c>) {
        self.args.input(data);
    }

    /// Adds what a parameter declared as `&mut T` or `&mut [T]` refers to.
    #[inline]
    pub fn inout(&mut self, data: BytesMut<'a>) {
        self.args.inout(data);
    }

    /// Makes the call.
    ///
    /// # Errors
    ///
    /// See [`VeoContext`] and [`VeoProc`].
    #[inline]
    pub fn submit<On, R>(&mut self, on: &On) -> Result<On::Gives>
    where
        On: CallTarget<'a, R::Value> + ?Sized,
        R: KernelResult,
    {
        on.make(Request {
            callee: Callee::Kernel(self.kernel),
            args: &mut self.args,
            result: result_class(&R::TYPE),
            decode: |word, origin| Ok(R::value(word, origin)),
        })
    }

    /// Makes the call of a kernel that returns a pointer.
    ///
    /// # Errors
    ///
    /// See [`VeoContext`](crate::VeoContext) and [`VeoProc`](crate::VeoProc).
    #[inline]
    pub fn submit_pointer<On, T>(&mut self, on: &On) -> Result<On::Gives>
    where
        On: CallTarget<'a, VeMemPtr<T>> + ?Sized,
    {
        on.make(Request {
            callee: Callee::Kernel(self.kernel),
            args: &mut self.args,
            result: ffi::VEO_EMU_CLASS_INTEGER,
            decode: |word, origin| Ok(VeMemPtr::from_kernel(word.0, origin.0)),
        })
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

/// The function that is called.
#[derive(Debug)]
pub(crate) enum Callee {
    /// A declared kernel, which is looked up in the process.
    Kernel(&'static Kernel),
    /// A function that was looked up in process `proc`.
    Function {
        function: Arc<NamedFunction>,
        addr: u64,
        proc: ProcId,
    },
}

impl Callee {
    /// Its name in messages.
    pub(crate) fn what(&self) -> RequestKind {
        match self {
            Callee::Kernel(kernel) => RequestKind::Kernel(kernel),
            Callee::Function { function, .. } => RequestKind::Function(Arc::clone(function)),
        }
    }
}

/// A call that is ready to be made.
#[doc(hidden)]
#[derive(Debug)]
pub struct Request<'r, 'c, 'a, V> {
    pub(crate) callee: Callee,
    /// By reference: moving them would cost more than making them.
    pub(crate) args: &'r mut Args<'c, 'a>,
    /// The class of the result, as `veo_emu_args_set_result` takes it.
    pub(crate) result: u32,
    /// Makes the value of the result word.
    pub(crate) decode: fn(Word, Origin) -> Result<V>,
}

/// The place where a kernel is called, which decides what the call returns: a context queues it
/// and returns a [`VeoRequest`](crate::VeoRequest), a process waits for the result.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot be called on `{Self}`",
    note = "pass a `&VeoContext` first to queue the call, or a `&VeoProc` to wait for its result"
)]
pub trait Target {
    /// The type that a call of a kernel with a result of type `V` returns.
    type Output<'a, V>;

    /// Makes the call.
    #[doc(hidden)]
    fn make_call<'a, V>(&self, request: Request<'_, '_, 'a, V>) -> Result<Self::Output<'a, V>>;
}

macro_rules! forward {
    ($($ty:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<On: Target + ?Sized> Target for $ty {
            type Output<'a, V> = On::Output<'a, V>;

            #[inline]
            fn make_call<'a, V>(&self, request: Request<'_, '_, 'a, V>) -> Result<On::Output<'a, V>> {
                (**self).make_call(request)
            }
        }
    )*};
}

forward!(&On, &mut On, Box<On>, std::rc::Rc<On>, std::sync::Arc<On>);

/// The place where a kernel with a result of type `V` is called: [`Target`], in the form that the
/// signature of a stub needs. The compiler says less about a wrong target if the bound is one
/// step further away.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot be called on `{Self}`",
    note = "pass a `&VeoContext` first to queue the call, or a `&VeoProc` to wait for its result"
)]
pub trait CallTarget<'a, V>: Target {
    /// The type that the call returns.
    type Gives;

    /// Makes the call.
    #[doc(hidden)]
    fn make(&self, request: Request<'_, '_, 'a, V>) -> Result<Self::Gives>;
}

#[diagnostic::do_not_recommend]
impl<'a, V, On: Target + ?Sized> CallTarget<'a, V> for On {
    type Gives = <On as Target>::Output<'a, V>;

    #[inline]
    fn make(&self, request: Request<'_, '_, 'a, V>) -> Result<Self::Gives> {
        self.make_call(request)
    }
}
