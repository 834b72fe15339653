//! The arguments that a call accepts for each declared parameter type.
//!
//! One trait, [`Arg<'a, P>`](Arg), with `P` the declared type. `'a` is how long the
//! request may write back to the host; data that are only read are borrowed for the
//! making of the call alone.

mod scalar;
mod stack;
mod words;

use std::sync::Arc;

use smallvec::SmallVec;
use veo_abi::limits::{MAX_STACK_DATA, MAX_WORDS};

use crate::address::{Usage, VeMemPtr};
use crate::data::{Bytes, BytesMut};
use crate::error::{Error, Result, parameter};
use crate::known::Known;
use crate::races::{ProgramPlace, Touches};
use crate::session::{LibraryCode, ProcId};
use crate::stack::StackData;

pub(crate) use scalar::{Touched, accept};
pub(crate) use words::{ArgWord, Words};

/// A value that can be passed for a parameter declared as `P`.
///
/// | declared | accepted |
/// |---|---|
/// | a number | exactly that type |
/// | `*const T` | `&VeBuffer<T>`, `&mut VeBuffer<T>`, `VeSlice<T>`, `VeMemPtr<T>`, `OnStack::input(&..)`, `NULL` |
/// | `*mut T` | `&mut VeBuffer<T>`, `VeSliceMut<T>`, `VeMemPtr<T>`, `OnStack::inout(&mut ..)`, `OnStack::output(&mut ..)`, `NULL` |
/// | `*const c_void`, `*mut c_void` | buffers, pointers and stack values of any type; functions of the VE |
/// | `&T`, `&[T]`, `&mut T`, `&mut [T]` | the reference itself |
/// | `VeMemPtr<T>`, `OnStack<T>` | just that |
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed for a kernel parameter declared as `{P}`",
    note = "numbers: exactly that type; `*const T`: `&VeBuffer<T>`, `VeSlice<T>`, `VeMemPtr<T>`, `OnStack::input(&x)`, `OnStack::cstr(c\"..\")` or `NULL`; `*mut T`: `&mut VeBuffer<T>`, `VeSliceMut<T>`, `VeMemPtr<T>`, `OnStack::inout(&mut x)`, `OnStack::output(&mut x)` or `NULL`"
)]
pub trait Arg<'a, P: ?Sized> {
    /// Adds the argument.
    #[doc(hidden)]
    fn put<'c>(self, args: &mut Args<'c, 'a>)
    where
        Self: 'c;

    /// The facts about it that are known before the call.
    #[doc(hidden)]
    #[inline]
    fn known(&self) -> Known {
        Known::default()
    }
}

/// The arguments of a call, collected and checked as far as they can be.
///
/// `'c` is the making of the call, `'a` the life of the request.
#[doc(hidden)]
pub struct Args<'c, 'a> {
    pub(crate) words: Words,
    /// Device memory that must not be freed before the call has finished.
    pub(crate) uses: SmallVec<[&'static Usage; 4]>,
    /// The process whose pointers are among the arguments, and the index of the first one.
    proc: Option<(ProcId, usize)>,
    /// `None` in a plain call. One box costs such a call less than three fields that are
    /// empty.
    extras: Option<Box<Extras<'c, 'a>>>,
}

/// The parts of arguments beside words and pointers to device memory.
#[derive(Default)]
pub(crate) struct Extras<'c, 'a> {
    pub(crate) stack: Vec<StackArg<'c, 'a>>,
    /// The libraries of the functions among the arguments, which the kernel may call.
    pub(crate) functions: Vec<Arc<LibraryCode>>,
    /// The memory that the kernel uses, noted if somebody looks for races.
    pub(crate) touches: Option<Touches>,
    /// The first thing that was wrong.
    error: Option<Error>,
}

/// Data on the stack of the kernel, and the index of the argument that points to them.
pub(crate) struct StackArg<'c, 'a> {
    pub(crate) index: usize,
    pub(crate) data: StackData<'c, 'a>,
}

impl Default for Args<'_, '_> {
    #[inline(always)]
    fn default() -> Self {
        Args::new(None)
    }
}

impl Extras<'_, '_> {
    /// Has noted what the kernel uses, which is called at this place.
    #[cold]
    pub(crate) fn watching(place: ProgramPlace) -> Box<Self> {
        Box::new(Extras {
            touches: Some(Touches::at(place)),
            ..Extras::default()
        })
    }
}

impl<'c, 'a> Args<'c, 'a> {
    // Made where it is used: copying it would cost more than filling it.
    #[inline(always)]
    pub(crate) fn new(extras: Option<Box<Extras<'c, 'a>>>) -> Self {
        Args {
            words: Words::default(),
            uses: SmallVec::new(),
            proc: None,
            extras,
        }
    }

    #[inline(always)]
    pub(crate) fn word(&mut self, word: ArgWord) {
        self.words.push(word);
    }

