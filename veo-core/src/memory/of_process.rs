//! Memory of a process: allocating, freeing, copying and setting it.

use std::any::type_name;
use std::ffi::c_void;
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::Location;

use super::buffer::VeBuffer;
use super::slice::{VeSlice, VeSliceMut};
use crate::address::{Usage, VeMemPtr};
use crate::backend::need;
use crate::data::{VeAddr, VeData};
use crate::error::{Error, Result};
use crate::process::VeoProc;
use crate::races::{Touches, Use};
use crate::session::{CommandState, ProcId, RequestKind, TransferRange};
use crate::staging::HostVec;

/// Refuses a copy between memory of different lengths.
pub(crate) fn check_len(wanted: usize, have: usize, what: &str, proc: ProcId) -> Result<()> {
    if wanted == have {
        return Ok(());
    }
    Err(Error::SizeMismatch {
        what: format!("{what} of {proc}"),
        have,
        wanted,
    })
}

/// The size of `len` values of `T`.
pub(crate) fn size_of_array<T>(len: usize) -> Result<usize> {
    size_of::<T>()
        .checked_mul(len)
        .filter(|size| isize::try_from(*size).is_ok())
        .ok_or(Error::TooLarge {
            count: len,
            element: size_of::<T>(),
        })
}

/// How much is written at once where a pattern is repeated.
const CHUNK: usize = 1 << 20;

/// The size to ask for: an allocation of no bytes gets an address too.
pub(crate) fn not_none(size: u64) -> u64 {
    if size == 0 { 8 } else { size }
}

/// `100 f64 allocated at src/main.rs:12`
struct AllocationName<'a, T>(usize, &'a Location<'a>, PhantomData<T>);

impl<T> fmt::Display for AllocationName<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AllocationName(len, at, _) = self;
        let name = type_name::<T>();
        // Paths in the arguments of a generic type stay.
        let path = name.find('<').unwrap_or(name.len());
        let short = name[..path].rfind("::").map_or(0, |at| at + 2);
        let name = match &name[short..] {
            "u8" if *len == 1 => "byte",
            "u8" => "bytes",
            name => name,
        };
        write!(f, "{len} {name} allocated at {}:{}", at.file(), at.line())
    }
}

impl VeoProc {
    /// Allocates memory for `len` values (`veo_alloc_mem`). Its first contents are unspecified.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`]; [`Error::ProcessEnded`].
    #[track_caller]
    pub fn alloc<T: VeData>(&self, len: usize) -> Result<VeBuffer<T>> {
        let size = size_of_array::<T>(len)?;
        let (addr, usage) = self.allocate(size as u64, false)?;
        self.describe::<T>(addr, len, Location::caller());
        Ok(VeBuffer::adopt(self.clone(), addr, len, usage))
    }

    /// Allocates memory for `len` values, all bits of which are zero.
    ///
    /// # Errors
    ///
    /// As [`alloc`](Self::alloc).
    #[track_caller]
    pub fn zeros<T: VeData>(&self, len: usize) -> Result<VeBuffer<T>> {
        let mut buffer = self.alloc::<T>(len)?;
        self.clear(buffer.as_mut_slice())?;
        Ok(buffer)
    }

    /// Allocates memory and copies `values` there (`veo_alloc_mem`, `veo_write_mem`). Waits.
    ///
    /// # Errors
    ///
    /// As [`alloc`](Self::alloc) and [`write`](Self::write).
    #[track_caller]
    pub fn upload<T: VeData>(&self, values: &[T]) -> Result<VeBuffer<T>> {
        let mut buffer = self.alloc::<T>(values.len())?;
        self.write(&mut buffer, values)?;
        Ok(buffer)
    }

    /// Allocates `size` bytes (`veo_alloc_mem`) as a bare pointer, which
    /// [`free_mem`](Self::free_mem) frees. [`alloc`](Self::alloc) is the safer way.
    ///
    /// # Errors
    ///
    /// As [`alloc`](Self::alloc).
    #[track_caller]
    pub fn alloc_mem(&self, size: usize) -> Result<VeMemPtr<u8>> {
        let (addr, usage) = self.allocate(size as u64, true)?;
        self.describe::<u8>(addr, size, Location::caller());
        Ok(VeMemPtr::new(
            addr,
            Some(size as u64),
            self.id(),
            Some(usage),
        ))
    }

