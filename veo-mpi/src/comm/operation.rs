//! The operations of reductions: MPI's, and closures of the program.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use mpi::ffi;

use super::data_type::{Integer, Number};
use crate::error::{Error, Result};

/// What has become of the result of a rank that has taken part in all of a reduction: the others have theirs.
pub(super) type OwnOutcome = Result<()>;

/// The operation of a reduction. All ranks give the same.
///
/// ```no_run
/// # fn main() -> veo_mpi::Result<()> {
/// # use veo_mpi::{Operation, VeComm, mpi};
/// # let universe = mpi::initialize().expect("MPI has not begun before");
/// # let world = universe.world();
/// # let proc = veo_core::VeoProc::new(0)?;
/// # let ctx = proc.open_context()?;
/// # let comm = VeComm::new(&world, &proc)?;
/// let mut x = proc.upload(&[1.0, -3.0])?;
/// let farthest = |a: f64, b: f64| if b.abs() > a.abs() { b } else { a };
/// comm.all_reduce_in_place(&ctx, &mut x, &Operation::commutative(farthest))?;
/// # Ok(())
/// # }
/// ```
pub struct Operation<'f, T> {
    kind: ReduceFunction<'f, T>,
    /// As messages name it, and as ranks compare it.
    name: &'static str,
}

enum ReduceFunction<'f, T> {
    Mpi(ffi::MPI_Op),
    User {
        function: Box<dyn Fn(T, T) -> T + 'f>,
        commutes: bool,
    },
}

macro_rules! operations {
    ($bound:path: $($(#[$doc:meta])* $name:ident, $op:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name() -> Self
        where
            T: $bound,
        {
            // SAFETY: a constant that MPI's library defines.
            let op = unsafe { ffi::$op };
            Operation { kind: ReduceFunction::Mpi(op), name: stringify!($name) }
        }
    )*};
}

// The bounds are those of functions, so that what is said about a wrong type is theirs.
impl<T> Operation<'static, T> {
    operations! { Number:
        /// The sum. Integers wrap around.
        sum, RSMPI_SUM;
        /// The product. Integers wrap around.
        product, RSMPI_PROD;
        /// The least.
        min, RSMPI_MIN;
        /// The greatest.
        max, RSMPI_MAX;
    }

    operations! { Integer:
        /// The bits that are set in all.
        bitwise_and, RSMPI_BAND;
        /// The bits that are set in any.
        bitwise_or, RSMPI_BOR;
        /// 1 if none is 0, else 0.
        logical_and, RSMPI_LAND;
        /// 1 if any is not 0, else 0.
        logical_or, RSMPI_LOR;
    }
}

impl<'f, T: Number> Operation<'f, T> {
    /// A function of the host for which `f(a, b)` is `f(b, a)`, and `f(f(a, b), c)` is `f(a, f(b, c))`. It must not use MPI. If
    /// it panics, it is not called again, the transfer panics when it has ended, and is [`Error::Collective`] in those ranks
    /// where it has not panicked. The result is no reduction then, in any rank.
    pub fn commutative(function: impl Fn(T, T) -> T + 'f) -> Self {
        Operation {
            kind: ReduceFunction::User {
                function: Box::new(function),
                commutes: true,
            },
            name: "commutative",
        }
    }