    /// An address, which must be one of the process that is called.
    #[inline]
    pub(crate) fn pointer<T>(&mut self, ptr: VeMemPtr<T>) {
        self.belongs_to(ptr.proc_id());
        self.uses.extend(ptr.usage());
        self.word(ArgWord::Integer(ptr.addr() as i64));
    }

    /// The memory that the kernel uses, as it is noted.
    #[inline]
    pub(crate) fn touches(&mut self) -> Option<&mut Touches> {
        self.extras.as_mut()?.touches.as_mut()
    }

    /// An address with the tag of its process, which must be the one that is called.
    pub(crate) fn hmem<T>(&mut self, ptr: VeMemPtr<T>, tagged: u64) {
        self.belongs_to(ptr.proc_id());
        self.uses.extend(ptr.usage());
        self.word(ArgWord::Hmem(tagged));
    }

    /// The address of a function, whose library must be there while the call runs.
    pub(crate) fn function<T>(&mut self, ptr: VeMemPtr<T>, library: Arc<LibraryCode>) {
        self.pointer(ptr);
        self.extras().functions.push(library);
    }

    /// Notes that the next argument only means something in process `id`.
    pub(crate) fn belongs_to(&mut self, id: ProcId) {
        if id == ProcId::NONE {
            return;
        }
        match self.proc {
            None => self.proc = Some((id, self.words.len())),
            Some((first, _)) if first == id => {}
            Some((first, _)) => {
                let index = self.words.len();
                self.fail(|| wrong_process(index, id, first));
            }
        }
    }

    /// Data on the stack of the kernel, which aligns them to 8 bytes.
    pub(crate) fn stack(&mut self, data: StackData<'c, 'a>, align: usize) {
        let index = self.words.len();
        if align > 8 {
            self.fail(|| {
                Error::argument(
                    index,
                    format!(
                        "its type needs alignment {align}, data on the kernel's stack are \
                         aligned to 8: put it into a VeBuffer"
                    ),
                )
            });
        }
        self.extras().stack.push(StackArg { index, data });
        self.word(ArgWord::Integer(0));
    }

    /// Data that the kernel reads.
    pub(crate) fn input(&mut self, data: Bytes<'c>) {
        self.stack(StackData::In(data.bytes), data.align);
    }

    /// Data that the kernel reads and writes.
    pub(crate) fn inout(&mut self, data: BytesMut<'a>) {
        self.stack(StackData::InOut(data.bytes), data.align);
    }

    pub(crate) fn fail(&mut self, error: impl FnOnce() -> Error) {
        self.extras().error.get_or_insert_with(error);
    }

    fn extras(&mut self) -> &mut Extras<'c, 'a> {
        self.extras.get_or_insert_default()
    }

    /// Whether the call carries words and pointers to device memory, and nothing else.
    #[inline]
    pub(crate) fn are_plain(&self) -> bool {
        self.extras.is_none()
    }

    /// The words, the device memory that they point to, and all the rest.
    pub(crate) fn parts(&mut self) -> (&Words, &[&'static Usage], &mut Extras<'c, 'a>) {
        let extras = self.extras.get_or_insert_default();
        (&self.words, &self.uses, extras)
    }

    /// Checks the arguments as a whole, for a call of process `id`.
    #[inline]
    pub(crate) fn check(&self, id: ProcId) -> Result<()> {
        if let Some((owner, index)) = self.proc
            && owner != id
        {
            return Err(wrong_process(index, owner, id));
        }
        if let Some(extras) = &self.extras {
            self.check_extras(extras)?;
        }
        if self.words.len() > MAX_WORDS {
            return Err(Error::TooManyArguments {
                count: self.words.len(),
                call: None,
            });
        }
        Ok(())
    }

    fn check_extras(&self, extras: &Extras<'_, '_>) -> Result<()> {
        if let Some(error) = &extras.error {
            return Err(error.clone());
        }
        // Each buffer is padded to 8 bytes.
        let sizes = extras.stack.iter().map(|arg| arg.data.len());
        let total: usize = sizes.map(|size| size.next_multiple_of(8)).sum();
        if total > MAX_STACK_DATA && self.words.len() <= MAX_WORDS {
            let largest = extras.stack.iter().max_by_key(|arg| arg.data.len());
            return Err(Error::StackDataTooLarge {
                size: total,
                largest: largest.map_or(0, |arg| arg.index),
                name: None,
                call: None,
            });
        }
        Ok(())
    }
}

#[cold]
fn wrong_process(index: usize, owner: ProcId, used_with: ProcId) -> Error {
    Error::WrongProcess {
        what: parameter(index, None),
        argument: Some(index),
        belongs_to: owner.to_string(),
        used_with: used_with.to_string(),
    }
}

impl std::fmt::Debug for Args<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.words.fmt(f)
    }
}