    /// Frees memory of [`alloc_mem`](Self::alloc_mem) (`veo_free_mem`), after waiting
    /// for requests that were given this pointer.
    ///
    /// # Errors
    ///
    /// [`Error::BadPointer`] if it was freed before, or is not the start of such an
    /// allocation; [`Error::WrongProcess`]; [`Error::ProcessEnded`].
    pub fn free_mem<T>(&self, ptr: VeMemPtr<T>) -> Result<()> {
        self.check_owner(ptr, "the pointer")?;
        let bad = |reason: &str| {
            Err(Error::BadPointer {
                addr: ptr.addr(),
                proc: self.id().to_string(),
                reason: reason.into(),
            })
        };
        let (usage, size) = {
            let mut allocations = self.shared().allocations();
            match allocations.get(&ptr.addr()) {
                Some(found) if found.raw => {
                    let freed = (found.usage, found.size);
                    allocations.remove(&ptr.addr());
                    self.shared().memory.freed(freed.1);
                    freed
                }
                Some(_) => return bad("it belongs to a VeBuffer, which frees it"),
                None if ptr.is_null() => return bad("the null pointer cannot be freed"),
                None => {
                    return bad(
                        "no allocation of alloc_mem starts here; it may have been freed before",
                    );
                }
            }
        };
        let now = self.shared().memory.stats().now;
        self.shared().core.observers.tell_memory(now);
        self.free_waiting(ptr.addr(), usage)?;
        if let Some(races) = &self.shared().core.races {
            races.freed(ptr.addr(), size);
        }
        Ok(())
    }

    /// Allocates and registers memory.
    fn allocate(&self, size: u64, raw: bool) -> Result<(u64, &'static Usage)> {
        let shared = self.shared();
        let core = &shared.core;
        let mut addr = 0;
        for attempt in 0..2 {
            let mut seen = core.observers.begin(|| RequestKind::Alloc(size));
            let exclusive = shared.exclusive(&format_args!("allocating {size} bytes"))?;
            seen.started();
            let alloc = need!(core.api, veo_alloc_mem, "allocating memory")?;
            // SAFETY: the main context is held exclusively, so the process is there;
            // `addr` is valid for writing.
            let status = unsafe { alloc(core.handle(), &raw mut addr, not_none(size) as usize) };
            let reason = core.api.last_error();
            drop(exclusive);
            seen.ended(shared.main.id, CommandState::of(status == 0 && addr != 0));
            if status == 0 && addr != 0 {
                break;
            }
            if core.look_for_end() {
                return Err(core.gone(&format_args!("allocating {size} bytes")));
            }
            if attempt == 1 || !shared.reclaim() {
                return Err(Error::OutOfMemory {
                    node: core.node,
                    size,
                    reason,
                });
            }
        }
        Ok((addr, shared.register(addr, size, raw)))
    }

    /// Has reports of faults say what an allocation is.
    pub(crate) fn describe<T>(&self, addr: u64, len: usize, at: &Location<'_>) {
        let what = AllocationName::<T>(len, at, PhantomData);
        self.shared().core.extension.describe(addr, &what);
    }

    pub(crate) fn free_waiting(&self, addr: u64, usage: &'static Usage) -> Result<()> {
        let shared = self.shared();
        if usage.is_pinned() {
            shared.core.check("freeing memory")?;
            self.free_later(addr, usage);
            return Ok(());
        }
        let freed = shared
            .wait_for_uses(usage)
            .and_then(|()| shared.exclusive(&"freeing memory"))
            .and_then(|exclusive| shared.free_now(&exclusive, addr));
        match freed {
            Ok(status) => {
                usage.give_back();
                if status == 0 {
                    return Ok(());
                }
                Err(Error::BadPointer {
                    addr,
                    proc: self.id().to_string(),
                    reason: shared
                        .core
                        .api
                        .last_error()
                        .unwrap_or_else(|| "the VE could not free it".into()),
                })
            }
            Err(error) => {
                self.free_later(addr, usage);
                Err(error)
            }
        }
    }

    pub(crate) fn free_later(&self, addr: u64, usage: &'static Usage) {
        let shared = self.shared();
        if !shared.core.image.is_foreign() {
            shared.free_later(addr, usage);
        }
    }

