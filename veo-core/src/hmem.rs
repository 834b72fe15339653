//! Heterogeneous memory: one way to copy between host and VE, and pointers that say
//! by themselves which process they belong to.

use std::ffi::c_void;
use std::fmt;

use veo_abi::hmem;

use crate::address::VeMemPtr;
use crate::arg::{Arg, Args, Touched};
use crate::data::{VeData, VePointee};
use crate::error::{Error, Result};
use crate::known::{Known, KnownRegion};
use crate::memory::{VeBuffer, VeSlice, VeSliceMut};

/// An address on the VE that carries the identifier of its process in its upper bits,
/// as C programs exchange it (`veo_args_set_hmem`).
///
/// NEC's library passes it to kernels as it is: they ask `veo_is_ve_addr` and the like, and
/// `veo_get_hmem_addr` gives the address. The emulated node does so for kernels of libraries
/// that know one of these functions, themselves or by a library that they use; all others
/// get the address without the identifier, since the processor of the host takes none that
/// has it. A kernel that asks and then uses the address without `veo_get_hmem_addr` crashes
/// there, and the error says so.
pub struct HmemPtr<T> {
    tagged: u64,
    ptr: VeMemPtr<T>,
}

impl<T> VeMemPtr<T> {
    /// The pointer with the identifier of its process (`veo_set_proc_identifier`).
    ///
    /// # Errors
    ///
    /// [`Error::BadPointer`] for the null pointer; [`Error::Command`] if the process has no
    /// [identifier](crate::VeoProc::identifier); [`Error::ProcessEnded`].
    pub fn to_hmem(self) -> Result<HmemPtr<T>> {
        let bad = |reason: &str| Error::BadPointer {
            addr: self.addr(),
            proc: self.proc_id().to_string(),
            reason: reason.into(),
        };
        if self.is_null() {
            return Err(bad("the null pointer belongs to no process"));
        }
        let proc = self
            .proc()
            .ok_or_else(|| bad("the process it belongs to is closed"))?;
        Ok(HmemPtr {
            tagged: proc.tagged(self.addr())? as u64,
            ptr: self,
        })
    }
}

impl<T> HmemPtr<T> {
    /// The address with the tag, as a C program would pass it on.
    #[must_use]
    pub fn as_raw(self) -> *mut c_void {
        self.tagged as usize as *mut c_void
    }

    /// The identifier of the process (`veo_get_proc_identifier_from_hmem`).
    #[must_use]
    pub fn identifier(self) -> u32 {
        hmem::identifier(self.tagged) as u32
    }

    /// The pointer without the tag.
    #[must_use]
    pub fn to_ptr(self) -> VeMemPtr<T> {
        self.ptr
    }
}

impl<T> Clone for HmemPtr<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for HmemPtr<T> {}

impl<T> fmt::Debug for HmemPtr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HmemPtr({:#x})", self.tagged)
    }
}

/// Whether an address has the tag of VE memory (`veo_is_ve_addr`).
#[must_use]
pub fn is_ve_addr(address: *const c_void) -> bool {
    hmem::is_ve(address as usize as u64)
}

macro_rules! argument {
    ([$bound:path] $($to:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: $bound> Arg<'_, $to> for HmemPtr<T> {
            fn put<'c>(self, args: &mut Args<'c, '_>)
            where
                Self: 'c,
            {
                if let Some(touches) = args.touches() {
                    <$to as Touched>::note(touches, self.ptr.region());
                }
                args.hmem(self.ptr, self.tagged);
            }

            fn known(&self) -> Known {
                self.ptr.region()
            }
        }
    )*};
}

argument!([VePointee] *const T, *mut T, VeMemPtr<T>);
// As for pointers without a tag: untyped parameters take the address of anything.
argument!([VeData] *const c_void, *mut c_void);

