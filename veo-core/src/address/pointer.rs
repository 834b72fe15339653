//! Raw addresses on the VE: `VeMemPtr` and `NULL`.

use std::fmt;
use std::marker::PhantomData;

use super::usage::Usage;
use crate::data::VeAddr;
use crate::session::ProcId;

/// An address in the memory of a VE process: where it is, whose it is, and how
/// much memory is known to follow.
///
/// A plain value that can be copied and kept; it does not keep the memory alive.
/// A wrong one can do harm on the VE only: the host never follows it.
/// Every use checks the process it belongs to. `VEMemPtr` is an alias.
///
/// A pointer that came from a [`VeBuffer`](crate::VeBuffer) still protects the
/// memory while a kernel that was called with it runs.
pub struct VeMemPtr<T> {
    addr: u64,
    /// Bytes that are known to follow.
    size: Option<u64>,
    proc: ProcId,
    usage: Option<&'static Usage>,
    pointee: PhantomData<fn() -> T>,
}

impl<T> VeMemPtr<T> {
    /// The null pointer. It belongs to every process.
    #[must_use]
    pub const fn null() -> Self {
        VeMemPtr {
            addr: 0,
            size: None,
            proc: ProcId::NONE,
            usage: None,
            pointee: PhantomData,
        }
    }

    pub(crate) const fn new(
        addr: u64,
        size: Option<u64>,
        proc: ProcId,
        usage: Option<&'static Usage>,
    ) -> Self {
        VeMemPtr {
            addr,
            size,
            proc,
            usage,
            pointee: PhantomData,
        }
    }

    /// A pointer that a kernel returned.
    pub(crate) const fn from_kernel(addr: u64, proc: ProcId) -> Self {
        if addr == 0 {
            return VeMemPtr::null();
        }
        VeMemPtr::new(addr, None, proc, None)
    }

    /// The VE address (VEMVA).
    #[must_use]
    pub const fn addr(self) -> u64 {
        self.addr
    }

    /// How many bytes of memory follow, where that is known: for memory that was
    /// allocated here it is, for addresses that kernels return it is not.
    #[must_use]
    pub const fn size(self) -> Option<u64> {
        self.size
    }

    /// Whether this is the null pointer.
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.addr == 0
    }

    /// The address `count` values of `T` further on.
    #[must_use]
    #[allow(clippy::should_implement_trait)]
    pub const fn add(self, count: usize) -> Self {
        self.byte_offset((count as i64).wrapping_mul(size_of::<T>() as i64))
    }

    /// The address `count` values of `T` further on, or back if it is negative.
    #[must_use]
    pub const fn offset(self, count: isize) -> Self {
        self.byte_offset((count as i64).wrapping_mul(size_of::<T>() as i64))
    }

    /// The address `bytes` further on, or back if it is negative. Going back
    /// forgets how much memory follows.
    #[must_use]
    pub const fn byte_offset(self, bytes: i64) -> Self {
        let size = match self.size {
            Some(size) if bytes >= 0 => Some(size.saturating_sub(bytes as u64)),
            _ => None,
        };
        VeMemPtr {
            addr: self.addr.wrapping_add(bytes as u64),
            size,
            ..self
        }
    }

    /// The same address with another pointee.
    #[must_use]
    pub const fn cast<U>(self) -> VeMemPtr<U> {
        VeMemPtr::new(self.addr, self.size, self.proc, self.usage)
    }

    /// The bare address, as a structure in VE memory holds it.
    #[must_use]
    pub const fn to_ve_addr(self) -> VeAddr<T> {
        VeAddr::new(self.addr)
    }

    pub(crate) const fn proc_id(self) -> ProcId {
        self.proc
    }

    pub(crate) const fn usage(self) -> Option<&'static Usage> {
        self.usage
    }
}

impl<T> Clone for VeMemPtr<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for VeMemPtr<T> {}

impl<T> Default for VeMemPtr<T> {
    fn default() -> Self {
        VeMemPtr::null()
    }
}

/// Two pointers are equal if process and address are.
impl<T> PartialEq for VeMemPtr<T> {
    fn eq(&self, other: &Self) -> bool {
        self.addr == other.addr && self.proc == other.proc
    }
}

impl<T> Eq for VeMemPtr<T> {}

impl<T> std::hash::Hash for VeMemPtr<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.addr.hash(state);
        self.proc.hash(state);
    }
}

impl<T> fmt::Debug for VeMemPtr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_null() {
            return f.write_str("VeMemPtr(null)");
        }
        write!(f, "VeMemPtr({:#x}", self.addr)?;
        if let Some(size) = self.size {
            write!(f, ", {size} bytes")?;
        }
        write!(f, ", {})", self.proc)
    }
}

/// The null pointer as an argument: [`NULL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Null(());

/// A null pointer for any pointer parameter.
pub const NULL: Null = Null(());

impl<T> From<Null> for VeMemPtr<T> {
    fn from(_: Null) -> Self {
        VeMemPtr::null()
    }
}