    /// Copies memory of the VE to `to`, which has as many elements (`veo_read_mem`). Waits.
    ///
    /// It does not wait for requests of contexts: read through the context that
    /// queued a kernel, or wait for the request first.
    ///
    /// # Errors
    ///
    /// [`Error::SizeMismatch`]; [`Error::WrongProcess`]; [`Error::ProcessEnded`].
    #[track_caller]
    pub fn read<'b, T: VeData>(&self, from: impl Into<VeSlice<'b, T>>, to: &mut [T]) -> Result<()> {
        let from = from.into();
        check_len(from.len(), to.len(), "reading a buffer", self.id())?;
        self.check_owner(from.as_ptr(), "a buffer")?;
        // SAFETY: `to` is borrowed exclusively and takes any bytes as a valid value.
        unsafe { self.copy_in(to.as_mut_ptr().cast(), from.as_ptr().addr(), from.size()) }
    }

    /// Copies `values`, as many as the target has elements, to memory of the VE
    /// (`veo_write_mem`). Waits, but not for requests of contexts.
    ///
    /// # Errors
    ///
    /// [`Error::SizeMismatch`]; [`Error::WrongProcess`]; [`Error::ProcessEnded`].
    #[track_caller]
    pub fn write<'b, T: VeData>(
        &self,
        to: impl Into<VeSliceMut<'b, T>>,
        values: &[T],
    ) -> Result<()> {
        let to = to.into();
        check_len(to.len(), values.len(), "writing a buffer", self.id())?;
        self.check_owner(to.as_ptr(), "a buffer")?;
        // SAFETY: the source is borrowed for the call, which reads `to.size()` bytes.
        unsafe { self.copy_out(to.as_ptr().addr(), values.as_ptr().cast(), to.size()) }
    }

    #[track_caller]
    pub(crate) fn read_vec<T: VeData>(&self, from: VeSlice<'_, T>) -> Result<Vec<T>> {
        self.check_owner(from.as_ptr(), "a buffer")?;
        let values = host_room::<T>(from.len())?;
        // SAFETY: the room is owned here and large enough.
        unsafe { self.copy_in(values.as_ptr().cast(), from.as_ptr().addr(), from.size())? };
        // SAFETY: the read succeeded, so every element was written.
        Ok(unsafe { values.into_filled(from.len()) })
    }

    /// Sets all bits of a buffer to zero.
    #[track_caller]
    pub(super) fn clear<T: VeData>(&self, to: VeSliceMut<'_, T>) -> Result<()> {
        let zeros = vec![0u8; to.size().min(CHUNK)];
        self.repeat(to.as_ptr().addr(), to.size(), &zeros)
    }

    /// Sets every element of a buffer to `value`.
    #[track_caller]
    pub(crate) fn fill<T: VeData>(&self, to: VeSliceMut<'_, T>, value: T) -> Result<()> {
        self.check_owner(to.as_ptr(), "a buffer")?;
        if to.size() == 0 {
            return Ok(());
        }
        let count = (CHUNK / size_of::<T>()).clamp(1, to.len());
        let values = vec![value; count];
        let mut addr = to.as_ptr().addr();
        let mut left = to.len();
        while left > 0 {
            let now = left.min(count);
            let size = now * size_of::<T>();
            // SAFETY: `values` has at least `now` elements.
            unsafe { self.copy_out(addr, values.as_ptr().cast(), size)? };
            addr += size as u64;
            left -= now;
        }
        Ok(())
    }

    #[track_caller]
    fn repeat(&self, mut addr: u64, mut left: usize, pattern: &[u8]) -> Result<()> {
        while left > 0 {
            let now = left.min(pattern.len());
            // SAFETY: `pattern` has at least `now` bytes.
            unsafe { self.copy_out(addr, pattern.as_ptr(), now)? };
            addr += now as u64;
            left -= now;
        }
        Ok(())
    }

    /// Copies memory of the VE to `to` (`veo_read_mem`): as many bytes as `to` has,
    /// from a bare pointer. Waits.
    ///
    /// # Errors
    ///
    /// [`Error::BadPointer`] if the memory is known to end before, or was freed;
    /// [`Error::WrongProcess`]; [`Error::ProcessEnded`].
    #[track_caller]
    pub fn read_mem<T>(&self, to: &mut [u8], ptr: VeMemPtr<T>) -> Result<()> {
        self.check_range(ptr, to.len())?;
        // SAFETY: `to` is borrowed exclusively, bytes take any value.
        unsafe { self.copy_in(to.as_mut_ptr().cast(), ptr.addr(), to.len()) }
    }

    /// Copies `values` to memory of the VE (`veo_write_mem`) at a bare pointer. Waits.
    ///
    /// # Errors
    ///
    /// As [`read_mem`](Self::read_mem).
    #[track_caller]
    pub fn write_mem<T>(&self, ptr: VeMemPtr<T>, values: &[u8]) -> Result<()> {
        self.check_range(ptr, values.len())?;
        // SAFETY: the source is borrowed for the call.
        unsafe { self.copy_out(ptr.addr(), values.as_ptr(), values.len()) }
    }

    /// The address `addr`, as a structure in VE memory holds it, as a pointer into
    /// this process. The length of the memory behind it is looked up.
    #[must_use]
    pub fn pointer<T>(&self, addr: VeAddr<T>) -> VeMemPtr<T> {
        if addr.is_null() {
            return VeMemPtr::null();
        }
        let allocations = self.shared().allocations();
        let around = allocations.range(..=addr.addr()).next_back();
        let (size, usage) = match around {
            Some((start, found)) if addr.addr() < start + found.size => {
                (Some(start + found.size - addr.addr()), Some(found.usage))
            }
            _ => (None, None),
        };
        VeMemPtr::new(addr.addr(), size, self.id(), usage)
    }

    pub(crate) fn check_owner<T>(&self, ptr: VeMemPtr<T>, what: &str) -> Result<()> {
        if ptr.proc_id() == self.id() || ptr.is_null() {
            return Ok(());
        }
        Err(Error::WrongProcess {
            what: what.into(),
            argument: None,
            belongs_to: ptr.proc_id().to_string(),
            used_with: self.id().to_string(),
        })
    }

    /// Whether `size` bytes from `ptr` on may be accessed, as far as that is known.
    fn check_range<T>(&self, ptr: VeMemPtr<T>, size: usize) -> Result<()> {
        self.check_owner(ptr, "the pointer")?;
        let bad = |reason: String| {
            Err(Error::BadPointer {
                addr: ptr.addr(),
                proc: self.id().to_string(),
                reason,
            })
        };
        if size == 0 {
            return Ok(());
        }
        if ptr.is_null() {
            return bad("it is the null pointer".into());
        }
        let allocations = self.shared().allocations();
        let around = allocations.range(..=ptr.addr()).next_back();
        match around {
            Some((start, found)) if ptr.addr() - start < found.size => {
                let left = found.size - (ptr.addr() - start);
                if left < size as u64 {
                    return bad(format!(
                        "{size} bytes were to be accessed, but {left} bytes after it the \
                         allocation ends"
                    ));
                }
                Ok(())
            }
            // A size is known of memory that was allocated here.
            _ if ptr.size().is_some() => {
                let reason = "it does not lie in an allocation: it points past the end of one, or \
                              the memory was freed";
                bad(reason.into())
            }
            // These are globals of libraries and results of kernels.
            _ => Ok(()),
        }
    }

    /// # Safety
    ///
    /// `to` is valid for writing `size` bytes, which may be any.
    #[track_caller]
    unsafe fn copy_in(&self, to: *mut MaybeUninit<u8>, from: u64, size: usize) -> Result<()> {
        let shared = self.shared();
        let core = &shared.core;
        let what = format_args!("reading {size} bytes of VE memory");
        let read = need!(core.api, veo_read_mem, "reading memory")?;
        let touches = Touches::here().map(|touches| touches.with(from, size, Use::Read));
        let mut seen = core
            .observers
            .begin(|| RequestKind::Read(TransferRange::new(from, size)));
        let exclusive = shared.exclusive(&what)?;
        if size == 0 {
            return Ok(());
        }
        let _entered = exclusive.touches(&what, touches.as_ref())?;
        seen.started();
        // SAFETY: the main context is held exclusively, so the process is there; `to`
        // is valid as the caller promises, for the time of this synchronous call.
        let status = unsafe { read(core.handle(), to.cast(), from, size) };
        drop(exclusive);
        seen.ended(shared.main.id, CommandState::of(status == 0));
        if status == 0 {
            return Ok(());
        }
        Err(core.copy_failed(&what, from))
    }

    /// # Safety
    ///
    /// `from` is valid for reading `size` bytes.
    #[track_caller]
    unsafe fn copy_out(&self, to: u64, from: *const u8, size: usize) -> Result<()> {
        let shared = self.shared();
        let core = &shared.core;
        let what = format_args!("writing {size} bytes of VE memory");
        let write = need!(core.api, veo_write_mem, "writing memory")?;
        let touches = Touches::here().map(|touches| touches.with(to, size, Use::Write));
        let mut seen = core
            .observers
            .begin(|| RequestKind::Write(TransferRange::new(to, size)));
        let exclusive = shared.exclusive(&what)?;
        if size == 0 {
            return Ok(());
        }
        let _entered = exclusive.touches(&what, touches.as_ref())?;
        seen.started();
        // SAFETY: as in `copy_in`, with `from` valid for reading.
        let status = unsafe { write(core.handle(), to, from.cast(), size) };
        drop(exclusive);
        seen.ended(shared.main.id, CommandState::of(status == 0));
        if status == 0 {
            return Ok(());
        }
        Err(core.copy_failed(&what, to))
    }

    /// Copies within the memory of the process (`veo_hmemcpy`). Waits, but not for
    /// requests of contexts.
    ///
    /// # Errors
    ///
    /// [`Error::SizeMismatch`]; [`Error::WrongProcess`]; [`Error::ProcessEnded`].
    #[track_caller]
    pub fn copy<'a, 'b, T: VeData>(
        &self,
        to: impl Into<VeSliceMut<'a, T>>,
        from: impl Into<VeSlice<'b, T>>,
    ) -> Result<()> {
        let (to, from) = (to.into(), from.into());
        check_len(to.len(), from.len(), "copying a buffer", self.id())?;
        self.check_owner(to.as_ptr(), "the target")?;
        self.check_owner(from.as_ptr(), "the source")?;
        let size = to.size();
        if size == 0 {
            return Ok(());
        }
        let shared = self.shared();
        let core = &shared.core;
        let Some(copy) = core.api.table.veo_hmemcpy else {
            return self.copy_through_host(to, &from);
        };
        if self.hmem_identifier()?.is_none() {
            // There are 16, and the processes before this one have them.
            return self.copy_through_host(to, &from);
        }
        let target = self.tagged(to.as_ptr().addr())?;
        let source = self.tagged(from.as_ptr().addr())?;
        let what = format_args!("copying {size} bytes on the VE");
        let touches = Touches::here().map(|touches| {
            let touches = touches.with(from.as_ptr().addr(), size, Use::Read);
            touches.with(to.as_ptr().addr(), size, Use::Write)
        });
        let mut seen = core
            .observers
            .begin(|| RequestKind::Copy(TransferRange::new(to.as_ptr().addr(), size)));
        let exclusive = shared.exclusive(&what)?;
        let _entered = exclusive.touches(&what, touches.as_ref())?;
        seen.started();
        // SAFETY: both addresses carry the tag of this process, which is there while
        // the main context is held, and lie in buffers that are borrowed.
        let status = unsafe { copy(target as *mut c_void, source as *const c_void, size) };
        drop(exclusive);
        seen.ended(shared.main.id, CommandState::of(status >= 0));
        if status >= 0 {
            return Ok(());
        }
        Err(core.copy_failed(&what, to.as_ptr().addr()))
    }

    #[track_caller]
    fn copy_through_host<T: VeData>(
        &self,
        mut to: VeSliceMut<'_, T>,
        from: &VeSlice<'_, T>,
    ) -> Result<()> {
        // A few MiB at a time: there may be less memory on the host.
        let step = ((8 << 20) / size_of::<T>().max(1)).max(1);
        for start in (0..from.len()).step_by(step) {
            let piece = start..from.len().min(start + step);
            let values = from.slice(piece.clone())?.to_vec()?;
            self.write(to.slice_mut(piece)?, &values)?;
        }
        Ok(())
    }
}

/// Room for `len` values on the host.
pub(crate) fn host_room<T: VeData>(len: usize) -> Result<HostVec<T>> {
    HostVec::room(len).ok_or(Error::TooLarge {
        count: len,
        element: size_of::<T>(),
    })
}