    /// As [`commutative`](Self::commutative), for one where the order of the ranks matters: `a` comes of lower ranks than
    /// `b`.
    pub fn associative(function: impl Fn(T, T) -> T + 'f) -> Self {
        Operation {
            kind: ReduceFunction::User {
                function: Box::new(function),
                commutes: false,
            },
            name: "associative",
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Runs `body` with the operation as MPI has it. It tells whether MPI may still use that afterwards. Where the operation is a
    /// function, `tell` gets whether it has gone well and what has become of this rank's result, and tells the other ranks; then a panic of it
    /// goes on.
    pub(super) fn run(
        &self,
        body: impl FnOnce(ffi::MPI_Op, &Cell<bool>) -> Result<OwnOutcome>,
        tell: impl FnOnce(bool, &OwnOutcome) -> Result<()>,
    ) -> Result<()> {
        let in_use = Cell::new(false);
        let (function, commutes) = match &self.kind {
            ReduceFunction::Mpi(op) => return body(*op, &in_use)?,
            ReduceFunction::User { function, commutes } => (&**function, *commutes),
        };
        // SAFETY: a value to begin with; the place is valid, and the function is one of MPI's form.
        let (code, mut op) = unsafe {
            let mut op = ffi::RSMPI_SUM;
            let code = ffi::MPI_Op_create(Some(apply::<T>), c_int::from(commutes), &raw mut op);
            (code, op)
        };
        if code != ffi::MPI_SUCCESS as c_int {
            return Err(Error::Mpi {
                what: "telling MPI of an operation".into(),
                reason: "it takes no more of them".into(),
            });
        }
        let guard = LentFunction::set::<T>(&function);
        let result = body(op, &in_use);
        let panic = PANIC.take();
        drop(guard);
        if !in_use.get() {
            // SAFETY: it was made here, and nothing that uses it is left.
            unsafe { ffi::MPI_Op_free(&raw mut op) };
        }
        // A rank that has given up is not waited for: it has not taken part in all of the reduction.
        let told = match &result {
            Ok(own) => tell(panic.is_none(), own),
            Err(_) => Ok(()),
        };
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
        result?.and(told)
    }
}

/// The function of the reduction that runs: where there is a `&dyn Fn(T, T) -> T`, and what `T` is.
type Running = Option<(TypeId, *const c_void)>;

thread_local! {
    static RUNNING: Cell<Running> = const { Cell::new(None) };
    /// The payload of its panic.
    static PANIC: RefCell<Option<Box<dyn Any + Send>>> = const { RefCell::new(None) };
}

/// Takes the function away again, at the latest when it ends.
struct LentFunction<'a>(Running, PhantomData<&'a ()>);

impl<'a> LentFunction<'a> {
    fn set<T: Number>(function: &'a &(dyn Fn(T, T) -> T + '_)) -> LentFunction<'a> {
        let place = std::ptr::from_ref(function).cast();
        LentFunction(
            RUNNING.replace(Some((TypeId::of::<T>(), place))),
            PhantomData,
        )
    }
}

impl Drop for LentFunction<'_> {
    fn drop(&mut self) {
        RUNNING.set(self.0);
    }
}

/// MPI calls this: each value of `second` becomes that of `first` with that of `second`.
unsafe extern "C" fn apply<T: Number>(
    first: *mut c_void,
    second: *mut c_void,
    len: *mut c_int,
    _: *mut ffi::MPI_Datatype,
) {
    let Some((id, place)) = RUNNING.get() else {
        // The reduction was given up: nobody reads what it gives.
        return;
    };
    // After a panic all ranks are told that there is no result.
    if id != TypeId::of::<T>() || PANIC.with_borrow(Option::is_some) {
        return;
    }
    // SAFETY: the caller that has set the place is still in `run`, and the types are the same.
    let function = unsafe { *place.cast::<&dyn Fn(T, T) -> T>() };
    // SAFETY: MPI gives the place of a number.
    let len = usize::try_from(unsafe { len.read() }).unwrap_or(0);
    let (first, second) = (first.cast::<T>(), second.cast::<T>());
    let applied = catch_unwind(AssertUnwindSafe(|| {
        for at in 0..len {
            // SAFETY: MPI gives as many values in both places, which any bits are.
            unsafe {
                let target = second.add(at);
                let value = function(first.add(at).read_unaligned(), target.read_unaligned());
                target.write_unaligned(value);
            }
        }
    }));
    if let Err(panic) = applied {
        PANIC.set(Some(panic));
    }
}

impl<T> fmt::Debug for Operation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operation({})", self.name)
    }
}
