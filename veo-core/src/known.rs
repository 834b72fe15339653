//! The facts about an argument that are known before the call. Contracts are checked with them.
//!
//! This module reads only lengths, addresses and numbers that lie on the host. No safety depends on
//! it: a contract says what a call means, memory is safe without it.

use crate::address::{Null, VeMemPtr};
use crate::data::{Number, VeData};
use crate::session::ProcId;

/// The known facts about an argument.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    pub(crate) place: ArgPlace,
    /// How many bytes there are.
    pub(crate) bytes: Option<usize>,
    /// The number itself, or the first of those that the argument refers to.
    pub(crate) number: Option<Number>,
}

/// The place of an argument, or of the memory that it points to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ArgPlace {
    #[default]
    Unknown,
    /// In the memory of a process.
    Ve(u64, ProcId),
    /// On the stack of the kernel, once it is called.
    Stack,
}

impl Known {
    /// The facts about a number that is passed itself.
    #[inline]
    pub(crate) fn value<T: VeData>(value: &T) -> Known {
        Known {
            place: ArgPlace::Unknown,
            bytes: Some(size_of::<T>()),
            number: T::NUMBER(value),
        }
    }

    /// The facts about data that travel with the call and that the kernel reads.
    #[inline]
    pub(crate) fn read<T: VeData>(values: &[T]) -> Known {
        Known::on_stack(size_of_val(values), values.first().and_then(T::NUMBER))
    }

    /// The facts about data on the stack of the kernel.
    #[inline]
    pub(crate) fn on_stack(bytes: usize, number: Option<Number>) -> Known {
        Known {
            place: ArgPlace::Stack,
            bytes: Some(bytes),
            number,
        }
    }

    /// The facts about a bare address.
    #[inline]
    pub(crate) fn address(addr: u64, proc: ProcId) -> Known {
        Known {
            place: ArgPlace::Ve(addr, proc),
            // There is no memory at the null address.
            bytes: (addr == 0).then_some(0),
            number: None,
        }
    }

    /// The facts about memory that is allocated to its last byte.
    #[inline]
    pub(crate) fn memory<T>(ptr: VeMemPtr<T>, bytes: usize) -> Known {
        Known {
            bytes: Some(bytes),
            ..Known::address(ptr.addr(), ptr.proc_id())
        }
    }
}

/// The memory that is known behind an address.
pub(crate) trait KnownRegion {
    fn region(&self) -> Known;
}

impl<R: KnownRegion + ?Sized> KnownRegion for &R {
    #[inline]
    fn region(&self) -> Known {
        (**self).region()
    }
}

impl<R: KnownRegion + ?Sized> KnownRegion for &mut R {
    #[inline]
    fn region(&self) -> Known {
        (**self).region()
    }
}

// A pointer may be meant for more than what it was made from, or for less.
impl<T> KnownRegion for VeMemPtr<T> {
    #[inline]
    fn region(&self) -> Known {
        Known::address(self.addr(), self.proc_id())
    }
}

impl KnownRegion for Null {
    #[inline]
    fn region(&self) -> Known {
        Known::address(0, ProcId::NONE)
    }
}