/// Memory to be read by [`hmemcpy`]: on the host or on a VE.
#[derive(Debug)]
pub enum Hmem<'a, T> {
    /// Memory of the host.
    Host(&'a [T]),
    /// Memory of a VE.
    Ve(VeSlice<'a, T>),
}

/// Memory to be written by [`hmemcpy`]: on the host or on a VE.
#[derive(Debug)]
pub enum HmemMut<'a, T> {
    /// Memory of the host.
    Host(&'a mut [T]),
    /// Memory of a VE.
    Ve(VeSliceMut<'a, T>),
}

/// Copies between host and VE, within the host, or within the VE (`veo_hmemcpy`).
/// Waits, but not for requests of contexts. Between two processes there is no way but
/// through the host.
///
/// ```no_run
/// # fn main() -> veo_core::Result<()> {
/// use veo_core::hmemcpy;
/// # let proc = veo_core::VeoProc::new(0)?;
/// let mut a = proc.alloc::<f64>(3)?;
/// let mut b = proc.alloc::<f64>(3)?;
/// hmemcpy(&mut a, &[1.0, 2.0, 3.0])?;
/// hmemcpy(&mut b, &a)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::SizeMismatch`]; [`Error::WrongProcess`] between two processes;
/// [`Error::ProcessEnded`].
pub fn hmemcpy<'a, 'b, T: VeData>(
    to: impl Into<HmemMut<'a, T>>,
    from: impl Into<Hmem<'b, T>>,
) -> Result<()> {
    let (to, from) = (to.into(), from.into());
    let (wanted, have) = (to.len(), from.len());
    if wanted != have {
        return Err(Error::SizeMismatch {
            what: "hmemcpy".into(),
            have,
            wanted,
        });
    }
    match (to, from) {
        (HmemMut::Host(to), Hmem::Host(from)) => {
            to.copy_from_slice(from);
            Ok(())
        }
        (HmemMut::Host(to), Hmem::Ve(from)) => from.proc().read(from, to),
        (HmemMut::Ve(to), Hmem::Host(from)) => to.proc().write(to, from),
        (HmemMut::Ve(to), Hmem::Ve(from)) => to.proc().copy(to, from),
    }
}

impl<T> Hmem<'_, T> {
    fn len(&self) -> usize
    where
        T: VeData,
    {
        match self {
            Hmem::Host(values) => values.len(),
            Hmem::Ve(slice) => slice.len(),
        }
    }
}

impl<T> HmemMut<'_, T> {
    fn len(&self) -> usize
    where
        T: VeData,
    {
        match self {
            HmemMut::Host(values) => values.len(),
            HmemMut::Ve(slice) => slice.len(),
        }
    }
}

impl<'a, T> From<&'a [T]> for Hmem<'a, T> {
    fn from(values: &'a [T]) -> Self {
        Hmem::Host(values)
    }
}

impl<'a, T, const N: usize> From<&'a [T; N]> for Hmem<'a, T> {
    fn from(values: &'a [T; N]) -> Self {
        Hmem::Host(values)
    }
}

impl<'a, T> From<&'a Vec<T>> for Hmem<'a, T> {
    fn from(values: &'a Vec<T>) -> Self {
        Hmem::Host(values)
    }
}

impl<'a, T: VeData> From<&'a VeBuffer<T>> for Hmem<'a, T> {
    fn from(buffer: &'a VeBuffer<T>) -> Self {
        Hmem::Ve(buffer.as_slice())
    }
}

impl<'a, T> From<VeSlice<'a, T>> for Hmem<'a, T> {
    fn from(slice: VeSlice<'a, T>) -> Self {
        Hmem::Ve(slice)
    }
}

impl<'a, T> From<&'a mut [T]> for HmemMut<'a, T> {
    fn from(values: &'a mut [T]) -> Self {
        HmemMut::Host(values)
    }
}

impl<'a, T, const N: usize> From<&'a mut [T; N]> for HmemMut<'a, T> {
    fn from(values: &'a mut [T; N]) -> Self {
        HmemMut::Host(values)
    }
}

impl<'a, T> From<&'a mut Vec<T>> for HmemMut<'a, T> {
    fn from(values: &'a mut Vec<T>) -> Self {
        HmemMut::Host(values)
    }
}

impl<'a, T: VeData> From<&'a mut VeBuffer<T>> for HmemMut<'a, T> {
    fn from(buffer: &'a mut VeBuffer<T>) -> Self {
        HmemMut::Ve(buffer.as_mut_slice())
    }
}

impl<'a, T> From<VeSliceMut<'a, T>> for HmemMut<'a, T> {
    fn from(slice: VeSliceMut<'a, T>) -> Self {
        HmemMut::Ve(slice)
    }
}
