//! Allocating and freeing memory of a process.

use super::buffer::VeBuffer;
use crate::address::{Usage, VeMemPtr};
use crate::backend::need;
use crate::data::VeData;
use crate::error::{Error, Result};
use crate::process::VeoProc;

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

impl VeoProc {
    /// Allocates memory for `len` values (`veo_alloc_mem`). What it holds at first is
    /// unspecified.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`]; [`Error::ProcessEnded`].
    pub fn alloc<T: VeData>(&self, len: usize) -> Result<VeBuffer<T>> {
        let size = size_of_array::<T>(len)?;
        let (addr, usage) = self.allocate(size as u64, false)?;
        Ok(VeBuffer::adopt(self.clone(), addr, len, usage))
    }

    /// Allocates memory for `len` values, all bits of which are zero.
    ///
    /// # Errors
    ///
    /// As [`alloc`](Self::alloc).
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
    pub fn alloc_mem(&self, size: usize) -> Result<VeMemPtr<u8>> {
        let (addr, usage) = self.allocate(size as u64, true)?;
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
        let usage = {
            let mut allocations = self.shared().allocations();
            match allocations.get(&ptr.addr()) {
                Some(found) if found.raw => {
                    let usage = found.usage;
                    allocations.remove(&ptr.addr());
                    usage
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
        self.free_waiting(ptr.addr(), usage)
    }

    /// Allocates and registers memory.
    fn allocate(&self, size: u64, raw: bool) -> Result<(u64, &'static Usage)> {
        let shared = self.shared();
        let core = &shared.core;
        let mut addr = 0;
        for attempt in 0..2 {
            let exclusive = shared.exclusive(&format_args!("allocating {size} bytes"))?;
            let alloc = need!(core.api, veo_alloc_mem, "allocating memory")?;
            // An allocation of no bytes gets an address too.
            // SAFETY: the main context is held exclusively, so the process is there;
            // `addr` is valid for writing.
            let status = unsafe { alloc(core.handle(), &raw mut addr, size.max(8) as usize) };
            let reason = core.api.last_error();
            drop(exclusive);
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

    pub(crate) fn free_waiting(&self, addr: u64, usage: &'static Usage) -> Result<()> {
        let shared = self.shared();
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
}
